"""The sheet 单位 of an onboarding workbook: units to add, to rename by code, and codes to fill in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from core.errors import N_, Fault
from core.work.imports.workbook_places import Gazetteer, Place
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.journal import record
from core.work.names import narrow, tidy
from core.work.organisation.territory import NewUnit, plant
from core.work.organisation.units import HEADQUARTERS_KINDS, LONGEST, UNIT_KINDS, get_unit, rename_unit
from core.work.roles import ADMINISTER
from tenants.access import Actor
from tenants.scope import ScopedSession

DEPTH = 12  # a parent may stand below its child in the sheet; no tree here is deeper (ours)
_SAID = {"街道": "subdistrict", "镇": "subdistrict", "乡": "subdistrict", "街道办": "subdistrict", "村": "village"} | {
    "居委会": "community",
    "村委会": "village",
    "创建办": "hq",
    "办公室": "hq",
    "主办单位": "operator",
    "经营单位": "operator",
    "总指挥部": "headquarters",
    "分指挥部": "headquarters",
    "领导小组": "headquarters",
    "工作组": "work_group",
    "专班": "work_group",
    "组": "work_group",
    "指导组": "guidance_group",
    "督导组": "guidance_group",
    "督导指导组": "guidance_group",
}
_KINDS = {code: code for code in UNIT_KINDS} | {tidy(title): code for code, title in UNIT_KINDS.items()} | _SAID


@dataclass(slots=True)
class UnitPlan:
    """What the sheet asks for: units to plant, renames and codes by unit id."""

    new: list[NewUnit] = field(default_factory=list)
    names: dict[UUID, str] = field(default_factory=dict)
    codes: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    unchanged: int = 0
    at: dict[tuple[str, int], UUID] = field(default_factory=dict)  # the unit that each row of each sheet means


@dataclass(frozen=True, slots=True)
class _Wish:
    sheet: Sheet
    row: SheetRow
    name: str
    kind: str
    code: str
    issuer: str


def plan_units(sheets: Iterable[Sheet], book: Gazetteer, root: UUID, faults: list[Fault]) -> UnitPlan:
    """Compare the sheets with the standing units (单位导入方案); units to add are taken into the book."""
    plan = UnitPlan()
    seen: dict[UUID, int] = {}
    for sheet in sheets:
        waiting = [w for row in sheet.rows if (w := _read(sheet, row, faults)) is not None]
        for last in [False] * DEPTH + [True]:
            waiting = [w for w in waiting if not _settle(w, plan, book, root, seen, faults, last=last)]
    return plan


def read_kind(said: str) -> str:
    """The kind of unit that a cell means; '' when there is none."""
    return _KINDS.get(said.lower(), _KINDS.get(tidy(said), ""))


def _read(sheet: Sheet, row: SheetRow, faults: list[Fault]) -> _Wish | None:
    cells, before = row.cells, len(faults)
    name, said = tidy(cells.get("name", "")), cells.get("kind", "")
    kind = read_kind(said)
    code, issuer = narrow(cells.get("code", "")), tidy(cells.get("code_issuer", ""))
    if not name or len(name) > LONGEST:
        message = N_("名称过长") if name else N_("不能为空")
        faults.append(sheet.fault(row, "name", message, N_("请填写 80 个字以内的名称"), name))
    if not kind:
        remedy = N_("请用代码表里的单位类型，例如 街道、社区、部门")
        faults.append(sheet.fault(row, "kind", N_("没有这种单位类型") if said else N_("不能为空"), remedy, said))
    if code and not issuer:
        faults.append(
            sheet.fault(row, "code", N_("代码没有发布机构"), N_("请在“代码发布机构”列写明，例如 国家统计局"), code)
        )
    return _Wish(sheet, row, name, kind, code, issuer) if len(faults) == before else None


def _settle(
    wish: _Wish, plan: UnitPlan, book: Gazetteer, root: UUID, seen: dict[UUID, int], faults: list[Fault], *, last: bool
) -> bool:
    """Decide one row; False while its parent may still come further down the sheet."""
    sheet, row = wish.sheet, wish.row
    parent: Place | None = book.places[root]
    if "parent" in row.cells:
        if not last and len(book.find(row.cells["parent"])) != 1:
            return False
        parent = book.resolve(sheet, row, "parent", faults)
    if parent is None:
        return True
    before = len(faults)
    standing = (book.coded(wish.code) if wish.code else None) or book.under(parent.id, wish.name)
    book.permit(ADMINISTER, standing or parent, sheet, row, "name" if standing else "parent", faults)
    if len(faults) > before:
        return True
    if standing is None:
        unit = _plan_new(wish, parent, plan)
        standing = Place(unit.id, wish.name, wish.kind, wish.code or None, parent.id, unit.tree)
        book.add(standing)
        seen[standing.id] = row.number
    elif standing.id in seen and not _repeats(wish, standing):
        params = {"first": seen[standing.id]}
        faults.append(sheet.fault(row, "name", N_("与第 {first} 行重复"), N_("请删去其中一行"), wish.name, **params))
    elif standing.id not in seen:
        seen[standing.id] = row.number
        _compare(wish, standing, parent, plan, book, faults)
    plan.at[(sheet.title, row.number)] = standing.id
    return True


def _repeats(wish: _Wish, standing: Place) -> bool:
    """Whether a row names a unit again only to say who else has a post there (同一单位的另一职务)."""
    return "person" in wish.row.cells and wish.kind == standing.kind and wish.code in ("", standing.code or "")


def _plan_new(wish: _Wish, parent: Place, plan: UnitPlan) -> NewUnit:
    tree = "headquarters" if wish.kind in HEADQUARTERS_KINDS else parent.tree
    unit = NewUnit(wish.name, wish.kind, parent.id, wish.code or None, wish.issuer or None, tree)
    plan.new.append(unit)
    return unit


def _compare(wish: _Wish, standing: Place, parent: Place, plan: UnitPlan, book: Gazetteer, faults: list[Fault]) -> None:
    """What differs between a row and the unit that it means: a name or a missing code is changed, the rest is a fault."""
    sheet, row, before = wish.sheet, wish.row, len(faults)
    if wish.kind != standing.kind:
        remedy = N_("已有的单位是 {kind}；导入不改类型，请核对")
        faults.append(sheet.fault(row, "kind", N_("类型与已有单位不同"), remedy, wish.kind, kind=standing.kind))
    if "parent" in row.cells and standing.parent != parent.id:
        remedy = N_("导入不改隶属关系，请在单位页调整")
        faults.append(sheet.fault(row, "parent", N_("上级与已有单位不同"), remedy, row.cells["parent"]))
    if wish.code and standing.code not in (None, wish.code):
        remedy = N_("已有的代码是 {code}；请核对")
        faults.append(sheet.fault(row, "code", N_("代码与已有单位不同"), remedy, wish.code, code=standing.code))
    if len(faults) > before:
        return
    renamed = standing.code == wish.code and bool(wish.code) and standing.name != wish.name
    if renamed:
        plan.names[standing.id] = wish.name
        book.call(standing, wish.name)
    if wish.code and standing.code is None:
        plan.codes[standing.id] = (wish.code, wish.issuer)
    if not renamed and standing.id not in plan.codes:
        plan.unchanged += 1


def write_units(session: ScopedSession, actor: Actor | None, plan: UnitPlan, today: date) -> None:
    """Write a plan (单位导入)."""
    plant(session, plan.new, today)
    for unit in plan.new:
        record(session, actor, "unit.add", "unit", unit.id, name=unit.name, unit_kind=unit.kind)
    for unit_id, name in plan.names.items():
        rename_unit(session, actor, unit_id, name, today=today)
    for unit_id, (code, issuer) in plan.codes.items():
        standing = get_unit(session, unit_id)
        standing.code, standing.code_issuer = code, issuer
        record(session, actor, "unit.code", "unit", unit_id, code=code, issuer=issuer)
    session.flush()
