"""Tasks for the routes' world (任务): a parent with a part that was reported on, and fresh ones for each write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from core.work.tasks.acting import act
from core.work.tasks.making import TaskWish, create
from tenants.access import Actor, root_unit
from tenants.db import now
from tenants.scope import ScopedSession


def give_tasks(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """A task whose part was reported on; the parent by the name that addresses give it."""
    unit, due = UUID(ids["unit_id"]), today + timedelta(days=30)
    top = create(
        session, actors["hq_office"], TaskWish("路由任务", unit, due, requirement="要求"), now=now(), issue=True
    )
    wish = TaskWish(
        "路由分项", unit, due, parent_id=top.id, assists=(root_unit(session).id,), person_id=actors["liaison"].person_id
    )
    part = create(session, actors["hq_office"], wish, now=now(), issue=True)
    act(session, actors["liaison"], part.id, "report", version=1, now=now(), progress=5000, note="过半")
    return {"task_id": str(top.id)}


def new_task(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """A task that was issued just now, whose version is 1; it has no number, for pages that show it are compared."""
    wish = TaskWish("路由新任务", UUID(ids["unit_id"]), today + timedelta(days=30))
    made = create(session, actors["hq_office"], wish, now=now(), issue=True)
    made.number = None
    session.flush()
    return {"task_id": str(made.id)}
