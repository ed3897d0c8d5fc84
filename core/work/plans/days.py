"""How a sprint counts its days (倒计时): day i of n and what is left, in calendar or in working days.

The rule (ours, and it is printed beside the numbers): the first day is day 1 and the last day counts too; what is left are the
days after today. So on every counted day ``number + left`` is ``total``. A day off counts for nothing where working days are
counted: the number stays that of the last working day before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import WorkCalendar
from core.work.plans.kinds import WORKING

BEFORE, RUNNING, OVER = "before", "running", "over"
_DAY = timedelta(days=1)
MOST_LENGTH = 366


@dataclass(frozen=True, slots=True)
class Countdown:
    """Where a sprint stands on a day (倒计时).

    ``number`` is the day's own number, 0 before the first; ``ahead`` the days until it begins; ``counts`` is False on a day off
    where working days are counted; ``provisional`` says that holidays of those days are not announced yet.
    """

    state: str
    total: int
    number: int
    left: int
    ahead: int
    counts: bool
    provisional: bool


def is_counted(day: date, rule: str, calendar: WorkCalendar) -> bool:
    """Whether a day counts by the rule."""
    return rule != WORKING or calendar.is_working(day)


def each_day(first: date, last: date) -> Iterator[date]:
    """Every calendar day from the first to the last, both included."""
    for step in range((last - first).days + 1):
        yield first + step * _DAY


def count_days(first: date, last: date, rule: str, calendar: WorkCalendar) -> int:
    """The counted days from ``first`` to ``last``, both included; 0 where the last is before the first."""
    if rule != WORKING:
        return max((last - first).days + 1, 0)
    return sum(calendar.is_working(day) for day in each_day(first, last))


def last_day(first: date, length: int, rule: str, calendar: WorkCalendar) -> date:
    """The day with the number ``length`` when ``first`` is the first day of all.

    Raises InvalidInput for a length that is none.
    """
    if not 1 <= length <= MOST_LENGTH:
        remedy = N_("请填 1 到 {most} 的整数")
        fault = Fault(N_("天数超出范围"), "length", value=str(length)[:12], remedy=remedy, params={"most": MOST_LENGTH})
        raise InvalidInput(faults=[fault])
    day, left = first, length - is_counted(first, rule, calendar)
    while left:
        day += _DAY
        left -= is_counted(day, rule, calendar)
    return day


def count_down(first: date, last: date, today: date, rule: str, calendar: WorkCalendar) -> Countdown:
    """Where a sprint from ``first`` to ``last`` stands today."""
    total = count_days(first, last, rule, calendar)
    unknown = rule == WORKING and (calendar.is_provisional(first) or calendar.is_provisional(last))
    if today < first:
        ahead = count_days(today, first - _DAY, rule, calendar)
        return Countdown(BEFORE, total, 0, total, ahead, False, unknown)
    if today > last:
        return Countdown(OVER, total, total, 0, 0, False, unknown)
    number = count_days(first, today, rule, calendar)
    return Countdown(RUNNING, total, number, total - number, 0, is_counted(today, rule, calendar), unknown)
