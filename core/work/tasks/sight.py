"""Who sees which task (任务可见范围): within reach of SEE its unit or one that assists, or the person in charge himself.

A post for one campaign sees that campaign's tasks and those of none. A draft is seen by those who could issue it.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.roles import DIRECT, SEE
from core.work.tables import Task, TaskAssist
from core.work.tasks.states import DRAFT
from tenants.access import Actor, reach_of


def sees_task(actor: Actor, day: date) -> ColumnElement[bool]:
    """Filter on Task: what the actor may read on a day."""
    mine = Task.person_id == actor.person_id
    seen = true() if actor.covers(SEE) else or_(_within(actor, SEE, day, assisting=True), mine)
    if actor.covers(DIRECT):
        return seen
    issued = Task.state != DRAFT
    return and_(seen, or_(issued, _within(actor, DIRECT, day)) if actor.has(DIRECT) else issued)


def within(actor: Actor, verb: str, day: date, *, assisting: bool = False) -> ColumnElement[bool]:
    """Filter on Task: its unit, or with ``assisting`` one that helps, lies in the reach of the actor's verb."""
    return true() if actor.covers(verb) else _within(actor, verb, day, assisting=assisting)


def assisted_by(actor: Actor, units: Select[UUID]) -> ColumnElement[bool]:
    """Filter on Task: one of these units assists."""
    helped = select(TaskAssist.task_id).where(TaskAssist.tenant_id == actor.tenant.id, TaskAssist.unit_id.in_(units))
    return Task.id.in_(helped)


def get_task(session: Session, actor: Actor, task_id: UUID, day: date) -> Task:
    """A task that the actor may read. Raises NotFound, alike for what is not there and what is not his to know."""
    found = session.scalars(select(Task).where(Task.id == task_id, sees_task(actor, day))).first()
    if found is None:
        raise NotFound
    return found


def _within(actor: Actor, verb: str, day: date, *, assisting: bool = False) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    for campaign in sorted({duty.campaign or "" for duty in actor.duties if verb in duty.verbs}):
        units = reach_of(actor, verb, day, campaign or None)
        inside: ColumnElement[bool] = Task.unit_id.in_(units)
        if assisting:
            inside = or_(inside, assisted_by(actor, units))
        found.append(and_(inside, Task.campaign.in_(("", campaign))) if campaign else inside)
    return or_(false(), *found)
