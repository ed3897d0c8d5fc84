"""One indicator of every district, ranked (按指标排名): target, n, interval, ties, the smallest volume, the rank before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.figures.boards import UNRANKED, League, Told
from core.figures.indicator_boards import Detail, IndicatorBoard, read_history, read_indicator
from core.figures.nationwide import Placed
from core.figures.periods import last_periods
from core.request import actor, db, require, tenant
from core.web.paging import bad_argument
from core.web.scores.comparison_asked import Asked, read_asked
from core.web.scores.comparison_shown import SIZE, Filters, read_filters, say_edition, turn
from core.web.scores.figure_words import say_number, say_points, say_target, say_value
from core.web.scores.periods import short_period
from core.web.scores.sealed import points_of
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.roles import COMPARE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_indicator", __name__, url_prefix="/c/<slug>/comparison/indicator")
blueprint.before_request(asked.enter_city)

BACK = 6  # periods whose values stand beside, the shown one the last of them (ours)
LEAST = (1, 5, 10, 30, 100)
ORDERS = {"": None, "more": False, "less": True}
HEADER = (
    *(N_("代码"), N_("名称"), N_("区县"), N_("区县代号"), N_("名次"), N_("上期名次"), N_("数值"), N_("单位"), N_("区间下限"), N_("区间上限")),
    *(N_("最好名次"), N_("最差名次"), N_("与上一名不可区分"), N_("分子"), N_("分母"), "n", N_("目标"), N_("版本"), N_("演示数据"), N_("说明")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One district of the table (一行): its place, what was published beside the value, and what the intervals allow."""

    place: Placed
    detail: Detail
    told: Told | None
    before: int | None

    @property
    def moved(self) -> int | None:
        """How many ranks it rose since the period before; None when either is missing."""
        return None if self.place.rank is None or self.before is None else self.before - self.place.rank


@blueprint.get("/<code>")
@require(COMPARE)
def show(code: str) -> str:
    """A page of the districts by one indicator, with their values in the periods before."""
    wanted, filters = read_asked(), read_filters()
    board = _read(db(), actor(), wanted, code)
    found = [one for one in board.places if _lets(filters, one)]
    leagues = {key: say_edition(own[0].edition, is_demo=key[1]) for key, own in board.leagues.items()}
    shown = turn(filters, found, SIZE, leagues, (one.district_code for one in board.places))
    periods = last_periods(wanted.choice.kind, wanted.choice.period.start, BACK)
    districts = [one.tenant_id for one in shown.rows]
    history = read_history(db(), actor(), wanted.campaign, code, periods, districts)
    lines = _lines(board, shown.rows)
    own = [one.value for league in board.leagues.values() for one in league]
    return render_template(
        "comparison/indicator.html",
        wanted=wanted,
        choice=wanted.choice,
        board=board,
        shown=shown,
        filtered={**wanted.query, **filters.query, **_given()},
        ends=(own[0], own[(len(own) - 1) // 2], own[-1]) if len(board.leagues) == 1 else None,
        cut=_cut(lines, leagues),
        assessed=sum(1 for one in board.places if one.value is not None),
        periods=[(one.start, short_period(one)) for one in periods[:-1]],
        history=history,
        least=LEAST,
        order=request.args.get("order", ""),
        unranked=UNRANKED,
        say_points=say_points,
        say_number=say_number,
        say_value=say_value,
        say_target=say_target,
        points_of=points_of,
        by_locale=by_locale,
    )


def _cut(lines: Sequence[Line], leagues: Mapping[League, str]) -> list[tuple[str, list[Line]]]:
    """The page cut into its leagues; titles only where the table has several."""
    if len(leagues) < 2:
        return [("", list(lines))]
    cut = groupby(lines, lambda one: one.place.league if one.place.rank else None)
    return [(leagues[key] if key else gettext("没有参加排名"), list(found)) for key, found in cut]


def _read(session: ScopedSession, who: Actor, wanted: Asked, code: str) -> IndicatorBoard:
    given = _given()
    ascending, least = ORDERS[given.get("order", "")], int(given.get("least", "1"))
    period = wanted.choice.period
    return read_indicator(session, who, wanted.campaign, code, period, least=least, ascending=ascending)


def _given() -> dict[str, str]:
    """The order and the smallest volume as the address says them. Raises InvalidInput."""
    order, least = request.args.get("order", ""), request.args.get("least", "") or "1"
    if order not in ORDERS:
        raise bad_argument("order", order)
    if least not in map(str, LEAST):
        raise bad_argument("least", least)
    return {name: value for name, value in (("order", order), ("least", least)) if value not in ("", "1")}


def _lets(filters: Filters, one: Placed) -> bool:
    return filters.lets_league(one.league) and filters.lets_name(
        one.district_name, one.district_slug, one.district_code
    )


def _lines(board: IndicatorBoard, rows: Sequence[Placed]) -> list[Line]:
    told = board.told(rows)
    return [
        Line(one, board.detail(one), told.get(one.tenant_id) if one.rank else None, board.before.get(one.tenant_id))
        for one in rows
    ]


@blueprint.get("/<code>/export.csv")
@blueprint.get("/<code>/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export(code: str) -> Response:
    """All districts as CSV."""
    wanted, filters, who = read_asked(), read_filters(), actor()
    said = (gettext("否"), gettext("是"))

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        board = _read(session, who, wanted, code)
        for line in _lines(board, [one for one in board.places if _lets(filters, one)]):
            one, beside, told = line.place, line.detail, line.told
            place = (code, by_locale(board.name_zh, board.name_en), one.district_name, one.district_slug)
            value = (one.rank, line.before, one.value, board.unit, beside.low, beside.high)
            allowed = (told.best, told.worst, said[told.same_as_above]) if told else (None, None, "")
            parts = (beside.numerator, beside.denominator, one.n, beside.target, one.edition, said[one.league[1]])
            yield (*place, *value, *allowed, *parts, gettext(UNRANKED[one.unranked][0]) if one.unranked else "")

    name = f"indicator-{tenant().slug}-{wanted.stem}-{code}"
    return send_table(name, gettext("按指标排名"), [gettext(word) for word in HEADER], rows)
