"""The people of a unit (单位人员): who holds a post at it or under it on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from tenants.models import Holding, Person, Post, Unit, UnitPath


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of a unit, with the post that stands nearest to it."""

    id: UUID
    name: str
    title: str
    unit_name: str


def people_of(session: Session, unit_id: UUID, on: date, *, person_id: UUID | None = None) -> list[Colleague]:
    """Active people with a post at a unit or under it on a day, those nearest first (one query).

    ``person_id`` asks about one alone.
    """
    query = (
        select(Person.id, Person.name, Post.title, Unit.name)
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .join(UnitPath, (UnitPath.tenant_id == Post.tenant_id) & (UnitPath.unit_id == Post.unit_id))
        .where(
            Person.state == "active",
            UnitPath.ancestor_id == unit_id,
            valid_on(Holding, on),
            valid_on(UnitPath, on),
        )
        .order_by(UnitPath.depth, Person.pinyin, Person.id)
    )
    if person_id is not None:
        query = query.where(Person.id == person_id)
    found: dict[UUID, Colleague] = {}
    for row in session.execute(query):
        found.setdefault(row[0], Colleague(*row))
    return list(found.values())
