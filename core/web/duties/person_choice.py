"""People to choose from in a form (选人): everybody active in the reader's reach, told apart by unit and post."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.work.duties.people import list_people
from core.work.roles import ADMINISTER, DIRECT
from tenants.access import Actor
from tenants.models import Person
from tenants.scope import ScopedSession


def person_options(
    session: ScopedSession, who: Actor, on: date, *, but: UUID | None = None, everybody: bool = False
) -> list[tuple[str, str]]:
    """Active people by pinyin, each with the first post he holds; ``everybody`` adds those without a post.

    Without a post are sponsors from outside: shown to who keeps the whole tenant.
    """
    rows = list_people(session, who, on=on)
    found = {row.id: _label(row.name, row.posts[0].unit_name if row.posts else "") for row in rows}
    if everybody and any(who.covers(verb) for verb in (ADMINISTER, DIRECT)):
        active = select(Person.id, Person.name).where(Person.state == "active").order_by(Person.pinyin, Person.id)
        found |= {one: name for one, name in session.execute(active) if one not in found}
    return [(str(one), label) for one, label in found.items() if one != but]


def _label(name: str, unit: str) -> str:
    return f"{name} · {unit}" if unit else name
