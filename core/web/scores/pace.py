"""Pace on a page (进度): each target over a period with what is done, needed and left, and its daily line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.errors import N_
from core.figures.pace import ENOUGH, LOST, REACHED, SHORT, UNKNOWN, Pace, RatePace, straight
from core.figures.pace_reading import read_paces
from core.figures.periods import containing
from core.request import actor, db, require, tenant, today
from core.web import district
from core.web.exports import stream_csv
from core.web.organisation.area_choice import read_area
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.paging import bad_argument
from core.web.running import running, running_one, title_of
from core.web.scores.charts import answer, trend_chart
from core.web.scores.figure_words import DASH, say_number, say_target, say_unit
from core.web.scores.periods import Choice, read_period
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.roles import SEE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("pace", __name__, url_prefix="/t/<slug>/pace")
blueprint.before_request(district.enter)

WORDS = {
    REACHED: N_("已经达到"),
    ENOUGH: N_("按现在的速度够"),
    SHORT: N_("按现在的速度差"),
    LOST: N_("已经达不到"),
    UNKNOWN: N_("还没有数据"),
}
TONES = {REACHED: "active", ENOUGH: "active", SHORT: "soon", LOST: "overdue", UNKNOWN: "neutral"}
HEAD = (
    N_("周期"), N_("单位"), N_("创建项目"), N_("指标"), N_("目标"), N_("已完成"), N_("还需"), N_("已覆盖天数"), N_("缺报天数"),
    N_("剩余天数"), N_("推算"), N_("推算与目标之差"), N_("结论"), N_("算式"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    choice: Choice
    unit: UnitChoice
    campaign: str

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        found = self.choice.query | self.unit.query
        return found | ({"campaign": self.campaign} if self.campaign else {})

    def read(self, session: ScopedSession, who: Actor) -> tuple[list[Pace], list[RatePace]]:
        """The paces asked for. Raises Forbidden, NotFound."""
        chosen = [one for one in running(self.choice.period.start) if self.campaign in ("", one.key)]
        place = (self.choice.period, self.unit.unit_id)
        return read_paces(session, who, chosen, *place, cut_off=self.choice.cut_off)


def read_wanted() -> Wanted:
    """What this address asks for, this year at first. Raises InvalidInput, NotFound."""
    choice = read_period(containing("year", today()))
    campaign = request.args.get("campaign", "").replace("\x00", "").strip()[:40]
    if campaign and campaign not in {one.key for one in running(choice.period.start)}:
        raise bad_argument("campaign", campaign)
    return Wanted(choice, read_unit(choice.period, choice.cut_off, read_area()), campaign)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """Each count and each rate with its target, its formula and whether this pace is enough."""
    wanted = read_wanted()
    counts, rates = wanted.read(db(), actor())
    return render_template(
        "first/pace.html",
        wanted=wanted,
        choice=wanted.choice,
        unit=wanted.unit,
        counts=counts,
        rates=rates,
        titles={one.key: title_of(one) for one in running(wanted.choice.period.start)},
        words=WORDS,
        tones=TONES,
        by_locale=by_locale,
        say_formula=say_formula,
        say_number=say_number,
        say_rate_formula=say_rate_formula,
        say_target=say_target,
        say_unit=say_unit,
    )


def say_formula(one: Pace) -> str:
    """The projection with its numbers: done / covered x days."""
    if one.projected is None:
        return gettext("还没有锁定的填报值，无法推算")
    numbers = {"done": say_number(one.done), "covered": one.covered, "days": one.days, "end": say_number(one.projected)}
    return gettext("%(done)s ÷ 已覆盖 %(covered)s 天 × 全期 %(days)s 天 = %(end)s", **numbers)


def say_rate_formula(one: RatePace) -> str:
    """The projection of a rate with its numbers."""
    if one.projected is None or one.rate is None:
        return gettext("还没有到期的问题，无法推算")
    numbers = {
        "n": one.numerator,
        "waiting": one.waiting,
        "rate": say_number(one.rate),
        "coming": one.coming,
        "whole": one.whole,
        "end": say_number(one.projected),
    }
    return gettext("计分公式：(%(n)s + %(waiting)s + %(rate)s%% × %(coming)s) ÷ %(whole)s = %(end)s%%", **numbers)


@blueprint.get("/<campaign>/<code>.json")
@require(SEE)
def draw(campaign: str, code: str) -> Response:
    """The running total of one count beside the straight line to its target."""
    wanted = read_wanted()
    running_one(campaign, wanted.choice.period.start).edition.indicator(code)
    counts, _ = wanted.read(db(), actor())
    one = next((p for p in counts if (p.campaign, p.indicator.code) == (campaign, code)), None)
    if one is None:  # an indicator that is no running count has no such line
        return trend_chart([], [])
    total = one.cumulative()
    lines = [
        {"name": gettext("累计"), "values": [float(value) for _, value in total]},
        {"name": gettext("匀速达到目标"), "values": [float(value) for value in straight(one)]},
    ]
    most = max([one.target, *(value for _, value in total)])
    days = [day.isoformat()[5:] for day, _ in total]
    return answer(
        {
            "kind": "trend",
            "unit": say_unit(one.indicator.unit),
            "target": float(one.target),
            "series": lines,
            "periods": days,
            "breaks": [],
            "min": 0,
            "max": float(most),
        }
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """Each count and rate with its numbers and formula, as CSV."""
    wanted, who = read_wanted(), actor()
    wanted.read(db(), who)  # refuses what is out of reach at once
    name = f"pace-{tenant().slug}-{wanted.choice.period.key}.csv"
    return stream_csv(name, [gettext(text) for text in HEAD], lambda session: _lines(wanted, session, who))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as an Excel workbook."""
    wanted, who = read_wanted(), actor()
    name = f"pace-{tenant().slug}-{wanted.choice.period.key}.xlsx"
    head = [gettext(text) for text in HEAD]
    return send_xlsx(name, gettext("进度"), head, lambda session: _lines(wanted, session, who))


def _lines(wanted: Wanted, session: ScopedSession, who: Actor) -> Iterator[Sequence[object]]:
    counts, rates = wanted.read(session, who)
    titles = {one.key: title_of(one) for one in running(wanted.choice.period.start)}
    place = (wanted.choice.period.key, wanted.unit.name or gettext("全区"))
    for one in counts:
        sums = (_exact(one.done), _exact(one.needed), one.covered, one.missing, one.left)
        end = (_exact(one.projected), _exact(one.gap), gettext(WORDS[one.verdict]), say_formula(one))
        yield (*place, titles[one.campaign], _named(one), _target(one), *sums, *end)
    for rate in rates:
        sums = (f"{rate.numerator}/{rate.denominator}", str(rate.needed), None, None, None)
        gap = None if rate.projected is None else rate.projected - rate.target
        end = (_exact(rate.projected), _exact(gap), gettext(WORDS[rate.verdict]), say_rate_formula(rate))
        yield (*place, titles[rate.campaign], _named(rate), _target(rate), *sums, *end)


def _named(one: Pace | RatePace) -> str:
    return f"{one.indicator.code} {by_locale(one.indicator.name_zh, one.indicator.name_en)}"


def _target(one: Pace | RatePace) -> str:
    return say_target(f"{one.indicator.target_op} {one.indicator.target}", one.indicator.unit)


def _exact(value: Fraction | None) -> str:
    return DASH if value is None else say_number(value)
