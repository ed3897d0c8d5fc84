"""Pages asked as of a day (截至): one argument of the address, read here, offered by ``ui.as_of_field`` and said by ``ui.as_of_banner``.

The argument is ``as_of`` everywhere it is new; a day to come is refused, for nothing can be told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import request

from core.request import today
from core.web.paging import bad_argument, read_day


def read_on(said: Mapping[str, str] | None = None) -> date | None:
    """The day of a page that also looks ahead, such as who sits where: ``on``, or ``as_of`` as everywhere else. Raises InvalidInput."""
    args = request.args if said is None else said
    name = "on" if args.get("on", "").strip() else "as_of"
    try:
        return date.fromisoformat(text) if (text := args.get(name, "").strip()) else None
    except ValueError:
        raise bad_argument(name, text) from None


def read_as_of() -> date | None:
    """The past day that the address asks for; None for now, and for today. Raises InvalidInput for a day to come."""
    day = read_day("as_of")
    if day is not None and day > today():
        raise bad_argument("as_of", day.isoformat())
    return None if day == today() else day
