"""A district's standing (市里公布的名次) over the API: every issue of its city, exactly as published."""

from __future__ import annotations

from typing import Any

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, cut_list
from core.api.rooms import READING, Room
from core.figures.comparison import RANKED, UNRANKED
from core.figures.issued_standings import received_standings
from core.figures.periods import Period
from core.figures.tables import Standing
from core.work.roles import SEE

room = Room(
    "standings", __name__, description="Standings (市里公布的名次): a district's place as its city published it."
)


class IssuedStandingShape(Body):
    """One issue (公布的名次): the place among size ranked districts; a correction names the seal that it corrects."""

    id = Id(required=True)
    sequence = Whole(required=True)
    city_slug = Text(required=True)
    city_name = Text(required=True)
    campaign = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    edition = Text(required=True)
    period = Text(required=True)
    period_start = Day(required=True)
    period_end = Day(required=True)
    rank = Whole(required=True, allow_none=True)
    previous_rank = Whole(required=True, allow_none=True)
    size = Whole(required=True)
    unranked = Text(required=True, validate=OneOf((RANKED, *UNRANKED)))
    percent = Number(required=True, allow_none=True)
    interval_low = Number(required=True, allow_none=True)
    interval_high = Number(required=True, allow_none=True)
    best = Whole(required=True, allow_none=True, metadata={"description": "the best rank that the intervals allow"})
    worst = Whole(required=True, allow_none=True)
    visits = Whole(required=True)
    rests_on = Text(required=True, metadata={"description": "the seal of the district's publication behind it"})
    is_demo = Flag(required=True)
    sha256 = Text(required=True)
    previous_sha256 = Text(required=True, allow_none=True)
    corrects_sha256 = Text(required=True, allow_none=True)
    reason = Text(required=True)
    issued_by = Text(required=True)
    issued_at = Moment(required=True)


class IssuedStandingList(Body):
    """Issues, the newest first (公布记录)."""

    items = ListOf(Part(IssuedStandingShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class IssuedStandingQuery(ListQuery):
    """Which issues (公布筛选)."""

    campaign = Text(metadata={"description": "every campaign if left out"})


@room.get("/standings")
@asked.require(SEE)
@room.arguments(IssuedStandingQuery, location="query")
@room.response(200, IssuedStandingList)
@room.refuses(*READING)
def list_standings(query: dict[str, Any]) -> Response:
    """List what the bureaus above published about this district, the newest first; corrected issues stay"""
    return cut_list(received_standings(asked.db(), query.get("campaign")), query, shape_standing)


def shape_standing(row: Standing) -> dict[str, Any]:
    """An issue as JSON."""
    period = Period(row.period_kind, row.period_start, row.period_end).key
    return {name: getattr(row, name) for name in IssuedStandingShape.names() - {"period"}} | {"period": period}
