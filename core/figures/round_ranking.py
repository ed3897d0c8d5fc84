"""The communities of one round ranked (轮次排名), by the same rules as every other ranking: minimum volume, ties, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from core.figures.intervals import Interval, Scored, Spread, bootstrap, rank_ranges, same_as_above, seed_of
from core.figures.leagues import MINIMUM_VISITS
from core.work.rounds.result_lines import SiteLine, UnitLine


@dataclass(frozen=True, slots=True)
class RankedUnit:
    """A unit in a round (名次): no rank and no value below the minimum volume; ``best`` and ``worst`` are what intervals allow."""

    line: UnitLine
    rank: int | None
    interval: Interval | None = None
    best: int | None = None
    worst: int | None = None
    same_as_above: bool = False

    @property
    def percent(self) -> Decimal | None:
        """The score rate, where enough visits stand behind it."""
        return self.line.points.percent if self.rank is not None else None


def rank_units(
    lines: Sequence[UnitLine], sites: Sequence[SiteLine], under: dict[UUID, UUID], *, tenant: str, round_id: UUID
) -> list[RankedUnit]:
    """Rank units by their score rate with two decimals; equal values share a rank, the next rank is left out.

    ``under`` maps a site's unit to the unit that is ranked. The draw's seed is made of district, round and unit.
    """
    enough = [one for one in lines if one.points.visits >= MINIMUM_VISITS and one.points.percent is not None]
    enough.sort(key=lambda one: -(one.points.percent or Decimal(0)))
    intervals = [_interval(one, sites, under, tenant, round_id) for one in enough]
    bounds = [(one.low, one.high) if one else None for one in intervals]
    ranges, same = rank_ranges(bounds), same_as_above(bounds)
    found: list[RankedUnit] = []
    for place, (line, interval) in enumerate(zip(enough, intervals, strict=True)):
        tied = place > 0 and line.points.percent == enough[place - 1].points.percent
        rank = found[-1].rank if tied else place + 1
        found.append(RankedUnit(line, rank, interval, *ranges[place], same[place]))
    few = [RankedUnit(one, None) for one in lines if one not in enough]
    return found + sorted(few, key=lambda one: (-one.line.points.visits, one.line.name))


def _interval(
    line: UnitLine, sites: Sequence[SiteLine], under: dict[UUID, UUID], tenant: str, round_id: UUID
) -> Interval | None:
    its = [one for one in sites if under.get(one.unit_id) == line.unit_id]
    places = tuple(range(len(its)))
    over = Spread(places, tuple(float(one.points.earned) for one in its))
    total = Spread(places, tuple(float(one.points.possible) for one in its))
    scored = Scored(over, total, lambda earned, possible: (earned, possible) if possible else None)
    seed = seed_of(tenant, "round", round_id, line.unit_id)
    return bootstrap(len(its), [scored], (0.0, 0.0), seed, _share, line.points.percent)


def _share(earned: float, possible: float) -> float | None:
    return 100 * earned / possible if possible else None


__all__ = ["RankedUnit", "rank_units"]
