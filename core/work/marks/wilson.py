"""Wilson's interval (威尔逊区间): how far a share of few cases may be off, in exact decimals, so that it may also be ranked by."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from core.campaigns.arithmetic import half_up

Z = Decimal("1.96")  # 95 in 100
DIGITS = 34  # far more than is printed, so that every machine prints and ranks the same


def wilson(over: int, under: int) -> tuple[Decimal, Decimal] | None:
    """The interval in per cent that a share stands in with 95 % confidence; None where there is no share.

    Source: E. B. Wilson 1927. Two decimals, half-up.
    """
    if under <= 0 or not 0 <= over <= under:
        return None
    with localcontext() as context:
        context.prec = DIGITS
        share, n = Decimal(over) / under, Decimal(under)
        middle = share + Z * Z / (2 * n)
        spread = Z * (share * (1 - share) / n + Z * Z / (4 * n * n)).sqrt()
        scale = 1 + Z * Z / n
        low, high = max(Decimal(0), (middle - spread) / scale), min(Decimal(1), (middle + spread) / scale)
    return half_up(Fraction(low) * 100), half_up(Fraction(high) * 100)
