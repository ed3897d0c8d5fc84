"""The scoring rule in words (计分规则说明), in both languages, and a formula with its numbers put in."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from core.campaigns import Indicator
from core.campaigns.arithmetic import half_up
from core.figures.model import IndicatorFigure
from core.figures.strata import by_type

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Rule(NamedTuple):
    """One rule in Chinese and English."""

    zh: str
    en: str


def number_text(value: Fraction | Decimal | None) -> str:
    """A number as people read it: whole, or two decimals half-up; a dash for nothing."""
    if value is None:
        return "—"
    exact = Fraction(value)
    return str(exact) if exact.denominator == 1 else str(half_up(exact))


def points_text(value: Decimal | None) -> str:
    """Points without idle zeros; a dash for nothing."""
    return "—" if value is None else format(value.normalize() if value else Decimal(0), "f")


def _points_en(points: str) -> str:
    return f"{points} point" if points == "1" else f"{points} points"


def rule_of(indicator: Indicator) -> Rule:
    """How the points come from the value."""
    return _RULES[indicator.mode](indicator, points_text(indicator.points))


def formula_with_numbers(figure: IndicatorFigure) -> str:
    """'sites_ok / sites_checked * 100 = 8 / 10 * 100 = 80.00'; the bare formula when nothing was assessed."""
    indicator = figure.indicator
    if figure.numerator is None:
        return indicator.formula
    bound = {indicator.numerator: figure.numerator, indicator.denominator: figure.denominator}
    filled = _NAME.sub(lambda m: number_text(bound[m[0]]) if m[0] in bound else m[0], indicator.formula)
    said = [indicator.formula, filled, *([str(figure.value)] if figure.value is not None else [])]
    return " = ".join(dict.fromkeys(said))


def _linear(one: Indicator, points: str) -> Rule:
    floor = one.params["floor"]
    return Rule(
        f"达到 {one.target} 得 {points} 分，{floor} 及以下不得分，其间按比例计分",
        f"{_points_en(points)} at {one.target}, none at {floor} or below, in proportion between",
    )


def _lower_linear(one: Indicator, points: str) -> Rule:
    ceiling = one.params["ceiling"]
    return Rule(
        f"不高于 {one.target} 得 {points} 分，{ceiling} 及以上不得分，其间按比例计分",
        f"{_points_en(points)} at {one.target} or less, none at {ceiling} or more, in proportion between",
    )


def _deduct(one: Indicator, points: str) -> Rule:
    per = one.params["per"]
    return Rule(
        f"满分 {points} 分，每处扣 {per} 分，扣完为止", f"{_points_en(points)}, less {per} for each, down to none"
    )


def _site_mean(one: Indicator, points: str) -> Rule:
    if not by_type(one):
        return Rule(
            f"各次检查百分制得分的平均值，按百分比折算为 {points} 分；未检查的点位不计零分",
            f"the mean of the visits' scores out of 100, as a share of {_points_en(points)}; sites not visited are no zeros",
        )
    return Rule(
        f"先求每类点位各次检查百分制得分的平均值，再对查到的各类点位求平均，按百分比折算为 {points} 分；没有查到的点位类型不计零分",
        f"the mean of the site types' means of scores out of 100, as a share of {_points_en(points)};"
        " a site type not visited is missing, not zero",
    )


def _band10(_one: Indicator, points: str) -> Rule:
    return Rule(f"按 0–10 分评定，{points} 分 × 评定分 ÷ 10", f"rated 0-10: {_points_en(points)} x rating / 10")


def _of_target(one: Indicator, points: str) -> Rule:
    return Rule(
        f"达到 {one.target} 得 {points} 分，不足的按所占比例计分",
        f"{_points_en(points)} at {one.target}, in proportion below",
    )


def _threshold(one: Indicator, points: str) -> Rule:
    return Rule(
        f"达到目标（{one.target_op} {one.target}）得 {points} 分，否则不得分",
        f"{_points_en(points)} when the target ({one.target_op} {one.target}) is met, else none",
    )


def _level(one: Indicator, points: str) -> Rule:
    return Rule(
        f"各项密度等级中最差的一级决定得分，满分 {points} 分，目标 {one.target} 级",
        f"the worst of the density levels decides; {_points_en(points)}, target level {one.target}",
    )


def _gate(one: Indicator, _points: str) -> Rule:
    return Rule(
        f"前置条件：应为 {one.target_op} {one.target}，不满足即否决，不计分",
        f"a gate: must be {one.target_op} {one.target}; broken it rules the district out, and it gives no points",
    )


_RULES: dict[str, Callable[[Indicator, str], Rule]] = {
    "linear": _linear,
    "lower_linear": _lower_linear,
    "deduct": _deduct,
    "site_mean": _site_mean,
    "band10": _band10,
    "conform": _threshold,
    "ratio": _of_target,
    "min_count": _of_target,
    "threshold": _threshold,
    "level": _level,
    "gate": _gate,
}
