"""How far a rate may be off (区间): Wilson's interval for a share of few cases, for bars and notes; never ranked by."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import sqrt

from core.campaigns.arithmetic import half_up

Z = 1.96  # 95 in 100


def wilson(over: int, under: int) -> tuple[Decimal, Decimal] | None:
    """The interval in per cent that a share stands in with 95 % confidence; None where there is no share.

    Source: E. B. Wilson 1927. It is drawn, so a floating root is good enough.
    """
    if under <= 0 or not 0 <= over <= under:
        return None
    share = over / under
    middle = share + Z * Z / (2 * under)
    spread = Z * sqrt(share * (1 - share) / under + Z * Z / (4 * under * under))
    scale = 1 + Z * Z / under
    low, high = max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
    return half_up(Fraction(low) * 100), half_up(Fraction(high) * 100)
