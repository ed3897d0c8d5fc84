"""Lists of projects (项目清单), with what a line of the list says of each: its stage, how far it is, its money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.projects.counting import Told, progress_of
from core.work.projects.sight import sees_project
from core.work.projects.stages import current_of, is_late
from core.work.projects.states import AT_WORK, MEASURED, OPEN_STATES, PASSED, RUNNING
from core.work.tables import Project, ProjectItem, ProjectShare, ProjectStage
from tenants.access import Actor, subtree
from tenants.models import Unit

OPEN = "open"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which projects (项目筛选); empty means all. ``unit_id`` stands for what lies under it; ``state`` open is all but the ended."""

    kind: str = ""
    state: str = ""
    unit_id: UUID | None = None
    campaign: str = ""
    plan_id: UUID | None = None
    line_id: UUID | None = None
    site_id: UUID | None = None
    task_id: UUID | None = None
    late: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A project in a list (清单一行). Money in fen; ``progress`` in 1/100 %, None without lines that tell it."""

    project: Project
    unit_name: str
    stage: str
    stages_passed: int
    stages: int
    late_stages: int
    progress: int | None
    planned: int
    paid: int
    late_days: int

    @property
    def is_late(self) -> bool:
        """Whether it is over its day, or a stage of it is."""
        return self.late_days > 0 or self.late_stages > 0


def list_projects(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    now: datetime,
    limit: int | None,
    after: tuple[date, UUID] | None = None,
) -> Sequence[Project]:
    """The projects in the actor's sight by their last day; ``after`` is day and id of the last one of the page before."""
    query = select(Project).where(*conditions(actor, wanted, local_day(now)))
    if after is not None:
        query = query.where(tuple_(Project.ends_on, Project.id) > tuple_(*after))
    return session.scalars(query.order_by(Project.ends_on, Project.id).limit(limit)).all()


def conditions(actor: Actor, wanted: Wanted, on: date) -> list[ColumnElement[bool]]:
    """The conditions on Project of what is wanted and of what the actor sees."""
    found = [sees_project(actor, on)]
    same = {
        "kind": wanted.kind,
        "campaign": wanted.campaign,
        "plan_id": wanted.plan_id,
        "line_id": wanted.line_id,
        "site_id": wanted.site_id,
        "task_id": wanted.task_id,
    }
    found += [getattr(Project, name) == value for name, value in same.items() if value]
    if wanted.state:
        found.append(Project.state.in_(OPEN_STATES) if wanted.state == OPEN else Project.state == wanted.state)
    if wanted.unit_id:
        found.append(Project.unit_id.in_(subtree(actor.tenant.id, wanted.unit_id, on)))
    if wanted.text:
        sought = f"%{wanted.text.replace('%', '').replace('_', '')}%"
        found.append(or_(Project.title.like(sought), Project.number.like(sought), Project.place.like(sought)))
    if wanted.late:
        found.append(_late(actor, on))
    return found


def _late(actor: Actor, on: date) -> ColumnElement[bool]:
    stage = exists().where(
        ProjectStage.tenant_id == actor.tenant.id,
        ProjectStage.project_id == Project.id,
        ProjectStage.state != PASSED,
        ProjectStage.planned_on < on,
    )
    running = (Project.state == RUNNING) & stage.correlate(Project)
    return or_(running, Project.state.in_(AT_WORK) & (Project.ends_on < on))


def lines_of(session: Session, projects: Sequence[Project], on: date) -> list[Line]:
    """What the list says of some projects, in their order (four queries)."""
    ids = [one.id for one in projects]
    stages: dict[UUID, list[ProjectStage]] = defaultdict(list)
    for stage in session.scalars(
        select(ProjectStage).where(ProjectStage.project_id.in_(ids)).order_by(ProjectStage.position)
    ):
        stages[stage.project_id].append(stage)
    progress = progresses(session, ids)
    money = _money(session, ids)
    units = {one.unit_id for one in projects}
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units))).all())
    return [
        _line(one, names.get(one.unit_id, ""), stages[one.id], progress.get(one.id), money.get(one.id, (0, 0)), on)
        for one in projects
    ]


def _line(
    project: Project, name: str, stages: Sequence[ProjectStage], progress: int | None, money: tuple[int, int], on: date
) -> Line:
    current, working = current_of(stages), project.state in AT_WORK
    late = sum(1 for one in stages if one.state != PASSED and is_late(one, on)) if project.state == RUNNING else 0
    return Line(
        project,
        name,
        current.title if current else "",
        sum(1 for one in stages if one.state == PASSED),
        len(stages),
        late,
        progress,
        *money,
        max((on - project.ends_on).days, 0) if working else 0,
    )


def progresses(session: Session, project_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How far projects are, in 1/100 %, by their counters and outputs; those without such lines are left out (one query)."""
    lines: dict[UUID, list[Told]] = defaultdict(list)
    query = select(ProjectItem.project_id, ProjectItem.planned, ProjectItem.done, ProjectItem.planned_qualifier).where(
        ProjectItem.project_id.in_(project_ids), ProjectItem.flow.in_(MEASURED)
    )
    for project_id, planned, done, qualifier in session.execute(query):
        lines[project_id].append(Told(planned, done, qualifier))
    told = {key: progress_of(rows) for key, rows in lines.items()}
    return {key: value for key, value in told.items() if value is not None}


def _money(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, int]]:
    query = select(ProjectShare.project_id, func.sum(ProjectShare.planned), func.sum(ProjectShare.paid)).where(
        ProjectShare.project_id.in_(ids)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in session.execute(query.group_by(ProjectShare.project_id))}


def projects_of_tasks(
    session: Session, actor: Actor, task_ids: Sequence[UUID], on: date
) -> dict[UUID, list[tuple[Project, int | None]]]:
    """The projects that carry out tasks, as far as the actor sees them, each with how far it is (1/100 %)."""
    found: dict[UUID, list[tuple[Project, int | None]]] = {one: [] for one in task_ids}
    query = select(Project).where(Project.task_id.in_(task_ids), sees_project(actor, on))
    projects = session.scalars(query.order_by(Project.starts_on, Project.id)).all() if task_ids else []
    progress = progresses(session, [one.id for one in projects])
    for one in projects:
        if one.task_id is not None:
            found[one.task_id].append((one, progress.get(one.id)))
    return found
