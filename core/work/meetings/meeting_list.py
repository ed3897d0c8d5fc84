"""Meetings as people look them up (会议清单): by kind, tier, unit, month and state, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.meetings.attendance import by_meeting
from core.work.meetings.kinds import KINDS, STATES, TIERS
from core.work.meetings.sight import sees_meeting
from core.work.tables import Meeting, MeetingDecision
from core.work.wording import shown
from tenants.access import Actor, subtree
from tenants.models import Unit

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class MeetingFilter:
    """Which meetings (会议筛选); ``since`` and ``until`` are days, both included, ``unit_id`` stands for its subtree."""

    kind: str = ""
    tier: int = 0
    state: str = ""
    unit_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One meeting of a list (会议行): who was asked and came, what was decided and became a task."""

    meeting: Meeting
    unit_name: str
    asked: int = 0
    came: int = 0
    decisions: int = 0
    tasks: int = 0


def list_meetings(
    session: Session,
    actor: Actor,
    wanted: MeetingFilter,
    *,
    on: date,
    after: tuple[date, UUID] | None = None,
    size: int = 50,
) -> list[MeetingRow]:
    """A page of meetings in sight and one more, the latest first. Raises InvalidInput for an unknown kind, tier or state."""
    query = (
        select(Meeting, Unit.name)
        .join(Unit, and_(Unit.tenant_id == Meeting.tenant_id, Unit.id == Meeting.unit_id))
        .where(sees_meeting(actor, on), *conditions_of(actor, wanted, on))
    )
    if after is not None:
        query = query.where(tuple_(Meeting.held_on, Meeting.id) < after)
    query = query.order_by(Meeting.held_on.desc(), Meeting.id.desc()).limit(min(size, LARGEST_PAGE) + 1)
    return _counted(session, session.execute(query).all())


def one_row(session: Session, meeting: Meeting) -> MeetingRow:
    """One meeting with its unit's name and its numbers."""
    unit = session.get_one(Unit, (meeting.tenant_id, meeting.unit_id))
    return _counted(session, [(meeting, unit.name)])[0]


def conditions_of(actor: Actor, wanted: MeetingFilter, on: date) -> list[ColumnElement[bool]]:
    """The filter as conditions. Raises InvalidInput."""
    known = (
        ("kind", wanted.kind, KINDS),
        ("state", wanted.state, STATES),
        ("tier", wanted.tier, TIERS),
    )
    faults = [
        Fault(N_("选项无效"), name, value=shown(value), remedy=N_("请从列表里选"))
        for name, value, options in known
        if value and value not in options
    ]
    if faults:
        raise InvalidInput(faults=faults)
    found: list[ColumnElement[bool]] = [Meeting.tenant_id == actor.tenant.id]
    found += [Meeting.kind == wanted.kind] if wanted.kind else []
    found += [Meeting.state == wanted.state] if wanted.state else []
    found += [Meeting.tier == wanted.tier] if wanted.tier else []
    found += [Meeting.unit_id.in_(subtree(actor.tenant.id, wanted.unit_id, on))] if wanted.unit_id else []
    found += [Meeting.held_on >= wanted.since] if wanted.since else []
    found += [Meeting.held_on <= wanted.until] if wanted.until else []
    text = wanted.text.strip()
    if text:
        found.append(Meeting.title.contains(text, autoescape=True))
    return found


def _counted(session: Session, rows: Sequence[tuple[Meeting, str]]) -> list[MeetingRow]:
    ids = [meeting.id for meeting, _ in rows]
    if not ids:
        return []
    presence = by_meeting(session, ids)
    query = select(MeetingDecision.meeting_id, func.count(), func.count(MeetingDecision.task_id)).where(
        MeetingDecision.meeting_id.in_(ids), MeetingDecision.dropped.is_(False)
    )
    decided = {key: (n, tasks) for key, n, tasks in session.execute(query.group_by(MeetingDecision.meeting_id))}
    return [
        MeetingRow(meeting, unit, *presence.get(meeting.id, (0, 0)), *decided.get(meeting.id, (0, 0)))
        for meeting, unit in rows
    ]
