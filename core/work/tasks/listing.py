"""Tasks as people look them up (任务清单): tabs and filters by index, page by page, with the counts and rates of what is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, func, literal, or_, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.tables import Plan, PlanLine, Task
from core.work.tasks.sight import sees_task
from core.work.tasks.states import (
    COUNTED_STATES,
    DONE_STATES,
    OPEN_STATES,
    SOURCES,
    STATES,
    VERIFIED_STATES,
    is_at_risk,
    is_overdue,
)
from core.work.wording import read_text, shown
from tenants.access import Actor, subtree
from tenants.models import Person, Unit

LARGEST_PAGE = 200
LONGEST_TEXT = 80
SOON_DAYS = 7  # due within a week (ours)
OPEN, OVERDUE, RISK, DONE, ALL = "open", "overdue", "risk", "done", "all"
TABS: Mapping[str, str] = MappingProxyType(
    {OPEN: N_("未完成"), OVERDUE: N_("逾期"), RISK: N_("预计超期"), DONE: N_("已完成"), ALL: N_("全部")}
)
SORTS = ("due", "-due")
_NUMBER = re.compile(r"T\d{4}-\d{5,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks (任务筛选). Empty means everything in sight; ``unit_id`` stands for its subtree as of the day asked.

    ``due_from`` and ``due_to`` are days, both included. ``text`` is part of a title, or a whole number or code. ``mine``: those in
    whose charge the reader is. ``parent_id``: the parts of one task. ``leaf``: only those that are counted.
    """

    tab: str = ALL
    unit_id: UUID | None = None
    person_id: UUID | None = None
    states: Sequence[str] = ()
    campaign: str = ""
    source: str = ""
    source_id: UUID | None = None
    plan_id: UUID | None = None
    line_id: UUID | None = None
    parent_id: UUID | None = None
    due_from: date | None = None
    due_to: date | None = None
    text: str = ""
    mine: bool = False
    leaf: bool | None = None
    extra: Sequence[ColumnElement[bool]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task of a list (任务行) with the names that belong to it."""

    task: Task
    unit_name: str
    unit_ended: date | None = None
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class TaskTally:
    """How the tasks of a filter stand (完成情况): only leaves are counted, drafts and cancelled ones are not.

    ``done`` are those reported done or further, ``verified`` those that another party has verified.
    """

    total: int = 0
    open: int = 0
    overdue: int = 0
    done: int = 0
    verified: int = 0


def list_tasks(
    session: Session,
    actor: Actor,
    wanted: TaskFilter,
    *,
    day: date,
    after: tuple[date, UUID] | None = None,
    size: int = 50,
    sort: str = "due",
) -> list[TaskRow]:
    """A page of tasks in sight and one more, by the last day; ``sort`` ``-due`` begins with the latest. Raises InvalidInput."""
    down = sort.startswith("-")
    if sort not in SORTS:
        raise InvalidInput(faults=[_choice("sort", sort)])
    query = select(Task).where(sees_task(actor, day), *conditions_of(actor, wanted, day))
    key = tuple_(Task.due_on, Task.id)
    if after is not None:
        query = query.where(key < after if down else key > after)
    # A text is in few of many rows: walking them in order until fifty have it takes longer than sorting those that do.
    by = type_coerce(Task.due_on, Integer) + literal(0) if wanted.text.strip() else Task.due_on
    order = (by.desc(), Task.id.desc()) if down else (by, Task.id)
    found = session.scalars(query.order_by(*order).limit(min(size, LARGEST_PAGE) + 1)).all()
    return with_names(session, found)


def every_task(session: Session, actor: Actor, wanted: TaskFilter, *, day: date) -> Iterator[TaskRow]:
    """Every task of a filter, page after page, for files."""
    after: tuple[date, UUID] | None = None
    while found := list_tasks(session, actor, wanted, day=day, after=after, size=LARGEST_PAGE):
        yield from found[:LARGEST_PAGE]
        if len(found) <= LARGEST_PAGE:
            return
        last = found[LARGEST_PAGE - 1].task
        after = (last.due_on, last.id)
        session.expunge_all()


def with_names(session: Session, tasks: Sequence[Task]) -> list[TaskRow]:
    """The same tasks with the names of their units and people (two queries)."""
    units = _named(session, Unit, (Unit.name, Unit.valid_to), (one.unit_id for one in tasks))
    people = _named(session, Person, (Person.name,), (one.person_id for one in tasks))
    found: list[TaskRow] = []
    for one in tasks:
        unit, person = units.get(one.unit_id), people.get(one.person_id)
        found.append(TaskRow(one, unit[1] if unit else "", unit[2] if unit else None, person[1] if person else ""))
    return found


def _named(
    session: Session, kind: Any, columns: Iterable[Any], wanted: Iterable[UUID | None]
) -> dict[UUID | None, Sequence[Any]]:
    ids = set(wanted) - {None}
    return {row[0]: row for row in session.execute(select(kind.id, *columns).where(kind.id.in_(ids)))} if ids else {}


def tally_tasks(session: Session, actor: Actor, wanted: TaskFilter, *, day: date) -> TaskTally:
    """Count the tasks of a filter, whatever its tab (one query)."""
    plain = TaskFilter(**{name: getattr(wanted, name) for name in _WITHOUT_TAB})
    late = (Task.due_on < day).label("late")
    query = select(Task.state, late, func.count()).where(Task.leaf, sees_task(actor, day))
    counts: Counter[tuple[str, bool]] = Counter()
    for state, is_late, n in session.execute(query.where(*conditions_of(actor, plain, day)).group_by(Task.state, late)):
        counts[state, is_late] += n

    def of(states: Iterable[str], *lates: bool) -> int:
        return sum(counts[state, late] for state in states for late in lates)

    both = (False, True)
    return TaskTally(
        total=of(COUNTED_STATES, *both),
        open=of(OPEN_STATES, *both),
        overdue=of(OPEN_STATES, True),
        done=of(DONE_STATES, *both),
        verified=of(VERIFIED_STATES, *both),
    )


_WITHOUT_TAB = tuple(name for name in TaskFilter.__dataclass_fields__ if name != "tab")


def conditions_of(actor: Actor, wanted: TaskFilter, day: date) -> list[ColumnElement[bool]]:
    """The filter as conditions on Task. Raises InvalidInput naming what nobody's page offers."""
    _check(wanted)
    found = [*wanted.extra, *_of_tab(wanted.tab, day)]
    for column, value in (
        (Task.person_id, wanted.person_id),
        (Task.campaign, wanted.campaign),
        (Task.source, wanted.source),
        (Task.source_id, wanted.source_id),
        (Task.plan_id, wanted.plan_id),
        (Task.line_id, wanted.line_id),
        (Task.parent_id, wanted.parent_id),
    ):
        if value:
            found.append(column == value)
    if wanted.unit_id is not None:
        found.append(Task.unit_id.in_(subtree(actor.tenant.id, wanted.unit_id, day)))
    if wanted.states:
        found.append(Task.state.in_(wanted.states))
    if wanted.due_from is not None:
        found.append(Task.due_on >= wanted.due_from)
    if wanted.due_to is not None:
        found.append(Task.due_on <= wanted.due_to)
    if wanted.mine:
        found.append(Task.person_id == actor.person_id)
    if wanted.leaf is not None:
        found.append(Task.leaf.is_(wanted.leaf))
    return [*found, *_of_text(wanted.text)]


def _of_tab(tab: str, day: date) -> list[ColumnElement[bool]]:
    if tab == OPEN:
        return [Task.state.in_(OPEN_STATES)]
    if tab == OVERDUE:
        return [is_overdue(day)]
    if tab == RISK:
        return [is_at_risk(day)]
    return [Task.state.in_(DONE_STATES)] if tab == DONE else []


def _of_text(text: str) -> list[ColumnElement[bool]]:
    said = text.strip()
    if not said:
        return []
    if _NUMBER.fullmatch(said):
        return [Task.number == said.upper()]
    return [or_(Task.title.contains(said, autoescape=True), Task.code == said)]


def _check(wanted: TaskFilter) -> None:
    faults: list[Fault] = []
    read_text(wanted.text, "q", faults, LONGEST_TEXT)
    faults += [_choice("state", one) for one in wanted.states if one not in STATES]
    if wanted.tab not in TABS:
        faults.append(_choice("tab", wanted.tab))
    if wanted.source and wanted.source not in SOURCES:
        faults.append(_choice("source", wanted.source))
    if faults:
        raise InvalidInput(faults=faults)


def _choice(name: str, value: str) -> Fault:
    return Fault(N_("选项无效"), name, value=shown(value), remedy=N_("请从列表里选"))


def plan_options(session: Session) -> list[tuple[UUID, str, UUID | None]]:
    """The plans and their lines that tasks can belong to: id, title, and of a line its plan."""
    plans = session.execute(
        select(Plan.id, Plan.title).where(Plan.state.in_(("draft", "active"))).order_by(Plan.starts_on.desc(), Plan.id)
    ).all()
    lines = session.execute(
        select(PlanLine.id, PlanLine.title, PlanLine.plan_id)
        .where(PlanLine.plan_id.in_([row[0] for row in plans]), PlanLine.dropped.is_(False))
        .order_by(PlanLine.position, PlanLine.id)
    ).all()
    found: list[tuple[UUID, str, UUID | None]] = []
    for plan, title in plans:
        found.append((plan, title, None))
        found += [(row[0], row[1], plan) for row in lines if row[2] == plan]
    return found
