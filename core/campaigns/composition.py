"""Totals made of totals (加权合成), rates and changes: the arithmetic of year totals, month assessments and reports.

Exact inside, two decimals rounded half-up at the very end. Nothing is rescaled silently: weights that are not 100 % in all,
and points that do not add up to their scale, are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import Number, exact, half_up
from core.campaigns.trail import Step, exact_text, step
from core.errors import N_, Fault, InvalidInput

WHOLE = Fraction(100)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composed total (组成部分): its score, and its weight in percent. None is not assessed."""

    name: str
    score: Number | None
    weight: Number


@dataclass(frozen=True, slots=True)
class Composition:
    """A composed total (合成得分). ``value`` is None while a part is not assessed; ``missing`` names those parts."""

    value: Decimal | None
    exact: Fraction | None
    missing: tuple[str, ...]
    steps: tuple[Step, ...]


def compose(parts: Sequence[Part]) -> Composition:
    """The weighted total of some parts: 96.20 x 20 % + 95.67 x 12 % + 90.79 x 58 % + 67.30 x 10 % = 90.11.

    A part that is not assessed leaves the total open: spreading its weight over the others would be another total. Raises
    InvalidInput when the weights are not 100 % in all, or one of them is not positive.
    """
    weights = [exact(part.weight) for part in parts]
    if sum(weights, Fraction(0)) != WHOLE or any(weight <= 0 for weight in weights):
        value = " + ".join(exact_text(weight) for weight in weights)
        raise InvalidInput(
            faults=[
                Fault(N_("权重之和不是 100%"), "weight", value=value, remedy=N_("请调整各部分的权重，每个都大于 0"))
            ]
        )
    missing = tuple(part.name for part in parts if part.score is None)
    if missing:
        said = step(N_("缺少 {parts} 的得分，不能合成"), parts=", ".join(missing))
        return Composition(None, None, missing, (said,))
    shares = [
        exact(part.score) * weight / WHOLE
        for part, weight in zip(parts, weights, strict=True)
        if part.score is not None
    ]
    total = sum(shares, Fraction(0))
    steps = [
        step(
            N_("{name}：{score} × {weight}% = {share}"),
            name=part.name,
            score=part.score if part.score is not None else "",
            weight=weight,
            share=share,
        )
        for part, weight, share in zip(parts, weights, shares, strict=True)
    ]
    steps.append(step(N_("合计 {exact}，四舍五入到两位小数：{value}"), exact=total, value=str(half_up(total))))
    return Composition(half_up(total), total, (), tuple(steps))


def add_up(parts: Mapping[str, Number], scale: Number) -> Decimal:
    """The sum of some parts, which must be the scale exactly: 39.7 + 46.3 + 10 + 10 = 106. Raises InvalidInput."""
    total = sum((exact(value) for value in parts.values()), Fraction(0))
    if total != exact(scale):
        said = " + ".join(f"{name} {exact_text(value)}" for name, value in parts.items())
        params = {"total": exact_text(total), "scale": exact_text(scale)}
        remedy = N_("合计 {total}，应为 {scale}，请调整分值")
        raise InvalidInput(
            faults=[Fault(N_("各部分之和不等于总分"), "points", value=said, remedy=remedy, params=params)]
        )
    return half_up(total)


def rate(numerator: Number, denominator: Number) -> Decimal | None:
    """A rate in percent: 911 of 972 is 93.72; None of nothing. More than all is told as it is (103.45), never cut."""
    return half_up(exact(numerator) / exact(denominator) * WHOLE) if denominator else None


def change(now: Number, before: Number) -> Decimal | None:
    """The change in percent of the value before: 16641 against 11183 is +48.81; None against nothing."""
    return half_up((exact(now) - exact(before)) / abs(exact(before)) * WHOLE) if before else None
