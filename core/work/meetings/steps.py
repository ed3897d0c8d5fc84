"""Steps of a meeting (会议办理): the row is held, its version raised in one UPDATE that names it, and a line of history stands beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, NotFound, Stale
from core.work.calendar import local_day
from core.work.journal import record_at
from core.work.meetings.kinds import CANCELLED, HELD, MINUTED, PLANNED
from core.work.meetings.sight import need_hold, sees_meeting
from core.work.tables import Meeting, MeetingEvent
from tenants.access import Actor

KIND = "meeting"
REFUSED: Mapping[str, str] = {
    PLANNED: N_("会议还没有召开；请先点“开会”"),
    HELD: N_("会议已经召开"),
    MINUTED: N_("纪要已定稿；要改动请先写明理由再更正"),
    CANCELLED: N_("会议已取消"),
}


def locked(
    session: Session,
    actor: Actor,
    meeting_id: UUID,
    *,
    now: datetime,
    states: Collection[str],
    version: int | None = None,
    holding: bool = True,
) -> Meeting:
    """The meeting for a change; others who change it wait until the commit.

    ``version`` is the one that was seen, None where a change adds to the meeting and takes nothing away. ``holding``: only for
    whoever holds it. Raises NotFound, Forbidden, Stale, and Conflict in a state that does not allow it.
    """
    session.flush()
    query = select(Meeting).where(Meeting.id == meeting_id, sees_meeting(actor, local_day(now)))
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound
    if holding:
        need_hold(session, actor, found, now)
    if version is not None and version != found.version:
        raise Stale
    if found.state not in states:
        raise Conflict(REFUSED[found.state])
    return found


def step(
    session: Session,
    actor: Actor | None,
    meeting: Meeting,
    verb: str,
    *,
    now: datetime,
    to_state: str | None = None,
    values: Mapping[str, Any] | None = None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Meeting:
    """Take a step: raise the version, write history and trail. Who may is judged before. Raises Stale for a lost race."""
    session.flush()
    before, seen = meeting.state, meeting.version
    changes = dict(values or {}) | {"state": to_state or before, "changed_at": now}
    done = session.execute(
        update(Meeting)
        .where(Meeting.id == meeting.id, Meeting.version == seen)
        .values(version=Meeting.version + 1, **changes)
        .returning(Meeting.id)
        .execution_options(synchronize_session=False)
    )
    won = done.first() is not None
    session.refresh(meeting)
    if not won:
        raise Stale
    note_step(session, actor, meeting, verb, now=now, before=before, note=note, detail=detail)
    return meeting


def note_step(
    session: Session,
    actor: Actor | None,
    meeting: Meeting,
    verb: str,
    *,
    now: datetime,
    before: str | None = None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of a meeting's history and of the trail."""
    session.add(
        MeetingEvent(
            meeting_id=meeting.id,
            version=meeting.version,
            at=now,
            verb=verb,
            from_state=before,
            to_state=meeting.state,
            person_id=actor.person_id if actor else None,
            person_name=actor.name if actor else "",
            note=note,
            detail=dict(detail or {}),
        )
    )
    record_at(session, now, actor, f"meeting.{verb}", KIND, meeting.id, number=meeting.number, version=meeting.version)
    session.flush()
