"""Two districts side by side (两区对照), figure by figure; what makes them hard to compare is said above the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.pairs import CUT_OFF, DEMO, DETAIL, EDITION, PERIOD, Pair, read_pair
from core.figures.periods import Period, parse_period
from core.figures.received import Silent
from core.request import actor, db, require, tenant
from core.web.scores.comparison_asked import (
    FEW,
    Asked,
    districts_of,
    find_district,
    named_like,
    place_of,
    read_asked,
)
from core.web.scores.figure_words import say_change, say_number, say_points, say_value
from core.web.scores.grants import SAYS
from core.web.scores.periods import say_period
from core.web.scores.sealed import Sealed, points_of
from core.web.table_files import send_table
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
LONGEST, MOST = 40, 12  # letters of a typed name, and districts offered that bear it (ours)
HEADER = (
    *(N_("代码"), N_("名称"), N_("单位"), N_("左边区县"), N_("左边分子"), N_("左边分母"), N_("左边数值"), N_("左边封签")),
    *(N_("右边区县"), N_("右边分子"), N_("右边分母"), N_("右边数值"), N_("右边封签"), N_("差")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the page (对照一方): who stands there, and who else bears the name that was typed."""

    district: Silent
    said: str = ""
    others: Sequence[Silent] = ()


def read_sides(wanted: Asked) -> tuple[list[Silent], Side, Side, Period]:
    """The districts, the left and the right one, and the period of the right one: by default the first two, the same period.

    Raises NotFound for a district that this bureau does not know, and when there are not two things to compare.
    """
    districts = districts_of(wanted)
    period = wanted.choice.period
    key = request.args.get("right_period", "").strip()
    other = parse_period(key) if key else period
    if not districts:
        raise NotFound
    spare = districts[1] if len(districts) > 1 else districts[0]
    return districts, _find(districts, "left", districts[0]), _find(districts, "right", spare), other


def _find(districts: Sequence[Silent], name: str, fallback: Silent) -> Side:
    """By the slug of the address; a name typed beside it, when one district alone bears it."""
    slug, said = request.args.get(name, ""), request.args.get(f"{name}_name", "").strip()[:LONGEST]
    now = find_district(slug, districts) if slug else fallback
    if not said or said == place_of(now):
        return Side(now)
    found = named_like(said, districts)
    return Side(found[0]) if len(found) == 1 else Side(now, said, found[:MOST])


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """Two districts, or one in two periods, side by side."""
    wanted = read_asked()
    districts, first, second, other = read_sides(wanted)
    left, right = first.district, second.district
    period = wanted.choice.period
    pair = read_pair(db(), actor(), wanted.campaign, (left.tenant_id, period), (right.tenant_id, other))
    return render_template(
        "comparison/pair.html",
        wanted=wanted,
        choice=wanted.choice,
        names=[(one.slug, one.name) for one in districts] if len(districts) <= FEW else None,
        doubtful=[(name, one) for name, one in (("left", first), ("right", second)) if one.said],
        place_of=place_of,
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
@blueprint.get("/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """The same as a table, each side with its seal."""
    wanted = read_asked()
    _, first, second, other = read_sides(wanted)
    left, right = first.district, second.district
    period, who = wanted.choice.period, actor()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        return _lines(session, who, wanted, (left, period), (right, other))

    name = f"pair-{tenant().slug}-{left.slug}-{right.slug}-{wanted.stem}"
    return send_table(name, gettext("两区对照"), [gettext(word) for word in HEADER], rows)


def _lines(
    session: ScopedSession,
    who: Actor,
    wanted: Asked,
    left: tuple[Silent, Period],
    right: tuple[Silent, Period],
) -> Iterator[Sequence[object]]:
    pair = read_pair(session, who, wanted.campaign, (left[0].tenant_id, left[1]), (right[0].tenant_id, right[1]))
    for row in pair.rows:
        sides: list[object] = []
        for name, one, sealed in _sides(pair, left[0], right[0]):
            figure = getattr(row, name)
            values = (figure.numerator, figure.denominator, figure.value) if figure else (None, None, None)
            sides += [one.name, *values, sealed]
        yield (row.code, by_locale(row.name_zh, row.name_en), row.unit, *sides, row.difference)


def _sides(pair: Pair, left: Silent, right: Silent) -> list[tuple[str, Silent, str]]:
    return [
        ("left", left, pair.left.sha256 if pair.left else ""),
        ("right", right, pair.right.sha256 if pair.right else ""),
    ]
