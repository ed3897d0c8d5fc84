"""Where the demo's places are (演示位置): made-up outlines of the subdistricts, a spot for each site, plates in the main district.

Nothing of it is where the district is: the patchwork lies where the demo's other borders lie.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import sqrt
from random import Random
from uuid import UUID

from sqlalchemy import select

from core.demo.boundary_scenes import LABEL, SOUTH, WEST, Point, patchwork
from core.demo.places import Stage
from core.figures.site_outlines import keep_outlines, kept_outlines
from core.work.dated import valid_on
from core.work.places.site_settings import PlateSettings, keep_settings
from core.work.plates.plates import issue_missing
from core.work.tables import Site
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

SCALE = 0.08  # of the patchwork of a city: a district is some twenty kilometres across
INSIDE = 0.85  # how far from the middle of its subdistrict towards the border a site may lie
PLATES = 60


def lay_places(session: ScopedSession, stage: Stage, since: date, now: datetime) -> None:
    """Give a district outlines, its sites positions, and the main one plates and a public grade; once."""
    if kept_outlines(session) is not None:
        return
    streets = _streets(session, since)
    rings = {
        one.id: _small(ring) for one, ring in zip(streets, patchwork([one.code or "" for one in streets]), strict=True)
    }
    _draw(session, streets, rings, now)
    above = _above(session, list(rings), since)
    for site in session.scalars(select(Site).where(Site.longitude.is_(None))):
        ring = rings.get(above.get(site.unit_id, site.unit_id))
        if ring:
            site.longitude, site.latitude = _spot(ring, site.name)
    session.flush()
    if stage.is_main:
        keep_settings(session, None, PlateSettings(public_grade=True), version=0, now=now)
        sites = [site_id for site_id, _ in stage.sites[:PLATES]]
        issue_missing(session, stage.actors["演示管理员"], sites, today=since, now=now)


def _streets(session: ScopedSession, on: date) -> Sequence[Unit]:
    wanted = (Unit.kind == "subdistrict", valid_on(Unit, on), Unit.code.is_not(None))
    return session.scalars(select(Unit).where(*wanted).order_by(Unit.code)).all()


def _above(session: ScopedSession, streets: Sequence[UUID], on: date) -> dict[UUID, UUID]:
    """The subdistrict of each unit that lies in one."""
    paths = select(UnitPath.unit_id, UnitPath.ancestor_id).where(
        UnitPath.ancestor_id.in_(streets), valid_on(UnitPath, on)
    )
    return dict(session.execute(paths).all())


def _small(ring: Sequence[Point]) -> list[Point]:
    return [(round(WEST + (x - WEST) * SCALE, 6), round(SOUTH + (y - SOUTH) * SCALE, 6)) for x, y in ring]


def _draw(
    session: ScopedSession, streets: Sequence[Unit], rings: Mapping[UUID, Sequence[Point]], now: datetime
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": one.code, "name": one.name},
            "geometry": {"type": "Polygon", "coordinates": [rings[one.id]]},
        }
        for one in streets
    ]
    if features:
        data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        keep_outlines(session, None, data, "demo.geojson", now=now, label=LABEL)


def _spot(ring: Sequence[Point], name: str) -> tuple[Decimal, Decimal]:
    """A spot inside an outline, the same for the same name."""
    chance = Random(name)  # noqa: S311 - the same spot each time is the point
    middle = (sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring))
    edge = ring[chance.randrange(len(ring))]
    share = sqrt(chance.random()) * INSIDE
    longitude, latitude = (m + (e - m) * share for m, e in zip(middle, edge, strict=True))
    return Decimal(f"{longitude:.6f}"), Decimal(f"{latitude:.6f}")
