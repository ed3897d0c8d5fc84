"""Who sees and who leads which plan (计划可见范围): a plan in force is for everybody who may see anything, a draft for planners."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Forbidden, NotFound
from core.work.plans.kinds import LIVE, SHOWN
from core.work.roles import DIRECT, SEE
from core.work.tables import Plan, PlanLine
from tenants.access import Actor, may, reach


def sees_plan(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Plan: what was put in force is read by all; drafts and what was called off by those who lead the plan's unit."""
    if not actor.has(SEE):
        return false()
    if actor.covers(DIRECT):
        return true()
    mine: ColumnElement[bool] = Plan.unit_id.in_(reach(actor, DIRECT, on)) if actor.has(DIRECT) else false()
    return or_(Plan.state.in_(SHOWN), mine)


def get_plan(session: Session, actor: Actor, plan_id: UUID, on: date) -> Plan:
    """A plan that the actor may read. Raises NotFound, alike for what is not there and what is not his to know."""
    found = session.scalars(select(Plan).where(Plan.id == plan_id, sees_plan(actor, on))).first()
    if found is None:
        raise NotFound
    return found


def get_line(session: Session, plan: Plan, line_id: UUID) -> PlanLine:
    """A line of a plan. Raises NotFound."""
    chosen = select(PlanLine).where(and_(PlanLine.plan_id == plan.id, PlanLine.id == line_id))
    found = session.scalars(chosen).first()
    if found is None:
        raise NotFound
    return found


def may_lead(session: Session, actor: Actor, of: Plan, on: date) -> bool:
    """Whether the actor may change a plan: DIRECT over its unit, for its campaign."""
    return may(session, actor, DIRECT, of.unit_id, on, campaign=of.campaign or None)


def to_change(session: Session, actor: Actor, plan_id: UUID, on: date, *, states: tuple[str, ...] = LIVE) -> Plan:
    """The plan for a change. Raises NotFound, Forbidden, and Conflict in a state that does not allow it."""
    found = get_plan(session, actor, plan_id, on)
    if not may_lead(session, actor, found, on):
        raise Forbidden(N_("您的岗位不能修改这个计划"))
    if found.state not in states:
        raise Conflict(N_("这个计划现在的状态不能这样改"))
    return found
