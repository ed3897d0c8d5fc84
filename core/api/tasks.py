"""Tasks (任务) over the API: the list, one, giving one, breaking one down, and every step of its life."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Day, Flag, Id, Length, ListOf, Number, OneOf, Part, Range, Text, Whole
from core.api.replies import (
    ListQuery,
    a_day,
    cursor_of,
    etag,
    expected_version,
    here,
    once,
    read_cursor,
    reply,
    reply_list,
    sort_by,
)
from core.api.rooms import READING, WRITING, Room
from core.api.task_shapes import TaskDetail, TaskList, TaskShape, shape_detail, shape_task
from core.errors import N_, Fault, InvalidInput
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD, SEE
from core.work.tasks.acting import act, steps_for
from core.work.tasks.breaking import MOST_PARTS, break_down
from core.work.tasks.listing import ALL, LONGEST_TEXT, TABS, TaskFilter, list_tasks, with_names
from core.work.tasks.making import TaskWish, create
from core.work.tasks.moves import MOVES, SYSTEM
from core.work.tasks.reading import read_task
from core.work.tasks.states import PERCENT, SOURCES, STATES, WAYS
from core.work.tasks.wishes import LONGEST_CODE, LONGEST_REQUIREMENT, LONGEST_TITLE, MOST_ASSISTS, MOST_WEIGHT

room = Room("tasks", __name__, description="Tasks (任务): who does what by when, how far it is, and the proof.")
VERBS = tuple(move.verb for move in MOVES.values() if SYSTEM not in move.by)


class TaskQuery(ListQuery):
    """Which tasks (任务筛选): tab open, overdue, risk, done or all; unit_id stands for its subtree."""

    sort = sort_by("due", "-due")
    tab = Text(load_default=ALL, validate=OneOf(tuple(TABS)))
    unit_id = Id(load_default=None)
    person_id = Id(load_default=None)
    state = ListOf(Text(validate=OneOf(tuple(STATES))), load_default=[])
    campaign = Text(load_default="")
    source = Text(load_default="", validate=OneOf(("", *SOURCES)))
    source_id = Id(load_default=None)
    plan_id = Id(load_default=None)
    line_id = Id(load_default=None)
    parent_id = Id(load_default=None)
    due_from = Day(load_default=None)
    due_to = Day(load_default=None)
    leaf = Flag(load_default=None, metadata={"description": "only those that are counted, or only parents"})
    mine = Flag(load_default=False)
    q = Text(load_default="", validate=Length(max=LONGEST_TEXT), metadata={"description": "part of the title"})


class NewTaskPart(Body):
    """What a task says (任务内容): target with way count or quantity, measure a code or a name of a unit of measure."""

    title = Text(required=True, validate=Length(max=LONGEST_TITLE))
    unit_id = Id(required=True)
    due_on = Day(required=True)
    starts_on = Day(load_default=None, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
    assists = ListOf(Id(), load_default=[], validate=Length(max=MOST_ASSISTS))
    requirement = Text(load_default="", validate=Length(max=LONGEST_REQUIREMENT))
    way = Text(load_default=PERCENT, validate=OneOf(tuple(WAYS)))
    target = Number(load_default=None, allow_none=True)
    measure = Text(load_default="", validate=Length(max=40))
    weight = Whole(load_default=100, validate=Range(1, MOST_WEIGHT))
    code = Text(load_default=None, allow_none=True, validate=Length(max=LONGEST_CODE))


class NewTask(NewTaskPart):
    """A task to be given (新建任务); it is issued at once unless ``issue`` is false."""

    campaign = Text(load_default="")
    source = Text(load_default="own", validate=OneOf(tuple(SOURCES)))
    source_id = Id(load_default=None, allow_none=True)
    parent_id = Id(load_default=None, allow_none=True)
    plan_id = Id(load_default=None, allow_none=True)
    line_id = Id(load_default=None, allow_none=True)
    issue = Flag(load_default=True)


class NewTaskParts(Body):
    """Parts of a task for units below (分解给下级)."""

    parts = ListOf(Part(NewTaskPart), required=True, validate=Length(min=1, max=MOST_PARTS))


class TaskChanges(Body):
    """What is to be changed (修改内容): only what is named is."""

    title = Text(validate=Length(max=LONGEST_TITLE))
    requirement = Text(validate=Length(max=LONGEST_REQUIREMENT))
    weight = Whole(validate=Range(1, MOST_WEIGHT))
    starts_on = Day()
    due_on = Day()
    target = Number()
    person_id = Id(allow_none=True)


class NewTaskStep(Body):
    """A step to take (办理): which fields it needs is said by ``steps`` of the task; ``amount`` is ``progress`` or ``done``.

    ``progress`` is a percentage with at most two places, ``done`` a total up to now; photos by id or SHA-256.
    """

    verb = Text(required=True, validate=OneOf(VERBS))
    note = Text(load_default="", validate=Length(max=2000))
    progress = Number(load_default=None, allow_none=True)
    done = Number(load_default=None, allow_none=True)
    measure = Text(load_default="", validate=Length(max=40))
    day = Day(load_default=None, allow_none=True)
    photos = ListOf(Text(), load_default=[])
    due_on = Day(load_default=None, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    changes = Part(TaskChanges, load_default={})


@room.get("/tasks")
@asked.require(SEE)
@room.arguments(TaskQuery, location="query")
@room.response(200, TaskList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the tasks in sight, by their last day"""
    size, sort = query.pop("page_size"), query.pop("sort")
    after = read_cursor(query.pop("cursor"), [a_day, UUID])
    wanted = TaskFilter(text=query.pop("q"), states=tuple(query.pop("state")), **query)
    where: tuple[date, UUID] | None = (after[0], after[1]) if after else None
    rows = list_tasks(asked.db(), asked.actor(), wanted, day=asked.today(), after=where, size=size, sort=sort)
    page = rows[:size]
    last = page[-1].task if len(rows) > size else None
    following = cursor_of(last.due_on.isoformat(), str(last.id)) if last else None
    whole = asked.actor().covers(SEE)
    return reply_list((shape_task(row, parent=whole) for row in page), following)


@room.post("/tasks")
@asked.require_any(DIRECT, LEAD, ANSWER)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewTask)
@room.response(201, TaskDetail, headers=ETAG)
@room.refuses(*WRITING)
def make(body: dict[str, Any]) -> Response:
    """Give a task

    The HQ office gives any, a leader those of a leader, a unit parts of its own task to units below it. A repetition with
    the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        issue = body.pop("issue")
        wish = TaskWish(**{**body, "assists": tuple(body["assists"])})
        task = create(asked.db(), asked.actor(), wish, now=asked.now(), issue=issue)
        return 201, _one(task.id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"]), "Location": here("tasks", made["id"])})


@room.get("/tasks/<uuid:task_id>")
@asked.require(SEE)
@room.response(200, TaskDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_one(task_id: UUID) -> Response:
    """Show one task with its reports, history and the steps that the asker may take now"""
    said = _one(task_id)
    return reply(said, ETag=etag(said["version"]))


@room.post("/tasks/<uuid:task_id>/actions")
@asked.require_any(ANSWER, DIRECT, CHECK, SEE)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewTaskStep)
@room.response(200, TaskShape, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def take(body: dict[str, Any], task_id: UUID) -> Response:
    """Take a step: accept, return, report, finish, verify and so on

    If-Match names the version that was seen: without it 428, when somebody was faster 412. A repetition with the same
    Idempotency-Key gets the first answer.
    """
    version, verb = expected_version(), body.pop("verb")

    def run() -> tuple[int, Any]:
        given = body | {"photos": tuple(body["photos"]), "progress": _progress(body["progress"])}
        task = act(asked.db(), asked.actor(), task_id, verb, version=version, now=asked.now(), **given)
        [row] = with_names(asked.db(), [task])
        return 200, shape_task(row, parent=asked.actor().covers(SEE))

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


@room.post("/tasks/<uuid:task_id>/parts")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewTaskParts)
@room.response(201, TaskDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def divide(body: dict[str, Any], task_id: UUID) -> Response:
    """Break a task down: parts for units below its own, issued at once

    The answer is the task itself, which is as far as its parts are from now on.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        parts = [TaskWish(**{**one, "assists": tuple(one["assists"])}) for one in body["parts"]]
        break_down(asked.db(), asked.actor(), task_id, parts, version=version, now=asked.now())
        return 201, _one(task_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(task_id: UUID) -> dict[str, Any]:
    session, actor = asked.db(), asked.actor()
    seen = read_task(session, actor, task_id, asked.today())
    return shape_detail(seen, steps_for(session, actor, seen.row.task, asked.now()))


def _progress(said: Decimal | None) -> int | None:
    """A percentage in 1/100 %. Raises InvalidInput for more than two places."""
    if said is None:
        return None
    found = said * 100
    if found != found.to_integral_value() or abs(found) > 10**9:
        fault = Fault(N_("最多两位小数"), "progress", value=str(said)[:20], remedy=N_("例如 37.25"))
        raise InvalidInput(faults=[fault])
    return int(found)
