"""Doubts about a closing (疑点): facts that a person should look at. Nothing is refused, marked down or punished by them.

Raised in the step's own transaction, once by their key; hidden findings keep theirs hidden. The thresholds are the tenant's
settings (Integrity), ours until somebody sets them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.inspection.looks import near_twins
from core.work.loop.parts import lead_of
from core.work.loop.states import CLOSED
from core.work.loop.step import Step
from core.work.loop.transitions import REPLY
from core.work.tables import Attachment, File, Finding, FindingEvent, Signal, Site
from core.work.tenant_settings import Integrity, read_setting
from tenants.db import new_id

CLOCK_SLACK = timedelta(minutes=30)  # phones' clocks are not the server's
BEFORE_DUE = timedelta(hours=3)

RETURNS = ("reopen", "relapse")
KINDS: dict[str, tuple[str, str]] = {
    "photo_reused": (N_("照片用过"), "Photo used before"),
    "photo_twin": (N_("照片与用过的几乎一样"), "Photo almost the same as a used one"),
    "photo_early": (N_("整改照片早于发现时间"), "Photo older than the finding"),
    "photo_far": (N_("照片拍摄地点离点位较远"), "Photo taken far from the place"),
    "burst": (N_("临近期限集中答复"), "Burst of answers before the deadline"),
    "reopened_soon": (N_("销号后不久又出现"), "Came back soon after closing"),
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One fact that raises a question (疑点)."""

    kind: str
    key: str
    body: dict[str, Any]


def look_at(step: Step) -> None:
    """Raise what a step that was just taken gives reason for."""
    verb = step.transition.verb
    if verb not in (REPLY, *RETURNS):
        return
    limits = read_setting(step.session, Integrity)
    found: list[Doubt] = []
    if step.given.files and verb == REPLY:
        found += _about_photos(step.session, step.finding, step.given.files, limits)
    if verb == REPLY:
        found += _about_bursts(step, limits)
    if verb in RETURNS:
        found += _about_return(step, limits)
    raise_doubts(step.session, step.finding, found, step)


def raise_doubts(session: Session, finding: Finding, found: Sequence[Doubt], step: Step) -> None:
    """Enter doubts, each key once."""
    if not found:
        return
    lead = lead_of(session, finding)
    rows = [
        {
            "tenant_id": finding.tenant_id,
            "id": new_id(),
            "key": doubt.key,
            "kind": doubt.kind,
            "finding_id": finding.id,
            "unit_id": lead.unit_id if lead else None,
            "body": doubt.body,
            "state": "open",
            "note": "",
            "person_name": "",
            "raised_at": step.now,
            "hidden": finding.hidden,
        }
        for doubt in found
    ]
    session.execute(insert(Signal).values(rows).on_conflict_do_nothing())


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


def _about_photos(session: Session, finding: Finding, files: Sequence[File], limits: Integrity) -> list[Doubt]:
    """Used before (the same bytes or the same look), taken before the finding, or far from its place."""
    found = []
    twins = near_twins(session, files, limits.photo_distance)
    used = _uses(session, finding, {file.id for file in files} | set().union(*twins.values()))
    longitude, latitude = _place(session, finding)
    for file in files:
        same = used.get(file.id, [])
        near = [use for twin in twins[file.id] for use in used.get(twin, [])]
        for kind, uses in (("photo_reused", same), ("photo_twin", [] if same else near)):
            if uses:
                body: dict[str, Any] = {"file": str(file.id), "uses": uses[:5]}
                found.append(Doubt(kind, f"{kind}:{finding.id}:{file.id}", body))
        if file.taken_at and file.taken_at < finding.opened_at - CLOCK_SLACK:
            body = {"file": str(file.id), "taken_at": file.taken_at.isoformat()}
            found.append(Doubt("photo_early", f"photo_early:{finding.id}:{file.id}", body))
        if None not in (file.longitude, file.latitude, longitude, latitude):
            away = metres_between(file.longitude, file.latitude, longitude, latitude)  # type: ignore[arg-type]  # none is None
            if away > limits.photo_metres:
                body = {"file": str(file.id), "metres": away}
                found.append(Doubt("photo_far", f"photo_far:{finding.id}:{file.id}", body))
    return found


def _uses(session: Session, finding: Finding, files: set[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """Where some photos were attached before: at other findings, at other visits, or as this one's own before-photo."""
    rows = session.execute(
        select(Attachment.file_id, Attachment.finding_id, Finding.number, Attachment.visit_id)
        .outerjoin(Finding, (Finding.tenant_id == Attachment.tenant_id) & (Finding.id == Attachment.finding_id))
        .where(
            Attachment.file_id.in_(files),
            or_(Attachment.finding_id.is_(None), Attachment.finding_id != finding.id, Attachment.version == 1),
        )
        .order_by(Attachment.created_at)
    )
    found: dict[UUID, list[dict[str, str]]] = {}
    for file_id, finding_id, number, visit_id in rows:
        use = {"finding": str(finding_id or ""), "number": number or "", "visit": str(visit_id or "")}
        use["file"] = str(file_id)
        found.setdefault(file_id, []).append(use)
    return found


def _place(session: Session, finding: Finding) -> tuple[Decimal | None, Decimal | None]:
    if finding.longitude is not None or finding.site_id is None:
        return finding.longitude, finding.latitude
    row = session.execute(select(Site.longitude, Site.latitude).where(Site.id == finding.site_id)).first()
    return (row[0], row[1]) if row else (None, None)


def _about_bursts(step: Step, limits: Integrity) -> list[Doubt]:
    """Many answers of one person within minutes, shortly before deadlines."""
    if step.actor is None or not timedelta(0) <= step.finding.due_at - step.now <= BEFORE_DUE:
        return []
    count = step.session.scalar(
        select(func.count()).where(
            FindingEvent.tenant_id == step.finding.tenant_id,
            FindingEvent.at >= step.now - timedelta(minutes=limits.burst_minutes),
            FindingEvent.at <= step.now,
            FindingEvent.verb == REPLY,
            FindingEvent.person_id == step.actor.person_id,
        )
    )
    if (count or 0) < limits.burst:
        return []
    hour = step.now.replace(minute=0, second=0, microsecond=0).isoformat()
    return [
        Doubt(
            "burst",
            f"burst:{step.actor.person_id}:{hour}",
            {"count": count, "minutes": limits.burst_minutes, "person": step.actor.name},
        )
    ]


def _about_return(step: Step, limits: Integrity) -> list[Doubt]:
    """Closed, and open again within the days of the setting (thirty)."""
    closed_at = step.session.scalar(
        select(func.max(FindingEvent.at)).where(
            FindingEvent.finding_id == step.finding.id,
            FindingEvent.to_state == CLOSED,
            FindingEvent.from_state.is_distinct_from(CLOSED),
        )
    )
    if closed_at is None or step.now - closed_at > timedelta(days=limits.reopened_days):
        return []
    key = f"reopened_soon:{step.finding.id}:{step.finding.version}"
    return [
        Doubt(
            "reopened_soon",
            key,
            {"closed_at": closed_at.isoformat(), "days": (step.now - closed_at).days, "verb": step.transition.verb},
        )
    ]
