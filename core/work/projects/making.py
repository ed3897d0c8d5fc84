"""Sets up a project and changes what it says (建立项目): everything is checked first, and every fault is named at its field."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.places.reaching import reaches_site
from core.work.plans.sight import sees_plan
from core.work.projects.notes import tell_made
from core.work.projects.shares import gap_of, shares_of
from core.work.projects.states import CHANGE, CREATE, DRAFT, KINDS, OPEN, SITE_FILE, TEMPLATES, WAITING
from core.work.projects.steps import need_reason, open_kept, refuse_faults, step, write_event
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.serials import take_serials
from core.work.tables import Plan, PlanLine, Project, ProjectStage, Site, Task
from core.work.tasks.sight import sees_task
from core.work.wording import read_text, shown
from tenants.access import Actor, may, subtree
from tenants.db import new_id
from tenants.models import Person, Unit

LONGEST_TITLE = 200
PERIOD_YEARS = 20  # no project lasts longer (ours)


@dataclass(frozen=True, slots=True)
class ProjectWish:
    """What a project shall say (项目要素). ``cost`` in fen; days are whole days, the last one included."""

    kind: str
    title: str
    unit_id: UUID | None
    starts_on: date | None
    ends_on: date | None
    place: str = ""
    site_id: UUID | None = None
    person_id: UUID | None = None
    campaign: str = ""
    plan_id: UUID | None = None
    line_id: UUID | None = None
    task_id: UUID | None = None
    problem: str = ""
    contractor: str = ""
    contract: str = ""
    cost: int | None = None
    cost_qualifier: str = "exact"
    acceptance_unit_id: UUID | None = None


_TEXTS = {"place": 200, "problem": 2000, "contractor": 200, "contract": 200}


def create_project(session: Session, actor: Actor, wish: ProjectWish, *, now: datetime) -> Project:
    """Set up a project with the stages of its kind (建立项目).

    By who answers for the unit or directs it. Raises Forbidden, InvalidInput with every fault.
    """
    on = local_day(now)
    if not (actor.has(DIRECT) or actor.has(ANSWER)):
        raise Forbidden(N_("由项目的责任单位办理，或由派遣它的创建办办理"))
    values = _checked(session, actor, wish, on)
    year = on.year
    (serial,) = take_serials(session, actor, f"project-{year}")
    project = Project(
        **values,
        id=new_id(),
        number=f"XM-{year}-{serial:04d}",
        state=DRAFT,
        created_by=actor.name,
        created_at=now,
        changed_at=now,
    )
    session.add(project)
    session.flush()
    session.add_all(template_stages(project))
    write_event(session, actor, project, CREATE, from_state=None, now=now)
    tell_made(session, project, now=now, by=actor.person_id)
    return project


def template_stages(project: Project) -> list[ProjectStage]:
    """The stages of the project's kind, their days spread evenly from its first day to its last."""
    template = TEMPLATES[project.kind]
    span = (project.ends_on - project.starts_on).days
    return [
        ProjectStage(
            project_id=project.id,
            position=place,
            title=one.title,
            gate=one.gate,
            needs_photo=one.photo,
            by_other=one.other,
            planned_on=project.starts_on + timedelta(days=span * place // len(template)),
            state=OPEN if place == 1 else WAITING,
        )
        for place, one in enumerate(template, start=1)
    ]


def change_project(
    session: Session,
    actor: Actor,
    project_id: UUID,
    wish: ProjectWish,
    *,
    version: int,
    reason: str = "",
    now: datetime,
) -> Project:
    """Change what a project says; once it runs a reason is needed, and the history keeps what stood there.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput.
    """
    project, _standing = open_kept(session, actor, project_id, now, version)
    values = _checked(session, actor, wish, local_day(now), project)
    differs = {name: value for name, value in values.items() if getattr(project, name) != value}
    faults: list[Fault] = []
    if project.state != DRAFT and differs:
        need_reason(reason, faults, "reason", N_("启动后的修改要写明原因"))
    if "cost" in differs and (shares := shares_of(session, project.id)):
        faults += gap_of([share.planned for share in shares], differs["cost"], "cost")
    refuse_faults(faults)
    detail = {"changes": {name: [_plain(getattr(project, name)), _plain(value)] for name, value in differs.items()}}
    return step(
        session, actor, project, CHANGE, version=version, values=differs, note=reason.strip(), detail=detail, now=now
    )


def wish_of(project: Project) -> ProjectWish:
    """A project as the wish that would make it."""
    return ProjectWish(**{one.name: getattr(project, one.name) for one in fields(ProjectWish)})


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, type(None))) else str(value)


def _checked(session: Session, actor: Actor, wish: ProjectWish, on: date, old: Project | None = None) -> dict[str, Any]:
    faults: list[Fault] = []
    values: dict[str, Any] = {one.name: getattr(wish, one.name) for one in fields(ProjectWish)}
    values["title"] = read_text(wish.title, "title", faults, LONGEST_TITLE)
    values |= {name: read_text(getattr(wish, name), name, faults, most) for name, most in _TEXTS.items()}
    if not values["title"] and not faults:
        faults.append(Fault(N_("缺少项目名称"), "title", remedy=N_("请填写，例如：麻巷提升改造")))
    if wish.kind not in KINDS or (old is not None and old.kind != wish.kind):
        faults.append(Fault(N_("没有这种项目"), "kind", value=shown(wish.kind), remedy=N_("请从列出的选项中选择")))
    faults += _days(wish)
    if wish.cost is not None and wish.cost < 0:
        faults.append(Fault(N_("金额不能为负"), "cost", remedy=N_("请填不小于 0 的数")))
    faults += _units(session, actor, wish, on, old)
    faults += _links(session, actor, wish, on, old)
    refuse_faults(faults)
    return values


def _days(wish: ProjectWish) -> list[Fault]:
    found = [
        Fault(N_("请填写"), name, remedy=N_("请填日期，例如 2026-11-22"))
        for name in ("starts_on", "ends_on")
        if getattr(wish, name) is None
    ]
    if wish.starts_on and wish.ends_on:
        if wish.ends_on < wish.starts_on:
            said = wish.ends_on.isoformat()
            found.append(Fault(N_("完工日期早于开工日期"), "ends_on", value=said, remedy=N_("请核对两个日期")))
        elif wish.ends_on.year - wish.starts_on.year > PERIOD_YEARS:
            found.append(Fault(N_("工期过长"), "ends_on", value=wish.ends_on.isoformat(), remedy=N_("请核对两个日期")))
    return found


def _units(session: Session, actor: Actor, wish: ProjectWish, on: date, old: Project | None) -> list[Fault]:
    found: list[Fault] = []
    choose = N_("请从列出的单位中选一个")
    same = old is not None and old.unit_id == wish.unit_id
    if not same and (wish.unit_id is None or not _stands(session, wish.unit_id, on)):
        found.append(Fault(N_("没有这个单位，或它已经撤销"), "unit_id", value=shown(wish.unit_id or ""), remedy=choose))
    elif not same and not _answers(session, actor, wish, on):
        found.append(Fault(N_("您的岗位不负责这个单位"), "unit_id", remedy=choose))
    judge = wish.acceptance_unit_id
    if judge is not None and (old is None or old.acceptance_unit_id != judge) and not _stands(session, judge, on):
        found.append(Fault(N_("没有这个单位，或它已经撤销"), "acceptance_unit_id", value=shown(judge), remedy=choose))
    elif judge is not None and wish.unit_id is not None and _inside(session, actor, judge, wish.unit_id, on):
        remedy = N_("请选责任单位以外的单位验收")
        found.append(Fault(N_("责任单位不能验收自己的项目"), "acceptance_unit_id", remedy=remedy))
    if wish.person_id is not None and session.get(Person, (actor.tenant.id, wish.person_id)) is None:
        found.append(Fault(N_("没有这个人员"), "person_id", remedy=N_("请从列出的选项中选择")))
    return found


def _answers(session: Session, actor: Actor, wish: ProjectWish, on: date) -> bool:
    verbs, campaign = (DIRECT, ANSWER), wish.campaign or None
    return any(may(session, actor, verb, wish.unit_id, on, campaign=campaign) for verb in verbs)


def _inside(session: Session, actor: Actor, judge: UUID, unit_id: UUID, on: date) -> bool:
    """Whether the accepting unit is the one that builds, or a part of it."""
    if judge == unit_id:
        return True
    found = subtree(actor.tenant.id, unit_id, on)
    return session.scalar(select(Unit.id).where(Unit.id == judge, Unit.id.in_(found))) is not None


def _stands(session: Session, unit_id: UUID, on: date) -> bool:
    return session.scalar(select(Unit.id).where(Unit.id == unit_id, valid_on(Unit, on))) is not None


def _links(session: Session, actor: Actor, wish: ProjectWish, on: date, old: Project | None) -> list[Fault]:
    """What else the project names must be there, and be the actor's to see."""
    found: list[Fault] = []
    if wish.kind == SITE_FILE and wish.site_id is None:
        found.append(Fault(N_("一场一策要写明是哪个点位"), "site_id", remedy=N_("请选一个点位")))
    named: list[tuple[str, Any, ColumnElement[bool]]] = [
        ("site_id", Site, reaches_site(actor, SEE, on)),
        ("plan_id", Plan, sees_plan(actor, on)),
        ("line_id", PlanLine, PlanLine.plan_id == wish.plan_id),
        ("task_id", Task, sees_task(actor, on)),
    ]
    for name, table, seen in named:
        said = getattr(wish, name)
        if said is None or (old is not None and getattr(old, name) == said):
            continue
        if session.scalar(select(table.id).where(table.id == said, seen)) is None:
            found.append(Fault(N_("没有找到"), name, value=shown(said), remedy=N_("请从列出的选项中选择")))
    return found
