"""People by their names (与会人员): who is meant when a name is typed, and which names a unit's people bear."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from tenants.models import Holding, Person, Post, UnitPath

MOST_NAMES = 400  # offered beside a field (ours)


def person_named(session: Session, name: str, day: date, unit_id: UUID | None = None) -> UUID | None:
    """The one person of a name with a post on a day, at a unit or under it if one is named; None when nobody or several are."""
    query = _seated(day).with_only_columns(Person.id).where(Person.name == name).distinct()
    found = session.scalars(query.where(UnitPath.ancestor_id == unit_id) if unit_id else query).all()
    return found[0] if len(found) == 1 else None


def names_at(session: Session, units: Collection[UUID], day: date) -> list[tuple[str, str]]:
    """Names of people with posts at these units or under them, with their post's title, in the order of their names."""
    if not units:
        return []
    query = _seated(day).with_only_columns(Person.name, Post.title, Person.pinyin, Person.id)
    query = query.where(UnitPath.ancestor_id.in_(units)).distinct().order_by(Person.pinyin, Person.id)
    found: dict[str, str] = {}
    for name, title, *_ in session.execute(query.limit(MOST_NAMES)):
        found.setdefault(name, title)
    return list(found.items())


def _seated(day: date) -> Select[UUID]:
    return (
        select(Person.id)
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(UnitPath, (UnitPath.tenant_id == Post.tenant_id) & (UnitPath.unit_id == Post.unit_id))
        .where(Person.state == "active", valid_on(Holding, day), valid_on(UnitPath, day))
    )
