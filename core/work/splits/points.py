"""Points of a split in 1/100 (分值): how they are written and shared out; pure arithmetic, nothing is ever lost in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from core.errors import N_, Fault
from core.work.names import narrow
from core.work.splits.states import MOST_POINTS
from core.work.wording import shown

_POINTS = re.compile(r"(\d{1,9}(\.\d{0,2})?|\.\d{1,2})", re.ASCII)


def say_hundredths(points: int) -> str:
    """Points of 1/100 as people write them: 350 is 3.5, 300 is 3."""
    whole, rest = divmod(abs(points), 100)
    said = f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{said}" if points < 0 else said


def read_hundredths(text: str, place: str, faults: list[Fault]) -> int:
    """Points as typed (full-width digits, 3.5, 3.50分) in 1/100; a fault at ``place`` for anything else."""
    said = narrow(text).removesuffix("分").strip()
    if _POINTS.fullmatch(said) and (value := Decimal(said) * 100) <= MOST_POINTS:
        return int(value)
    faults.append(
        Fault(N_("分值写法无效"), place, value=shown(text), remedy=N_("请填不小于 0 的数，最多两位小数，例如 3.5"))
    )
    return 0


def hundredths(points: Decimal) -> int:
    """The points of an edition in 1/100; editions give at most two decimals."""
    return int((points * 100).to_integral_value())


def split_evenly(total: int, count: int) -> list[int]:
    """A total shared out evenly in whole 1/100 (平均分配); what is left over goes to the first, who leads. Empty for nobody."""
    if count <= 0:
        return []
    each, rest = divmod(total, count)
    return [each + rest, *([each] * (count - 1))]


def all_to_first(total: int, count: int) -> list[int]:
    """The whole total to the first, who leads (全归牵头); the others assist without points."""
    return [total, *([0] * (count - 1))] if count > 0 else []


def gap_of(total: int, shares: Sequence[int]) -> int:
    """What the shares lack of the total; negative when they exceed it."""
    return total - sum(shares)
