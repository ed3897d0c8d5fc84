"""Notices for the routes' world (通知文书): one that was read and answered, a fired rung, a note, and fresh ones for writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.work.papers.notes import tell
from core.work.papers.notice_issuing import Draft, issue
from core.work.papers.notices import act, open_notice
from core.work.papers.rungs import fire
from core.work.tables import Finding, Note, Notice
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


def new_notice(session: ScopedSession, ids: Mapping[str, str], office: Actor) -> Notice:
    """A notice to the community about a finding of the visit that nobody has opened."""
    draft = Draft(
        "rectification_notice",
        UUID(ids["unit_id"]),
        "市场卫生",
        "立即整改",
        "《条例》第三条",
        now() + timedelta(days=3),
        [UUID(ids["finding_id"])],
    )
    return issue(session, office, draft, now=now())


def new_note(session: ScopedSession, ids: Mapping[str, str], person_id: UUID) -> str:
    """An unread note about that finding; gives its id."""
    about = {"object_kind": "finding", "object_id": ids["finding_id"]}
    tell(session, person_ids=[person_id], kind="test", text="问题 {number}", params={"number": "1"}, now=now(), **about)
    found = select(Note.id).where(Note.person_id == person_id, Note.read_at.is_(None)).order_by(Note.id.desc())
    return str(session.scalars(found.limit(1)).one())


def give_notices(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor]) -> dict[str, str]:
    """A notice with an answer, a rung that fired for its finding, and a note; gives their ids."""
    notice = new_notice(session, ids, actors["hq_office"])
    open_notice(session, actors["liaison"], notice.id, now=now())
    act(session, actors["liaison"], notice.id, "reply", version=2, note="已整改", now=now())
    finding = session.get_one(Finding, (session.tenant_id, UUID(ids["finding_id"])))
    fire(session, "reminder_card", [(finding.id, finding.due_at)], now(), notice.id)
    note = new_note(session, ids, actors["leader"].person_id)
    return {"notice_id": str(notice.id), "note_id": note}
