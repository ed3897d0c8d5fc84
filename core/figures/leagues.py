"""Units of one kind ranked against each other (单位排名): never areas against departments, equal values share a rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from core.figures.comparison import BARRED, LOW_VOLUME, NOTHING_ASSESSED, RANKED
from core.figures.overview import UnitScore

MINIMUM_VISITS = 5  # a unit with fewer verified visits is shown, not ranked (ours)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A unit's score with its rank (名次); ``unranked`` is '' or says why it has none."""

    row: UnitScore
    rank: int | None
    unranked: str

    @property
    def id(self) -> UUID:
        """The unit's id."""
        return self.row.unit_id


def rank(rows: Sequence[UnitScore]) -> list[Ranked]:
    """Competition ranks over the shares as printed: 1 + how many are strictly better; who has none comes last."""
    whys = [_why_not(row) for row in rows]
    shares = [row.score.percent_of_assessed or Decimal(0) for row in rows]
    counted = [share for share, why in zip(shares, whys, strict=True) if why == RANKED]
    found = [
        Ranked(row, 1 + sum(other > share for other in counted) if why == RANKED else None, why)
        for row, share, why in zip(rows, shares, whys, strict=True)
    ]
    return sorted(found, key=lambda one: (one.rank is None, one.rank or 0))


def _why_not(row: UnitScore) -> str:
    if row.score.barred:
        return BARRED
    if row.score.percent_of_assessed is None:
        return NOTHING_ASSESSED
    return LOW_VOLUME if row.score.visits < MINIMUM_VISITS else RANKED
