"""What a workbook of tasks would do (导入比对): which rows are new, which change a task, which are the same, which are refused and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, literal, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault
from core.work.calendar import local_day
from core.work.tables import Task, TaskAssist
from core.work.tasks.importing_families import later_than, levels_of, refuse_below, under_limit
from core.work.tasks.importing_sheet import Line
from core.work.tasks.making import check_wishes
from core.work.tasks.sight import sees_task
from core.work.tasks.states import BEFORE_DONE, CANCELLED, DRAFT, RETURNED, STATES
from core.work.tasks.wishes import TaskWish
from tenants.access import Actor
from tenants.db import new_id

# What a column of the sheet says about the columns of a task.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("title",),
    "requirement": ("requirement",),
    "unit": ("unit_id",),
    "assists": ("assists",),
    "person": ("person_id",),
    "starts_on": ("starts_on",),
    "due_on": ("due_on",),
    "source": ("source",),
    "target": ("target", "measure", "way"),
    "measure": ("target", "measure", "way"),
    "campaign": ("campaign",),
    "plan": ("plan_id", "line_id"),
    "weight": ("weight",),
}
FIXED = frozenset({"unit_id", "target", "measure", "way", "starts_on"})  # once it is issued
_KEPT: tuple[str, ...] = (
    "title",
    "requirement",
    "unit_id",
    "person_id",
    "starts_on",
    "due_on",
    "source",
    "target",
    "measure",
    "way",
)
_KEPT += ("campaign", "plan_id", "line_id", "weight", "parent_id")


@dataclass(slots=True)
class Change:
    """A task that a row changes (改动): its columns, and the units that assist where those differ."""

    line: Line
    task: Any  # a row of the columns below
    values: dict[str, Any]
    assists: tuple[UUID, ...] | None = None

    @property
    def due(self) -> date:
        """Its day after the change."""
        found: date = self.values.get("due_on", self.task.due_on)
        return found


@dataclass(slots=True)
class Comparison:
    """All rows of a workbook, sorted by what they would do (比对结果); ``wishes`` has parents before their children."""

    lines: Sequence[Line]
    wishes: list[tuple[Line, TaskWish]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    same: int = 0

    @property
    def refused(self) -> list[Line]:
        """The rows that are refused."""
        return [line for line in self.lines if line.faults]

    def sift(self) -> None:
        """Leave out of what is to be done the rows that were refused meanwhile."""
        self.wishes = [one for one in self.wishes if not one[0].faults]
        self.changes = [one for one in self.changes if not one.line.faults]


def compare(session: Session, actor: Actor, lines: Sequence[Line], *, now: datetime, issue: bool) -> Comparison:
    """Compare rows with the tasks that stand; refused rows have their reasons afterwards. Nothing is written."""
    day, found = local_day(now), Comparison(lines)
    standing = _standing(session, actor, lines, day)
    new = {line.key: line for line in lines if not line.faults and line.key not in standing}
    helping = _assists(session, {row.id for row in standing.values()})
    for line in lines:
        task = standing.get(line.key)
        if task is None or line.faults:
            continue
        _parent_stays(line, task, standing)
        change = _difference(line, task, helping.get(task.id, frozenset()))
        if change is None:
            found.same += not line.faults
        elif _changeable(change):
            found.changes.append(change)
    _check_changes(session, actor, found, now)
    found.sift()
    dues = _final_days(session, found)
    _new_ones(session, actor, found, new, standing, dues, now, issue)
    found.sift()
    return found


def _standing(session: Session, actor: Actor, lines: Sequence[Line], day: date) -> dict[str, Any]:
    """The tasks that rows or their parents name, by the number of their sender and by ours."""
    keys = sorted({line.key for line in lines} | {line.parent for line in lines if line.parent})
    named = any_(literal(keys, ARRAY(Text)))
    columns = (Task.id, Task.number, Task.code, Task.version, Task.state, Task.first_due_on, Task.leaf)
    query = select(*columns, *(getattr(Task, name) for name in _KEPT))
    rows = session.execute(query.where(or_(Task.code == named, Task.number == named), sees_task(actor, day))).all()
    return {row.number: row for row in rows if row.number} | {row.code: row for row in rows if row.code}


def _assists(session: Session, tasks: set[UUID]) -> dict[UUID, frozenset[UUID]]:
    listed = any_(literal(sorted(tasks), ARRAY(Uuid)))
    found: dict[UUID, set[UUID]] = {}
    query = select(TaskAssist.task_id, TaskAssist.unit_id).where(TaskAssist.task_id == listed)
    for task_id, unit_id in session.execute(query) if tasks else ():
        found.setdefault(task_id, set()).add(unit_id)
    return {task_id: frozenset(units) for task_id, units in found.items()}


def _parent_stays(line: Line, task: Any, standing: Mapping[str, Any]) -> None:
    above = standing.get(line.parent) if line.parent else None
    if line.parent and (above is None or above.id != task.parent_id):
        remedy = N_("请在任务里改上级，或删去这一格")
        line.refuse("parent", N_("上级任务不能由工作簿改"), remedy, line.parent)


def _difference(line: Line, task: Any, helping: frozenset[UUID]) -> Change | None:
    """What the filled cells of a row would change; an empty cell changes nothing, nor does a day that was since extended."""
    names = {name for column in line.given for name in FIELDS.get(column, ())}
    values = {name: line.values[name] for name in names - {"assists"} if line.values[name] != getattr(task, name)}
    if values.get("due_on") == task.first_due_on:
        del values["due_on"]
    if line.values["weight"] is None:
        values.pop("weight", None)
    assists = line.values["assists"] if "assists" in names and frozenset(line.values["assists"]) != helping else None
    return Change(line, task, values, assists) if values or assists is not None else None


def _changeable(change: Change) -> bool:
    """Whether the task's state allows the change; else the row is refused."""
    state, line = change.task.state, change.line
    column = next(code for code, names in FIELDS.items() if {*names} & {*change.values} or code == "assists")
    said = line.row.cells.get(column, "")
    if state not in BEFORE_DONE:
        remedy = N_("这项任务不能再由工作簿改；请删去这一行，或在任务里办理")
        line.refuse(column, N_("任务已是“{state}”"), remedy, said, state=STATES[state][0])
        return False
    if state not in (DRAFT, RETURNED) and (fixed := FIXED & change.values.keys()):
        column = next(code for code, names in FIELDS.items() if fixed & {*names})
        remedy = N_("责任单位、开始日期和数量在下达后不能由工作簿改；请在任务里办理")
        line.refuse(column, N_("任务已经下达"), remedy, line.row.cells.get(column, ""))
        return False
    return not line.faults


def _check_changes(session: Session, actor: Actor, found: Comparison, now: datetime) -> None:
    """Let the checks of tasks judge what changed; what stands already is not judged again."""
    wishes = []
    for change in found.changes:
        kept = {name: getattr(change.task, name) for name in _KEPT} | change.values
        wishes.append(TaskWish(**kept, assists=change.assists or (), id=change.task.id))
    _ready, faults = check_wishes(session, actor, wishes, now=now)
    for place, own in faults.items():
        change = found.changes[place]
        changed = {*change.values, "assists", "unit_id"}
        change.line.take(one for one in own if one.field in changed and not _is_later(one))


def _is_later(fault: Fault) -> bool:
    """Whether a fault says that a child is later than its parent: this is judged with the workbook's own days."""
    return fault.message == "截止日期晚于上级任务"


def _final_days(session: Session, found: Comparison) -> dict[UUID, date]:
    """The days of the tasks that change, after their change; a row that would put a child after its parent is refused."""
    while True:
        dues = {one.task.id: one.due for one in found.changes if "due_on" in one.values}
        if not dues:
            return dues
        above = {one.task.parent_id for one in found.changes if one.task.id in dues and one.task.parent_id}
        query = select(Task.id, Task.due_on).where(Task.id == any_(literal(sorted(above), ARRAY(Uuid))))
        limits = {row[0]: dues.get(row[0], row[1]) for row in session.execute(query)}
        inside = select(Task.parent_id, Task.id, Task.due_on).where(
            Task.parent_id == any_(literal(sorted(dues), ARRAY(Uuid))), Task.state != CANCELLED
        )
        latest: dict[UUID, date] = {}
        for parent, child, due in session.execute(inside):
            assert parent is not None
            latest[parent] = max(latest.get(parent, due), dues.get(child, due))
        for one in found.changes:
            _in_order(one, limits.get(one.task.parent_id), latest.get(one.task.id))
        before = len(found.changes)
        found.sift()
        if len(found.changes) == before:
            return dues


def _in_order(change: Change, limit: date | None, latest: date | None) -> None:
    if "due_on" not in change.values:
        return
    said = change.line.row.cells.get("due_on", "")
    if limit is not None and change.due > limit:
        later_than(change.line, limit)
    if latest is not None and change.due < latest:
        remedy = N_("请填 {due} 或以后的日期，或先改下级任务")
        change.line.refuse("due_on", N_("期限早于下级任务"), remedy, said, due=latest.isoformat())


def _new_ones(
    session: Session,
    actor: Actor,
    found: Comparison,
    new: Mapping[str, Line],
    standing: Mapping[str, Any],
    dues: Mapping[UUID, date],
    now: datetime,
    issue: bool,
) -> None:
    """The wishes of the new rows, level by level and unit by unit; a row under a refused one is refused."""
    ids = {key: new_id() for key in new}
    levels = levels_of(new, standing, {line.key for line in found.lines})
    order = sorted(levels, key=lambda key: (levels[key], str(new[key].values["unit_id"]), new[key].row.number))
    for key in order:
        line = new[key]
        parent: UUID | None = None
        if line.parent in ids:
            parent = ids[line.parent]
            under_limit(line, new[line.parent].values["due_on"])
        elif line.parent:
            above = standing[line.parent]
            parent = above.id
            under_limit(line, dues.get(above.id, above.due_on))
        refuse_below(line, new)
        found.wishes.append((line, _wish(line, ids[key], parent)))
    found.sift()
    _ready, faults = check_wishes(session, actor, [wish for _, wish in found.wishes], now=now, issue=issue)
    for place, own in faults.items():
        line, wish = found.wishes[place]
        line.take(one for one in own if not _is_later(one) or wish.parent_id is None)
    for line, _ in found.wishes:
        refuse_below(line, new)


def _wish(line: Line, key: UUID, parent: UUID | None) -> TaskWish:
    values = {name: value for name, value in line.values.items() if not (name == "weight" and value is None)}
    return TaskWish(**values, id=key, code=line.key, parent_id=parent)
