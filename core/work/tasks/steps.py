"""Steps of a task (任务办理): one UPDATE with the expected version in its WHERE, and one line of history beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Stale
from core.work.calendar import ZONE
from core.work.journal import record_at
from core.work.tables import Task, TaskEvent
from core.work.tasks.states import STATES
from tenants.access import Actor

KIND = "task"


def step(
    session: Session,
    actor: Actor | None,
    task: Task,
    verb: str,
    *,
    version: int,
    now: datetime,
    to_state: str | None = None,
    values: Mapping[str, Any] | None = None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Task:
    """Take a step: raise the version, write history and trail. Who may, and from which state, is judged before.

    ``to_state`` None leaves the state; ``values`` are further columns; ``actor`` None is the product itself. Raises Stale for
    a lost race, naming the winner; then nothing is written.
    """
    session.flush()
    before = task.state
    changes = dict(values or {}) | {"state": to_state or before, "changed_at": now}
    done = session.execute(
        update(Task)
        .where(Task.id == task.id, Task.version == version, Task.state == before)
        .values(version=Task.version + 1, **changes)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    )
    won = done.first() is not None
    session.refresh(task)
    if not won:
        raise stale(session, task)
    event = TaskEvent(task_id=task.id, version=task.version, at=now, verb=verb, from_state=before, to_state=task.state)
    event.person_id, event.person_name = (actor.person_id, actor.name) if actor else (None, "")
    event.note, event.detail = note, dict(detail or {})
    session.add(event)
    record_at(session, now, actor, f"task.{verb}", KIND, task.id, number=task.number or "", version=task.version)
    session.flush()
    return task


def stale(session: Session, task: Task) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    query = select(TaskEvent).where(TaskEvent.task_id == task.id).order_by(TaskEvent.version.desc()).limit(1)
    last = session.scalars(query).one()
    return Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=last.person_name or N_("系统"),
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[task.state][0],
        state_code=task.state,
        version=task.version,
    )
