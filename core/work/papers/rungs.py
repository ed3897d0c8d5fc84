"""Reminders that are sent once (催办留痕): claims a rung for a deadline, then tells each unit once, however many reached it.

The key of a row in ``chase`` - finding, rung, deadline - decides between runs that are late, doubled or at the same moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlalchemy.dialects.postgresql import insert

from core.work.loop.announcing import campaigns_by_finding, params_of
from core.work.papers.notes import tell
from core.work.tables import Chase, Finding
from tenants.scope import ScopedSession

KIND = "chase"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One kind of reminder (催办种类): ``rung`` in ``chase``, who is told by the verb of his post, and the words for one and many."""

    rung: str
    verb: str
    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Due:
    """A finding whose moment has come (到点的问题), with the unit that is told; ``own`` is its part of a rung that each unit has."""

    finding: Finding
    unit_id: UUID
    at: datetime
    own: str = ""


def fired(session: ScopedSession, rung: Any, due: Any) -> ColumnElement[bool]:
    """Filter on Finding: the rung has fired for this very deadline (a column)."""
    found = exists().where(
        Chase.tenant_id == session.tenant_id, Chase.finding_id == Finding.id, Chase.rung == rung, Chase.due_at == due
    )
    return found.correlate_except(Chase)


def fire(
    session: ScopedSession, rung: str, due: Iterable[tuple[UUID, datetime]], now: datetime, notice: UUID | None = None
) -> set[UUID]:
    """Claim a rung for some findings with their deadlines; gives those that nobody had claimed before."""
    rows = [
        {"tenant_id": session.tenant_id, "finding_id": one, "rung": rung, "due_at": at, "notice_id": notice, "at": now}
        for one, at in sorted(due)
    ]
    if not rows:
        return set()
    claim = insert(Chase).on_conflict_do_nothing().returning(Chase.finding_id)
    return set(session.scalars(claim, rows))


def remind_once(session: ScopedSession, what: Reminder, due: Sequence[Due], now: datetime) -> int:
    """Claim the rung, then tell each unit once, however many of its findings reached it; gives how many were claimed."""
    owners: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        owners[what.rung + one.own].append(one)
    claimed: list[Due] = []
    for rung in sorted(owners):
        ids = fire(session, rung, ((one.finding.id, one.at) for one in owners[rung]), now)
        claimed += [one for one in owners[rung] if one.finding.id in ids]
    named = campaigns_by_finding(session, {one.finding.id for one in claimed})
    groups: dict[tuple[UUID, bool, tuple[str, ...]], list[Finding]] = defaultdict(list)
    for one in claimed:
        groups[one.unit_id, one.finding.restricted, named.get(one.finding.id, ())].append(one.finding)
    for (unit, restricted, campaigns), findings in groups.items():
        alone = findings[0] if len(findings) == 1 else None
        tell(
            session,
            unit_ids=[unit],
            verb=what.verb,
            kind=f"{KIND}.{what.rung}",
            text=what.one if alone else what.many,
            params=params_of(alone) if alone else {"count": len(findings)},
            object_kind="finding" if alone else "inbox",
            object_id=alone.id if alone else "",
            now=now,
            restricted=restricted,
            campaigns=campaigns,
        )
    return len(claimed)
