"""Sponsorships from a workbook (包保名单导入): the sheet 包保 compared as a whole, then all of it written or nothing.

A row names the sponsor (a person, a unit or both), one object (unit, site or project), field, campaign and days. People who
are not known yet are added without a post. The same file a second time changes nothing; nobody loses a sponsorship by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import Registry, installed
from core.errors import N_, Fault, Forbidden, InvalidInput
from core.work.dated import end_of
from core.work.duties.people import checked_name, checked_phone
from core.work.duties.sponsor_keeping import KEEPERS, Wish, check_wish
from core.work.duties.sponsor_kinds import SPONSOR_KINDS
from core.work.imports.workbook_cells import read_day
from core.work.imports.workbook_places import Gazetteer
from core.work.imports.workbook_reading import Column, Layout, Sheet, SheetRow, Workbook, read_workbook
from core.work.imports.workbook_sponsors import SiteBook, SponsorBook, columns_of
from core.work.journal import record
from core.work.names import narrow, pinyin_key, tidy
from core.work.tables import Sponsorship
from tenants.access import Actor, root_unit
from tenants.db import new_id
from tenants.models import EnabledCampaign, Person
from tenants.scope import ScopedSession

SPONSORS = Layout(
    "sponsors",
    ("包保", "sponsors"),
    (
        Column("kind", ("包保类别", "类别"), True, "见代码表，例：包保领导"),
        Column("name", ("包保人", "姓名"), hint="部门包保可留空"),
        Column("title", ("职务",)),
        Column("phone", ("电话", "手机", "联系电话"), hint="同名时用来区分"),
        Column("unit", ("包保单位", "包保部门"), hint="单位名称或代码"),
        Column("object", ("包保片区或单位", "包保片区", "包保街道", "包保社区", "包保对象"), hint="单位名称或代码"),
        Column("site", ("包保点位", "点位"), hint="点位编号或名称"),
        Column("project", ("包保项目", "项目"), hint="项目名称"),
        Column("field", ("领域", "分管领域"), hint="留空为全部"),
        Column("campaign", ("创建项目", "活动"), hint="留空为所有活动"),
        Column("since", ("自", "开始日期", "起")),
        Column("until", ("至", "截止日期", "止"), hint="最后一天，留空为长期"),
        Column("document", ("文件依据", "文件")),
    ),
)
LAYOUTS: Mapping[str, Layout] = {SPONSORS.kind: SPONSORS}


@dataclass(slots=True)
class SponsorPlan:
    """What a workbook asks for (包保导入方案)."""

    people: list[Person] = field(default_factory=list)
    begins: list[Wish] = field(default_factory=list)
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class SponsorReport:
    """What an import did, or would do (导入结果)."""

    created: int
    people: int
    unchanged: int
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that cells are looked up in."""

    units: Gazetteer
    sites: SiteBook
    known: SponsorBook
    campaigns: Mapping[str, str]
    root: UUID
    today: date


def read_sponsors(data: bytes, filename: str) -> Workbook:
    """Read the file (读取). Raises InvalidInput and TooLarge as read_workbook."""
    return read_workbook(data, filename, LAYOUTS)


def import_sponsors(
    session: ScopedSession,
    actor: Actor | None,
    workbook: Workbook,
    *,
    today: date,
    dry_run: bool = False,
    registry: Registry | None = None,
) -> SponsorReport:
    """Bring a workbook's sponsorships in (包保导入); with any fault nothing is written. The caller commits.

    Raises Forbidden when the actor may keep no sponsorship at all.
    """
    if actor is not None and not any(actor.has(verb) for verb in KEEPERS):
        raise Forbidden
    faults = list(workbook.faults)
    sheets = workbook.of("sponsors")
    books = _open_books(session, actor, today, registry or installed())
    plan = SponsorPlan()
    seen: dict[tuple[object, ...], int] = {}
    for sheet in sheets:
        for row in sheet.rows:
            _settle(sheet, row, books, plan, seen, faults)
    writing = not dry_run and not faults
    if writing and plan.begins:
        _write(session, actor, plan, today, workbook.filename)
    counts = (len(plan.begins), len(plan.people), plan.unchanged)
    return SponsorReport(*counts, tuple(sorted(faults, key=lambda f: f.row or 0)), workbook.ignored, writing)


def _open_books(session: ScopedSession, actor: Actor | None, today: date, registry: Registry) -> _Books:
    enabled = set(session.scalars(select(EnabledCampaign.campaign)))
    words = {
        said.lower(): campaign.key
        for campaign in registry.campaigns.values()
        for said in (campaign.key, campaign.short, campaign.title_zh, campaign.title_en)
        if campaign.key in enabled
    }
    units = Gazetteer(session, actor, today)
    return _Books(units, SiteBook(session), SponsorBook(session), words, root_unit(session).id, today)


def _settle(
    sheet: Sheet,
    row: SheetRow,
    books: _Books,
    plan: SponsorPlan,
    seen: dict[tuple[object, ...], int],
    faults: list[Fault],
) -> None:
    before = len(faults)
    wish = _read(sheet, row, books, faults)
    checked = check_wish(wish, books.today)
    columns = columns_of(checked, row.cells)
    faults += [sheet.fault(row, columns[n], f.message, f.remedy, f.value, **f.params) for n, f in enumerate(checked)]
    person = _person(sheet, row, books, faults) if len(faults) == before and "name" in row.cells else None
    if len(faults) > before:
        return
    full = replace(wish, person_id=person.id if person else None)
    key = books.known.key_of(full)
    if key in seen:
        said = row.cells["kind"]
        faults.append(sheet.fault(row, "kind", N_("与第 {first} 行重复"), N_("请删去其中一行"), said, first=seen[key]))
        return
    seen[key] = row.number
    if books.known.stands(full):
        plan.unchanged += 1
        return
    if person is not None and books.known.is_new(person) and person not in plan.people:
        plan.people.append(person)
    plan.begins.append(full)


def _read(sheet: Sheet, row: SheetRow, books: _Books, faults: list[Fault]) -> Wish:
    """The row as a wish; the person is looked up when everything else is right."""
    cells = row.cells
    said = tidy(cells.get("kind", ""))
    kind = next(
        (k.code for k in SPONSOR_KINDS.values() if said.lower() in (k.code, k.title_zh, k.title_en.lower())), said
    )
    unit = books.units.resolve(sheet, row, "unit", faults) if "unit" in cells else None
    place = books.units.resolve(sheet, row, "object", faults) if "object" in cells else None
    site = books.sites.resolve(sheet, row, "site", faults) if "site" in cells else None
    campaign = books.campaigns.get(narrow(cells.get("campaign", "")).lower())
    if "campaign" in cells and campaign is None:
        remedy = N_("请先启用这个创建项目，或留空表示所有活动")
        faults.append(sheet.fault(row, "campaign", N_("没有启用这个创建项目"), remedy, cells["campaign"]))
    over = place.id if place else site[1] if site else books.root
    if over in books.units.places and not any(books.units.allows(verb, books.units.places[over]) for verb in KEEPERS):
        column = "object" if place else "site" if site else "project"
        remedy = N_("请由管辖这个单位的管理员导入")
        faults.append(sheet.fault(row, column, N_("不在您的管辖范围内"), remedy, cells.get(column, "")))
    texts = {name: tidy(cells.get(name, "")) for name in ("project", "title", "field", "document")}
    since, until = (read_day(sheet, row, column, faults) for column in ("since", "until"))
    return Wish(
        kind,
        UUID(int=0) if "name" in cells else None,
        unit.id if unit else UUID(int=0) if "unit" in cells else None,
        # a named object that was not found is a fault already; it must not be called missing as well
        place.id if place else UUID(int=0) if "object" in cells else None,
        site[0] if site else UUID(int=0) if "site" in cells else None,
        campaign=campaign,
        valid_from=since or books.today,
        until=until,
        **texts,
    )


def _person(sheet: Sheet, row: SheetRow, books: _Books, faults: list[Fault]) -> Person | None:
    """The person whom a row names: known, named by an earlier row, or new."""
    try:
        name, phone = checked_name(row.cells["name"]), checked_phone(row.cells.get("phone", ""))
    except InvalidInput as error:
        faults.extend(sheet.fault(row, f.field, f.message, f.remedy, f.value) for f in error.faults)
        return None
    found = books.known.people(name, phone)
    if len(found) > 1:
        faults.append(sheet.fault(row, "name", N_("有多个同名人员"), N_("请填写电话以便区分"), name))
        return None
    return found[0] if found else books.known.take(Person(id=new_id(), name=name, pinyin=pinyin_key(name), phone=phone))


def _write(session: ScopedSession, actor: Actor | None, plan: SponsorPlan, today: date, filename: str) -> None:
    session.add_all(plan.people)
    session.flush()
    named = ("kind", "person_id", "unit_id", "title", "object_unit_id", "object_site_id", "project", "field")
    for wish in plan.begins:
        same = {name: getattr(wish, name) for name in (*named, "campaign", "document")}
        session.add(Sponsorship(**same, valid_from=wish.valid_from or today, valid_to=end_of(wish.until)))
    session.flush()
    detail = {"file": filename[:120], "created": len(plan.begins), "people": len(plan.people)}
    record(session, actor, "sponsorship.import", "sponsorship", **detail)
