"""Which sponsored objects concern a place, and which places an object stands for (包保范围), as of a day.

Above a place stand, nearest first: the site itself, its grids, the areas that name the site, then its unit, the areas that
name the unit, and so on up the tree. Under a sponsored unit stand its subtree; an area's member units with theirs and its
member sites; a grid's sites.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select

from core.work.dated import valid_on
from core.work.tables import AreaMember, Finding, SiteGrid
from tenants.models import Unit, UnitName, UnitPath
from tenants.scope import ScopedSession

SITE, GRID, SITE_AREA = -3, -2, -1  # distances nearer than the unit's own 0; an area of depth n is at 2n + 1


def units_around(session: ScopedSession, unit_ids: Iterable[UUID], on: date) -> dict[UUID, dict[UUID, int]]:
    """For each unit: itself, those above it and the areas that name any of them, with their distance (two queries)."""
    wanted = list(set(unit_ids))
    found: dict[UUID, dict[UUID, int]] = {unit_id: {unit_id: 0} for unit_id in wanted}
    paths = select(UnitPath.unit_id, UnitPath.ancestor_id, UnitPath.depth)
    for unit_id, ancestor, depth in session.execute(paths.where(UnitPath.unit_id.in_(wanted), valid_on(UnitPath, on))):
        found[unit_id][ancestor] = 2 * depth
    above = {ancestor for around in found.values() for ancestor in around}
    members = select(AreaMember.unit_id, AreaMember.area_id).where(AreaMember.unit_id.in_(above))
    areas: dict[UUID, list[UUID]] = {}
    for member, area in session.execute(members.where(valid_on(AreaMember, on))):
        if member is not None:
            areas.setdefault(member, []).append(area)
    for around in found.values():
        for member, distance in list(around.items()):
            for area in areas.get(member, ()):
                around[area] = min(around.get(area, distance + 1), distance + 1)
    return found


def units_of_site(session: ScopedSession, site_id: UUID, on: date) -> dict[UUID, int]:
    """The grids and areas that name a site itself, with their distance (two queries)."""
    grids = select(SiteGrid.unit_id).where(SiteGrid.site_id == site_id, valid_on(SiteGrid, on))
    found = dict.fromkeys(session.scalars(grids), GRID)
    areas = select(AreaMember.area_id).where(AreaMember.site_id == site_id, valid_on(AreaMember, on))
    return dict.fromkeys(session.scalars(areas), SITE_AREA) | found


@dataclass(frozen=True, slots=True)
class Territory:
    """The places that an object stands for (包保范围): units of the tree and single sites."""

    units: frozenset[UUID] = frozenset()
    sites: frozenset[UUID] = frozenset()

    def has(self, unit_id: UUID, site_id: UUID | None) -> bool:
        """Whether a place lies in it."""
        return unit_id in self.units or (site_id is not None and site_id in self.sites)

    def findings(self) -> ColumnElement[bool]:
        """The condition on Finding that it lies here."""
        parts = [Finding.unit_id.in_(self.units)] if self.units else []
        parts += [Finding.site_id.in_(self.sites)] if self.sites else []
        return or_(*parts) if parts else false()


def territories(session: ScopedSession, unit_ids: Collection[UUID], on: date) -> Mapping[UUID, Territory]:
    """What each sponsored unit stands for (four queries for all of them)."""
    if not unit_ids:
        return {}
    members: dict[UUID, set[UUID]] = {unit_id: {unit_id} for unit_id in unit_ids}
    sites: dict[UUID, set[UUID]] = {unit_id: set() for unit_id in unit_ids}
    rows = select(AreaMember.area_id, AreaMember.unit_id, AreaMember.site_id)
    for area, unit, site in session.execute(rows.where(AreaMember.area_id.in_(unit_ids), valid_on(AreaMember, on))):
        if unit is not None:
            members[area].add(unit)
        elif site is not None:
            sites[area].add(site)
    grids = select(SiteGrid.unit_id, SiteGrid.site_id).where(SiteGrid.unit_id.in_(unit_ids), valid_on(SiteGrid, on))
    for grid, site in session.execute(grids):
        sites[grid].add(site)
    under = _under(session, {unit for group in members.values() for unit in group}, on)
    return {
        unit_id: Territory(
            frozenset().union(*(under.get(one, {one}) for one in members[unit_id])), frozenset(sites[unit_id])
        )
        for unit_id in unit_ids
    }


def _under(session: ScopedSession, unit_ids: Collection[UUID], on: date) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {unit_id: {unit_id} for unit_id in unit_ids}
    rows = select(UnitPath.ancestor_id, UnitPath.unit_id).where(UnitPath.ancestor_id.in_(unit_ids))
    for ancestor, unit in session.execute(rows.where(valid_on(UnitPath, on))):
        found[ancestor].add(unit)
    return found


def names_on(session: ScopedSession, unit_ids: Collection[UUID], on: date) -> dict[UUID, str]:
    """The names that units bore on a day (当时名称)."""
    if not unit_ids:
        return {}
    found = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(unit_ids))).all())
    former = select(UnitName.unit_id, UnitName.name).where(UnitName.unit_id.in_(unit_ids))
    return found | dict(session.execute(former.where(UnitName.valid_from <= on, UnitName.valid_to > on)).all())
