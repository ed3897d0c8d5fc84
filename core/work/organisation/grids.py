"""Grid partitions (网格划分): 社区网格, 万米单元网格 and others; a site lies in at most one grid of each, on each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select

from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.dated import valid_on
from core.work.journal import record
from core.work.names import tidy
from core.work.organisation.closure import check_day
from core.work.organisation.units import get_unit
from core.work.permits import require
from core.work.places.site_lists import get_site
from core.work.roles import KEEP_SITES
from core.work.tables import Finding, Site, SiteGrid
from tenants.access import Actor, subtree
from tenants.models import Unit
from tenants.scope import ScopedSession

LONGEST = 30
MOST_SITES = 200  # put into a grid in one step
USUAL = ("社区网格", "单元网格")  # offered while the tenant has no partition of its own; a name, kept as it is


@dataclass(frozen=True, slots=True)
class Lying:
    """In which grid a site lies in one partition (网格归属)."""

    partition: str
    unit_id: UUID
    unit_name: str
    since: date


def grids_of(session: ScopedSession, site_id: UUID, on: date) -> list[Lying]:
    """The grids of a site on a day, one for each partition (点位的网格)."""
    rows = session.execute(
        select(SiteGrid, Unit.name)
        .join(Unit, (Unit.tenant_id == SiteGrid.tenant_id) & (Unit.id == SiteGrid.unit_id))
        .where(SiteGrid.site_id == site_id, valid_on(SiteGrid, on))
        .order_by(SiteGrid.partition)
    )
    return [Lying(row.partition, row.unit_id, name, row.valid_from) for row, name in rows]


def partitions(session: ScopedSession) -> list[str]:
    """The partitions that are in use here (网格划分方式); the usual ones while there is none."""
    found = session.scalars(select(SiteGrid.partition).distinct().order_by(SiteGrid.partition)).all()
    return list(found or USUAL)


def sites_in_grid(tenant_id: int, unit_id: UUID, on: date, partition: str = "") -> ColumnElement[bool]:
    """Condition on Site: it lies in a grid, or in one under it, on a day; in one partition if named."""
    lying = select(SiteGrid.site_id).where(
        SiteGrid.tenant_id == tenant_id,
        SiteGrid.unit_id.in_(subtree(tenant_id, unit_id, on)),
        valid_on(SiteGrid, on),
    )
    return Site.id.in_(lying.where(SiteGrid.partition == partition) if partition else lying)


def findings_in_grid(tenant_id: int, unit_id: UUID, on: date) -> ColumnElement[bool]:
    """Condition on Finding: its site lies in a grid, or in one under it, on a day."""
    lying = select(Site.id).where(Site.tenant_id == tenant_id, sites_in_grid(tenant_id, unit_id, on))
    return Finding.site_id.in_(lying)


def grids_in_use(session: ScopedSession, on: date) -> list[tuple[UUID, list[str], str]]:
    """The grids in which a site lies on a day (有点位的网格): unit, its partitions and its name, by partition and name."""
    rows = session.execute(
        select(SiteGrid.unit_id, SiteGrid.partition, Unit.name)
        .join(Unit, (Unit.tenant_id == SiteGrid.tenant_id) & (Unit.id == SiteGrid.unit_id))
        .where(valid_on(SiteGrid, on))
        .group_by(SiteGrid.unit_id, SiteGrid.partition, Unit.name, Unit.pinyin)
        .order_by(SiteGrid.partition, Unit.pinyin, SiteGrid.unit_id)
    )
    found: dict[UUID, tuple[list[str], str]] = {}
    for unit_id, partition, name in rows:
        found.setdefault(unit_id, ([], name))[0].append(partition)
    return [(unit_id, names, name) for unit_id, (names, name) in found.items()]


def list_grid_sites(session: ScopedSession, unit_id: UUID, on: date, partition: str = "") -> Sequence[Site]:
    """The sites of a grid on a day (网格内点位), by name."""
    here = sites_in_grid(session.tenant_id, unit_id, on, partition)
    return session.scalars(select(Site).where(here, Site.state == "active").order_by(Site.pinyin, Site.id)).all()


def set_grid(
    session: ScopedSession,
    actor: Actor | None,
    site_id: UUID,
    *,
    partition: str,
    unit_id: UUID,
    today: date,
    on: date | None = None,
) -> SiteGrid:
    """Let a site lie in a grid of a partition from a day on (划入网格); the grid it lay in before ends.

    Raises NotFound, Forbidden and InvalidInput (no partition, a unit of the headquarters, a day that does not fit).
    """
    day, site, unit = on or today, get_site(session, actor, site_id, today=today), get_unit(session, unit_id)
    require(session, actor, KEEP_SITES, site.unit_id, today)
    said = _checked(partition)
    check_day(day, today, unit)
    if unit.tree != "administration":
        raise _bad("unit", N_("网格要在行政架构里"), N_("请选网格、社区或村"), unit.name)
    row, fresh = lie_in(session, site.id, said, unit.id, day)
    if fresh:
        record(session, actor, "site.grid", "site", site.id, name=site.name, partition=said, grid=unit.name)
    return row


def set_grids(
    session: ScopedSession,
    actor: Actor | None,
    sites: Sequence[UUID],
    *,
    partition: str,
    unit_id: UUID,
    today: date,
) -> int:
    """Let several sites lie in a grid of a partition from today on (批量划入网格); gives how many. All of them or none.

    Raises as :func:`set_grid`, and InvalidInput when none is named or too many are.
    """
    wanted = list(dict.fromkeys(sites))
    if not 0 < len(wanted) <= MOST_SITES:
        remedy = N_("请勾选 1 到 {most} 个点位")
        fault = Fault(N_("没有勾选点位，或一次勾选太多"), "site", value=str(len(wanted)), remedy=remedy)
        raise InvalidInput(faults=[replace(fault, params={"most": MOST_SITES})])
    for site_id in wanted:
        set_grid(session, actor, site_id, partition=partition, unit_id=unit_id, today=today)
    return len(wanted)


def lie_in(session: ScopedSession, site_id: UUID, partition: str, unit_id: UUID, day: date) -> tuple[SiteGrid, bool]:
    """Write that a site lies in a grid from a day on, and whether that is new; the grid it lay in before ends.

    Raises InvalidInput when its grid was changed again after the day.
    """
    standing = _standing(session, site_id, partition)
    if standing is not None and standing.unit_id == unit_id:
        return standing, False
    if standing is not None and standing.valid_from > day:
        raise _bad("on", N_("那天以后网格又有过变动"), N_("请填这次变动当天或以后的日期"), day.isoformat())
    if standing is not None and standing.valid_from == day:
        standing.unit_id = unit_id
    else:
        if standing is not None:
            standing.valid_to = day
        standing = _begin(session, site_id, partition, unit_id, day)
    session.flush()
    return standing, True


def _begin(session: ScopedSession, site_id: UUID, partition: str, unit_id: UUID, day: date) -> SiteGrid:
    """A new row, or the one that ended on the very day it began."""
    row = session.get(SiteGrid, (session.tenant_id, site_id, partition, day))
    if row is None:
        row = SiteGrid(site_id=site_id, partition=partition, unit_id=unit_id, valid_from=day)
        session.add(row)
    row.unit_id, row.valid_to = unit_id, None
    return row


def _standing(session: ScopedSession, site_id: UUID, partition: str) -> SiteGrid | None:
    chosen = select(SiteGrid).where(
        SiteGrid.site_id == site_id, SiteGrid.partition == partition, SiteGrid.valid_to.is_(None)
    )
    return session.scalars(chosen).first()


def _checked(partition: str) -> str:
    said = tidy(partition)
    if not said or len(said) > LONGEST:
        raise _bad("partition", N_("没有写明是哪种网格"), N_("请填 30 个字以内的名称，例如 社区网格"), said[:20])
    return said


def _bad(field: str, message: str, remedy: str, value: str = "") -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field, value=value, remedy=remedy)])


def end_grid(
    session: ScopedSession, actor: Actor | None, site_id: UUID, *, partition: str, today: date, on: date | None = None
) -> None:
    """Let a site lie in no grid of a partition from a day on (移出网格).

    Raises NotFound (also when it lies in none), Forbidden and InvalidInput (a day that does not fit).
    """
    day, site = on or today, get_site(session, actor, site_id, today=today)
    require(session, actor, KEEP_SITES, site.unit_id, today)
    check_day(day, today)
    row = _standing(session, site.id, tidy(partition))
    if row is None:
        raise NotFound
    if row.valid_from > day:
        raise _bad("on", N_("那天以后网格又有过变动"), N_("请填这次变动当天或以后的日期"), day.isoformat())
    row.valid_to = day
    session.flush()
    record(session, actor, "site.grid_end", "site", site.id, name=site.name, partition=row.partition)
