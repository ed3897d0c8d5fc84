"""Counts made comparable (归一化): findings for each site visited, and for 10 000 residents where their number is locked.

A big subdistrict has more findings than a small one; a count is therefore printed beside its two shares and never ranked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from core.campaigns.arithmetic import half_up
from core.errors import N_
from core.figures.periods import Period
from core.work.statistics.observed import observed
from tenants.scope import ScopedSession

POPULATION = "resident_population"
BASES = ("verified", "declared", "self")  # the first of them that is locked serves
HEADS = 10_000
METHOD_ZH = N_(
    "每点位问题数＝本期发现的问题÷受检点位；每万人问题数＝本期发现的问题÷锁定的常住人口×10000，没有锁定的人口就空着。两项只列出，不参加排名。"
)


@dataclass(frozen=True, slots=True)
class Residents:
    """How many people live in a unit (常住人口), on which basis and as of which day the number was locked."""

    number: Fraction
    basis: str
    on: date | None


def read_residents(
    session: ScopedSession, period: Period, cut_off: datetime, units: Collection[UUID]
) -> dict[UUID, Residents]:
    """The locked number of residents of each unit that has one, verified before declared before self-reported."""
    found = observed(session, (POPULATION,), period.start, period.end, cut_off, BASES, units)
    best: dict[UUID, Residents] = {}
    for basis in reversed(BASES):
        for (_, unit, said), one in found.items():
            if said == basis and one.numerator > 0:
                best[unit] = Residents(one.numerator, basis, one.population_on)
    return best


def per_site(count: int, sites: int) -> Decimal | None:
    """A count for each site visited; None where none was."""
    return half_up(Fraction(count, sites)) if sites else None


def per_residents(count: int, residents: Residents | None) -> Decimal | None:
    """A count for 10 000 residents; None where their number is not known."""
    return half_up(Fraction(count * HEADS) / residents.number) if residents else None
