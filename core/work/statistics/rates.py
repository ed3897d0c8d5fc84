"""Rates and qualifiers (比率与限定词): what may be said of a share when its parts are exact, rounded or lower bounds.

13 000 余 of 14 000 余 is no rate: both are lower bounds (S1). A rate above 100 % is said and flagged, never cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

QUALIFIERS = ("exact", "over", "about", "tens_of_thousands", "at_least")
LOWER = frozenset({"over", "at_least"})  # 余, 至少: the true number is this or more
WHOLE = Fraction(100)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share in percent (比率): ``said`` is exact, at_least, at_most, about, none (no exact rate) or empty (no base)."""

    percent: Fraction | None
    said: str

    @property
    def over_whole(self) -> bool:
        """Whether it claims more than there is (超过100%)."""
        return self.percent is not None and self.percent > WHOLE

    @property
    def text(self) -> str:
        """Two decimals, half-up: 39.13; '' where there is none."""
        return "" if self.percent is None else f"{rounded(self.percent)}"


def rate_of(
    numerator: Fraction | Decimal | None,
    denominator: Fraction | Decimal | None,
    qualifier: str = "exact",
    denominator_qualifier: str = "exact",
) -> Rate:
    """The rate of two numbers with their qualifiers."""
    if numerator is None or denominator is None:
        return Rate(None, "empty")
    if denominator == 0:
        return Rate(None, "empty")
    said = _said(qualifier, denominator_qualifier)
    if said == "none":
        return Rate(None, said)
    return Rate(Fraction(numerator) / Fraction(denominator) * WHOLE, said)


def _said(above: str, below: str) -> str:
    """How exact a rate is: two lower bounds, or a number of unknown tens of thousands, give none."""
    given = {above, below}
    if "tens_of_thousands" in given or (above in LOWER and below in LOWER):
        return "none"
    if "about" in given:
        return "none" if given & LOWER else "about"
    if above in LOWER:
        return "at_least"
    return "at_most" if below in LOWER else "exact"


def rounded(value: Fraction, step: Decimal = CENT) -> Decimal:
    """A fraction in decimals, half-up, at the very end: 39.13."""
    scale = int(1 / step)
    sign = -1 if value < 0 else 1
    units = (abs(value) * scale * 2 + 1) // 2
    return (Decimal(sign * int(units)) / scale).quantize(step, rounding=ROUND_HALF_UP)
