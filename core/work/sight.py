"""What an actor may see (可见范围): the places under his posts, and the findings in which one of his units has a part."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlalchemy.orm import Session

from core.work.roles import AUDIT, SEE
from core.work.tables import Attachment, Audit, Finding, Part, Visit
from tenants.access import Actor, may, reach, root_unit
from tenants.models import Holding, Post


def sees_finding(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Finding: its place, or the unit of any of its parts, lies in the actor's reach."""
    units = reach(actor, SEE, on)
    part = exists().where(Part.tenant_id == actor.tenant.id, Part.finding_id == Finding.id, Part.unit_id.in_(units))
    return or_(Finding.unit_id.in_(units), part.correlate(Finding))


def sees_visit(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Visit: the place lies in the actor's reach, or the visit is his own."""
    return or_(Visit.unit_id.in_(reach(actor, SEE, on)), Visit.person_id == actor.person_id)


def sees_attachment(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Attachment: it belongs to a finding or visit that the actor sees, or to the visit of such a finding."""
    tenant = actor.tenant.id
    by_finding = exists().where(
        Finding.tenant_id == tenant,
        or_(
            Finding.id == Attachment.finding_id,
            and_(Finding.visit_id == Attachment.visit_id, Finding.question == Attachment.question),
        ),
        sees_finding(actor, on),
    )
    by_visit = exists().where(Visit.tenant_id == tenant, Visit.id == Attachment.visit_id, sees_visit(actor, on))
    return or_(by_finding.correlate(Attachment), by_visit.correlate(Attachment))


def sees_line(session: Session, actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Audit: all of it for the whole tenant's auditor, else what people did who hold or held a post in his reach."""
    if may(session, actor, AUDIT, root_unit(session).id, on):
        return true()
    held = exists().where(
        Holding.tenant_id == actor.tenant.id,
        Holding.person_id == Audit.person_id,
        Post.tenant_id == Holding.tenant_id,
        Post.id == Holding.post_id,
        Post.unit_id.in_(reach(actor, AUDIT, on)),
    )
    return held.correlate(Audit)
