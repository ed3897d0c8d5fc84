"""One row a counted task (任务取数): its state, progress and lateness now, or as they stood at the end of a day that is over.

Counted are leaf tasks that were issued and not cancelled; drafts are not. The past is read from the histories: the state from
the steps, the progress from the reports, the last day from before the extensions that came later, and whether it was a leaf
from when its children were made. Unit, campaign, plan and line are those of now: nothing tells what they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.figures.periods import ONE_DAY, Period
from core.figures.task_figures.pace import HALF, TENTH, WHOLE
from core.work.tables import Task, TaskEvent, TaskReport
from core.work.tasks.states import COUNTED_STATES, DONE_STATES, VERIFIED_STATES
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is counted (取数时点): up to ``day``; ``cut_off`` None is now, while the day still runs."""

    day: date
    cut_off: datetime | None = None

    @classmethod
    def end_of(cls, day: date) -> Moment:
        """The end of a day: what happened later is not known, and what was due on it and is not done is overdue."""
        return cls(day, Period("day", day, day).bounds[1])

    @classmethod
    def of(cls, day: date, today: date) -> Moment:
        """The end of a day that is over, else now."""
        return cls.end_of(day) if day < today else cls(today)

    @property
    def late_from(self) -> date:
        """The first last day that is not missed yet: the day itself while it runs, the next one at its end."""
        return self.day if self.cut_off is None else self.day + ONE_DAY


def facts(session: ScopedSession, moment: Moment, conditions: Sequence[ColumnElement[bool]] = ()) -> Subquery:
    """A row for each counted task, with its keys, days, progress, state, what it counts as and its light; ``conditions`` narrow."""
    read = (_past(session, moment) if moment.cut_off else _now(session)).where(*conditions).subquery("task_read")
    c = read.c
    done = c.state.in_(DONE_STATES)
    overdue = and_(~done, c.due_on < moment.late_from)
    gone = cast(literal(moment.day, Date) - c.starts_on + 1, BigInteger)
    total = func.greatest(cast(c.due_on - c.starts_on + 1, BigInteger), 1)
    told = and_(~done, ~overdue, c.reported, c.progress < WHOLE, gone > 0, gone * TENTH >= total)
    at_risk = and_(told, gone * WHOLE > c.progress * total)
    behind = and_(told, HALF * c.progress * total < gone * WHOLE)
    on_pace = and_(~done, ~overdue, c.reported, gone > 0, gone * TENTH >= total, ~at_risk)
    return (
        select(
            *(c[name] for name in KEYS),
            *(c.starts_on, c.due_on, c.progress, c.state, c.reported),
            done.label("done"),
            c.state.in_(VERIFIED_STATES).label("verified"),
            overdue.label("overdue"),
            at_risk.label("at_risk"),
            or_(overdue, behind).label("red"),
            and_(at_risk, ~behind).label("amber"),
            or_(done, on_pace).label("green"),
        )
        .where(c.state.in_(COUNTED_STATES))
        .subquery("task_facts")
    )


@contextmanager
def joined_whole(session: ScopedSession, moment: Moment) -> Iterator[None]:
    """Read a past day by joining its histories as wholes: before the tables are analysed the planner looks them up row by row.

    100 000 tasks that changed since took 30 s so. Only inside, and only in this transaction.
    """
    if moment.cut_off is None:
        yield
        return
    session.execute(select(func.set_config("enable_nestloop", "off", True)))
    yield
    session.execute(select(func.set_config("enable_nestloop", "on", True)))


KEYS = ("id", "unit_id", "person_id", "campaign", "plan_id", "line_id")


def _keys() -> tuple[ColumnElement[Any], ...]:
    return tuple(getattr(Task, name).label(name) for name in KEYS)


def _now(session: ScopedSession) -> Select[Any]:
    return select(
        *_keys(),
        *(Task.starts_on, Task.due_on, cast(Task.progress, BigInteger).label("progress"), Task.state),
        Task.reported_at.is_not(None).label("reported"),
    ).where(Task.tenant_id == session.tenant_id, Task.leaf)


def _past(session: ScopedSession, moment: Moment) -> Select[Any]:
    """As of the cut-off: what did not change since is as it is; what did is read from its history."""
    at = moment.cut_off
    changed = _moved(at)
    states, reports, later = _states(session, moment), _reports(session, moment), _extended(session, moment)
    child = select(Task.parent_id.label("parent_id")).where(
        Task.tenant_id == session.tenant_id, Task.parent_id.is_not(None), Task.created_at < at
    )
    child = child.distinct()
    was_leaf = or_(Task.leaf, Task.id.not_in(child))
    progress = case((changed, func.coalesce(reports.c.progress, 0)), else_=Task.progress)
    return (
        select(
            *_keys(),
            Task.starts_on,
            func.coalesce(later.c.due_on, Task.due_on).label("due_on"),
            cast(progress, BigInteger).label("progress"),
            case((changed, func.coalesce(states.c.state, "draft")), else_=Task.state).label("state"),
            case((changed, reports.c.task_id.is_not(None)), else_=Task.reported_at.is_not(None)).label("reported"),
        )
        .select_from(Task)
        .outerjoin(states, states.c.task_id == Task.id)
        .outerjoin(reports, reports.c.task_id == Task.id)
        .outerjoin(later, later.c.task_id == Task.id)
        .where(Task.tenant_id == session.tenant_id, was_leaf, Task.created_at < at)
    )


def _states(session: ScopedSession, moment: Moment) -> CTE:
    """The last state before the cut-off of each task that has changed since."""
    last = aggregate_order_by(TaskEvent.to_state, TaskEvent.version.desc())
    return (
        select(TaskEvent.task_id, func.array_agg(last)[1].label("state"))
        .join(Task, _changed_since(TaskEvent, moment))
        .where(TaskEvent.tenant_id == session.tenant_id, TaskEvent.at < moment.cut_off)
        .group_by(TaskEvent.task_id)
        .cte("states_then")
        .prefix_with("MATERIALIZED")  # read once, however few the planner believes in
    )


def _reports(session: ScopedSession, moment: Moment) -> CTE:
    """The last progress told before the cut-off, likewise."""
    last = aggregate_order_by(TaskReport.progress, TaskReport.sequence.desc())
    return (
        select(TaskReport.task_id, func.array_agg(last)[1].label("progress"))
        .join(Task, _changed_since(TaskReport, moment))
        .where(TaskReport.tenant_id == session.tenant_id, TaskReport.at < moment.cut_off)
        .group_by(TaskReport.task_id)
        .cte("reports_then")
        .prefix_with("MATERIALIZED")  # read once, however few the planner believes in
    )


def _extended(session: ScopedSession, moment: Moment) -> CTE:
    """The last day that stood before the first extension after the cut-off."""
    before = TaskEvent.detail["due_on"][0].astext
    first = aggregate_order_by(before, TaskEvent.version)
    return (
        select(TaskEvent.task_id, cast(func.array_agg(first)[1], Date).label("due_on"))
        .where(
            TaskEvent.tenant_id == session.tenant_id,
            TaskEvent.at >= moment.cut_off,
            TaskEvent.detail.has_key("due_on"),
        )
        .group_by(TaskEvent.task_id)
        .cte("due_then")
        .prefix_with("MATERIALIZED")  # read once, however few the planner believes in
    )


def _changed_since(row: Any, moment: Moment) -> ColumnElement[bool]:
    return and_(Task.tenant_id == row.tenant_id, Task.id == row.task_id, _moved(moment.cut_off))


def _moved(at: datetime | None) -> ColumnElement[bool]:
    """A task that may not be as it was: changed since, or handed to children, whose progress it shows."""
    return or_(Task.changed_at >= at, ~Task.leaf)


SUMS = ("total", "done", "verified", "overdue", "at_risk", "red", "amber", "green")


def sums_of(table: Subquery) -> tuple[ColumnElement[int], ...]:
    """The counts of some facts: all, done, verified, overdue, at risk, and by light."""
    return (func.count().label("total"), *(func.count().filter(table.c[one]).label(one) for one in SUMS[1:]))
