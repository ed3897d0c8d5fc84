"""Areas (片区): free groups of streets, communities, estates and sites across the lines of the administration tree.

An area is a unit of the headquarters tree. What belongs to it on a day: its members and everything under them, and the
members of the areas under it. The conditions below are for lists, figures and boards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.dated import touches, valid_on
from core.work.journal import record
from core.work.organisation.closure import check_day
from core.work.organisation.units import get_unit
from core.work.permits import require
from core.work.roles import ADMINISTER
from core.work.tables import AreaMember, Finding, Site, Visit
from tenants.access import Actor, root_unit, subtree
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

AREA = "area"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an area (片区成员) on a day: a unit or a site, by name and kind ('' for a site)."""

    id: UUID
    unit_id: UUID | None
    site_id: UUID | None
    name: str
    kind: str
    valid_from: date
    valid_to: date | None


def _member_units(tenant_id: int, area_id: UUID, on: date) -> Select[UUID | None]:
    return select(AreaMember.unit_id).where(
        AreaMember.tenant_id == tenant_id,
        AreaMember.area_id.in_(subtree(tenant_id, area_id, on)),
        AreaMember.unit_id.is_not(None),
        valid_on(AreaMember, on),
    )


def _member_sites(tenant_id: int, area_id: UUID, on: date) -> Select[UUID | None]:
    return select(AreaMember.site_id).where(
        AreaMember.tenant_id == tenant_id,
        AreaMember.area_id.in_(subtree(tenant_id, area_id, on)),
        AreaMember.site_id.is_not(None),
        valid_on(AreaMember, on),
    )


def units_in_area(tenant_id: int, area_id: UUID, on: date) -> Select[UUID]:
    """Select the ids of the units of an area on a day: its member units and everything under them."""
    return select(UnitPath.unit_id).where(
        UnitPath.tenant_id == tenant_id,
        UnitPath.ancestor_id.in_(_member_units(tenant_id, area_id, on)),
        valid_on(UnitPath, on),
    )


def in_area(tenant_id: int, area_id: UUID, on: date, unit: Any, site: Any = None) -> ColumnElement[bool]:
    """Condition on any row with a place (片区条件): its ``unit`` lies in a member unit, or its ``site`` is a member.

    The area's own row belongs to it too, and so do the areas under it: what is done for an area as such is found there.
    """
    own = unit.in_(subtree(tenant_id, area_id, on))
    found = or_(own, unit.in_(units_in_area(tenant_id, area_id, on)))
    return found if site is None else or_(found, site.in_(_member_sites(tenant_id, area_id, on)))


def findings_in_area(tenant_id: int, area_id: UUID, on: date) -> ColumnElement[bool]:
    """Condition on Finding: its place lies in a member unit, or its site is a member."""
    return in_area(tenant_id, area_id, on, Finding.unit_id, Finding.site_id)


def visits_in_area(tenant_id: int, area_id: UUID, on: date) -> ColumnElement[bool]:
    """Condition on Visit: the place lies in a member unit, or the site is a member."""
    return in_area(tenant_id, area_id, on, Visit.unit_id, Visit.site_id)


def sites_in_area(tenant_id: int, area_id: UUID, on: date) -> ColumnElement[bool]:
    """Condition on Site: it lies in a member unit, or is a member itself."""
    return in_area(tenant_id, area_id, on, Site.unit_id, Site.id)


def list_areas(session: ScopedSession, on: date) -> list[Unit]:
    """The areas on a day (片区清单), by name."""
    chosen = select(Unit).where(Unit.kind == AREA, valid_on(Unit, on))
    return list(session.scalars(chosen.order_by(Unit.code.nulls_last(), Unit.pinyin, Unit.id)))


def get_area(session: ScopedSession, area_id: UUID) -> Unit:
    """One area, closed ones too. Raises NotFound, for units that are no areas as well."""
    unit = get_unit(session, area_id)
    if unit.kind != AREA:
        raise NotFound(N_("没有找到这个片区"))
    return unit


def members_of(session: ScopedSession, area_id: UUID, on: date) -> list[Member]:
    """The members of an area on a day (片区成员): units by name, then sites by name."""
    here = (AreaMember.area_id == area_id, valid_on(AreaMember, on))
    units = session.execute(
        select(AreaMember, Unit.name, Unit.kind)
        .join(Unit, (Unit.tenant_id == AreaMember.tenant_id) & (Unit.id == AreaMember.unit_id))
        .where(*here)
        .order_by(Unit.code.nulls_last(), Unit.pinyin)
    )
    sites = session.execute(
        select(AreaMember, Site.name)
        .join(Site, (Site.tenant_id == AreaMember.tenant_id) & (Site.id == AreaMember.site_id))
        .where(*here)
        .order_by(Site.pinyin, Site.id)
    )
    return [_member(row, name, kind) for row, name, kind in units] + [_member(row, name, "") for row, name in sites]


def _member(row: AreaMember, name: str, kind: str) -> Member:
    return Member(row.id, row.unit_id, row.site_id, name, kind, row.valid_from, row.valid_to)


def areas_of(
    session: ScopedSession, on: date, *, unit_id: UUID | None = None, site_id: UUID | None = None
) -> Sequence[Unit]:
    """The areas that a unit (with those above it) or a site belongs to on a day (所属片区)."""
    conditions: list[ColumnElement[bool]] = []
    if unit_id is not None:
        above = select(UnitPath.ancestor_id).where(UnitPath.unit_id == unit_id, valid_on(UnitPath, on))
        conditions.append(AreaMember.unit_id.in_(above))
    if site_id is not None:
        conditions.append(AreaMember.site_id == site_id)
    if not conditions:
        return []
    wanted = select(AreaMember.area_id).where(or_(*conditions), valid_on(AreaMember, on))
    return session.scalars(select(Unit).where(Unit.id.in_(wanted), valid_on(Unit, on)).order_by(Unit.pinyin)).all()


def add_members(
    session: ScopedSession,
    actor: Actor | None,
    area_id: UUID,
    *,
    today: date,
    on: date | None = None,
    units: Sequence[UUID] = (),
    sites: Sequence[UUID] = (),
) -> int:
    """Let units and sites belong to an area from a day on (加入片区); who belongs to it already stays. Gives how many are new.

    Raises NotFound, Forbidden and InvalidInput (nothing chosen, a unit of the headquarters, the whole district, a bad day).
    """
    day, area = on or today, get_area(session, area_id)
    require(session, actor, ADMINISTER, area.id, today)
    chosen = [_checked_unit(session, one) for one in dict.fromkeys(units)]
    check_day(day, today, area, *chosen)
    wanted = [*(("unit_id", unit.id) for unit in chosen), *(("site_id", one) for one in _known(session, sites))]
    if not wanted:
        raise InvalidInput(faults=[Fault(N_("没有选成员"), "unit", remedy=N_("请选单位或点位"))])
    standing = session.execute(
        select(AreaMember.unit_id, AreaMember.site_id).where(
            AreaMember.area_id == area.id, touches(AreaMember, day, None)
        )
    )
    known = {one for pair in standing for one in pair if one}
    fresh = [(column, one) for column, one in wanted if one not in known]
    session.add_all(AreaMember(area_id=area.id, valid_from=day, **{column: one}) for column, one in fresh)
    session.flush()
    if fresh:
        names = [unit.name for unit in chosen if unit.id not in known]
        count = sum(column == "site_id" for column, _ in fresh)
        record(session, actor, "area.add", "unit", area.id, name=area.name, added=names, sites=count)
    return len(fresh)


def _checked_unit(session: ScopedSession, unit_id: UUID) -> Unit:
    unit = get_unit(session, unit_id)
    if unit.tree != "administration" or unit.id == root_unit(session).id:
        remedy = N_("请选街道、社区、村或网格，也可以直接选点位")
        raise InvalidInput(faults=[Fault(N_("这个单位不能作为片区成员"), "unit", value=unit.name, remedy=remedy)])
    return unit


def _known(session: ScopedSession, sites: Sequence[UUID]) -> list[UUID]:
    """The sites of some ids. Raises NotFound when one is unknown."""
    wanted = list(dict.fromkeys(sites))
    found = set(session.scalars(select(Site.id).where(Site.id.in_(wanted)))) if wanted else set()
    if len(found) != len(wanted):
        raise NotFound(N_("没有找到这个点位"))
    return wanted


def remove_member(
    session: ScopedSession, actor: Actor | None, member_id: UUID, *, today: date, on: date | None = None
) -> AreaMember:
    """Let a member no longer belong to its area from a day on (移出片区); one that left already stays as it is.

    Raises NotFound, Forbidden, InvalidInput (a day to come) and Conflict (a day before it joined).
    """
    day, row = on or today, session.get(AreaMember, (session.tenant_id, member_id))
    if row is None:
        raise NotFound
    require(session, actor, ADMINISTER, row.area_id, today)
    check_day(day, today)
    if row.valid_to is not None and row.valid_to <= day:
        return row
    if day < row.valid_from:
        fault = Fault(N_("那天还不是成员"), "on", value=day.isoformat(), remedy=N_("请填加入那天或以后的日期"))
        raise Conflict(faults=[fault])
    row.valid_to = day
    session.flush()
    record(session, actor, "area.remove", "unit", row.area_id, on=str(day))
    return row
