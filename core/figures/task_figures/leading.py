"""What a leader asks of the tasks (领导看任务): late, at risk, changed since yesterday, and what waits for his decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from core.figures.task_figures.facts import Moment, facts
from core.figures.task_figures.pace import forecast_on
from core.figures.task_figures.rates import Sums, totals
from core.work.appraisals.freezing import Frozen, to_sign
from core.work.duties.sponsoring import SponsorLine
from core.work.roles import DIRECT, PUBLISH
from core.work.tables import CardIssue, CardScheme, Project, Task, TaskEvent, WorkPhoto
from core.work.tasks.sight import sees_task, within
from core.work.tasks.states import DONE_STATES, OPEN_STATES, RETURNED, is_overdue
from core.work.tasks.work_photos import photos_of
from tenants.access import Actor, may, subtree
from tenants.models import Person, Unit
from tenants.scope import ScopedSession

SHOWN = 3  # lines of each kind before "more"
MOST = 20
A_DAY = timedelta(days=1)
RUNNING = ("running", "finished")  # projects that are not accepted yet


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task as a leader sees it (任务一行): with the newest proof and the number of the person in charge."""

    task: Task
    unit_name: str
    person_name: str
    phone: str
    photo: WorkPhoto | None
    forecast: date | None = None


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place that he sponsors (我包保的地方): its open and late tasks and projects."""

    line: SponsorLine
    open: int
    late: int
    projects: int


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened to tasks since this time yesterday (较昨日): steps by kind."""

    issued: int = 0
    done: int = 0
    verified: int = 0
    returned: int = 0
    newly_late: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for his decision (待我决定)."""

    extensions: Sequence[TaskLine]
    extension_count: int
    returned: int
    cards: int
    appraisals: Sequence[Frozen]

    @property
    def count(self) -> int:
        """How many things wait."""
        return self.extension_count + self.returned + self.cards + len(self.appraisals)


def read_totals(session: ScopedSession, actor: Actor, day: date) -> Sums:
    """All tasks in sight: done, overdue, at risk."""
    return totals(session, Moment(day), [sees_task(actor, day)])


def late_tasks(session: ScopedSession, actor: Actor, day: date, size: int = SHOWN) -> list[TaskLine]:
    """The tasks in sight that are longest overdue."""
    query = select(Task).where(Task.leaf, is_overdue(day), sees_task(actor, day)).order_by(Task.due_on, Task.id)
    return _lines(session, query.limit(size), day)


def risky_tasks(session: ScopedSession, actor: Actor, day: date, size: int = SHOWN) -> list[TaskLine]:
    """The tasks in sight that will be late at their pace, the earliest last day first, with the forecast."""
    table = facts(session, Moment(day), [sees_task(actor, day), Task.state.in_(OPEN_STATES)])
    ids = select(table.c.id).where(table.c.at_risk).order_by(table.c.due_on, table.c.id).limit(size)
    chosen = session.scalars(ids).all()
    return _lines(session, select(Task).where(Task.id.in_(chosen)).order_by(Task.due_on, Task.id), day)


def fresh_proofs(session: ScopedSession, actor: Actor, day: date, now: datetime, size: int = SHOWN) -> list[TaskLine]:
    """What was reported done since this time yesterday, the newest first."""
    query = select(Task).where(
        Task.leaf, Task.state.in_(DONE_STATES), Task.done_at >= now - A_DAY, sees_task(actor, day)
    )
    return _lines(session, query.order_by(Task.done_at.desc(), Task.id).limit(size), day)


def changed_since(session: ScopedSession, actor: Actor, day: date, now: datetime) -> Changed:
    """The steps of the last day on tasks in sight, and what became late with the end of yesterday (two queries)."""
    seen = (
        select(TaskEvent.verb, TaskEvent.to_state, func.count(TaskEvent.task_id.distinct()))
        .join(Task, (Task.tenant_id == TaskEvent.tenant_id) & (Task.id == TaskEvent.task_id))
        .where(TaskEvent.at >= now - A_DAY, TaskEvent.at <= now, Task.leaf, sees_task(actor, day))
        .where(TaskEvent.from_state.is_distinct_from(TaskEvent.to_state))
        .group_by(TaskEvent.verb, TaskEvent.to_state)
    )
    counts: dict[str, int] = {}
    for _verb, state, n in session.execute(seen):
        counts[state] = counts.get(state, 0) + n
    late = select(func.count()).select_from(Task)
    late = late.where(Task.leaf, Task.state.in_(OPEN_STATES), Task.due_on == day - A_DAY, sees_task(actor, day))
    return Changed(
        issued=counts.get("issued", 0),
        done=counts.get("done", 0),
        verified=counts.get("verified", 0),
        returned=counts.get(RETURNED, 0),
        newly_late=session.scalar(late) or 0,
    )


def read_waiting(session: ScopedSession, actor: Actor, day: date, now: datetime) -> Waiting:
    """Extensions asked for and tasks returned where he directs, cards to confirm, appraisals to sign."""
    asked = [Task.wanted_due_on.is_not(None), Task.state.in_(OPEN_STATES), *_directed(actor, day)]
    wanted = select(Task).where(*asked).order_by(Task.due_on, Task.id)
    back = select(func.count()).select_from(Task).where(Task.state == RETURNED, *_directed(actor, day))
    directs = actor.has(DIRECT)
    return Waiting(
        extensions=_lines(session, wanted.limit(SHOWN), day) if directs else [],
        extension_count=(session.scalar(select(func.count()).select_from(Task).where(*asked)) or 0) if directs else 0,
        returned=(session.scalar(back) or 0) if directs else 0,
        cards=_cards(session, actor, day),
        appraisals=to_sign(session, actor, now),
    )


def places_of(session: ScopedSession, actor: Actor, lines: Sequence[SponsorLine], day: date) -> list[PlaceLine]:
    """The places that he sponsors with the tasks and projects there, the latest first; only tasks that he may see."""
    found = []
    for line in lines:
        at = _at(actor, line, day)
        if at is None:
            found.append(PlaceLine(line, 0, 0, _projects(session, line, day)))
            continue
        counts = (func.count().filter(Task.state.in_(OPEN_STATES)), func.count().filter(is_overdue(day)))
        row = session.execute(select(*counts).select_from(Task).where(Task.leaf, at, sees_task(actor, day))).one()
        found.append(PlaceLine(line, row[0], row[1], _projects(session, line, day)))
    return sorted(found, key=lambda one: (-one.late, -one.open))


def _at(actor: Actor, line: SponsorLine, day: date) -> ColumnElement[bool] | None:
    """The condition that a task is of the sponsored unit; a site has no tasks of its own."""
    if line.object_id is None or line.object_kind == "site":
        return None
    return Task.unit_id.in_(subtree(actor.tenant.id, line.object_id, day))


def _projects(session: ScopedSession, line: SponsorLine, day: date) -> int:
    if line.object_id is None:
        return 0
    at = Project.site_id == line.object_id
    if line.object_kind != "site":
        at = Project.unit_id.in_(subtree(session.tenant_id, line.object_id, day))
    query = select(func.count()).select_from(Project).where(at, Project.state.in_(RUNNING))
    return session.scalar(query) or 0


def _directed(actor: Actor, day: date) -> list[ColumnElement[bool]]:
    return [within(actor, DIRECT, day)]


def _cards(session: ScopedSession, actor: Actor, day: date) -> int:
    """Cards that are proposed and wait for whoever gives them."""
    if not actor.has(PUBLISH):
        return 0
    query = (
        select(CardScheme.unit_id, func.count())
        .join(CardIssue, (CardIssue.tenant_id == CardScheme.tenant_id) & (CardIssue.scheme_id == CardScheme.id))
        .where(CardIssue.state == "proposed")
        .group_by(CardScheme.unit_id)
    )
    return sum(n for unit, n in session.execute(query) if may(session, actor, PUBLISH, unit, day))


def _lines(session: ScopedSession, query: Select[Task], day: date) -> list[TaskLine]:
    """Tasks with the names, the number of the person in charge and the newest proof (four queries)."""
    tasks = session.scalars(query).all()
    if not tasks:
        return []
    units: Mapping[UUID, str] = dict(
        session.execute(select(Unit.id, Unit.name).where(Unit.id.in_([t.unit_id for t in tasks]))).all()
    )
    named = select(Person.id, Person.name, Person.phone, Person.state)
    people = {
        row[0]: row for row in session.execute(named.where(Person.id.in_([t.person_id for t in tasks if t.person_id])))
    }
    photos = photos_of(session, "task", [one.id for one in tasks])
    found = []
    for one in tasks:
        person = people.get(one.person_id) if one.person_id else None
        phone = person[2] if person and person[3] == "active" else ""
        proof = photos.get(one.id, [])
        forecast = forecast_on(one.starts_on, day, one.progress) if one.reported_at else None
        line = TaskLine(
            one, units.get(one.unit_id, ""), person[1] if person else "", phone, proof[-1] if proof else None, forecast
        )
        found.append(line)
    return found
