"""Counting a sprint's days (倒计时): calendar and working days, over ends of years, the numbers always add up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.errors import InvalidInput
from core.work.calendar import WorkCalendar
from core.work.plans.days import BEFORE, OVER, RUNNING, count_days, count_down, last_day
from core.work.plans.kinds import CALENDAR, WORKING

PLAIN = WorkCalendar()
# New Year of 2027: 1 to 3 January off, the Saturday before worked instead.
HOLIDAYS = WorkCalendar({date(2027, 1, 1): False, date(2026, 12, 26): True}, frozenset({2027}))


def test_fifty_calendar_days_over_the_end_of_a_year():
    first = date(2026, 12, 1)
    last = last_day(first, 50, CALENDAR, PLAIN)
    assert last == date(2027, 1, 19)
    at = count_down(first, last, first, CALENDAR, PLAIN)
    assert (at.state, at.total, at.number, at.left) == (RUNNING, 50, 1, 49)
    at = count_down(first, last, date(2026, 12, 31), CALENDAR, PLAIN)
    assert (at.number, at.left) == (31, 19)
    at = count_down(first, last, date(2027, 1, 1), CALENDAR, PLAIN)
    assert (at.number, at.left) == (32, 18)
    at = count_down(first, last, last, CALENDAR, PLAIN)
    assert (at.number, at.left, at.state) == (50, 0, RUNNING)
    at = count_down(first, last, last + timedelta(days=1), CALENDAR, PLAIN)
    assert (at.number, at.left, at.state) == (50, 0, OVER)


def test_before_the_first_day_it_says_how_many_are_ahead():
    first = date(2026, 12, 28)
    last = last_day(first, 10, CALENDAR, PLAIN)
    at = count_down(first, last, date(2026, 12, 25), CALENDAR, PLAIN)
    assert (at.state, at.ahead, at.number, at.left) == (BEFORE, 3, 0, 10)
    at = count_down(first, last, date(2026, 12, 25), WORKING, PLAIN)
    assert at.ahead == 1  # Friday itself; then a weekend


def test_working_days_skip_weekends_and_holidays_and_count_worked_saturdays():
    first = date(2026, 12, 24)  # a Thursday
    assert last_day(first, 3, WORKING, HOLIDAYS) == date(2026, 12, 26)
    last = last_day(first, 10, WORKING, HOLIDAYS)
    assert last == date(2027, 1, 6)
    assert count_days(first, last, WORKING, HOLIDAYS) == 10
    off = count_down(first, last, date(2027, 1, 2), WORKING, HOLIDAYS)
    before = count_down(first, last, date(2026, 12, 31), WORKING, HOLIDAYS)
    assert (off.number, off.left, off.counts) == (before.number, before.left, False)
    assert off.provisional


def test_a_sprint_that_begins_on_a_day_off():
    first = date(2026, 12, 26)  # a Saturday off by the plain rule
    assert last_day(first, 1, WORKING, PLAIN) == date(2026, 12, 28)
    at = count_down(first, date(2026, 12, 28), first, WORKING, PLAIN)
    assert (at.number, at.left, at.total, at.counts) == (0, 1, 1, False)


@pytest.mark.parametrize("rule", [CALENDAR, WORKING])
@pytest.mark.parametrize("calendar", [PLAIN, HOLIDAYS])
def test_number_and_left_add_up_on_every_day(rule, calendar):
    for shift in range(0, 40, 7):
        first = date(2026, 12, 1) + timedelta(days=shift)
        for length in (1, 2, 7, 50):
            last = last_day(first, length, rule, calendar)
            numbers = []
            for step in range((last - first).days + 1):
                at = count_down(first, last, first + timedelta(days=step), rule, calendar)
                assert at.number + at.left == at.total == length
                numbers += [at.number] if at.counts else []
            assert numbers == list(range(1, length + 1))


@pytest.mark.parametrize("length", [0, -1, 367])
def test_a_length_that_is_none_is_refused(length):
    with pytest.raises(InvalidInput, match="天数超出范围"):
        last_day(date(2026, 1, 1), length, CALENDAR, PLAIN)
