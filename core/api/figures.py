"""Scores (得分) over the API: campaigns side by side, one in detail, one indicator explained to the last visit."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.explanation_shapes import ExplanationShape, shape_explanation
from core.api.fields import Id, ListOf, PeriodKey, Text
from core.api.figure_shapes import (
    ScoreDetail,
    ScoreList,
    shape_detail,
    shape_score,
)
from core.api.forms import in_force, one_in_force
from core.api.replies import ListQuery, cut_list, reply
from core.api.rooms import READING, Room
from core.api.then import ThenQuery, past_day
from core.figures.explain import explain
from core.figures.model import CampaignScore
from core.figures.periods import Period, containing
from core.figures.scores import score_campaign
from core.work.loop.clocks import last_moment
from core.work.organisation.areas import get_area
from core.work.roles import SEE

room = Room("figures", __name__, description="Scores (得分): of assessed points, with the coverage beside them.")


class ScoreQuery(ThenQuery):
    """Which period, unit or area and past day (统计口径); an area stands where no unit does."""

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
    found = one_in_force(campaign, period_asked(query).start)
    explained = explain(
        asked.db(),
        asked.actor(),
        found,
        found.edition,
        indicator,
        period_asked(query),
        place_asked(query),
        cut_off=cut_off(query),
    )
    return reply(shape_explanation(explained))


def period_asked(query: dict[str, Any]) -> Period:
    """The period of a query; the month that today lies in when none is named."""
    found: Period = query["period"] if "period" in query else containing("month", past_day(query) or asked.today())
    return found


def place_asked(query: dict[str, Any]) -> UUID | None:
    """The unit of a query, else its area; None for the whole district. Raises NotFound for what is no area."""
    if "unit_id" in query or "area_id" not in query:
        return query.get("unit_id")
    return get_area(asked.db(), query["area_id"]).id


def cut_off(query: dict[str, Any]) -> datetime:
    """The last moment whose records count: now, or the last one of the past day."""
    day = past_day(query)
    return last_moment(day) if day else asked.now()


def _score(key: str, query: dict[str, Any]) -> CampaignScore:
    unit_id, period = place_asked(query), period_asked(query)
    found = one_in_force(key, period.start)
    return score_campaign(asked.db(), asked.actor(), found, found.edition, period, unit_id, cut_off=cut_off(query))
