"""The first photo of each finding (问题照片): what it looked like when it was found, for papers and lists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.tables import Attachment, Finding
from tenants.access import Actor


def first_photos(session: Session, actor: Actor, finding_ids: Collection[UUID], now: datetime) -> dict[UUID, UUID]:
    """Finding -> the file of its first photo, of those that have one and that the actor sees (one query)."""
    if not finding_ids:
        return {}
    of_visit = and_(Attachment.visit_id == Finding.visit_id, Attachment.question == Finding.question)
    rows = session.execute(
        select(Finding.id, Attachment.file_id)
        .join(
            Attachment,
            and_(
                Attachment.tenant_id == Finding.tenant_id,
                or_(Attachment.finding_id == Finding.id, of_visit),
                Attachment.version.is_(None) | (Attachment.version == 1),
            ),
        )
        .where(Finding.id.in_(list(finding_ids)), sees_finding(actor, local_day(now)))
        .order_by(Finding.id, Attachment.created_at, Attachment.id)
    )
    found: dict[UUID, UUID] = {}
    for finding_id, file_id in rows:
        found.setdefault(finding_id, file_id)
    return found
