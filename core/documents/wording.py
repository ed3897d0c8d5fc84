"""How documents say numbers and moments (文书用语): whole or two decimals half-up, Asia/Shanghai, a dash for nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import half_up
from core.settings import ZONE
from core.work.calendar import deadline_clock

DASH = "—"


def number_text(value: Decimal | None) -> str:
    """A count or sum: whole, or two decimals half-up; a dash for nothing."""
    if value is None:
        return DASH
    return format(value.normalize(), "f") if value == value.to_integral_value() else str(half_up(Fraction(value)))


def moment_text(moment: datetime) -> str:
    """A moment as documents print it, in Asia/Shanghai."""
    local = moment.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def deadline_text(moment: datetime) -> str:
    """A deadline as documents print it: what ends at midnight ends at 24:00 of the day before."""
    day, clock = deadline_clock(moment)
    return f"{day.year}年{day.month}月{day.day}日 {clock}"


def moment_text_en(moment: datetime) -> str:
    """The same in English."""
    local = moment.astimezone(ZONE)
    return f"{local.day} {local:%b %Y %H:%M}"
