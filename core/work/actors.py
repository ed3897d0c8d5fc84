"""Resolves an actor (操作人) from what a person holds today; permissions come from holdings and nothing else."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.work.roles import verbs_of
from tenants.access import Actor, Duty, TenantRef
from tenants.models import Holding, Person, Post, Unit

ROOTS = ("district", "city")  # the kinds of a tenant's own unit


def resolve_actor(
    session: Session, tenant: TenantRef, person_id: UUID, on: date, *, user_id: UUID | None = None, request_id: str = ""
) -> Actor | None:
    """Give the actor for one person on one day, or None when the person is unknown or inactive."""
    person = session.scalars(select(Person).where(Person.id == person_id, Person.state == "active")).first()
    if person is None:
        return None
    rows = session.execute(
        select(Post.role, Post.unit_id, Post.campaign, Unit.kind)
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .where(
            Holding.person_id == person_id,
            Holding.valid_from <= on,
            or_(Holding.valid_to.is_(None), Holding.valid_to > on),
        )
        .distinct()
    ).all()
    duties = tuple(Duty(role, unit_id, campaign, verbs_of(role, campaign)) for role, unit_id, campaign, _ in rows)
    return Actor(
        tenant=tenant,
        person_id=person_id,
        name=person.name,
        duties=duties,
        user_id=user_id,
        request_id=request_id,
        root=next((unit_id for _, unit_id, _, kind in rows if kind in ROOTS), None),
    )
