"""Levels from measurements (等级判定): which level a measured value reaches, by the bounds of an edition's levels.csv.

A file without rows, or none at all, leaves a level indicator not assessed: a level that nobody defined is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.campaigns.arithmetic import Number, exact
from core.campaigns.expressions import compare

NONE = "none"  # 不达级


@dataclass(frozen=True, slots=True)
class LevelBound:
    """What a metric must be for a level of an indicator (等级界限): path_index of SAN-701 reaches B at <= 3."""

    indicator: str
    metric: str
    level: str
    op: str
    bound: Decimal


def level_of(bounds: Iterable[LevelBound], order: Sequence[str], value: Number) -> str | None:
    """The best level whose bound holds, else the last of ``order`` (不达级); None without any bound."""
    by_level: Mapping[str, LevelBound] = {one.level: one for one in bounds}
    if not by_level:
        return None
    for level in order:
        one = by_level.get(level)
        if one is not None and compare(one.op, exact(value), exact(one.bound)):
            return level
    return order[-1]


def levels_of(
    bounds: Iterable[LevelBound], indicator: str, order: Sequence[str], measured: Mapping[str, Number | None]
) -> dict[str, str]:
    """The level that each measured metric of an indicator reaches; a metric without value or bounds has none."""
    mine = [one for one in bounds if one.indicator == indicator]
    found: dict[str, str] = {}
    for name, value in measured.items():
        level = level_of([one for one in mine if one.metric == name], order, value) if value is not None else None
        if level is not None:
            found[name] = level
    return found
