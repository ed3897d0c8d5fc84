"""Decisions and pledges (议定事项、表态): who does what by when; each becomes one task on the spot, and never two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.meetings.agenda import Standing, standing_of_tasks
from core.work.meetings.kinds import CAME, DECIDED, DECISION, DECISIONS, HELD, PLEDGE
from core.work.meetings.planning import need_reason
from core.work.meetings.steps import locked, step
from core.work.tables import Meeting, MeetingDecision, MeetingItem, MeetingPresence, Task
from core.work.tasks.making import TaskWish, create_many
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Person, Unit, UnitPath

LONGEST = 200


@dataclass(frozen=True, slots=True)
class DecisionWish:
    """What was decided or pledged (议定内容): unit, person and day may come later, a task needs unit and day."""

    title: str
    unit_id: UUID | None = None
    person_id: UUID | None = None
    due_on: date | None = None
    kind: str = DECISION
    item_id: UUID | None = None
    target: Decimal | None = None
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with its names and the live state of its task (议定事项)."""

    row: MeetingDecision
    unit_name: str
    person_name: str
    task: Standing | None


def decide(
    session: Session, actor: Actor, meeting_id: UUID, wish: DecisionWish, *, now: datetime, give_task: bool = False
) -> MeetingDecision:
    """Write down a decision or a pledge; with ``give_task`` it is a task at once. Raises InvalidInput, and what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD,))
    values = _checked(session, meeting, wish, now, whole=give_task)
    last = session.scalar(
        select(func.coalesce(func.max(MeetingDecision.position), 0)).where(MeetingDecision.meeting_id == meeting.id)
    )
    row = MeetingDecision(
        **values, id=new_id(), meeting_id=meeting.id, position=(last or 0) + 1, item_id=wish.item_id, created_at=now
    )
    session.add(row)
    if wish.item_id is not None:
        session.get_one(MeetingItem, (meeting.tenant_id, wish.item_id)).state = DECIDED
    step(session, actor, meeting, "decide", now=now, detail={"decision": str(row.id), "kind": row.kind})
    if give_task:
        _give(session, actor, meeting, row, now)
    return row


def change_decision(
    session: Session, actor: Actor, meeting_id: UUID, decision_id: UUID, wish: DecisionWish, *, now: datetime
) -> MeetingDecision:
    """Change a decision that is no task yet. Raises NotFound, Conflict, InvalidInput, and what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD,))
    row = _decision(session, meeting, decision_id)
    if row.task_id is not None or row.dropped:
        raise Conflict(N_("这一项已经成为任务或已撤回，不能再改"))
    for name, value in _checked(session, meeting, wish, now, whole=False).items():
        setattr(row, name, value)
    step(session, actor, meeting, "change_decision", now=now, detail={"decision": str(row.id)})
    return row


def make_task(session: Session, actor: Actor, meeting_id: UUID, decision_id: UUID, *, now: datetime) -> Task:
    """Make the decision's task (转为任务); asked again it gives the task that is there. Raises InvalidInput where unit or day lack.

    Two that press at the same moment wait for each other at the meeting's row, so that there is one task. A meeting whose
    minutes are out may still give its tasks: the decision stands.
    """
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD, "minuted"))
    row = _decision(session, meeting, decision_id)
    if row.task_id is not None:
        return session.get_one(Task, (row.tenant_id, row.task_id))
    if row.dropped:
        raise Conflict(N_("这一项已撤回"))
    return _give(session, actor, meeting, row, now)


def drop_decision(
    session: Session, actor: Actor, meeting_id: UUID, decision_id: UUID, *, reason: str, now: datetime
) -> MeetingDecision:
    """Take back a decision that is no task yet (撤回); it stays on record. Raises Conflict once it is a task: that is withdrawn there."""
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD,))
    row = _decision(session, meeting, decision_id)
    said = need_reason(reason)
    if row.task_id is not None:
        raise Conflict(N_("这一项已经成为任务；请到任务里撤销"))
    if row.dropped:
        return row
    row.dropped = True
    step(session, actor, meeting, "drop_decision", now=now, note=said, detail={"decision": str(row.id)})
    return row


def decisions_of(session: Session, actor: Actor, meeting_id: UUID, now: datetime) -> list[Decided]:
    """What a meeting decided, in its order, each with the live state of its task (three queries)."""
    query = (
        select(MeetingDecision, Unit.name, Person.name)
        .outerjoin(Unit, (Unit.tenant_id == MeetingDecision.tenant_id) & (Unit.id == MeetingDecision.unit_id))
        .outerjoin(Person, (Person.tenant_id == MeetingDecision.tenant_id) & (Person.id == MeetingDecision.person_id))
        .where(MeetingDecision.meeting_id == meeting_id)
        .order_by(MeetingDecision.position, MeetingDecision.id)
    )
    rows = session.execute(query).all()
    tasks = standing_of_tasks(session, actor, {row.task_id for row, *_ in rows if row.task_id}, now)
    return [
        Decided(row, unit or "", person or "", tasks.get(row.task_id) if row.task_id else None)
        for row, unit, person in rows
    ]


def _decision(session: Session, meeting: Meeting, decision_id: UUID) -> MeetingDecision:
    query = select(MeetingDecision).where(MeetingDecision.id == decision_id, MeetingDecision.meeting_id == meeting.id)
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound
    return found


def _give(session: Session, actor: Actor, meeting: Meeting, row: MeetingDecision, now: datetime) -> Task:
    lacking = [
        Fault(N_("缺少这一项"), name, remedy=N_("转为任务前请先填上"))
        for name, value in (("unit_id", row.unit_id), ("due_on", row.due_on))
        if value is None
    ]
    if lacking or row.unit_id is None or row.due_on is None:
        raise InvalidInput(faults=lacking)
    wish = TaskWish(
        title=row.title,
        unit_id=row.unit_id,
        due_on=row.due_on,
        person_id=row.person_id,
        campaign=meeting.campaign,
        source=PLEDGE if row.kind == PLEDGE else "meeting",
        source_id=row.id,
        way="quantity" if row.target is not None and row.measure else "count" if row.target is not None else "percent",
        target=row.target,
        measure=row.measure,
    )
    agreed = _was_there(session, meeting, row.unit_id, local_day(now))
    task = create_many(session, actor, [wish], now=now, issue=True, by_right=agreed)[0]
    row.task_id = task.id
    step(session, actor, meeting, "task", now=now, detail={"decision": str(row.id), "task": task.number or ""})
    return task


def _was_there(session: Session, meeting: Meeting, unit_id: UUID, day: date) -> bool:
    """Whether the unit, or one above it, came to the meeting: what it took on there needs no further right (ours)."""
    above = select(UnitPath.ancestor_id).where(
        UnitPath.tenant_id == meeting.tenant_id, UnitPath.unit_id == unit_id, valid_on(UnitPath, day)
    )
    query = select(MeetingPresence.id).where(
        MeetingPresence.meeting_id == meeting.id,
        MeetingPresence.state.in_(CAME),
        MeetingPresence.unit_id.in_(above),
    )
    return session.scalar(query.limit(1)) is not None


def _checked(session: Session, meeting: Meeting, wish: DecisionWish, now: datetime, *, whole: bool) -> dict[str, Any]:
    """What a wish says, as columns. ``whole``: unit and day must be there, for it is a task at once."""
    faults: list[Fault] = []
    title = read_text(wish.title, "title", faults, LONGEST)
    choose = N_("请从列表里选")
    if not title and not faults:
        faults.append(Fault(N_("缺少这一项"), "title", remedy=N_("请写明议定了什么")))
    if wish.kind not in DECISIONS:
        faults.append(Fault(N_("选项无效"), "kind", value=shown(wish.kind), remedy=choose))
    day = local_day(now)
    if wish.unit_id is not None and not session.scalar(
        select(Unit.id).where(Unit.id == wish.unit_id, valid_on(Unit, day))
    ):
        faults.append(Fault(N_("没有这个单位，或者它那天已经撤销"), "unit_id", remedy=choose))
    if wish.person_id is not None and not session.scalar(select(Person.id).where(Person.id == wish.person_id)):
        faults.append(Fault(N_("没有这个人"), "person_id", remedy=choose))
    if wish.item_id is not None and not session.scalar(
        select(MeetingItem.id).where(MeetingItem.id == wish.item_id, MeetingItem.meeting_id == meeting.id)
    ):
        faults.append(Fault(N_("没有这项议题"), "item_id", remedy=choose))
    if wish.due_on is not None and wish.due_on < meeting.held_on:
        remedy = N_("请填会议当天或以后的日期")
        faults.append(Fault(N_("完成日早于会议"), "due_on", value=wish.due_on.isoformat(), remedy=remedy))
    for name, value in (("unit_id", wish.unit_id), ("due_on", wish.due_on)) if whole else ():
        if value is None:
            faults.append(Fault(N_("缺少这一项"), name, remedy=N_("转为任务前请先填上")))
    if faults:
        raise InvalidInput(faults=faults)
    return {
        "title": title,
        "kind": wish.kind,
        "unit_id": wish.unit_id,
        "person_id": wish.person_id,
        "due_on": wish.due_on,
        "target": wish.target,
        "measure": wish.measure,
    }
