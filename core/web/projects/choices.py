"""What the forms of projects offer (项目表单选项): units, people, sites, plans with their lines, tasks, campaigns."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.request import actor, db
from core.web.places.site_words import campaign_titles, unit_options
from core.web.words import by_locale
from core.work.dated import valid_on
from core.work.places.reaching import reaches_site
from core.work.plans.sight import sees_plan
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tables import Plan, PlanLine, Project, QuantityKind, Site, Task
from core.work.tasks.sight import sees_task
from core.work.tasks.states import OPEN_STATES
from tenants.models import Unit

MOST = 500
Options = list[tuple[str, str]]


def own_units(on: date) -> Options:
    """The units for which the actor may set up a project."""
    verb = DIRECT if actor().has(DIRECT) else ANSWER
    return unit_options(db(), actor(), on, verb)


def judging_units(on: date) -> Options:
    """Every unit of the district: whoever accepts may lie anywhere."""
    query = select(Unit.id, Unit.name).where(valid_on(Unit, on)).order_by(Unit.pinyin, Unit.id)
    return [(str(key), name) for key, name in db().execute(query)]


def sites(on: date, chosen: UUID | None = None) -> Options:
    """The sites in sight, the chosen one first where there are too many to list."""
    query = select(Site.id, Site.name).where(reaches_site(actor(), SEE, on), Site.state == "active")
    found = [(str(key), name) for key, name in db().execute(query.order_by(Site.pinyin, Site.id).limit(MOST))]
    if chosen is not None and str(chosen) not in {key for key, _ in found}:
        one = db().execute(select(Site.id, Site.name).where(Site.id == chosen, reaches_site(actor(), SEE, on))).first()
        found = [(str(one[0]), one[1]), *found] if one else found
    return found


def plans(on: date) -> Options:
    """The plans in sight."""
    query = select(Plan.id, Plan.title).where(sees_plan(actor(), on), Plan.state.in_(("draft", "active")))
    return [
        (str(key), title) for key, title in db().execute(query.order_by(Plan.starts_on.desc(), Plan.id).limit(MOST))
    ]


def plan_lines(on: date) -> list[tuple[str, str, str]]:
    """The lines of the plans in sight, grouped by plan."""
    query = (
        select(PlanLine.id, PlanLine.title, Plan.title)
        .join(Plan, (Plan.tenant_id == PlanLine.tenant_id) & (Plan.id == PlanLine.plan_id))
        .where(sees_plan(actor(), on), Plan.state.in_(("draft", "active")), PlanLine.dropped.is_(False))
        .order_by(Plan.starts_on.desc(), Plan.id, PlanLine.position)
    )
    return [(str(row[0]), row[1], row[2]) for row in db().execute(query.limit(MOST))]


def tasks(on: date, project: Project | None = None) -> Options:
    """Open tasks in sight that a project may carry out, those that are due first; the one that is chosen always."""
    mine = Task.id == project.task_id if project is not None and project.task_id else Task.state.in_(OPEN_STATES)
    query = select(Task.id, Task.number, Task.title).where(sees_task(actor(), on), mine | Task.state.in_(OPEN_STATES))
    rows = db().execute(query.order_by(Task.due_on, Task.id).limit(MOST))
    return [(str(row[0]), f"{row[1] or ''} {row[2]}".strip()) for row in rows]


def campaigns() -> Options:
    """The campaigns of the district."""
    return list(campaign_titles(db()).items())


def kinds_of_quantity() -> Options:
    """The quantity dictionary."""
    query = select(QuantityKind.id, QuantityKind.name_zh, QuantityKind.name_en).where(QuantityKind.state == "active")
    rows = db().execute(query.order_by(QuantityKind.code))
    return [(str(key), by_locale(name_zh, name_en)) for key, name_zh, name_en in rows]
