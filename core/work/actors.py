"""Resolves an actor (操作人) from what a person holds today; permissions come from holdings and nothing else."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from core.work.roles import verbs_of
from tenants.access import ROOTS, Actor, Duty, TenantRef
from tenants.models import Holding, Person, Post, Unit


def resolve_actor(
    session: Session, tenant: TenantRef, person_id: UUID, on: date, *, user_id: UUID | None = None, request_id: str = ""
) -> Actor | None:
    """Give the actor for one person on one day, or None when the person is unknown or inactive."""
    rows = session.execute(_held(), {"person": person_id, "day": on}).all()
    if not rows:
        return None
    held = [row for row in rows if row.role is not None]
    duties = tuple(Duty(row.role, row.unit_id, row.campaign, verbs_of(row.role, row.campaign)) for row in held)
    return Actor(
        tenant=tenant,
        person_id=person_id,
        name=rows[0].name,
        duties=duties,
        user_id=user_id,
        request_id=request_id,
        root=next((row.unit_id for row in held if row.kind in ROOTS), None),
    )


@cache
def _held() -> Select[*tuple[Any, ...]]:
    """An active person with each post that he holds on a day; one row without a post when he holds none (built once)."""
    on: BindParameter[date] = bindparam("day")
    person_id: BindParameter[UUID] = bindparam("person")
    sits = and_(
        Holding.tenant_id == Person.tenant_id,
        Holding.person_id == Person.id,
        Holding.valid_from <= on,
        or_(Holding.valid_to.is_(None), Holding.valid_to > on),
    )
    return (
        select(Person.name, Post.role, Post.unit_id, Post.campaign, Unit.kind)
        .outerjoin(Holding, sits)
        .outerjoin(Post, and_(Post.tenant_id == Holding.tenant_id, Post.id == Holding.post_id))
        .outerjoin(Unit, and_(Unit.tenant_id == Post.tenant_id, Unit.id == Post.unit_id))
        .where(Person.id == person_id, Person.state == "active")
        .distinct()
    )
