"""Periods: the calendar third, the names in addresses, and bad names."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.errors import InvalidInput
from core.figures.periods import KINDS, Period, containing, day_of, last_periods, parse_period


@pytest.mark.parametrize(
    ("key", "kind", "start", "end", "zh", "en"),
    [
        ("2026-11-21", "day", date(2026, 11, 21), date(2026, 11, 21), "2026年11月21日", "21 November 2026"),
        (
            "2026-W47",
            "week",
            date(2026, 11, 16),
            date(2026, 11, 22),
            "2026年第47周（11月16日至11月22日）",
            "Week 47 of 2026",
        ),
        ("2026-11-T1", "ten_day", date(2026, 11, 1), date(2026, 11, 10), "2026年11月上旬", "1-10 November 2026"),
        ("2026-11-T3", "ten_day", date(2026, 11, 21), date(2026, 11, 30), "2026年11月下旬", "21-30 November 2026"),
        ("2024-02-T3", "ten_day", date(2024, 2, 21), date(2024, 2, 29), "2024年2月下旬", "21-29 February 2024"),
        ("2026-12", "month", date(2026, 12, 1), date(2026, 12, 31), "2026年12月", "December 2026"),
        ("2026-Q4", "quarter", date(2026, 10, 1), date(2026, 12, 31), "2026年第四季度", "Q4 2026"),
        ("2026", "year", date(2026, 1, 1), date(2026, 12, 31), "2026年", "2026"),
    ],
)
def test_keys_and_labels(key: str, kind: str, start: date, end: date, zh: str, en: str) -> None:
    period = parse_period(key)
    assert period == Period(kind, start, end)
    assert (period.key, period.label_zh, period.label_en) == (key, zh, en)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_tiles_the_calendar(kind: str) -> None:
    period = containing(kind, date(2023, 12, 29))
    for _ in range(40):
        after = period.next
        assert after.previous == period
        assert (after.start - period.end).days == 1
        assert parse_period(after.key) == after
        assert containing(kind, after.end) == after
        period = after


@pytest.mark.parametrize(
    "bad", ["", "2026-13", "2026-11-T4", "2026-W54", "2026-02-30", "26-11", "2026-Q5", "２０２６", "x", "0000", "9999"]
)
def test_bad_names_say_what_is_accepted(bad: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_period(bad)
    assert caught.value.faults[0].field == "period"
    assert "2026-11-T3" in caught.value.faults[0].remedy


def test_days_are_chinese_days() -> None:
    first, after = parse_period("2026-11").bounds
    assert first == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert after == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert day_of(datetime(2026, 11, 21, 16, tzinfo=UTC)) == date(2026, 11, 22)


def test_last_periods_end_with_the_current_one() -> None:
    assert [p.key for p in last_periods("ten_day", date(2026, 3, 5), 3)] == ["2026-02-T2", "2026-02-T3", "2026-03-T1"]


def test_cut_ends_a_period_early_and_leaves_a_later_one_empty() -> None:
    month = parse_period("2026-11")
    assert month.cut(date(2026, 11, 9)).end == date(2026, 11, 9)
    assert month.cut(date(2026, 12, 9)) == month
    assert month.cut(date(2026, 1, 1)).end < month.start
