"""Where the same comes back (反复问题): a site and a category with several findings in a window, or with relapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.sight import sees_finding
from core.work.states import DISMISSED, NOT_CLOSED
from core.work.tables import Finding, Site
from tenants.access import Actor
from tenants.models import Unit

WINDOW_DAYS = 90  # (ours)
LEAST = 2


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A site where one category came back (反复点位): how often in the window, relapses among them, how many are open."""

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


def recurring(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    days: int = WINDOW_DAYS,
    least: int = LEAST,
    categories: Sequence[str] = (),
    site_id: UUID | None = None,
    limit: int = 200,
) -> list[Recurrence]:
    """Sites and categories that recur within the actor's reach (one query), the most frequent first.

    A finding counts once, however often it was merged into or corrected; a relapse of the same finding counts as coming back.
    """
    count, relapsed = func.count(), func.coalesce(func.sum(Finding.relapsed), 0)
    query = (
        select(
            Finding.site_id,
            Site.name,
            Unit.id,
            Unit.name,
            Finding.category,
            count,
            relapsed,
            func.count().filter(Finding.state.in_(NOT_CLOSED)),
            func.min(Finding.opened_at),
            func.max(Finding.opened_at),
        )
        .join(Site, (Site.tenant_id == Finding.tenant_id) & (Site.id == Finding.site_id))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.opened_at >= now - timedelta(days=days),
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, local_day(now)),
        )
        .group_by(Finding.site_id, Site.name, Unit.id, Unit.name, Finding.category)
        .having(or_(count >= least, relapsed > 0))
        .order_by((count + relapsed).desc(), func.max(Finding.opened_at).desc(), Finding.site_id, Finding.category)
        .limit(limit)
    )
    if categories:
        query = query.where(Finding.category.in_(categories))
    if site_id is not None:
        query = query.where(Finding.site_id == site_id)
    return [Recurrence(*list(row)) for row in session.execute(query).all()]
