"""Cells of a workbook that are more than text (单元格): days, numbers and shares as people write them.

What is certain is accepted and, where it is written in another way than ours, reported as a remark (读作 …); all else is a fault
with sheet, row, column and remedy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from core.errors import N_, Fault
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import narrow
from core.work.statistics.measures import plain
from core.work.statistics.writing import bound_number

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?(?:[T ].*)?", re.ASCII)
_RUN_ON = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
_NO_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?", re.ASCII)
_SERIAL = re.compile(r"[34567]\d{4}(\.\d+)?", re.ASCII)  # a day as a spreadsheet counts it: 1982 to 2118
_EPOCH = date(1899, 12, 30)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_PLAIN_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?", re.ASCII)

Span = tuple[date, date]


@dataclass(slots=True)
class Notes:
    """What reading some rows has brought up (读数说明): what is refused, and what was accepted in another writing."""

    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)

    def refuse(
        self, sheet: Sheet, row: SheetRow, column: str, message: str, remedy: str, value: str = "", **params: object
    ) -> None:
        """Note a fault in one cell."""
        self.faults.append(sheet.fault(row, column, message, remedy, value, **params))

    def remark(self, sheet: Sheet, row: SheetRow, column: str, value: str, meant: str) -> None:
        """Note how a cell was read."""
        self.remarks.append(sheet.fault(row, column, N_("读作 {meant}"), "", value, meant=meant))


def read_day(sheet: Sheet, row: SheetRow, column: str, faults: list[Fault]) -> date | None:
    """The day in a cell, such as 2026-3-2, 2026/3/2 or 2026年3月2日; None when it is empty, a fault when it is no day."""
    said = narrow(row.cells.get(column, ""))
    if not said:
        return None
    day = _whole_day(said)
    if day is None:
        faults.append(sheet.fault(row, column, N_("日期写法无效"), N_("请写成 2026-03-02"), said))
    return day


def day_in(sheet: Sheet, row: SheetRow, column: str, notes: Notes, span: Span | None = None) -> date | None:
    """The day in a cell in any writing that is certain; ``span`` are the days among which 11月1日 means just one.

    None when the cell is empty or, with a fault, when it is no day or its year is open.
    """
    written = row.cells.get(column, "")
    said = narrow(written)
    if not said:
        return None
    day = certain_day(said, span)
    if day is None:
        if _NO_YEAR.fullmatch(said.replace(" ", "")):
            message, remedy = N_("日期没有写年份"), N_("请写上年份，例如 2026-11-01；或先选计划或年份")
        else:
            message, remedy = N_("日期写法无效"), N_("请写成 2026-11-01；没有确切日子的（月底、长期）请定一天")
        notes.refuse(sheet, row, column, message, remedy, written)
    elif not _PLAIN_DAY.fullmatch(written):
        notes.remark(sheet, row, column, written, day.isoformat())
    return day


def certain_day(said: str, span: Span | None = None) -> date | None:
    """The day that a half-width text means: 2026-11-1, 2026年11月1日, 20261101, a spreadsheet's 46327; with a span 11月1日."""
    packed = said.replace(" ", "")
    if (day := _whole_day(said) or _whole_day(packed)) is not None:
        return day
    if (run := _RUN_ON.fullmatch(packed)) is not None:
        return _made(*run.groups())
    if _SERIAL.fullmatch(packed):
        return _EPOCH + timedelta(days=int(float(packed)))
    if span is not None and (found := _NO_YEAR.fullmatch(packed)) is not None:
        years = range(span[0].year, span[1].year + 1)
        days = [day for year in years if (day := _made(year, *found.groups())) and span[0] <= day <= span[1]]
        return days[0] if len(days) == 1 else None
    return None


def _whole_day(said: str) -> date | None:
    found = _DAY.fullmatch(said)
    return _made(*found.groups()) if found else None


def _made(*parts: str | int) -> date | None:
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        return None


def certain_number(said: str) -> Decimal | None:
    """The number that a half-width text means: 1200, 1,200, 1 200.5; None where it is not certain (1,2,00, 约200)."""
    packed = said.replace(" ", "")
    if _GROUPED.fullmatch(packed):
        return Decimal(packed.replace(",", ""))
    return Decimal(packed) if _NUMBER.fullmatch(packed) else None


def number_in(sheet: Sheet, row: SheetRow, column: str, notes: Notes) -> Decimal | None:
    """The exact number in a cell, full-width digits and thousands marks included; a fault for what is no certain number."""
    written = row.cells.get(column, "")
    said = narrow(written)
    if not said:
        return None
    value = certain_number(said)
    if value is None:
        remedy = N_("请填准确的数字，例如 1200 或 12.5；约数请写进要求")
        notes.refuse(sheet, row, column, N_("不是数字"), remedy, written)
        return None
    if (fault := bound_number(value, column)) is not None:
        notes.refuse(sheet, row, column, fault.message, fault.remedy, written, **fault.params)
        return None
    if plain(value) != written and format(value.normalize(), "f") != written:
        notes.remark(sheet, row, column, written, plain(value))
    return value


def whole_in(sheet: Sheet, row: SheetRow, column: str, notes: Notes, least: int, most: int) -> int | None:
    """The whole number in a cell between two bounds."""
    value = number_in(sheet, row, column, notes)
    if value is None:
        return None
    if value != value.to_integral_value() or not least <= value <= most:
        remedy = N_("请填 {least} 到 {most} 的整数")
        notes.refuse(sheet, row, column, N_("数字不在范围内"), remedy, row.cells[column], least=least, most=most)
        return None
    return int(value)


def are_fractions(cells: list[str]) -> bool | None:
    """Whether a column of shares holds fractions of 1 (a percent format in a spreadsheet) or percents; None when nothing tells.

    One number above 1 says percents; none of those and one between 0 and 1 says fractions.
    """
    values = [value for cell in cells if (value := certain_number(narrow(cell))) is not None]
    if any(value > 1 for value in values):
        return False
    return True if any(0 < value < 1 for value in values) else None


def share_in(sheet: Sheet, row: SheetRow, column: str, notes: Notes, fractions: bool | None) -> int | None:
    """The share in a cell in 1/100 of a percent: 30%, 30, or 0.3 where the column holds fractions; never over 100 %."""
    written = row.cells.get(column, "")
    said = narrow(written).replace(" ", "")
    if not said:
        return None
    value = certain_number(said.removesuffix("%"))
    if value is None or value < 0:
        notes.refuse(sheet, row, column, N_("不是百分比"), N_("请填 0 到 100，例如 30 或 30%"), written)
        return None
    if not said.endswith("%") and value == 1 and fractions is None:
        notes.refuse(sheet, row, column, N_("看不出是 1% 还是 100%"), N_("请写成 1% 或 100%"), written)
        return None
    percent = value * 100 if fractions and not said.endswith("%") else value
    if percent > 100:
        notes.refuse(sheet, row, column, N_("进度超过 100%"), N_("进度最多 100%"), written)
        return None
    if percent * 100 != (percent * 100).to_integral_value():
        notes.refuse(sheet, row, column, N_("百分比最多两位小数"), N_("请四舍五入到两位小数"), written)
        return None
    if percent != value or said != written:
        notes.remark(sheet, row, column, written, f"{plain(percent)}%")
    return int(percent * 100)
