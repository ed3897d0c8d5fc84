"""Breaks a task down (二级联动): its unit gives parts of it to units below, and the task is as far as its parts are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.tables import Task
from core.work.tasks.acting import lock_task
from core.work.tasks.making import TaskWish, create_many
from core.work.tasks.moves import BREAK_DOWN, MOVES, fits
from core.work.tasks.sight import sees_task
from core.work.tasks.states import ACCEPTED, ISSUED, STATES
from core.work.tasks.steps import stale, step
from tenants.access import Actor

MOST_PARTS = 300  # in one go (ours)


def break_down(
    session: Session, actor: Actor, task_id: UUID, parts: Sequence[TaskWish], *, version: int, now: datetime
) -> list[Task]:
    """Give parts of a task to units below its own, issued at once; whoever breaks a task down has accepted it.

    Raises NotFound, Stale, Conflict (it is no longer open), InvalidInput with every fault and the part's row (whose it is to
    give is judged part by part). Then nothing is written.
    """
    task = lock_task(session, task_id, sees_task(actor, local_day(now)))
    if task.version != version:
        raise stale(session, task)
    if not fits(MOVES[BREAK_DOWN], task):
        raise Conflict(N_("任务目前是“{state}”，不能分解"), state=STATES[task.state][0], state_code=task.state)
    if not 0 < len(parts) <= MOST_PARTS:
        remedy = N_("请选择 1 到 {most} 个单位")
        raise InvalidInput(
            faults=[Fault(N_("没有选择单位，或太多"), "units", None, str(len(parts)), "", remedy, {"most": MOST_PARTS})]
        )
    made = create_many(session, actor, [replace(one, parent_id=task.id) for one in parts], now=now, issue=True)
    taken = task.state == ISSUED
    step(
        session,
        actor,
        task,
        BREAK_DOWN,
        version=version,
        now=now,
        to_state=ACCEPTED if taken else None,
        values={"accepted_at": now} if taken else {},
        detail={"parts": len(made)},
    )
    return made
