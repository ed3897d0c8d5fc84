"""What is open at a site already when it is visited (已有未销号问题): said at the question, and beside what the visit opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from core.work.calendar import local_day
from core.work.inspection.visit_dealing import open_to_all
from core.work.inspection.visit_plan import VisitPlan
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.tables import Finding, Visit
from tenants.access import Actor


@dataclass(slots=True)
class Standing:
    """What is open at one question (未销号问题): of the question itself, and reported without a form under a category of it."""

    same: list[Finding] = field(default_factory=list)
    alike: list[Finding] = field(default_factory=list)


def open_before(session: Session, actor: Actor, site_id: UUID, plan: VisitPlan, now: datetime) -> dict[str, Standing]:
    """By question what is not closed at a site, the earliest first, as far as the actor sees it (one query).

    These are what a visit may find still there (仍未整改).
    """
    rows = session.scalars(
        select(Finding)
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.site_id == site_id,
            Finding.state.in_(NOT_CLOSED),
            *open_to_all(),
            sees_finding(actor, local_day(now)),
        )
        .order_by(Finding.opened_at, Finding.id)
    ).all()
    found: dict[str, Standing] = {}
    for code, planned in plan.questions.items():
        categories = {one.item.category for one in planned.items}
        same = [one for one in rows if one.question == code]
        alike = [one for one in rows if not one.question and one.category in categories]
        if same or alike:
            found[code] = Standing(same, alike)
    return found


def repeats_of(session: Session, actor: Actor, visit: Visit, now: datetime) -> dict[UUID, Finding]:
    """Of what a visit opened and is open still, the earliest open finding of the same question there (one query)."""
    own = aliased(Finding)
    rows = session.execute(
        select(own.id, Finding)
        .join(own, and_(own.tenant_id == Finding.tenant_id, own.site_id == Finding.site_id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            own.visit_id == visit.id,
            own.state.in_(NOT_CLOSED),
            own.question == Finding.question,
            Finding.question != "",
            Finding.opened_at < own.opened_at,
            Finding.state.in_(NOT_CLOSED),
            sees_finding(actor, local_day(now)),
        )
        .order_by(Finding.opened_at.desc(), Finding.id)
    )
    return {row[0]: row[1] for row in rows}
