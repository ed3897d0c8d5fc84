"""The responsible units around one place (责任单位): what an owner role of the vocabulary is there, on one day.

A department or HQ role sits in the unit that the district has mapped it to; the operator of the site answers for
``site_owner``, else the place; ``subdistrict`` is the one above the place. A role that nobody here plays goes to the
headquarters, which may hand it on - never to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import literal, or_, select, union_all
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.tables import Site
from tenants.access import Actor
from tenants.models import Unit, UnitPath, UnitRole

SITE_OWNER = "site_owner"
SUBDISTRICT = "subdistrict"
HEADQUARTERS = "headquarters"
_Row = tuple[str, str, UUID, str, date]
_AGES = literal(date(1900, 1, 1))  # puts a depth into the order column, which holds a date in the other rows


@dataclass(frozen=True, slots=True)
class Owners:
    """The responsible units around one place on one day (责任单位), and the names of all of them.

    ``above`` are the place and the units over it, the nearest first.
    """

    place: UUID
    operator: UUID | None
    subdistrict: UUID | None
    by_role: Mapping[str, UUID]
    headquarters: UUID
    root: UUID
    names: Mapping[UUID, str]
    above: tuple[UUID, ...] = ()

    def line(self, role: str, hq_role: str = "") -> UUID:
        """The unit in the line of duty for an owner role (条线责任); ``hq_role`` hosts the campaign's own office."""
        own = {SITE_OWNER: self.operator or self.place, SUBDISTRICT: self.subdistrict or self.place}.get(role)
        # The district's root never leads where an office can: what it led, nobody above it could check and close.
        found = None if own == self.root else own
        return found or self.by_role.get(role) or self.by_role.get(hq_role) or self.headquarters


def owners_of(session: Session, actor: Actor, site: Site, on: date) -> Owners:
    """The responsible units of a site (one query)."""
    return owners_at(session, actor, site.unit_id, site.operator_unit_id, on)


def owners_at(session: Session, actor: Actor, unit_id: UUID, operator_id: UUID | None, on: date) -> Owners:
    """The same for a place in a unit's territory: roles in force, the units above the place, the headquarters."""
    tenant = actor.tenant.id
    roles = (
        select(literal("role").label("what"), UnitRole.role.label("key"), Unit.id, Unit.name, UnitRole.valid_from)
        .join(Unit, (Unit.tenant_id == UnitRole.tenant_id) & (Unit.id == UnitRole.unit_id))
        .where(UnitRole.tenant_id == tenant, valid_on(UnitRole, on))
    )
    above = (
        select(literal("above"), Unit.kind, Unit.id, Unit.name, _AGES + UnitPath.depth)
        .join(UnitPath, (Unit.tenant_id == UnitPath.tenant_id) & (Unit.id == UnitPath.ancestor_id))
        .where(Unit.tenant_id == tenant, UnitPath.unit_id == unit_id, valid_on(UnitPath, on))
    )
    named = [d.unit_id for d in actor.duties] + ([operator_id] if operator_id else [])
    others = select(literal("other"), Unit.kind, Unit.id, Unit.name, Unit.valid_from).where(
        Unit.tenant_id == tenant, or_(Unit.kind == HEADQUARTERS, Unit.id.in_(named)), valid_on(Unit, on)
    )
    found = session.execute(union_all(roles, above, others)).all()
    rows = [(str(row[0]), str(row[1]), row[2], str(row[3]), row[4]) for row in found]
    return _sort_out(unit_id, operator_id, sorted(rows, key=lambda row: row[4]))


def _sort_out(unit_id: UUID, operator_id: UUID | None, rows: Sequence[_Row]) -> Owners:
    """Rows of (what, role or kind, unit, name, order): a later role replaces an earlier one, the nearest unit comes first."""
    above = [(kind, found) for what, kind, found, _, _ in rows if what == "above"]
    heads = [found for what, kind, found, _, _ in rows if what == "other" and kind == HEADQUARTERS]
    top = above[-1][1] if above else unit_id
    return Owners(
        place=unit_id,
        operator=operator_id,
        subdistrict=next((found for kind, found in above if kind == SUBDISTRICT), None),
        by_role={role: found for what, role, found, _, _ in rows if what == "role"},
        headquarters=heads[0] if heads else top,
        root=top,
        names={found: name for _, _, found, name, _ in rows},
        above=tuple(found for _, found in above) or (unit_id,),
    )
