"""Who answers for a finding (责任认定): the owner role of the item becomes a unit, for the site it was found at.

A department or HQ role sits in the unit that the district has mapped it to; the operator of the site answers for
``site_owner``, else the place; ``subdistrict`` is the one above the place. A role that nobody here plays goes to the
headquarters, which may hand it on - never to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, literal, or_, select, union_all
from sqlalchemy.orm import Session

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
    """The responsible units around one site on one day (责任单位), and the names of all of them."""

    place: UUID
    operator: UUID | None
    subdistrict: UUID | None
    by_role: Mapping[str, UUID]
    headquarters: UUID
    root: UUID
    names: Mapping[UUID, str]

    def line(self, role: str, hq_role: str = "") -> UUID:
        """The unit in the line of duty for an owner role (条线责任); ``hq_role`` hosts the campaign's own office."""
        own = {SITE_OWNER: self.operator or self.place, SUBDISTRICT: self.subdistrict or self.place}.get(role)
        # The district's root never leads where an office can: what it led, nobody above it could check and close.
        found = None if own == self.root else own
        return found or self.by_role.get(role) or self.by_role.get(hq_role) or self.headquarters


def owners_of(session: Session, actor: Actor, site: Site, on: date) -> Owners:
    """Read the responsible units of a site (one query): roles in force, the units above the place, the headquarters."""
    tenant = actor.tenant.id
    roles = (
        select(literal("role").label("what"), UnitRole.role.label("key"), Unit.id, Unit.name, UnitRole.valid_from)
        .join(Unit, (Unit.tenant_id == UnitRole.tenant_id) & (Unit.id == UnitRole.unit_id))
        .where(UnitRole.tenant_id == tenant, _in_force(UnitRole, on))
    )
    above = (
        select(literal("above"), Unit.kind, Unit.id, Unit.name, _AGES + UnitPath.depth)
        .join(UnitPath, (Unit.tenant_id == UnitPath.tenant_id) & (Unit.id == UnitPath.ancestor_id))
        .where(Unit.tenant_id == tenant, UnitPath.unit_id == site.unit_id, _in_force(UnitPath, on))
    )
    named = [d.unit_id for d in actor.duties] + ([site.operator_unit_id] if site.operator_unit_id else [])
    others = select(literal("other"), Unit.kind, Unit.id, Unit.name, Unit.valid_from).where(
        Unit.tenant_id == tenant, or_(Unit.kind == HEADQUARTERS, Unit.id.in_(named)), _in_force(Unit, on)
    )
    found = session.execute(union_all(roles, above, others)).all()
    rows = [(str(row[0]), str(row[1]), row[2], str(row[3]), row[4]) for row in found]
    return _sort_out(site, sorted(rows, key=lambda row: row[4]))


def _sort_out(site: Site, rows: Sequence[_Row]) -> Owners:
    """Rows of (what, role or kind, unit, name, order): a later role replaces an earlier one, the nearest unit comes first."""
    above = [(kind, unit_id) for what, kind, unit_id, _, _ in rows if what == "above"]
    heads = [unit_id for what, kind, unit_id, _, _ in rows if what == "other" and kind == HEADQUARTERS]
    top = above[-1][1] if above else site.unit_id
    return Owners(
        place=site.unit_id,
        operator=site.operator_unit_id,
        subdistrict=next((unit_id for kind, unit_id in above if kind == SUBDISTRICT), None),
        by_role={role: unit_id for what, role, unit_id, _, _ in rows if what == "role"},
        headquarters=heads[0] if heads else top,
        root=top,
        names={unit_id: name for _, _, unit_id, name, _ in rows},
    )


def _in_force(dated: type[UnitRole | UnitPath | Unit], on: date) -> ColumnElement[bool]:
    return and_(dated.valid_from <= on, or_(dated.valid_to.is_(None), dated.valid_to > on))
