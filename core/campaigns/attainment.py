"""How far an indicator is reached (指标得分): its value by its formula, its points by its mode and target.

Missing is not zero: without data, or without the reference that its target needs, an indicator is *not assessed*, and the
reason says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import Number, clamp, exact, half_up
from core.campaigns.catalogue import Indicator
from core.campaigns.expressions import Name as FormulaName
from core.campaigns.expressions import compare, evaluate, names, parse
from core.errors import N_

ASSESSED = "assessed"
NOT_ASSESSED = "not_assessed"

NO_DATA = N_("缺少数据")
ZERO_DENOMINATOR = N_("分母为零")
NO_MEAN = N_("缺少本地前五年均值，无法确定目标")
NO_PREVIOUS = N_("未达到目标值，且缺少上一期数值，无法判断是否下降")
NO_PARTS = N_("按最差的街道评定，缺少分街道数据")
NO_LEVEL = N_("缺少密度控制等级")
NO_TARGET = N_("目标值不是数字，且没有给出参照")

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
Pair = tuple[Number | None, Number | None]


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """One indicator's result (指标得分).

    ``status`` is 'assessed' or 'not_assessed' (then ``reason`` says why and ``missing`` names the metrics). ``value`` is for
    display (2 decimals), ``exact`` for further arithmetic, ``level`` the letter of a level indicator. ``met`` says whether the
    target is reached, ``breach`` whether a hard gate (否决) is broken. ``reason`` is a complete source text without placeholders.
    """

    status: str
    value: Decimal | None
    earned: Decimal | None
    possible: Decimal
    reason: str = ""
    exact: Fraction | None = None
    missing: tuple[str, ...] = ()
    met: bool | None = None
    breach: bool = False
    level: str = ""


def score_indicator(
    indicator: Indicator,
    numerator: Number | None = None,
    denominator: Number | None = None,
    *,
    values: Mapping[str, Number | None] | None = None,
    reference: Number | None = None,
    previous: Number | None = None,
    parts: Sequence[Pair] | None = None,
    levels: Mapping[str, str] | None = None,
) -> IndicatorScore:
    """The score of an indicator from its numerator and denominator.

    ``values`` may give metrics by name instead. ``reference`` is the own five-year mean (mean_5y), ``previous`` the last
    period's value ("or falling"), ``parts`` the pairs of each subdistrict (worst one decides), ``levels`` the letter of each
    metric of a level indicator.
    """
    if indicator.mode == "level":
        return _score_level(indicator, levels or {})
    if "min_over_subdistricts" in indicator.params.get("scope", ""):
        found = _worst_part(indicator, parts)
    else:
        found = _value(indicator, _bind(indicator, numerator, denominator, values))
    if isinstance(found, IndicatorScore):
        return found
    target = _target(indicator, reference)
    if target is None:
        return _not_assessed(indicator, NO_MEAN if indicator.target == "mean_5y" else NO_TARGET)
    met = compare(indicator.target_op, found, target)
    if not met and indicator.params.get("alt") == "falling":
        if previous is None:
            return _not_assessed(indicator, NO_PREVIOUS)
        met = found < exact(previous)
    return _assessed(indicator, _share(indicator, found, target, met), met, found)


def _assessed(indicator: Indicator, share: Fraction, met: bool, value: Fraction) -> IndicatorScore:
    return IndicatorScore(
        ASSESSED,
        half_up(value),
        half_up(share * exact(indicator.points)),
        indicator.points,
        exact=value,
        met=met,
        breach=indicator.gate == "hard" and not met,
    )


def _not_assessed(indicator: Indicator, reason: str, missing: tuple[str, ...] = ()) -> IndicatorScore:
    return IndicatorScore(NOT_ASSESSED, None, None, indicator.points, reason, missing=missing)


def _bind(
    indicator: Indicator,
    numerator: Number | None,
    denominator: Number | None,
    values: Mapping[str, Number | None] | None,
) -> dict[str, Fraction | None]:
    """The formula's names with their values: numerator and denominator by their own names, then ``values``."""
    bound: dict[str, Fraction | None] = {}
    for text, value in ((indicator.denominator, denominator), (indicator.numerator, numerator)):
        node = parse(text) if text else None
        if isinstance(node, FormulaName):
            bound[node.name] = None if value is None else exact(value)
    return bound | {k: None if v is None else exact(v) for k, v in (values or {}).items()}


def _value(indicator: Indicator, bound: Mapping[str, Fraction | None]) -> Fraction | IndicatorScore:
    """The formula's exact value, or the verdict that it cannot be computed."""
    formula = parse(indicator.formula)
    value = evaluate(formula, bound)
    if value is not None:
        return value
    missing = tuple(n for n in names(formula) if bound.get(n) is None)
    return _not_assessed(indicator, NO_DATA if missing else ZERO_DENOMINATOR, missing)


def _worst_part(indicator: Indicator, parts: Sequence[Pair] | None) -> Fraction | IndicatorScore:
    """The worst subdistrict's value; one without anything due is left out, one without data leaves the worst unknown."""
    found: list[Fraction] = []
    for numerator, denominator in parts or ():
        one = _value(indicator, _bind(indicator, numerator, denominator, None))
        if isinstance(one, Fraction):
            found.append(one)
        elif one.reason == NO_DATA:
            return _not_assessed(indicator, NO_PARTS, one.missing)
    if not found:
        return _not_assessed(indicator, ZERO_DENOMINATOR if parts else NO_PARTS)
    return max(found) if indicator.direction == "down" else min(found)


def _target(indicator: Indicator, reference: Number | None) -> Fraction | None:
    if _NUMBER.fullmatch(indicator.target):
        return exact(indicator.target)
    return None if reference is None else exact(reference)


def _share(indicator: Indicator, value: Fraction, target: Fraction, met: bool) -> Fraction:
    """The share of the points earned, 0..1, by the indicator's mode."""
    params = indicator.params
    if indicator.mode == "linear":
        floor = exact(params["floor"])
        return clamp((value - floor) / (target - floor))
    if indicator.mode == "lower_linear":
        ceiling = exact(params["ceiling"])
        return clamp((ceiling - value) / (ceiling - target))
    if indicator.mode == "deduct":
        return clamp(1 - exact(params["per"]) * value / exact(indicator.points))
    if indicator.mode == "site_mean":
        return clamp(value / 100)
    return Fraction(int(met))  # threshold, and gate, which has no points to give


def level_order(indicator: Indicator) -> list[str]:
    """The letters of a level indicator from best to worst: by alphabet, 'none' (不达级) last."""
    return sorted(indicator.params, key=lambda letter: (letter == "none", letter))


def _score_level(indicator: Indicator, levels: Mapping[str, str]) -> IndicatorScore:
    """A level indicator: the worst of its metrics' letters."""
    order = level_order(indicator)
    formula = parse(indicator.formula)
    missing = tuple(n for n in names(formula) if levels.get(n) not in order)
    ranks = {n: Fraction(order.index(levels[n])) for n in names(formula) if n not in missing}
    worst = evaluate(formula, ranks)
    if worst is None:
        return _not_assessed(indicator, NO_LEVEL, missing)
    level = order[int(worst)]
    met = int(worst) <= order.index(indicator.target)
    earned = half_up(exact(indicator.params[level]) * exact(indicator.points))
    breach = indicator.gate == "hard" and not met
    return IndicatorScore(ASSESSED, None, earned, indicator.points, met=met, breach=breach, level=level)
