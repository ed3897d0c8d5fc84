"""Plans for the routes' world (计划): a drive with a line, a target and its scope, a sprint, and fresh ones for each write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from core.work.plans.lines import LineWish, add_lines, reach_milestone
from core.work.plans.scope import DriveScope, set_scope
from core.work.plans.steps import move
from core.work.plans.targets import TargetWish, set_targets
from core.work.plans.writing import PlanWish, create
from core.work.tables import Plan, QuantityKind
from tenants.access import Actor, root_unit
from tenants.db import new_id, now
from tenants.scope import ScopedSession


def give_plans(session: ScopedSession, actors: Mapping[str, Actor], today: date) -> dict[str, str]:
    """A drive in force that everybody here may read, with a line, a target and a scope, and a sprint under it."""
    office = actors["hq_office"]
    drive, line = _lined(session, office, today, "路由专项")
    reach_milestone(session, office, drive.id, line, today, version=2, now=now())
    scope, known = DriveScope(("ENV-LITTER",)), {"categories": ["ENV-LITTER"], "site_types": []}
    set_scope(session, office, drive.id, line, scope, version=3, now=now(), **known)
    kind = QuantityKind(id=new_id(), code="route-plan", name_zh="路由目标科目", name_en="Route", measure="t")
    session.add(kind)
    session.flush()
    set_targets(session, office, drive.id, [TargetWish(kind.id, Decimal(7))], version=4, now=now())
    move(session, office, drive.id, "activate", version=5, now=now())
    root, last = root_unit(session).id, today + timedelta(days=20)
    sprint = PlanWish("sprint", "路由冲刺", root, today, last, parent_id=drive.id, goal="目标", document="文件")
    made = create(session, office, sprint, now=now())
    move(session, office, made.id, "activate", version=1, now=now())
    return {"work_plan_id": str(drive.id), "plan_line_id": str(line)}


def new_work_plan(session: ScopedSession, office: Actor, today: date, *, active: bool = False) -> dict[str, str]:
    """A drive with a line whose milestone is not reached, whose version is 2, or 3 in force."""
    drive, line = _lined(session, office, today, "路由新专项")
    if active:
        move(session, office, drive.id, "activate", version=2, now=now())
    return {"work_plan_id": str(drive.id), "plan_line_id": str(line)}


def _lined(session: ScopedSession, office: Actor, today: date, title: str) -> tuple[Plan, UUID]:
    root = root_unit(session).id
    wish = PlanWish(
        "drive", title, root, today - timedelta(days=9), today + timedelta(days=60), person_id=office.person_id
    )
    made = create(session, office, wish, now=now())
    line = LineWish("路由条线", goal="目标", unit_id=root, milestone="路由里程碑", due_on=today)
    return made, add_lines(session, office, made.id, [line], version=1, now=now())[0].id
