"""Minutes (会议纪要): written while the meeting is held, locked when they are out; corrected only with a reason, on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Fault, InvalidInput
from core.work.meetings.kinds import HELD, MINUTED
from core.work.meetings.planning import need_reason
from core.work.meetings.steps import locked, step
from core.work.tables import Meeting, MeetingDecision, MeetingEvent
from core.work.wording import read_text
from tenants.access import Actor

LONGEST_MINUTES = 20_000


def write_minutes(
    session: Session, actor: Actor, meeting_id: UUID, text: str, *, version: int, now: datetime
) -> Meeting:
    """Keep the words of the minutes. Raises Stale, Conflict unless the meeting is held and not minuted, InvalidInput."""
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD,), version=version)
    faults: list[Fault] = []
    said = read_text(text, "minutes", faults, LONGEST_MINUTES)
    if faults:
        raise InvalidInput(faults=faults)
    return step(session, actor, meeting, "write", now=now, values={"minutes": said})


def publish_minutes(session: Session, actor: Actor, meeting_id: UUID, *, version: int, now: datetime) -> Meeting:
    """Lock the minutes (定稿); what stood there is kept in the history. Raises Stale and Conflict."""
    meeting = locked(session, actor, meeting_id, now=now, states=(HELD,), version=version)
    values = {"minuted_at": now}
    detail = {"minutes": meeting.minutes, "decisions": _as_they_stand(session, meeting)}
    return step(session, actor, meeting, "minute", now=now, to_state=MINUTED, values=values, detail=detail)


def correct_minutes(
    session: Session, actor: Actor, meeting_id: UUID, *, version: int, reason: str, now: datetime
) -> Meeting:
    """Open locked minutes for a correction, with its reason (更正). Raises Stale, Conflict, and InvalidInput without a reason."""
    meeting = locked(session, actor, meeting_id, now=now, states=(MINUTED,), version=version)
    said = need_reason(reason)
    return step(session, actor, meeting, "correct", now=now, to_state=HELD, note=said)


def history_of(session: Session, meeting_id: UUID) -> Sequence[MeetingEvent]:
    """The steps of a meeting, the newest first."""
    query = select(MeetingEvent).where(MeetingEvent.meeting_id == meeting_id)
    return session.scalars(query.order_by(MeetingEvent.version.desc())).all()


def corrections_of(session: Session, meeting_id: UUID) -> Sequence[MeetingEvent]:
    """The corrections of the minutes, the oldest first; a paper names them."""
    query = select(MeetingEvent).where(MeetingEvent.meeting_id == meeting_id, MeetingEvent.verb == "correct")
    return session.scalars(query.order_by(MeetingEvent.version)).all()


def _as_they_stand(session: Session, meeting: Meeting) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(MeetingDecision)
        .where(MeetingDecision.meeting_id == meeting.id, MeetingDecision.dropped.is_(False))
        .order_by(MeetingDecision.position)
    )
    return [
        {
            "title": row.title,
            "unit": str(row.unit_id or ""),
            "due": row.due_on.isoformat() if row.due_on else "",
            "task": str(row.task_id or ""),
        }
        for row in rows
    ]
