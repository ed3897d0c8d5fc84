"""Sums of quantities (工作量合计): added is only what counts one thing, in one unit, on one basis, and nothing twice.

The rule (ours, after the reports' own contradictions): one kind, one unit of measure, one basis. Entries whose territory and
period overlap are not added, unless they name different scopes, sites or projects or were declared disjoint. Exact numbers and
lower bounds (余, 至少) are added, and the sum of an exact number and a lower bound is a lower bound. A number that is rounded,
an upper bound or a range is not added. Words without a number (数万) make the sum "at least", and are counted beside it. Parts of
a declared total that is there leave the sum to the total; what was withdrawn or merged leaves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_
from core.work.quantities.ground import Ground, ground_of, place_of, same_place, same_time
from core.work.quantities.words import LIVE, basis_of
from core.work.quantities.writing import VAGUE
from core.work.tables import QuantityEntry

MOST = 5_000  # more entries of one kind are not compared one by one (ours)
ADDED = frozenset({"exact", "over", "at_least"})
WHY: Mapping[str, str] = MappingProxyType(
    {
        "nothing": N_("没有可加的数"),
        "kinds": N_("科目不同，不相加"),
        "measures": N_("计量单位不同，不相加"),
        "bases": N_("口径不同，不相加"),
        "rounded": N_("有约数、上限或范围，不相加"),
        "overlap": N_("范围和期间有重叠，不相加"),
        "many": N_("条数过多，请先筛选再看合计"),
    }
)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum, or why there is none (合计): ``n`` entries stand, ``unknown`` of them have words for a number.

    ``why`` is '' for a sum, else a key of :data:`WHY`; ``clash`` are the two entries that overlap.
    """

    n: int
    value: Decimal | None = None
    qualifier: str = "exact"
    unknown: int = 0
    measure: str = ""
    basis: str = ""
    why: str = ""
    clash: tuple[UUID, UUID] | None = None
    low: Decimal | None = field(default=None)
    high: Decimal | None = field(default=None)
    said: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A declared total against its parts (合计与分项的差额); ``short`` is what the parts lack, negative when they are more."""

    total: Decimal
    parts: Decimal
    n: int
    unknown: int = 0

    @property
    def short(self) -> Decimal:
        """The total less its parts."""
        return self.total - self.parts

    @property
    def percent(self) -> Decimal | None:
        """The gap in percent of the total, two decimals, half-up: 61 of 3182 is 1.92."""
        if not self.total:
            return None
        return (self.short * 100 / self.total).quantize(Decimal("0.01"), ROUND_HALF_UP)


def sum_of(entries: Iterable[QuantityEntry], ground: Ground | None = None) -> Total:
    """Add entries by the rule above; ``ground`` tells where they overlap, without it only one and the same unit does."""
    live = [one for one in entries if one.state in LIVE]
    here = {one.id for one in live}
    live = [one for one in live if one.total_id not in here]
    if not live:
        return Total(0, why="nothing")
    first = live[0]
    basis = basis_of(first.state, first.basis)
    facts = {"n": len(live), "measure": first.measure, "basis": basis}
    why, clash = _why_not(live, ground or Ground())
    if why:
        return Total(**facts, why=why, clash=clash)  # type: ignore[arg-type]  # the three facts have their types
    known = [one for one in live if one.value is not None]
    unknown = len(live) - len(known)
    if not known:
        return Total(**facts, unknown=unknown, why="nothing")  # type: ignore[arg-type]  # as above
    value = sum((one.value for one in known if one.value is not None), Decimal())
    qualifier = _qualifier({one.qualifier for one in known}, unknown)
    return Total(**facts, value=value, qualifier=qualifier, unknown=unknown)  # type: ignore[arg-type]  # as above


def sums_by_kind(entries: Iterable[QuantityEntry], ground: Ground) -> dict[UUID, list[Total]]:
    """The sums of each kind, one for each unit of measure and basis."""
    groups: dict[tuple[UUID, str, str], list[QuantityEntry]] = defaultdict(list)
    for one in entries:
        if one.state in LIVE:
            groups[(one.kind_id, one.measure, basis_of(one.state, one.basis))].append(one)
    found: dict[UUID, list[Total]] = defaultdict(list)
    for key in sorted(groups, key=lambda one: (one[0], one[1], one[2])):
        found[key[0]].append(sum_of(groups[key], ground))
    return found


def total_of(session: Session, entries: Sequence[QuantityEntry], on: date) -> Total:
    """:func:`sum_of` with what the tenant's tree and declarations say."""
    return sum_of(entries, ground_of(session, entries, on))


def gap_of(total: QuantityEntry, parts: Iterable[QuantityEntry]) -> Gap | None:
    """A declared total against the parts that are there; None without a number or without parts."""
    live = [one for one in parts if one.state in LIVE]
    if total.value is None or not live:
        return None
    known = [one.value for one in live if one.value is not None]
    return Gap(total.value, sum(known, Decimal()), len(live), len(live) - len(known))


def _qualifier(qualifiers: set[str], unknown: int) -> str:
    if unknown or "at_least" in qualifiers:
        return "at_least"
    return "over" if "over" in qualifiers else "exact"


def _why_not(live: Sequence[QuantityEntry], ground: Ground) -> tuple[str, tuple[UUID, UUID] | None]:
    for why, keys in (
        ("kinds", {one.kind_id for one in live}),
        ("measures", {one.measure for one in live}),
        ("bases", {basis_of(one.state, one.basis) for one in live}),
    ):
        if len(keys) > 1:
            return why, None
    if any(one.low is not None or (one.value is not None and one.qualifier not in ADDED) for one in live):
        return "rounded", None
    if any(one.value is None and one.qualifier not in VAGUE for one in live):
        return "rounded", None
    if len(live) > MOST:
        return "many", None
    clash = _clash(live, ground)
    return ("overlap", clash) if clash else ("", None)


def _clash(live: Sequence[QuantityEntry], ground: Ground) -> tuple[UUID, UUID] | None:
    """The first two entries that overlap for certain, if any do."""
    by_place: dict[UUID, list[QuantityEntry]] = defaultdict(list)
    for one in live:
        by_place[place_of(one)].append(one)
    for one in live:
        for above in ground.above.get(place_of(one), (place_of(one),)):
            for other in by_place.get(above, ()):
                if other.id != one.id and _overlaps(one, other, ground):
                    return one.id, other.id
    return None


def _overlaps(first: QuantityEntry, second: QuantityEntry, ground: Ground) -> bool:
    if first.scope and second.scope and first.scope != second.scope:
        return False  # two named scopes: asked about as a candidate, not taken for one
    if ground.verdict(first.id, second.id) == "disjoint":
        return False
    return same_place(first, second, ground) and same_time(first, second, ground)
