"""Doubts about a closing (疑点): facts that a person should look at. Nothing is refused, marked down or punished by them.

Raised in the step's own transaction, once by their key; hidden findings keep theirs hidden. The thresholds are the tenant's
settings (Integrity), ours until somebody sets them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.loop.parts import lead_of
from core.work.loop.states import CLOSED
from core.work.loop.step import Step
from core.work.loop.transitions import REPLY
from core.work.proofs.doubt_photos import Doubt, about_answer, about_visit, photos_of_visit
from core.work.tables import File, Finding, FindingEvent, Signal, Visit
from core.work.tenant_settings import Integrity, read_setting
from tenants.db import new_id

BEFORE_DUE = timedelta(hours=3)

RETURNS = ("reopen", "relapse")
KINDS: dict[str, tuple[str, str]] = {
    "photo_reused": (N_("照片用过"), "Photo used before"),
    "photo_twin": (N_("照片与用过的几乎一样"), "Photo almost the same as a used one"),
    "photo_early": (N_("整改照片早于发现时间"), "Photo older than the finding"),
    "photo_stale": (N_("整改照片早于退回或反弹"), "Photo older than the last return"),
    "photo_far": (N_("照片拍摄地点离点位较远"), "Photo taken far from the place"),
    "visit_early": (N_("检查照片早于检查"), "Visit photo older than the visit"),
    "visit_far": (N_("检查照片离点位较远"), "Visit photo taken far from the site"),
    "burst": (N_("临近期限集中答复"), "Burst of answers before the deadline"),
    "reopened_soon": (N_("销号后不久又出现"), "Came back soon after closing"),
}


def look_at(step: Step) -> None:
    """Raise what a step that was just taken gives reason for."""
    verb = step.transition.verb
    if verb not in (REPLY, *RETURNS):
        return
    limits = read_setting(step.session, Integrity)
    found: list[Doubt] = []
    if step.given.files and verb == REPLY:
        found += about_answer(step.session, step.finding, step.given.files, limits)
    if verb == REPLY:
        found += _about_bursts(step, limits)
    if verb in RETURNS:
        found += _about_return(step, limits)
    raise_doubts(step.session, step.finding, found, step.now)


def look_at_spot(
    session: Session, finding: Finding, files: Sequence[File], now: datetime, *, since: datetime | None = None
) -> None:
    """Raise what the photos of a finding that was put right where it was found give reason for (发现即处置)."""
    if files:
        limits = read_setting(session, Integrity)
        raise_doubts(session, finding, about_answer(session, finding, files, limits, since=since), now)


def look_at_visit(session: Session, visit: Visit, findings: Sequence[Finding], now: datetime) -> None:
    """Raise what the photos of a visit give reason for, at the findings that it opened; their places and times alone."""
    photos = photos_of_visit(session, visit) if findings else {}
    limits = read_setting(session, Integrity) if photos else Integrity()
    for finding in findings:
        if files := photos.get(finding.question):
            raise_doubts(session, finding, about_visit(session, visit, finding, files, limits), now)


def raise_doubts(session: Session, finding: Finding, found: Sequence[Doubt], now: datetime) -> None:
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
            "raised_at": now,
            "hidden": finding.hidden,
        }
        for doubt in found
    ]
    session.execute(insert(Signal).values(rows).on_conflict_do_nothing())


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
