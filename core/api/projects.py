"""Projects (工程项目) over the API: the list, one in full, the fund table, and telling how much is done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Day, Flag, Id, Length, ListOf, OneOf, Part, Text
from core.api.project_shapes import (
    FundTableShape,
    ProjectDetail,
    ProjectList,
    shape_funds,
    shape_line,
    shape_project,
)
from core.api.replies import (
    ListQuery,
    a_day,
    cursor_of,
    etag,
    expected_version,
    once,
    read_cursor,
    reply,
    reply_list,
)
from core.api.rooms import READING, WRITING, Room
from core.errors import Fault, InvalidInput
from core.work.projects.bill import Done, items_of, read_amount, report
from core.work.projects.funds import fund_table
from core.work.projects.opened import open_project
from core.work.projects.project_list import OPEN, Wanted, lines_of, list_projects
from core.work.projects.states import KINDS, STATES
from core.work.projects.steps import find_project
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tasks.work_photos import MOST_PHOTOS
from core.work.wording import LONGEST_NOTE

room = Room("projects", __name__, description="Projects (工程项目): stages, bill of quantities, cost shares, counters.")


class ProjectWanted(Body):
    """Which projects count (项目筛选)."""

    kind = Text(load_default="", validate=OneOf(("", *KINDS)))
    state = Text(load_default="", validate=OneOf(("", *STATES, OPEN)), metadata={"description": "open: all but ended"})
    campaign = Text(load_default="", validate=Length(max=60))
    unit_id = Id(load_default=None, metadata={"description": "with all under it"})
    plan_id = Id(load_default=None)
    late = Flag(load_default=False, metadata={"description": "over its day, or a stage of it is"})


class ProjectQuery(ListQuery):
    """Which projects (项目筛选), by their last day."""

    kind = Text(load_default="", validate=OneOf(("", *KINDS)))
    state = Text(load_default="", validate=OneOf(("", *STATES, OPEN)), metadata={"description": "open: all but ended"})
    campaign = Text(load_default="", validate=Length(max=60))
    unit_id = Id(load_default=None, metadata={"description": "with all under it"})
    plan_id = Id(load_default=None)
    late = Flag(load_default=False, metadata={"description": "over its day, or a stage of it is"})


class LineDone(Body):
    """How much of a line is done, in all (累计完成): a number as people write it, such as `320` or `300余`."""

    item_id = Id(required=True)
    done = Text(required=True, validate=Length(min=1, max=40))


class NewProjectReport(Body):
    """How much is done until a day (填报工程量); lines that are not named stay."""

    day = Day(load_default=None, allow_none=True, metadata={"description": "today when it is left out"})
    items = ListOf(Part(LineDone), load_default=[], validate=Length(max=100))
    note = Text(load_default="", validate=Length(max=LONGEST_NOTE))
    reason = Text(
        load_default="",
        validate=Length(max=LONGEST_NOTE),
        metadata={"description": "why more is done than planned; the plan is raised with it"},
    )
    photos = ListOf(
        Text(), load_default=[], validate=Length(max=MOST_PHOTOS), metadata={"description": "ids or SHA-256"}
    )


@room.get("/projects")
@asked.require(SEE)
@room.arguments(ProjectQuery, location="query")
@room.response(200, ProjectList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the projects in the asker's sight, by their last day"""
    size, after = query.pop("page_size"), read_cursor(query.pop("cursor"), [a_day, UUID])
    session, moment = asked.db(), asked.now()
    where = (after[0], after[1]) if after else None
    rows = list_projects(session, asked.actor(), Wanted(**query), now=moment, limit=size + 1, after=where)
    page = rows[:size]
    more = cursor_of(page[-1].ends_on.isoformat(), str(page[-1].id)) if len(rows) > size else None
    return reply_list([shape_line(one) for one in lines_of(session, page, asked.today())], more)


@room.get("/projects/funds")
@asked.require(SEE)
@room.arguments(ProjectWanted, location="query")
@room.response(200, FundTableShape)
@room.refuses(*READING)
def get_funds(query: dict[str, Any]) -> Response:
    """Show budget and use by source over all projects in the asker's sight"""
    return reply(shape_funds(fund_table(asked.db(), asked.actor(), Wanted(**query), asked.today())))


@room.get("/projects/<uuid:project_id>")
@asked.require(SEE)
@room.response(200, ProjectDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_project(project_id: UUID) -> Response:
    """Show one project with its stages, lines, shares, photos and history"""
    said = _one(project_id)
    return reply(said, ETag=etag(said["version"]))


@room.post("/projects/<uuid:project_id>/report")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewProjectReport)
@room.response(200, ProjectDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def send_report(body: dict[str, Any], project_id: UUID) -> Response:
    """Tell how much is done until a day, line by line

    If-Match names the version that was seen: without it 428, when somebody was faster 412. More than planned needs a reason.
    A repetition with the same Idempotency-Key gets the first answer.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        given = {name: body[name] for name in ("note", "reason", "photos")}
        done = _done(project_id, body["items"])
        day = body["day"] or asked.today()
        report(asked.db(), asked.actor(), project_id, done, day=day, version=version, now=asked.now(), **given)
        return 200, _one(project_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _done(project_id: UUID, rows: list[dict[str, Any]]) -> dict[UUID, Done]:
    """The lines of a body as numbers. Raises InvalidInput naming each line's place."""
    project = find_project(asked.db(), asked.actor(), project_id, asked.now())
    measures = {one.id: one.measure for one in items_of(asked.db(), project.id)}
    faults: list[Fault] = []
    found: dict[UUID, Done] = {}
    for place, row in enumerate(rows):
        try:
            amount = read_amount(row["done"], measures.get(row["item_id"], ""), f"items.{place}.done")
        except InvalidInput as error:
            faults += error.faults
            continue
        if amount is not None:
            found[row["item_id"]] = amount
    if faults:
        raise InvalidInput(faults=faults)
    return found


def _one(project_id: UUID) -> dict[str, Any]:
    return shape_project(open_project(asked.db(), asked.actor(), project_id, now=asked.now()))
