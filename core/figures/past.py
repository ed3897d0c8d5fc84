"""What targets of recorded indicators are held against (往期与分街道): visits and findings of other periods and of the subdistricts.

Statistics bring their own (:mod:`core.figures.stat_facts`). Where no target asks for it, nothing is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from core.campaigns import Edition, Indicator
from core.campaigns.targets import YEARS, alternative, is_worst, needs_mean
from core.figures.frames import Frame, SliceKey
from core.figures.periods import Period
from core.figures.stat_facts import subdistricts, years_before
from core.figures.terms import Plan
from tenants.access import root_unit
from tenants.scope import ScopedSession

Pair = tuple[Fraction | None, Fraction | None]
Pairs = Mapping[str, Pair]  # numerator and denominator by indicator
ReadPairs = Callable[[Edition, tuple[Period, ...], tuple[UUID, ...]], Mapping[SliceKey, Pairs]]


@dataclass(slots=True)
class Past:
    """The references of one slice (参照数据): the period before, five years before, each subdistrict by name."""

    before: Pairs = field(default_factory=dict)
    years: tuple[Pairs, ...] = ()
    parts: tuple[tuple[UUID, str, Pairs], ...] = ()


def read_past(
    session: ScopedSession, frame: Frame, edition: Edition, plans: tuple[Plan, ...], read: ReadPairs
) -> dict[SliceKey, Past]:
    """The references of a frame; ``read`` gives the pairs of some indicators in other periods and units."""
    past = {key: Past() for key in frame.slices}
    listed = [plan.indicator for plan in plans if plan.terms and not plan.stats]
    falling = [one for one in listed if alternative(one)]
    if falling:
        pairs = read(_bare(edition, falling), tuple(p.previous for p in frame.periods), frame.units)
        for key, one in past.items():
            one.before = pairs[key]
    own = [one for one in listed if needs_mean(one)]
    for years in range(YEARS, 0, -1) if own else ():
        pairs = read(_bare(edition, own), tuple(years_before(p, years) for p in frame.periods), frame.units)
        for key, one in past.items():
            one.years += (pairs[key],)
    worst = [one for one in listed if is_worst(one)]
    for (unit, span), one in past.items() if worst else ():
        period = frame.periods[span]
        named = subdistricts(session, frame, period, unit or root_unit(session).id)
        if named:
            pairs = read(_bare(edition, worst), (period,), tuple(named))
            one.parts = tuple((part, name, pairs[part, 0]) for part, name in named.items())
    return past


def _bare(edition: Edition, indicators: list[Indicator]) -> Edition:
    """The edition with some indicators alone, without what their targets refer to: else a reference would ask for another."""
    kept = ("floor", "ceiling", "per", "forms", "items", "mean")
    params = [MappingProxyType({k: v for k, v in one.params.items() if k in kept}) for one in indicators]
    plain = (replace(one, params=p, target="0") for one, p in zip(indicators, params, strict=True))
    return replace(edition, indicators=tuple(plain))
