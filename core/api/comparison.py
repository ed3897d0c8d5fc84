"""The city's comparison (区县比较) over the API: districts by what they published to it, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from flask import Response
from flask_babel import get_locale

from core import request as asked
from core.api.fields import Body, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, PeriodKey, Text, Whole
from core.api.publication_shapes import SealedEffectShape
from core.api.replies import ListQuery, broken_cursor, cursor_of, read_cursor, reply_list
from core.api.rooms import READING, Room
from core.errors import NotFound
from core.figures.boards import RANKED, UNRANKED, read_board
from core.figures.comparison import (
    ComparisonRow,
    campaign_titles,
    check_compare,
    compare,
    named_districts,
    read_rows,
    received_periods,
)
from core.figures.exports import comparison_csv
from core.figures.pairs import DOUBTS, read_pair
from core.figures.periods import Period, containing
from core.figures.received import Silent, newest_of, walk_received
from core.figures.tables import Publication, PublishedFigure
from core.work.roles import COMPARE
from core.work.tenancy import find_tenant
from tenants.access import DISTRICT

room = Room(
    "comparison", __name__, description="A bureau's comparison of the districts that let it read (区县比较).", city=True
)


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
    interval_low = Number(required=True, allow_none=True, metadata={"description": "of the 95 % interval as published"})
    interval_high = Number(required=True, allow_none=True)
    best = Whole(required=True, allow_none=True, metadata={"description": "the best rank that the intervals allow"})
    worst = Whole(required=True, allow_none=True)
    same_as_above = Flag(required=True, metadata={"description": "not told apart from the one above it"})
    warnings = ListOf(Mapping(), required=True, metadata={"description": "codes with numbers, as published"})
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
    check_compare(asked.actor())
    titles, period, campaign = campaign_titles(asked.db()), _period(query), query.get("campaign")
    boards = [read_board(asked.db(), key, period) for key in (titles if campaign is None else (campaign,))]
    places = [(board, spot) for board in boards for spot in board.spots]
    start = _after(query["cursor"], [f"{board.campaign}/{spot.slug}" for board, spot in places])
    page = places[start : start + query["page_size"]]
    rows = [
        row
        for board in boards
        for row in read_rows(
            asked.db(),
            board,
            [spot for one, spot in page if one is board],
            titles.get(board.campaign, (board.campaign,) * 2),
        )
    ]
    more = len(places) > start + len(page)
    cursor = cursor_of(f"{page[-1][0].campaign}/{page[-1][1].slug}") if more else None
    return reply_list([shape_row(row) for row in rows], cursor)


def _after(cursor: str, keys: Sequence[str]) -> int:
    """Where a page begins. Raises InvalidInput for a cursor that this list did not give."""
    after = read_cursor(cursor, [str])
    if after is None:
        return 0
    if after[0] not in keys:
        raise broken_cursor(cursor)
    return keys.index(after[0]) + 1


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


class SideShape(Body):
    """One side of a pair (对照一方): the publication that its figures come from."""

    district_slug = Text(required=True)
    district_name = Text(required=True)
    publication_id = Id(required=True, allow_none=True)
    period = PeriodKey(required=True)
    edition = Text(required=True)
    sha256 = Text(required=True)


class PairRowShape(Body):
    """One heading or indicator of both (对照行); the difference is left less right."""

    level = Text(required=True)
    code = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    unit = Text(required=True)
    left = Number(required=True, allow_none=True)
    right = Number(required=True, allow_none=True)
    difference = Number(required=True, allow_none=True)


class PairShape(Body):
    """Two districts side by side (两区对照); ``doubts`` names what makes them hard to compare."""

    left = Part(SideShape, required=True)
    right = Part(SideShape, required=True)
    doubts = ListOf(Text(validate=OneOf(DOUBTS)), required=True)
    rows = ListOf(Part(PairRowShape), required=True)


class PairQuery(Body):
    """Which two, of which campaign and period (对照条件)."""

    campaign = Text(required=True)
    period = PeriodKey(required=True)
    left = Text(required=True, metadata={"description": "a district's slug"})
    right = Text(required=True, metadata={"description": "another's, or the same in another period"})
    right_period = PeriodKey(metadata={"description": "the same as the left one if left out"})


@room.get("/comparison/pair")
@asked.require(COMPARE)
@room.arguments(PairQuery, location="query")
@room.response(200, PairShape)
@room.refuses(*READING)
def show_pair(query: dict[str, Any]) -> dict[str, Any]:
    """Two districts side by side, figure by figure"""
    check_compare(asked.actor())
    newest = newest_of(walk_received(asked.db()), query["campaign"])
    known = named_districts(asked.db(), query["campaign"], newest)
    sides = [(query["left"], query["period"]), (query["right"], query.get("right_period") or query["period"])]
    left, right = ((_known(slug, known), period) for slug, period in sides)
    pair = read_pair(
        asked.db(), asked.actor(), query["campaign"], (left[0].tenant_id, left[1]), (right[0].tenant_id, right[1])
    )
    rows = [
        PairRowShape.pick(row) | {name: _value(getattr(row, name)) for name in ("left", "right")} for row in pair.rows
    ]
    return {
        "left": _side(*left, pair.left),
        "right": _side(*right, pair.right),
        "doubts": list(pair.doubts),
        "rows": rows,
    }


def _known(slug: str, rows: Iterable[Silent]) -> Silent:
    """The row of the tenant that owns a slug. Raises NotFound."""
    with asked.house().wall.platform() as platform:
        owner = find_tenant(platform, slug, kinds=(DISTRICT,))
    found = next((row for row in rows if row.tenant_id == owner.id), None)
    if found is None:
        raise NotFound
    return found


def _value(figure: PublishedFigure | None) -> Decimal | None:
    return figure.value if figure else None


def _side(row: Silent, period: Period, sent: Publication | None) -> dict[str, Any]:
    said = {"publication_id": sent.id, "edition": sent.edition, "sha256": sent.sha256} if sent else {}
    place = {"district_slug": row.slug, "district_name": row.name, "period": period.key}
    return {"publication_id": None, "edition": "", "sha256": ""} | place | said


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
