"""Rankings (排名) over the API: units of one kind by their share of assessed points; equal values share a rank."""

from __future__ import annotations

from typing import Any

from flask import Response

from core import request as asked
from core.api.fields import Body, Id, ListOf, Number, OneOf, Part, Text, Whole
from core.api.figures import ScoreQuery, period_asked
from core.api.forms import one_in_force
from core.api.replies import ListQuery, cut_list
from core.api.rooms import READING, Room
from core.figures.comparison import BARRED, LOW_VOLUME, NOTHING_ASSESSED, RANKED
from core.figures.leagues import Ranked, rank
from core.figures.overview import by_unit
from core.work.roles import SEE

KINDS = ("subdistrict", "community", "village")  # never departments against places: they are another league
room = Room("rankings", __name__, description="Rankings (排名) of units within one campaign and period.")


class RankShape(Body):
    """One unit in the ranking (名次); ``unranked`` says why it has none."""

    rank = Whole(required=True, allow_none=True)
    unranked = Text(required=True, validate=OneOf((RANKED, LOW_VOLUME, NOTHING_ASSESSED, BARRED)))
    unit_id = Id(required=True)
    name = Text(required=True)
    kind = Text(required=True)
    percent_of_assessed = Number(required=True, allow_none=True)
    coverage = Number(required=True, allow_none=True)
    earned = Number(required=True)
    assessed = Number(required=True)
    total = Number(required=True)
    visits = Whole(required=True)
    sites = Whole(required=True)


class RankList(Body):
    """Units, the best first (排名列表)."""

    items = ListOf(Part(RankShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RankQuery(ListQuery, ScoreQuery):
    """Which campaign, period and kind of unit (排名条件)."""

    campaign = Text(required=True)
    kind = Text(load_default="subdistrict", validate=OneOf(KINDS))
    unit_id = Id(metadata={"description": "only units under this one"})


@room.get("/rankings")
@asked.require(SEE)
@room.arguments(RankQuery, location="query")
@room.response(200, RankList)
@room.refuses(*READING)
def list_ranks(query: dict[str, Any]) -> Response:
    """Rank the units of a kind within reach, by their share of assessed points"""
    campaign = one_in_force(query["campaign"])
    rows = by_unit(
        asked.db(),
        asked.actor(),
        campaign,
        campaign.edition,
        period_asked(query),
        kind=query["kind"],
        under=query.get("unit_id"),
        cut_off=asked.now(),
    )
    return cut_list(rank(rows), query, shape_rank)


def shape_rank(one: Ranked) -> dict[str, Any]:
    """A unit in the ranking as JSON."""
    score = one.row.score
    points = ("percent_of_assessed", "coverage", "earned", "assessed", "total", "visits", "sites")
    unit = {"unit_id": one.row.unit_id, "name": one.row.name, "kind": one.row.kind}
    return {"rank": one.rank, "unranked": one.unranked} | unit | {name: getattr(score, name) for name in points}
