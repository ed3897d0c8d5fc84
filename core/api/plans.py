"""Plans (计划) over the API: the list, one with its lines and sums, a burn-down; read only, plans are made on the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG
from core.api.fields import Body, Id, Length, OneOf, Range, Text, Whole
from core.api.plans_shapes import (
    BurnDownShape,
    WholePlanShape,
    WorkPlanList,
    shape_burn_down,
    shape_plan,
    shape_whole,
)
from core.api.replies import ListQuery, a_day, cursor_of, etag, read_cursor, reply, reply_list
from core.api.rooms import READING, Room
from core.figures.task_figures.burn_down import read_burn_down
from core.figures.task_figures.drive_sums import read_drive
from core.figures.task_figures.line_sums import of_plan, read_sums
from core.figures.task_figures.plan_standing import read_standing
from core.figures.task_figures.target_sums import read_targets
from core.work.plans.days import count_down
from core.work.plans.kinds import DRIVE, KINDS, SPRINT, STATES
from core.work.plans.plan_list import WHEN, PlanFilter, get_row, list_plans
from core.work.plans.sight import get_plan
from core.work.plans.writing import calendar_from
from core.work.roles import SEE

room = Room(
    "plans", __name__, description="Plans (计划): three-year plan, annual guide, drives and sprints, with lines."
)


class PlanQuery(ListQuery):
    """Which plans (计划筛选); the latest beginning first."""

    kind = Text(load_default="", validate=OneOf(("", *KINDS)))
    state = Text(load_default="", validate=OneOf(("", *STATES)))
    when = Text(load_default="", validate=OneOf(("", *WHEN)))
    year = Whole(load_default=None, validate=Range(2000, 2100))
    campaign = Text(load_default="", validate=Length(max=60))
    unit_id = Id(load_default=None)
    q = Text(load_default="", validate=Length(max=80), metadata={"description": "part of the title, or the number"})


class BurnDownQuery(Body):
    """Whose tasks (燃尽口径): of one unit with all under it, or of one line."""

    unit_id = Id(load_default=None)
    line_id = Id(load_default=None)


@room.get("/plans")
@asked.require(SEE)
@room.arguments(PlanQuery, location="query")
@room.response(200, WorkPlanList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the plans with what is directly under each"""
    size, after = query.pop("page_size"), read_cursor(query.pop("cursor"), [a_day, UUID])
    session, actor, on = asked.db(), asked.actor(), asked.today()
    where = (after[0], after[1]) if after else None
    rows = list_plans(session, actor, PlanFilter(text=query.pop("q"), **query), on=on, after=where, size=size)
    page = rows[:size]
    sums = read_sums(session, actor, [row.plan.id for row in page], on)
    last = page[-1].plan if len(rows) > size else None
    cursor = cursor_of(last.starts_on.isoformat(), str(last.id)) if last else None
    return reply_list([shape_plan(row, of_plan(sums, row.plan.id)) for row in page], cursor)


@room.get("/plans/<uuid:work_plan_id>")
@asked.require(SEE)
@room.response(200, WholePlanShape, headers=ETAG)
@room.refuses(401, 403, 404)
def get_one(work_plan_id: UUID) -> Response:
    """Show one plan with its lines, count-down, drive and quantities"""
    session, actor, on = asked.db(), asked.actor(), asked.today()
    of = get_plan(session, actor, work_plan_id, on)
    standing = read_standing(session, actor, of, on)
    calendar = calendar_from(session, of.starts_on)
    at = count_down(of.starts_on, of.ends_on, on, of.days, calendar) if of.kind == SPRINT else None
    drive = read_drive(session, actor, of, asked.now(), on) if of.kind == DRIVE else None
    targets = read_targets(session, actor, [of.id], on)
    body = shape_whole(get_row(session, of), standing.own, standing.lines, at, drive, targets)
    return reply(body, ETag=etag(of.version))


@room.get("/plans/<uuid:work_plan_id>/burn-down")
@asked.require(SEE)
@room.arguments(BurnDownQuery, location="query")
@room.response(200, BurnDownShape)
@room.refuses(*READING)
def get_burn_down(query: dict[str, Any], work_plan_id: UUID) -> Response:
    """Show the tasks that remain by day against the straight line, and the daily plan"""
    session, actor, on = asked.db(), asked.actor(), asked.today()
    of = get_plan(session, actor, work_plan_id, on)
    calendar = calendar_from(session, of.starts_on)
    return reply(shape_burn_down(read_burn_down(session, actor, of, on, calendar, **query)))
