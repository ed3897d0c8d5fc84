"""Open tasks follow their unit's heir (任务承接): with a reorganisation, one line of history each, in a few statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text

from core.work.bulk import ask
from core.work.tables import Task, TaskAssist, TaskEvent
from core.work.tasks.moves import MOVE
from core.work.tasks.states import BEFORE_DONE
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit
from tenants.scope import ScopedSession

_MOVED = text("""
UPDATE task t SET unit_id = n.unit, version = t.version + 1, changed_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:units AS uuid[])) AS n(id, unit)
WHERE t.tenant_id = :tenant AND t.id = n.id
""")


def move_tasks(
    session: ScopedSession, actor: Actor | None, heirs: Mapping[UUID, UUID], *, note: str, now: datetime
) -> int:
    """Give the heirs the drafts and open tasks of units that end, and their part as assisting units; gives how many tasks moved.

    What is done already keeps the unit that did it. ``actor`` None is the product itself.
    """
    if not heirs:
        return 0
    query = select(Task).where(Task.unit_id.in_(heirs), Task.state.in_(BEFORE_DONE)).order_by(Task.id)
    rows = session.scalars(query.with_for_update(of=Task), execution_options={"populate_existing": True}).all()
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_({*heirs, *heirs.values()}))).all())
    session.add_all(_event(row, heirs[row.unit_id], names, actor, note, now) for row in rows)
    session.flush()
    if rows:
        ids, units = [row.id for row in rows], [heirs[row.unit_id] for row in rows]
        ask(session, _MOVED, {"tenant": session.tenant_id, "ids": ids, "units": units, "now": now})
        for row in rows:
            session.expire(row)
    _assists(session, heirs)
    return len(rows)


def _event(
    row: Task, heir: UUID, names: Mapping[UUID, str], actor: Actor | None, note: str, now: datetime
) -> TaskEvent:
    detail: dict[str, Any] = {"unit_id": [str(row.unit_id), str(heir)], "unit": [names[row.unit_id], names[heir]]}
    return TaskEvent(
        task_id=row.id,
        version=row.version + 1,
        id=new_id(),
        at=now,
        verb=MOVE,
        from_state=row.state,
        to_state=row.state,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
        note=note,
        detail=detail,
    )


def _assists(session: ScopedSession, heirs: Mapping[UUID, UUID]) -> None:
    """The heir assists where the unit did, unless it leads there or assists already."""
    open_ones = select(Task.id).where(Task.tenant_id == session.tenant_id, Task.state.in_(BEFORE_DONE))
    old = session.execute(
        select(TaskAssist.task_id, TaskAssist.unit_id).where(
            TaskAssist.unit_id.in_(heirs), TaskAssist.task_id.in_(open_ones)
        )
    ).all()
    if not old:
        return
    ids = {row[0] for row in old}
    helping = session.execute(select(TaskAssist.task_id, TaskAssist.unit_id).where(TaskAssist.task_id.in_(ids)))
    leading = session.execute(select(Task.id, Task.unit_id).where(Task.id.in_(ids)))
    there = {(row[0], row[1]) for row in (*helping, *leading)}
    gone = TaskAssist.unit_id.in_(heirs), TaskAssist.task_id.in_(ids)
    session.execute(delete(TaskAssist).where(*gone).execution_options(synchronize_session="fetch"))
    wanted = {(task, heirs[unit]) for task, unit in old} - there
    session.add_all(TaskAssist(task_id=task, unit_id=unit) for task, unit in sorted(wanted))
    session.flush()
