"""Tasks for an agenda (议程素材): those that their pace says will be late, by the one rule of the lights."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import and_, select

from core.figures.task_figures.pace import TENTH, WHOLE, is_at_risk
from core.work.tables import Task
from core.work.tasks.sight import sees_task
from core.work.tasks.states import OPEN_STATES
from tenants.access import Actor
from tenants.scope import ScopedSession

MOST = 200  # that an agenda could name (ours)


def at_risk(session: ScopedSession, actor: Actor, day: date) -> list[UUID]:
    """Open tasks in the actor's sight that are not late yet but will be at their pace, those due first first.

    The database leaves out what is not behind (in whole days, exactly as the rule says); the rule itself judges the rest.
    """
    all_days, gone = Task.due_on - Task.starts_on + 1, day - Task.starts_on + 1
    behind = and_(gone * TENTH >= all_days, Task.progress * all_days < gone * WHOLE)
    wanted = (Task.state.in_(OPEN_STATES), Task.leaf, Task.due_on >= day, Task.reported_at.is_not(None), behind)
    query = select(Task).where(*wanted, sees_task(actor, day)).order_by(Task.due_on, Task.id).limit(MOST)
    return [
        task.id
        for task in session.scalars(query)
        if is_at_risk(task.starts_on, task.due_on, day, task.progress, reported=True)
    ]
