"""Everything on one project (项目详情), read at once for the page, the printed sheet and the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.projects.bill import items_of
from core.work.projects.counting import Counter, Told, progress_of
from core.work.projects.finishing import Lack, lacks_of
from core.work.projects.objects import dropped_of, objects_of
from core.work.projects.shares import shares_of
from core.work.projects.sight import Standing, standing_at
from core.work.projects.site_files import findings_of
from core.work.projects.stages import stages_of
from core.work.projects.states import COUNTER, FLOWS, MEASURED, RUNNING
from core.work.projects.steps import find_project
from core.work.tables import (
    Finding,
    Plan,
    PlanLine,
    Project,
    ProjectEvent,
    ProjectItem,
    ProjectObject,
    ProjectShare,
    ProjectStage,
    Site,
    Sponsorship,
    Task,
    WorkPhoto,
)
from core.work.tasks.photo_kinds import PROJECT
from core.work.tasks.sight import sees_task
from core.work.tasks.work_photos import photos_of
from tenants.access import Actor
from tenants.models import Person, Unit


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the bill with what follows from it (清单一行); ``counter`` of what counts down, with its list if it has one."""

    item: ProjectItem
    told: Told
    counter: Counter | None
    objects: Sequence[ProjectObject]


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows that a project names are called (名称)."""

    unit: str
    judge: str
    person: str
    site: str
    plan: str
    line: str
    task: Task | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A project in full (项目全貌). ``progress`` in 1/100 %; ``days_used`` and ``days_planned`` are calendar days."""

    project: Project
    standing: Standing
    names: Names
    stages: Sequence[ProjectStage]
    rows: Sequence[Row]
    shares: Sequence[ProjectShare]
    photos: Sequence[WorkPhoto]
    events: Sequence[ProjectEvent]
    findings: Sequence[Finding]
    sponsors: Sequence[str]
    lacks: Sequence[Lack]
    progress: int | None
    days_used: int
    days_planned: int
    on: date

    def of_flow(self, flow: str) -> list[Row]:
        """The lines of one flow; those of two are never shown in one sum."""
        return [one for one in self.rows if one.item.flow == flow]


def open_project(session: Session, actor: Actor, project_id: UUID, *, now: datetime) -> Opened:
    """One project for whoever sees it. Raises NotFound."""
    project, on = find_project(session, actor, project_id, now), local_day(now)
    rows = rows_of(session, project, on)
    measured = [one.told for one in rows if one.item.flow in MEASURED]
    events = select(ProjectEvent).where(ProjectEvent.project_id == project.id)
    return Opened(
        project,
        standing_at(session, actor, project, on),
        _names(session, actor, project, on),
        stages_of(session, project.id),
        rows,
        shares_of(session, project.id),
        photos_of(session, PROJECT, [project.id])[project.id],
        session.scalars(events.order_by(ProjectEvent.version.desc())).all(),
        findings_of(session, actor, project.id, on),
        _sponsors(session, project, on),
        lacks_of(session, project) if project.state == RUNNING else [],
        progress_of(measured),
        _days_used(project, on),
        (project.ends_on - project.starts_on).days + 1,
        on,
    )


def rows_of(session: Session, project: Project, on: date) -> list[Row]:
    """A project's lines in the order of their flows, with counters and lists."""
    items = items_of(session, project.id)
    listed = objects_of(session, [one.id for one in items if one.flow == COUNTER])
    rank = {flow: place for place, flow in enumerate(FLOWS)}
    found = [_row(project, one, listed, on) for one in items]
    return sorted(found, key=lambda row: (rank[row.item.flow], row.item.position))


def _row(project: Project, item: ProjectItem, listed: Mapping[UUID, Sequence[ProjectObject]], on: date) -> Row:
    objects = listed.get(item.id, ())
    told = Told(item.planned, item.done, item.planned_qualifier)
    if item.flow != COUNTER:
        return Row(item, told, None, objects)
    day = local_day(project.finished_at) if project.finished_at else on
    counter = Counter(item.planned, item.done, project.starts_on, project.ends_on, day, dropped_of(objects))
    return Row(item, told, counter, objects)


def _days_used(project: Project, on: date) -> int:
    last = local_day(project.finished_at) if project.finished_at else on
    return max((last - project.starts_on).days + 1, 0)


def _names(session: Session, actor: Actor, project: Project, on: date) -> Names:
    units = {one for one in (project.unit_id, project.acceptance_unit_id) if one}
    called = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units))).all())
    tenant = project.tenant_id
    site = session.get(Site, (tenant, project.site_id)) if project.site_id else None
    person = session.get(Person, (tenant, project.person_id)) if project.person_id else None
    plan = session.get(Plan, (tenant, project.plan_id)) if project.plan_id else None
    line = session.get(PlanLine, (tenant, project.line_id)) if project.line_id else None
    task = None
    if project.task_id:
        task = session.scalars(select(Task).where(Task.id == project.task_id, sees_task(actor, on))).first()
    return Names(
        called.get(project.unit_id, ""),
        called.get(project.acceptance_unit_id, "") if project.acceptance_unit_id else "",
        person.name if person else "",
        site.name if site else "",
        plan.title if plan else "",
        line.title if line else "",
        task,
    )


def _sponsors(session: Session, project: Project, on: date) -> list[str]:
    """Who sponsors it by its name or number (包保人), on a day."""
    named = or_(Sponsorship.project == project.title, Sponsorship.project == project.number)
    query = (
        select(Person.name, Unit.name, Sponsorship.title)
        .select_from(Sponsorship)
        .outerjoin(Person, (Person.tenant_id == Sponsorship.tenant_id) & (Person.id == Sponsorship.person_id))
        .outerjoin(Unit, (Unit.tenant_id == Sponsorship.tenant_id) & (Unit.id == Sponsorship.unit_id))
        .where(named, valid_on(Sponsorship, on))
        .order_by(Sponsorship.created_at, Sponsorship.id)
    )
    return [" · ".join(part for part in row if part) for row in session.execute(query)]
