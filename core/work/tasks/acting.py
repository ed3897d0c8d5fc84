"""Takes a step of a task (任务办理): judged by the table of moves, one guarded UPDATE, one line of history, notes to whom it concerns.

Of two who act at the same moment one wins; the other is told by whom and when it was changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.roles import DIRECT
from core.work.tables import Task, TaskAssist, TaskReport
from core.work.tasks.announcing import announce
from core.work.tasks.asked import Asked, TaskStep, read_step, refuse_faults
from core.work.tasks.effects import RECOUNTED, carry_out
from core.work.tasks.moves import CHECKER, GIVER, MOVES, PARTIES, TaskMove, TaskStanding, allowed, fits
from core.work.tasks.photo_kinds import PROOF, TASK
from core.work.tasks.progress import recount_parents
from core.work.tasks.sight import sees_task
from core.work.tasks.standing import standing_of
from core.work.tasks.states import CANCELLED, STATES
from core.work.tasks.steps import stale
from core.work.tasks.steps import step as take_step
from core.work.tasks.work_photos import attach
from core.work.wording import shown
from tenants.access import Actor, may
from tenants.models import UnitPath


def act(session: Session, actor: Actor, task_id: UUID, verb: str, *, version: int, now: datetime, **asked: Any) -> Task:
    """Take one step of a task's life: any verb of MOVES, with the fields of :class:`Asked` that it takes.

    ``version`` is the one the person saw. Raises NotFound (out of reach), Forbidden (not his to do, or his own unit's work),
    Stale (somebody was faster), Conflict (the state does not allow it), InvalidInput (what the step needs is missing or wrong).
    """
    day = local_day(now)
    task = lock_task(session, task_id, sees_task(actor, day))
    move = _move(verb)
    if task.version != version:
        raise stale(session, task)
    standing = standing_of(session, actor, task, day)
    _check_person(move, standing)
    _check_state(task, move, standing)
    step = read_step(session, actor, task, move, Asked(**asked), now)
    _check_receiver(step, standing)
    return _take(step)


def steps_for(session: Session, actor: Actor, task: Task, now: datetime) -> list[TaskMove]:
    """The steps that the person may take at this task now, for buttons and the API."""
    return allowed(task, standing_of(session, actor, task, local_day(now)))


def lock_task(session: Session, task_id: UUID, *seen: Any) -> Task:
    """The task as it is in the database now, when it may be seen; its row is ours until the end of the transaction."""
    query = select(Task).where(Task.id == task_id, *seen).with_for_update(of=Task)
    task = session.scalars(query, execution_options={"populate_existing": True}).first()
    if task is None:
        raise NotFound
    return task


def _take(step: TaskStep) -> Task:
    session, task, move, now = step.session, step.task, step.move, step.now
    values, detail = carry_out(step)
    refuse_faults(step)
    before = (task.progress, task.weight)
    note = step.asked.note.strip()
    to_state = move.to_state or None
    take_step(
        session,
        step.actor,
        task,
        move.verb,
        version=task.version,
        now=now,
        to_state=to_state,
        values=values,
        note=note,
        detail=detail,
    )
    _follow(step, detail)
    if move.verb == "cancel":
        _cancel_below(session, step.actor, [task.id], note, now)
    if (
        task.parent_id is not None
        and move.verb in RECOUNTED
        and ((task.progress, task.weight) != before or task.state == CANCELLED)
    ):
        recount_parents(session, [task.id])
    announce(step)
    session.flush()
    return task


def _follow(step: TaskStep, detail: dict[str, Any]) -> None:
    """What is written beside the task: the report, the photos, the helpers of a task that changed hands."""
    session, task, actor = step.session, step.task, step.actor
    if "sequence" in detail:
        unit = _reporting_unit(step)
        session.add(
            TaskReport(
                task_id=task.id,
                sequence=detail["sequence"],
                day=datetime.fromisoformat(detail["day"]).date(),
                done=task.done,
                progress=task.progress,
                unit_id=unit,
                person_id=actor.person_id if actor else None,
                person_name=actor.name if actor else "",
                note=step.asked.note.strip(),
                at=step.now,
            )
        )
    if "unit_id" in detail and step.move.verb in ("reissue", "transfer"):
        own = TaskAssist.task_id == task.id, TaskAssist.unit_id == task.unit_id
        session.execute(delete(TaskAssist).where(*own).execution_options(synchronize_session=False))
    if step.photos and actor is not None:
        attach(session, actor, TASK, task.id, step.photos, kind=PROOF, step=task.version, now=step.now)


def _reporting_unit(step: TaskStep) -> UUID:
    """For which unit somebody reported: the lead unit, unless his posts are at or above one that assists alone."""
    session, task, actor = step.session, step.task, step.actor
    if actor is None:
        return task.unit_id
    posts = {duty.unit_id for duty in actor.duties}
    helpers = set(session.scalars(select(TaskAssist.unit_id).where(TaskAssist.task_id == task.id)))
    return next(iter(sorted(posts & helpers)), task.unit_id) if task.unit_id not in posts else task.unit_id


def _cancel_below(session: Session, actor: Actor | None, above: list[UUID], note: str, now: datetime) -> None:
    """What is cancelled is cancelled with everything under it."""
    live = Task.parent_id.in_(above), Task.state != CANCELLED
    rows = session.scalars(
        select(Task).where(*live).order_by(Task.id).with_for_update(of=Task),
        execution_options={"populate_existing": True},
    ).all()
    for row in rows:
        detail = {"above": True}
        take_step(
            session, actor, row, "cancel", version=row.version, now=now, to_state=CANCELLED, note=note, detail=detail
        )
    if rows:
        _cancel_below(session, actor, [row.id for row in rows], note, now)


def _move(verb: str) -> TaskMove:
    move = MOVES.get(verb)
    if move is None:
        remedy, params = N_("可用：{verbs}"), {"verbs": ", ".join(MOVES)}
        raise InvalidInput(faults=[Fault(N_("没有这种办理"), "verb", None, shown(verb), "", remedy, params)])
    return move


def _check_person(move: TaskMove, standing: TaskStanding) -> None:
    """Refuse who may not take the step at all, with why or who may."""
    if standing.permits(move):
        return
    if CHECKER in move.by and CHECKER in standing.parties:
        raise Forbidden(standing.own)
    raise Forbidden(
        N_("您的岗位不能对这项任务办理“{verb}”；可由{who}办理"), verb=move.title_zh, who=PARTIES[move.by[0]][0]
    )


def _check_state(task: Task, move: TaskMove, standing: TaskStanding) -> None:
    """Refuse what the state does not allow, with what is allowed now."""
    if fits(move, task):
        return
    if move.leaf and not task.leaf:
        raise Conflict(N_("这项任务已分解，进度由下级任务汇总；请在下级任务中填报"))
    steps = allowed(task, standing)
    facts: dict[str, Any] = {"state": STATES[task.state][0], "verb": move.title_zh}
    facts |= {"state_code": task.state, "allowed": [one.verb for one in steps]}
    if steps:
        facts["may"] = "、".join(one.title_zh for one in steps)
        raise Conflict(N_("任务目前是“{state}”，不能办理“{verb}”；您现在可以办理：{may}"), **facts)
    raise Conflict(N_("任务目前是“{state}”，不能办理“{verb}”"), **facts)


def _check_receiver(step: TaskStep, standing: TaskStanding) -> None:
    """Whoever hands a task to another unit must be able to give it tasks: directing, or below his own unit."""
    unit = step.asked.unit_id
    if unit is None or unit == step.task.unit_id or step.actor is None:
        return
    campaign = step.task.campaign or None
    if may(step.session, step.actor, DIRECT, unit, step.today, campaign=campaign):
        return
    if GIVER in standing.parties and unit in _below_parent(step):
        return
    remedy = N_("请选择您能下达任务的单位；本单位的任务可以分解给下级单位")
    step.fault(N_("您的岗位不能给这个单位下达任务"), "unit_id", step.around.unit_name(unit), remedy)


def _below_parent(step: TaskStep) -> Iterable[UUID]:
    """The units under that of the parent."""
    above = select(Task.unit_id).where(Task.id == step.task.parent_id, Task.tenant_id == step.task.tenant_id)
    below = UnitPath.ancestor_id == above.scalar_subquery(), UnitPath.depth > 0, valid_on(UnitPath, step.today)
    return set(step.session.scalars(select(UnitPath.unit_id).where(*below)))
