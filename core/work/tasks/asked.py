"""What a step of a task is given (办理内容): read and checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.tables import Task
from core.work.tasks.moves import TaskMove
from core.work.tasks.surroundings import Surroundings, look_around
from core.work.tasks.work_photos import read_refs
from core.work.wording import read_text
from tenants.access import Actor

CHANGEABLE = ("title", "requirement", "weight", "starts_on", "due_on", "target", "person_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody gives a step (办理填写): ``progress`` in 1/100 %, ``done`` a total; ``changes`` by name of column."""

    note: str = ""
    progress: int | None = None
    done: Decimal | None = None
    measure: str = ""
    day: date | None = None
    photos: tuple[str, ...] = ()
    due_on: date | None = None
    person_id: UUID | None = None
    unit_id: UUID | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class TaskStep:
    """One step as it is taken (一次办理): who does what with which task, with what, and what is wrong with it so far."""

    session: Session
    actor: Actor | None
    task: Task
    move: TaskMove
    asked: Asked
    now: datetime
    around: Surroundings
    photos: list[UUID] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The district's day."""
        return local_day(self.now)

    def fault(self, message: str, name: str, value: object = "", remedy: str = "", **params: object) -> None:
        """Note that something is wrong."""
        self.faults.append(Fault(message, name, value=str(value)[:60], remedy=remedy, params=params))


_FIELDS = {"person": "person_id", "unit": "unit_id", "note": "note", "due_on": "due_on", "changes": "changes"}
_REMEDIES = {
    "person": N_("请选择责任人"),
    "unit": N_("请选择单位"),
    "note": N_("请写明原因或情况"),
    "due_on": N_("请填日期"),
    "changes": N_("请修改至少一项"),
}


def read_step(
    session: Session, actor: Actor | None, task: Task, move: TaskMove, asked: Asked, now: datetime
) -> TaskStep:
    """A step with what it was given, its common fields checked; what it does not take is refused. Faults are collected."""
    person = asked.changes.get("person_id", asked.person_id)
    around = look_around(
        session,
        local_day(now),
        units=[one for one in (task.unit_id, asked.unit_id) if one],
        people=[person] if person else [],
    )
    step = TaskStep(session, actor, task, move, asked, now, around)
    read_text(asked.note, "note", step.faults)
    for need in move.needs:
        name = _FIELDS.get(need)
        given = getattr(asked, name) if name else True
        if not (given.strip() if isinstance(given, str) else given):
            step.fault(N_("缺少这一项"), name or need, remedy=_REMEDIES[need])
    if person and person not in around.people:
        step.fault(N_("没有这个人，或已停用"), "person_id", remedy=N_("请从在用的人员中选择"))
    if asked.unit_id is not None and (fault := around.unit_fault("unit_id", asked.unit_id)) is not None:
        step.faults.append(fault)
    if unknown := [name for name in asked.changes if name not in CHANGEABLE]:
        remedy = N_("可以修改：名称、要求、权重、起止日期、目标量、责任人")
        step.fault(N_("这一项不能修改"), "changes", ", ".join(unknown), remedy)
    if "photos" in move.fields:
        step.photos = read_refs(session, asked.photos, step.faults)
    return step


def refuse_faults(step: TaskStep) -> None:
    """Raise InvalidInput when anything about the step is wrong."""
    if step.faults:
        raise InvalidInput(faults=step.faults)
