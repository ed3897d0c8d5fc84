"""Planning a meeting (安排会议): kind, day, unit, chair, place and who is asked; changed while it is planned, held, or called off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput
from core.work.calendar import ZONE, local_day
from core.work.dated import valid_on
from core.work.meetings.attendance import add_units, told_units
from core.work.meetings.kinds import CANCELLED, HELD, KINDS, PLANNED, TIERS, propose_title
from core.work.meetings.people import person_named
from core.work.meetings.sight import holds
from core.work.meetings.steps import locked, note_step, step
from core.work.papers.notes import tell
from core.work.serials import take_serials
from core.work.tables import Meeting
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit

LONGEST_TITLE, LONGEST_PLACE, LONGEST_NAME, LONGEST_REASON = 120, 120, 40, 300
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class MeetingWish:
    """What a meeting shall be (会议安排): an empty title is proposed; ``chair`` is a name, of a known person where there is one."""

    kind: str
    unit_id: UUID
    held_on: date
    tier: int = 1
    title: str = ""
    chair: str = ""
    place: str = ""
    starts_at: time | None = None
    campaign: str = ""
    invited: tuple[UUID, ...] = ()


def plan_meeting(session: Session, actor: Actor, wish: MeetingWish, *, now: datetime) -> Meeting:
    """Plan a meeting and ask the units to it. Raises InvalidInput, and Forbidden where the actor does not hold that unit's meetings."""
    values = _checked(session, wish, now)
    if not holds(session, actor, wish.unit_id, wish.campaign, local_day(now)):
        raise Forbidden(N_("您的岗位不能安排这个单位的会议"))
    year = wish.held_on.year
    row = Meeting(
        **values,
        id=new_id(),
        number=f"H{year}-{take_serials(session, actor, f'meeting-{year}')[0]:04d}",
        state=PLANNED,
        version=1,
        created_by=actor.name,
        created_at=now,
        changed_at=now,
    )
    row.previous_id = previous_of(session, row)
    session.add(row)
    session.flush()
    add_units(session, row, wish.invited, local_day(now))
    note_step(session, actor, row, "plan", now=now, detail={"invited": len(set(wish.invited))})
    _tell(session, actor, row, N_("请参加会议：{title}，{day} {place}"), now)
    return row


def change_meeting(
    session: Session, actor: Actor, meeting_id: UUID, wish: MeetingWish, *, version: int, now: datetime
) -> Meeting:
    """Change what is planned; units named further are asked as well. Raises what planning raises, Stale and Conflict."""
    row = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD), version=version)
    values = _checked(session, wish, now)
    if not holds(session, actor, wish.unit_id, wish.campaign, local_day(now)):
        raise Forbidden(N_("您的岗位不能安排这个单位的会议"))
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    moved = {"held_on", "starts_at", "place"} & changed.keys() and row.state == PLANNED
    add_units(session, row, wish.invited, local_day(now))
    step(session, actor, row, "edit", now=now, values=changed, detail={"fields": sorted(changed)})
    if {"kind", "unit_id", "held_on"} & changed.keys():
        row.previous_id = previous_of(session, row)
    if moved:
        _tell(session, actor, row, N_("会议有变动：{title}，{day} {place}"), now)
    return row


def hold_meeting(session: Session, actor: Actor, meeting_id: UUID, *, version: int, now: datetime) -> Meeting:
    """Open the meeting (开会): from now on decisions are taken. Raises Stale, Conflict, and InvalidInput before its day."""
    row = locked(session, actor, meeting_id, now=now, states=(PLANNED,), version=version)
    if row.held_on > local_day(now):
        remedy = N_("请在当天开会，或先把会议日期改到今天")
        raise InvalidInput(faults=[Fault(N_("还没有到开会的日子"), "held_on", value=str(row.held_on), remedy=remedy)])
    return step(session, actor, row, "hold", now=now, to_state=HELD, values={"held_at": now})


def cancel_meeting(
    session: Session, actor: Actor, meeting_id: UUID, *, version: int, reason: str, now: datetime
) -> Meeting:
    """Call a planned meeting off (取消); whoever was asked is told. Raises Stale, Conflict, and InvalidInput without a reason."""
    row = locked(session, actor, meeting_id, now=now, states=(PLANNED,), version=version)
    said = need_reason(reason)
    step(session, actor, row, "cancel", now=now, to_state=CANCELLED, note=said)
    _tell(session, actor, row, N_("会议取消：{title}，原定 {day}"), now)
    return row


def need_reason(reason: str) -> str:
    """A reason, trimmed. Raises InvalidInput without one."""
    faults: list[Fault] = []
    said = read_text(reason, "reason", faults, LONGEST_REASON)
    if not said and not faults:
        faults.append(Fault(N_("缺少理由"), "reason", remedy=N_("请写明理由")))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def previous_of(session: Session, meeting: Meeting) -> UUID | None:
    """The last meeting of the same kind and unit before this one that was not called off (上次会议)."""
    query = select(Meeting.id).where(
        Meeting.kind == meeting.kind,
        Meeting.unit_id == meeting.unit_id,
        Meeting.state != CANCELLED,
        Meeting.id != meeting.id,
        Meeting.held_on < meeting.held_on,
    )
    return session.scalars(query.order_by(Meeting.held_on.desc(), Meeting.id.desc()).limit(1)).first()


def _checked(session: Session, wish: MeetingWish, now: datetime) -> dict[str, Any]:
    faults: list[Fault] = []
    title = read_text(wish.title, "title", faults, LONGEST_TITLE)
    place = read_text(wish.place, "place", faults, LONGEST_PLACE)
    chair = read_text(wish.chair, "chair", faults, LONGEST_NAME)
    choose = N_("请从列表里选")
    if wish.kind not in KINDS:
        faults.append(Fault(N_("没有这种会议"), "kind", value=shown(wish.kind), remedy=choose))
    if wish.tier not in TIERS:
        faults.append(Fault(N_("没有这一级"), "tier", value=shown(wish.tier), remedy=choose))
    if not EARLIEST <= wish.held_on <= LATEST:
        faults.append(Fault(N_("日期超出范围"), "held_on", value=str(wish.held_on), remedy=N_("请核对年份")))
    elif not session.scalar(
        select(Unit.id).where(Unit.id == wish.unit_id, valid_on(Unit, max(wish.held_on, local_day(now))))
    ):
        faults.append(Fault(N_("没有这个单位，或者它那天已经撤销"), "unit_id", remedy=choose))
    if faults:
        raise InvalidInput(faults=faults)
    starts = datetime.combine(wish.held_on, wish.starts_at, ZONE) if wish.starts_at else None
    person = person_named(session, chair, local_day(now)) if chair else None
    return {
        "kind": wish.kind,
        "tier": wish.tier,
        "title": title or propose_title(wish.kind, wish.held_on),
        "campaign": wish.campaign,
        "unit_id": wish.unit_id,
        "chair_id": person,
        "chair_name": chair,
        "place": place,
        "held_on": wish.held_on,
        "starts_at": starts,
    }


def _tell(session: Session, actor: Actor, meeting: Meeting, text: str, now: datetime) -> None:
    params = {"title": meeting.title, "day": meeting.held_on.isoformat(), "place": meeting.place}
    units = told_units(session, meeting.id)
    if units:
        tell(
            session,
            unit_ids=units,
            kind="meeting",
            text=text,
            params=params,
            object_kind="meeting",
            object_id=meeting.id,
            now=now,
            but=actor.person_id,
        )
