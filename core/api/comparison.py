"""The city's comparison (区县比较) over the API: districts by what they published to it, and the same as CSV."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response
from flask_babel import get_locale

from core import request as asked
from core.api.fields import Body, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, PeriodKey, Text, Whole
from core.api.publication_shapes import SealedEffectShape
from core.api.replies import ListQuery, cut_list
from core.api.rooms import READING, Room
from core.figures.comparison import RANKED, UNRANKED, ComparisonRow, compare, received_periods
from core.figures.exports import comparison_csv
from core.figures.periods import Period, containing
from core.work.roles import COMPARE

room = Room("comparison", __name__, description="A city's comparison of its districts (区县比较).", city=True)


class ComparisonShape(Body):
    """One district in one campaign and period (对比行); ``unranked`` says why it has no rank."""

    campaign = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    district_slug = Text(required=True)
    district_name = Text(required=True)
    unranked = Text(required=True, validate=OneOf((RANKED, *UNRANKED)))
    rank = Whole(required=True, allow_none=True)
    previous_rank = Whole(required=True, allow_none=True)
    publication_id = Id(required=True, allow_none=True)
    edition = Text(required=True)
    percent = Number(required=True, allow_none=True)
    percent_of_all = Number(required=True, allow_none=True)
    coverage = Number(required=True, allow_none=True)
    earned = Number(required=True, allow_none=True)
    assessed = Number(required=True, allow_none=True)
    total = Number(required=True, allow_none=True)
    gap = Number(required=True, allow_none=True, metadata={"description": "points that were not assessed"})
    visits = Whole(required=True)
    sites = Whole(required=True)
    findings = Mapping(required=True, allow_none=True)
    vetoes = ListOf(Text(), required=True)
    earned_before = Number(required=True, allow_none=True, metadata={"description": "before the negative list"})
    effects = ListOf(Part(SealedEffectShape), required=True)
    detail = Text(required=True)
    sha256 = Text(required=True)
    is_correction = Flag(required=True)
    is_demo = Flag(required=True)
    cut_off = Moment(required=True, allow_none=True)
    published_at = Moment(required=True, allow_none=True)


class ComparisonList(Body):
    """Districts by campaign and rank (对比列表)."""

    items = ListOf(Part(ComparisonShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class CsvQuery(Body):
    """Which campaign and period (对比条件)."""

    campaign = Text(metadata={"description": "every campaign if left out"})
    period = PeriodKey(metadata={"description": "the latest month that was received if left out"})


class ComparisonQuery(ListQuery, CsvQuery):
    """Which campaign and period, page by page (对比筛选)."""


@room.get("/comparison")
@asked.require(COMPARE)
@room.arguments(ComparisonQuery, location="query")
@room.response(200, ComparisonList)
@room.refuses(*READING)
def list_comparison(query: dict[str, Any]) -> Response:
    """Compare the districts by their share of assessed points; those without a publication come last"""
    rows = compare(asked.db(), asked.actor(), query.get("campaign"), _period(query))
    return cut_list(rows, query, shape_row, key=lambda row: f"{row.campaign}/{row.district_slug}")


@room.get("/comparison.csv")
@asked.require(COMPARE)
@room.arguments(CsvQuery, location="query")
@room.response(200, {"type": "string"}, content_type="text/csv")
@room.refuses(*READING)
def export_comparison(query: dict[str, Any]) -> Response:
    """The same as CSV, in the reader's language"""
    period = _period(query)
    rows = compare(asked.db(), asked.actor(), query.get("campaign"), period)
    english = str(get_locale()).startswith("en")
    made = Response("".join(comparison_csv(rows, period, english=english)), content_type="text/csv; charset=utf-8")
    name = quote(f"comparison-{asked.tenant().slug}-{period.key}.csv")
    made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return made


def shape_row(row: ComparisonRow) -> dict[str, Any]:
    """A row of the comparison as JSON."""
    return ComparisonShape.pick(row) | {"effects": [SealedEffectShape.pick(one) for one in row.effects]}


def _period(query: dict[str, Any]) -> Period:
    """The period of a query, else the latest month received, else this month."""
    if "period" in query:
        found: Period = query["period"]
        return found
    received = received_periods(asked.db(), asked.actor(), query.get("campaign"))
    months = (period for period in received if period.kind == "month")
    return next(months, containing("month", asked.today()))
