"""Charts as JSON (图形数据): the shapes that ``static/js/chart-kinds.js`` draws; the numbers stay readable as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, floor
from typing import Any

import orjson
from flask import Response

from core.figures.periods import Period
from core.web.scores.periods import short_period


def dot(value: Decimal | None) -> float | None:
    """A number as a place on the screen: drawn only, never counted with."""
    return None if value is None else float(value)


def answer(data: Mapping[str, Any]) -> Response:
    """A chart's data as JSON."""
    return Response(orjson.dumps(data), content_type="application/json")


def trend_chart(
    periods: Sequence[Period],
    series: Sequence[Mapping[str, Any]],
    *,
    unit: str = "%",
    target: float | None = None,
    breaks: Mapping[int, str] | None = None,
) -> Response:
    """Lines over periods; a series has name, values and perhaps n. Empty periods before the first value are left out.

    ``breaks`` says at which period another edition began to score; the lines are cut before it and the cut is named. A
    series with ``cuts`` of its own is cut at those alone.
    """
    start = first_filled([one["values"] for one in series])
    lines = [one | {key: one[key][start:] for key in ("values", "n") if key in one} for one in map(dict, series)]
    lines = [
        one | ({"cuts": [at - start for at in one["cuts"] if at > start]} if "cuts" in one else {}) for one in lines
    ]
    data: dict[str, Any] = {"kind": "trend", "unit": unit, "target": target, "series": lines}
    data["breaks"] = [{"at": at - start, "text": text} for at, text in sorted((breaks or {}).items()) if at > start]
    if target is not None:  # a line far off would be cut away
        data |= _room([v for one in lines for v in one["values"] if v is not None] + [target])
    return answer(data | {"periods": [short_period(one) for one in periods[start:]]})


def first_filled(rows: Sequence[Sequence[float | None]]) -> int:
    """Where the first value of any row stands, but never later than the last but one."""
    places = [n for row in rows for n, value in enumerate(row) if value is not None]
    longest = max(map(len, rows), default=0)
    return min(min(places, default=0), max(longest - 2, 0))


def _room(values: Sequence[float]) -> dict[str, int]:
    """An axis that holds some values with a little room, never below zero."""
    pad = max((max(values) - min(values)) / 10, 1)
    return {"min": max(floor(min(values) - pad), 0), "max": ceil(max(values) + pad)}
