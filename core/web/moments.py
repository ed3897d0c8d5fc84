"""Moments and deadlines on the pages (时间用词): in the reader's language, with the exact moment for machines beside it.

A deadline that ends at midnight reads as 24:00 of the day before; a moment that happened never does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import format_datetime, gettext
from markupsafe import Markup

from core.errors import N_
from core.settings import ZONE
from core.work.calendar import deadline_clock, midnight_ends

MOMENT = N_("M月d日 EEE HH:mm")
_DAY = timedelta(days=1)


def moment_words(at: datetime) -> str:
    """A moment that happened."""
    said: str = format_datetime(at, gettext(MOMENT))
    return said


def deadline_words(at: datetime) -> str:
    """A deadline: the hours of CLDR's ``k`` run from 1 to 24, so that the midnight that ends a day is its 24:00."""
    if not midnight_ends(at):
        return moment_words(at)
    said: str = format_datetime(at - _DAY, gettext(MOMENT).replace("HH", "kk"))
    return said


def set_moment(at: datetime) -> Markup:
    """A moment with its element of HTML."""
    return _element(at, f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}", moment_words(at))


def set_deadline(at: datetime | None) -> Markup:
    """A deadline with its element of HTML, a dash where there is none; ``datetime`` keeps the exact moment."""
    if at is None:
        return Markup('<span class="sc-none">—</span>')
    day, clock = deadline_clock(at)
    return _element(at, f"{day.isoformat()} {clock}", deadline_words(at))


def _element(at: datetime, whole: str, short: str) -> Markup:
    return Markup('<time datetime="{}" title="{}" class="num">{}</time>').format(at.isoformat(), whole, short)
