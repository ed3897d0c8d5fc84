"""What stands beside the list of quantities (合计与疑似重复): sums by kind, open candidates, and gaps of declared totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from core.work.quantities.doubles import Candidate, by_entry, candidates_of
from core.work.quantities.ground import ground_of
from core.work.quantities.reading import Asked, Line, select_entries
from core.work.quantities.sums import MOST, Gap, Total, gap_of, sums_by_kind
from core.work.tables import QuantityEntry, QuantityKind
from tenants.access import Actor
from tenants.scope import ScopedSession

MOST_AT_ONCE = 20_000  # entries compared with each other for one page (ours)


@dataclass(frozen=True, slots=True)
class Board:
    """What stands beside a list (合计与疑似): sums by kind, and the open candidates."""

    sums: dict[UUID, list[Total]]
    candidates: list[Candidate]

    @property
    def of_entry(self) -> dict[UUID, list[Candidate]]:
        """The candidates that each entry is in."""
        return by_entry(self.candidates)

    def open_of(self, kind_id: UUID) -> int:
        """How many candidates touch the sum of a kind."""
        return sum(1 for one in self.candidates if kind_id in (one.first.kind_id, one.second.kind_id))


def board_of(
    session: ScopedSession, actor: Actor | None, asked: Asked, kind_ids: Iterable[UUID], *, today: date
) -> Board:
    """Sums and candidates over all that the filter finds of some kinds, not only of one page.

    Candidates across kinds are looked for among these kinds and what stands in the same documents.
    """
    wanted = list(dict.fromkeys(kind_ids))
    if not wanted:
        return Board({}, [])
    counts = _counts(session, actor, asked, wanted, today)
    small = _that_fit(counts)
    chosen = select_entries(session, actor, asked, today).where(QuantityKind.id.in_(small))
    rows = [entry for entry, _kind in session.execute(chosen)]
    beside = _same_documents(session, actor, rows, today)
    ground = ground_of(session, [*rows, *beside], today)
    here = {one.id for one in rows}
    found = [one for one in candidates_of([*rows, *beside], ground) if one.first.id in here or one.second.id in here]
    sums = sums_by_kind(rows, ground) | {
        kind: [Total(counts[kind], why="many")] for kind in counts if kind not in small
    }
    return Board(sums, found)


def _counts(
    session: ScopedSession, actor: Actor | None, asked: Asked, kind_ids: Sequence[UUID], today: date
) -> dict[UUID, int]:
    """How many entries the filter finds of each kind."""
    chosen = select_entries(session, actor, asked, today).where(QuantityKind.id.in_(kind_ids))
    grouped = chosen.with_only_columns(QuantityKind.id, func.count()).group_by(QuantityKind.id)
    return {row[0]: row[1] for row in session.execute(grouped)}


def _that_fit(counts: dict[UUID, int]) -> set[UUID]:
    """The kinds that are small enough to be compared entry by entry, the smallest first."""
    found, seen = set(), 0
    for kind, n in sorted(counts.items(), key=lambda one: (one[1], one[0])):
        seen += n
        if n <= MOST and seen <= MOST_AT_ONCE:
            found.add(kind)
    return found


def all_candidates(session: ScopedSession, actor: Actor | None, asked: Asked, *, today: date) -> list[Candidate]:
    """The open candidates among the latest :data:`MOST_AT_ONCE` entries that the filter finds."""
    chosen = select_entries(session, actor, asked, today).order_by(QuantityEntry.id.desc()).limit(MOST_AT_ONCE)
    rows = [entry for entry, _kind in session.execute(chosen)]
    return candidates_of(rows, ground_of(session, rows, today))


def totals_of(session: ScopedSession, lines: Iterable[Line]) -> dict[UUID, Gap]:
    """The gaps of the declared totals among some lines."""
    rows = {line.entry.id: line.entry for line in lines}
    parts: dict[UUID, list[QuantityEntry]] = {}
    for part in session.scalars(select(QuantityEntry).where(QuantityEntry.total_id.in_(rows))):
        if part.total_id is not None:
            parts.setdefault(part.total_id, []).append(part)
    found = {total: gap_of(rows[total], some) for total, some in parts.items()}
    return {total: gap for total, gap in found.items() if gap is not None}


def _same_documents(
    session: ScopedSession, actor: Actor | None, rows: Sequence[QuantityEntry], today: date
) -> list[QuantityEntry]:
    """What stands in the documents that some entries were taken from, apart from those entries."""
    documents = {one.document for one in rows if one.document}
    if not documents:
        return []
    chosen = select_entries(session, actor, Asked(), today).where(QuantityEntry.document.in_(documents)).limit(MOST)
    here = {one.id for one in rows}
    return [entry for entry, _kind in session.execute(chosen) if entry.id not in here]
