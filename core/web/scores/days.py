"""Day by day on a page (逐日): visits, items and findings of each day or month, of the district and its units, with a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.campaigns import Campaign
from core.errors import N_
from core.figures.day_counts import DAY, MONTH, DayLine, day_lines, whole
from core.figures.day_rates import DayRate, rate_of_days, read_rates
from core.figures.frames import frame_of
from core.figures.overview import units_of
from core.figures.periods import Period, containing
from core.figures.scores import check_reach, make_plans
from core.request import actor, db, require, tenant, today
from core.web import district
from core.web.exports import stream_csv
from core.web.organisation.unit_choice import UnitChoice, read_unit
from core.web.paging import bad_argument
from core.web.running import running, title_of
from core.web.scores.charts import trend_chart
from core.web.scores.figure_words import say_number, say_target
from core.web.scores.periods import Choice, read_period, say_period
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.organisation.areas import list_areas
from core.work.roles import SEE
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("days", __name__, url_prefix="/t/<slug>/days")
blueprint.before_request(district.enter)

LEAGUE, BELOW = "subdistrict", "community"
LONG = 92  # days; a longer span is shown by month unless days are asked for (ours)
SHOWN = 92  # lines on a page; the files have all
BASES: Mapping[str, str] = MappingProxyType({"verified": N_("核查"), "self": N_("自查")})
STEPS: Mapping[str, str] = MappingProxyType({DAY: N_("按日"), MONTH: N_("按月")})
HEAD = (
    N_("日期"), N_("单位"), N_("创建项目"), N_("检查性质"), N_("检查次数"), N_("没有不合格项的检查"), N_("检查项答题"), N_("合格"),
    N_("合格率%"), N_("发现问题"), N_("办结问题"), N_("指标"), N_("指标分子"), N_("指标分母"), N_("目标"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; ``rates`` are the indicators that may be drawn beside their targets."""

    choice: Choice
    unit: UnitChoice
    campaigns: Sequence[Campaign]
    campaign: Campaign | None
    basis: str
    step: str
    rates: Mapping[str, DayRate]
    rate: DayRate | None

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        found = self.choice.query | self.unit.query | {"basis": self.basis, "by": self.step}
        found |= {"campaign": self.campaign.key} if self.campaign else {}
        return found | ({"indicator": self.rate.indicator.code} if self.rate else {})

    @property
    def last(self) -> date:
        """The last day shown: the period's, or today."""
        return max(min(self.choice.period.end, today()), self.choice.period.start)

    def lines(self, session: ScopedSession, units: Sequence[UUID] = (), step: str = "") -> list[DayLine]:
        """The lines of some units, of the chosen one or the whole district without."""
        if self.campaign is None:
            return []
        places = units or self._here
        given = {"campaign": self.campaign.key, "basis": self.basis, "units": places, "step": step or self.step}
        return day_lines(session, self.choice.period.start, self.last, **given)

    def values(
        self, session: ScopedSession, units: Sequence[UUID] = ()
    ) -> Mapping[tuple[date, UUID | None], tuple[int, int]]:
        """The chosen indicator's numerator and denominator by day or month and unit."""
        if self.rate is None:
            return {}
        given = {"basis": self.basis, "units": units or self._here, "step": self.step}
        return read_rates(session, self.rate, self.choice.period.start, self.last, **given)

    @property
    def _here(self) -> tuple[UUID, ...]:
        return (self.unit.unit_id,) if self.unit.unit_id else ()

    @property
    def steps(self) -> list[Period]:
        """Every day or month of the span up to the last day."""
        found, day = [], self.choice.period.start
        while day <= self.last:
            one = containing(self.step, day)
            found.append(one)
            day = one.end + timedelta(days=1)
        return found


def read_wanted() -> Wanted:
    """What this address asks for. Raises InvalidInput, NotFound, Forbidden."""
    said, choice = request.args, read_period()
    campaigns = running(choice.period.start)
    key = said.get("campaign", "")
    campaign = next((one for one in campaigns if key in ("", one.key)), None)
    if key and campaign is None:
        raise bad_argument("campaign", key[:40])
    unit = read_unit(choice.period, choice.cut_off)
    if unit.is_area:
        raise bad_argument("unit", str(unit.unit_id))
    check_reach(db(), actor(), unit.unit_id, frame_of(db(), (choice.period,), choice.cut_off))
    length = (choice.period.end - choice.period.start).days + 1
    basis, step = said.get("basis", "") or "verified", said.get("by", "") or (MONTH if length > LONG else DAY)
    for name, value, known in (("basis", basis, BASES), ("by", step, STEPS)):
        if value not in known:
            raise bad_argument(name, value[:40])
    rates = _rates(campaign, choice) if campaign else {}
    code = said.get("indicator", "")
    if code and code not in rates and any(code in _rates(one, choice) for one in campaigns):
        code = ""  # the reader chose another campaign just now
    if code and code not in rates:
        raise bad_argument("indicator", code[:40])
    return Wanted(choice, unit, campaigns, campaign, basis, step, rates, rates.get(code))


def _rates(campaign: Campaign, choice: Choice) -> dict[str, DayRate]:
    """The campaign's indicators that the kept counts give exactly, by code."""
    frame = frame_of(db(), (choice.period,), choice.cut_off)
    plans = make_plans(db(), frame, campaign.key, campaign.edition).figures
    found = (rate_of_days(plan, campaign.edition, campaign.key) for plan in plans)
    return {one.indicator.code: one for one in found if one is not None}


def _units(session: ScopedSession, who: Actor, wanted: Wanted) -> list[Unit]:
    """The places one level down that the reader reaches."""
    kind = BELOW if wanted.unit.unit_id else LEAGUE
    found = units_of(session, who, kind, wanted.unit.unit_id, wanted.last)
    return [one for one in found if one.id != wanted.unit.unit_id]


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The span's sums, its line, each day or month, and each unit with its months added up."""
    wanted = read_wanted()
    lines = wanted.lines(db())
    values = wanted.values(db())
    units = _units(db(), actor(), wanted)
    ids = [one.id for one in units]
    by_unit = wanted.lines(db(), ids, MONTH) if ids else []
    pairs = wanted.values(db(), ids) if ids else {}
    areas = {str(area.id) for area in list_areas(db(), today())}
    return render_template(
        "first/days.html",
        wanted=wanted,
        choice=wanted.choice,
        unit=wanted.unit,
        offered=[one for one in wanted.unit.offered if one[0] not in areas],
        titles={one.key: title_of(one) for one in wanted.campaigns},
        indicators={
            code: f"{code} {by_locale(one.indicator.name_zh, one.indicator.name_en)}"
            for code, one in wanted.rates.items()
        },
        bases=BASES,
        steps=STEPS,
        total=whole(lines),
        pair=_sum(values.values()),
        lines=lines[::-1][:SHOWN],
        more=len(lines) > SHOWN,
        values={day: pair for (day, _), pair in values.items()},
        units=[
            (one, whole(each for each in by_unit if each.unit_id == one.id), _of_unit(pairs, one.id)) for one in units
        ],
        target=say_rate_target(wanted.rate),
        by_locale=by_locale,
        say_day=lambda day: say_period(containing(wanted.step, day)),
        say_number=say_number,
    )


def _of_unit(pairs: Mapping[tuple[date, UUID | None], tuple[int, int]], unit_id: UUID) -> tuple[int, int]:
    return _sum(pair for (_, unit), pair in pairs.items() if unit == unit_id)


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    listed = list(pairs)
    return sum(one for one, _ in listed), sum(two for _, two in listed)


def say_rate_target(rate: DayRate | None) -> str:
    """The target of the chosen indicator as the paper prints it."""
    if rate is None:
        return ""
    return say_target(f"{rate.indicator.target_op} {rate.indicator.target}", rate.indicator.unit)


@blueprint.get("/counts.json")
@require(SEE)
def draw_counts() -> Response:
    """Visits made, findings opened and closed of each day or month; a day without any is a zero."""
    wanted = read_wanted()
    there = {one.day: one for one in wanted.lines(db())}
    none = DayLine(wanted.choice.period.start, None)
    shown = [there.get(one.start, none) for one in wanted.steps]
    words = {"visits": gettext("检查次数"), "opened": gettext("发现问题"), "closed": gettext("办结问题")}
    series = [{"name": word, "values": [getattr(one, name) for one in shown]} for name, word in words.items()]
    return trend_chart(wanted.steps, series, unit="")


@blueprint.get("/rate.json")
@require(SEE)
def draw_rate() -> Response:
    """Items passed of items answered; with an indicator chosen its own rate, beside its target."""
    wanted = read_wanted()
    if wanted.rate is None:
        found = {one.day: (one.passed, one.answered) for one in wanted.lines(db())}
    else:
        found = {day: pair for (day, _), pair in wanted.values(db()).items()}
    pairs = [found.get(one.start, (0, 0)) for one in wanted.steps]
    values = [float(Fraction(over * 100, under)) if under else None for over, under in pairs]
    name = gettext("合格率") if wanted.rate is None else wanted.rate.indicator.code
    target = float(wanted.rate.target) if wanted.rate and wanted.rate.target is not None else None
    line = {"name": name, "values": values, "n": [under for _, under in pairs]}
    return trend_chart(wanted.steps, [line], target=target)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """Every day or month, of the whole and of each unit in reach, as CSV."""
    wanted, who = read_wanted(), actor()
    head = [gettext(text) for text in HEAD]
    return stream_csv(f"{_name(wanted)}.csv", head, lambda session: _lines(wanted, session, who))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as an Excel workbook."""
    wanted, who = read_wanted(), actor()
    head = [gettext(text) for text in HEAD]
    return send_xlsx(f"{_name(wanted)}.xlsx", gettext("逐日"), head, lambda session: _lines(wanted, session, who))


def _name(wanted: Wanted) -> str:
    return f"days-{tenant().slug}-{wanted.choice.period.key}"


def _lines(wanted: Wanted, session: ScopedSession, who: Actor) -> Iterator[Sequence[object]]:
    if wanted.campaign is None:
        return
    units = _units(session, who, wanted)
    ids = [one.id for one in units]
    names: dict[UUID | None, str] = {one.id: one.name for one in units}
    names |= {wanted.unit.unit_id: wanted.unit.name or gettext("全区")}
    said = (title_of(wanted.campaign), gettext(BASES[wanted.basis]))
    target = say_rate_target(wanted.rate) or None
    code = wanted.rate.indicator.code if wanted.rate else None
    for places in ((), ids) if ids else ((),):
        pairs = wanted.values(session, places)
        for one in wanted.lines(session, places):
            pair = pairs.get((one.day, one.unit_id), (None, None))
            rate = None if one.rate is None else say_number(one.rate)
            counts = (one.visits, one.clean, one.answered, one.passed, rate, one.opened, one.closed)
            day = one.day.isoformat() if wanted.step == DAY else one.day.isoformat()[:7]
            yield (day, names[one.unit_id], *said, *counts, code, *pair, target)
