"""Two districts side by side (两区对照), figure by figure; what makes them hard to compare is said above the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.comparison import ComparisonRow
from core.figures.pairs import CUT_OFF, DEMO, DETAIL, EDITION, PERIOD, Pair, read_pair
from core.figures.periods import Period, parse_period
from core.request import actor, db, require, tenant
from core.web.scores.comparison_asked import Asked, districts_of, find_district, read_asked, send_table
from core.web.scores.figure_words import say_change, say_number, say_points, say_value
from core.web.scores.grants import SAYS
from core.web.scores.periods import say_period
from core.web.scores.sealed import Sealed, points_of
from core.web.words import by_locale
from core.work.roles import COMPARE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_pair", __name__, url_prefix="/c/<slug>/comparison/pair")
blueprint.before_request(asked.enter_city)

DOUBTS: Mapping[str, str] = MappingProxyType(
    {
        EDITION: N_("两边不是同一个版本的计分规则，分值不能直接相比"),
        PERIOD: N_("两边不是同一个周期"),
        DEMO: N_("一边是演示数据，一边是真实数据，不能相比"),
        DETAIL: N_("两边授权的详细程度不同，有的项目只有一边送出"),
        CUT_OFF: N_("两边的数据截止时间相差一周以上"),
    }
)
HEADER = (
    *(N_("代码"), N_("名称"), N_("单位"), N_("左边区县"), N_("左边分子"), N_("左边分母"), N_("左边数值"), N_("左边封签")),
    *(N_("右边区县"), N_("右边分子"), N_("右边分母"), N_("右边数值"), N_("右边封签"), N_("差")),
)  # fmt: skip


def read_sides(wanted: Asked) -> tuple[list[ComparisonRow], ComparisonRow, ComparisonRow, Period]:
    """The districts, the left and the right one, and the period of the right one: by default the first two, the same period.

    Raises NotFound for a district that this city does not know, and when there are not two things to compare.
    """
    districts = districts_of(wanted)
    period = wanted.choice.period
    key = request.args.get("right_period", "").strip()
    other = parse_period(key) if key else period
    if not districts:
        raise NotFound
    spare = districts[1] if len(districts) > 1 else districts[0]
    return districts, _find(districts, "left", districts[0]), _find(districts, "right", spare), other


def _find(districts: Sequence[ComparisonRow], name: str, fallback: ComparisonRow) -> ComparisonRow:
    slug = request.args.get(name, "")
    return find_district(slug, districts) if slug else fallback


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """Two districts, or one in two periods, side by side."""
    wanted = read_asked()
    districts, left, right, other = read_sides(wanted)
    period = wanted.choice.period
    pair = read_pair(db(), actor(), wanted.campaign, (left.tenant_id, period), (right.tenant_id, other))
    return render_template(
        "comparison/pair.html",
        wanted=wanted,
        choice=wanted.choice,
        names=[(one.district_slug, one.district_name) for one in districts],
        left=left,
        right=right,
        other=other,
        sides=[(left, period, pair.left), (right, other, pair.right)],
        pair=pair,
        doubts=[gettext(DOUBTS[one]) for one in pair.doubts],
        says=SAYS,
        Sealed=Sealed,
        say_period=say_period,
        say_points=say_points,
        say_change=say_change,
        say_number=say_number,
        say_value=say_value,
        points_of=points_of,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@require(COMPARE)
def export() -> Response:
    """The same as a table, each side with its seal."""
    return _file("csv")


@blueprint.get("/export.xlsx")
@require(COMPARE)
def export_book() -> Response:
    """The same as a workbook."""
    return _file("xlsx")


def _file(ending: str) -> Response:
    wanted = read_asked()
    _, left, right, other = read_sides(wanted)
    period, who = wanted.choice.period, actor()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        return _lines(session, who, wanted, (left, period), (right, other))

    name = f"pair-{tenant().slug}-{left.district_slug}-{right.district_slug}-{wanted.stem}"
    return send_table(name, gettext("两区对照"), [gettext(word) for word in HEADER], ending, rows)


def _lines(
    session: ScopedSession,
    who: Actor,
    wanted: Asked,
    left: tuple[ComparisonRow, Period],
    right: tuple[ComparisonRow, Period],
) -> Iterator[Sequence[object]]:
    pair = read_pair(session, who, wanted.campaign, (left[0].tenant_id, left[1]), (right[0].tenant_id, right[1]))
    for row in pair.rows:
        sides: list[object] = []
        for name, one, sealed in _sides(pair, left[0], right[0]):
            figure = getattr(row, name)
            values = (figure.numerator, figure.denominator, figure.value) if figure else (None, None, None)
            sides += [one.district_name, *values, sealed]
        yield (row.code, by_locale(row.name_zh, row.name_en), row.unit, *sides, row.difference)


def _sides(pair: Pair, left: ComparisonRow, right: ComparisonRow) -> list[tuple[str, ComparisonRow, str]]:
    return [
        ("left", left, pair.left.sha256 if pair.left else ""),
        ("right", right, pair.right.sha256 if pair.right else ""),
    ]
