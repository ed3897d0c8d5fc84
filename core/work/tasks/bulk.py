"""One step for many tasks (任务批量办理): first which may take it and why others may not, then all of those in one transaction.

The steps are those of one task (:mod:`core.work.tasks.moves`), judged by the same table; thousands are written in a few statements,
one line of history each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.roles import DIRECT
from core.work.tables import Task
from core.work.tasks.bulk_effects import Family, Outcome, carry_out, contradictions, family_of
from core.work.tasks.bulk_following import follow
from core.work.tasks.bulk_writing import MassStep, lock_versions, write_steps
from core.work.tasks.listing import TaskFilter, TaskRow, conditions_of, with_names
from core.work.tasks.moves import CHECKER, DESK, GIVER, MOVES, PARTIES, TaskMove, TaskStanding, fits
from core.work.tasks.sight import sees_task
from core.work.tasks.standing import standings_of
from core.work.tasks.states import STATES
from core.work.tasks.surroundings import look_around
from core.work.wording import read_text, shown
from tenants.access import Actor, reach

MOST = 5000  # ours: tasks in one go


@dataclass(frozen=True, slots=True)
class BulkStep:
    """A step that many tasks can take at once (批量事项): the move of one task that it is, and the fields that it asks for."""

    code: str
    move: str
    title: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Everything that it can be given."""
        return (*self.needs, *self.takes)


STEPS: Mapping[str, BulkStep] = MappingProxyType(
    {
        step.code: step
        for step in (
            BulkStep("issue", "issue", N_("下达草稿"), takes=("note",)),
            BulkStep("due", "change", N_("改期限"), ("due_on", "note")),
            BulkStep("transfer", "transfer", N_("改派单位"), ("unit", "note"), ("due_on",)),
            BulkStep("person", "change", N_("定责任人"), ("person",), ("note",)),
            BulkStep("verify", "verify", N_("核验通过"), takes=("note",)),
            BulkStep("close", "close", N_("办结"), takes=("note",)),
            BulkStep("cancel", "cancel", N_("撤销"), ("note",)),
        )
    }
)


@dataclass(frozen=True, slots=True)
class BulkAsked:
    """What is given to all of them (批量填写)."""

    note: str = ""
    due_on: date | None = None
    unit_id: UUID | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a task cannot take the step (不能办理的原因): a source text with its parameters."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Preview:
    """The tasks that would take a step, and those that would not (批量预览)."""

    able: list[TaskRow] = field(default_factory=list)
    refused: list[tuple[TaskRow, Refusal]] = field(default_factory=list)


def steps_of(actor: Actor) -> list[BulkStep]:
    """The steps that a person may take for many, as far as his posts go."""
    return list(STEPS.values()) if actor.has(DIRECT) else []


def step_named(actor: Actor, code: str) -> BulkStep:
    """One of these steps. Raises InvalidInput for any other."""
    known = {step.code: step for step in steps_of(actor)}
    if code not in known:
        remedy = N_("请从可批量办理的事项中选一项")
        raise InvalidInput(faults=[Fault(N_("这一项不能批量办理"), "step", value=shown(code), remedy=remedy)])
    return known[code]


def choose(session: Session, actor: Actor, chosen: Collection[UUID] | TaskFilter, *, day: date) -> list[Task]:
    """The tasks that are meant, as far as they are seen, by their last day. Raises Conflict for more than one go takes."""
    query = select(Task).where(sees_task(actor, day)).order_by(Task.due_on, Task.id)
    if isinstance(chosen, TaskFilter):
        query = query.where(*conditions_of(actor, chosen, day))
    else:
        query = query.where(Task.id == any_(literal(sorted(chosen), ARRAY(Uuid))))
    found = session.scalars(query.limit(MOST + 1), execution_options={"populate_existing": True}).all()
    if len(found) > MOST:
        raise Conflict(N_("一次最多办理 {most} 项，请再缩小范围"), most=MOST)
    return list(found)


def count_chosen(session: Session, actor: Actor, wanted: TaskFilter, *, day: date) -> int:
    """How many tasks a filter shows."""
    query = select(func.count()).select_from(Task).where(sees_task(actor, day), *conditions_of(actor, wanted, day))
    return session.scalar(query) or 0


def preview(
    session: Session, actor: Actor, step: BulkStep, tasks: Sequence[Task], asked: BulkAsked, *, now: datetime
) -> Preview:
    """Say of each task whether it would take the step, with what is given so far. Raises InvalidInput for what is wrong for all."""
    _check(session, actor, step, asked, local_day(now))
    found = Preview()
    judged = _judge(session, actor, step, tasks, asked, now)
    for row in with_names(session, tasks):
        outcome = judged[row.task.id]
        if isinstance(outcome, Refusal):
            found.refused.append((row, outcome))
        else:
            found.able.append(row)
    return found


def act_on_all(
    session: Session,
    actor: Actor,
    step: BulkStep,
    versions: Mapping[UUID, int],
    asked: BulkAsked,
    *,
    now: datetime,
) -> Preview:
    """Take the step for each task as it was seen (``versions`` by id), all in one transaction; says which took it.

    A task that was changed since it was seen is refused and left. Raises InvalidInput when something is wrong for all.
    """
    _check(session, actor, step, asked, local_day(now), final=True)
    if len(versions) > MOST:
        raise Conflict(N_("一次最多办理 {most} 项，请再缩小范围"), most=MOST)
    standing = lock_versions(session, list(versions))
    tasks = choose(session, actor, list(versions), day=local_day(now))
    judged = _judge(session, actor, step, tasks, asked, now)
    found, steps, done = Preview(), [], []
    for row in with_names(session, tasks):
        task, outcome = row.task, judged[row.task.id]
        if standing.get(task.id) != versions[task.id]:
            outcome = Refusal(N_("别人刚刚更新过，请刷新后再办理"))
        if isinstance(outcome, Refusal):
            found.refused.append((row, outcome))
            continue
        found.able.append(row)
        to_state = MOVES[step.move].to_state or task.state
        steps.append(MassStep(task.id, task.version, task.state, to_state, outcome.values, outcome.detail))
        done.append(task)
    follow(session, actor, step.move, done, steps, asked.note.strip(), now=now, write=write_steps)
    session.expire_all()
    found.able = with_names(session, choose(session, actor, [one.id for one in steps], day=local_day(now)))
    return found


def _check(session: Session, actor: Actor, step: BulkStep, asked: BulkAsked, day: date, *, final: bool = False) -> None:
    """What is wrong whatever the task is; what is still missing is wrong only when it is to be done."""
    faults: list[Fault] = []
    read_text(asked.note, "note", faults)
    given = {"note": asked.note.strip(), "due_on": asked.due_on, "unit": asked.unit_id, "person": asked.person_id}
    names = {"unit": "unit_id", "person": "person_id"}
    if final:
        remedies = {"note": N_("请写明原因或情况"), "due_on": N_("请填日期"), "unit": N_("请选择单位")}
        remedies["person"] = N_("请选择责任人")
        faults += [
            Fault(N_("缺少这一项"), names.get(need, need), remedy=remedies[need])
            for need in step.needs
            if not given[need]
        ]
    around = look_around(
        session, day, units=[one for one in [asked.unit_id] if one], people=[one for one in [asked.person_id] if one]
    )
    if asked.person_id is not None and asked.person_id not in around.people:
        faults.append(Fault(N_("没有这个人，或已停用"), "person_id", remedy=N_("请从在用的人员中选择")))
    if asked.unit_id is not None:
        if (fault := around.unit_fault("unit_id", asked.unit_id)) is not None:
            faults.append(fault)
        elif not actor.covers(DIRECT) and asked.unit_id not in set(session.scalars(reach(actor, DIRECT, day))):
            faults.append(Fault(N_("您的岗位不能给这个单位下达任务"), "unit_id", remedy=N_("请选择您能下达任务的单位")))
    if faults:
        raise InvalidInput(faults=faults)


def _judge(
    session: Session, actor: Actor, step: BulkStep, tasks: Sequence[Task], asked: BulkAsked, now: datetime
) -> dict[UUID, Outcome | Refusal]:
    """What each task would become, or why it cannot take the step."""
    day, move = local_day(now), MOVES[step.move]
    standings = standings_of(session, actor, tasks, day)
    family = family_of(session, tasks)
    judged: dict[UUID, Outcome | Refusal] = {}
    for task in tasks:
        judged[task.id] = _refusal(task, move, standings[task.id]) or _outcome(task, step, asked, family, actor, now)
    while found := contradictions(tasks, {key: one for key, one in judged.items() if isinstance(one, Outcome)}):
        judged |= {key: Refusal(*why) for key, why in found.items()}
    return judged


def _refusal(task: Task, move: TaskMove, standing: TaskStanding) -> Refusal | None:
    """What the person or the state does not allow: the words of the same step for one task."""
    if not standing.permits(move):
        if CHECKER in move.by and CHECKER in standing.parties:
            return Refusal(standing.own)
        who = PARTIES[move.by[0]][0]
        return Refusal(N_("您的岗位不能对这项任务办理“{verb}”；可由{who}办理"), {"verb": move.title_zh, "who": who})
    if not fits(move, task):
        facts = {"state": STATES[task.state][0], "verb": move.title_zh}
        return Refusal(N_("任务目前是“{state}”，不能办理“{verb}”"), facts)
    if move.verb == "transfer" and DESK not in standing.parties and GIVER in standing.parties:
        return Refusal(N_("下级单位之间的改派请在任务里办理"))
    return None


def _outcome(
    task: Task, step: BulkStep, asked: BulkAsked, family: Family, actor: Actor, now: datetime
) -> Outcome | Refusal:
    given = {"due_on": asked.due_on, "unit_id": asked.unit_id, "person_id": asked.person_id}
    found = carry_out(step.code, task, given, family, actor, now)
    return Refusal(*found) if isinstance(found, tuple) else found
