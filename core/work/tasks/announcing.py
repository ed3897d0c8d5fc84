"""Who is told when a task takes a step (任务提醒): the unit that has it, the person in charge, whoever gave it, whoever verifies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select

from core.errors import N_
from core.work.roles import ANSWER, CHECK, DIRECT
from core.work.tables import Task
from core.work.tasks.asked import TaskStep
from core.work.tasks.telling import said, tell_of

_TO_UNIT: Mapping[str, str] = MappingProxyType(
    {
        "issue": N_("新任务：{title}，{due}前完成"),
        "reissue": N_("新任务：{title}，{due}前完成"),
        "transfer": N_("新任务：{title}，{due}前完成"),
        "grant": N_("延期已同意，新的期限是 {due}：{title}"),
        "refuse": N_("延期没有同意：{title}"),
        "verify": N_("任务已核验通过：{title}"),
        "send_back": N_("任务被退回重做：{title}"),
        "reopen": N_("任务重新打开：{title}"),
        "change": N_("任务有修改：{title}"),
        "cancel": N_("任务已撤销：{title}"),
    }
)
_TO_GIVER: Mapping[str, str] = MappingProxyType(
    {"return": N_("任务被退回：{title}"), "ask_extension": N_("申请延期到 {due}：{title}")}
)
_TO_CHECKER: Mapping[str, str] = MappingProxyType({"finish": N_("任务已完成，请核验：{title}")})


def announce(step: TaskStep) -> None:
    """Write the notes of one step; drafts are nobody's business yet."""
    verb, task = step.move.verb, step.task
    if task.number is None:
        return
    if verb in _TO_UNIT:
        _tell(step, _TO_UNIT[verb], task.unit_id, ANSWER, task.person_id)
    elif verb in _TO_GIVER:
        giver = _giver(step)
        _tell(step, _TO_GIVER[verb], giver or task.unit_id, ANSWER if giver else DIRECT)
    elif verb in _TO_CHECKER:
        _tell(step, _TO_CHECKER[verb], task.unit_id, CHECK)
    if verb == "transfer" and (left := _left(step)) is not None:
        _tell(step, N_("任务已改派给其他单位：{title}"), left, ANSWER)


def _tell(step: TaskStep, text: str, unit: UUID, verb: str, person: UUID | None = None) -> None:
    due = step.task.wanted_due_on or step.task.due_on
    tell_of(
        step.session,
        step.actor,
        step.task,
        text,
        step.now,
        units=[unit],
        verb=verb,
        people=[person],
        due=said(due),
    )


def _giver(step: TaskStep) -> UUID | None:
    """The unit of the parent, where that is another one: it gave the task and decides about its days."""
    task = step.task
    if task.parent_id is None:
        return None
    above = step.session.scalar(select(Task.unit_id).where(Task.id == task.parent_id))
    return above if above != task.unit_id else None


def _left(step: TaskStep) -> UUID | None:
    """The unit that had a task before it was given to another one."""
    unit = step.around.units.keys() - {step.task.unit_id}
    return next(iter(unit), None)
