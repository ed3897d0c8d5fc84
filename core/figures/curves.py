"""An indicator's rule as a curve (得分曲线): its points over its value, looked up at few places and drawn straight between.

For intervals only, which ask one rule thousands of times. What is printed is computed by the rule itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from core.campaigns import Indicator, IndicatorScore, score_indicator

Points = tuple[float, float]  # earned and assessed
PER_UNIT = 4  # the rule is asked at every quarter of a percentage point, day or case (ours)


@dataclass(slots=True)
class Curve:
    """The points of one indicator over its ratio; ``has_denominator`` tells whether it is one, or a plain number."""

    indicator: Indicator
    has_denominator: bool
    steps: int = 0
    known: dict[int, Points | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find how far apart the looked-up places lie: a formula that multiplies by 100 needs them closer."""
        plain = self._ask(Fraction(1)).exact
        self.steps = max(1, round(abs(plain) * PER_UNIT)) if plain else PER_UNIT

    def points(self, numerator: float, denominator: float | None) -> Points | None:
        """The points of floating sums; None is not assessed."""
        if denominator is not None and denominator <= 0:
            return None
        place = (numerator if denominator is None else numerator / denominator) * self.steps
        below = floor(place + 1e-9)
        part = place - below
        first = self._at(below)
        if part < 1e-6 or first is None:
            return first
        second = self._at(below + 1)
        if second is None:
            return first
        return first[0] + (second[0] - first[0]) * part, first[1] + (second[1] - first[1]) * part

    def _at(self, place: int) -> Points | None:
        if place not in self.known:
            found = self._ask(Fraction(place, self.steps))
            self.known[place] = None if found.earned is None else (float(found.earned), float(found.possible))
        return self.known[place]

    def _ask(self, ratio: Fraction) -> IndicatorScore:
        return score_indicator(self.indicator, ratio, Fraction(1) if self.has_denominator else None)
