"""Who may open the figures of an area (片区数据的可见范围): whoever's posts cover the area, or every one of its members.

An area's records lie across the lines of the tree, so that a post at a unit covers the area by its members alone. Ours.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from core.work.dated import touches
from core.work.roles import SEE
from core.work.tables import AreaMember, Finding, Site, Visit
from tenants.access import Actor, may, reach
from tenants.models import UnitPath

ONE_DAY = timedelta(days=1)


def sees_area(session: Session, actor: Actor, area_id: UUID, on: date, since: date | None = None) -> bool:
    """Whether the actor may open an area's totals: his posts cover the area as such, or all its members."""
    return may(session, actor, SEE, area_id, on) or covers_members(session, actor, area_id, on, since)


def covers_members(session: Session, actor: Actor, area_id: UUID, on: date, since: date | None = None) -> bool:
    """Whether the actor reaches all that an area's figures from ``since`` until ``on`` are made of: then the rows are his too.

    Members that left in between count, and so does whatever lay at a member site while it belonged elsewhere.
    """
    if not actor.has(SEE):
        return False
    tenant, first = actor.tenant.id, since or on
    areas = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == tenant, UnitPath.ancestor_id == area_id, touches(UnitPath, first, on + ONE_DAY)
    )
    member = and_(
        AreaMember.tenant_id == tenant, AreaMember.area_id.in_(areas), touches(AreaMember, first, on + ONE_DAY)
    )
    seen = reach(actor, SEE, on)
    at_site = and_(Site.tenant_id == AreaMember.tenant_id, Site.id == AreaMember.site_id)
    outside = (
        exists()
        .where(member)
        .where(or_(AreaMember.unit_id.not_in(seen), exists().where(at_site, Site.unit_id.not_in(seen))))
    )
    sites = select(AreaMember.site_id).where(member, AreaMember.site_id.is_not(None))
    stray = or_(*(_stray(tenant, row, sites, areas, seen) for row in (Finding, Visit)))
    return bool(session.scalar(select(and_(exists().where(member), ~outside, ~stray))))


def _stray(
    tenant: int,
    row: type[Finding | Visit],
    sites: Select[UUID | None],
    areas: Select[UUID],
    seen: Select[UUID],
) -> ColumnElement[bool]:
    """Whether something of the area, at a member site or at the area as such, lies out of the reach."""
    theirs = or_(row.site_id.in_(sites), row.unit_id.in_(areas))
    return exists().where(row.tenant_id == tenant, theirs, row.unit_id.not_in(seen))
