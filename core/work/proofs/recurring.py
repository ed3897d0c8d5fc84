"""Where the same comes back (反复问题): a site and a category with several findings in a window, or with relapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Subquery, cast, func, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED, NOT_CLOSED
from core.work.tables import Finding, FindingEvent, Site
from tenants.access import Actor
from tenants.models import Unit, UnitPath

WINDOW_DAYS = 90  # (ours)
LEAST = 2


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A site where one category came back (反复点位): findings opened in the window, relapses in it, how many are open now."""

    site_id: UUID
    site_name: str
    unit_id: UUID
    unit_name: str
    category: str
    count: int
    relapsed: int
    open: int
    first_at: datetime
    last_at: datetime

    @property
    def times(self) -> int:
        """How often it occurred in the window: each finding once, and once more for each relapse."""
        return self.count + self.relapsed


def recurring(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    days: int = WINDOW_DAYS,
    least: int = LEAST,
    categories: Sequence[str] = (),
    site_id: UUID | None = None,
    unit_id: UUID | None = None,
    limit: int = 200,
) -> list[Recurrence]:
    """Sites and categories that recur within the actor's reach (one query), the most frequent first.

    A finding counts once, and once more for each relapse in the window, even when it was opened before. ``least`` is how often.
    """
    since = now - timedelta(days=days)
    relapses = _relapses(actor, since)
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
        .where(*_wanted(actor, categories, site_id, unit_id, local_day(now)))
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


def _wanted(
    actor: Actor, categories: Sequence[str], site_id: UUID | None, unit_id: UUID | None, on: date
) -> list[ColumnElement[bool]]:
    """The filter as conditions, within what the actor sees."""
    found = [Finding.tenant_id == actor.tenant.id, Finding.state.not_in(DISMISSED), sees_finding(actor, on)]
    if categories:
        found.append(Finding.category.in_(categories))
    if site_id is not None:
        found.append(Finding.site_id == site_id)
    if unit_id is not None:
        under = select(UnitPath.unit_id).where(
            UnitPath.tenant_id == actor.tenant.id, UnitPath.ancestor_id == unit_id, valid_on(UnitPath, on)
        )
        found.append(Site.unit_id.in_(under))
    return found
