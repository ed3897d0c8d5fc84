"""The burn-down of a sprint (燃尽图): the leaf tasks that remain at the end of each day, against the straight line to the last.

Computed from the history of the tasks alone: a task remains from its issue until it is reported done, and again from when it
was sent back. A task counts from the day on which it was issued; one that was called off counts no more. What had happened
before the first day counts into the first. The straight line falls from all tasks of today's scope to none on the last day, by
the counted days of the plan (calendar or working days).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy import Date, Integer, cast, func, select
from sqlalchemy.orm import Session

from core.work.calendar import ZONE, WorkCalendar
from core.work.plans.days import count_days, each_day, is_counted
from core.work.tables import Plan, Task, TaskEvent
from core.work.tasks.sight import sees_task
from core.work.tasks.states import COUNTED_STATES, DONE_STATES, OPEN_STATES
from tenants.access import Actor, subtree

LOOK_BACK = 7  # counted days by which the pace is told (ours)


@dataclass(frozen=True, slots=True)
class BurnDay:
    """A day of the chart (燃尽日): ``remaining`` and ``scope`` at its end, None on days to come; ``ideal`` is the straight line."""

    day: date
    counts: bool
    remaining: int | None
    scope: int | None
    finished: int | None
    ideal: Fraction
    due: int
    due_done: int


@dataclass(frozen=True, slots=True)
class BurnDown:
    """The whole chart with the pace read off it (燃尽): per counted day, so many were finished lately and so many are needed."""

    days: Sequence[BurnDay]
    remaining: int
    scope: int
    left: int
    pace: Fraction
    needed: Fraction | None

    @property
    def behind(self) -> bool:
        """Whether the pace of late does not bring the rest down to none by the last day."""
        return self.remaining > 0 and (self.needed is None or self.pace < self.needed)


def read_burn_down(
    session: Session,
    actor: Actor,
    plan: Plan,
    day: date,
    calendar: WorkCalendar,
    *,
    unit_id: UUID | None = None,
    line_id: UUID | None = None,
) -> BurnDown:
    """The burn-down of a plan at a day, of one unit with all under it, or of one line (two statements)."""
    leaves = [Task.plan_id == plan.id, Task.leaf, sees_task(actor, day)]
    leaves += [] if line_id is None else [Task.line_id == line_id]
    leaves += [] if unit_id is None else [Task.unit_id.in_(subtree(actor.tenant.id, unit_id, day))]
    changes = _changes(session, leaves)
    due = _due(session, leaves)
    last_known = min(day, plan.ends_on)
    scope = sum(counted for on, _, counted in changes if on <= last_known)
    total = count_days(plan.starts_on, plan.ends_on, plan.days, calendar)
    found: list[BurnDay] = []
    remaining = in_scope = gone = before = 0
    later = list(changes)
    for on in each_day(plan.starts_on, plan.ends_on):
        while later and later[0][0] <= on:
            _, opened, counted = later.pop(0)
            remaining, in_scope = remaining + opened, in_scope + counted
        counts = is_counted(on, plan.days, calendar)
        gone += counts
        ideal = Fraction(scope * (total - gone), total) if total else Fraction(0)
        known = on <= last_known
        done = in_scope - remaining
        numbers = (remaining, in_scope, done - before) if known else (None, None, None)
        found.append(BurnDay(on, counts, *numbers, ideal, *due.get(on, (0, 0))))
        before = done
    return _with_pace(found, day, calendar, plan)


def _with_pace(days: Sequence[BurnDay], day: date, calendar: WorkCalendar, plan: Plan) -> BurnDown:
    """The chart with what was finished a day lately, and what is needed a day from tomorrow on."""
    known = [one for one in days if one.remaining is not None]
    remaining, scope = (known[-1].remaining or 0, known[-1].scope or 0) if known else (0, 0)
    counted = [one for one in known if one.counts][-LOOK_BACK:]
    first = counted[0].day if counted else day
    finished = sum(one.finished or 0 for one in known if one.day >= first)
    pace = Fraction(max(finished, 0), len(counted)) if counted else Fraction(0)
    begins = max(day + timedelta(days=1), plan.starts_on)
    left = count_days(begins, plan.ends_on, plan.days, calendar)
    return BurnDown(days, remaining, scope, left, pace, Fraction(remaining, left) if left else None)


def _changes(session: Session, leaves: Sequence[object]) -> list[tuple[date, int, int]]:
    """By local day, how many more tasks were open and in scope than the day before; days without a change are left out."""

    def is_in(states: tuple[str, ...]) -> object:
        return cast(TaskEvent.to_state.in_(states), Integer)

    order = {"partition_by": TaskEvent.task_id, "order_by": TaskEvent.version}
    opened, counted = is_in(OPEN_STATES), is_in(COUNTED_STATES)
    steps = (
        select(
            cast(func.timezone(ZONE.key, TaskEvent.at), Date).label("day"),
            (opened - func.coalesce(func.lag(opened).over(**order), 0)).label("opened"),  # type: ignore[operator, call-overload]  # columns
            (counted - func.coalesce(func.lag(counted).over(**order), 0)).label("counted"),  # type: ignore[operator, call-overload]  # columns
        )
        .join(Task, (Task.tenant_id == TaskEvent.tenant_id) & (Task.id == TaskEvent.task_id))
        .where(*leaves)  # type: ignore[arg-type]  # conditions
        .subquery()
    )
    sums = select(steps.c.day, func.sum(steps.c.opened), func.sum(steps.c.counted)).group_by(steps.c.day)
    return [(day, int(some), int(all_)) for day, some, all_ in session.execute(sums.order_by(steps.c.day))]


def _due(session: Session, leaves: Sequence[object]) -> dict[date, tuple[int, int]]:
    """The daily plan (每日计划): by day, how many tasks are due and how many of these are done."""
    query = select(Task.due_on, func.count(), func.count().filter(Task.state.in_(DONE_STATES))).where(
        *leaves,  # type: ignore[arg-type]  # conditions
        Task.state.in_(COUNTED_STATES),
    )
    return {day: (count, done) for day, count, done in session.execute(query.group_by(Task.due_on))}
