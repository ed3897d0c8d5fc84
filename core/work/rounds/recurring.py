"""When a plan's rounds begin and end (周期): day, week, 旬, month, quarter, or the nth week of the month.

A rule is kept as ``{"every", "weekdays", "day", "week", "days", "working"}``. ``day`` is the first day inside the period, counted
from 1 and clipped to the period; ``days`` how long a round lasts, 0 for the rest of its period. The nth week of a month is the
one of its nth Monday, -1 the last (ours). ``working``: '' any day; 'only' drops rounds that would begin on a day off; 'next'
moves them to the next working day, and drops them where that lies behind their end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from core.errors import N_, Fault
from core.periods import Period, containing
from core.work.calendar import WorkCalendar

EVERY: Mapping[str, str] = {
    "day": N_("每天"),
    "week": N_("每周"),
    "ten_day": N_("每旬"),
    "month": N_("每月"),
    "quarter": N_("每季度"),
    "nth_week": N_("每月第几周"),
}
WORKING: Mapping[str, str] = {
    "": N_("不看工作日"),
    "only": N_("只在工作日开始"),
    "next": N_("顺延到下一个工作日"),
}
LONGEST = 92  # days of one round (ours)
_DAY = timedelta(days=1)
_WEEKS = (1, 2, 3, 4, 5, -1)
_LENGTHS = {"ten_day": 11, "month": 31, "quarter": 92}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule of when rounds come again (周期规则), see the module."""

    every: str = "week"
    weekdays: tuple[int, ...] = (0,)
    day: int = 1
    week: int = 1
    days: int = 0
    working: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the plan keeps it."""
        return asdict(self) | {"weekdays": list(self.weekdays)}


def recurrence_of(body: Mapping[str, Any]) -> Recurrence:
    """The rule that a plan keeps."""
    known = {name: body[name] for name in ("every", "day", "week", "days", "working") if name in body}
    return Recurrence(**known, weekdays=tuple(body.get("weekdays", (0,))))


def faults_of(rule: Recurrence) -> list[Fault]:
    """What is wrong with a rule, by field."""
    found: list[Fault] = []
    if rule.every not in EVERY:
        found.append(Fault(N_("选项无效"), "every", value=rule.every[:20], remedy=N_("请从列表里选")))
    if rule.working not in WORKING:
        found.append(Fault(N_("选项无效"), "working", value=rule.working[:20], remedy=N_("请从列表里选")))
    if rule.every in ("week", "nth_week") and (not rule.weekdays or not set(rule.weekdays) <= set(range(7))):
        found.append(Fault(N_("没有选星期几"), "weekdays", remedy=N_("请至少选一天")))
    if rule.every == "nth_week" and rule.week not in _WEEKS:
        found.append(Fault(N_("选项无效"), "week", value=str(rule.week), remedy=N_("请从列表里选")))
    most = _LENGTHS.get(rule.every)
    if most is not None and not 1 <= rule.day <= most:
        found.append(
            Fault(N_("第几天超出范围"), "day", None, str(rule.day), "", N_("请填 1 到 {most}"), {"most": most})
        )
    if not 0 <= rule.days <= LONGEST:
        remedy = N_("请填 0 到 {most}；0 表示到周期末")
        found.append(Fault(N_("天数超出范围"), "days", None, str(rule.days), "", remedy, {"most": LONGEST}))
    return found


def occurrences(rule: Recurrence, first: date, last: date, calendar: WorkCalendar) -> Iterator[tuple[date, date]]:
    """The first and last day of each round that begins from ``first`` to ``last``, both included, in order."""
    seen: set[date] = set()
    for start, end in _plain(rule, first - LONGEST * _DAY, last):
        moved = _placed(rule, start, end, calendar)
        if moved is not None and first <= moved <= last and moved not in seen:
            seen.add(moved)
            yield moved, end


def coming(rule: Recurrence, since: date, calendar: WorkCalendar, *, count: int = 6) -> list[tuple[date, date]]:
    """The next rounds on or after a day, for the form's preview."""
    found: list[tuple[date, date]] = []
    for one in occurrences(rule, since, since + timedelta(days=400 if count <= 6 else 800), calendar):
        found.append(one)
        if len(found) == count:
            break
    return found


def _placed(rule: Recurrence, start: date, end: date, calendar: WorkCalendar) -> date | None:
    """Where a round begins by the working calendar; None when it is dropped."""
    if not rule.working or calendar.is_working(start):
        return start
    if rule.working == "only":
        return None
    moved = calendar.next_working(start)
    return moved if moved <= end else None


def _plain(rule: Recurrence, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Rounds by the rule alone, in order, of all periods that touch the days."""
    for period in _periods(rule, first, last):
        starts = list(_starts(rule, period))
        for n, start in enumerate(starts):
            until = starts[n + 1] - _DAY if n + 1 < len(starts) else period.end
            if start <= last:
                yield start, start + (rule.days - 1) * _DAY if rule.days else until


def _periods(rule: Recurrence, first: date, last: date) -> Iterator[Period]:
    kind = {"nth_week": "month"}.get(rule.every, rule.every)
    period = containing(kind, first)
    while period.start <= last:
        yield _nth_week(rule, period) if rule.every == "nth_week" else period
        period = period.next


def _starts(rule: Recurrence, period: Period) -> Iterator[date]:
    """The first days of the rounds inside one period."""
    if rule.every in ("week", "nth_week"):
        yield from (period.start + day * _DAY for day in sorted(set(rule.weekdays)))
    elif rule.every == "day":
        yield period.start
    else:
        yield min(period.start + (rule.day - 1) * _DAY, period.end)


def _nth_week(rule: Recurrence, month: Period) -> Period:
    """The week of the month's nth Monday; a month without a fifth one takes its last."""
    monday = month.start + (-month.start.weekday() % 7) * _DAY
    mondays = [monday + n * 7 * _DAY for n in range(5) if monday + n * 7 * _DAY <= month.end]
    start = mondays[-1] if rule.week == -1 or rule.week > len(mondays) else mondays[rule.week - 1]
    return Period("week", start, start + 6 * _DAY)
