"""Counting down to zero, and how far a project is (倒计数与进度): pure arithmetic over the lines of a bill.

Nothing is added across lines: a project's progress is the mean of the rates of its lines, each counted as much as another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from core.work.statistics.rates import LOWER

DONE, LATE, AT_RISK, ON_PACE, AHEAD = "done", "late", "at_risk", "on_pace", "not_begun"


@dataclass(frozen=True, slots=True)
class Counter:
    """How far a count is on a day (倒计数): of ``planned`` things ``done`` are; ``dropped`` ones have left both numbers.

    It is at risk when the share that is done lies below the share of the days that are over, the day itself included: at the
    average pace until now the last one comes after the day that is set (9 of 23 with six weeks left). Source: ours.
    """

    planned: Decimal
    done: Decimal
    starts_on: date
    due_on: date
    day: date
    dropped: int = 0

    @property
    def remaining(self) -> Decimal:
        """What is left to do; never below zero."""
        return max(self.planned - self.done, Decimal(0))

    @property
    def rate(self) -> Fraction | None:
        """The share that is done; None where nothing is planned."""
        return Fraction(self.done) / Fraction(self.planned) if self.planned else None

    @property
    def elapsed(self) -> int:
        """Days since it began, this one included."""
        return max((self.day - self.starts_on).days + 1, 0)

    @property
    def days_left(self) -> int:
        """Days until the due day, that one included, this one not; below zero when it is over."""
        return (self.due_on - self.day).days

    @property
    def forecast_on(self) -> date | None:
        """The day of the last one at the average pace until now; None while nothing is done, today when all are."""
        if not self.remaining:
            return self.day
        if not self.done or not self.elapsed:
            return None
        days = ceil(Fraction(self.remaining) * self.elapsed / Fraction(self.done))
        return self.day + timedelta(days=days) if days < 36_500 else None

    @property
    def state(self) -> str:
        """done, late (the day is over), at_risk, on_pace, or not_begun."""
        if not self.remaining:
            return DONE
        if self.day > self.due_on:
            return LATE
        if not self.elapsed:
            return AHEAD
        total = (self.due_on - self.starts_on).days + 1
        behind = Fraction(self.done) * total < Fraction(self.planned) * self.elapsed
        return AT_RISK if behind else ON_PACE


@dataclass(frozen=True, slots=True)
class Told:
    """A line's two numbers (计划与完成), with how exact the plan is."""

    planned: Decimal
    done: Decimal
    planned_qualifier: str = "exact"

    @property
    def rate(self) -> Fraction | None:
        """The share that is done; above the whole where more was done; None where nothing is planned."""
        return Fraction(self.done) / Fraction(self.planned) if self.planned else None

    @property
    def exceeds(self) -> bool:
        """Whether more is done than was planned; of 300余 anything above 300 is within the plan."""
        return self.done > self.planned and self.planned_qualifier not in LOWER


def progress_of(lines: Iterable[Told]) -> int | None:
    """The mean of the lines' rates in 1/100 %, none above the whole, rounded half-up at the end; None without lines."""
    rates = [min(one.rate, Fraction(1)) for one in lines if one.rate is not None]
    if not rates:
        return None
    return int((sum(rates, Fraction(0)) / len(rates) * 10_000 + Fraction(1, 2)) // 1)
