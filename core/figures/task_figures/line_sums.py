"""How far plans and their lines are (计划进度): the leaf tasks and projects under each, as far as the reader sees them.

A line counts its own; a group of lines counts what is in it as well. Where nothing was set yet there is no rate: none is not zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from core.figures.task_figures.pace import TENTH, WHOLE
from core.work.plans.plan_list import LineRow
from core.work.projects.sight import sees_project
from core.work.projects.states import ACCEPTED, CLOSED, RUNNING
from core.work.projects.states import FINISHED as FINISHED_WORKS
from core.work.tables import Plan, PlanLine, Project, Task
from core.work.tasks.sight import sees_task
from core.work.tasks.states import COUNTED_STATES, DONE_STATES, OPEN_STATES, VERIFIED_STATES, is_overdue
from tenants.access import Actor

Key = tuple[UUID, UUID | None]
TAKEN_OVER = (ACCEPTED, CLOSED)  # of projects: another party accepted it
COUNTED_PROJECTS = (RUNNING, FINISHED_WORKS, *TAKEN_OVER)
PLANNED, DOING, LATE, FINISHED, DROPPED = "planned", "doing", "late", "finished", "dropped"


@dataclass(frozen=True, slots=True)
class Sum:
    """What is under a plan or line (进度汇总). ``progress`` is the sum of the leaf tasks' progress, in 1/100 of a percent each."""

    tasks: int = 0
    done: int = 0
    verified: int = 0
    begun: int = 0
    late: int = 0
    at_risk: int = 0
    progress: int = 0
    projects: int = 0
    accepted: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Sum)))

    @property
    def mean(self) -> int | None:
        """The mean progress of the leaf tasks in 1/100 of a percent, rounded half-up; None without tasks."""
        return None if not self.tasks else (2 * self.progress + self.tasks) // (2 * self.tasks)

    @property
    def open(self) -> int:
        """Tasks that are not done."""
        return self.tasks - self.done


def is_at_risk(day: date) -> ColumnElement[bool]:
    """The condition that a task will be late at its pace (预计超期): the rule of :mod:`core.figures.task_figures.pace`."""
    gone = func.greatest(day - Task.starts_on + 1, 0)
    whole = func.greatest(Task.due_on - Task.starts_on + 1, 1)
    said = and_(Task.reported_at.is_not(None), gone * TENTH >= whole)
    behind = and_(Task.progress < WHOLE, gone * WHOLE > Task.progress * whole)
    return and_(Task.state.in_(OPEN_STATES), Task.due_on >= day, said, behind)


def read_sums(session: Session, actor: Actor, plan_ids: Collection[UUID], day: date) -> dict[Key, Sum]:
    """What lies directly under each plan (line None) and each line: two statements, whatever their number."""
    if not plan_ids:
        return {}
    counts = (
        func.count(),
        *(
            func.count().filter(condition)
            for condition in (
                Task.state.in_(DONE_STATES),
                Task.state.in_(VERIFIED_STATES),
                Task.progress > 0,
                is_overdue(day),
                is_at_risk(day),
            )
        ),
        func.coalesce(func.sum(Task.progress), 0),
    )
    tasks = select(Task.plan_id, Task.line_id, *counts).where(
        Task.plan_id.in_(plan_ids), Task.leaf, Task.state.in_(COUNTED_STATES), sees_task(actor, day)
    )
    found = {
        (plan, line): Sum(*map(int, numbers))
        for plan, line, *numbers in session.execute(tasks.group_by(Task.plan_id, Task.line_id))
        if plan is not None
    }
    projects = select(
        Project.plan_id, Project.line_id, func.count(), func.count().filter(Project.state.in_(TAKEN_OVER))
    ).where(Project.plan_id.in_(plan_ids), Project.state.in_(COUNTED_PROJECTS), sees_project(actor, day))
    for plan, line, count, accepted in session.execute(projects.group_by(Project.plan_id, Project.line_id)):
        if plan is not None:
            found[plan, line] = found.get((plan, line), Sum()) + Sum(projects=count, accepted=accepted)
    return found


def total(sums: Iterable[Sum]) -> Sum:
    """Some sums added up: a task belongs to one plan and one line, so nothing counts twice."""
    return sum(sums, Sum())


def of_plan(sums: Mapping[Key, Sum], plan_id: UUID) -> Sum:
    """All that lies under a plan, with and without a line."""
    return total(one for (plan, _), one in sums.items() if plan == plan_id)


@dataclass(frozen=True, slots=True)
class LineSum:
    """A line with what is under it (条线进度). ``is_group``: it has lines of its own, whose numbers it contains."""

    row: LineRow
    sum: Sum
    is_group: bool
    state: str
    milestone_late: bool

    @property
    def depth(self) -> int:
        """0 at the top, 1 in a group."""
        return int(self.row.line.parent_id is not None)


def line_sums(rows: Sequence[LineRow], sums: Mapping[Key, Sum], day: date) -> list[LineSum]:
    """The lines in their order, a group with all that is in it and is not given up."""
    inner: dict[UUID, list[PlanLine]] = {}
    for row in rows:
        if row.line.parent_id is not None:
            inner.setdefault(row.line.parent_id, []).append(row.line)
    found = []
    for row in rows:
        line, within = row.line, inner.get(row.line.id, [])
        own = sums.get((line.plan_id, line.id), Sum())
        whole = total([own, *(sums.get((one.plan_id, one.id), Sum()) for one in within if not one.dropped)])
        late = [one for one in (line, *within) if is_milestone_late(one, day) and (one is line or not one.dropped)]
        state = state_of(line, whole, late=bool(late))
        found.append(LineSum(row, whole, bool(within), state, is_milestone_late(line, day)))
    return found


def is_milestone_late(line: PlanLine, day: date) -> bool:
    """Whether a line's milestone should have been reached by now and was not."""
    return bool(line.milestone and line.due_on and line.reached_on is None and line.due_on < day)


def state_of(line: PlanLine, whole: Sum, *, late: bool) -> str:
    """Where a line stands (条线状态).

    Given up; late: a task or milestone is; finished: all tasks done and the milestone reached; doing: something was begun or
    done; else planned.
    """
    if line.dropped:
        return DROPPED
    if late or whole.late:
        return LATE
    reached = line.reached_on is not None
    if (whole.tasks or reached) and not whole.open and (reached or not line.milestone):
        return FINISHED
    return DOING if whole.begun or whole.done or whole.projects or reached else PLANNED


def stood(rows: Sequence[LineSum], whole: Sum) -> dict[str, object]:
    """The sums as a replaced plan keeps them in its history: by line, and of the whole."""

    def said(one: Sum) -> list[int]:
        return [one.tasks, one.done, one.verified, one.late, one.progress]

    return {"whole": said(whole), "lines": {str(one.row.line.id): said(one.sum) for one in rows}}


def read_stood(plan: Plan, detail: Mapping[str, object]) -> dict[UUID | None, Sum]:
    """What a replaced plan showed when it was replaced, by line (None: the whole)."""
    kept = detail.get("stood")
    if plan.state != "replaced" or not isinstance(kept, dict) or not kept:
        return {}

    def back(said: Sequence[int]) -> Sum:
        tasks, done, verified, late, progress = said
        return Sum(tasks=tasks, done=done, verified=verified, begun=done, late=late, progress=progress)

    return {None: back(kept["whole"]), **{UUID(one): back(said) for one, said in kept["lines"].items()}}
