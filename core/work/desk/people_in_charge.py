"""The people in charge of findings (责任人), to filter lists by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from core.work.roles import SEE
from core.work.tables import Part
from tenants.access import Actor, reach
from tenants.models import Person


def people_in_charge(session: Session, actor: Actor, on: date) -> Sequence[tuple[UUID, str]]:
    """Whoever is or was in charge of a part of a unit in reach, by name (one query, one look into the index a person)."""
    within = true() if actor.covers(SEE) else Part.unit_id.in_(reach(actor, SEE, on))
    named = select(Part.finding_id).where(Part.tenant_id == actor.tenant.id, Part.assignee_id == Person.id, within)
    query = select(Person.id, Person.name).where(named.correlate(Person).exists())
    return [(row[0], row[1]) for row in session.execute(query.order_by(Person.pinyin, Person.name, Person.id))]
