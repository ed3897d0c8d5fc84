"""Leaders' orders (领导交办): who gave one - whoever entered it, and the leader whom it names when he has a post here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.intake import sources
from core.work.roles import LEAD, ROLES
from core.work.tables import Finding, FindingEvent
from tenants.access import Actor
from tenants.models import Holding, Person, Post, UnitPath


def opener_of(session: Session, finding: Finding) -> UUID | None:
    """The person who opened a finding (上报人)."""
    opened = select(FindingEvent.person_id).where(FindingEvent.finding_id == finding.id, FindingEvent.version == 1)
    return session.scalar(opened)


def orderers_of(session: Session, finding: Finding, on: date) -> list[UUID | None]:
    """Who waits for the answer to a leader's order (交办领导): who entered it, and the leader named, if his post covers the place.

    Whom the order names is free text (职务或姓名): a leader is meant when his name stands in it, or it is his post's title.
    """
    if finding.source != sources.LEADER:
        return []
    roles = [role.code for role in ROLES.values() if LEAD in role.verbs]
    named = (
        select(Holding.person_id)
        .join(Post, and_(Post.tenant_id == Holding.tenant_id, Post.id == Holding.post_id))
        .join(Person, and_(Person.tenant_id == Holding.tenant_id, Person.id == Holding.person_id))
        .join(UnitPath, and_(UnitPath.tenant_id == Post.tenant_id, UnitPath.ancestor_id == Post.unit_id))
        .where(
            UnitPath.unit_id == finding.unit_id,
            valid_on(UnitPath, on),
            Post.role.in_(roles),
            valid_on(Holding, on),
            or_(literal(finding.asked_by).contains(Person.name), Post.title == finding.asked_by),
        )
    )
    return [opener_of(session, finding), *session.scalars(named)]


def is_mine(actor: Actor) -> ColumnElement[bool]:
    """Condition on Finding: the actor opened it, or it is the order of the leader that he is, by name (我上报或交办的)."""
    opened = exists().where(
        FindingEvent.tenant_id == actor.tenant.id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.version == 1,
        FindingEvent.person_id == actor.person_id,
    )
    mine = opened.correlate(Finding)
    if not actor.has(LEAD):
        return mine
    named = and_(Finding.source == sources.LEADER, Finding.asked_by.contains(actor.name, autoescape=True))
    return or_(mine, named)


def reports_of(session: Session, finding_ids: Collection[UUID]) -> dict[UUID, str]:
    """What was reported back to the leader of some orders, as it stands (one query); those without a report are left out."""
    lines = session.execute(
        select(FindingEvent.finding_id, FindingEvent.note)
        .join(Finding, and_(Finding.tenant_id == FindingEvent.tenant_id, Finding.id == FindingEvent.finding_id))
        .where(
            FindingEvent.finding_id.in_(finding_ids),
            FindingEvent.verb == "report_back",
            Finding.reported_back_at.is_not(None),
        )
        .order_by(FindingEvent.finding_id, FindingEvent.version)
    )
    return dict(lines.all())
