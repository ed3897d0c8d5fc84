"""What a phone takes along (随身资料): the sites within reach, the most urgent first, and what is open there already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.inspection.visit_dealing import open_to_all
from core.work.intake.patrols import running_patrol
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.places.grams import called
from core.work.places.reaching import reaches_site
from core.work.places.site_search import MATCH, ranked
from core.work.proofs.sweep_waiting import WaitingSite, sites_to_see
from core.work.roles import REPORT, VISIT
from core.work.rounds.merging import TodayStop, stops_for
from core.work.tables import Finding, Patrol, PatrolMember, Site, SiteKind, Visit
from tenants.access import Actor, reach
from tenants.models import Holding, Person, Post, Unit

MOST_SITES = 500  # that a phone takes along (ours): a week's walk, and small enough for a weak signal
MOST_SENT = 20  # sites of checks of similar sites that stand before all others (ours)
MOST_STOPS = 200  # of rounds (ours)
MOST_UNITS = 400
MOST_PEOPLE = 300
LONGEST_WORD = 40

Point = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class PackedSite:
    """A site as a phone takes it along (随身点位): ``last`` is the day of anybody's last visit."""

    site: Site
    unit_name: str
    types: tuple[str, ...]
    last: date | None


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that a phone takes along (随身资料), but for the forms, which follow from the sites' types."""

    sites: Sequence[PackedSite]
    sent: Sequence[WaitingSite]
    stops: Sequence[TodayStop]
    standing: Mapping[UUID, Sequence[Finding]]
    units: Sequence[tuple[UUID, str]]
    people: Sequence[tuple[UUID, str, str]]
    patrol: Patrol | None
    walking: Sequence[tuple[UUID, str, str]]


def pack(
    session: Session, actor: Actor, campaigns: Sequence[Campaign], now: datetime, near: Point | None = None
) -> Pack:
    """Gather what a person takes along: sites due for a form, longest unvisited first or nearest to where he stands."""
    on = local_day(now)
    sent = sites_to_see(session, actor, now, limit=MOST_SENT) if actor.has(VISIT) else []
    stops = stops_for(session, actor, on)[:MOST_STOPS]
    chosen = _due(actor, campaigns, on, [one.site_id for one in stops])
    named = list({one.site_id for one in sent} | {one.site_id for one in stops})
    sites = _read(session, chosen.where(Site.id.in_(named)), on) if named else []
    rest = chosen.where(Site.id.not_in(named)).order_by(*_order(actor, near)).limit(MOST_SITES - len(sites))
    sites += _read(session, rest, on)
    patrol = running_patrol(session, actor)
    return Pack(
        sites,
        sent,
        stops,
        _standing(session, actor, [one.site.id for one in sites], on),
        _units(session, actor, on),
        _people(session, actor, on) if actor.has(REPORT) else (),
        patrol,
        _walking(session, patrol) if patrol is not None else (),
    )


def search_sites(
    session: Session, actor: Actor, campaigns: Sequence[Campaign], text: str, now: datetime, limit: int = 20
) -> list[PackedSite]:
    """Sites by words of name, address, pinyin, initials or code, within the reach of his visits, the best match first."""
    word, on = text.strip()[:LONGEST_WORD], local_day(now)
    if not word:
        return []
    chosen = _due(actor, campaigns, on).where(*called(actor.tenant.id, word))
    return _read(session, ranked(chosen, actor.tenant.id, MATCH, word, None).limit(limit), on)


def pack_site(
    session: Session, actor: Actor, campaigns: Sequence[Campaign], site_id: UUID, now: datetime
) -> PackedSite | None:
    """One site, as the others are taken along; None when it is not within the reach of his visits."""
    on = local_day(now)
    found = _read(session, _due(actor, campaigns, on).where(Site.id == site_id), on)
    return found[0] if found else None


def standing_at(session: Session, actor: Actor, sites: Sequence[UUID], now: datetime) -> Mapping[UUID, list[Finding]]:
    """What is open at some sites, as far as the actor sees it."""
    return _standing(session, actor, sites, local_day(now))


def _due(actor: Actor, campaigns: Sequence[Campaign], on: date, stops: Sequence[UUID] = ()) -> Select[Any]:
    """The active sites that he may visit and for which one of the campaigns has a form, with their unit and last visit.

    A stop of a round sends its members to a place that their posts do not reach.
    """
    asked = {kind for one in campaigns for form in one.edition.all_forms for kind in form.site_types}
    typed = select(SiteKind.site_id).where(
        SiteKind.tenant_id == actor.tenant.id,
        SiteKind.site_id == Site.id,
        SiteKind.site_type.in_(asked),
        valid_on(SiteKind, on),
    )
    return (
        select(Site, Unit.name, _last(actor).label("last"))
        .join(Unit, and_(Unit.tenant_id == Site.tenant_id, Unit.id == Site.unit_id))
        .where(
            Site.tenant_id == actor.tenant.id,
            Site.state == "active",
            or_(reaches_site(actor, VISIT, on), Site.id.in_(stops)),
            typed.correlate(Site).exists(),
        )
    )


def _last(actor: Actor) -> Any:
    """The day of a site's last visit, of those that everybody may know of."""
    chosen = select(func.max(Visit.day)).where(
        Visit.tenant_id == actor.tenant.id,
        Visit.site_id == Site.id,
        Visit.replaced_at.is_(None),
        Visit.hidden.is_(False),
    )
    return chosen.correlate(Site).scalar_subquery()


def _order(actor: Actor, near: Point | None) -> tuple[ColumnElement[Any], ...]:
    """The nearest first (degrees are compared, which is enough inside one district), else the longest unvisited."""
    if near is None:
        return _last(actor).asc().nulls_first(), Site.pinyin.asc(), Site.id.asc()
    longitude, latitude = near
    away = func.abs(Site.longitude - longitude) * Decimal("0.8") + func.abs(Site.latitude - latitude)
    return away.asc().nulls_last(), Site.pinyin.asc(), Site.id.asc()


def _read(session: Session, chosen: Select[Any], on: date) -> list[PackedSite]:
    rows = session.execute(chosen).all()
    types: dict[UUID, list[str]] = {}
    kinds = select(SiteKind.site_id, SiteKind.site_type).where(
        SiteKind.site_id.in_([site.id for site, _, _ in rows]), valid_on(SiteKind, on)
    )
    for site_id, kind in session.execute(kinds):
        types.setdefault(site_id, []).append(kind)
    return [PackedSite(site, unit, tuple(sorted(types.get(site.id, ()))), last) for site, unit, last in rows]


def _standing(session: Session, actor: Actor, sites: Collection[UUID], on: date) -> dict[UUID, list[Finding]]:
    """What is open at the sites and a visit may speak of, the earliest first (one query)."""
    found: dict[UUID, list[Finding]] = {}
    rows = session.scalars(
        select(Finding)
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.site_id.in_(sites),
            Finding.state.in_(NOT_CLOSED),
            *open_to_all(),
            sees_finding(actor, on),
        )
        .order_by(Finding.opened_at, Finding.id)
    )
    for one in rows:
        if one.site_id is not None:
            found.setdefault(one.site_id, []).append(one)
    return found


def _units(session: Session, actor: Actor, on: date) -> list[tuple[UUID, str]]:
    """The units in whose territory he may report."""
    chosen = select(Unit.id, Unit.name).where(
        Unit.tenant_id == actor.tenant.id, Unit.id.in_(reach(actor, REPORT, on)), valid_on(Unit, on)
    )
    rows = session.execute(chosen.order_by(Unit.name, Unit.id).limit(MOST_UNITS))
    return [(key, name) for key, name in rows]


def _people(session: Session, actor: Actor, on: date) -> list[tuple[UUID, str, str]]:
    """Who may walk along: people with a post today, by name, with their unit."""
    rows = session.execute(
        select(Person.id, Person.name, Unit.name)
        .join(Holding, and_(Holding.tenant_id == Person.tenant_id, Holding.person_id == Person.id))
        .join(Post, and_(Post.tenant_id == Holding.tenant_id, Post.id == Holding.post_id))
        .join(Unit, and_(Unit.tenant_id == Post.tenant_id, Unit.id == Post.unit_id))
        .where(Person.state == "active", valid_on(Holding, on), Person.id != actor.person_id)
        .order_by(Person.pinyin, Person.id)
        .limit(MOST_PEOPLE)
    )
    found: dict[UUID, tuple[UUID, str, str]] = {}
    for key, name, unit in rows:
        found.setdefault(key, (key, name, unit))
    return list(found.values())


def _walking(session: Session, patrol: Patrol) -> list[tuple[UUID, str, str]]:
    rows = session.execute(
        select(PatrolMember.person_id, Person.name, PatrolMember.duty)
        .join(Person, and_(Person.tenant_id == PatrolMember.tenant_id, Person.id == PatrolMember.person_id))
        .where(PatrolMember.patrol_id == patrol.id)
        .order_by(Person.pinyin, Person.id)
    )
    return [(key, name, duty) for key, name, duty in rows]
