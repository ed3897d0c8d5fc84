"""The demo's statistics (演示统计): three months of numbers on every basis, one in each state, and what is odd about some."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.demo.playing import LABEL, Play
from core.periods import Period, containing
from core.settings import ZONE
from core.work.statistics.dictionary import Declared, declare
from core.work.statistics.entering import Entry, save, submit
from core.work.statistics.reviewing import lock, review, send_back
from core.work.statistics.steps import DRAFT, LOCKED, RETURNED, REVIEWED, SUBMITTED
from core.work.tables import Observation, Statistic
from tenants.access import Actor

VERIFIED, SELF, DECLARED = "verified", "self", "declared"
CENSUS = {"population_base": "常住人口，第七次全国人口普查", "population_on": date(2020, 11, 1)}
# Lines of the district's own: who counts what. The parts add up to 3121 where the total says 3182: shown, never rescaled.
CATERERS = (
    ("caterers_large", "大型餐饮", 36),
    ("caterers_medium", "中型餐饮", 142),
    ("caterers_small", "小型餐饮", 2124),
)
SNACKS = ("caterers_snack", "小吃、饮品店", 819)
TOTAL = 3182
STALLS = "night_market_visits"
PLEDGES = "frontage_pledges"


@dataclass(frozen=True, slots=True)
class Number:
    """One number as it is entered (演示数值); ``state`` is how far it is led."""

    code: str
    value: str
    basis: str = VERIFIED
    state: str = LOCKED
    of: str = ""
    qualifier: str = "exact"
    more: dict[str, object] = field(default_factory=dict)


# Months back -> what was handed in for that month. What is not named here is missing, as it is anywhere.
MONTHS: dict[int, tuple[Number, ...]] = {
    3: (
        Number("waste_collected", "18230.5"),
        Number("waste_treated", "18228.9"),
        Number("days_valid", "31"),
        Number("days_aqi_le_100", "27"),
        Number("medical_waste_generated", "96.42"),
        Number("medical_waste_disposed", "96.42"),
    ),
    2: (
        Number("waste_collected", "17904.2"),
        Number("waste_treated", "17899.6"),
        Number("waste_treated", "17904.2", SELF),
        Number("days_valid", "30"),
        Number("days_aqi_le_100", "25"),
        Number("street_length_total", "412.6"),
        Number("street_length_meeting_hours", "398.1"),
        Number("volunteers_registered", "62000", DECLARED, qualifier="over"),
        Number("volunteers_registered", "61874"),
        Number("volunteers_active", "48000", DECLARED, qualifier="about"),
        Number(PLEDGES, "3090", of="3190"),
        Number(STALLS, "10000", DECLARED, qualifier="tens_of_thousands"),
    ),
    1: (
        Number("waste_collected", "18411.7", state=REVIEWED),
        Number("waste_treated", "18408.0", SELF, SUBMITTED),
        Number("days_valid", "31"),
        Number("days_aqi_le_100", "29"),
        Number("samples_taken", "12", state=RETURNED),
        Number("volunteers_registered", "62350", SELF),
        Number(PLEDGES, "3300", state=SUBMITTED, of="3190"),
        Number(STALLS, "58000", DECLARED, SUBMITTED, qualifier="at_least"),
        *(Number(code, str(value), DECLARED) for code, _name, value in (*CATERERS, SNACKS)),
        Number("caterers", str(TOTAL), DECLARED, REVIEWED),
        Number("complaints_due.complaint.food", "46", DECLARED),
        Number("complaints_closed_on_time.complaint.food", "45", DECLARED),
        Number("operators_active.food_operator", "7312", DECLARED, DRAFT),
    ),
}
YEARS: tuple[Number, ...] = (
    Number("resident_population", "1231000", more=CENSUS),
    Number("green_cover_area", "41.2"),
    Number("built_up_area", "96.8"),
)


def play_statistics(play: Play) -> None:
    """The district's own lines, then the numbers of a year and of three months."""
    _add_lines(play)
    year = containing("year", play.today).previous
    _enter_all(play, year, YEARS)
    for back in sorted(MONTHS, reverse=True):
        month = containing("month", play.today)
        for _ in range(back):
            month = month.previous
        _enter_all(play, month, MONTHS[back])


def _add_lines(play: Play) -> None:
    """What the district counts beside its campaigns: caterers by size, pledges as a rate, visits of a night market."""
    market, city = play.office("market_regulator"), play.office("urban_management")
    parts = (*CATERERS, SNACKS)
    lines = [
        Declared(
            code,
            f"{name}户数{LABEL}",
            f"{code.replace('_', ' ').capitalize()} (demo data)",
            "household",
            market,
            "month",
            combine="last",
        )
        for code, name, _value in parts
    ]
    total = Declared(
        *("caterers", f"餐饮单位总户数{LABEL}", "Caterers in all (demo data)", "household", market, "month"),
        combine="last",
        parts=tuple(code for code, _name, _value in parts),
    )
    pledges = Declared(
        *(PLEDGES, f"门前三包责任书已签户数{LABEL}", "Frontage pledges signed (demo data)", "household", city, "month"),
        denominator_zh="应签户数",
        denominator_en="Frontages that should sign",
        denominator_measure="household",
        combine="last",
    )
    visits = Declared(
        STALLS, f"夜市客流{LABEL}", "Visits to the night market (demo data)", "person_time", city, "month"
    )
    for line in (*lines, total, pledges, visits):
        declare(play.session, None, line, today=play.first)


def _enter_all(play: Play, period: Period, numbers: tuple[Number, ...]) -> None:
    """Enter what is named here, each by the liaison of its owner; a line that this district does not have is left out."""
    known = {row.code: row for row in play.session.scalars(select(Statistic))}
    for number in numbers:
        if number.code in known:
            _enter(play, known[number.code], period, number)


def _enter(play: Play, line: Statistic, period: Period, number: Number) -> None:
    """One number, led as far as its state says: handed in on the fifth day, judged on the sixth, locked on the seventh."""
    session, clerk = play.session, _clerk(play, line.owner_unit_id)
    entry = Entry(
        code=line.code,
        unit_id=play.root(),
        period=period,
        basis=number.basis,
        numerator=Decimal(number.value),
        denominator=Decimal(number.of) if number.of else None,
        qualifier=number.qualifier,
        note=f"依据报表{LABEL}",
        **number.more,  # type: ignore[arg-type]  # the fields of a population
    )
    row = save(session, clerk, entry, today=play.today, now=_moment(play, period, 5, 9)).observation
    if number.state != DRAFT:
        row = submit(session, clerk, row.id, row.version, today=play.today, now=_moment(play, period, 5, 10))
    _judge(play, row, period, number.state)


def _judge(play: Play, row: Observation, period: Period, state: str) -> None:
    session, desk, today = play.session, play.desk, play.today
    if state == RETURNED:
        reason, at = f"采样数与监测站报告不符，请核对{LABEL}", _moment(play, period, 6, 9)
        send_back(session, desk, row.id, row.version, reason=reason, today=today, now=at)
    if state in (REVIEWED, LOCKED):
        row = review(session, desk, row.id, row.version, today=today, now=_moment(play, period, 6, 10))
    if state == LOCKED:
        lock(session, desk, row.id, row.version, today=today, now=_moment(play, period, 7, 10))


def _clerk(play: Play, owner: UUID) -> Actor:
    """Who enters for a unit: its liaison."""
    return play.liaison(owner)


def _moment(play: Play, period: Period, days: int, hour: int) -> datetime:
    """An hour of a day after a period's end, never after the demo's end, never before its first day."""
    at = datetime.combine(max(period.end + timedelta(days=days), play.first), time(hour), ZONE)
    return min(at, play.until)
