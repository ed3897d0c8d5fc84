"""Cells of a workbook that are more than text (单元格): days as people write them."""

from __future__ import annotations

import re
from datetime import date

from core.errors import N_, Fault
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import narrow

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?", re.ASCII)


def read_day(sheet: Sheet, row: SheetRow, column: str, faults: list[Fault]) -> date | None:
    """The day in a cell, such as 2026-3-2, 2026/3/2 or 2026年3月2日; None when it is empty, a fault when it is no day."""
    said = narrow(row.cells.get(column, ""))
    found = _DAY.fullmatch(said)
    if not said:
        return None
    try:
        if found is not None:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        found = None
    faults.append(sheet.fault(row, column, N_("日期写法无效"), N_("请写成 2026-03-02"), said))
    return None
