"""Precedents (权责判例): what an arbitration decided once is proposed the next time, with its reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.tables import Finding, FindingCampaign, Precedent, SiteKind
from tenants.access import Actor


def remember(
    session: Session, actor: Actor | None, finding: Finding, unit_id: UUID, reason: str, now: datetime
) -> None:
    """Keep a decision for findings of the same category at places of the same type, in the same territory and campaign.

    The type and the campaign are kept only when the finding has exactly one; the earlier precedent of the same case ends.
    """
    day = local_day(now)
    types = session.scalars(
        select(SiteKind.site_type).where(SiteKind.site_id == finding.site_id, SiteKind.valid_to.is_(None))
    ).all()
    campaigns = session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding.id)).all()
    case = {
        "category": finding.category,
        "site_type": types[0] if len(types) == 1 else "",
        "territory_id": finding.unit_id,
        "campaign": campaigns[0] if len(campaigns) == 1 else "",
    }
    for earlier in session.scalars(select(Precedent).filter_by(**case).where(Precedent.valid_to.is_(None))):
        earlier.valid_to = day
    session.add(
        Precedent(
            **case,
            unit_id=unit_id,
            reason=reason,
            returns=finding.returns,
            finding_id=finding.id,
            person_name=actor.name if actor else "",
            decided_at=now,
        )
    )
    session.flush()
