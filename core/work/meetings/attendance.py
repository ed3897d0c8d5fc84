"""Attendance (签到): the units that are asked, who came for each, whose words were heard."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.meetings.kinds import ABSENT, CAME, EXCUSED, EXPECTED, HELD, PLANNED, PRESENCES, PRESENT, SUBSTITUTE
from core.work.meetings.people import person_named
from core.work.meetings.sight import own_units
from core.work.meetings.steps import locked, step
from core.work.tables import Meeting, MeetingPresence
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit

LONGEST_NAME, LONGEST_NOTE = 40, 120
MOST = 400  # rows of one meeting (ours)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one row of the list (签到行): who came, in which state; ``row_id`` None adds a person or a unit."""

    state: str = EXPECTED
    name: str = ""
    speaks: bool = False
    note: str = ""
    row_id: UUID | None = None
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attendance:
    """How many were asked and came (到会统计)."""

    asked: int = 0
    present: int = 0
    substitute: int = 0
    excused: int = 0
    absent: int = 0
    speaking: int = 0

    @property
    def came(self) -> int:
        """Present themselves or by a substitute."""
        return self.present + self.substitute


@dataclass(frozen=True, slots=True)
class Presence:
    """One row with its unit's name (签到行)."""

    row: MeetingPresence
    unit_name: str
    own: bool = field(default=False)


def presences(
    session: Session, meeting_id: UUID, actor: Actor | None = None, day: date | None = None
) -> list[Presence]:
    """The rows of a meeting in the order of their units; ``own`` are those for which the actor may sign in."""
    query = (
        select(MeetingPresence, Unit.name)
        .outerjoin(Unit, (Unit.tenant_id == MeetingPresence.tenant_id) & (Unit.id == MeetingPresence.unit_id))
        .where(MeetingPresence.meeting_id == meeting_id)
        .order_by(Unit.tree.desc().nulls_last(), Unit.kind, Unit.code.nulls_last(), Unit.pinyin, MeetingPresence.id)
    )
    rows = session.execute(query).all()
    mine = set(session.scalars(own_units(actor, day))) if actor and day else set()
    return [Presence(row, name or "", row.unit_id in mine) for row, name in rows]


def count_presences(rows: Sequence[Presence]) -> Attendance:
    """How many of the rows are in which state."""
    of = [one.row.state for one in rows]
    return Attendance(
        len(of),
        of.count(PRESENT),
        of.count(SUBSTITUTE),
        of.count(EXCUSED),
        of.count(ABSENT),
        sum(one.row.speaks for one in rows),
    )


def add_units(session: Session, meeting: Meeting, units: Collection[UUID], day: date) -> int:
    """Ask units to a meeting; those that are asked already stay as they are. Raises InvalidInput for units that are not there."""
    wanted = set(units)
    there = set(session.scalars(select(Unit.id).where(Unit.id.in_(wanted), valid_on(Unit, day)))) if wanted else set()
    if wanted - there:
        fault = Fault(N_("没有这个单位，或者它那天已经撤销"), "invited", remedy=N_("请从列表里选"))
        raise InvalidInput(faults=[fault])
    asked = set(session.scalars(select(MeetingPresence.unit_id).where(MeetingPresence.meeting_id == meeting.id)))
    fresh = sorted(wanted - asked)
    if len(asked) + len(fresh) > MOST:
        raise InvalidInput(
            faults=[Fault(N_("参会单位过多"), "invited", remedy=N_("最多 {most} 个"), params={"most": MOST})]
        )
    session.add_all(MeetingPresence(id=new_id(), meeting_id=meeting.id, unit_id=unit) for unit in fresh)
    session.flush()
    return len(fresh)


def told_units(session: Session, meeting_id: UUID) -> set[UUID]:
    """The units that were asked to a meeting."""
    query = select(MeetingPresence.unit_id).where(
        MeetingPresence.meeting_id == meeting_id, MeetingPresence.unit_id.is_not(None)
    )
    return {one for one in session.scalars(query) if one}


def keep_attendance(
    session: Session, actor: Actor, meeting_id: UUID, marks: Sequence[Mark], *, now: datetime
) -> Meeting:
    """Write the whole list or some of its rows (签到登记). Raises what a change raises, and InvalidInput naming the row."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    known = {
        row.id: row for row in session.scalars(select(MeetingPresence).where(MeetingPresence.meeting_id == meeting.id))
    }
    faults: list[Fault] = []
    changed = 0
    for number, mark in enumerate(marks, 1):
        row = known.get(mark.row_id) if mark.row_id else _new_row(session, meeting, mark, faults, local_day(now))
        if row is None:
            if mark.row_id:
                raise NotFound
            continue
        changed += _write(session, row, mark, faults, number, local_day(now))
    if faults:
        raise InvalidInput(faults=faults)
    return step(session, actor, meeting, "attend", now=now, detail={"rows": changed}) if changed else meeting


def sign_in(session: Session, actor: Actor, meeting_id: UUID, row_id: UUID, mark: Mark, *, now: datetime) -> Meeting:
    """A unit's own liaison signs in for it (本单位签到). Raises Forbidden for another unit's row."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD), holding=False)
    row = session.scalars(
        select(MeetingPresence).where(MeetingPresence.id == row_id, MeetingPresence.meeting_id == meeting.id)
    ).first()
    if row is None:
        raise NotFound
    mine = own_units(actor, local_day(now))
    if (
        row.unit_id is None
        or session.scalar(select(func.count()).where(Unit.id == row.unit_id, Unit.id.in_(mine))) == 0
    ):
        raise Forbidden(N_("只能为本单位签到"))
    faults: list[Fault] = []
    changed = _write(session, row, mark, faults, 1, local_day(now))
    if faults:
        raise InvalidInput(faults=faults)
    return step(session, actor, meeting, "sign_in", now=now, detail={"state": row.state}) if changed else meeting


def drop_presence(session: Session, actor: Actor, meeting_id: UUID, row_id: UUID, *, now: datetime) -> Meeting:
    """Take a row off the list: the unit is not asked after all. Raises NotFound, and what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    gone = session.execute(
        delete(MeetingPresence)
        .where(MeetingPresence.id == row_id, MeetingPresence.meeting_id == meeting.id)
        .returning(MeetingPresence.unit_id)
        .execution_options(synchronize_session=False)
    ).first()
    if gone is None:
        raise NotFound
    return step(session, actor, meeting, "uninvite", now=now, detail={"unit": str(gone[0] or "")})


def invite(session: Session, actor: Actor, meeting_id: UUID, units: Collection[UUID], *, now: datetime) -> Meeting:
    """Ask further units (增加参会单位). Raises what a change raises."""
    meeting = locked(session, actor, meeting_id, now=now, states=(PLANNED, HELD))
    added = add_units(session, meeting, units, local_day(now))
    return step(session, actor, meeting, "invite", now=now, detail={"invited": added}) if added else meeting


def by_meeting(session: Session, meetings: Collection[UUID]) -> Mapping[UUID, tuple[int, int]]:
    """How many were asked to each meeting, and how many came (one query)."""
    came = func.count().filter(MeetingPresence.state.in_(CAME))
    query = select(MeetingPresence.meeting_id, func.count(), came).where(MeetingPresence.meeting_id.in_(meetings))
    return {key: (asked, n) for key, asked, n in session.execute(query.group_by(MeetingPresence.meeting_id))}


def _new_row(session: Session, meeting: Meeting, mark: Mark, faults: list[Fault], day: date) -> MeetingPresence | None:
    if mark.unit_id is None and not mark.name.strip():
        return None
    if mark.unit_id is not None and not session.scalar(
        select(Unit.id).where(Unit.id == mark.unit_id, valid_on(Unit, day))
    ):
        faults.append(Fault(N_("没有这个单位，或者它那天已经撤销"), "new_unit", remedy=N_("请从列表里选")))
        return None
    same = select(MeetingPresence).where(
        MeetingPresence.meeting_id == meeting.id,
        MeetingPresence.unit_id.is_(mark.unit_id) if mark.unit_id is None else MeetingPresence.unit_id == mark.unit_id,
        MeetingPresence.name == mark.name.strip(),
    )
    found = session.scalars(same.limit(1)).first()
    if found is None:
        found = MeetingPresence(
            id=new_id(), meeting_id=meeting.id, unit_id=mark.unit_id, name=mark.name.strip()[:LONGEST_NAME]
        )
        session.add(found)
        session.flush()
    return found


def _write(session: Session, row: MeetingPresence, mark: Mark, faults: list[Fault], number: int, day: date) -> int:
    """Write a mark into its row; 1 when that changed anything."""
    place = f"{row.id}"
    name = read_text(mark.name, f"name.{place}", faults, LONGEST_NAME)
    note = read_text(mark.note, f"note.{place}", faults, LONGEST_NOTE)
    if mark.state not in PRESENCES:
        remedy = N_("请从列表里选")
        faults.append(Fault(N_("选项无效"), f"state.{place}", number, shown(mark.state), remedy=remedy))
    if mark.state == SUBSTITUTE and not name:
        faults.append(Fault(N_("代会的人没有写姓名"), f"name.{place}", number, remedy=N_("请写上代会人的姓名")))
    if faults:
        return 0
    person = person_named(session, name, day, row.unit_id) if name and name != row.name else row.person_id
    values = {
        "name": name,
        "note": note,
        "state": mark.state,
        "speaks": mark.speaks,
        "person_id": person if name else None,
    }
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    return 1 if changed or row in session.new else 0
