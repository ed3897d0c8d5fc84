"""Periods (周期): day, week, 旬, month, quarter and year, named the way people and addresses write them.

A 旬 (ten-day period) is a calendar third of a month: 1-10, 11-20, 21-end. Days are days in Asia/Shanghai.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.errors import N_, Fault, InvalidInput
from core.settings import ZONE

KINDS = ("day", "week", "ten_day", "month", "quarter", "year")
YEARS = range(1990, 2101)  # ours: no record is older, no plan goes further, and every moment fits the database
ONE_DAY = timedelta(days=1)

_FORMS = {
    "day": re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII),
    "week": re.compile(r"(\d{4})-W(\d{2})", re.ASCII),
    "ten_day": re.compile(r"(\d{4})-(\d{2})-T([123])", re.ASCII),
    "month": re.compile(r"(\d{4})-(\d{2})", re.ASCII),
    "quarter": re.compile(r"(\d{4})-Q([1-4])", re.ASCII),
    "year": re.compile(r"(\d{4})", re.ASCII),
}
_THIRDS_ZH = ("上旬", "中旬", "下旬")
_QUARTERS_ZH = ("一", "二", "三", "四")
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A span of whole days (周期); ``end`` is its last day."""

    kind: str
    start: date
    end: date

    @property
    def key(self) -> str:
        """The name in addresses and files: 2026-11, 2026-11-T3, 2026-W47, 2026-Q4."""
        return _KEYS[self.kind](self.start)

    @property
    def previous(self) -> Period:
        """The period of the same kind just before (上一期)."""
        return containing(self.kind, self.start - ONE_DAY)

    @property
    def next(self) -> Period:
        """The period of the same kind just after (下一期)."""
        return containing(self.kind, self.end + ONE_DAY)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment and the first moment after, aware and in UTC."""
        first = datetime.combine(self.start, time(), ZONE)
        return first.astimezone(UTC), datetime.combine(self.end + ONE_DAY, time(), ZONE).astimezone(UTC)

    @property
    def label_zh(self) -> str:
        """The period as a Chinese document names it."""
        return _LABELS_ZH[self.kind](self)

    @property
    def label_en(self) -> str:
        """The period in English."""
        return _LABELS_EN[self.kind](self)

    def cut(self, last: date) -> Period:
        """The same period up to ``last`` (截至); unchanged when it ends earlier, without any day when it starts later."""
        return Period(self.kind, self.start, min(self.end, last))


def containing(kind: str, day: date) -> Period:
    """The period of a kind that a day lies in; InvalidInput for an unknown kind and for years that no record has."""
    if kind not in KINDS:
        raise _bad(kind)
    if day.year not in YEARS:
        raise _bad(day.isoformat())
    try:
        start, after = _SPANS[kind](day)
    except (ValueError, OverflowError) as error:
        raise _bad(day.isoformat()) from error
    return Period(kind, start, after - ONE_DAY)


def parse_period(text: str) -> Period:
    """The period that a key names; InvalidInput with the accepted forms when it names none."""
    for kind, form in _FORMS.items():
        found = form.fullmatch(text.strip())
        if found:
            try:
                return containing(kind, _DAYS[kind](*map(int, found.groups())))
            except ValueError as error:
                raise _bad(text) from error
    raise _bad(text)


def last_periods(kind: str, day: date, count: int) -> tuple[Period, ...]:
    """The ``count`` periods up to and including the one a day lies in, oldest first."""
    found = [containing(kind, day)]
    while len(found) < count:
        found.append(found[-1].previous)
    return tuple(reversed(found))


def day_of(moment: datetime) -> date:
    """The day of a moment in Asia/Shanghai."""
    return moment.astimezone(ZONE).date()


def _bad(text: str) -> InvalidInput:
    remedy = N_("可写：2026-11-21、2026-W47、2026-11-T3（下旬）、2026-11、2026-Q4、2026")
    return InvalidInput(faults=[Fault(N_("不认识的周期"), field="period", value=text[:40], remedy=remedy)])


def _after_month(day: date, months: int = 1) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _third(day: date) -> int:
    return min((day.day - 1) // 10, 2)


def _ten_day(day: date) -> tuple[date, date]:
    start = day.replace(day=_third(day) * 10 + 1)
    return start, start.replace(day=start.day + 10) if start.day < 21 else _after_month(day)


def _week(day: date) -> tuple[date, date]:
    start = day - timedelta(days=day.weekday())
    return start, start + timedelta(days=7)


def _quarter(day: date) -> tuple[date, date]:
    start = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return start, _after_month(start, 3)


def _short_zh(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _english(day: date) -> str:
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


_SPANS: dict[str, Callable[[date], tuple[date, date]]] = {
    "day": lambda d: (d, d + ONE_DAY),
    "week": _week,
    "ten_day": _ten_day,
    "month": lambda d: (d.replace(day=1), _after_month(d)),
    "quarter": _quarter,
    "year": lambda d: (date(d.year, 1, 1), date(d.year + 1, 1, 1)),
}
_KEYS: dict[str, Callable[[date], str]] = {
    "day": lambda d: d.isoformat(),
    "week": lambda d: "{:04d}-W{:02d}".format(*d.isocalendar()),
    "ten_day": lambda d: f"{d:%Y-%m}-T{_third(d) + 1}",
    "month": lambda d: f"{d:%Y-%m}",
    "quarter": lambda d: f"{d:%Y}-Q{(d.month + 2) // 3}",
    "year": lambda d: f"{d:%Y}",
}
_DAYS: dict[str, Callable[..., date]] = {
    "day": date,
    "week": lambda year, week: date.fromisocalendar(year, week, 1),
    "ten_day": lambda year, month, third: date(year, month, third * 10 - 9),
    "month": lambda year, month: date(year, month, 1),
    "quarter": lambda year, quarter: date(year, quarter * 3 - 2, 1),
    "year": lambda year: date(year, 1, 1),
}
_LABELS_ZH: dict[str, Callable[[Period], str]] = {
    "day": lambda p: f"{p.start.year}年{_short_zh(p.start)}",
    "week": lambda p: (
        "{}年第{}周".format(*p.start.isocalendar()) + f"（{_short_zh(p.start)}至{_short_zh(p.start + 6 * ONE_DAY)}）"
    ),
    "ten_day": lambda p: f"{p.start.year}年{p.start.month}月{_THIRDS_ZH[_third(p.start)]}",
    "month": lambda p: f"{p.start.year}年{p.start.month}月",
    "quarter": lambda p: f"{p.start.year}年第{_QUARTERS_ZH[(p.start.month - 1) // 3]}季度",
    "year": lambda p: f"{p.start.year}年",
}
_LABELS_EN: dict[str, Callable[[Period], str]] = {
    "day": lambda p: _english(p.start),
    "week": lambda p: "Week {1} of {0}".format(*p.start.isocalendar()),
    "ten_day": lambda p: f"{p.start.day}-{_english(p.end)}",
    "month": lambda p: f"{_MONTHS_EN[p.start.month - 1]} {p.start.year}",
    "quarter": lambda p: f"Q{(p.start.month + 2) // 3} {p.start.year}",
    "year": lambda p: f"{p.start.year}",
}
