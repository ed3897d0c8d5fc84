"""What is near a point on the ground (就近): metres between two points, and sites around one within a person's reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from core.work.loop.transitions import OPEN
from core.work.places.grams import called
from core.work.roles import REPORT
from core.work.tables import Finding, FindingEvent, Site, Visit
from tenants.access import Actor, reach
from tenants.models import Unit

EARTH = 6_371_000  # metres
DEGREE = 111_320  # metres of one degree of latitude
NEAR = 500  # metres around a person in which sites are offered (ours)
TERRITORY = 2_000  # metres within which the nearest site still tells the territory (ours)

Point = tuple[Decimal, Decimal]  # longitude, latitude


@dataclass(frozen=True, slots=True)
class NearSite:
    """A site to choose (就近点位); ``metres`` from the person, None when his place is not known."""

    id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    metres: int | None = None


def metres_between(one: Point, other: Point) -> float:
    """The distance of two points on the ground (haversine), in metres."""
    (west, south), (east, north) = ((radians(a), radians(b)) for a, b in (one, other))
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * EARTH * asin(sqrt(half))


def box(point: Point, metres: float) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """A box that holds everything within some metres: west, east, south, north."""
    longitude, latitude = point
    up = Decimal(str(round(metres / DEGREE, 6)))
    aside = Decimal(str(round(metres / (DEGREE * max(cos(radians(latitude)), 0.01)), 6)))
    return longitude - aside, longitude + aside, latitude - up, latitude + up


def in_box(longitude: Any, latitude: Any, point: Point, metres: float) -> ColumnElement[bool]:
    """The condition that two columns lie in the box around a point."""
    west, east, south, north = box(point, metres)
    return and_(longitude.between(west, east), latitude.between(south, north))


def nearest_sites(
    session: Session, actor: Actor, point: Point, *, on: date, within: float = NEAR, limit: int = 8
) -> list[NearSite]:
    """The active sites around a point that the actor may report at, the nearest first (one query)."""
    rows = session.execute(
        _offered(actor, on).where(in_box(Site.longitude, Site.latitude, point, within)).limit(500)
    ).all()
    found = [
        NearSite(site.id, site.name, site.unit_id, unit, round(metres_between(point, (site.longitude, site.latitude))))
        for site, unit in rows
        if site.longitude is not None and site.latitude is not None
    ]
    close = sorted((one for one in found if (one.metres or 0) <= within), key=lambda one: (one.metres, one.name))
    return close[:limit]


def last_sites(session: Session, actor: Actor, *, on: date, limit: int = 5) -> list[NearSite]:
    """The sites where the actor visited or reported last (two queries)."""
    visited = (
        select(Visit.site_id, Visit.submitted_at)
        .where(Visit.person_id == actor.person_id)
        .order_by(Visit.day.desc(), Visit.submitted_at.desc())
        .limit(20)
    )
    reported = (
        select(Finding.site_id, FindingEvent.at)
        .join(FindingEvent, and_(FindingEvent.tenant_id == Finding.tenant_id, FindingEvent.finding_id == Finding.id))
        .where(
            FindingEvent.person_id == actor.person_id,
            FindingEvent.verb == OPEN,
            Finding.site_id.is_not(None),
            Finding.visit_id.is_(None),
        )
        .order_by(FindingEvent.at.desc())
        .limit(20)
    )
    seen = sorted([*session.execute(visited), *session.execute(reported)], key=lambda row: row[1], reverse=True)
    order = list(dict.fromkeys(site_id for site_id, _ in seen))[:limit]
    return sites_by_id(session, actor, order, on=on)


def find_sites(
    session: Session, actor: Actor, text: str, *, on: date, limit: int = 8, verb: str = REPORT
) -> list[NearSite]:
    """Sites whose name, code, address, pinyin or initials hold a text, within the reach of one of the actor's verbs, by name."""
    named = called(actor.tenant.id, text[:40])
    if not named:
        return []
    rows = session.execute(_offered(actor, on, verb).where(*named).order_by(Site.pinyin, Site.id).limit(limit))
    return [NearSite(site.id, site.name, site.unit_id, unit) for site, unit in rows]


def sites_by_id(session: Session, actor: Actor, ids: Sequence[UUID], *, on: date, verb: str = REPORT) -> list[NearSite]:
    """Some sites in their order, those within the reach of one of the actor's verbs."""
    rows = session.execute(_offered(actor, on, verb).where(Site.id.in_(ids)))
    found = {site.id: NearSite(site.id, site.name, site.unit_id, unit) for site, unit in rows}
    return [found[one] for one in ids if one in found]


def _offered(actor: Actor, on: date, verb: str = REPORT) -> Select[Site, str]:
    """Active sites within the reach of the actor's verb, with the name of their unit."""
    return (
        select(Site, Unit.name)
        .join(Unit, and_(Unit.tenant_id == Site.tenant_id, Unit.id == Site.unit_id))
        .where(Site.tenant_id == actor.tenant.id, Site.state == "active", Site.unit_id.in_(reach(actor, verb, on)))
    )
