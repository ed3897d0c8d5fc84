"""Pace (进度): what a target over a period needs - 300 good-air days - what is done, what is left, and where it leads.

Exact throughout. *Linear* (ours): what was counted up to the last day covered, divided by the days covered, times all days
of the period. Counts come from locked observations, rates from the ledger of findings; nothing is estimated otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from core.campaigns import Indicator
from core.figures.periods import Period

REACHED, ENOUGH, SHORT, LOST, UNKNOWN = "reached", "enough", "short", "lost", "unknown"


@dataclass(frozen=True, slots=True)
class Entered:
    """One locked observation of a series (序列一点): the days it covers and its value."""

    start: date
    end: date
    value: Fraction


@dataclass(frozen=True, slots=True)
class Pace:
    """One count with a target over a period (进度). Days are whole days; numbers are exact.

    ``covered`` are the days that locked observations cover, ``left`` those from the last covered day to the period's end;
    ``missing`` are days before the last covered one without any observation. ``at_most`` is what one day can add at most
    (1 for days), None when there is no such bound. For a count that must stay down ``needed`` is what is still allowed.
    """

    campaign: str
    indicator: Indicator
    period: Period
    target: Fraction
    series: tuple[Entered, ...]
    at_most: int | None = None

    @property
    def is_ceiling(self) -> bool:
        """Whether the count must stay at the target or below."""
        return self.indicator.target_op in ("<=", "<", "=")

    @property
    def done(self) -> Fraction:
        """What was counted."""
        return sum((one.value for one in self.series), Fraction(0))

    @property
    def last(self) -> date | None:
        """The last day covered."""
        return max((one.end for one in self.series), default=None)

    @property
    def covered(self) -> int:
        """Days covered by observations."""
        days = {one.start + timedelta(days=n) for one in self.series for n in range((one.end - one.start).days + 1)}
        return len(days)

    @property
    def days(self) -> int:
        """All days of the period."""
        return (self.period.end - self.period.start).days + 1

    @property
    def left(self) -> int:
        """Days from the day after the last covered one to the period's end."""
        return (self.period.end - self.last).days if self.last else self.days

    @property
    def missing(self) -> int:
        """Days up to the last covered one for which nothing is locked."""
        return self.days - self.left - self.covered

    @property
    def needed(self) -> Fraction:
        """What is still to be counted; under a ceiling, what may still come."""
        return max(self.target - self.done, Fraction(0))

    @property
    def projected(self) -> Fraction | None:
        """What was done / days covered x all days; None before the first observation."""
        return self.done / self.covered * self.days if self.covered else None

    @property
    def gap(self) -> Fraction | None:
        """The projection less the target, the other way round under a ceiling: below zero it falls short."""
        if self.projected is None:
            return None
        return self.target - self.projected if self.is_ceiling else self.projected - self.target

    @property
    def short_by(self) -> Fraction:
        """By how much the projection misses the target; 0 when it does not, or is not known."""
        return max(-(self.gap or Fraction(0)), Fraction(0))

    @property
    def rate_needed(self) -> Fraction | None:
        """What each day left must bring on average; None when none is left."""
        return self.needed / self.left if self.left else None

    @property
    def verdict(self) -> str:
        """Reached, enough at this pace, short at this pace, unknown yet, or lost: out of reach even if every day left counted."""
        if self.is_ceiling:
            if self.done > self.target:
                return LOST
            return UNKNOWN if self.gap is None else ENOUGH if self.gap >= 0 else SHORT
        if self.done >= self.target:
            return REACHED
        if self.at_most is not None and self.needed > self.at_most * (self.left + self.missing):
            return LOST
        return UNKNOWN if self.gap is None else ENOUGH if self.gap >= 0 else SHORT

    def cumulative(self) -> tuple[tuple[date, Fraction], ...]:
        """The running total at the end of each observation, oldest first."""
        total, found = Fraction(0), []
        for one in self.series:
            total += one.value
            found.append((one.end, total))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class RatePace:
    """A rate of the ledger that falls due over a period (按期率进度): what is due already, and what falls due yet.

    ``coming`` findings are open with their deadlines ahead in the period, ``waiting`` closed in time before them.
    """

    campaign: str
    indicator: Indicator
    period: Period
    target: Fraction
    numerator: int
    denominator: int
    coming: int
    waiting: int = 0

    @property
    def whole(self) -> int:
        """All that will have fallen due at the period's end, of what is known now."""
        return self.denominator + self.coming + self.waiting

    @property
    def needed(self) -> int:
        """How many of those coming must be closed in time for the target; never below 0."""
        return max(ceil(self.target * self.whole / 100) - self.numerator - self.waiting, 0)

    @property
    def may_miss(self) -> int:
        """How many of those coming may be missed; below 0 when the target is out of reach."""
        return self.coming - self.needed

    @property
    def rate(self) -> Fraction | None:
        """The rate so far, in percent."""
        return Fraction(self.numerator * 100, self.denominator) if self.denominator else None

    @property
    def projected(self) -> Fraction | None:
        """The rate at the period's end when those coming are closed in time at the rate so far."""
        if self.rate is None or not self.whole:
            return None
        return (self.numerator + self.waiting + self.rate / 100 * self.coming) * 100 / self.whole

    @property
    def verdict(self) -> str:
        """Reached whatever comes, enough at this rate, short at this rate, or lost."""
        if self.needed > self.coming:
            return LOST
        if not self.needed and self.whole:
            return REACHED
        if self.projected is None:
            return UNKNOWN
        return ENOUGH if self.projected >= self.target else SHORT


def straight(pace: Pace) -> tuple[Fraction, ...]:
    """The running total that leads straight to the target, on the last day of each observation."""
    return tuple(pace.target * ((one.end - pace.period.start).days + 1) / pace.days for one in pace.series)
