"""Task ranks over the API (任务排名接口): the places of a day, completion rates, the data of the wall; read only."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, OneOf, Text
from core.api.replies import ListQuery, cut_list, reply
from core.api.rooms import READING, Room
from core.api.task_rank_shapes import RateList, TaskRankList, WallShape, shape_place, shape_rate, shape_row
from core.errors import N_, Fault, InvalidInput
from core.figures.task_figures.facts import Moment
from core.figures.task_figures.places import GROUPS, Standing, read_day, stand, standing_of
from core.figures.task_figures.rates import BY, UNIT, completion
from core.figures.task_figures.wall import ranks_before, read_wall
from core.work.roles import SEE
from core.work.tasks.sight import sees_task

room = Room(
    "task-ranks", __name__, description="Task ranks (任务排名): places by completed tasks, completion rates, the wall."
)


class TaskRankQuery(ListQuery):
    """Which places (任务排名筛选)."""

    day = Day(metadata={"description": "as it was kept; today, and by default: as it stands now"})
    league = Text(load_default="", validate=OneOf(("", *GROUPS)))
    campaign = Text(load_default="", metadata={"description": "places by this campaign's tasks alone"})


class RateQuery(ListQuery):
    """Which rates (完成率筛选)."""

    day = Day(metadata={"description": "as of the end of a day that is over; today by default"})
    by = Text(load_default=UNIT, validate=OneOf(BY))
    campaign = Text(load_default="")


class WallQuery(Body):
    """Which wall (挂图筛选)."""

    campaign = Text(load_default="")


@room.get("/task-ranks")
@asked.require(SEE)
@room.arguments(TaskRankQuery, location="query")
@room.response(200, TaskRankList)
@room.refuses(*READING)
def list_places(query: dict[str, Any]) -> Response:
    """List the places of a day by completed tasks, league by league"""
    day, campaign = _day(query), query["campaign"]
    kept: dict[str, Any] = {"day": day, "revision": 0, "corrected": False, "computed_at": None}
    if day == asked.today():
        rows = [one for one in stand(asked.db(), Moment(day)) if one.campaign == campaign]
    else:
        found = read_day(asked.db(), day, campaign)
        rows = [standing_of(one) for one in found]
        if found:
            revision = found[0].revision
            kept |= {"revision": revision, "corrected": revision > 1, "computed_at": found[0].computed_at}
    before = ranks_before(asked.db(), day, campaign)
    mine = sorted((one for one in rows if query["league"] in ("", one.group)), key=_order)
    return cut_list(
        mine,
        query,
        lambda one: shape_place(one, kept | {"previous_rank": before.get(one.unit_id)}),
        key=lambda one: one.unit_id,
    )


@room.get("/task-ranks/rates")
@asked.require(SEE)
@room.arguments(RateQuery, location="query")
@room.response(200, RateList)
@room.refuses(*READING)
def list_rates(query: dict[str, Any]) -> Response:
    """List completion rates of the tasks within reach by unit, area, line, campaign or plan"""
    day, by = _day(query), query["by"]
    rows = completion(
        asked.db(),
        day=day,
        by=by,
        campaign=query["campaign"] or None,
        moment=Moment.of(day, asked.today()),
        conditions=[sees_task(asked.actor(), asked.today())],
    )
    return cut_list(rows, query, lambda one: shape_rate(one, by), key=lambda one: one.id or one.code)


@room.get("/task-ranks/wall")
@asked.require(SEE)
@room.arguments(WallQuery, location="query")
@room.response(200, WallShape)
@room.refuses(*READING)
def show_wall(query: dict[str, Any]) -> Response:
    """Show the wall as it stands now: areas, streets, departments and lines with light, numbers and who answers"""
    wall = read_wall(asked.db(), asked.today(), campaign=query["campaign"])
    return reply({"day": wall.day, "campaign": query["campaign"], "rows": [shape_row(one) for one in wall.rows]})


def _order(one: Standing) -> tuple[int, bool, int]:
    return list(GROUPS).index(one.group), one.rank is None, one.rank or 0


def _day(query: dict[str, Any]) -> date:
    day: date = query.get("day") or asked.today()
    if day > asked.today():
        remedy = N_("请填今天或以前的日期")
        raise InvalidInput(faults=[Fault(N_("这一天还没有到"), "day", value=day.isoformat(), remedy=remedy)])
    return day
