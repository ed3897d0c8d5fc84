"""Judges who may do what, where (权限): an actor's posts give verbs over unit subtrees, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from tenants.models import Unit, UnitPath

DISTRICT = "district"
BUREAUS = ("city", "province", "nation")  # who compares districts, the nearest first
ROOTS = (DISTRICT, *BUREAUS)  # the kinds of a tenant, and of its own unit


@dataclass(frozen=True, slots=True)
class TenantRef:
    """The tenant that a request or job works for, as a value that outlives the platform session."""

    id: int
    slug: str
    name: str
    kind: str
    is_demo: bool = False
    code: str | None = None
    upper_id: int | None = None

    @property
    def is_bureau(self) -> bool:
        """Whether it receives and compares what districts publish (市级、省级、国家级), and is no district itself."""
        return self.kind in BUREAUS


@dataclass(frozen=True, slots=True)
class Duty:
    """One post of an actor, resolved: its role, the unit subtree it covers, the campaign (None: all) and its verbs."""

    role: str
    unit_id: UUID
    campaign: str | None
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts (操作人): one person in one tenant with the duties that he holds today.

    ``cleared``: he works in a session that meets hidden rows, and is shown those that he may know of; else none.
    """

    tenant: TenantRef
    person_id: UUID
    name: str
    duties: tuple[Duty, ...]
    user_id: UUID | None = None
    request_id: str = ""
    root: UUID | None = None
    cleared: bool = False

    @property
    def verbs(self) -> frozenset[str]:
        """Everything that the actor may do somewhere."""
        return frozenset().union(*(d.verbs for d in self.duties))

    def has(self, verb: str) -> bool:
        """Whether the verb is allowed anywhere at all; for menus, never for objects."""
        return any(verb in d.verbs for d in self.duties)

    def roles(self) -> frozenset[str]:
        """The access roles held."""
        return frozenset(d.role for d in self.duties)

    def covers(self, verb: str) -> bool:
        """Whether a post for all campaigns at the tenant's own unit carries the verb: nothing is out of its reach."""
        return self.root is not None and any(
            d.unit_id == self.root and d.campaign is None and verb in d.verbs for d in self.duties
        )

    def roots(self, verb: str, campaign: str | None = None) -> frozenset[UUID]:
        """The units whose subtrees the verb covers; with ``campaign``, posts limited to another one are left out."""
        limits = {None, campaign}
        return frozenset(
            d.unit_id for d in self.duties if verb in d.verbs and (campaign is None or d.campaign in limits)
        )


def reach(actor: Actor, verb: str, on: date, *, campaign: str | None = None) -> Select[UUID]:
    """Select the ids of all units that the actor's verb covers on a day; for list filters (``unit_id.in_(reach(...))``)."""
    return select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.ancestor_id.in_(actor.roots(verb, campaign)),
        UnitPath.valid_from <= on,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > on),
    )


def reach_of(actor: Actor, verb: str, on: date, campaign: str | None) -> Select[UUID]:
    """Select the units under those posts only that are limited to just this campaign, or to none (``campaign`` None)."""
    roots = [d.unit_id for d in actor.duties if verb in d.verbs and d.campaign == campaign]
    return select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.ancestor_id.in_(roots),
        UnitPath.valid_from <= on,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > on),
    )


def may(
    session: Session, actor: Actor, verb: str, unit_id: UUID | None, on: date, *, campaign: str | None = None
) -> bool:
    """Judge one act at one unit: some duty has the verb (for the campaign) and the unit lies in its subtree on that day."""
    if unit_id is None:
        return actor.has(verb)
    roots = actor.roots(verb, campaign)
    if not roots:
        return False
    if unit_id in roots:
        return True
    return (
        session.scalar(reach(actor, verb, on, campaign=campaign).where(UnitPath.unit_id == unit_id).limit(1))
        is not None
    )


def subtree(tenant_id: int, root: UUID, on: date) -> Select[UUID]:
    """Select the ids of a unit and everything under it on a day."""
    return select(UnitPath.unit_id).where(
        UnitPath.tenant_id == tenant_id,
        UnitPath.ancestor_id == root,
        UnitPath.valid_from <= on,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > on),
    )


def root_unit(session: Session) -> Unit:
    """The tenant's own unit, at the top of its administration tree."""
    return session.scalars(select(Unit).where(Unit.kind.in_(ROOTS), Unit.tree == "administration")).one()
