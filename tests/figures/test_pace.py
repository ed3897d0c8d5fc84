"""Pace: days done, needed and left, the linear projection and the verdicts, all computed by hand."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from core.figures.pace import ENOUGH, LOST, REACHED, SHORT, UNKNOWN, Pace, RatePace, straight
from core.figures.pace_reading import read_paces
from core.figures.periods import containing, parse_period
from tenants.scope import ScopedSession, Wall
from tests.figures.build import CIVILIZED, SANITARY, Made, at, finding, make
from tests.figures.statistics import lock

YEAR = parse_period("2026")
AIR = "days_aqi_le_100"


@pytest.fixture
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED, SANITARY)


def paces(session: ScopedSession, cut_off: date) -> tuple[dict[str, Pace], dict[str, RatePace]]:
    counts, rates = read_paces(session, None, [CIVILIZED, SANITARY], YEAR, cut_off=at(cut_off))
    return {p.indicator.code: p for p in counts}, {p.indicator.code: p for p in rates}


def test_ten_days_of_three_hundred(wall: Wall, made: Made) -> None:
    """Ten days locked, 8 of them good: 8 / 10 x 365 = 292 days, 8 short of 300; 292 are needed in 355 days."""
    with made.district.session(wall) as session:
        assert paces(session, date(2026, 1, 3))[0]["SAN-401"].verdict == UNKNOWN
        for n in range(10):
            day = containing("day", date(2026, 1, 1) + timedelta(days=n))
            lock(session, made, AIR, int(n not in (2, 5)), day, at=at(day.end + timedelta(days=1)))
        lock(session, made, AIR, 1, parse_period("2026-01-11"), at=at(date(2026, 1, 12)), basis="self")
        one = paces(session, date(2026, 1, 20))[0]["SAN-401"]
        assert (one.target, one.done, one.needed) == (300, 8, 292)
        assert (one.covered, one.missing, one.left, one.days) == (10, 0, 355, 365)
        assert (one.projected, one.gap, one.short_by) == (292, -8, 8)
        assert (one.verdict, one.rate_needed) == (SHORT, Fraction(292, 355))
        assert [int(value) for _, value in one.cumulative()] == [1, 2, 2, 3, 4, 4, 5, 6, 7, 8]
        assert straight(one)[-1] == Fraction(300 * 10, 365)
        # as it was known five days earlier: five days, 4 good
        then = paces(session, date(2026, 1, 6))[0]["SAN-401"]
        assert (then.done, then.covered, then.projected) == (4, 5, 292)


def test_months_with_a_gap(wall: Wall, made: Made) -> None:
    """January 26 and March 27 of 62 covered days; February is missing, neither zero nor done: 53 / 62 x 365 > 300."""
    with made.district.session(wall) as session:
        lock(session, made, AIR, 26, parse_period("2026-01"), at=at(date(2026, 2, 3)))
        lock(session, made, AIR, 27, parse_period("2026-03"), at=at(date(2026, 4, 3)))
        one = paces(session, date(2026, 4, 10))[0]["SAN-401"]
        assert (one.covered, one.missing, one.left) == (62, 28, 275)
        assert one.projected == Fraction(53 * 365, 62)
        assert one.verdict == ENOUGH


def test_out_of_reach_and_reached(wall: Wall, made: Made) -> None:
    """By the end of November 230 good days: 70 more in 31 days cannot be; 300 by then are reached."""
    late = {"at": at(date(2026, 12, 1))}
    with made.district.session(wall) as session:
        for month, days in ((1, 115), (2, 115)):
            lock(session, made, AIR, days, parse_period(f"2026-{month:02d}"), **late)
        for month in range(3, 12):
            lock(session, made, AIR, 0, parse_period(f"2026-{month:02d}"), **late)
        one = paces(session, date(2026, 12, 2))[0]["SAN-401"]
        assert (one.done, one.left, one.missing, one.verdict) == (230, 31, 0, LOST)
        lock(session, made, AIR, 70, parse_period("2026-12"), at=at(date(2026, 12, 31)))
        assert paces(session, date(2026, 12, 31))[0]["SAN-401"].verdict == REACHED


def test_a_rate_of_the_ledger(wall: Wall, made: Made) -> None:
    """I3, target 95 %: 9 of 10 closed in time, 10 to come: ceil(0.95 x 20) = 19, so all 10; 90 % x 10 -> 90 %: short."""
    road = [(CIVILIZED, "CIV-ROAD-03")]
    with made.district.session(wall) as session:
        due = at(date(2026, 3, 10))
        for n in range(10):
            closed = due - timedelta(hours=1) if n else None
            finding(session, made, road, opened=due - timedelta(days=3), due=due, closed=closed)
        assert paces(session, date(2026, 3, 12))[1]["CIV-I3"].verdict == LOST
        ahead = {"opened": due, "due": at(date(2026, 5, 1))}
        for _ in range(10):
            finding(session, made, road, **ahead)
        finding(session, made, road, **ahead, restricted=True)
        finding(session, made, road, opened=due, due=at(date(2027, 1, 4)))
        one = paces(session, date(2026, 3, 12))[1]["CIV-I3"]
        assert (one.numerator, one.denominator, one.coming, one.waiting) == (9, 10, 10, 0)
        assert (one.whole, one.needed, one.may_miss, one.rate) == (20, 10, 0, 90)
        assert (one.projected, one.verdict) == (90, SHORT)
        finding(session, made, road, **ahead, closed=at(date(2026, 3, 11)))
        early = paces(session, date(2026, 3, 12))[1]["CIV-I3"]
        # one more is closed ahead of its deadline: ceil(0.95 x 21) = 20, less 9 and 1 -> all 10; (9 + 1 + 9) / 21
        assert (early.waiting, early.whole, early.needed) == (1, 21, 10)
        assert early.projected == Fraction(1900, 21)
