"""Reads one task (任务详情): where it stands, its parent and parts as far as the reader may see them, reports, photos, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.loop.sight import sees_finding
from core.work.tables import Finding, Plan, PlanLine, Task, TaskAssist, TaskEvent, TaskReport, WorkPhoto
from core.work.tasks.listing import TaskFilter, TaskRow, list_tasks, with_names
from core.work.tasks.photo_kinds import TASK
from core.work.tasks.sight import get_task, sees_task
from core.work.tasks.work_photos import photos_of
from tenants.access import Actor, subtree
from tenants.models import Holding, Person, Post, Unit, UnitPath

MOST_CHILDREN = 100  # on the page; the list shows all of them


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """One task as its page shows it (任务详情); ``photos`` by the version with which they came."""

    row: TaskRow
    phone: str
    parent: Task | None
    children: Sequence[TaskRow]
    assists: Sequence[tuple[UUID, str]]
    reports: Sequence[TaskReport]
    events: Sequence[TaskEvent]
    photos: Mapping[int, Sequence[WorkPhoto]]
    plan: str
    line: str
    finding: Finding | None

    @property
    def returns(self) -> int:
        """How often it was returned."""
        return sum(one.verb == "return" for one in self.events)

    @property
    def extensions(self) -> int:
        """How often its day was put off."""
        return sum(one.verb == "grant" for one in self.events)

    @property
    def taken_late(self) -> bool:
        """Whether it was accepted later than the district's time for that, the last time."""
        taken = next((one for one in self.events if one.verb == "accept"), None)
        return taken is not None and bool(taken.detail.get("late"))


def read_task(session: Session, actor: Actor, task_id: UUID, day: date) -> TaskSeen:
    """One task with everything about it. Raises NotFound."""
    task = get_task(session, actor, task_id, day)
    [row] = with_names(session, [task])
    seen = sees_task(actor, day)
    above = select(Task).where(Task.id == task.parent_id, seen)
    person = select(Person.phone).where(Person.id == task.person_id, Person.state == "active")
    named = (TaskAssist.unit_id == Unit.id) & (TaskAssist.tenant_id == Unit.tenant_id)
    assists = (
        select(Unit.id, Unit.name).join(TaskAssist, named).where(TaskAssist.task_id == task.id).order_by(Unit.pinyin)
    )
    reports = select(TaskReport).where(TaskReport.task_id == task.id).order_by(TaskReport.sequence.desc())
    events = select(TaskEvent).where(TaskEvent.task_id == task.id).order_by(TaskEvent.version.desc())
    photos: dict[int, list[WorkPhoto]] = {}
    for photo in photos_of(session, TASK, [task.id])[task.id]:
        photos.setdefault(photo.step, []).append(photo)
    parts = TaskFilter(parent_id=task.id)
    return TaskSeen(
        row=row,
        phone=(session.scalar(person) or "") if task.person_id else "",
        parent=session.scalars(above).first() if task.parent_id else None,
        children=[] if task.leaf else list_tasks(session, actor, parts, day=day, size=MOST_CHILDREN),
        assists=[(one[0], one[1]) for one in session.execute(assists)],
        reports=session.scalars(reports).all(),
        events=session.scalars(events).all(),
        photos=photos,
        plan=(session.scalar(select(Plan.title).where(Plan.id == task.plan_id)) or "") if task.plan_id else "",
        line=(session.scalar(select(PlanLine.title).where(PlanLine.id == task.line_id)) or "") if task.line_id else "",
        finding=_finding(session, actor, task, day),
    )


def _finding(session: Session, actor: Actor, task: Task, day: date) -> Finding | None:
    """The finding that a task came from, when the reader may know of it."""
    if task.source != "finding" or task.source_id is None:
        return None
    return session.scalars(select(Finding).where(Finding.id == task.source_id, sees_finding(actor, day))).first()


def people_at(session: Session, unit_id: UUID, day: date) -> list[tuple[UUID, str]]:
    """Who holds a post at a unit or below it, by pinyin: those who can be named in charge."""
    held = (
        select(Holding.person_id)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .where(Post.unit_id.in_(subtree(int(session.tenant_id), unit_id, day)), valid_on(Holding, day))  # type: ignore[attr-defined]  # a ScopedSession
    )
    query = select(Person.id, Person.name).where(Person.id.in_(held), Person.state == "active")
    return [(row[0], row[1]) for row in session.execute(query.order_by(Person.pinyin, Person.id))]


def units_under(session: Session, unit_id: UUID, day: date) -> list[tuple[UUID, str]]:
    """The units below one on a day, the nearest first: those to which a part of its task can be given."""
    query = (
        select(Unit.id, Unit.name)
        .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.unit_id == Unit.id))
        .where(UnitPath.ancestor_id == unit_id, UnitPath.depth > 0, valid_on(UnitPath, day), valid_on(Unit, day))
        .order_by(UnitPath.depth, Unit.pinyin, Unit.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
