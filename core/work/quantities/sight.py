"""Who sees, reports and verifies quantities (工作量的可见与办理范围).

A quantity is seen by whoever sees the unit that reports it or the territory that it is about. Verified it is by another party:
no one of the unit that reports, nor who entered it, ever verifies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.dated import valid_on
from core.work.roles import ANSWER, CHECK, DIRECT, SEE
from core.work.tables import QuantityEntry, QuantityKind
from tenants.access import Actor, may, reach_of, root_unit
from tenants.models import UnitPath


@dataclass(frozen=True, slots=True)
class Standing:
    """How an actor stands to a quantity (身份): ``keeps`` it for its unit, or ``verifies`` it as another party."""

    keeps: bool
    verifies: bool


def sees_entry(actor: Actor, on: date, verb: str = SEE) -> ColumnElement[bool]:
    """Filter on a query of QuantityEntry joined to QuantityKind: what lies in reach of the actor's verb on a day.

    A post for one campaign sees the quantities of that campaign's kinds and of those that belong to none.
    """
    if actor.covers(verb):
        return true()
    found: list[ColumnElement[bool]] = []
    for campaign in sorted({duty.campaign or "" for duty in actor.duties if verb in duty.verbs}):
        units = reach_of(actor, verb, on, campaign or None)
        inside = or_(QuantityEntry.unit_id.in_(units), QuantityEntry.scope_unit_id.in_(units))
        found.append(and_(inside, QuantityKind.campaign.in_(("", campaign))) if campaign else inside)
    return or_(false(), *found)


def get_entry(
    session: Session, actor: Actor | None, entry_id: UUID, on: date, *, lock: bool = False
) -> tuple[QuantityEntry, QuantityKind]:
    """A quantity and its kind that the actor may read. Raises NotFound, alike for what is not there and what is not his."""
    chosen = (
        select(QuantityEntry, QuantityKind)
        .join(QuantityKind, QuantityKind.id == QuantityEntry.kind_id)
        .where(QuantityEntry.id == entry_id, true() if actor is None else sees_entry(actor, on))
    )
    if lock:
        chosen = chosen.with_for_update(of=QuantityEntry).execution_options(populate_existing=True)
    found = session.execute(chosen).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


def may_report(session: Session, actor: Actor | None, kind: QuantityKind, unit_id: UUID, on: date) -> bool:
    """Whether the actor enters quantities for a unit: he answers for it or directs it."""
    campaign = kind.campaign or None
    return actor is None or any(may(session, actor, verb, unit_id, on, campaign=campaign) for verb in (ANSWER, DIRECT))


def may_keep_kinds(session: Session, actor: Actor, on: date) -> bool:
    """Whether the actor keeps the dictionary: a directing post at the tenant's own unit."""
    return may(session, actor, DIRECT, root_unit(session).id, on)


def standing_at(session: Session, actor: Actor, entry: QuantityEntry, kind: QuantityKind, on: date) -> Standing:
    """Judge one person at one quantity (one query)."""
    above = _above(session, {entry.unit_id, *(duty.unit_id for duty in actor.duties)}, on)
    unit, campaign = above[entry.unit_id], kind.campaign or None
    answers, checks, directs = (actor.roots(verb, campaign) for verb in (ANSWER, CHECK, DIRECT))
    own = entry.person_id == actor.person_id or any(entry.unit_id in above[duty.unit_id] for duty in actor.duties)
    return Standing(bool((answers | directs) & unit), not own and bool((checks | directs) & unit))


def _above(session: Session, units: set[UUID], on: date) -> dict[UUID, set[UUID]]:
    """The ancestors, themselves included, of some units."""
    found: dict[UUID, set[UUID]] = {unit: {unit} for unit in units}
    query = select(UnitPath.unit_id, UnitPath.ancestor_id).where(UnitPath.unit_id.in_(units), valid_on(UnitPath, on))
    for unit_id, ancestor_id in session.execute(query):
        found[unit_id].add(ancestor_id)
    return found
