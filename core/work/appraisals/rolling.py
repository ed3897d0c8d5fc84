"""The roll-up (汇总): days to weeks, weeks to months, months to the period, parts to one number; exact, every line kept. No database here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from core.periods import ONE_DAY, Period, containing
from core.work.appraisals.rules import BY_DAYS, CARRIED, REWEIGH, ZERO, Part, Rule

OWN = "own"  # the day's own data
Days = Mapping[date, tuple[int, int]]  # numerator and denominator of each day with data


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day that counts (日): its share and where it came from - its own data, carried, or zero."""

    day: date
    numerator: int
    denominator: int
    how: str

    @property
    def value(self) -> Fraction:
        """The day's share."""
        return Fraction(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class WeekLine:
    """One week, or the piece of one inside a month (周): the mean of its days; ``weight`` is what it weighs in the month."""

    start: date
    end: date
    days: tuple[DayLine, ...]
    weight: int
    value: Fraction


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One month (月): the weighted mean of its weeks; ``weight`` is what it weighs in the period."""

    start: date
    end: date
    weeks: tuple[WeekLine, ...]
    weight: int
    value: Fraction


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part over the whole period (考核内容): ``value`` None with too few days, of which ``days`` had data of their own."""

    part: Part
    months: tuple[MonthLine, ...]
    days: int
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class Result:
    """One unit's number (考核得分), out of 1; None without any part that has data. ``weight`` is the sum that it was divided by."""

    parts: tuple[PartLine, ...]
    weight: int
    total: Fraction | None


def roll(rule: Rule, period: Period, data: Mapping[str, Days], *, until: date | None = None) -> Result:
    """Roll one unit's days up over a period; ``data`` by part. ``until`` is the last day that counts in a running period."""
    end = min(period.end, until) if until else period.end
    parts = tuple(_part(rule, one, period, end, data.get(one.code, {})) for one in rule.parts)
    counted = [one for one in parts if one.value is not None]
    if not counted:
        return Result(parts, 0, None)
    weight = sum(one.part.weight for one in (counted if rule.missing_part == REWEIGH else parts))
    earned = sum((one.part.weight * one.value for one in counted if one.value is not None), Fraction(0))
    return Result(parts, weight, earned / weight)


def _part(rule: Rule, part: Part, period: Period, end: date, data: Days) -> PartLine:
    own = sum(period.start <= day <= end and pair[1] > 0 for day, pair in data.items())
    months = tuple(_months(rule, period.kind, days_of(rule, period.start, end, data)))
    weight = sum(one.weight for one in months)
    if own < rule.minimum_days or not weight:
        return PartLine(part, months, own, None)
    return PartLine(part, months, own, mean([(one.weight, one.value) for one in months]))


def days_of(rule: Rule, start: date, end: date, data: Days) -> list[DayLine]:
    """The days that count, in order: with data of their own, or as the rule says of missing ones."""
    found: list[DayLine] = []
    last: tuple[int, int] | None = None
    day = start
    while day <= end:
        pair = data.get(day)
        if pair is not None and pair[1] > 0:
            last = pair
            found.append(DayLine(day, *pair, OWN))
        elif rule.missing == ZERO:
            found.append(DayLine(day, 0, 1, ZERO))
        elif rule.missing == CARRIED and last is not None:
            found.append(DayLine(day, *last, CARRIED))
        day += ONE_DAY
    return found


def _months(rule: Rule, kind: str, days: Sequence[DayLine]) -> list[MonthLine]:
    """The months of a period; in a week that lies in two months each weighs by its days, a month alone weighs 1."""
    by_month: dict[date, list[DayLine]] = {}
    for one in days:
        by_month.setdefault(one.day.replace(day=1), []).append(one)
    found = []
    for first, mine in by_month.items():
        weeks = _weeks(rule, mine)
        value = mean([(one.weight, one.value) for one in weeks])
        month = containing("month", first)
        weight = len(mine) if kind == "week" else 1 if kind == "month" else rule.months[first.month - 1]
        found.append(MonthLine(month.start, month.end, weeks, weight, value))
    return found


def _weeks(rule: Rule, days: Sequence[DayLine]) -> tuple[WeekLine, ...]:
    """The weeks of one month; a week that reaches into another month is cut there."""
    by_week: dict[date, list[DayLine]] = {}
    for one in days:
        by_week.setdefault(containing("week", one.day).start, []).append(one)
    found = []
    for start, mine in by_week.items():
        month = containing("month", mine[0].day)
        week = containing("week", start)
        value = mean([(1, one.value) for one in mine])
        weight = len(mine) if rule.weeks == BY_DAYS else 1
        found.append(WeekLine(max(start, month.start), min(week.end, month.end), tuple(mine), weight, value))
    return tuple(found)


def mean(lines: Sequence[tuple[int, Fraction]]) -> Fraction:
    """The weighted mean of (weight, value) pairs, exact; 0 where the weights come to nothing."""
    weight = sum(one for one, _ in lines)
    return sum((one * value for one, value in lines), Fraction(0)) / weight if weight else Fraction(0)
