"""The period that a page shows (周期选择): its kind and its key stand in the address, and so do the ways around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from flask import request
from flask_babel import gettext

from core.errors import N_
from core.figures.periods import Period, containing, last_periods, parse_period
from core.request import now, today
from core.web.as_of import read_as_of
from core.web.paging import bad_argument
from core.web.words import by_locale
from core.work.loop.clocks import last_moment

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "month": N_("月"),
        "ten_day": N_("旬"),
        "week": N_("周"),
        "quarter": N_("季"),
        "year": N_("年"),
        "day": N_("日"),
    }
)
# How many periods back the chooser offers, and a trend shows (ours).
BACK: Mapping[str, int] = MappingProxyType({"day": 14, "week": 13, "ten_day": 9, "month": 6, "quarter": 4, "year": 3})
OFFERED = 3  # the chooser offers so many times the length of a trend, at most a year and a half of months (ours)


def say_period(period: Period) -> str:
    """A period by its name in the reader's language."""
    return by_locale(period.label_zh, period.label_en)


def short_period(period: Period) -> str:
    """A period as an axis of a chart names it, such as 11-T3 or 2026-11."""
    return period.key[5:] if period.kind in ("day", "ten_day") else period.key


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen period with what else there is to choose (周期); ``as_of`` is the past day whose records are the last that count."""

    period: Period
    offered: tuple[Period, ...]
    as_of: date | None = None

    @property
    def kind(self) -> str:
        """The kind of the chosen period."""
        return self.period.kind

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Every kind of period with its word."""
        return [(kind, gettext(word)) for kind, word in KINDS.items()]

    @property
    def periods(self) -> list[tuple[str, str]]:
        """The periods of the chosen kind, the newest first, the chosen one among them."""
        found = sorted({*self.offered, self.period}, key=lambda p: p.start, reverse=True)
        return [(one.key, say_period(one)) for one in found]

    @property
    def label(self) -> str:
        """The chosen period's name."""
        return say_period(self.period)

    @property
    def query(self) -> dict[str, str]:
        """The choice as arguments of an address."""
        found = {"kind": self.period.kind, "period": self.period.key}
        return found | ({"as_of": self.as_of.isoformat()} if self.as_of else {})

    @property
    def on(self) -> date:
        """Today, or the past day."""
        return self.as_of or today()

    @property
    def cut_off(self) -> datetime:
        """The last moment whose records count: now, or the last one of the past day."""
        return now() if self.as_of is None else last_moment(self.as_of)

    @property
    def trend_end(self) -> date:
        """The day a trend up to the period ends on: no later than the day that is shown."""
        return max(min(self.period.end, self.on), self.period.start)


def read_dated_period() -> Choice:
    """The period of a page that also answers as of a day: without one in the address the month of that day. Raises InvalidInput."""
    as_of = read_as_of()
    choice = read_period(containing("month", as_of) if as_of else None)
    return replace(choice, as_of=as_of)


def read_period(fallback: Period | None = None, offered: Iterable[Period] | None = None) -> Choice:
    """The period of this address; without one ``fallback``, else this month.

    When kind and period disagree - the reader just chose another kind - it is the last period of that kind in the old
    one, not later than today. ``offered`` replaces the last periods up to today. Raises InvalidInput.
    """
    kind, key = request.args.get("kind", ""), request.args.get("period", "").strip()
    if kind and kind not in KINDS:
        raise bad_argument("kind", kind)
    period = parse_period(key) if key else fallback or containing("month", today())
    if kind and period.kind != kind:
        period = containing(kind, max(min(period.end, today()), period.start))
    if offered is None:
        return Choice(period, last_periods(period.kind, today(), BACK[period.kind] * OFFERED))
    return Choice(period, tuple(one for one in offered if one.kind == period.kind))


def trend_end(period: Period) -> date:
    """The day a trend up to a period ends on: no later than today."""
    return max(min(period.end, today()), period.start)
