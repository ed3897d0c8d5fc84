"""Tasks that wait for a person (待办任务): to accept, in progress and near their day, returned, extension asked, to verify.

As with all duties a kind is judged by the posts alone; who did the work himself is told when he opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all
from sqlalchemy.orm import aliased

from core.work.calendar import day_end, local_day
from core.work.desk.inbox_duty import Duty
from core.work.loop.clocks import end_of
from core.work.roles import ANSWER, CHECK, DIRECT, SEE
from core.work.tables import Task
from core.work.tasks.listing import SOON_DAYS
from core.work.tasks.sight import within
from core.work.tasks.states import ACCEPTED, DOING, DONE, ISSUED, RETURNED
from tenants.access import Actor, reach
from tenants.models import Unit

TASK_ACCEPT, TASK_DOING, TASK_RETURNED, TASK_EXTENSION, TASK_VERIFY = (
    "task_accept",
    "task_doing",
    "task_returned",
    "task_extension",
    "task_verify",
)
STEPS: Mapping[str, str] = MappingProxyType(
    {
        TASK_ACCEPT: "accept",
        TASK_DOING: "report",
        TASK_RETURNED: "reissue",
        TASK_EXTENSION: "grant",
        TASK_VERIFY: "verify",
    }
)
_WORKED = (ACCEPTED, DOING)


def accept_query(actor: Actor, now: datetime) -> Select[Any]:
    """Tasks that were issued to his units and nobody has accepted (待接收的任务)."""
    return _tasks(actor, Task.state == ISSUED, within(actor, ANSWER, local_day(now)))


def doing_query(actor: Actor, now: datetime) -> Select[Any]:
    """Tasks of his units, or in his charge, whose day is near or has passed (在办任务)."""
    day = local_day(now)
    near = Task.tenant_id == actor.tenant.id, Task.state.in_(_WORKED), Task.due_on <= day + timedelta(days=SOON_DAYS)
    mine = select(Task.id).where(*near, Task.person_id == actor.person_id)
    if not actor.has(ANSWER):
        return _tasks(actor, Task.id.in_(mine))
    # Two small indexes answer; for one condition with "or" all that is open would be looked through.
    return _tasks(actor, Task.id.in_(union_all(select(Task.id).where(*near, within(actor, ANSWER, day)), mine)))


def returned_query(actor: Actor, now: datetime) -> Select[Any]:
    """Tasks that came back with a reason, for whoever gave them (退回的任务)."""
    return _tasks(actor, Task.state == RETURNED, _given_by(actor, now))


def extension_query(actor: Actor, now: datetime) -> Select[Any]:
    """Tasks for which more time is asked, for whoever decides about it (待批的任务延期)."""
    asked = and_(Task.wanted_due_on.is_not(None), Task.state.in_(_WORKED))
    return _tasks(actor, asked, _given_by(actor, now))


def verify_query(actor: Actor, now: datetime) -> Select[Any]:
    """Tasks that are done and that he may verify (待核验的任务)."""
    day = local_day(now)
    return _tasks(actor, Task.state == DONE, or_(within(actor, CHECK, day), within(actor, DIRECT, day)))


def _tasks(actor: Actor, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(Task).where(Task.tenant_id == actor.tenant.id, *conditions)


def _given_by(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Who gives and decides: the office that directs, or the unit whose task this is a part of."""
    day = local_day(now)
    directs = within(actor, DIRECT, day)
    if not actor.has(ANSWER):
        return directs
    above = aliased(Task)
    own = select(above.id).where(
        above.tenant_id == actor.tenant.id, above.unit_id.in_(reach(actor, ANSWER, day)), above.leaf.is_(False)
    )
    return or_(directs, and_(Task.parent_id.in_(own), Task.unit_id.not_in(actor.roots(ANSWER))))


def kinds(make: Callable[..., Any]) -> dict[str, Any]:
    """The kinds of duty with tasks; ``make`` is :class:`core.work.desk.inbox.Kind`."""
    due, keys = day_end(Task.due_on), (Task.due_on, Task.id)

    def kind(verbs: frozenset[str], query: Callable[[Actor, datetime], Select[Any]]) -> Any:
        return make(verbs, query, keys, due, lambda _actor, campaign: Task.campaign == campaign)

    return {
        TASK_ACCEPT: kind(frozenset({ANSWER}), accept_query),
        TASK_DOING: kind(frozenset({ANSWER, SEE}), doing_query),
        TASK_RETURNED: kind(frozenset({ANSWER, DIRECT}), returned_query),
        TASK_EXTENSION: kind(frozenset({ANSWER, DIRECT}), extension_query),
        TASK_VERIFY: kind(frozenset({CHECK, DIRECT}), verify_query),
    }


def _of(kind: str) -> Callable[[Any, Actor, datetime], Duty]:
    def make(row: Any, _actor: Actor, now: datetime) -> Duty:
        task, unit = row
        due = end_of(task.due_on)
        found = Duty("task", task.id, task.title, unit or "", STEPS[kind], number=task.number or "")
        found = replace(found, version=task.version, due_at=due, late=due < now)
        return replace(found, campaigns=(task.campaign,) if task.campaign else ())

    return make


_UNIT = select(Unit.name).where(Unit.tenant_id == Task.tenant_id, Unit.id == Task.unit_id).scalar_subquery()
SHOWN: Mapping[str, tuple[Sequence[Any], Callable[[Any, Actor, datetime], Duty]]] = MappingProxyType(
    {kind: ((Task, _UNIT), _of(kind)) for kind in STEPS}
)
