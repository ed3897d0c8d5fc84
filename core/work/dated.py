"""Rows that hold from a day to a day (有效期): the condition that they do, and the last day as people write it.

``valid_to`` is the first day on which a row holds no more; forms and papers say the last day (至), which is the one before.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

ONE_DAY = timedelta(days=1)


def valid_on(dated: Any, on: date) -> ColumnElement[bool]:  # any mapped class with valid_from and valid_to
    """The condition that a dated row holds on a day."""
    return and_(dated.valid_from <= on, or_(dated.valid_to.is_(None), dated.valid_to > on))


def touches(dated: Any, start: date, end: date | None) -> ColumnElement[bool]:
    """The condition that a dated row holds on some day from ``start`` until before ``end`` (None: for ever).

    A row that ended on the day it began held on none and touches nothing.
    """
    lasts = or_(dated.valid_to.is_(None), and_(dated.valid_to > start, dated.valid_to > dated.valid_from))
    return lasts if end is None else and_(lasts, dated.valid_from < end)


def end_of(last_day: date | None) -> date | None:
    """The ``valid_to`` of a last day; None stands for no end."""
    return None if last_day is None else last_day + ONE_DAY


def last_day_of(valid_to: date | None) -> date | None:
    """The last day of a ``valid_to``; None stands for no end."""
    return None if valid_to is None else valid_to - ONE_DAY
