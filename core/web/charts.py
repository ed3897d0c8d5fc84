"""Charts as JSON (图形数据): the shapes that ``static/js/chart-kinds.js`` draws; the numbers stay readable as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from flask import Response

from core.figures.periods import Period
from core.web.periods import short_period


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
    top: int | None = None,
) -> Response:
    """Lines over periods; a series has name, values and perhaps n."""
    data = {"kind": "trend", "unit": unit, "target": target, "periods": [short_period(p) for p in periods]}
    return answer(data | {"max": top, "series": list(series)})
