"""Tasks from a workbook (任务导入): kept, tried beside the request, confirmed by whoever sent it, then written part by part.

A row is known by its number, or by what it says, so that a workbook which is brought in twice, or taken up again after a
worker was lost, makes nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core.campaigns.registry import Registry
from core.errors import N_, Conflict, Forbidden, NotFound, SanchengError
from core.work.actors import resolve_actor
from core.work.calendar import local_day
from core.work.journal import record_at
from core.work.queue import TURN, enqueue
from core.work.roles import DIRECT
from core.work.tables import TaskImport
from core.work.tasks.importing_answer import pack_told, told_of
from core.work.tasks.importing_compare import Comparison, compare
from core.work.tasks.importing_names import Names
from core.work.tasks.importing_sheet import Options, count_rows, read_lines, read_tasks, stored_options
from core.work.tasks.importing_writing import PART, counts_of, parents_in, write_changes, write_part
from tenants.access import Actor, TenantRef
from tenants.db import new_id
from tenants.scope import ScopedSession

TASK_IMPORT = "task_import"  # the part of a tenant's turn that does it, and its lock
WAITING, READING, TRIED, WRITING, FINISHED, FAILED = "waiting", "reading", "tried", "writing", "finished", "failed"
RUNNING = (WAITING, READING, WRITING)
STATES = {
    WAITING: N_("等待检查"),
    READING: N_("正在检查"),
    TRIED: N_("已检查，等待确认"),
    WRITING: N_("正在导入"),
    FINISHED: N_("已导入"),
    FAILED: N_("没有导入"),
}


@dataclass(slots=True)
class Writing:
    """A workbook on its way in (导入进行中): what is to be written, and the part that comes next."""

    id: UUID
    actor: Actor
    options: Options
    found: Comparison
    parents: frozenset[str]
    created: int
    changed: int
    start: int = 0

    @property
    def over(self) -> bool:
        """Whether all parts are written."""
        return self.start >= len(self.found.wishes)


def keep(
    session: ScopedSession, actor: Actor, *, name: str, data: bytes, options: Options, now: datetime
) -> TaskImport:
    """Keep a workbook and ask for its trial. Raises Forbidden; InvalidInput and TooLarge for what cannot be read at all."""
    _permit(actor)
    workbook = read_tasks(data, name)
    made = TaskImport(
        id=new_id(),
        name=name[-120:],
        sha256=hashlib.sha256(data).hexdigest(),
        body=data,
        options=options.stored(),
        row_count=count_rows(workbook),
        result={"ignored": list(workbook.ignored[:40])},
        person_id=actor.person_id,
        person_name=actor.name,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    record_at(session, now, actor, "task.import_check", "task_import", made.id, file=made.name, rows=made.row_count)
    session.flush()
    enqueue(session, TURN, lock=TASK_IMPORT, name=TASK_IMPORT)
    return made


def _permit(actor: Actor) -> None:
    if not actor.has(DIRECT):
        raise Forbidden(N_("您的岗位不能导入任务；请联系创建办"))


def get_import(session: ScopedSession, actor: Actor, import_id: UUID) -> TaskImport:
    """An import of one's own, or for whoever directs everything any. Raises NotFound."""
    found = session.scalars(select(TaskImport).where(TaskImport.id == import_id)).first()
    if found is None or not (found.person_id == actor.person_id or actor.covers(DIRECT)):
        raise NotFound
    return found


def list_imports(session: ScopedSession, actor: Actor, most: int = 20) -> Sequence[Any]:
    """The last imports that the actor may know of, the newest first, without their files."""
    query = select(
        *(TaskImport.id, TaskImport.name, TaskImport.state, TaskImport.row_count, TaskImport.rows_done),
        *(TaskImport.result, TaskImport.person_name, TaskImport.created_at, TaskImport.finished_at),
    )
    if not actor.covers(DIRECT):
        query = query.where(TaskImport.person_id == actor.person_id)
    return session.execute(query.order_by(TaskImport.created_at.desc(), TaskImport.id.desc()).limit(most)).all()


def confirm(session: ScopedSession, actor: Actor, import_id: UUID, *, now: datetime) -> TaskImport:
    """Let what was tried be written: the rows that are accepted. Raises NotFound, Forbidden and Conflict."""
    _permit(actor)
    get_import(session, actor, import_id)
    query = select(TaskImport).where(TaskImport.id == import_id).with_for_update()
    found = session.scalars(query, execution_options={"populate_existing": True}).one()
    if found.state != TRIED:
        raise Conflict(N_("这个文件现在是“{state}”，不能确认"), state=STATES[found.state])
    found.state, found.rows_done, found.changed_at = WRITING, 0, now
    record_at(session, now, actor, "task.import_confirm", "task_import", found.id, file=found.name)
    session.flush()
    enqueue(session, TURN, lock=TASK_IMPORT, name=TASK_IMPORT)
    return found


def next_import(session: ScopedSession, now: datetime) -> tuple[UUID, str] | None:
    """The oldest import that is to be tried or written; one that is to be tried is begun."""
    query = select(TaskImport.id, TaskImport.state).where(TaskImport.state.in_(RUNNING))
    row = session.execute(query.order_by(TaskImport.created_at, TaskImport.id).limit(1)).first()
    if row is None:
        return None
    if row.state == WRITING:
        return row.id, WRITING
    _set(session, row.id, now, state=READING)
    return row.id, READING


def try_import(
    session: ScopedSession, tenant: TenantRef, import_id: UUID, *, now: datetime, registry: Registry
) -> None:
    """Compare the workbook with what stands, and say what it would do; nothing is written but that."""
    row = _row(session, import_id)
    actor = _actor(session, tenant, row.person_id, now)
    found = _compared(session, actor, row, now, registry)
    told = told_of(found.lines)
    row.result = row.result | dict(counts_of(found)) | {"remarks": sum(1 for _ in told.remarks())}
    row.answer, row.rows_done, row.state, row.changed_at = pack_told(told), row.row_count, TRIED, now
    session.flush()


def begin_writing(
    session: ScopedSession, tenant: TenantRef, import_id: UUID, *, now: datetime, registry: Registry
) -> Writing:
    """Write what rows change, and give what is to be made; what an earlier worker has made is found there as the same."""
    row = _row(session, import_id)
    actor = _actor(session, tenant, row.person_id, now)
    found = _compared(session, actor, row, now, registry)
    before = row.result.get("written", {})
    changed = before.get("changed", 0) + write_changes(session, actor, found.changes, now=now)
    writing = Writing(
        import_id,
        actor,
        stored_options(row.options),
        found,
        parents_in(found.lines),
        before.get("created", 0),
        changed,
    )
    _tell_how_far(session, row, writing, now)
    return writing


def write_next(session: ScopedSession, writing: Writing, *, now: datetime) -> None:
    """Make the tasks of the next part."""
    row = _row(session, writing.id)
    options = writing.options
    made = write_part(
        session,
        writing.actor,
        writing.found,
        writing.start,
        now=now,
        issue=options.issue,
        parents=writing.parents,
    )
    writing.created += made
    writing.start += PART
    _tell_how_far(session, row, writing, now)


def _tell_how_far(session: ScopedSession, row: TaskImport, writing: Writing, now: datetime) -> None:
    left = sum(1 for line, _ in writing.found.wishes[writing.start :] if not line.faults)
    row.rows_done, row.changed_at = row.row_count - left, now
    row.result = row.result | {"written": {"created": writing.created, "changed": writing.changed}}
    session.flush()


def finish(session: ScopedSession, writing: Writing, *, now: datetime) -> None:
    """Say what was done, leave a line in the trail, and forget the files of earlier imports."""
    row = _row(session, writing.id)
    told, refused = told_of(writing.found.lines), len(writing.found.refused)
    same = row.row_count - writing.created - writing.changed - refused
    counts = {"created": writing.created, "changed": writing.changed, "same": same, "refused": refused}
    row.result = row.result | counts | {"remarks": sum(1 for _ in told.remarks())}
    row.answer, row.rows_done, row.state = pack_told(told), row.row_count, FINISHED
    row.changed_at = row.finished_at = now
    record_at(session, now, writing.actor, "task.import", "task_import", row.id, file=row.name, **counts)
    session.flush()
    earlier = TaskImport.id != row.id, TaskImport.state.in_((TRIED, FINISHED, FAILED)), TaskImport.created_at < now
    old = update(TaskImport).where(*earlier, TaskImport.created_at < row.created_at, TaskImport.body.is_not(None))
    session.execute(old.values(body=None, answer=None).execution_options(synchronize_session=False))


def fail(session: ScopedSession, import_id: UUID, error: SanchengError | None, *, now: datetime) -> None:
    """Say that an import broke off, and why; what it has written by then stays, and is found again by the next one."""
    row = _row(session, import_id)
    said = error.message if error else N_("导入时出了差错，已经记录；请再试一次")
    row.result = row.result | {"error": said, "params": _plain(error.params) if error else {}}
    row.state, row.changed_at, row.finished_at = FAILED, now, now
    session.flush()


def _row(session: ScopedSession, import_id: UUID) -> TaskImport:
    return session.scalars(select(TaskImport).where(TaskImport.id == import_id)).one()


def _plain(params: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}


def _compared(session: ScopedSession, actor: Actor, row: TaskImport, now: datetime, registry: Registry) -> Comparison:
    options = stored_options(row.options)
    workbook = read_tasks(row.body or b"", row.name)
    names = Names(session, actor, local_day(now), registry)
    return compare(session, actor, read_lines(workbook, names, options), now=now, issue=options.issue)


def _actor(session: ScopedSession, tenant: TenantRef, person_id: UUID | None, now: datetime) -> Actor:
    """Whoever sent the file, with what he may do today."""
    found = resolve_actor(session, tenant, person_id, local_day(now)) if person_id else None
    if found is None or not found.has(DIRECT):
        raise Forbidden(N_("导入的人现在没有下达任务的权限"))
    return found


def _set(session: ScopedSession, import_id: UUID, now: datetime, **values: Any) -> None:
    change = update(TaskImport).where(TaskImport.id == import_id).values(changed_at=now, **values)
    session.execute(change.execution_options(synchronize_session=False))
