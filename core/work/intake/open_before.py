"""What is open at a site already when it is visited (已有未销号问题): said at the question, and beside what the visit opened."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.tables import Finding, Visit
from tenants.access import Actor


def open_before(session: Session, actor: Actor, site_id: UUID, now: datetime) -> dict[str, Finding]:
    """By question the earliest finding at a site that is not closed, as far as the actor sees them (one query)."""
    rows = session.scalars(
        select(Finding)
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.site_id == site_id,
            Finding.question != "",
            Finding.state.in_(NOT_CLOSED),
            sees_finding(actor, local_day(now)),
        )
        .order_by(Finding.opened_at.desc(), Finding.id)
    )
    return {finding.question: finding for finding in rows}


def repeats_of(session: Session, actor: Actor, visit: Visit, now: datetime) -> dict[UUID, Finding]:
    """Of what a visit opened and is open still, the earliest open finding of the same question there (one query)."""
    own = aliased(Finding)
    rows = session.execute(
        select(own.id, Finding)
        .join(own, and_(own.tenant_id == Finding.tenant_id, own.site_id == Finding.site_id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            own.visit_id == visit.id,
            own.state.in_(NOT_CLOSED),
            own.question == Finding.question,
            Finding.question != "",
            Finding.opened_at < own.opened_at,
            Finding.state.in_(NOT_CLOSED),
            sees_finding(actor, local_day(now)),
        )
        .order_by(Finding.opened_at.desc(), Finding.id)
    )
    return {row[0]: row[1] for row in rows}
