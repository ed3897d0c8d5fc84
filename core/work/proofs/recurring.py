"""Where the same comes back (反复问题): a place and a category with several findings in a window, or with relapses.

A place is a site; where there is none, what lies near or has the same words (core.work.proofs.recurring_places).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Subquery, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED, NOT_CLOSED
from core.work.proofs.recurring_places import Group, grouped, spots_of
from core.work.tables import Finding, FindingEvent, Site
from core.work.tenant_settings import Duplicates, Sampling, read_setting
from tenants.access import Actor
from tenants.models import Unit, UnitPath

LEAST = 2


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A place where one category came back (反复点位): findings opened in the window, relapses in it, how many are open now.

    Without a site, ``finding_id`` is the latest of them.
    """

    site_id: UUID | None
    site_name: str
    unit_id: UUID
    unit_name: str
    category: str
    count: int
    relapsed: int
    open: int
    first_at: datetime
    last_at: datetime
    finding_id: UUID | None = None

    @property
    def times(self) -> int:
        """How often it occurred in the window: each finding once, and once more for each relapse."""
        return self.count + self.relapsed


def recurring(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    days: int | None = None,
    least: int = LEAST,
    categories: Sequence[str] = (),
    site_id: UUID | None = None,
    unit_id: UUID | None = None,
    limit: int = 200,
) -> list[Recurrence]:
    """Places and categories that recur within the actor's reach (two queries), the most frequent first.

    A finding counts once, and once more for each relapse in the window, even when it was opened before. ``least`` is how
    often; ``days`` is the tenant's own window if not given.
    """
    since = now - timedelta(days=days or window_days(session))
    relapses = _relapses(actor, since)
    wanted = _wanted(actor, categories, site_id, local_day(now))
    at_sites = [*wanted, *_under(actor, unit_id, Site.unit_id, local_day(now))]
    found = _at_sites(session, relapses, since, at_sites, least, limit)
    if site_id is None:
        spots = spots_of(session, [*wanted, *_under(actor, unit_id, Finding.unit_id, local_day(now))], relapses, since)
        groups = [_recurrence(one, since) for one in grouped(spots, read_setting(session, Duplicates).metres)]
        found += [one for one in groups if one.times >= least]
    return sorted(found, key=lambda one: (-one.times, -one.last_at.timestamp()))[:limit]


def window_days(session: Session) -> int:
    """Within how many days the tenant calls it a recurrence (反复发生的观察期)."""
    return read_setting(session, Sampling).window_days


def _recurrence(group: Group, since: datetime) -> Recurrence:
    """What recurs where there is no site, under the words of the latest finding that has some."""
    spots, first = group.spots, group.spots[0]
    return Recurrence(
        site_id=None,
        site_name=next((one.place for one in spots if one.place), ""),
        unit_id=first.unit_id,
        unit_name=first.unit_name,
        category=first.category,
        count=sum(one.opened_at >= since for one in spots),
        relapsed=sum(one.relapsed for one in spots),
        open=sum(one.is_open for one in spots),
        first_at=min(one.opened_at for one in spots),
        last_at=max(max(one.opened_at, one.last_relapse or one.opened_at) for one in spots),
        finding_id=first.finding_id,
    )


def _at_sites(
    session: Session,
    relapses: Subquery,
    since: datetime,
    wanted: Sequence[ColumnElement[bool]],
    least: int,
    limit: int,
) -> list[Recurrence]:
    """What recurs at sites (one query)."""
    count = func.count().filter(Finding.opened_at >= since)
    relapsed = func.coalesce(func.sum(relapses.c.n), 0)
    last = func.max(func.greatest(Finding.opened_at, relapses.c.last))
    query = (
        select(
            Finding.site_id,
            Site.name,
            Unit.id,
            Unit.name,
            Finding.category,
            count,
            cast(relapsed, Integer),
            func.count().filter(Finding.state.in_(NOT_CLOSED)),
            func.min(Finding.opened_at),
            last,
        )
        .join(Site, (Site.tenant_id == Finding.tenant_id) & (Site.id == Finding.site_id))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .outerjoin(relapses, relapses.c.finding_id == Finding.id)
        .where(or_(Finding.opened_at >= since, relapses.c.n > 0))
        .where(*wanted)
        .group_by(Finding.site_id, Site.name, Unit.id, Unit.name, Finding.category)
        .having(count + relapsed >= least)
        .order_by((count + relapsed).desc(), last.desc(), Finding.site_id, Finding.category)
        .limit(limit)
    )
    return [Recurrence(*list(row)) for row in session.execute(query).all()]


def _relapses(actor: Actor, since: datetime) -> Subquery:
    """How often each finding relapsed in the window, and when last."""
    return (
        select(FindingEvent.finding_id, func.count().label("n"), func.max(FindingEvent.at).label("last"))
        .where(FindingEvent.tenant_id == actor.tenant.id, FindingEvent.verb == "relapse", FindingEvent.at >= since)
        .group_by(FindingEvent.finding_id)
        .subquery("relapses")
    )


def _wanted(actor: Actor, categories: Sequence[str], site_id: UUID | None, on: date) -> list[ColumnElement[bool]]:
    """The filter as conditions, within what the actor sees."""
    found = [Finding.tenant_id == actor.tenant.id, Finding.state.not_in(DISMISSED), sees_finding(actor, on)]
    if categories:
        found.append(Finding.category.in_(categories))
    if site_id is not None:
        found.append(Finding.site_id == site_id)
    return found


def _under(
    actor: Actor, unit_id: UUID | None, column: InstrumentedAttribute[UUID], on: date
) -> list[ColumnElement[bool]]:
    """The condition that a unit lies under another one; none when none is asked for."""
    if unit_id is None:
        return []
    under = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id, UnitPath.ancestor_id == unit_id, valid_on(UnitPath, on)
    )
    return [column.in_(under)]
