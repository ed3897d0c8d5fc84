"""What rules a district out, or would (否决): broken hard gates and key groups under 70 % of their points.

What a veto does to the total is the edition's policy (:mod:`core.campaigns.policy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from core.campaigns.arithmetic import half_up
from core.campaigns.scoring import KEY_GROUP_FLOOR
from core.figures.item_facts import ItemFacts, ItemSums
from core.figures.model import IndicatorFigure, Veto
from core.figures.terms import Selection


def gates(figures: Iterable[IndicatorFigure]) -> Iterable[Veto]:
    """The hard gates that are broken."""
    for one in figures:
        if one.breach:
            value = one.level or one.value
            zh = f"前置条件未达到：{one.name_zh} {value}（目标 {one.target}）"
            en = f"gate broken: {one.name_en} {value} (target {one.target})"
            yield Veto("gate", one.code, one.name_zh, one.name_en, zh, en)


def groups(selections: Mapping[str, Selection], items: ItemFacts) -> Iterable[Veto]:
    """Key groups whose points over the period stay under 70 % of what was possible."""
    for group, selection in selections.items():
        sums = items.items.get(selection, ItemSums())
        if sums.possible and sums.earned < KEY_GROUP_FLOOR * sums.possible:
            zh = f"关键项组 {group} 得 {_points(sums.earned)} 分，低于满分 {_points(sums.possible)} 分的七成"
            en = f"key group {group} earned {_points(sums.earned)} of {_points(sums.possible)}, under 70 %"
            yield Veto("key_group", group, f"关键项组 {group}", f"key group {group}", zh, en)


def _points(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else str(half_up(value))
