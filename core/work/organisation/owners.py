"""The responsible units around one place (责任单位): what an owner role of the vocabulary is there, on one day.

A department or HQ role sits in the unit that the district has mapped it to; the operator of the site answers for
``site_owner``, else the place; ``subdistrict`` is the one above the place. A role that nobody here plays goes to the
headquarters, which may hand it on - never to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.work.bulk import ask
from core.work.tables import Site
from tenants.access import Actor
from tenants.models import Unit

SITE_OWNER = "site_owner"
SUBDISTRICT = "subdistrict"
HEADQUARTERS = "headquarters"
_Row = tuple[str, str, UUID, str, bool, date]
# Written as text: it is asked for every finding, and building it anew cost more than the database's answer [measured]. The depth
# goes into the order column, which holds a date in the other rows.
_AROUND = text("""
SELECT 'role', r.role, u.id, u.name, u.commanded, r.valid_from
FROM unit_role r JOIN unit u ON u.tenant_id = r.tenant_id AND u.id = r.unit_id
WHERE r.tenant_id = :tenant AND r.valid_from <= :on AND (r.valid_to IS NULL OR r.valid_to > :on)
UNION ALL
SELECT 'above', u.kind, u.id, u.name, u.commanded, DATE '1900-01-01' + p.depth
FROM unit_path p JOIN unit u ON u.tenant_id = p.tenant_id AND u.id = p.ancestor_id
WHERE p.tenant_id = :tenant AND p.unit_id = :place AND p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to > :on)
UNION ALL
SELECT 'other', u.kind, u.id, u.name, u.commanded, u.valid_from FROM unit u
WHERE u.tenant_id = :tenant AND (u.kind = :headquarters OR u.id = ANY(:named))
  AND u.valid_from <= :on AND (u.valid_to IS NULL OR u.valid_to > :on)
""")


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What a line about a unit says of it (单位): its name, and whether it is asked, not ordered (不受指令)."""

    name: str
    is_asked: bool


@dataclass(frozen=True, slots=True)
class Owners:
    """The responsible units around one place on one day (责任单位), and the names of all of them.

    ``above`` are the place and the units over it, the nearest first; ``uncommanded`` of all of them those that nobody here
    can order.
    """

    place: UUID
    operator: UUID | None
    subdistrict: UUID | None
    by_role: Mapping[str, UUID]
    headquarters: UUID
    root: UUID
    names: Mapping[UUID, str]
    above: tuple[UUID, ...] = ()
    uncommanded: frozenset[UUID] = frozenset()

    def may(self, actor: Actor, verb: str, campaign: str | None = None) -> bool:
        """Whether the actor's verb covers the place on the day, as :func:`tenants.access.may` judges it."""
        return not actor.roots(verb, campaign).isdisjoint((self.place, *self.above))

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
    named = [d.unit_id for d in actor.duties] + ([operator_id] if operator_id else [])
    asked = {"tenant": actor.tenant.id, "place": unit_id, "named": named, "on": on, "headquarters": HEADQUARTERS}
    found = ask(session, _AROUND, asked).all()
    return _sort_out(unit_id, operator_id, sorted(map(tuple, found), key=lambda row: row[5]))


def facts_of(session: Session, owners: Owners, units: Collection[UUID]) -> dict[UUID, UnitFacts]:
    """Name and standing of some units; those that are not around the place are read (one query, or none)."""
    found = {unit: UnitFacts(owners.names[unit], unit in owners.uncommanded) for unit in units if unit in owners.names}
    if missing := set(units) - found.keys():
        rows = session.execute(select(Unit.id, Unit.name, Unit.commanded).where(Unit.id.in_(missing)))
        found |= {unit: UnitFacts(name, not commanded) for unit, name, commanded in rows}
    return found


def _sort_out(unit_id: UUID, operator_id: UUID | None, rows: Sequence[_Row]) -> Owners:
    """Rows of (what, role or kind, unit, name, commanded, order): later roles replace earlier ones, the nearest unit is first."""
    above = [(kind, found) for what, kind, found, *_ in rows if what == "above"]
    heads = [found for what, kind, found, *_ in rows if what == "other" and kind == HEADQUARTERS]
    top = above[-1][1] if above else unit_id
    return Owners(
        place=unit_id,
        operator=operator_id,
        subdistrict=next((found for kind, found in above if kind == SUBDISTRICT), None),
        by_role={role: found for what, role, found, *_ in rows if what == "role"},
        headquarters=heads[0] if heads else top,
        root=top,
        names={found: name for _, _, found, name, *_ in rows},
        above=tuple(found for _, found in above) or (unit_id,),
        uncommanded=frozenset(row[2] for row in rows if not row[4]),
    )
