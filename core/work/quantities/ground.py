"""What tells quantities apart (互不重复的依据): where their places lie in the tree, which kinds are stocks, what was declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.quantities.periods import Span, overlap
from core.work.quantities.words import STOCK
from core.work.tables import QuantityEntry, QuantityKind, QuantityPair
from tenants.models import UnitPath

PART = 5_000  # ids in one statement

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Ground:
    """The facts by which entries are told apart: ancestors of each place, the stock kinds, and the verdicts on pairs."""

    above: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)
    stocks: Collection[UUID] = ()
    verdicts: Mapping[Pair, QuantityPair] = field(default_factory=dict)

    def verdict(self, first: UUID, second: UUID) -> str:
        """What was declared of two entries last: disjoint, merged or open."""
        found = self.verdicts.get(pair_of(first, second))
        return found.verdict if found else "open"


def pair_of(first: UUID, second: UUID) -> Pair:
    """Two entries in the one order in which a pair is kept."""
    return (first, second) if first < second else (second, first)


def place_of(entry: QuantityEntry) -> UUID:
    """The territory that an entry is about: the one it names, else that of the unit that reports."""
    return entry.scope_unit_id or entry.unit_id


def span_of(entry: QuantityEntry) -> Span:
    """The period of an entry."""
    return Span(entry.period_start, entry.period_end, entry.precision, entry.period_text)


def ground_of(session: Session, entries: Iterable[QuantityEntry], on: date) -> Ground:
    """Read what tells these entries apart."""
    listed = list(entries)
    places = {place_of(one) for one in listed}
    above: dict[UUID, set[UUID]] = {place: {place} for place in places}
    for some in _parts(places):
        query = select(UnitPath.unit_id, UnitPath.ancestor_id).where(UnitPath.unit_id.in_(some), valid_on(UnitPath, on))
        for unit_id, ancestor_id in session.execute(query):
            above[unit_id].add(ancestor_id)
    stocks = set(session.scalars(select(QuantityKind.id).where(QuantityKind.flow == STOCK)))
    return Ground(above, stocks, verdicts_of(session, [one.id for one in listed]))


def verdicts_of(session: Session, entry_ids: Iterable[UUID]) -> dict[Pair, QuantityPair]:
    """What was declared last of each pair that one of these entries is in."""
    found: dict[Pair, QuantityPair] = {}
    rows: dict[UUID, QuantityPair] = {}
    for some in _parts(entry_ids):
        chosen = select(QuantityPair).where(or_(QuantityPair.first_id.in_(some), QuantityPair.second_id.in_(some)))
        rows |= {row.id: row for row in session.scalars(chosen)}
    for row in sorted(rows.values(), key=lambda one: (one.at, one.id)):
        found[(row.first_id, row.second_id)] = row
    return found


def _parts(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while some := list(islice(rest, PART)):
        yield some


def same_place(first: QuantityEntry, second: QuantityEntry, ground: Ground) -> bool:
    """Whether two entries may be about one place: one territory lies in the other, and they name no two sites or projects."""
    for name in ("site_id", "project_id"):
        mine, other = getattr(first, name), getattr(second, name)
        if mine is not None and other is not None and mine != other:
            return False
    here, there = place_of(first), place_of(second)
    return here == there or here in ground.above.get(there, ()) or there in ground.above.get(here, ())


def same_time(first: QuantityEntry, second: QuantityEntry, ground: Ground) -> bool:
    """Whether two entries may be of one time; what there is (存量) is the same things at another time."""
    return first.kind_id in ground.stocks or overlap(span_of(first), span_of(second))


def is_family(first: QuantityEntry, second: QuantityEntry) -> bool:
    """Whether one is the declared total of the other, or both are parts of one total."""
    total = first.total_id is not None and first.total_id == second.total_id
    return total or first.total_id == second.id or second.total_id == first.id
