"""What a photo says against a closing or a visit (照片疑点): used before, taken too early, or taken too far away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from core.work.inspection.looks import near_twins
from core.work.tables import Attachment, File, Finding, FindingEvent, Site, Visit
from core.work.tenant_settings import Integrity

CLOCK_SLACK = timedelta(minutes=30)  # phones' clocks are not the server's
LONGEST_VISIT = timedelta(hours=12)  # before its submission, when nobody knows when it began (ours)
ASKED_AGAIN = ("send_back", "reopen", "relapse")  # what was photographed before these does not answer them


@dataclass(frozen=True, slots=True)
class Doubt:
    """One fact that raises a question (疑点)."""

    kind: str
    key: str
    body: dict[str, Any]


def about_answer(
    session: Session, finding: Finding, files: Sequence[File], limits: Integrity, *, since: datetime | None = None
) -> list[Doubt]:
    """Of the photos that show it put right: used before, taken before the finding or its last return, or far away.

    ``since`` is when a visit began that put it right itself: its findings are entered at its end.
    """
    again = _asked_again_at(session, finding)
    place = _place(session, finding)
    found = _about_uses(session, finding, files, limits)
    for file in files:
        if file.taken_at and file.taken_at < (since or finding.opened_at) - CLOCK_SLACK:
            found.append(_doubt("photo_early", finding, file, taken_at=file.taken_at.isoformat()))
        elif file.taken_at and again and file.taken_at < again - CLOCK_SLACK:
            when = {"taken_at": file.taken_at.isoformat(), "again_at": again.isoformat()}
            found.append(_doubt("photo_stale", finding, file, **when))
        found += _about_distance("photo_far", finding, file, place, limits)
    return found


def about_visit(
    session: Session, visit: Visit, finding: Finding, files: Sequence[File], limits: Integrity
) -> list[Doubt]:
    """Of the photos with which a visit shows what is wrong: taken before the visit, or far from its site."""
    began = visit.started_at or visit.submitted_at - LONGEST_VISIT
    place, found = _place(session, finding), []
    for file in files:
        if file.taken_at and file.taken_at < began - CLOCK_SLACK:
            when = {"taken_at": file.taken_at.isoformat(), "began_at": began.isoformat()}
            found.append(_doubt("visit_early", finding, file, **when))
        found += _about_distance("visit_far", finding, file, place, limits)
    return found


def photos_of_visit(session: Session, visit: Visit) -> dict[str, list[File]]:
    """The photos of a visit by question (one query)."""
    rows = session.execute(
        select(Attachment.question, File)
        .join(File, and_(File.tenant_id == Attachment.tenant_id, File.id == Attachment.file_id))
        .where(Attachment.visit_id == visit.id)
        .order_by(Attachment.id)
    )
    found: dict[str, list[File]] = {}
    for question, file in rows:
        found.setdefault(question, []).append(file)
    return found


def metres_between(
    longitude: Decimal | float,
    latitude: Decimal | float,
    other_longitude: Decimal | float,
    other_latitude: Decimal | float,
) -> int:
    """The distance of two places on the earth's surface in whole metres (haversine, mean radius 6 371 km)."""
    first, second = math.radians(float(latitude)), math.radians(float(other_latitude))
    across = math.radians(float(other_longitude) - float(longitude)) / 2
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across) ** 2
    return round(2 * 6_371_000 * math.asin(math.sqrt(half)))


def _doubt(kind: str, finding: Finding, file: File, **facts: Any) -> Doubt:
    return Doubt(kind, f"{kind}:{finding.id}:{file.id}", {"file": str(file.id)} | facts)


def _about_distance(
    kind: str, finding: Finding, file: File, place: tuple[Decimal | None, Decimal | None], limits: Integrity
) -> list[Doubt]:
    longitude, latitude = place
    if file.longitude is None or file.latitude is None or longitude is None or latitude is None:
        return []
    away = metres_between(file.longitude, file.latitude, longitude, latitude)
    return [_doubt(kind, finding, file, metres=away)] if away > limits.photo_metres else []


def _about_uses(session: Session, finding: Finding, files: Sequence[File], limits: Integrity) -> list[Doubt]:
    """Used before: the same bytes, or the same look."""
    found = []
    twins = near_twins(session, files, limits.photo_distance)
    used = _uses(session, finding, [file.id for file in files], set().union(*twins.values()))
    for file in files:
        same = used.get(file.id, [])
        near = [use for twin in twins[file.id] for use in used.get(twin, [])]
        for kind, uses in (("photo_reused", same), ("photo_twin", [] if same else near)):
            if uses:
                found.append(_doubt(kind, finding, file, uses=uses[:5]))
    return found


def _uses(
    session: Session, finding: Finding, files: Sequence[UUID], twins: set[UUID]
) -> dict[UUID, list[dict[str, str]]]:
    """Where some photos were attached before: at other findings, at visits, or at an earlier step of this one.

    What came with the step itself is no earlier use.
    """
    this_step = and_(
        Attachment.finding_id == finding.id, Attachment.version == finding.version, Attachment.file_id.in_(files)
    )
    rows = session.execute(
        select(Attachment.file_id, Attachment.finding_id, Finding.number, Attachment.visit_id)
        .outerjoin(Finding, (Finding.tenant_id == Attachment.tenant_id) & (Finding.id == Attachment.finding_id))
        .where(Attachment.file_id.in_({*files, *twins}), or_(Attachment.finding_id.is_(None), not_(this_step)))
        .order_by(Attachment.created_at)
    )
    found: dict[UUID, list[dict[str, str]]] = {}
    for file_id, finding_id, number, visit_id in rows:
        use = {"finding": str(finding_id or ""), "number": number or "", "visit": str(visit_id or "")}
        use["file"] = str(file_id)
        found.setdefault(file_id, []).append(use)
    return found


def _asked_again_at(session: Session, finding: Finding) -> datetime | None:
    """When it was last sent back, reopened or found relapsed."""
    return session.scalar(
        select(func.max(FindingEvent.at)).where(
            FindingEvent.finding_id == finding.id, FindingEvent.verb.in_(ASKED_AGAIN)
        )
    )


def _place(session: Session, finding: Finding) -> tuple[Decimal | None, Decimal | None]:
    if finding.longitude is not None or finding.site_id is None:
        return finding.longitude, finding.latitude
    row = session.execute(select(Site.longitude, Site.latitude).where(Site.id == finding.site_id)).first()
    return (row[0], row[1]) if row else (None, None)
