"""How far an indicator is reached (指标得分): its value by its formula, its points by its mode and target.

Missing is not zero: without data, or without the reference that its target needs, an indicator is *not assessed*, and the
reason says what is missing. Every step is noted as it is taken (``steps``), so that the explanation is the computation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import Number, exact, half_up
from core.campaigns.catalogue import Indicator
from core.campaigns.expressions import Name as FormulaName
from core.campaigns.expressions import compare, evaluate, names, parse
from core.campaigns.shares import share_of
from core.campaigns.targets import (
    FALLING,
    NO_MEAN,
    NO_SIZE,
    NO_TARGET,
    References,
    alternative,
    goal,
    goal_steps,
    is_worst,
)
from core.campaigns.trail import Filled, Step, step
from core.errors import N_

ASSESSED = "assessed"
NOT_ASSESSED = "not_assessed"

NO_DATA = N_("缺少数据")
ZERO_DENOMINATOR = N_("分母为零")
NO_PREVIOUS = N_("未达到目标值，且缺少上一期数值，无法判断是否下降")
NO_PREVIOUS_RISE = N_("未达到目标值，且缺少上一期数值，无法判断是否上升")
NO_PARTS = N_("按最差的街道评定，缺少分街道数据")
NO_LEVEL = N_("缺少密度控制等级")
REASONS = (NO_DATA, ZERO_DENOMINATOR, NO_MEAN, NO_PREVIOUS, NO_PREVIOUS_RISE, NO_PARTS, NO_LEVEL, NO_TARGET, NO_SIZE)

Pair = tuple[Number | None, Number | None]


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """One indicator's result (指标得分).

    ``status`` is 'assessed' or 'not_assessed' (then ``reason`` says why and ``missing`` names the metrics). ``value`` is for
    display (2 decimals), ``exact`` for further arithmetic, ``level`` the letter of a level indicator. ``met`` says whether the
    target is reached, ``breach`` whether a hard gate (否决) is broken, ``over`` whether a rate exceeds 100 %. ``reason`` is a
    complete source text without placeholders, ``steps`` the computation.
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
    over: bool = False
    steps: tuple[Step, ...] = ()


def score_indicator(
    indicator: Indicator,
    numerator: Number | None = None,
    denominator: Number | None = None,
    *,
    values: Mapping[str, Number | None] | None = None,
    reference: Number | None = None,
    previous: Number | None = None,
    size: str | None = None,
    parts: Sequence[Pair] | None = None,
    levels: Mapping[str, str] | None = None,
) -> IndicatorScore:
    """The score of an indicator from its numerator and denominator.

    ``values`` may give metrics by name instead. ``reference`` is the own five-year mean (mean_5y), ``previous`` the last
    period's value ("or falling"), ``size`` the city's size band, ``parts`` the pairs of each subdistrict (worst one decides),
    ``levels`` the letter of each metric of a level indicator.
    """
    if indicator.mode == "level":
        return _score_level(indicator, levels or {})
    trail: list[Step] = []
    if is_worst(indicator):
        found = _worst_part(indicator, parts, trail)
    else:
        found = _value(indicator, _bind(indicator, numerator, denominator, values), trail)
    if isinstance(found, IndicatorScore):
        return found
    given = References(reference, previous, size)
    target = goal(indicator, given)
    if isinstance(target, str):
        return _not_assessed(indicator, target, trail=trail)
    trail += goal_steps(indicator, target, given)
    return _held_against(indicator, found, target, given, trail)


def _held_against(
    indicator: Indicator, found: Fraction, target: Fraction, given: References, trail: list[Step]
) -> IndicatorScore:
    """The score of a value against its target, or against the period before where that may save it."""
    met = compare(indicator.target_op, found, target)
    other = "" if met else alternative(indicator)
    if not other:
        trail.append(step(N_("已达到目标") if met else N_("没有达到目标")))
        return _assessed(indicator, share_of(indicator, found, target, met, trail), met, found, trail)
    falls = other == FALLING
    if given.previous is None:
        return _not_assessed(indicator, NO_PREVIOUS if falls else NO_PREVIOUS_RISE, trail=trail)
    before = exact(given.previous)
    saved = found < before if falls else found > before
    trail.append(step(N_("上一期 {before}，本期 {now}"), before=before, now=found))
    if saved:
        trail.append(step(N_("比上一期下降，视为达到目标") if falls else N_("比上一期上升，视为达到目标")))
        return _assessed(indicator, Fraction(1), True, found, trail)
    trail.append(step(N_("没有达到目标，也没有比上一期好转")))
    return _assessed(indicator, share_of(indicator, found, target, False, trail), False, found, trail)


def _assessed(indicator: Indicator, share: Fraction, met: bool, value: Fraction, trail: list[Step]) -> IndicatorScore:
    over = indicator.unit == "%" and value > 100
    if over:
        trail.append(step(N_("比率超过 100%，请核对分子与分母的范围")))
    return IndicatorScore(
        ASSESSED,
        half_up(value),
        _points(indicator, share, trail),
        indicator.points,
        exact=value,
        met=met,
        breach=indicator.gate == "hard" and not met,
        over=over,
        steps=tuple(trail),
    )


def _points(indicator: Indicator, share: Fraction, trail: list[Step]) -> Decimal:
    """The share of the points, rounded half-up once, at the very end."""
    points = exact(indicator.points)
    earned = half_up(share * points)
    if indicator.mode == "gate":
        trail.append(step(N_("前置条件不计分")))
    else:
        trail.append(step(N_("得分 = {points} × {share} = {exact}"), points=points, share=share, exact=share * points))
        trail.append(step(N_("四舍五入到两位小数：{earned}"), earned=str(earned)))
    return earned


def _not_assessed(
    indicator: Indicator, reason: str, missing: tuple[str, ...] = (), trail: Sequence[Step] = ()
) -> IndicatorScore:
    steps = (*trail, step(reason))
    return IndicatorScore(NOT_ASSESSED, None, None, indicator.points, reason, missing=missing, steps=steps)


def value_of(
    indicator: Indicator,
    numerator: Number | None = None,
    denominator: Number | None = None,
    values: Mapping[str, Number | None] | None = None,
) -> Fraction | None:
    """The formula's exact value alone, as another period's or another place's is needed; None when it cannot be computed."""
    return evaluate(parse(indicator.formula), _bind(indicator, numerator, denominator, values))


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


def _value(indicator: Indicator, bound: Mapping[str, Fraction | None], trail: list[Step]) -> Fraction | IndicatorScore:
    """The formula's exact value, or the verdict that it cannot be computed."""
    formula = parse(indicator.formula)
    value = evaluate(formula, bound)
    filled = Filled(indicator.formula, tuple(bound.items()))
    if value is not None:
        if isinstance(formula, FormulaName):
            trail.append(step(N_("数值 = {formula} = {value}"), formula=indicator.formula, value=value))
        else:
            text = N_("数值 = {formula} = {filled} = {value}")
            trail.append(step(text, formula=indicator.formula, filled=filled, value=value))
        return value
    trail.append(step(N_("数值 = {formula} = {filled}"), formula=indicator.formula, filled=filled))
    missing = tuple(n for n in names(formula) if bound.get(n) is None)
    return _not_assessed(indicator, NO_DATA if missing else ZERO_DENOMINATOR, missing, trail)


def _worst_part(indicator: Indicator, parts: Sequence[Pair] | None, trail: list[Step]) -> Fraction | IndicatorScore:
    """The worst subdistrict's value; one without anything due is left out, one without data leaves the worst unknown."""
    found: list[Fraction] = []
    for numerator, denominator in parts or ():
        one = _value(indicator, _bind(indicator, numerator, denominator, None), trail)
        if isinstance(one, Fraction):
            found.append(one)
        elif one.reason == NO_DATA:
            return _not_assessed(indicator, NO_PARTS, one.missing, trail)
    if not found:
        return _not_assessed(indicator, ZERO_DENOMINATOR if parts else NO_PARTS, trail=trail)
    worst = max(found) if indicator.direction == "down" else min(found)
    trail.append(step(N_("{n} 个街道中最差的：{worst}"), n=str(len(found)), worst=worst))
    return worst


def level_order(indicator: Indicator) -> list[str]:
    """The letters of a level indicator from best to worst: by alphabet, 'none' (不达级) last."""
    return sorted(indicator.params, key=lambda letter: (letter == "none", letter))


def _score_level(indicator: Indicator, levels: Mapping[str, str]) -> IndicatorScore:
    """A level indicator: the worst of its metrics' letters, by the level table of the edition."""
    order = level_order(indicator)
    formula = parse(indicator.formula)
    wanted = names(formula)
    missing = tuple(n for n in wanted if levels.get(n) not in order)
    ranks = {n: Fraction(order.index(levels[n])) for n in wanted if n not in missing}
    worst = evaluate(formula, ranks)
    if worst is None:
        return _not_assessed(indicator, NO_LEVEL, missing)
    level = order[int(worst)]
    met = int(worst) <= order.index(indicator.target)
    said = ", ".join(f"{name} {levels[name]}" for name in wanted)
    trail = [
        step(N_("各项等级：{said}；最差的为 {level}"), said=said, level=level),
        step(N_("目标：等级不低于 {target}"), target=indicator.target),
        step(N_("已达到目标") if met else N_("没有达到目标")),
        step(N_("等级 {level} 的得分率：{share}"), level=level, share=exact(indicator.params[level])),
    ]
    earned = _points(indicator, exact(indicator.params[level]), trail)
    breach = indicator.gate == "hard" and not met
    return IndicatorScore(
        ASSESSED, None, earned, indicator.points, met=met, breach=breach, level=level, steps=tuple(trail)
    )
