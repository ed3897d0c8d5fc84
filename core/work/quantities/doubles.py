"""Candidates of double reporting (疑似重复): the same number of one kind for one place and time, and digits that look copied.

A candidate blocks nothing and corrects nothing: it is shown where the sum is shown, until it is declared disjoint or merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from types import MappingProxyType
from typing import Any
from uuid import UUID

from core.errors import N_
from core.work.quantities.ground import Ground, Pair, is_family, pair_of, place_of, same_place, same_time
from core.work.quantities.words import LIVE
from core.work.statistics.measures import plain
from core.work.tables import QuantityEntry

MOST = 500  # candidates shown at once (ours)
LOOKED_AT = (
    200_000  # pairs looked at before giving up on more: a unit that reports one number thousands of times (ours)
)
WHY: Mapping[str, str] = MappingProxyType(
    {
        "number": N_("同一科目、范围和期间有重叠，数字相同"),
        "digits": N_("同一科目、范围和期间有重叠，数字只差小数点或零"),
        "scopes": N_("同一单位、科目和期间，两个范围：是互不重复，还是有重叠？"),
        "slip": N_("同一文件里不同计量单位的数字相同：可能抄错"),
    }
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two entries that may be one, or of which one may be a slip (疑似重复); ``why`` is a key of :data:`WHY`."""

    first: QuantityEntry
    second: QuantityEntry
    why: str

    @property
    def pair(self) -> Pair:
        """The two ids in their order."""
        return pair_of(self.first.id, self.second.id)

    @property
    def may_merge(self) -> bool:
        """Whether one could stand for the other: both are of one kind."""
        return self.first.kind_id == self.second.kind_id


def candidates_of(entries: Iterable[QuantityEntry], ground: Ground, most: int = MOST) -> list[Candidate]:
    """The open candidates among entries, at most ``most``, in the order of their numbers; a pair is named once."""
    live = [one for one in entries if one.state in LIVE]
    found: dict[Pair, Candidate] = {}
    for one in islice(_all(live, ground), LOOKED_AT):
        if ground.verdict(*one.pair) == "open":
            found.setdefault(one.pair, one)
        if len(found) >= most:
            break
    return list(found.values())


def by_entry(candidates: Iterable[Candidate]) -> dict[UUID, list[Candidate]]:
    """The candidates that each entry is in."""
    found: dict[UUID, list[Candidate]] = defaultdict(list)
    for one in candidates:
        found[one.first.id].append(one)
        found[one.second.id].append(one)
    return found


def digits_of(entry: QuantityEntry) -> str:
    """The digits of a number without its zeros at the ends and its point: 28 of 2800, 0.28 and 28.0; '' without a number."""
    return "" if entry.value is None else plain(entry.value).replace(".", "").strip("0-")


def _all(live: Sequence[QuantityEntry], ground: Ground) -> Iterator[Candidate]:
    yield from _equal(live, ground)
    yield from _slips(live)
    yield from _scopes(live, ground)


def _equal(live: Sequence[QuantityEntry], ground: Ground) -> Iterator[Candidate]:
    for first, second in _pairs(live, lambda one: (one.kind_id, digits_of(one)) if digits_of(one) else None):
        same = first.value == second.value
        if not same and len(digits_of(first)) < 2:
            continue  # 20 and 2000 share a digit, not a story
        if is_family(first, second) or not _meet(first, second, ground):
            continue
        yield Candidate(first, second, "number" if same else "digits")


def _meet(first: QuantityEntry, second: QuantityEntry, ground: Ground) -> bool:
    """Whether two entries may be of one place and time: a territory in the other, one site, or the same words for the scope."""
    words = bool(first.scope) and first.scope == second.scope
    site = first.site_id is not None and first.site_id == second.site_id
    return (site or words or same_place(first, second, ground)) and same_time(first, second, ground)


def _slips(live: Sequence[QuantityEntry]) -> Iterator[Candidate]:
    """The same number with two units of measure in one document; of one digit it happens every day and says nothing."""

    def key(one: QuantityEntry) -> Any:
        return (one.document, one.value) if one.document and len(digits_of(one)) > 1 else None

    for first, second in _pairs(live, key):
        if first.measure != second.measure and not is_family(first, second):
            yield Candidate(first, second, "slip")


def _scopes(live: Sequence[QuantityEntry], ground: Ground) -> Iterator[Candidate]:
    """Two scopes of one kind that one unit reports for one period: whether they overlap is not said."""

    def key(one: QuantityEntry) -> Any:
        return (one.kind_id, one.unit_id, place_of(one), one.period_start, one.period_end, one.period_text)

    for first, second in _pairs(live, key):
        if first.scope != second.scope and not is_family(first, second) and same_place(first, second, ground):
            yield Candidate(first, second, "scopes")


def _pairs(live: Sequence[QuantityEntry], key: Any) -> Iterator[tuple[QuantityEntry, QuantityEntry]]:
    groups: dict[Any, list[QuantityEntry]] = defaultdict(list)
    for one in live:
        name = key(one)
        if name is not None:
            groups[name].append(one)
    for group in groups.values():
        yield from combinations(group, 2)
