"""Tasks as JSON (任务的应答结构): percentages and amounts are decimal numbers written as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import hundredths
from core.work.statistics.measures import plain
from core.work.tables import TaskEvent, TaskReport
from core.work.tasks.listing import TaskRow
from core.work.tasks.moves import TaskMove
from core.work.tasks.reading import TaskSeen
from core.work.tasks.states import SOURCES, STATES, WAYS


class TaskShape(Body):
    """A task (任务): progress in percent, done and target in the unit of measure; leaf: no children do the work."""

    id = Id(required=True)
    number = Text(required=True, allow_none=True)
    code = Text(required=True, allow_none=True)
    title = Text(required=True)
    requirement = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    person_id = Id(required=True, allow_none=True)
    person_name = Text(required=True)
    parent_id = Id(required=True, allow_none=True, metadata={"description": "null where the asker does not see it"})
    source = Text(required=True, validate=OneOf(tuple(SOURCES)))
    campaign = Text(required=True)
    plan_id = Id(required=True, allow_none=True)
    line_id = Id(required=True, allow_none=True)
    way = Text(required=True, validate=OneOf(tuple(WAYS)))
    measure = Text(required=True)
    target = Number(required=True, allow_none=True)
    done = Number(required=True)
    progress = Number(required=True)
    weight = Whole(required=True)
    leaf = Flag(required=True)
    starts_on = Day(required=True)
    due_on = Day(required=True)
    first_due_on = Day(required=True)
    wanted_due_on = Day(required=True, allow_none=True)
    issued_at = Moment(required=True, allow_none=True)
    accepted_at = Moment(required=True, allow_none=True)
    reported_at = Moment(required=True, allow_none=True)
    done_at = Moment(required=True, allow_none=True)
    verified_at = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    version = Whole(required=True)


class TaskList(Body):
    """Tasks (任务清单)."""

    items = ListOf(Part(TaskShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class TaskReportShape(Body):
    """What was told on a day (进展填报): totals up to then; photos by id."""

    sequence = Whole(required=True)
    day = Day(required=True)
    done = Number(required=True)
    progress = Number(required=True)
    unit_id = Id(required=True, allow_none=True)
    person_name = Text(required=True)
    note = Text(required=True)
    at = Moment(required=True)


class TaskEventShape(Body):
    """One step of its life (任务记录)."""

    version = Whole(required=True)
    at = Moment(required=True)
    verb = Text(required=True)
    from_state = Text(required=True, allow_none=True)
    to_state = Text(required=True)
    person_name = Text(required=True)
    note = Text(required=True)
    photos = ListOf(Id(), required=True)


class TaskStepShape(Body):
    """A step that the asker may take now (可办理): the fields it needs and those it takes."""

    verb = Text(required=True)
    needs = ListOf(Text(), required=True)
    takes = ListOf(Text(), required=True)


class TaskDetail(TaskShape):
    """One task with its assisting units, reports, history and allowed steps (任务详情)."""

    assists = ListOf(Id(), required=True)
    reports = ListOf(Part(TaskReportShape), required=True)
    history = ListOf(Part(TaskEventShape), required=True)
    steps = ListOf(Part(TaskStepShape), required=True)


def shape_task(row: TaskRow, *, parent: bool = False) -> dict[str, Any]:
    """A task as JSON; its parent is named only to who may see it."""
    task = row.task
    said = {
        "unit_name": row.unit_name,
        "person_name": row.person_name,
        "parent_id": task.parent_id if parent else None,
        "target": None if task.target is None else plain(task.target),
        "done": plain(task.done),
        "progress": hundredths(task.progress),
    }
    own = {name: getattr(task, name) for name in TaskShape.names() - said.keys()}
    return TaskShape.arrange(own | said)


def shape_detail(seen: TaskSeen, steps: Sequence[TaskMove]) -> dict[str, Any]:
    """One task as JSON."""
    return shape_task(seen.row, parent=seen.parent is not None) | {
        "assists": [unit for unit, _ in seen.assists],
        "reports": [_report(one) for one in seen.reports],
        "history": [_event(seen, one) for one in seen.events],
        "steps": [{"verb": one.verb, "needs": one.needs, "takes": one.takes} for one in steps],
    }


def _report(one: TaskReport) -> dict[str, Any]:
    said = {"done": plain(one.done), "progress": hundredths(one.progress)}
    own = {name: getattr(one, name) for name in TaskReportShape.names() - said.keys()}
    return TaskReportShape.arrange(own | said)


def _event(seen: TaskSeen, one: TaskEvent) -> dict[str, Any]:
    photos = [photo.file_id for photo in seen.photos.get(one.version, ())]
    own = {name: getattr(one, name) for name in TaskEventShape.names() - {"photos"}}
    return TaskEventShape.arrange(own | {"photos": photos})
