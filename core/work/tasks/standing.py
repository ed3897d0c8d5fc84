"""How a person stands to a task (办理身份): do his posts reach its units, and is he another party.

The unit that did the work never verifies it: neither its own people and those of units that assisted, nor who reported on it
or is in charge of it. Source: ours, after the same rule of findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.dated import valid_on
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Task, TaskAssist, TaskEvent
from core.work.tasks.moves import ASSIST, CHECKER, DESK, FINISH, GIVER, PERSON, REPORT, UNIT, VERBS, TaskStanding
from tenants.access import Actor
from tenants.models import UnitPath

DID_IT_HIMSELF = N_("进展是您本人填报的，或责任人就是您，须由另一方核验")
SAME_UNIT = N_("这项任务是您所在的单位做的，须由另一方核验")
Above = Mapping[UUID, set[UUID]]


def standing_of(session: Session, actor: Actor, task: Task, day: date) -> TaskStanding:
    """Judge one person at one task on a day (four queries)."""
    return standings_of(session, actor, [task], day)[task.id]


def standings_of(session: Session, actor: Actor, tasks: Sequence[Task], day: date) -> dict[UUID, TaskStanding]:
    """Judge one person at several tasks, with as few queries as at one."""
    ids = [task.id for task in tasks]
    helpers: dict[UUID, set[UUID]] = {one: set() for one in ids}
    for task_id, unit in session.execute(
        select(TaskAssist.task_id, TaskAssist.unit_id).where(TaskAssist.task_id.in_(ids))
    ):
        helpers[task_id].add(unit)
    parents = [task.parent_id for task in tasks if task.parent_id]
    givers: dict[UUID, UUID] = {}
    if parents:
        rows = session.execute(select(Task.id, Task.unit_id).where(Task.id.in_(parents)))
        givers = {row[0]: row[1] for row in rows}
    himself = _did_himself(session, actor, ids)
    units = {duty.unit_id for duty in actor.duties}.union(
        givers.values(), (task.unit_id for task in tasks), *helpers.values()
    )
    above = above_of(session, units, day)
    return {
        task.id: _judge(
            actor,
            task,
            helpers[task.id],
            givers.get(task.parent_id) if task.parent_id else None,
            task.id in himself,
            above,
        )
        for task in tasks
    }


def _did_himself(session: Session, actor: Actor, ids: Sequence[UUID]) -> set[UUID]:
    """Tasks on which the actor reported, or which he declared done."""
    mine = TaskEvent.verb.in_((REPORT, FINISH)), TaskEvent.person_id == actor.person_id
    return set(session.scalars(select(TaskEvent.task_id).where(TaskEvent.task_id.in_(ids), *mine)))


def _judge(
    actor: Actor, task: Task, helpers: set[UUID], giver: UUID | None, himself: bool, above: Above
) -> TaskStanding:
    about: dict[str, Iterable[UUID]] = {
        DESK: {task.unit_id},
        UNIT: {task.unit_id},
        ASSIST: helpers,
        CHECKER: {task.unit_id},
    }
    if giver is not None and giver != task.unit_id and giver in above[task.unit_id]:
        about[GIVER] = {giver}
    parties = {party for party, units in about.items() if _reaches(actor, party, units, above, task.campaign)}
    if task.person_id == actor.person_id:
        parties.add(PERSON)
    if CHECKER not in parties:
        return TaskStanding(frozenset(parties))
    return TaskStanding(frozenset(parties), _why_not(actor, task, helpers, himself, above))


def _reaches(actor: Actor, party: str, units: Iterable[UUID], above: Above, campaign: str) -> bool:
    roots = frozenset().union(*(actor.roots(verb, campaign or None) for verb in VERBS[party]))
    return any(roots & above[unit] for unit in units)


def _why_not(actor: Actor, task: Task, helpers: set[UUID], himself: bool, above: Above) -> str:
    """Why somebody whose checks reach the unit is no other party; whoever has any post at or inside a doing unit is its own."""
    if himself or task.person_id == actor.person_id:
        return DID_IT_HIMSELF
    doing = {task.unit_id, *helpers}
    return SAME_UNIT if any(doing & above[duty.unit_id] for duty in actor.duties) else ""


def above_of(session: Session, units: Iterable[UUID], day: date) -> dict[UUID, set[UUID]]:
    """Each unit's ancestors on a day, itself included (one query)."""
    found: dict[UUID, set[UUID]] = {unit: {unit} for unit in units}
    query = select(UnitPath.unit_id, UnitPath.ancestor_id).where(UnitPath.unit_id.in_(found), valid_on(UnitPath, day))
    for unit, ancestor in session.execute(query):
        found[unit].add(ancestor)
    return found


def may_break_down(session: Session, actor: Actor, task: Task, day: date) -> bool:
    """Whether the actor may give parts of a task to units below its own: he answers for it, or directs."""
    wanted = or_(*(UnitPath.ancestor_id.in_(actor.roots(verb, task.campaign or None)) for verb in (ANSWER, DIRECT)))
    query = select(UnitPath.unit_id).where(UnitPath.unit_id == task.unit_id, wanted, valid_on(UnitPath, day)).limit(1)
    return session.scalar(query) is not None
