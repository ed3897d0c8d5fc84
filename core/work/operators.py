"""What the installation's operator does (运维): a tenant's administrator with his invitation, and the operator's own trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.duties.people import checked_name
from core.work.duties.posts import ADMINISTRATOR, add_person_with_post
from core.work.invitations import invite, membership_of
from core.work.roles import ROLES
from tenants.access import root_unit
from tenants.accounts import PlatformEvent
from tenants.models import Holding, Person, Post
from tenants.scope import ScopedSession


def invite_administrator(session: ScopedSession, name: str, now: datetime, today: date) -> str:
    """Give a tenant an administrator of the whole (首位管理员) and the token of his invitation link.

    One of that name who was invited before and has not joined yet gets a new link instead of a double. Raises
    InvalidInput with the fault at ``person``.
    """
    said, root = checked_name(name, "person"), root_unit(session)
    waiting = (
        select(Person.id)
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .where(Person.name == said, Person.state == "active", Holding.valid_to.is_(None))
        .where(Post.role == ADMINISTRATOR, Post.unit_id == root.id)
    )
    for person_id in session.scalars(waiting):
        if membership_of(session, person_id) is None:
            return invite(session, None, person_id, now)
    title = ROLES[ADMINISTRATOR].title_zh
    person = add_person_with_post(
        session, None, name=said, unit_id=root.id, role=ADMINISTRATOR, title=title, today=today
    )
    return invite(session, None, person.id, now)


def note_operation(session: Session, user_id: UUID, verb: str, slug: str, **detail: Any) -> None:
    """Write into the platform's trail which operator did what to which tenant (平台日志). Scope 0; the caller commits."""
    session.add(PlatformEvent(verb=verb, user_id=user_id, detail={"slug": slug} | detail))
