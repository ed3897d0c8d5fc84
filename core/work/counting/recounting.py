"""Counts marked days again (重算), and compares all counts with a full recount (核对).

Exact under concurrent writes: a mark is committed together with what it marks. The job reads the marks, counts their days
with everything that is committed by then, and deletes the very marks that it read. Whoever commits in between has been
counted or not, and his mark stays in any case: the day is counted once more. Counters of one tenant follow each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text

from core.work.counting.statements import COLUMNS, COUNT, KEY, all_kinds
from core.work.serials import take_serials_of
from core.work.tables.tally import DayMark
from tenants.scope import ScopedSession

SERIES = "day-count"
AT_ONCE = 20_000  # marks taken in one transaction (ours)


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that is not what a recount says (不一致): its key by name, what is kept and what it should be; None is no row."""

    key: dict[str, Any]
    kept: tuple[int, ...] | None
    counted: tuple[int, ...] | None

    @property
    def said(self) -> str:
        """One line for people."""
        place = " ".join(f"{name}={value}" for name, value in self.key.items())
        return f"{place}: {self.kept} / {self.counted}"


def recount(session: ScopedSession, _now: datetime | None = None) -> int:
    """Count the marked days again; gives how many units' days were counted. The caller commits."""
    take_serials_of(session, session.tenant_id, SERIES)  # its row is locked until the commit: one counter at a time
    marks = session.execute(select(DayMark.id, DayMark.day, DayMark.unit_id).limit(AT_ONCE)).all()
    if not marks:
        return 0
    pairs = sorted({(day, unit) for _, day, unit in marks})
    _write(session, pairs)
    seen = [mark for mark, _, _ in marks]
    session.execute(delete(DayMark).where(DayMark.tenant_id == session.tenant_id, DayMark.id.in_(seen)))
    return len(pairs)


def _write(session: ScopedSession, pairs: Sequence[tuple[date, UUID]]) -> None:
    """Put fresh counts in the place of what was kept for some units' days."""
    given = {"tenant": session.tenant_id, "days": [day for day, _ in pairs], "units": [unit for _, unit in pairs]}
    session.execute(text(f"DELETE FROM day_count d USING {PAIRS} AS p(day, unit_id) {OF_PAIR}"), given)  # noqa: S608 - our own statement
    names = ", ".join(("tenant_id", *KEY, *COLUMNS))
    chosen = f"JOIN {PAIRS} AS p(day, unit_id) ON p.day = x.day AND p.unit_id = x.unit_id"
    for counted in all_kinds(chosen):
        session.execute(text(f"INSERT INTO day_count ({names}) {counted}"), given)


PAIRS = "unnest(CAST(:days AS date[]), CAST(:units AS uuid[]))"
OF_PAIR = "WHERE d.tenant_id = :tenant AND d.day = p.day AND d.unit_id = p.unit_id"


def differences(session: ScopedSession) -> list[Difference]:
    """Compare every count that is not marked with a full recount, in one statement; empty when all agree."""
    rows = session.execute(text(COUNT), {"tenant": session.tenant_id})
    return [_difference(row) for row in rows.mappings()]


def _difference(row: Any) -> Difference:
    sides = [tuple(row[f"{side}_{name}"] for name in COLUMNS) for side in ("kept", "counted")]
    kept, counted = (None if side[0] is None else side for side in sides)
    return Difference({name: row[name] for name in KEY}, kept, counted)
