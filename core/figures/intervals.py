"""How far a number may be off (区间): Wilson's for a share of cases, a seeded cluster bootstrap over sites for a score.

A score comes from the sites that happened to be visited. The bootstrap draws as many sites again, with repetition, adds up
what each brought and scores the sums; the middle 95 of 100 such scores are the interval. It is drawn and compared, never a
score: floating numbers are good enough. The seed comes from what is asked for, so everybody who asks gets the same interval.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter, mul
from random import Random

from core.campaigns.arithmetic import half_up
from core.work.marks.wilson import wilson

REPLICATES = 400  # (ours) enough for whole percentage points, fast enough for a page
MINIMUM_CLUSTERS = 5  # fewer sites say nothing about how sites differ: no interval is drawn (ours)
TAIL = 0.025

Points = tuple[float, float]  # earned and assessed


@dataclass(frozen=True, slots=True)
class Spread:
    """A sum over sites (分点位合计): what each site brings, and what belongs to no site and therefore stays."""

    sites: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    fixed: float = 0.0

    def drawn(self, times: Sequence[int]) -> float:
        """The sum when each site was drawn so many times."""
        if len(self.sites) > 1:
            return self.fixed + sum(map(mul, itemgetter(*self.sites)(times), self.values))
        return self.fixed + sum(times[n] * value for n, value in zip(self.sites, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class Scored:
    """One indicator in a draw (抽样指标): its sums and how they become points; None is not assessed."""

    numerator: Spread
    denominator: Spread | None
    score: Callable[[float, float | None], Points | None] = field(repr=False)

    def drawn(self, times: Sequence[int]) -> Points | None:
        """Its points when each site was drawn so many times; none of its sites drawn is not assessed."""
        if self.denominator is None and self.numerator.sites and not any(times[n] for n in self.numerator.sites):
            return None
        return self.score(self.numerator.drawn(times), self.denominator.drawn(times) if self.denominator else None)


@dataclass(frozen=True, slots=True)
class Averaged:
    """An indicator that is the mean of site types' means (各类平均): the sum of scores and the visits of each type."""

    types: tuple[tuple[Spread, Spread], ...]
    score: Callable[[float, float | None], Points | None] = field(repr=False)

    def drawn(self, times: Sequence[int]) -> Points | None:
        """Its points when each site was drawn so many times; a type that was not drawn is missing."""
        pairs = ((over.drawn(times), under.drawn(times)) for over, under in self.types)
        means = [over / under for over, under in pairs if under > 0]
        return self.score(sum(means), float(len(means))) if means else None


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval in per cent (95 % 区间) with how it was made; ``clusters`` are the sites that were drawn from."""

    low: Decimal
    high: Decimal
    clusters: int
    seed: str
    replicates: int = REPLICATES

    def overlaps(self, other: Interval) -> bool:
        """Whether the two cannot be told apart (不可区分)."""
        return self.low <= other.high and other.low <= self.high


def seed_of(*parts: object) -> str:
    """The seed of a draw: the SHA-256 of what is asked for - tenant, campaign, edition, period, unit."""
    return sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


def bootstrap(
    clusters: int,
    scored: Sequence[Scored | Averaged],
    fixed: Points,
    seed: str,
    share: Callable[[float, float], float | None],
    value: Decimal | None,
) -> Interval | None:
    """The percentile interval of a score; None under MINIMUM_CLUSTERS sites or without a ``value``.

    ``fixed`` are the points of indicators that come from no site, ``share`` makes the percentage of earned and assessed
    points. The printed ``value`` always lies inside (ours).
    """
    if clusters < MINIMUM_CLUSTERS or value is None or not scored:
        return None
    draw = Random(int(seed, 16)).choices  # noqa: S311 - a draw that everybody may repeat, no secret
    everyone, found = range(clusters), []
    for _ in range(REPLICATES):
        times = [0] * clusters
        for one in draw(everyone, k=clusters):
            times[one] += 1
        earned, assessed = fixed
        for part in scored:
            points = part.drawn(times)
            if points:
                earned, assessed = earned + points[0], assessed + points[1]
        percent = share(earned, assessed)
        if percent is not None:
            found.append(percent)
    if not found:
        return None
    found.sort()
    low, high = (half_up(Fraction(quantile(found, at))) for at in (TAIL, 1 - TAIL))
    return Interval(min(low, value), max(high, value), clusters, seed)


def quantile(ordered: Sequence[float], at: float) -> float:
    """A quantile between its two nearest neighbours, in proportion."""
    place = at * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


Bounds = tuple[Decimal, Decimal]
ANYWHERE: Bounds = (Decimal("-Infinity"), Decimal("Infinity"))


def rank_ranges(bounds: Sequence[Bounds | None], *, more: bool = True) -> list[tuple[int, int]]:
    """The best and worst rank of each row that the others' intervals allow (名次区间); no interval allows every rank.

    ``more``: whether the larger value is the better one.
    """
    known = [one or ANYWHERE for one in bounds]
    lows, highs = sorted(low for low, _ in known), sorted(high for _, high in known)
    size, found = len(known), []
    for low, high in known:
        above, below = size - bisect_right(lows, high), bisect_left(highs, low)
        better, worse = (above, below) if more else (below, above)
        found.append((1 + better, size - worse))
    return found


def same_as_above(bounds: Sequence[Bounds | None]) -> list[bool]:
    """Whether each row, in the order of the ranking, cannot be told from the row above it (与上一名不可区分)."""
    known = [one or ANYWHERE for one in bounds]
    pairs = (one[0] <= other[1] and other[0] <= one[1] for one, other in pairwise(known))
    return [False, *pairs][: len(known)]


__all__ = [
    "MINIMUM_CLUSTERS",
    "REPLICATES",
    "Averaged",
    "Bounds",
    "Interval",
    "Scored",
    "Spread",
    "bootstrap",
    "quantile",
    "rank_ranges",
    "same_as_above",
    "seed_of",
    "wilson",
]
