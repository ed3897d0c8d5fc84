"""What a contact without an account sees of his items (转交事项): the problem, the place, the photos; no names, no history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.loop.states import WITH_UNIT
from core.work.tables import Attachment, Contact, File, Finding, FindingEvent, HandOn, Site

OPEN = ("sent", "sent_back")
SHOWN = 3  # photos of how it is
STILL_THERE = ("send_back", "reopen", "relapse", "seen_again")  # steps whose photos show how it is now


@dataclass(frozen=True, slots=True)
class Item:
    """What a contact sees of an item (转交事项): the problem, the place, the photo to take again; no names, no history.

    ``sent`` are the photos that he sent before, when they were sent back.
    """

    hand_on: HandOn
    title: str
    detail: str
    place: str
    due_at: datetime
    before: Sequence[UUID]
    sent: Sequence[UUID] = ()


def items_of(session: Session, contact: Contact) -> list[Item]:
    """The open items of a contact, by deadline; what has gone on elsewhere meanwhile is left out."""
    rows = session.execute(
        select(HandOn, Finding, Site.name)
        .join(Finding, (Finding.tenant_id == HandOn.tenant_id) & (Finding.id == HandOn.finding_id))
        .outerjoin(Site, (Site.tenant_id == Finding.tenant_id) & (Site.id == Finding.site_id))
        .where(
            HandOn.contact_id == contact.id,
            HandOn.state.in_(OPEN),
            Finding.state.in_(WITH_UNIT),
            Finding.restricted.is_(False),
            Finding.hidden.is_(False),
        )
        .order_by(Finding.due_at, HandOn.id)
    ).all()
    photos = _before(session, [finding for _, finding, _ in rows])
    return [_item(row, finding, site or finding.place, photos.get(finding.id, ())) for row, finding, site in rows]


def _item(row: HandOn, finding: Finding, place: str, before: Sequence[UUID]) -> Item:
    sent = [UUID(one) for one in row.photos] if row.state == "sent_back" else []
    return Item(row, finding.title, finding.detail, place, finding.due_at, before, sent)


def photo_of_contact(session: Session, contact: Contact, file_id: UUID) -> File:
    """A photo of one of the contact's own open items: how it was, or what he sent. Raises NotFound for any other."""
    shown = {one for item in items_of(session, contact) for one in (*item.before, *item.sent)}
    found = session.get(File, (contact.tenant_id, file_id)) if file_id in shown else None
    if found is None:
        raise NotFound
    return found


def _before(session: Session, findings: Sequence[Finding]) -> Mapping[UUID, Sequence[UUID]]:
    """The photos for taking the same view again: how it looked when it last came back, else how it was found."""
    found: dict[UUID, list[UUID]] = {}
    for finding in findings:
        # A finding without a visit has no photos of one: NULL beside NULL would be everybody's.
        of_visit = and_(Attachment.visit_id == finding.visit_id, Attachment.question == finding.question)
        of_visit = of_visit if finding.visit_id else false()
        found[finding.id] = _came_back(session, finding) or _photos(
            session, or_(of_visit, (Attachment.finding_id == finding.id) & (Attachment.version == 1))
        )
    return found


def _came_back(session: Session, finding: Finding) -> list[UUID]:
    """The photos of the last step that found it still there, or there again."""
    last = (
        select(func.max(FindingEvent.version))
        .join(
            Attachment,
            and_(
                Attachment.tenant_id == FindingEvent.tenant_id,
                Attachment.finding_id == FindingEvent.finding_id,
                Attachment.version == FindingEvent.version,
            ),
        )
        .where(FindingEvent.finding_id == finding.id, FindingEvent.verb.in_(STILL_THERE))
    )
    version = session.scalar(last)
    if version is None:
        return []
    return _photos(session, (Attachment.finding_id == finding.id) & (Attachment.version == version))


def _photos(session: Session, condition: ColumnElement[bool]) -> list[UUID]:
    rows = session.scalars(
        select(File.id)
        .join(Attachment, (Attachment.tenant_id == File.tenant_id) & (Attachment.file_id == File.id))
        .where(condition)
        .order_by(Attachment.created_at, Attachment.id)
        .limit(SHOWN)
    )
    return list(dict.fromkeys(rows))
