"""Scores (得分) over the API: campaigns side by side, one in detail, one indicator explained to the last visit."""

from __future__ import annotations

from typing import Any

from flask import Response

from core import request as asked
from core.api.fields import Body, Id, ListOf, PeriodKey, Text
from core.api.figure_shapes import (
    ExplanationShape,
    ScoreDetail,
    ScoreList,
    shape_detail,
    shape_explanation,
    shape_score,
)
from core.api.forms import in_force, one_in_force
from core.api.replies import ListQuery, cut_list, reply
from core.api.rooms import READING, Room
from core.figures.explain import explain
from core.figures.model import CampaignScore
from core.figures.periods import Period, containing
from core.figures.scores import score_campaign
from core.work.roles import SEE

room = Room("figures", __name__, description="Scores (得分): of assessed points, with the coverage beside them.")


class ScoreQuery(Body):
    """Which period and unit (统计口径)."""

    period = PeriodKey(metadata={"description": "2026-11, 2026-11-T3, 2026-W47, 2026-Q4 ...; this month if left out"})
    unit_id = Id(metadata={"description": "a unit's subtree; the whole district if left out"})


class ScoreListQuery(ListQuery, ScoreQuery):
    """Which campaigns, period and unit (得分筛选)."""

    campaign = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})


@room.get("/figures")
@asked.require(SEE)
@room.arguments(ScoreListQuery, location="query")
@room.response(200, ScoreList)
@room.refuses(*READING)
def list_scores(query: dict[str, Any]) -> Response:
    """List the scores of the campaigns in force"""
    keys = [one.key for one in in_force() if not query["campaign"] or one.key in query["campaign"]]
    return cut_list(keys, query, lambda key: shape_score(_score(key, query)), key=str)


@room.get("/figures/<campaign>")
@asked.require(SEE)
@room.arguments(ScoreQuery, location="query")
@room.response(200, ScoreDetail)
@room.refuses(*READING)
def get_score(query: dict[str, Any], campaign: str) -> Response:
    """Show one campaign's score with its headings and indicators"""
    return reply(shape_detail(_score(campaign, query)))


@room.get("/figures/<campaign>/<indicator>")
@asked.require(SEE)
@room.arguments(ScoreQuery, location="query")
@room.response(200, ExplanationShape)
@room.refuses(*READING)
def explain_indicator(query: dict[str, Any], campaign: str, indicator: str) -> Response:
    """Explain one indicator down to the visit and the finding; its rows add up to the figure"""
    found = one_in_force(campaign)
    explained = explain(
        asked.db(),
        asked.actor(),
        found,
        found.edition,
        indicator,
        period_asked(query),
        query.get("unit_id"),
        cut_off=asked.now(),
    )
    return reply(shape_explanation(explained))


def period_asked(query: dict[str, Any]) -> Period:
    """The period of a query; the month that today lies in when none is named."""
    found: Period = query["period"] if "period" in query else containing("month", asked.today())
    return found


def _score(key: str, query: dict[str, Any]) -> CampaignScore:
    found = one_in_force(key)
    unit_id, period = query.get("unit_id"), period_asked(query)
    return score_campaign(asked.db(), asked.actor(), found, found.edition, period, unit_id, cut_off=asked.now())
