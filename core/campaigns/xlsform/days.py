"""Dates and times in formulas (日期时间): texts in, days since 1970-01-01 out, and back.

A day is a day of the local calendar; a time with an offset is first set to the local clock (ours: ODK counts UTC, which
makes a morning in China the day before).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction

_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,9})?))?"
_ZONE = r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
_MOMENT = re.compile(rf"{_DATE}(?:T{_TIME}{_ZONE})?")
_CLOCK = re.compile(rf"{_TIME}{_ZONE}")

EPOCH = date(1970, 1, 1).toordinal()
DAY_MINUTES = 24 * 60
DAY_MILLISECONDS = DAY_MINUTES * 60_000

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - as one reads it
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def days_of(text: str, offset: int) -> Fraction | None:
    """Days since 1970 of a date or a date and time, on the local clock (``offset`` minutes from UTC); None of others."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    if match["hour"] is None:
        return Fraction(day.toordinal() - EPOCH)
    part = _part_of_day(match, offset)
    return None if part is None else day.toordinal() - EPOCH + part


def part_of_day(text: str, offset: int) -> Fraction | None:
    """A time of the day as a part of it: noon is 1/2; None of what is no time."""
    match = _CLOCK.fullmatch(text)
    part = _part_of_day(match, offset) if match else None
    return None if part is None else part % 1


def _part_of_day(match: re.Match[str], offset: int) -> Fraction | None:
    hour, minute, second = int(match["hour"]), int(match["minute"]), Fraction(match["second"] or 0)
    if hour > 23 or minute > 59 or second >= 60:
        return None
    shift = zone_minutes(match["zone"])
    if shift is None:
        shift = offset
    elif abs(shift) >= DAY_MINUTES:
        return None
    return (hour * 60 + minute + second / 60 - shift + offset) / Fraction(DAY_MINUTES)


def zone_minutes(zone: str | None) -> int | None:
    """``+08:00`` as 480; None where none is written; a day or more when its parts are out of range."""
    if zone is None:
        return None
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    size = hours * 60 + minutes if minutes < 60 else DAY_MINUTES
    return -size if zone[0] == "-" else size


def spell_moment(moment: datetime) -> str:
    """A moment as ODK writes it: ``2026-11-22T08:30:00.000+08:00``."""
    return moment.isoformat(timespec="milliseconds")


def spell_day(days: int) -> str:
    """``2026-11-22``; empty outside of the years 1 to 9999."""
    ordinal = days + EPOCH
    return date.fromordinal(ordinal).isoformat() if 1 <= ordinal <= date.max.toordinal() else ""


def spell_zone(offset: int) -> str:
    """``+08:00`` of 480."""
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"


def split_days(days: Fraction) -> tuple[int, int]:
    """Whole days and the milliseconds of the day, rounded half up."""
    return divmod((days * DAY_MILLISECONDS + Fraction(1, 2)).__floor__(), DAY_MILLISECONDS)


def spell_days(days: Fraction, offset: int) -> str:
    """Days since 1970 as a date and time of the local clock; empty outside of the years 1 to 9999."""
    whole, rest = split_days(days)
    day = spell_day(whole)
    seconds, milliseconds = divmod(rest, 1000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"
    return f"{day}T{clock}{spell_zone(offset)}" if day else ""


def format_days(days: Fraction, pattern: str, language: str) -> str:
    """Days since 1970 in a format of ``%`` signs; names of months and weekdays in Chinese or English."""
    whole, rest = split_days(days)
    if not 1 <= whole + EPOCH <= date.max.toordinal():
        return ""
    day, seconds = date.fromordinal(whole + EPOCH), rest // 1000
    chinese = language.startswith("zh")
    signs = {
        "Y": f"{day.year:04d}",
        "y": f"{day.year % 100:02d}",
        "m": f"{day.month:02d}",
        "n": str(day.month),
        "b": f"{day.month}月" if chinese else _MONTHS[day.month - 1],
        "d": f"{day.day:02d}",
        "e": str(day.day),
        "a": (_WEEKDAYS_ZH if chinese else _WEEKDAYS_EN)[day.weekday()],
        "H": f"{seconds // 3600:02d}",
        "h": str(seconds // 3600),
        "M": f"{seconds // 60 % 60:02d}",
        "S": f"{seconds % 60:02d}",
        "3": f"{rest % 1000:03d}",
    }
    return re.sub(r"%(.)", lambda found: signs[found.group(1)], pattern)
