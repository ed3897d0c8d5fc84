"""Areas and past days in the arguments of lists (片区与截至): the same fields, read alike, in every room."""

from __future__ import annotations

from datetime import date
from typing import Any

from core import request as asked
from core.api.fields import Body, Day, Id
from core.errors import N_, Fault, InvalidInput


class AreaQuery(Body):
    """The area that a list is narrowed to (片区筛选)."""

    area_id = Id(metadata={"description": "a free area with its members, as on the day that is asked for"})


class ThenQuery(AreaQuery):
    """The past day that a list shows, and the area (截至与片区)."""

    as_of = Day(metadata={"description": "as it was at the end of this day; no later than today"})


def past_day(query: dict[str, Any]) -> date | None:
    """The past day of a query; None for now and for today. Raises InvalidInput for a day to come."""
    day: date | None = query.get("as_of")
    if day is not None and day > asked.today():
        fault = Fault(N_("日期还没有到"), "as_of", value=day.isoformat(), remedy=N_("请填今天或以前的日期"))
        raise InvalidInput(faults=[fault])
    return None if day == asked.today() else day
