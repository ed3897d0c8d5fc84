"""The posts and their holders on a day, as the coverage proof reads them (岗位与任职人), in three queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.work.dated import last_day_of, valid_on
from core.work.duties.holdings import DEPUTY
from tenants.access import root_unit
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession

LIAISON = "liaison"


@dataclass(frozen=True, slots=True)
class PostFace:
    """A post as lists show it (岗位): where, what, and who sits on it that day; deputies apart."""

    id: UUID
    unit_id: UUID
    unit_name: str
    title: str
    role: str
    campaign: str | None
    holders: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    until: date | None = None  # the last day of the last of them when all have an end


@dataclass(frozen=True, slots=True)
class Posts:
    """All posts of a day: by id, those that are held, and the liaison posts by unit and campaign ('' for all)."""

    faces: Mapping[UUID, PostFace]
    held: frozenset[UUID]
    liaisons: Mapping[UUID, Mapping[str, list[UUID]]]
    root: UUID


def load_posts(session: ScopedSession, on: date) -> Posts:
    """The posts with their holders on a day (岗位任职表)."""
    holders, deputies, ends = _sitting(session, on)
    rows = session.execute(
        select(Post.id, Post.unit_id, Unit.name, Post.title, Post.role, Post.campaign)
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .order_by(Unit.pinyin, Post.title, Post.id)
    )
    faces: dict[UUID, PostFace] = {}
    liaisons: dict[UUID, dict[str, list[UUID]]] = {}
    for row in rows:
        post_id, unit_id, role, campaign = row[0], row[1], row[4], row[5]
        seats = (tuple(holders.get(post_id, ())), tuple(deputies.get(post_id, ())))
        faces[post_id] = PostFace(*row, *seats, ends.get(post_id))
        if role == LIAISON:
            liaisons.setdefault(unit_id, {}).setdefault(campaign or "", []).append(post_id)
    return Posts(faces, frozenset(holders), liaisons, root_unit(session).id)


def _sitting(
    session: ScopedSession, on: date
) -> tuple[dict[UUID, list[str]], dict[UUID, list[str]], dict[UUID, date | None]]:
    """Who sits on which post on a day: holders, deputies, and the day after which nobody will."""
    rows = session.execute(
        select(Holding.post_id, Holding.kind, Holding.valid_to, Person.name)
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(valid_on(Holding, on))
        .order_by(Holding.valid_from, Holding.id)
    )
    holders: dict[UUID, list[str]] = {}
    deputies: dict[UUID, list[str]] = {}
    ends: dict[UUID, list[date | None]] = {}
    for post_id, kind, valid_to, name in rows:
        (deputies if kind == DEPUTY else holders).setdefault(post_id, []).append(name)
        if kind != DEPUTY:
            ends.setdefault(post_id, []).append(valid_to)
    return holders, deputies, {post: _latest(days) for post, days in ends.items()}


def _latest(days: list[date | None]) -> date | None:
    known = [day for day in days if day is not None]
    return last_day_of(max(known)) if len(known) == len(days) else None
