"""Where a plan stands (计划现状): its lines and all that lies under it, of a replaced one as it was on the day of the new issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.figures.task_figures.line_sums import Key, LineSum, Sum, line_sums, of_plan, read_stood, read_sums
from core.work.calendar import local_day
from core.work.plans.kinds import REPLACED
from core.work.plans.plan_list import lines_of
from core.work.tables import Plan, PlanEvent
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan's own numbers (计划现状): ``loose`` are those that belong to no line; plans under it are not contained."""

    own: Sum
    loose: Sum
    lines: Sequence[LineSum]


def read_standing(session: Session, actor: Actor, plan: Plan, day: date) -> Standing:
    """Where a plan and its lines stand today; what has gone over to a new issue is told by the history of the old one."""
    rows = lines_of(session, [plan.id])
    kept = _kept(session, plan)
    if kept is None:
        sums = read_sums(session, actor, [plan.id], day)
        return Standing(of_plan(sums, plan.id), sums.get((plan.id, None), Sum()), line_sums(rows, sums, day))
    groups = {row.line.parent_id for row in rows}
    own: dict[Key, Sum] = {(plan.id, line): one for line, one in kept.items() if line and line not in groups}
    return Standing(kept[None], Sum(), line_sums(rows, own, local_day(plan.changed_at)))


def _kept(session: Session, plan: Plan) -> dict[UUID | None, Sum] | None:
    if plan.state != REPLACED:
        return None
    chosen = select(PlanEvent).where(PlanEvent.plan_id == plan.id, PlanEvent.verb == "replace")
    event = session.scalars(chosen.order_by(PlanEvent.version.desc())).first()
    return (read_stood(plan, event.detail) or None) if event else None
