"""Members of areas from a workbook (片区成员导入): the sheet 片区 compared as a whole, then all of it written or nothing.

A row names an area and one member: a unit (街道、社区、村、网格) or a site, by code or name. The same file a second time changes
nothing, and nobody leaves an area by it. What an export writes can be imported again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault, Forbidden
from core.work.dated import valid_on
from core.work.imports.workbook_places import Gazetteer
from core.work.imports.workbook_reading import Column, Layout, Sheet, SheetRow, Workbook, read_workbook
from core.work.imports.workbook_sponsors import SiteBook
from core.work.journal import record
from core.work.names import tidy
from core.work.organisation.areas import AREA, add_members, list_areas, members_of
from core.work.roles import ADMINISTER
from core.work.tables import AreaMember, Site
from tenants.access import Actor, root_unit
from tenants.models import Unit, UnitParent
from tenants.scope import ScopedSession

UNIT, SITE = "unit", "site"
KINDS: Mapping[str, tuple[str, ...]] = {UNIT: ("单位", "unit"), SITE: ("点位", "site")}
AREAS = Layout(
    "areas",
    ("片区", "areas"),
    (
        Column("area", ("片区", "片区名称"), True, "片区要先有：在单位表里导入，或在页面上新增"),
        Column("kind", ("成员类型", "类型"), True, "单位 或 点位"),
        Column("name", ("成员", "成员名称", "成员代码"), True, "单位或点位的代码或名称；单位可写 上级/名称"),
    ),
)
LAYOUTS: Mapping[str, Layout] = {AREAS.kind: AREAS}


@dataclass(slots=True)
class AreaReport:
    """What an import did, or would do (导入结果): members that join, and those who belong already."""

    created: int = 0
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    written: bool = False


@dataclass(slots=True)
class _Plan:
    """The members that join by area, and what is there."""

    units: Gazetteer
    sites: SiteBook
    root: UUID
    standing: set[tuple[UUID, UUID]]
    joins: dict[UUID, dict[str, list[UUID]]] = field(default_factory=dict)
    seen: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    unchanged: int = 0


def read_areas(data: bytes, filename: str) -> Workbook:
    """Read the file (读取). Raises InvalidInput and TooLarge as read_workbook."""
    return read_workbook(data, filename, LAYOUTS)


def import_areas(
    session: ScopedSession, actor: Actor | None, workbook: Workbook, *, today: date, dry_run: bool = False
) -> AreaReport:
    """Bring a workbook's members into their areas from today on (片区成员导入); with any fault nothing is written.

    The caller commits. Raises Forbidden when the actor administers nothing.
    """
    if actor is not None and not actor.has(ADMINISTER):
        raise Forbidden
    faults = list(workbook.faults)
    rows = session.scalars(select(AreaMember).where(AreaMember.valid_to.is_(None)))
    standing = {(row.area_id, one) for row in rows for one in (row.unit_id, row.site_id) if one}
    plan = _Plan(Gazetteer(session, actor, today), SiteBook(session), root_unit(session).id, standing)
    for sheet in workbook.of("areas"):
        for row in sheet.rows:
            _settle(sheet, row, plan, faults)
    created = sum(len(ids) for joins in plan.joins.values() for ids in joins.values())
    writing = not dry_run and not faults
    if writing and created:
        for area_id, joins in plan.joins.items():
            add_members(session, actor, area_id, today=today, units=joins[UNIT], sites=joins[SITE])
        record(session, actor, "area.import", "unit", file=workbook.filename[:120], created=created)
    ordered = tuple(sorted(faults, key=lambda fault: fault.row or 0))
    return AreaReport(created, plan.unchanged, ordered, workbook.ignored, writing)


def _settle(sheet: Sheet, row: SheetRow, plan: _Plan, faults: list[Fault]) -> None:
    """Decide one row: somebody joins, belongs already, or the row is wrong."""
    before = len(faults)
    empty = [column for column in ("area", "kind", "name") if column not in row.cells]
    faults += [sheet.fault(row, column, N_("不能为空"), N_("请填写这一项")) for column in empty]
    if len(faults) > before:
        return
    area = plan.units.resolve(sheet, row, "area", faults)
    if area is not None and area.kind != AREA:
        remedy = N_("请先新增这个片区，再导入它的成员")
        faults.append(sheet.fault(row, "area", N_("这个单位不是片区"), remedy, area.name))
    elif area is not None:
        plan.units.permit(ADMINISTER, area, sheet, row, "area", faults)
    found = _member(sheet, row, plan, faults)
    if len(faults) > before or area is None or found is None:
        return
    kind, member = found
    if (area.id, member) in plan.seen:
        first = plan.seen[area.id, member]
        said = row.cells["name"]
        faults.append(sheet.fault(row, "name", N_("与第 {first} 行重复"), N_("请删去其中一行"), said, first=first))
        return
    plan.seen[area.id, member] = row.number
    if (area.id, member) in plan.standing:
        plan.unchanged += 1
    else:
        plan.joins.setdefault(area.id, {UNIT: [], SITE: []})[kind].append(member)


def _member(sheet: Sheet, row: SheetRow, plan: _Plan, faults: list[Fault]) -> tuple[str, UUID] | None:
    """The unit or site that a row names."""
    said = tidy(row.cells["kind"]).lower()
    kind = next((code for code, words in KINDS.items() if said in words), None)
    if kind is None:
        faults.append(sheet.fault(row, "kind", N_("没有这种成员"), N_("请填 单位 或 点位"), row.cells["kind"]))
        return None
    if kind == SITE:
        site = plan.sites.resolve(sheet, row, "name", faults)
        return (SITE, site[0]) if site else None
    unit = plan.units.resolve(sheet, row, "name", faults)
    if unit is not None and (unit.tree != "administration" or unit.id == plan.root):
        remedy = N_("请选街道、社区、村或网格，也可以直接选点位")
        faults.append(sheet.fault(row, "name", N_("这个单位不能作为片区成员"), remedy, unit.name))
        return None
    return (UNIT, unit.id) if unit else None


def area_rows(session: ScopedSession, on: date) -> Iterator[Sequence[str]]:
    """The members of every area on a day as rows of the sheet 片区 (片区成员导出), such that an import understands them."""
    for area in list_areas(session, on):
        members = members_of(session, area.id, on)
        units = _unit_words(session, [one.unit_id for one in members if one.unit_id], on)
        chosen = select(Site.id, Site.code).where(Site.id.in_([one.site_id for one in members if one.site_id]))
        codes = dict(session.execute(chosen).all())
        for one in members:
            if one.unit_id:
                yield area.code or area.name, KINDS[UNIT][0], units.get(one.unit_id, one.name)
            elif one.site_id:
                yield area.code or area.name, KINDS[SITE][0], codes.get(one.site_id) or one.name


def _unit_words(session: ScopedSession, units: Sequence[UUID], on: date) -> dict[UUID, str]:
    """A unit's code, or its name after its parent's, which tells it from others of the name."""
    parent = select(UnitParent.unit_id, Unit.name).join(
        Unit, (Unit.tenant_id == UnitParent.tenant_id) & (Unit.id == UnitParent.parent_id)
    )
    above = dict(session.execute(parent.where(UnitParent.unit_id.in_(units), valid_on(UnitParent, on))).all())
    rows = session.execute(select(Unit.id, Unit.code, Unit.name).where(Unit.id.in_(units)))
    return {key: code or (f"{above[key]}/{name}" if key in above else name) for key, code, name in rows}
