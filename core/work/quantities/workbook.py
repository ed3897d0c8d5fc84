"""Quantities by workbook (工作量填报表): rows as they are listed, and such rows read back with every fault named by row and column.

What is downloaded can be uploaded again and changes nothing; a check writes nothing; every row is judged as the page judges it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput, SanchengError
from core.work.imports.unit_names import UnitNames
from core.work.imports.workbook_cells import Notes
from core.work.imports.workbook_reading import Column, Layout, Sheet, SheetRow, Workbook, read_workbook
from core.work.journal import record_at
from core.work.quantities.entering import QuantityWish, judge, keep
from core.work.quantities.kinds import ACTIVE
from core.work.quantities.reading import Line
from core.work.quantities.words import BASES, LIVE, STATES, basis_of
from core.work.quantities.writing import NAMES, Read, read_quantity, say_number
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import QuantityEntry, QuantityKind, Site
from tenants.access import Actor
from tenants.scope import ScopedSession

ENTRIES = Layout(
    "quantities",
    ("工作量填报", "工作量", "quantities"),
    (
        Column("kind", ("科目", "科目名称", "科目代码"), True, "科目的名称或代码"),
        Column("unit", ("填报单位", "单位名称"), True, "单位名称或代码"),
        Column("scope", ("范围", "统计范围"), hint="例：主次干道、社区"),
        Column("territory", ("属地",), hint="只说某个单位的地盘时填；留空为填报单位"),
        Column("site", ("点位", "点位编号"), hint="点位编号"),
        Column("amount", ("数量", "数值"), True, "1400多、约200、两万、7-8；说不出数写 数万、若干，不要填 0"),
        Column("qualifier", ("限定词",), hint="准确、余、约、至少、不到；写在数量里也可以"),
        Column("measure", ("计量单位",), hint="按科目的计量单位；不一样就换算后再填"),
        Column("period", ("期间", "时间"), hint="2026、2026-11、2026-11-01、2018至2019-10、截至2026-08"),
        Column("basis", ("口径",), hint="自报、申报"),
        Column("document", ("出处", "文件")),
        Column("note", ("备注说明",)),
        Column("flow", ("类别",)),
        Column("value", ("准确数字",)),
        Column("state", ("状态",)),
    ),
)
LAYOUTS: Mapping[str, Layout] = {ENTRIES.kind: ENTRIES}
HEAD = tuple(column.titles[0] for column in ENTRIES.columns)
# What makes two rows the same: a second upload of one file changes nothing.
KEY = (
    *("kind_id", "unit_id", "scope_unit_id", "site_id", "scope"),
    *("value", "low", "high", "qualifier", "period_text", "document"),
)
FIELDS = {"kind_id": "kind", "unit_id": "unit", "scope_unit": "territory"}


@dataclass(slots=True)
class EntryReport:
    """What an upload did, or would do (导入结果); ``remarks`` say how cells were read that are written in another way."""

    created: int = 0
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    written: bool = False


def rows_of(lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    """The rows of a list, as they can be uploaded again."""
    for line in lines:
        yield tuple(_said(line).get(column.code, "") for column in ENTRIES.columns)


def _said(line: Line) -> dict[str, str]:
    entry = line.entry
    measure = MEASURES.get(entry.measure)
    return {
        "kind": line.kind.name_zh,
        "unit": line.unit_name,
        "scope": entry.scope,
        "territory": line.scope_unit_name,
        "amount": say_number(entry, "zh"),
        "qualifier": NAMES.get(entry.qualifier, entry.qualifier),
        "measure": measure.name_zh if measure else entry.measure,
        "period": entry.period_text,
        "basis": BASES[basis_of(entry.state, entry.basis)],
        "document": entry.document,
        "note": entry.note,
        "value": "" if entry.value is None else plain(entry.value),
        "state": STATES[entry.state],
        "site": line.site_code,
    }


def read_entries(data: bytes, filename: str) -> Workbook:
    """Read the file (读取). Raises InvalidInput and TooLarge as read_workbook."""
    return read_workbook(data, filename, LAYOUTS, spread=True)


def import_entries(
    session: ScopedSession,
    actor: Actor | None,
    workbook: Workbook,
    *,
    today: date,
    now: datetime,
    dry_run: bool = False,
    keep_good: bool = False,
) -> EntryReport:
    """Enter the rows of a workbook (导入): all of them, or with ``keep_good`` those without faults; a row there already is left.

    A check, and a file with faults, write nothing. The caller commits.
    """
    report, notes = EntryReport(ignored=workbook.ignored), Notes(list(workbook.faults))
    book = _Book(session, actor, today)
    with suppress(_Unwanted), session.begin_nested():
        for sheet in workbook.of(ENTRIES.kind):
            for row in sheet.rows:
                _take(session, actor, sheet, row, book, report, notes, now)
        report.written = not dry_run and bool(report.created) and (keep_good or not notes.faults)
        if not report.written:
            raise _Unwanted
        counts = {"created": report.created}
        record_at(session, now, actor, "quantity.import", "quantity", "", file=workbook.filename[:120], **counts)
    report.faults = tuple(sorted(notes.faults, key=lambda fault: fault.row or 0))
    report.remarks = tuple(notes.remarks)
    return report


class _Unwanted(Exception):
    """Takes back what a check, or a file with faults, has tried (试存撤回)."""


@dataclass(slots=True)
class _Book:
    """Kinds, units, sites and what is there already, looked up once for a workbook (对照表)."""

    session: ScopedSession
    actor: Actor | None
    today: date
    kinds: dict[str, list[QuantityKind]] = field(default_factory=dict)
    sites: dict[str, list[UUID]] = field(default_factory=dict)
    units: UnitNames = field(init=False)
    there: set[tuple[object, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.units = UnitNames(self.session, self.actor, self.today)
        for kind in self.session.scalars(select(QuantityKind).where(QuantityKind.state == ACTIVE)):
            for name in {kind.code, kind.name_zh, kind.name_en} - {""}:
                self.kinds.setdefault(name.lower(), []).append(kind)
        for site_id, code in self.session.execute(select(Site.id, Site.code).where(Site.code.is_not(None))):
            self.sites.setdefault(str(code), []).append(site_id)
        for entry in self.session.scalars(select(QuantityEntry).where(QuantityEntry.state.in_(LIVE))):
            self.there.add(tuple(getattr(entry, name) for name in KEY))


def _take(
    session: ScopedSession,
    actor: Actor | None,
    sheet: Sheet,
    row: SheetRow,
    book: _Book,
    report: EntryReport,
    notes: Notes,
    now: datetime,
) -> None:
    """Enter one row, or name what is wrong with it."""
    wish = _wish(sheet, row, book, notes)
    if wish is None:
        return
    try:
        values = judge(session, actor, wish, now=now)
    except SanchengError as error:
        notes.faults += _named(sheet, row, error)
        return
    key = tuple(values[name] for name in KEY)
    if key in book.there:
        report.unchanged += 1
        return
    entry = keep(session, actor, values, now=now)
    book.there.add(key)
    report.created += 1
    _remark_amount(sheet, row, entry, notes)


def _remark_amount(sheet: Sheet, row: SheetRow, entry: QuantityEntry, notes: Notes) -> None:
    """Note how a number was read that is not written in plain digits."""
    said = row.cells.get("amount", "")
    shown = say_number(entry, "zh")
    if said != shown and entry.value is not None and said != plain(entry.value):
        notes.remark(sheet, row, "amount", said, shown)


def _named(sheet: Sheet, row: SheetRow, error: SanchengError) -> list[Fault]:
    """The faults of a row as its sheet names them."""
    if not error.faults:
        return [sheet.fault(row, "unit", error.message, "", row.cells.get("unit", ""), **error.params)]
    return [
        sheet.fault(row, FIELDS.get(f.field, f.field), f.message, f.remedy, f.value, **f.params) for f in error.faults
    ]


def _wish(sheet: Sheet, row: SheetRow, book: _Book, notes: Notes) -> QuantityWish | None:
    """One row as a wish; None with its faults noted."""
    cells, before = row.cells, len(notes.faults)
    kind = _kind(sheet, row, book, notes)
    unit, territory = (book.units.unit_in(sheet, row, column, notes) for column in ("unit", "territory"))
    if unit is None and not cells.get("unit", "").strip():
        notes.refuse(sheet, row, "unit", N_("请填填报单位"), N_("填单位名称或代码"))
    site = book.sites.get(cells.get("site", ""), [])
    if cells.get("site") and len(site) != 1:
        notes.refuse(sheet, row, "site", N_("没有这个点位"), N_("请填点位编号"), cells["site"])
    if kind is None or unit is None or len(notes.faults) > before:
        return None
    return QuantityWish(
        kind_id=kind.id,
        unit_id=unit.id,
        amount=cells.get("amount", ""),
        scope=cells.get("scope", ""),
        scope_unit_id=territory.id if territory else None,
        site_id=site[0] if site else None,
        qualifier=_qualifier(cells, kind.measure),
        measure=cells.get("measure", ""),
        period=_period(cells.get("period", "")),
        basis=_basis(cells.get("basis", "")),
        document=cells.get("document", ""),
        note=cells.get("note", ""),
    )


def _kind(sheet: Sheet, row: SheetRow, book: _Book, notes: Notes) -> QuantityKind | None:
    said = row.cells.get("kind", "").strip()
    found = book.kinds.get(said.lower(), [])
    if len(found) == 1:
        return found[0]
    remedy = N_("请填“工作量科目”里有的名称或代码，或先新增科目")
    message = N_("有几个同名的科目") if found else N_("没有这个科目")
    notes.refuse(sheet, row, "kind", message, remedy, said)
    return None


def _qualifier(cells: Mapping[str, str], measure: str) -> str:
    """The qualifier of its own column, as a code; what the number says already is not said twice."""
    said = cells.get("qualifier", "").strip()
    code = next((code for code, name in NAMES.items() if said in (code, name)), said)
    try:
        written: Read = read_quantity(cells.get("amount", ""), measure)
    except InvalidInput:
        return ""
    return "" if code in ("exact", written.qualifier) else code


def _basis(said: str) -> str:
    """The basis of a cell; a downloaded row that was verified is reported anew, its verification is not copied."""
    code = next((code for code, name in BASES.items() if said.strip() in (code, name)), said.strip())
    return "self" if code in ("", "verified") else code


def _period(said: str) -> str:
    """A period; a cell that a spreadsheet made a date is just that day."""
    return said[:10] if said[4:5] == "-" and said[10:11] == "T" else said
