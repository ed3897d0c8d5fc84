"""The city's charts (对比图形): ranking with coverage, shares over time, headings or indicators by district."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from core import request as asked
from core.figures.boards import UNRANKED, Spot
from core.figures.comparison import ComparisonRow, read_rows
from core.figures.matrices import Series, comparison_trend, matrix_of
from core.figures.periods import Period
from core.request import actor, db, require
from core.web.paging import bad_argument
from core.web.scores.charts import answer, dot, first_filled, trend_chart
from core.web.scores.comparison import MOST_LINES
from core.web.scores.comparison_asked import LEVELS, Asked, read_asked
from core.web.scores.comparison_shown import read_shown
from core.web.scores.figure_words import say_points
from core.web.scores.periods import BACK, short_period, trend_end
from core.web.words import by_locale
from core.work.roles import COMPARE

blueprint = Blueprint("comparison_charts", __name__, url_prefix="/c/<slug>/comparison/charts")
blueprint.before_request(asked.enter_city)

HUNDRED = Decimal(100)


def _rows(wanted: Asked) -> list[ComparisonRow]:
    """The rows of the page of the table beside which a chart stands."""
    board, shown = read_shown(wanted)
    return read_rows(db(), board, shown.rows, wanted.own_titles)


def _district(slug: str, wanted: Asked) -> str:
    key = wanted.choice.period.key
    return url_for(
        "comparison.show_district",
        district=slug,
        campaign=wanted.campaign,
        kind=wanted.choice.kind,
        period=key,
    )


def _figure(row: ComparisonRow, code: str, wanted: Asked) -> str:
    return url_for("comparison_matrix.show_figure", district=row.district_slug, code=code, **wanted.query)


@blueprint.get("/ranking.json")
@require(COMPARE)
def draw_ranking() -> Response:
    """The districts that published, best first; who is not ranked says why."""
    wanted = read_asked()
    rows = [
        {
            "name": row.district_name,
            "value": dot(row.percent),
            "text": say_points(row.percent),
            "n": row.visits,
            "coverage": dot(row.coverage / HUNDRED) if row.coverage is not None else None,
            "low": dot(row.interval_low),
            "high": dot(row.interval_high),
            "rank": row.rank,
            "self": row.rank is not None,
            "note": gettext(UNRANKED[row.unranked][0]) if row.unranked else "",
            "href": _district(row.district_slug, wanted),
        }
        for row in _rows(wanted)
        if row.publication_id
    ]
    return answer({"kind": "ranking", "unit": "%", "max": 100, "rows": rows})


@blueprint.get("/trend.json")
@require(COMPARE)
def draw_trend() -> Response:
    """Each district's share of assessed points in the last periods; what was not published is a gap."""
    wanted = read_asked()
    period = wanted.choice.period
    chosen = request.args.getlist("district")
    board, shown = read_shown(wanted)
    drawn = [one for one in board.spots if one.slug in chosen] if chosen else shown.rows
    (periods, found) = comparison_trend(
        db(), actor(), wanted.campaign, period.kind, trend_end(period), BACK[period.kind], drawn
    )
    if len(found) > MOST_LINES and not chosen:
        return _as_matrix(wanted, periods, found, shown.rows)
    lines = [
        {
            "name": one.district_name,
            "values": [dot(value) for value in one.values],
            "cuts": [cut.at for cut in one.breaks],
        }
        for one in found
    ]
    return trend_chart(periods, lines, breaks=_say_breaks(found))


def _say_breaks(series: Sequence[Series]) -> dict[int, str]:
    """What stands at each cut: whose edition changed there, from which to which."""
    said: dict[int, list[str]] = {}
    for one in series:
        for cut in one.breaks:
            said.setdefault(cut.at, []).append(f"{one.district_name} {cut.before} → {cut.after}")
    return {at: gettext("；").join(texts) for at, texts in said.items()}


def _as_matrix(wanted: Asked, periods: Sequence[Period], series: Sequence[Series], shown: Sequence[Spot]) -> Response:
    """Too many lines to tell apart: districts by periods, in the order of the ranking."""
    by_tenant = {one.tenant_id: one for one in series}
    rows = [one for one in shown if one.tenant_id in by_tenant]
    values = [[dot(value) for value in by_tenant[one.tenant_id].values] for one in rows]
    start = first_filled(values)
    cells = [
        [r, c, value, None, _district(one.slug, wanted)]
        for r, one in enumerate(rows)
        for c, value in enumerate(values[r][start:])
    ]
    names = {"rows": [one.name for one in rows], "columns": [short_period(p) for p in periods[start:]]}
    return answer({"kind": "matrix", "unit": "%", "cells": cells} | names)


@blueprint.get("/matrix.json")
@require(COMPARE)
def draw_matrix() -> Response:
    """Headings or indicators that some district assessed, by districts, as far as they were sent."""
    wanted, level = read_asked(), request.args.get("level", LEVELS[0])
    if level not in LEVELS:
        raise bad_argument("level", level)
    found = matrix_of(db(), _rows(wanted), wanted.choice.period, level)
    rows = [row for row in found.rows if any(cell.percent is not None for cell in row.cells.values())]
    sent = {tenant_id for row in rows for tenant_id in row.cells}
    columns = [one for one in found.columns if one.tenant_id in sent]
    cells = [
        [r, c, dot(cell.percent), cell.n, _figure(column, row.code, wanted)]
        for r, row in enumerate(rows)
        for c, column in enumerate(columns)
        if (cell := row.cells.get(column.tenant_id)) is not None
    ]
    names = [f"{row.code} {by_locale(row.name_zh, row.name_en)}" for row in rows]
    data = {"rows": names, "columns": [one.district_name for one in columns], "cells": cells}
    return answer({"kind": "matrix", "unit": "%", "min": 0, "max": 100} | data)
