"""What a plan shall reach in numbers (目标量): of kinds of the quantity dictionary, in each kind's own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.plans.sight import to_change
from core.work.plans.steps import step
from core.work.plans.writing import CHOOSE
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import Plan, PlanLine, PlanTarget, QuantityKind
from tenants.access import Actor
from tenants.db import new_id

MOST_PLANNED = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class TargetWish:
    """A number to be reached (目标量) by the plan, or by one of its lines."""

    kind_id: UUID
    planned: Decimal
    line_id: UUID | None = None


def targets_of(session: Session, plan_id: UUID) -> list[PlanTarget]:
    """The targets of a plan."""
    return list(session.scalars(select(PlanTarget).where(PlanTarget.plan_id == plan_id).order_by(PlanTarget.id)))


def set_targets(
    session: Session, actor: Actor, plan_id: UUID, wishes: Sequence[TargetWish], *, version: int, now: datetime
) -> Plan:
    """Set all targets of a plan anew. Raises InvalidInput naming the row (1 is the first), NotFound, Forbidden, Conflict, Stale."""
    of = to_change(session, actor, plan_id, local_day(now))
    kinds = {one.id: one for one in session.scalars(select(QuantityKind).where(QuantityKind.state == "active"))}
    lines = set(session.scalars(select(PlanLine.id).where(PlanLine.plan_id == of.id)))
    faults: list[Fault] = []
    for number, wish in enumerate(wishes, 1):
        faults += _faults(number, wish, wishes[: number - 1], kinds.get(wish.kind_id), lines)
    if faults:
        raise InvalidInput(faults=faults)
    session.execute(delete(PlanTarget).where(PlanTarget.plan_id == of.id).execution_options(synchronize_session=False))
    session.expire_all()
    session.add_all(
        PlanTarget(id=new_id(), plan_id=of.id, line_id=one.line_id, kind_id=one.kind_id, planned=one.planned)
        for one in wishes
    )
    said = {"targets": [[kinds[one.kind_id].code, plain(one.planned)] for one in wishes]}
    return step(session, actor, of, "targets", version=version, now=now, detail=said)


def _faults(
    number: int, wish: TargetWish, before: Sequence[TargetWish], kind: QuantityKind | None, lines: set[UUID]
) -> list[Fault]:
    found: list[Fault] = []
    if kind is None:
        found.append(Fault(N_("没有这个工作量科目"), "kind_id", row=number, remedy=CHOOSE))
    if wish.line_id is not None and wish.line_id not in lines:
        found.append(Fault(N_("没有这条条线"), "line_id", row=number, remedy=CHOOSE))
    value = plain(wish.planned) if wish.planned.is_finite() else str(wish.planned)
    if not wish.planned.is_finite() or not 0 < wish.planned < MOST_PLANNED:
        found.append(Fault(N_("目标量应大于零"), "planned", row=number, value=value[:20], remedy=N_("请填大于零的数")))
    elif kind is not None and MEASURES.get(kind.measure) and MEASURES[kind.measure].whole and wish.planned % 1:
        remedy, params = N_("{measure} 只能填整数"), {"measure": MEASURES[kind.measure].both}
        found.append(Fault(N_("应为整数"), "planned", row=number, value=value, remedy=remedy, params=params))
    if any((one.kind_id, one.line_id) == (wish.kind_id, wish.line_id) for one in before):
        found.append(Fault(N_("同一科目重复"), "kind_id", row=number, remedy=N_("请合并成一行")))
    return found
