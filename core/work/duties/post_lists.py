"""The list of posts (岗位表): where each stands, who sits on it on a day, and how many sites it answers for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from core.work.dated import last_day_of, valid_on
from core.work.duties.coverage_posts import PostFace, load_posts
from core.work.duties.holdings import find_post
from core.work.roles import ADMINISTER
from core.work.tables import SitePost
from tenants.access import Actor, reach, subtree
from tenants.models import Holding, Person
from tenants.scope import ScopedSession

HELD, EMPTY, SHARED = "held", "empty", "shared"
STATES = (HELD, EMPTY, SHARED)


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post of the list (岗位) with the number of sites that are assigned to it."""

    face: PostFace
    sites: int

    @property
    def state(self) -> str:
        """Whether nobody, one or several properly sit on it."""
        return EMPTY if not self.face.holders else HELD if len(self.face.holders) == 1 else SHARED


@dataclass(frozen=True, slots=True)
class Seat:
    """One holding of a post (任职), standing, past or arranged."""

    holding_id: UUID
    person_id: UUID
    name: str
    kind: str
    valid_from: date
    until: date | None


def list_posts(
    session: ScopedSession,
    actor: Actor | None,
    *,
    on: date,
    unit_id: UUID | None = None,
    role: str = "",
    state: str = "",
    text: str = "",
) -> list[PostRow]:
    """The posts in the actor's reach on a day (岗位表) by the unit's pinyin; ``unit_id`` with what lies under it."""
    posts = load_posts(session, on)
    mine = set(session.scalars(reach(actor, ADMINISTER, on))) if actor is not None else None
    inside = set(session.scalars(subtree(session.tenant_id, unit_id, on))) if unit_id is not None else None
    assigned = select(SitePost.post_id, func.count()).where(valid_on(SitePost, on)).group_by(SitePost.post_id)
    sites = dict(session.execute(assigned).all())
    rows = [
        PostRow(face, sites.get(face.id, 0))
        for face in posts.faces.values()
        if (mine is None or face.unit_id in mine)
        and (inside is None or face.unit_id in inside)
        and (not role or face.role == role)
        and (not text or text in face.title or text in face.unit_name or any(text in name for name in face.holders))
    ]
    return [row for row in rows if not state or row.state == state]


def find_face(session: ScopedSession, post_id: UUID, on: date) -> PostFace:
    """One post with who sits on it on a day. Raises NotFound."""
    find_post(session, post_id)
    return load_posts(session, on).faces[post_id]


def seats_of(session: ScopedSession, post_id: UUID) -> Sequence[Seat]:
    """Everybody who ever held a post or will (历任与现任), the latest first; withdrawn ones left out."""
    rows = session.execute(
        select(Holding, Person.name)
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(Holding.post_id == post_id)
        .order_by(Holding.valid_from.desc(), Holding.id)
    )
    return [
        Seat(one.id, one.person_id, name, one.kind, one.valid_from, last_day_of(one.valid_to))
        for one, name in rows
        if one.valid_to is None or one.valid_to > one.valid_from
    ]
