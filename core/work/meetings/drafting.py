"""Drafts the agenda (生成议程): what earlier meetings decided and is not done, late tasks, tasks at risk, findings overdue, units over a limit.

What is there already is never drafted twice, so that one may draft again before the meeting. A point that was taken off by hand
comes back only when one drafts again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.desk.finding_filters import is_overdue
from core.work.desk.findings import Filter, base_query, rows_of
from core.work.meetings.agenda import FINDING, LAST, MOST, TASK, open_by_unit, put
from core.work.meetings.attendance import told_units
from core.work.meetings.kinds import CANCELLED, HELD, PLANNED
from core.work.meetings.steps import locked, step
from core.work.organisation.areas import units_in_area
from core.work.tables import Finding, Meeting, MeetingDecision, MeetingItem, Part, Task
from core.work.tasks import states
from core.work.tasks.sight import sees_task
from tenants.access import Actor
from tenants.models import Unit, UnitPath

MOST_OF_A_KIND = 20  # points of one source in one draft; the rest is on the lists (ours)
LIMIT = 10  # open findings of one unit from which it is a point of its own (ours)


def draft_agenda(
    session: Session, actor: Actor, meeting_id: UUID, *, at_risk: Sequence[UUID] = (), now: datetime
) -> int:
    """Add to the agenda what waits for a word, in the order of the rules above; gives how many points were added.

    ``at_risk`` are tasks that their pace says will be late (core.figures.task_figures.agenda); only those in the drafter's sight
    count. Raises what a change of the agenda raises.
    """
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    there = {_key(row) for row in session.scalars(select(MeetingItem).where(MeetingItem.meeting_id == meeting.id))}
    fresh: list[MeetingItem] = []
    for item in _all(session, actor, meeting, at_risk, now):
        if _key(item) not in there and len(there) < MOST:
            there.add(_key(item))
            fresh.append(item)
    if fresh:
        put(session, meeting, fresh)
        step(session, actor, meeting, "draft", now=now, detail={"added": len(fresh)})
    return len(fresh)


def scope_of(session: Session, meeting: Meeting, day: date) -> Select[UUID] | None:
    """The units that a meeting is about: those asked to it and its own, with what lies under them and in their areas; None for all.

    A meeting without any units asked is about its own unit; a headquarters' one about the whole district.
    """
    asked = told_units(session, meeting.id)
    own = session.get_one(Unit, (meeting.tenant_id, meeting.unit_id))
    if not asked and (own.tree == "headquarters" or own.kind == "hq"):
        return None
    tops = sorted(asked | {meeting.unit_id})
    areas = session.scalars(select(Unit.id).where(Unit.id.in_(tops), Unit.kind == "area")).all()
    below = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == meeting.tenant_id, UnitPath.ancestor_id.in_(tops), valid_on(UnitPath, day)
    )
    found = [UnitPath.unit_id.in_(below)]
    found += [UnitPath.unit_id.in_(units_in_area(meeting.tenant_id, area, day)) for area in areas]
    return select(UnitPath.unit_id).where(UnitPath.tenant_id == meeting.tenant_id, or_(*found))


def _key(item: MeetingItem) -> tuple[str, UUID | None, str]:
    """What a point is about; of a unit's findings the unit, of one's own point its words."""
    if item.subject_id is not None:
        return item.subject, item.subject_id, ""
    return item.subject, item.unit_id if item.subject else None, "" if item.subject else item.title


def _all(
    session: Session, actor: Actor, meeting: Meeting, at_risk: Sequence[UUID], now: datetime
) -> Iterator[MeetingItem]:
    day = local_day(now)
    scope = scope_of(session, meeting, day)
    earlier = list(_undone(session, meeting, day))
    yield from earlier
    named = {item.detail["task"] for item in earlier if item.detail.get("task")}
    late = states.is_overdue(day)
    for why, condition in (("overdue", late), ("risk", and_(Task.id.in_(at_risk), ~late))):
        for task in _tasks(session, actor, scope, condition, day) if why == "overdue" or at_risk else ():
            if str(task.id) not in named:
                yield _of_task(task, why, day)
    yield from _findings(session, actor, scope, now)
    yield from _units(session, actor, scope, now)


def _undone(session: Session, meeting: Meeting, day: date) -> Iterator[MeetingItem]:
    """What meetings of the same kind and unit decided before, and is not done: its task is open, or it never became one."""
    same = and_(Meeting.tenant_id == MeetingDecision.tenant_id, Meeting.id == MeetingDecision.meeting_id)
    of = and_(Task.tenant_id == MeetingDecision.tenant_id, Task.id == MeetingDecision.task_id)
    query = (
        select(MeetingDecision, Task, Meeting.title)
        .join(Meeting, same)
        .outerjoin(Task, of)
        .where(
            Meeting.kind == meeting.kind,
            Meeting.unit_id == meeting.unit_id,
            Meeting.state != CANCELLED,
            Meeting.id != meeting.id,
            Meeting.held_on <= meeting.held_on,
            MeetingDecision.dropped.is_(False),
            or_(MeetingDecision.task_id.is_(None), Task.state.in_(states.BEFORE_DONE)),
        )
        .order_by(Meeting.held_on.desc(), MeetingDecision.position, MeetingDecision.id)
        .limit(MOST_OF_A_KIND)
    )
    for decision, task, title in session.execute(query):
        detail: dict[str, Any] = {"why": "last", "meeting": title} | (_task_then(task, day) if task else {})
        yield MeetingItem(
            subject=LAST, subject_id=decision.id, title=decision.title, unit_id=decision.unit_id, detail=detail
        )


def _tasks(
    session: Session, actor: Actor, scope: Select[UUID] | None, condition: ColumnElement[bool], day: date
) -> Sequence[Task]:
    wanted = [condition, Task.leaf, sees_task(actor, day)]
    if scope is not None:
        wanted.append(Task.unit_id.in_(scope))
    query = select(Task).where(*wanted).order_by(Task.due_on, Task.id).limit(MOST_OF_A_KIND)
    return session.scalars(query).all()


def _of_task(task: Task, why: str, day: date) -> MeetingItem:
    detail = {"why": why} | _task_then(task, day)
    return MeetingItem(subject=TASK, subject_id=task.id, title=task.title, unit_id=task.unit_id, detail=detail)


def _task_then(task: Task, day: date) -> dict[str, Any]:
    return {
        "task": str(task.id),
        "number": task.number or "",
        "state": task.state,
        "progress": task.progress,
        "late": states.late_days(task, day),
        "due": task.due_on.isoformat(),
    }


def _findings(session: Session, actor: Actor, scope: Select[UUID] | None, now: datetime) -> Iterator[MeetingItem]:
    """The findings that are longest overdue; never one of the restricted class, whoever drafts: an agenda is read aloud."""
    extra: list[ColumnElement[bool]] = [is_overdue(now), Finding.restricted.is_(False), Finding.hidden.is_(False)]
    if scope is not None:
        leads = select(Part.finding_id).where(
            Part.tenant_id == actor.tenant.id, Part.leading, Part.ended_at.is_(None), Part.unit_id.in_(scope)
        )
        extra.append(Finding.id.in_(leads))
    query = base_query(actor, Filter(extra=tuple(extra)), now).order_by(Finding.due_at, Finding.id)
    for row in rows_of(session, session.execute(query.limit(MOST_OF_A_KIND)).all(), now):
        detail = {
            "why": "finding",
            "number": row.number or "",
            "state": row.state,
            "late": max(0, (local_day(now) - local_day(row.due_at)).days),
            "due": local_day(row.due_at).isoformat(),
            "place": row.site_name or row.unit_name,
        }
        unit = row.lead.unit_id if row.lead else row.unit_id
        yield MeetingItem(subject=FINDING, subject_id=row.id, title=row.title, unit_id=unit, detail=detail)


def _units(session: Session, actor: Actor, scope: Select[UUID] | None, now: datetime) -> Iterator[MeetingItem]:
    """Units that lead more open findings than the limit, the most burdened first."""
    counts = {unit: one for unit, one in open_by_unit(session, actor, now).items() if one.open > LIMIT}
    if not counts:
        return
    query = select(Unit.id, Unit.name).where(Unit.id.in_(counts))
    names = dict(session.execute(query if scope is None else query.where(Unit.id.in_(scope))).all())
    for unit in sorted(names, key=lambda one: (-counts[one].open, names[one]))[:MOST_OF_A_KIND]:
        detail = {"why": "limit", "open": counts[unit].open, "overdue": counts[unit].overdue, "limit": LIMIT}
        yield MeetingItem(subject=FINDING, title=names[unit], unit_id=unit, detail=detail)


def count_points(session: Session, meeting_id: UUID) -> int:
    """How many points a meeting has."""
    return session.scalar(select(func.count()).where(MeetingItem.meeting_id == meeting_id)) or 0
