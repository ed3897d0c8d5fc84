"""The sheet 点位 of an onboarding workbook: sites to add and to change, known by their code, else by name and unit.

An empty cell leaves what is known as it is; no site is closed or removed by an import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core.campaigns.terms import SiteType
from core.errors import N_, Fault
from core.work.imports.workbook_grids import Grids, grids_now, read_grids
from core.work.imports.workbook_places import Gazetteer
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.journal import record
from core.work.names import narrow, tidy
from core.work.organisation.grids import lie_in
from core.work.places.grams import index_sites
from core.work.places.sites import apply_changes, check_values, unknown_type
from core.work.roles import KEEP_SITES
from core.work.tables import Site, SiteGrid, SiteKind
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import ScopedSession

_BETWEEN = re.compile(r"[;、,]")
_PLAIN = ("name", "code", "address", "zone", "longitude", "latitude")


@dataclass(slots=True)
class SitePlan:
    """What the sheet asks for: column values and types of new sites, and changes by site."""

    new: list[tuple[dict[str, Any], tuple[str, ...], Grids]] = field(default_factory=list)
    changes: list[tuple[Site, dict[str, Any], tuple[str, ...], Grids]] = field(default_factory=list)
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Wish:
    sheet: Sheet
    row: SheetRow
    values: dict[str, Any]
    types: tuple[str, ...]
    grids: Grids


class Register:
    """The sites that stand here (点位名录), by code and by unit and name."""

    def __init__(self, session: ScopedSession) -> None:
        self.kinds: dict[UUID, set[str]] = {}
        self.grids = grids_now(session)
        self.by_code: dict[str, Site] = {}
        self.by_name: dict[tuple[UUID, str], Site] = {}
        kinds = select(SiteKind.site_id, SiteKind.site_type).where(SiteKind.valid_to.is_(None))
        for site_id, kind in session.execute(kinds):
            self.kinds.setdefault(site_id, set()).add(kind)
        for site in session.scalars(select(Site).order_by(Site.state.desc(), Site.id)):
            if site.code:
                self.by_code[site.code] = site
            self.by_name[site.unit_id, site.name] = site


def plan_sites(
    session: ScopedSession,
    sheets: Iterable[Sheet],
    book: Gazetteer,
    known: Mapping[str, SiteType],
    faults: list[Fault],
) -> SitePlan:
    """Compare the sheets with the standing sites (点位导入方案)."""
    plan = SitePlan()
    sheets = list(sheets)
    register = Register(session) if sheets else None
    words = {said.lower(): t.code for t in known.values() for said in (t.code, t.name_zh, t.name_en)}
    seen: dict[object, int] = {}
    for sheet in sheets:
        for row in sheet.rows:
            wish = _read(sheet, row, book, words, faults)
            if wish is not None and register is not None:
                _settle(wish, plan, register, book, seen, faults)
    return plan


def _read(sheet: Sheet, row: SheetRow, book: Gazetteer, words: Mapping[str, str], faults: list[Fault]) -> _Wish | None:
    cells, before = row.cells, len(faults)
    given: dict[str, Any] = {column: cells[column] for column in _PLAIN if column in cells}
    attrs = {column[6:]: cells[column] for column in cells if column.startswith("attrs.")}
    found: list[Fault] = []
    values = check_values(given | ({"attrs": attrs} if attrs else {}), found)
    faults.extend(sheet.fault(row, f.field, f.message, f.remedy, f.value, **f.params) for f in found)
    if not values.get("name"):
        faults.append(sheet.fault(row, "name", N_("不能为空"), N_("请填写点位名称")))
    types, grids = _types(sheet, row, words, faults), read_grids(sheet, row, book, faults)
    for column, field_ in (("unit", "unit_id"), ("operator", "operator_unit_id")):
        if column in cells:
            place = book.resolve(sheet, row, column, faults)
            values[field_] = place.id if place else None
        elif column == "unit":
            faults.append(sheet.fault(row, column, N_("不能为空"), N_("请填写单位名称或代码")))
    if len(faults) > before:
        return None
    book.permit(KEEP_SITES, book.places[values["unit_id"]], sheet, row, "unit", faults)
    return _Wish(sheet, row, values, types, grids) if len(faults) == before else None


def _types(sheet: Sheet, row: SheetRow, words: Mapping[str, str], faults: list[Fault]) -> tuple[str, ...]:
    said = [tidy(part) for part in _BETWEEN.split(narrow(row.cells.get("types", ""))) if tidy(part)]
    if not said:
        faults.append(sheet.fault(row, "types", N_("不能为空"), N_("请填写点位类型，多个用分号隔开")))
    for part in said:
        if part.lower() not in words:
            fault = unknown_type(part)
            faults.append(sheet.fault(row, "types", fault.message, fault.remedy, fault.value))
    return tuple(dict.fromkeys(words[part.lower()] for part in said if part.lower() in words))


def _settle(
    wish: _Wish,
    plan: SitePlan,
    register: Register,
    book: Gazetteer,
    seen: dict[object, int],
    faults: list[Fault],
) -> None:
    """Decide one row: a new site, a change, or nothing new."""
    sheet, row, values = wish.sheet, wish.row, wish.values
    keys = [(values["unit_id"], values["name"])] + ([values["code"]] if values.get("code") else [])
    first = next((seen[key] for key in keys if key in seen), None)
    if first is not None:
        faults.append(
            sheet.fault(row, "name", N_("与第 {first} 行重复"), N_("请删去其中一行"), values["name"], first=first)
        )
        return
    seen.update(dict.fromkeys(keys, row.number))
    here = register.by_name.get((values["unit_id"], values["name"]))
    site = (register.by_code.get(values["code"]) if values.get("code") else None) or here
    if site is None:
        plan.new.append((values, wish.types, wish.grids))
        return
    before = len(faults)
    _compare_place(wish, site, here, book, faults)
    if len(faults) > before:
        return
    attrs = {**site.attrs, **values["attrs"]} if "attrs" in values else site.attrs
    same = all(getattr(site, column) == value for column, value in values.items() if column != "attrs")
    lies = wish.grids.items() <= register.grids.get(site.id, {}).items()
    if same and lies and attrs == site.attrs and set(wish.types) == register.kinds.get(site.id, set()):
        plan.unchanged += 1
    else:
        plan.changes.append((site, values, wish.types, wish.grids))


def _compare_place(wish: _Wish, site: Site, here: Site | None, book: Gazetteer, faults: list[Fault]) -> None:
    """Note what forbids to change the standing site: it is closed, its name is another's, or it is out of reach."""
    sheet, row = wish.sheet, wish.row
    if site.state != "active":
        remedy = N_("请先在点位页重新启用它")
        faults.append(sheet.fault(row, "name", N_("这个点位已经停用"), remedy, site.name))
    elif site is here and site.code and wish.values.get("code") not in (None, site.code):
        remedy = N_("已有的编号是 {code}；请核对，或在点位页改编号")
        faults.append(sheet.fault(row, "code", N_("同名点位的编号不同"), remedy, row.cells["code"], code=site.code))
    elif here is not None and here.id != site.id and here.state == "active":
        params = {"code": here.code or ""}
        remedy = N_("请核对编号，或在名称里加以区分")
        faults.append(sheet.fault(row, "name", N_("这个单位已有同名的点位"), remedy, here.name, **params))
    elif site.unit_id in book.places:
        book.permit(KEEP_SITES, book.places[site.unit_id], sheet, row, "unit", faults)


def write_sites(session: ScopedSession, actor: Actor | None, plan: SitePlan, today: date) -> None:
    """Write a plan (点位导入): new sites in bulk, changes one by one."""
    sites: list[dict[str, Any]] = []
    kinds: list[dict[str, Any]] = []
    lying: list[dict[str, Any]] = []
    for values, types, grids in plan.new:
        attrs = {code: value for code, value in values.get("attrs", {}).items() if value is not None}
        blank = {"code": None, "address": "", "zone": "", "operator_unit_id": None, "longitude": None, "latitude": None}
        site = {"tenant_id": session.tenant_id, "id": new_id(), "state": "active", "created_at": now()}
        sites.append(site | blank | values | {"attrs": attrs})
        stamp = {"tenant_id": session.tenant_id, "site_id": site["id"], "valid_from": today}
        kinds += [stamp | {"site_type": kind} for kind in types]
        lying += [stamp | {"partition": name, "unit_id": unit} for name, unit in grids.items()]
        record(session, actor, "site.add", "site", site["id"], name=values["name"], types=sorted(types))
    if sites:
        session.execute(insert(Site), sites)
        session.execute(insert(SiteKind), kinds)
        index_sites(session, [site["id"] for site in sites])
    if lying:
        session.execute(insert(SiteGrid), lying)
    for changed, values, types, grids in plan.changes:
        standing = session.scalars(
            select(SiteKind.site_type).where(SiteKind.site_id == changed.id, SiteKind.valid_to.is_(None))
        )
        apply_changes(session, actor, changed, list(standing), values, types, today)
        fresh = [name for name, unit in grids.items() if lie_in(session, changed.id, name, unit, today)[1]]
        for name in fresh:
            record(session, actor, "site.grid", "site", changed.id, name=changed.name, partition=name)
    session.flush()
