"""Tasks written line by line with their histories (任务测试数据)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from core.work.tables import Task, TaskEvent, TaskReport
from tenants.db import new_id
from tenants.scope import ScopedSession
from tests.work.carding import at

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 20)
STAMPS = {"done": "done_at", "verified": "verified_at", "closed": "closed_at"}


def task(
    session: ScopedSession,
    unit: UUID,
    *,
    steps: Sequence[tuple[str, datetime]] = (),
    told: Sequence[tuple[int, datetime]] = (),
    made: datetime | None = None,
    **values: Any,
) -> UUID:
    """A task issued on its first day, then ``steps`` (state, at) and ``told`` reports (progress, at)."""
    first = values.get("starts_on", FIRST)
    made = made or at(first, 8)
    history = [("issued", made), *steps]
    row: dict[str, Any] = {
        "id": new_id(),
        "title": "清理背街小巷",
        "unit_id": unit,
        "starts_on": first,
        "due_on": LAST,
        "state": history[-1][0],
        "version": len(history),
        "progress": told[-1][0] if told else 10_000 if history[-1][0] in STAMPS else 0,
        "created_at": made,
        "issued_at": made,
        "reported_at": told[-1][1] if told else None,
        "changed_at": max([moment for _, moment in history] + [moment for _, moment in told]),
    } | values
    row.setdefault("first_due_on", row["due_on"])
    session.add(Task(**row))
    for version, (state, moment) in enumerate(history, 1):
        before = history[version - 2][0] if version > 1 else None
        session.add(
            TaskEvent(task_id=row["id"], version=version, at=moment, verb=state, from_state=before, to_state=state)
        )
    for sequence, (progress, moment) in enumerate(told, 1):
        session.add(TaskReport(task_id=row["id"], sequence=sequence, day=moment.date(), progress=progress, at=moment))
    return row["id"]


def many(session: ScopedSession, unit: UUID, total: int, done: int, **values: Any) -> None:
    """So many tasks of a unit, the first ``done`` of them done on the first day."""
    for n in range(total):
        task(session, unit, steps=[("done", at(FIRST, 10))] if n < done else (), **values)
