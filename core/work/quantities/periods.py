"""When a quantity was done (期间), as precisely as somebody said it: 2018, 2018-11, 2018至2019-10, 截至2019-10, 7月以来."""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from core.errors import N_, Fault, InvalidInput
from core.work.statistics.writing import read_partial_date

LONGEST = 100
_DATE = r"\d{4}(?:[-./年]\d{1,2}(?:[-./月]\d{1,2}日?|月)?|年)?"
_ONE = re.compile(_DATE)
_BOTH = re.compile(rf"({_DATE})\s*(?:至|到|~|—|–|-|to)\s*({_DATE})")
_UNTIL = re.compile(rf"(?:截至|截止|至|到|to)\s*({_DATE})(?:底|止)?")
_SINCE = re.compile(rf"(?:从|自)?\s*({_DATE})\s*(?:以来|起|至今|to date)")
_LIKE_A_DATE = re.compile(r"[\d\s./年月日-]+")
_COARSE = ("day", "month", "year")


@dataclass(frozen=True, slots=True)
class Span:
    """A period as far as it is known (期间): an end that is open is None; ``text`` has it as written."""

    start: date | None = None
    end: date | None = None
    precision: str = "none"
    text: str = ""


def read_span(text: str, field: str = "period") -> Span:
    """The period that a text says; words without a date are kept as words (precision ``none``), nothing is guessed.

    Raises InvalidInput for what looks like a date and is none, for a period that ends before it begins, and for too long a text.
    """
    said = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(said) > LONGEST:
        raise _refuse(N_("最多 {most} 个字"), field, said, "", most=LONGEST)
    if found := _BOTH.fullmatch(said):
        start, first = _bounds(found[1], field)[0], _precision(found[1], field)
        end = _bounds(found[2], field)[1]
        if end < start:
            raise _refuse(N_("期间的结束早于开始"), field, said, N_("请核对两个日期"))
        return Span(start, end, max(first, _precision(found[2], field), key=_COARSE.index), said)
    if found := _UNTIL.fullmatch(said):
        return Span(None, _bounds(found[1], field)[1], _precision(found[1], field), said)
    if found := _SINCE.fullmatch(said):
        return Span(_bounds(found[1], field)[0], None, _precision(found[1], field), said)
    if _ONE.fullmatch(said):
        return Span(*_bounds(said, field), _precision(said, field), said)
    if said and _LIKE_A_DATE.fullmatch(said):
        raise _refuse(N_("日期写法不对"), field, said, N_("可写到年、月或日：2020、2020-11、2020-11-01、2018至2019-10"))
    return Span(text=said)


def overlap(first: Span, second: Span) -> bool:
    """Whether two periods may share a day; of an open end, and of one known in words only, it cannot be excluded."""
    before = first.end is not None and second.start is not None and first.end < second.start
    after = second.end is not None and first.start is not None and second.end < first.start
    return not (before or after)


def _bounds(said: str, field: str) -> tuple[date, date]:
    """The first and the last day of a day, month or year."""
    start, precision, fault = read_partial_date(said, field)
    if fault is not None or start is None:
        raise InvalidInput(faults=[fault] if fault else [])
    if precision == "year":
        return start, date(start.year, 12, 31)
    if precision == "month":
        return start, date(start.year, start.month, calendar.monthrange(start.year, start.month)[1])
    return start, start


def _precision(said: str, field: str) -> str:
    return read_partial_date(said, field)[1]


def _refuse(message: str, field: str, value: str, remedy: str, **params: object) -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field, value=value[:40], remedy=remedy, params=dict(params))])
