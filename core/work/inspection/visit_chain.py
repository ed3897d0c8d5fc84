"""Corrections of a visit (检查更正链): which visits are in force, and the chain from the first version to the newest.

A corrected visit stays as it was; it only says when it was replaced. Every list, total and figure asks :func:`in_force`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_visit
from core.work.tables import Visit
from tenants.access import Actor


def in_force(tenant_id: int, visit_id: InstrumentedAttribute[UUID] | ColumnElement[Any]) -> ColumnElement[bool]:
    """Filter on rows of a visit, such as its results: the visit was not replaced by a correction.

    The replaced ones are few and have an index of their own, so the filter is one small look-up for the whole statement.
    """
    replaced = select(Visit.id).where(Visit.tenant_id == tenant_id, Visit.replaced_at.is_not(None))
    return visit_id.not_in(replaced)


def stood_at(as_of: date | None) -> ColumnElement[bool]:
    """Filter on Visit: it is in force now, or had been handed in and not replaced yet at the end of a day."""
    if as_of is None:
        return Visit.replaced_at.is_(None)
    until = end_of(as_of)
    return and_(Visit.submitted_at < until, or_(Visit.replaced_at.is_(None), Visit.replaced_at >= until))


def versions(session: Session, actor: Actor, visit: Visit, on: date) -> Sequence[Visit]:
    """Every version of a visit from the first to the one in force, as far as the actor sees them (one query).

    A correction keeps place and day, so all versions lie among the visits of that place on that day.
    """
    same = select(Visit).where(Visit.site_id == visit.site_id, Visit.day == visit.day, sees_visit(actor, on))
    rows = session.scalars(same).all()
    known: dict[UUID | None, Visit] = {row.id: row for row in rows}
    after = {row.replaces_id: row for row in rows if row.replaces_id}
    found = [visit]
    while (earlier := known.get(found[0].replaces_id)) is not None:
        found.insert(0, earlier)
    while (later := after.get(found[-1].id)) is not None:
        found.append(later)
    return found
