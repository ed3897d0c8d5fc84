"""What the sheet 包保 is compared with (包保底册): sites by code and name, people by name, links that stand; and its template."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import xlsxwriter
from sqlalchemy import select

from core.errors import N_, Fault
from core.work.dated import end_of
from core.work.duties.sponsor_keeping import Wish
from core.work.duties.sponsor_kinds import SPONSOR_KINDS
from core.work.imports.workbook_reading import EXAMPLE, Layout, Sheet, SheetRow
from core.work.imports.workbook_template import write_row
from core.work.names import narrow, tidy
from core.work.tables import Site, Sponsorship
from tenants.models import Person
from tenants.scope import ScopedSession

LINK = ("kind", "person_id", "unit_id", "object_unit_id", "object_site_id", "project", "field", "campaign")
_COLUMNS = {"person": "name", "object": "object", "valid_from": "since"}
_EXAMPLE = {
    "kind": "包保领导",
    "name": f"{EXAMPLE}：王某某",
    "title": "副区长",
    "object": "某某街道",
    "field": "市容环境",
    "since": "2026-01-01",
}
_NOTE = "带 * 的列必填；包保对象在片区或单位、点位、项目三列中填一列；包保人以“示例”开头的行不会导入"


class SiteBook:
    """The sites by code and by name (点位名录)."""

    def __init__(self, session: ScopedSession) -> None:
        self._codes: dict[str, tuple[UUID, UUID]] = {}
        self._names: dict[str, list[tuple[UUID, UUID]]] = {}
        rows = session.execute(select(Site.id, Site.unit_id, Site.code, Site.name).where(Site.state == "active"))
        for site_id, unit_id, code, name in rows:
            if code:
                self._codes[narrow(code)] = (site_id, unit_id)
            self._names.setdefault(tidy(name), []).append((site_id, unit_id))

    def resolve(self, sheet: Sheet, row: SheetRow, column: str, faults: list[Fault]) -> tuple[UUID, UUID] | None:
        """The site that a cell names, with its unit; unknown and ambiguous ones become a fault."""
        said = row.cells[column]
        found = [self._codes[narrow(said)]] if narrow(said) in self._codes else self._names.get(tidy(said), [])
        if len(found) == 1:
            return found[0]
        message = N_("有多个同名的点位") if found else N_("没有这个点位")
        faults.append(sheet.fault(row, column, message, N_("请填写点位编号"), said))
        return None


class SponsorBook:
    """The people and the links that stand already (已有包保)."""

    def __init__(self, session: ScopedSession) -> None:
        self._people: dict[str, list[Person]] = {}
        self._new: set[UUID] = set()
        for person in session.scalars(select(Person).where(Person.state == "active").order_by(Person.id)):
            self._people.setdefault(person.name, []).append(person)
        self._links: dict[tuple[object, ...], list[tuple[date, date | None]]] = {}
        for row in session.scalars(select(Sponsorship)):
            self._links.setdefault(self.key_of(row), []).append((row.valid_from, row.valid_to))

    def key_of(self, row: Wish | Sponsorship) -> tuple[object, ...]:
        """What makes two links the same but for their days."""
        return tuple(getattr(row, name) for name in LINK)

    def stands(self, wish: Wish) -> bool:
        """Whether exactly this link stands at some time of the wish."""
        start, end = wish.valid_from or date.min, end_of(wish.until)
        return any(
            (last is None or (last > start and last > first)) and (end is None or first < end)
            for first, last in self._links.get(self.key_of(wish), ())
        )

    def people(self, name: str, phone: str) -> list[Person]:
        """Whom a row may mean: the same phone, else the only one of the name whose phone does not differ."""
        namesakes = self._people.get(name, [])
        same = [one for one in namesakes if phone and one.phone == phone]
        return same or [one for one in namesakes if not phone or not one.phone]

    def take(self, person: Person) -> Person:
        """Take a new person into the book."""
        self._people.setdefault(person.name, []).append(person)
        self._new.add(person.id)
        return person

    def is_new(self, person: Person) -> bool:
        """Whether the workbook adds this person."""
        return person.id in self._new


def columns_of(faults: Sequence[Fault], cells: Mapping[str, str]) -> list[str]:
    """The columns to which the faults of a wish belong."""
    objects = [name for name in ("object", "site", "project") if name in cells]
    named = dict(_COLUMNS) | ({"object": objects[-1]} if objects else {})
    return [named.get(fault.field, fault.field) for fault in faults]


def sponsor_template(layout: Layout) -> bytes:
    """The blank sheet as .xlsx (包保模板), with an example row and the codes of the kinds."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        bold, grey = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"font_color": "#666666"})
        sheet = book.add_worksheet(layout.titles[0])
        sheet.set_column(0, len(layout.columns) - 1, 16, book.add_format({"num_format": "@"}))
        write_row(sheet, 0, [_NOTE], grey)
        write_row(sheet, 1, [f"* {c.titles[0]}" if c.required else c.titles[0] for c in layout.columns], bold)
        write_row(sheet, 2, [_EXAMPLE.get(c.code, "") for c in layout.columns], grey)
        sheet.freeze_panes(2, 1)
        for place, column in enumerate(layout.columns):
            if column.hint:
                sheet.write_comment(1, place, column.hint)
        codes = book.add_worksheet("代码")
        codes.set_column(0, 2, 24)
        write_row(codes, 0, ["代码", "中文", "英文"], bold)
        for number, kind in enumerate(SPONSOR_KINDS.values(), 1):
            write_row(codes, number, [kind.code, kind.title_zh, kind.title_en])
    return buffer.getvalue()
