"""Exact numbers (精确算术): fractions inside, two decimals rounded half-up at the very end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

Number = int | Decimal | Fraction
NONE, ALL = Fraction(0), Fraction(1)


def exact(value: Number | str) -> Fraction:
    """The value without any loss."""
    return Fraction(value)


def tidy(value: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent: 100, 1.5."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def half_up(value: Fraction) -> Decimal:
    """Two decimals, halves away from zero (四舍五入), as points and rates are printed."""
    over, under = value.numerator, value.denominator
    cents = (200 * abs(over) + under) // (2 * under)
    return Decimal(-cents if over < 0 else cents).scaleb(-2)


def clamp(share: Fraction) -> Fraction:
    """A share held between 0 and 1."""
    if share.numerator <= 0:
        return NONE
    return ALL if share.numerator >= share.denominator else share
