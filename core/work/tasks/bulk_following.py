"""What follows a step of many (批量办理之后): numbers, helpers, what lies below, parents' progress, one note a unit, one line of the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, delete, literal, select, tuple_
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.journal import record_at
from core.work.papers.notes import tell
from core.work.tables import Task, TaskAssist
from core.work.tasks.bulk_writing import MassStep
from core.work.tasks.making import numbers_for
from core.work.tasks.progress import recount_parents
from core.work.tasks.states import CANCELLED, DRAFT
from core.work.tasks.steps import KIND
from core.work.tasks.telling import MANY_NOTE
from tenants.access import Actor

Write = Callable[..., None]
_TOLD: Mapping[str, str] = MappingProxyType(
    {
        "issue": N_("新任务：{count} 项"),
        "transfer": N_("新任务：{count} 项"),
        "change": N_("任务有修改：{count} 项"),
        "verify": N_("任务已核验通过：{count} 项"),
        "cancel": N_("任务已撤销：{count} 项"),
    }
)


def follow(
    session: Session,
    actor: Actor,
    verb: str,
    tasks: Sequence[Task],
    steps: Sequence[MassStep],
    note: str,
    *,
    now: datetime,
    write: Write,
) -> None:
    """Write the steps and all that follows them."""
    if not steps:
        return
    if verb == "issue":
        steps = _numbered(session, actor, tasks, steps, now)
    units = _units_told(tasks, steps)
    write(session, actor, steps, verb, note=note, now=now)
    if verb == "transfer":
        _drop_helpers(session, steps)
    if verb == "cancel":
        _cancel_below(session, actor, [step.id for step in steps], note, now, write)
    if verb == "cancel":
        recount_parents(session, [step.id for step in steps])
    if verb in _TOLD:
        _tell(session, actor, _TOLD[verb], units, now)
    record_at(session, now, actor, f"task.{verb}_many", KIND, "", count=len(steps))
    session.flush()


def _numbered(
    session: Session, actor: Actor, tasks: Sequence[Task], steps: Sequence[MassStep], now: datetime
) -> list[MassStep]:
    """Each draft with its number; one that was issued before keeps it."""
    bare = [task.id for task in tasks if task.number is None]
    numbers = dict(zip(bare, numbers_for(session, actor, len(bare), now), strict=True)) if bare else {}
    return [
        replace(step, values={**step.values, "number": numbers[step.id]}) if step.id in numbers else step
        for step in steps
    ]


def _units_told(tasks: Sequence[Task], steps: Sequence[MassStep]) -> dict[UUID, int]:
    """How many tasks each unit is told of: the one that has it afterwards; drafts that stay drafts are nobody's business."""
    found: dict[UUID, int] = {}
    for task, step in zip(tasks, steps, strict=True):
        if step.to_state == DRAFT or (task.number is None and step.to_state == CANCELLED):
            continue
        unit = step.values.get("unit_id", task.unit_id)
        found[unit] = found.get(unit, 0) + 1
    return found


def _tell(session: Session, actor: Actor, text: str, units: Mapping[UUID, int], now: datetime) -> None:
    for unit, count in units.items():
        tell(
            session,
            unit_ids=[unit],
            kind=MANY_NOTE,
            text=text,
            params={"count": count},
            object_kind="tasks",
            object_id=unit,
            now=now,
            but=actor.person_id,
        )


def _drop_helpers(session: Session, steps: Sequence[MassStep]) -> None:
    """A unit that leads now does not assist as well."""
    pairs = [(step.id, step.values["unit_id"]) for step in steps]
    own = delete(TaskAssist).where(tuple_(TaskAssist.task_id, TaskAssist.unit_id).in_(pairs))
    session.execute(own.execution_options(synchronize_session=False))


def _cancel_below(
    session: Session, actor: Actor, above: Sequence[UUID], note: str, now: datetime, write: Write
) -> None:
    """What is cancelled is cancelled with everything under it."""
    while above:
        listed = any_(literal(sorted(above), ARRAY(Uuid)))
        query = select(Task.id, Task.version, Task.state).where(Task.parent_id == listed, Task.state != CANCELLED)
        rows = session.execute(query.order_by(Task.id).with_for_update()).all()
        detail = {"above": True}
        below = [MassStep(row.id, row.version, row.state, CANCELLED, {"wanted_due_on": None}, detail) for row in rows]
        write(session, actor, below, "cancel", note=note, now=now)
        above = [step.id for step in below]
