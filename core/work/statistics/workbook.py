"""Statistics by workbook (统计填报表): what is due as rows to be filled in, and such rows read back with every fault named.

What is downloaded can be uploaded again. A row without a number is left alone, so a half-filled file loses nothing; every row
is judged exactly as the page judges it, and a check writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.errors import N_, Fault, InvalidInput, SanchengError
from core.periods import parse_period
from core.work.dated import valid_on
from core.work.imports.workbook_reading import Column, Layout, Sheet, SheetRow, Workbook, read_workbook
from core.work.journal import record
from core.work.statistics.entering import Entry, save
from core.work.statistics.grid import Line
from core.work.statistics.measures import MEASURES, plain
from core.work.statistics.words import BASES, QUALIFIERS, STATES, code_named
from core.work.statistics.writing import read_number, read_partial_date, say_partial_date
from core.work.tables import Observation, Statistic
from tenants.access import Actor, root_unit
from tenants.models import Unit
from tenants.scope import ScopedSession

ENTRIES = Layout(
    "statistics",
    ("统计填报", "statistics"),
    (
        Column("code", ("指标代码", "代码"), True),
        Column("title", ("指标", "指标名称")),
        Column("owner", ("填报单位",)),
        Column("unit", ("统计范围", "范围"), hint="留空为全区"),
        Column("period", ("周期",), True, "2026-11、2026-Q4、2026"),
        Column("basis", ("口径",), hint="自评、核验、申报"),
        Column("numerator", ("数值", "分子"), True, "没有数据就留空，不要填 0；可写 13000余、约200"),
        Column("qualifier", ("限定词",), hint="准确、余、约、数万、至少"),
        Column("measure", ("计量单位",)),
        Column("denominator", ("分母",)),
        Column("denominator_qualifier", ("分母限定词",)),
        Column("declared_rate", ("自填百分比", "自填比率", "自填比率%")),
        Column("population_base", ("人口口径",)),
        Column("population_on", ("人口日期",), hint="可写到年、月或日"),
        Column("note", ("依据和说明", "说明")),
        Column("last", ("上期数值",)),
        Column("state", ("状态",)),
        Column("due", ("报送期限",)),
        Column("version", ("版本",), hint="不要改：用来发现别人同时改过"),
    ),
)
LAYOUTS: Mapping[str, Layout] = {ENTRIES.kind: ENTRIES}
HEAD = tuple(column.titles[0] for column in ENTRIES.columns)


@dataclass(slots=True)
class EntryReport:
    """What an upload did, or would do (导入结果)."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    empty: int = 0
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    written: bool = False


def rows_of(lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    """The rows of a list, one a value; a row without values is there to be filled in."""
    for line in lines:
        for value in line.values or (None,):
            yield _row(line, value)


def _row(line: Line, value: Observation | None) -> tuple[str, ...]:
    statistic = line.pair.statistic
    last = next((one for one in line.last if value is None or one.basis == value.basis), None)
    basis = value.basis if value else last.basis if last else statistic.bases[0]
    said = {
        "code": statistic.code,
        "title": statistic.name_zh,
        "owner": line.pair.owner_name,
        "unit": line.pair.unit_name if statistic.unit_kind else "",
        "period": line.period.key,
        "basis": BASES.get(basis, basis),
        "measure": MEASURES[statistic.measure].name_zh if statistic.measure in MEASURES else statistic.measure,
        "last": number_text(last.numerator) if last else "",
        "state": STATES[value.state if value else "none"],
        "due": line.due_on.isoformat(),
        "version": str(value.version if value else 0),
    }
    if value is not None:
        said |= {
            "numerator": number_text(value.numerator),
            "qualifier": QUALIFIERS[value.qualifier],
            "denominator": number_text(value.denominator),
            "denominator_qualifier": QUALIFIERS[value.denominator_qualifier] if value.denominator is not None else "",
            "declared_rate": number_text(value.declared_rate),
            "population_base": value.population_base,
            "population_on": say_partial_date(value.population_on, value.population_precision),
            "note": value.note,
        }
    return tuple(said.get(column.code, "") for column in ENTRIES.columns)


def number_text(value: Decimal | None) -> str:
    """A number of a row as text, '' for none."""
    return "" if value is None else plain(value)


def read_entries(data: bytes, filename: str) -> Workbook:
    """Read the file (读取). Raises InvalidInput and TooLarge as read_workbook."""
    return read_workbook(data, filename, LAYOUTS)


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
    """Save the rows of a workbook as drafts (导入填报表): all of them, or with ``keep_good`` those without faults.

    A check, and a file with faults, write nothing. The caller commits.
    """
    report, faults = EntryReport(ignored=workbook.ignored), list(workbook.faults)
    book = _Book(session, today)
    with suppress(_Unwanted), session.begin_nested():
        for sheet in workbook.of(ENTRIES.kind):
            for row in sheet.rows:
                if not row.cells.get("numerator"):
                    report.empty += 1
                    continue
                _take(session, actor, sheet, row, book, report, faults, today, now)
        report.written = not dry_run and bool(report.created + report.changed) and (keep_good or not faults)
        if not report.written:
            raise _Unwanted
        counts = {"created": report.created, "changed": report.changed}
        record(session, actor, "statistic.import", "statistic", file=workbook.filename[:120], **counts)
    report.faults = tuple(sorted(faults, key=lambda fault: fault.row or 0))
    return report


class _Unwanted(Exception):
    """Takes back what a check, or a file with faults, has tried (试存撤回)."""


class _Book:
    """The statistics and units of this tenant by what cells call them (对照表)."""

    def __init__(self, session: ScopedSession, today: date) -> None:
        self.statistics = {row.code: row for row in session.scalars(select(Statistic))}
        self.root: UUID = root_unit(session).id
        self.units: dict[tuple[str, str], list[UUID]] = {}
        kinds = {row.unit_kind for row in self.statistics.values() if row.unit_kind}
        chosen = select(Unit.id, Unit.kind, Unit.name, Unit.code).where(Unit.kind.in_(kinds), valid_on(Unit, today))
        for unit_id, kind, name, code in session.execute(chosen):
            for said in {name, code} - {None, ""}:
                self.units.setdefault((kind, str(said)), []).append(unit_id)

    def unit(self, statistic: Statistic, said: str) -> list[UUID]:
        """The units that a cell may mean for a statistic."""
        return self.units.get((statistic.unit_kind, said), []) if statistic.unit_kind else [self.root]


def _take(
    session: ScopedSession,
    actor: Actor | None,
    sheet: Sheet,
    row: SheetRow,
    book: _Book,
    report: EntryReport,
    faults: list[Fault],
    today: date,
    now: datetime,
) -> None:
    """Save one row, or name what is wrong with it."""
    try:
        entry = _entry(row.cells, book)
        with session.begin_nested():
            saved = save(session, actor, entry, today=today, now=now)
    except (SanchengError, IntegrityError) as error:
        faults += _named(sheet, row, error)
        return
    if not saved.changed:
        report.unchanged += 1
    elif saved.observation.version == 1:
        report.created += 1
    else:
        report.changed += 1


def _named(sheet: Sheet, row: SheetRow, error: SanchengError | IntegrityError) -> list[Fault]:
    """The faults of a row as its sheet names them."""
    if isinstance(error, IntegrityError):
        return [sheet.fault(row, "code", N_("别人刚刚更新过"), N_("请重新下载后再填"))]
    if not error.faults:
        return [sheet.fault(row, "code", error.message, "", row.cells.get("code", ""), **error.params)]
    return [sheet.fault(row, f.field, f.message, f.remedy, f.value, **f.params) for f in error.faults]


def _entry(cells: Mapping[str, str], book: _Book) -> Entry:
    """One row as an entry. Raises InvalidInput with every fault of the row."""
    faults: list[Fault] = []
    code = cells.get("code", "")
    statistic = book.statistics.get(code)
    if statistic is None:
        remedy = N_("请用下载的填报表，不要改代码")
        raise InvalidInput(faults=[Fault(N_("目录里没有这个指标"), "code", value=code[:40], remedy=remedy)])
    found = book.unit(statistic, cells.get("unit", ""))
    if len(found) != 1:
        remedy = N_("请用下载的填报表里的名称，或填单位代码")
        faults.append(Fault(N_("找不到这个统计范围"), "unit", value=cells.get("unit", "")[:40], remedy=remedy))
    period = None
    try:
        period = parse_period(cells.get("period", ""))
    except InvalidInput as error:
        faults += error.faults
    typed = read_typed(cells, faults)
    version = cells.get("version", "0")
    if not version.isdecimal() or len(version) > 9:
        faults.append(Fault(N_("版本不对"), "version", value=version[:20], remedy=N_("请重新下载后再填")))
    if faults or period is None:
        raise InvalidInput(faults=faults)
    return Entry(
        code=code,
        unit_id=found[0],
        period=period,
        basis=code_named(cells.get("basis", "") or statistic.bases[0], BASES),
        note=cells.get("note", ""),
        population_base=cells.get("population_base", ""),
        version=int(version),
        **typed,
    )


def read_typed(cells: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    """Numbers with their qualifiers and the date of the base, as typed on a page or in a row; faults are added."""
    said: dict[str, Any] = {}
    for name, qualifier in (("numerator", "qualifier"), ("denominator", "denominator_qualifier")):
        value, written, fault = read_number(cells.get(name, ""), name)
        faults += [fault] if fault else []
        chosen = code_named(cells.get(qualifier, ""), QUALIFIERS)
        said[name] = value
        said[qualifier] = written if chosen in ("", "exact") else chosen
    rate, _written, fault = read_number(cells.get("declared_rate", ""), "declared_rate")
    faults += [fault] if fault else []
    day, precision, wrong = read_partial_date(cells.get("population_on", ""), "population_on")
    faults += [wrong] if wrong else []
    return said | {"declared_rate": rate, "population_on": day, "population_precision": precision}
