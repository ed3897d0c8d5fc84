"""Sample scores of an edition (试算样例): for each scoring mode that it uses, one indicator at its target and short of it.

People check them against the paper before the edition counts for anything; they become its golden cases when it is made a
package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import exact
from core.campaigns.attainment import IndicatorScore, score_indicator
from core.campaigns.catalogue import Edition, Indicator
from core.campaigns.expressions import evaluate, names, parse
from core.errors import SanchengError


@dataclass(frozen=True, slots=True)
class Sample:
    """One indicator with a value that was made up, and the points that the edition gives for it (样例得分)."""

    indicator: Indicator
    value: str
    score: IndicatorScore


def sample_scores(edition: Edition) -> tuple[Sample, ...]:
    """Samples in the order of the edition, two for the first indicator of each mode; what needs more than a value is left out."""
    chosen: dict[str, Indicator] = {}
    for one in edition.indicators:
        if one.mode not in chosen and list(_samples(one)):
            chosen[one.mode] = one
    return tuple(sample for one in chosen.values() for sample in _samples(one))


def _samples(indicator: Indicator) -> Iterable[Sample]:
    if indicator.mode == "level":
        letters = tuple(dict.fromkeys((indicator.target, "none" if "none" in indicator.params else indicator.target)))
        for letter in letters:
            levels = dict.fromkeys(names(parse(indicator.formula)), letter)
            yield Sample(indicator, letter, score_indicator(indicator, levels=levels))
        return
    for value in _values(indicator):
        score = _score(indicator, value)
        if score is not None and score.earned is not None:
            yield Sample(indicator, str(value), score)


def _values(indicator: Indicator) -> tuple[Decimal, ...]:
    """The target, and a value short of it: half-way to where points end, else one unit off."""
    try:
        target = Decimal(indicator.target)
    except ArithmeticError:
        return ()
    end = indicator.params.get("floor") or indicator.params.get("ceiling")
    if end is not None:
        return target, (target + Decimal(end)) / 2
    return target, target + 1 if indicator.direction == "down" else target - 1


def _score(indicator: Indicator, value: Decimal) -> IndicatorScore | None:
    """The score at a value, by the numerator that gives it over a denominator of 100; None where the formula is not of that kind."""
    try:
        bottom = Fraction(100) if indicator.denominator else None
        one = {indicator.numerator: Fraction(1)} | ({indicator.denominator: bottom} if bottom is not None else {})
        slope = evaluate(parse(indicator.formula), one)
        if not slope:
            return None
        top = exact(value) / slope
        parts = [(top, bottom)] if "min_over_subdistricts" in indicator.params.get("scope", "") else None
        return score_indicator(indicator, top, bottom, parts=parts)
    except (SanchengError, ArithmeticError):
        return None
