"""The nearest next (就近路线): a proposal of the order in which to walk some stops, from a chosen first one; nothing is saved here.

Straight lines between the places, so metres compare two orders and are no measure of the way. The rule is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.places.nearby import Point, metres_between
from core.work.rounds.progress import Stop

LEAST = 3  # stops with a position, below which there is nothing to order


@dataclass(frozen=True, slots=True)
class Route:
    """A proposed order (建议路线) of all stops, those without a position last; metres in straight lines before and after."""

    stops: tuple[Stop, ...]
    before: int
    after: int

    @property
    def saved(self) -> int:
        """How many metres shorter it is; below zero when it is longer."""
        return self.before - self.after


def placed(stops: Sequence[Stop]) -> dict[UUID, Point]:
    """The positions of those that have one, in their order."""
    return {
        one.site_id: (one.longitude, one.latitude)
        for one in stops
        if one.longitude is not None and one.latitude is not None
    }


def propose(stops: Sequence[Stop], first: UUID | None = None) -> Route:
    """The order from a first stop on, each time to the nearest one left; without a first one, from the one that is first now.

    Raises Conflict when fewer than three have a position, InvalidInput when the first one has none.
    """
    at = placed(stops)
    if len(at) < LEAST:
        raise Conflict(N_("有坐标的点位不足三个，无法按距离排序"))
    if first is not None and first not in at:
        remedy = N_("请选有坐标的点位作为起点")
        raise InvalidInput(faults=[Fault(N_("起点不在这里"), "nearest", value=str(first), remedy=remedy)])
    walk = nearest_order(at, first)
    known = {one.site_id: one for one in stops}
    rest = [one for one in stops if one.site_id not in at]
    return Route((*(known[one] for one in walk), *rest), length([*at.values()]), length([at[one] for one in walk]))


def nearest_order(at: Mapping[UUID, Point], first: UUID | None = None) -> list[UUID]:
    """A walk from a place, each time to the nearest one that is left; a suggestion, not the shortest way."""
    left = dict(at)
    here = next(iter(left)) if first is None else first
    found, point = [here], left.pop(here)
    while left:
        here = min(left, key=lambda one: (metres_between(point, left[one]), str(one)))
        point = left.pop(here)
        found.append(here)
    return found


def length(points: Sequence[Point]) -> int:
    """The metres of straight lines from point to point."""
    return round(sum(metres_between(one, other) for one, other in pairwise(points)))
