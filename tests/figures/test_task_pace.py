"""The pace of a task: what should be done, the forecast that is never before the day, and the light."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from core.figures.task_figures.pace import (
    AMBER,
    GREEN,
    GREY,
    LIGHTS,
    RED,
    WHOLE,
    expected_progress,
    forecast_on,
    is_at_risk,
    light,
)

START, DUE = date(2026, 11, 1), date(2026, 11, 20)


def test_what_should_be_done_runs_from_the_first_day_to_the_last() -> None:
    assert expected_progress(START, DUE, START - timedelta(days=1)) == 0
    assert expected_progress(START, DUE, START) == 500
    assert expected_progress(START, DUE, date(2026, 11, 10)) == 5000
    assert expected_progress(START, DUE, DUE) == expected_progress(START, DUE, DUE + timedelta(days=9)) == WHOLE
    assert expected_progress(START, START + timedelta(days=2), START) == 3333
    assert expected_progress(START, START + timedelta(days=2), START + timedelta(days=1)) == 6667  # half-up


def test_the_forecast_follows_the_progress_so_far() -> None:
    tenth = date(2026, 11, 10)
    assert forecast_on(START, tenth, 5000) == DUE
    assert forecast_on(START, tenth, 2500) == date(2026, 12, 10)
    assert forecast_on(START, tenth, 3333) == date(2026, 12, 1)  # 30.003 days, rounded up
    assert forecast_on(START, tenth, WHOLE) == tenth
    assert forecast_on(START, tenth, 0) is None
    assert forecast_on(START, START - timedelta(days=3), 5000) is None


def test_the_light_by_pace() -> None:
    tenth = date(2026, 11, 10)

    def of(day: date, progress: int, *, done: bool = False, reported: bool = True) -> str:
        return light(START, DUE, day, progress, done=done, reported=reported)

    assert of(tenth, 5000) == GREEN
    assert of(tenth, 4999) == AMBER
    assert of(tenth, 2500) == AMBER
    assert of(tenth, 2499) == RED
    assert of(tenth, 0) == RED
    assert of(tenth, 9000, reported=False) == GREY
    assert of(START, 100) == GREY  # a twentieth of the days is gone
    assert of(START + timedelta(days=1), 100) == RED  # a tenth
    assert of(DUE + timedelta(days=1), 9900) == RED
    assert of(DUE + timedelta(days=1), 10_000, done=True) == GREEN
    assert light(START, DUE, DUE, 9000, done=False, reported=True, late=True) == RED  # the last day has ended


def test_forecasts_are_never_before_the_day_and_agree_with_the_risk() -> None:
    dice = random.Random(20261122)
    for _ in range(4000):
        days, gone = dice.randint(1, 400), dice.randint(-5, 800)
        start = date(2026, 1, 1) + timedelta(days=dice.randint(0, 300))
        due, day = start + timedelta(days=days - 1), start + timedelta(days=gone - 1)
        progress = dice.choice((0, 1, WHOLE, dice.randint(0, WHOLE)))
        found = forecast_on(start, day, progress)
        assert found is None or found >= day
        assert 0 <= expected_progress(start, due, day) <= WHOLE
        assert light(start, due, day, progress, done=False, reported=True) in LIGHTS
        if not 0 < gone <= days or progress in (0, WHOLE):
            continue
        said = 10 * gone >= days
        assert is_at_risk(start, due, day, progress, reported=True) == (said and (found is None or found > due))
        if found is None:  # further off than any calendar goes
            assert Fraction(gone * WHOLE, progress) > 2_000_000
            continue
        exact = start + timedelta(days=ceil(Fraction(gone * WHOLE, progress)) - 1)
        assert found == max(exact, day)
