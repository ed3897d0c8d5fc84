"""The inspector's day (今日路线): where nobody has been for longest, and what was visited today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, func, or_, select

from core.request import house
from core.work.forms.fielding import fielded
from core.work.inspection.visit_list import VisitRow, list_visits
from core.work.places.reaching import reaches_site
from core.work.proofs.sweep_waiting import WaitingSite, sites_to_see
from core.work.roles import VISIT
from core.work.rounds.merging import TodayStop, stops_for
from core.work.tables import Finding, Site, SiteKind, Visit
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession

STOPS = 8  # sites offered for one day (ours); the whole list is one click away


@dataclass(frozen=True, slots=True)
class Stop:
    """One site of the route (路线点位); ``days`` since anybody's last visit, None when there was none.

    ``sweep`` is the check of similar sites that sends him there, if one does.
    """

    site_id: UUID
    name: str
    unit_name: str
    types: tuple[str, ...] = ()
    days: int | None = None
    sweep: WaitingSite | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """The route and what is done of it: ``sites`` are all within reach, ``visited`` those that anybody saw today."""

    stops: Sequence[Stop]
    sites: int
    visited: int
    mine: Sequence[VisitRow]
    found: int
    rounds: Sequence[TodayStop] = ()


def read_route(session: ScopedSession, actor: Actor, now: datetime, on: date) -> Route:
    """Where rounds send him, then checks of similar sites, then the sites that campaigns ask about, longest unvisited first."""
    asked = {
        kind for one in fielded(session, house().registry) for form in one.edition.all_forms for kind in form.site_types
    }
    tenant = session.tenant_id
    last = _last_day(tenant)
    kinds = (
        select(func.array_agg(SiteKind.site_type.distinct()))
        .where(
            SiteKind.tenant_id == tenant,
            SiteKind.site_id == Site.id,
            SiteKind.site_type.in_(asked),
            SiteKind.valid_from <= on,
            or_(SiteKind.valid_to.is_(None), SiteKind.valid_to > on),
        )
        .correlate(Site)
        .scalar_subquery()
    )
    base = (
        select(Site.id, Site.name, Site.pinyin, Site.unit_id, last.label("last"), kinds.label("kinds"))
        .where(Site.tenant_id == tenant, Site.state == "active", reaches_site(actor, VISIT, on))
        .subquery()
    )
    counted = select(func.count(), func.count().filter(base.c.last == on)).where(base.c.kinds.is_not(None))
    sites, visited = session.execute(counted).one()
    rows = session.execute(
        select(base.c.id, base.c.name, Unit.name.label("unit"), base.c.kinds, base.c.last)
        .join(Unit, (Unit.tenant_id == tenant) & (Unit.id == base.c.unit_id))
        .where(base.c.kinds.is_not(None), or_(base.c.last.is_(None), base.c.last < on))
        .order_by(base.c.last.asc().nulls_first(), base.c.pinyin, base.c.id)
        .limit(STOPS)
    )
    sent = sites_to_see(session, actor, now, limit=STOPS)
    first = [Stop(one.site_id, one.name, one.unit_name, sweep=one, late=one.due_on < on) for one in sent]
    stops = [Stop(r.id, r.name, r.unit, tuple(sorted(r.kinds)), (on - r.last).days if r.last else None) for r in rows]
    mine, _ = list_visits(session, actor, person_id=actor.person_id, since=on, until=on, now=now)
    rounds = stops_for(session, actor, on)
    named = {stop.site_id for stop in (*first, *rounds)}
    stops = [*first, *(stop for stop in stops if stop.site_id not in named)][:STOPS]
    return Route(stops, sites, visited, mine, _found(session, [row.id for row in mine]), rounds)


def _last_day(tenant: int) -> ScalarSelect[date | None]:
    """The day of anybody's last visit at a site."""
    last = select(func.max(Visit.day)).where(
        Visit.tenant_id == tenant, Visit.site_id == Site.id, Visit.replaced_at.is_(None)
    )
    return last.correlate(Site).scalar_subquery()


def _found(session: ScopedSession, visits: Sequence[UUID]) -> int:
    """How many findings those visits opened."""
    if not visits:
        return 0
    return session.scalar(select(func.count()).select_from(Finding).where(Finding.visit_id.in_(visits))) or 0
