"""Steps of many tasks at once (批量留痕): few statements for any number of tasks, and one line of history each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, TextClause, Uuid, any_, literal, select, text
from sqlalchemy.orm import Session

from core.work.bulk import insert_rows
from core.work.tables import Task, TaskEvent
from tenants.access import Actor

Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MassStep:
    """One task's part (一项任务的办理): what was read of it, the columns that change, what its line of history says."""

    id: UUID
    version: int
    state: str
    to_state: str
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


def lock_versions(session: Session, tasks: Sequence[UUID]) -> dict[UUID, int]:
    """Lock some tasks until the end of the transaction, always in one order; gives the versions that stand now."""
    listed = any_(literal(sorted(tasks), ARRAY(Uuid)))
    query = select(Task.id, Task.version).where(Task.id == listed).order_by(Task.id).with_for_update()
    return {row[0]: row[1] for row in session.execute(query)}


def write_steps(
    session: Session, actor: Actor, steps: Sequence[MassStep], verb: str, *, note: str, now: datetime
) -> None:
    """Write steps of tasks that are locked at just these versions: columns, version, state, and a line of history each."""
    if not steps:
        return
    session.flush()
    rows = [{"id": one.id, "state": one.to_state, **one.values} for one in steps]
    _update(session, actor.tenant.id, rows, now)
    events = [
        {
            "task_id": one.id,
            "version": one.version + 1,
            "at": now,
            "verb": verb,
            "from_state": one.state,
            "to_state": one.to_state,
            "person_id": actor.person_id,
            "person_name": actor.name,
            "note": note,
            "detail": dict(one.detail),
        }
        for one in steps
    ]
    insert_rows(session, actor, TaskEvent, events)
    for one in steps:
        known = session.identity_map.get(session.identity_key(Task, (actor.tenant.id, one.id)))
        if known is not None:
            session.expire(known)


def _update(session: Session, tenant: int, rows: Sequence[Change], now: datetime) -> None:
    """One UPDATE for each set of columns, its rows as one JSON text; they are locked, so the version can only be the one that was read."""
    shapes: dict[tuple[str, ...], list[Change]] = {}
    for row in rows:
        shapes.setdefault(tuple(sorted(row.keys() - {"id"})), []).append(row)
    for shape, alike in shapes.items():
        session.connection().execute(_statement(shape), {"tenant": tenant, "now": now, "rows": _json(alike)})


@cache
def _statement(columns: tuple[str, ...]) -> TextClause:
    known = Task.__table__.columns.keys()
    assert set(columns) <= set(known)
    values = ", ".join(f'"{name}" = r."{name}"' for name in columns)
    return text(
        f"UPDATE task t SET {values}, version = t.version + 1, changed_at = :now"  # noqa: S608 - our own names
        " FROM jsonb_populate_recordset(CAST(NULL AS task), CAST(:rows AS jsonb)) r"
        " WHERE t.tenant_id = :tenant AND t.id = r.id"
    )


def _json(rows: Sequence[Change]) -> str:
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: Any) -> str:
    """What JSON has no word for."""
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(type(value).__name__)
