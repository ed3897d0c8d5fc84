"""The agenda (议程): its points in their order, each with how the thing that it is about stands now, for whoever may know of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, delete, func, select, type_coerce
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.desk.finding_filters import is_overdue
from core.work.desk.findings import Filter, counting_query
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED, WITH_UNIT
from core.work.meetings.kinds import HELD, OPEN, PLANNED, POINTS
from core.work.meetings.steps import locked, step
from core.work.tables import Finding, Meeting, MeetingDecision, MeetingItem, Part, Task
from core.work.tasks.sight import sees_task
from core.work.tasks.states import late_days
from core.work.wording import LONGEST_NOTE, read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit

TASK, FINDING, LAST = "task", "finding", "decision"
LONGEST_POINT = 200
MOST = 200  # points of one meeting (ours)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thing stands (情况): of a task its state, progress (1/100 %) and days late; of findings how many are open and overdue.

    ``about`` is task, finding, unit or decision; ``id`` is what one may open, None where it is not the reader's to know.
    """

    about: str
    state: str = ""
    progress: int = 0
    late: int = 0
    due_on: date | None = None
    number: str = ""
    open: int = 0
    overdue: int = 0
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One point as the reader sees it (议题): ``hidden`` where it is about what he may not know, then without any words."""

    item: MeetingItem
    title: str
    unit_name: str
    then: Mapping[str, Any]
    now: Standing | None
    hidden: bool = False


def points_of(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> list[Point]:
    """The points of a meeting in their order, with the live state of what they are about (at most six queries)."""
    query = (
        select(MeetingItem, Unit.name)
        .outerjoin(Unit, (Unit.tenant_id == MeetingItem.tenant_id) & (Unit.id == MeetingItem.unit_id))
        .where(MeetingItem.meeting_id == meeting.id)
        .order_by(MeetingItem.position, MeetingItem.id)
    )
    rows = [(item, name or "") for item, name in session.execute(query)]
    standing = read_standing(session, actor, [item for item, _ in rows], now)
    return [_point(item, name, standing) for item, name in rows]


def _point(item: MeetingItem, unit_name: str, standing: Mapping[UUID, Standing]) -> Point:
    found = standing.get(item.id)
    if item.subject == FINDING and item.subject_id is not None and found is None:
        return Point(item, "", "", {}, None, hidden=True)
    return Point(item, item.title, unit_name, item.detail, found)


def read_standing(session: Session, actor: Actor, items: Sequence[MeetingItem], now: datetime) -> dict[UUID, Standing]:
    """How the things stand that points are about, by point; what the reader may not know of is left out."""
    by = {
        kind: {one.subject_id for one in items if one.subject == kind and one.subject_id}
        for kind in (TASK, FINDING, LAST)
    }
    decided = _decisions(session, by[LAST])
    tasks = standing_of_tasks(session, actor, {*by[TASK], *(one for one in decided.values() if one)}, now)
    findings = _findings(session, actor, by[FINDING], now)
    units = open_by_unit(session, actor, now, [one.unit_id for one in items if _is_of_unit(one) and one.unit_id])
    found: dict[UUID, Standing] = {}
    for item in items:
        key = item.subject_id
        said: Standing | None = None
        if item.subject == TASK and key:
            said = tasks.get(key)
        elif item.subject == LAST and key in decided:
            task = decided[key]
            said = tasks.get(task) if task else Standing("decision")
        elif item.subject == FINDING:
            said = findings.get(key) if key else units.get(item.unit_id) if item.unit_id else None
        if said is not None:
            found[item.id] = said
    return found


def _is_of_unit(item: MeetingItem) -> bool:
    return item.subject == FINDING and item.subject_id is None


def standing_of_tasks(session: Session, actor: Actor, ids: Collection[UUID], now: datetime) -> dict[UUID, Standing]:
    """How tasks stand; whoever sees the meeting sees that, ``id`` only where the task itself is his to open."""
    if not ids:
        return {}
    day = local_day(now)
    seen = set(session.scalars(select(Task.id).where(Task.id.in_(ids), sees_task(actor, day))))
    rows = session.scalars(select(Task).where(Task.id.in_(ids)))
    return {
        row.id: Standing(
            "task",
            row.state,
            row.progress,
            late_days(row, day),
            row.due_on,
            row.number or "",
            id=row.id if row.id in seen else None,
        )
        for row in rows
    }


def _decisions(session: Session, ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    if not ids:
        return {}
    query = select(MeetingDecision.id, MeetingDecision.task_id).where(MeetingDecision.id.in_(ids))
    return dict(session.execute(query).all())


def _findings(session: Session, actor: Actor, ids: Collection[UUID], now: datetime) -> dict[UUID, Standing]:
    if not ids:
        return {}
    rows = session.scalars(select(Finding).where(Finding.id.in_(ids), sees_finding(actor, local_day(now))))
    return {
        row.id: Standing(
            "finding",
            row.state,
            late=max(0, (local_day(now) - local_day(row.due_at)).days) if row.state in WITH_UNIT else 0,
            due_on=local_day(row.due_at),
            number=row.number or "",
            id=row.id,
        )
        for row in rows
    }


def open_by_unit(
    session: Session, actor: Actor, now: datetime, units: Collection[UUID] | None = None
) -> dict[UUID, Standing]:
    """How many findings each leading unit has open and overdue, of those that the actor may see and that are not restricted."""
    if units is not None and not units:
        return {}
    leads = (Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id, Part.leading, Part.ended_at.is_(None))
    columns: tuple[ColumnElement[Any], ...] = (
        type_coerce(Part.unit_id, Uuid),
        func.count(),
        func.count().filter(is_overdue(now)),
    )
    query = counting_query(actor, Filter(), now, *columns).join(Part, and_(*leads))
    query = query.where(Finding.state.in_(NOT_CLOSED), Finding.restricted.is_(False)).group_by(Part.unit_id)
    if units is not None:
        query = query.where(Part.unit_id.in_(units))
    return {unit: Standing("unit", open=n, overdue=over, id=unit) for unit, n, over in session.execute(query)}


def add_point(session: Session, actor: Actor, meeting_id: UUID, title: str, *, now: datetime) -> Meeting:
    """Add a point of one's own at the end (自拟议题). Raises InvalidInput, and what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    faults: list[Fault] = []
    said = read_text(title, "point", faults, LONGEST_POINT)
    if not said and not faults:
        faults.append(Fault(N_("缺少议题"), "point", remedy=N_("请写一句话")))
    if faults:
        raise InvalidInput(faults=faults)
    put(session, meeting, [MeetingItem(title=said)])
    return step(session, actor, meeting, "agenda", now=now, detail={"added": 1})


def put(session: Session, meeting: Meeting, items: Sequence[MeetingItem]) -> None:
    """Add points behind those that are there. Raises InvalidInput when there would be too many."""
    last, count = session.execute(
        select(func.coalesce(func.max(MeetingItem.position), 0), func.count()).where(
            MeetingItem.meeting_id == meeting.id
        )
    ).one()
    if count + len(items) > MOST:
        remedy = N_("最多 {most} 项；请先去掉一些")
        raise InvalidInput(faults=[Fault(N_("议题过多"), "point", remedy=remedy, params={"most": MOST})])
    for number, item in enumerate(items, 1):
        item.id, item.meeting_id, item.position = new_id(), meeting.id, last + number
    session.add_all(items)
    session.flush()


def order_points(
    session: Session, actor: Actor, meeting_id: UUID, places: Mapping[UUID, int], *, now: datetime
) -> Meeting:
    """Put the points in the order of the numbers said (排序); a point that is not named keeps its place among them."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    rows = list(session.scalars(select(MeetingItem).where(MeetingItem.meeting_id == meeting.id)))
    ordered = sorted(rows, key=lambda row: (places.get(row.id, row.position), row.position, row.id))
    for number, row in enumerate(ordered, 1):
        row.position = number
    return step(session, actor, meeting, "order", now=now)


def drop_point(session: Session, actor: Actor, meeting_id: UUID, item_id: UUID, *, now: datetime) -> Meeting:
    """Take a point off; one on which something was decided stays. Raises NotFound, InvalidInput, and what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    if session.scalar(select(MeetingDecision.id).where(MeetingDecision.item_id == item_id).limit(1)):
        remedy = N_("已有议定事项的议题不能去掉")
        raise InvalidInput(faults=[Fault(N_("这一项已经议定"), "point", remedy=remedy)])
    gone = session.execute(
        delete(MeetingItem)
        .where(MeetingItem.id == item_id, MeetingItem.meeting_id == meeting.id)
        .returning(MeetingItem.id)
        .execution_options(synchronize_session=False)
    ).first()
    if gone is None:
        raise NotFound
    return step(session, actor, meeting, "agenda", now=now, detail={"dropped": 1})


def say_point(
    session: Session, actor: Actor, meeting_id: UUID, item_id: UUID, *, said: str, state: str = OPEN, now: datetime
) -> Meeting:
    """Write what was said on a point and how it ended (讨论情况). Raises NotFound, InvalidInput, and what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD,))
    row = session.scalars(
        select(MeetingItem).where(MeetingItem.id == item_id, MeetingItem.meeting_id == meeting.id)
    ).first()
    if row is None:
        raise NotFound
    faults: list[Fault] = []
    words = read_text(said, "said", faults, LONGEST_NOTE)
    if state not in POINTS:
        faults.append(Fault(N_("选项无效"), "state", value=shown(state), remedy=N_("请从列表里选")))
    if faults:
        raise InvalidInput(faults=faults)
    row.said, row.state = words, state
    return step(session, actor, meeting, "discuss", now=now, detail={"item": str(item_id), "state": state})
