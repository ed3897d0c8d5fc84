"""The vectors that Python and the browser both compute (共同算例): one file, read the same way by both tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from core.campaigns.xlsform.expressions import (
    NOT_A_NUMBER,
    BadFormula,
    Context,
    Nodeset,
    Value,
    evaluate,
    holds,
    names,
    parse,
    to_text,
)

NOW = "2026-11-22T07:30:00+08:00"
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


def draws(given: list[int]) -> Any:
    """A source of chance that hands out what a vector says, again and again; of nothing it fails."""
    left: Iterator[int] = cycle(given)
    return lambda _: next(left)


def make_context(vector: dict[str, Any]) -> Context:
    return Context(
        now=datetime.fromisoformat(vector.get("now", NOW)),
        values=vector.get("values", {}),
        current=vector.get("current"),
        homes=vector.get("homes", {}),
        at=tuple((repeat, row) for repeat, row in vector.get("at", [])),
        choices=vector.get("choices", {}),
        columns=vector.get("columns", {}),
        language=vector.get("language", "zh"),
        chance=draws(vector.get("chance", [])),
    )


def plain(value: Value) -> Any:
    """A value as vectors write it: numbers exact, nodes as a list."""
    if isinstance(value, Nodeset):
        return {"nodes": [plain(one) for one in value.nodes]}
    if isinstance(value, str | bool):
        return value
    return {"number": "NaN" if value is NOT_A_NUMBER else str(value)}


def work_out(vector: dict[str, Any]) -> dict[str, Any]:
    """What Python makes of a vector, in the words that the browser answers with."""
    try:
        node = parse(vector["expression"], vector.get("column", "relevant"))
    except BadFormula as bad:
        return {"error_at": bad.position, "reason": bad.reason, "found": bad.found}
    value = evaluate(node, make_context(vector))
    held = holds(node, make_context(vector))
    return {"result": plain(value), "text": to_text(value), "holds": held, "names": list(names(node))}
