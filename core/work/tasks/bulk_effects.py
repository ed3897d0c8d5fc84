"""What a step of many does to each task (批量办理结果): the columns it writes, or why it cannot; the same as for one task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, all_, any_, func, literal, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.tables import Task
from core.work.tasks.states import CANCELLED, DRAFT
from tenants.access import Actor
from tenants.models import Unit

Why = tuple[str, Mapping[str, Any]]
Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a task (办理结果): its columns, and what its line of history says."""

    values: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """What stands around some tasks (上下级): the parents' days and states, the latest day below each, the units' names and days."""

    parents: Mapping[UUID, tuple[date, str, str]]
    latest: Mapping[UUID, date]
    units: Mapping[UUID, tuple[str, date | None]]
    chosen: frozenset[UUID]


def family_of(session: Session, tasks: Sequence[Task]) -> Family:
    """Read what stands around some tasks (three queries); of their children those that are not chosen themselves."""
    above = literal(sorted({one.parent_id for one in tasks if one.parent_id}), ARRAY(Uuid))
    ids = literal(sorted(one.id for one in tasks), ARRAY(Uuid))
    query = select(Task.id, Task.due_on, Task.state, Task.title).where(Task.id == any_(above))
    parents = {row[0]: (row[1], row[2], row[3]) for row in session.execute(query)}
    below = select(Task.parent_id, func.max(Task.due_on)).where(
        Task.parent_id == any_(ids), Task.state != CANCELLED, Task.id != all_(ids)
    )
    latest = {row[0]: row[1] for row in session.execute(below.group_by(Task.parent_id)) if row[0] is not None}
    units = {row[0]: (row[1], row[2]) for row in session.execute(select(Unit.id, Unit.name, Unit.valid_to))}
    return Family(parents, latest, units, frozenset(one.id for one in tasks))


def carry_out(
    code: str, task: Task, given: Mapping[str, Any], family: Family, actor: Actor, now: datetime
) -> Outcome | Why:
    """What one of the steps does to a task; a text with its parameters where it cannot be done."""
    return _EFFECTS[code](task, given, family, actor, now)


def contradictions(tasks: Sequence[Task], done: Mapping[UUID, Outcome]) -> dict[UUID, Why]:
    """What cannot be because of a parent or child that was chosen with it and is refused: ``done`` are those that are not."""
    known = {one.id: one for one in tasks}
    days = {one.id: done[one.id].values.get("due_on", one.due_on) if one.id in done else one.due_on for one in tasks}
    found: dict[UUID, Why] = {}
    for task in tasks:
        above = known.get(task.parent_id) if task.parent_id else None
        if above is None:
            continue
        if days[task.id] > days[above.id]:
            if task.id in done and "due_on" in done[task.id].values:
                found[task.id] = N_("晚于上级任务的期限 {day}"), {"day": days[above.id].isoformat()}
            elif above.id in done and "due_on" in done[above.id].values:
                found[above.id] = N_("早于下级任务的期限 {day}"), {"day": days[task.id].isoformat()}
        issued = task.id in done and "issued_at" in done[task.id].values
        if issued and task.state == DRAFT and above.state == DRAFT and above.id not in done:
            found[task.id] = N_("上级任务还没有下达：{title}"), {"title": above.title}
    return found


def _issue(task: Task, _given: Given, family: Family, _actor: Actor, now: datetime) -> Outcome | Why:
    above = family.parents.get(task.parent_id) if task.parent_id else None
    if above is not None and above[1] == DRAFT and task.parent_id not in family.chosen:
        return N_("上级任务还没有下达：{title}"), {"title": above[2]}
    name, until = family.units.get(task.unit_id, ("", None))
    if until is not None and until <= now.date():
        return N_("单位已经撤销：{name}"), {"name": name}
    return Outcome({"issued_at": now})


def _due(task: Task, given: Given, family: Family, _actor: Actor, _now: datetime) -> Outcome | Why:
    due = given["due_on"]
    if due is None:
        return Outcome()
    if due == task.due_on:
        return N_("就是现在的期限"), {}
    if (why := _fits(task, due, family)) is not None:
        return why
    values: dict[str, Any] = {"due_on": due}
    if task.state == DRAFT:
        values["first_due_on"] = due
    return Outcome(values, {"due_on": [task.due_on.isoformat(), due.isoformat()]})


def _fits(task: Task, due: date, family: Family) -> Why | None:
    """Whether a day lies within the family: after its own beginning, not after the parent's, not before any child's.

    Parents and children that are given the same day in the same go do not stand in each other's way.
    """
    if due < task.starts_on:
        return N_("截止日期早于开始日期 {day}"), {"day": task.starts_on.isoformat()}
    above = family.parents.get(task.parent_id) if task.parent_id else None
    if above is not None and due > above[0] and task.parent_id not in family.chosen:
        return N_("晚于上级任务的期限 {day}"), {"day": above[0].isoformat()}
    latest = family.latest.get(task.id)
    if latest is not None and due < latest:
        return N_("早于下级任务的期限 {day}"), {"day": latest.isoformat()}
    return None


def _transfer(task: Task, given: Given, family: Family, _actor: Actor, now: datetime) -> Outcome | Why:
    unit, due = given["unit_id"], given["due_on"]
    values: dict[str, Any] = {"issued_at": now, "accepted_at": None, "wanted_due_on": None, "person_id": None}
    if unit is None:
        return Outcome(values)
    if unit == task.unit_id:
        return N_("就是现在的单位"), {}
    names = [family.units.get(one, ("", None))[0] for one in (task.unit_id, unit)]
    detail: dict[str, Any] = {"unit_id": [str(task.unit_id), str(unit)], "unit": names}
    values["unit_id"] = unit
    if due is not None and due != task.due_on:
        if (why := _fits(task, due, family)) is not None:
            return why
        values["due_on"], detail["due_on"] = due, [task.due_on.isoformat(), due.isoformat()]
    return Outcome(values, detail)


def _person(task: Task, given: Given, _family: Family, _actor: Actor, _now: datetime) -> Outcome | Why:
    person = given["person_id"]
    if person is None:
        return Outcome()
    if person == task.person_id:
        return N_("就是现在的责任人"), {}
    before = str(task.person_id) if task.person_id else None
    return Outcome({"person_id": person}, {"person_id": [before, str(person)]})


_EFFECTS: Mapping[str, Callable[[Task, Given, Family, Actor, datetime], Outcome | Why]] = {
    "issue": _issue,
    "due": _due,
    "transfer": _transfer,
    "person": _person,
    "verify": lambda _task, _given, _family, actor, now: Outcome({"verified_at": now, "verified_by": actor.person_id}),
    "close": lambda _task, _given, _family, _actor, now: Outcome({"closed_at": now}),
    "cancel": lambda *_: Outcome({"wanted_due_on": None}),
}
