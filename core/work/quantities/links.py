"""What a quantity belongs to (工作量的归属): territory, place, plan and line, project and task, each seen by who names it."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true

from core.errors import N_, Fault
from core.work.dated import valid_on
from core.work.plans.sight import sees_plan
from core.work.projects.sight import sees_project
from core.work.roles import SEE
from core.work.tables import Plan, PlanLine, Project, Site, Task
from core.work.tasks.sight import sees_task
from tenants.access import Actor, reach
from tenants.models import Unit
from tenants.scope import ScopedSession


class Linked(Protocol):
    """Whatever names its links."""

    @property
    def unit_id(self) -> UUID: ...  # noqa: D102 - fields, named as in the table
    @property
    def scope_unit_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def site_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def plan_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def line_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def project_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def task_id(self) -> UUID | None: ...  # noqa: D102


def check_links(
    session: ScopedSession, actor: Actor | None, wish: Linked, day: date, faults: list[Fault]
) -> dict[str, Any]:
    """The links of a wish as columns; what is not there on that day, or not the actor's to know, is a fault."""
    for name in ("unit_id", "scope_unit_id"):
        unit_id = getattr(wish, name)
        if unit_id and session.scalar(select(Unit.id).where(Unit.id == unit_id, valid_on(Unit, day))) is None:
            remedy = N_("请选择一个在册单位")
            faults.append(Fault(N_("没有这个单位"), name.removesuffix("_id"), remedy=remedy))
    plan_id = wish.plan_id
    if wish.line_id:
        plan_of = session.scalar(select(PlanLine.plan_id).where(PlanLine.id == wish.line_id))
        if plan_of is None or plan_id not in (None, plan_of):
            faults.append(Fault(N_("这个计划里没有这条线"), "line", remedy=N_("请重新选择")))
        plan_id = plan_of or plan_id
    known = {"site": wish.site_id, "plan": plan_id, "project": wish.project_id, "task": wish.task_id}
    for name, link in known.items():
        if link and not _is_seen(session, actor, name, link, day):
            faults.append(Fault(_MISSING[name], name, remedy=N_("请重新选择")))
    return {
        "scope_unit_id": wish.scope_unit_id,
        "site_id": wish.site_id,
        "plan_id": plan_id,
        "line_id": wish.line_id,
        "project_id": wish.project_id,
        "task_id": wish.task_id,
    }


_MISSING = {
    "site": N_("没有这个点位"),
    "plan": N_("没有这个计划"),
    "project": N_("没有这个项目"),
    "task": N_("没有这项任务"),
}


def _is_seen(session: ScopedSession, actor: Actor | None, name: str, link: UUID, day: date) -> bool:
    table: Any = {"site": Site, "plan": Plan, "project": Project, "task": Task}[name]
    seen = true() if actor is None else _seen(actor, name, day)
    return session.scalar(select(table.id).where(table.id == link, seen)) is not None


def _seen(actor: Actor, name: str, day: date) -> ColumnElement[bool]:
    if name == "site":
        units = reach(actor, SEE, day)
        return or_(Site.unit_id.in_(units), Site.operator_unit_id.in_(units))
    return {"plan": sees_plan, "project": sees_project, "task": sees_task}[name](actor, day)
