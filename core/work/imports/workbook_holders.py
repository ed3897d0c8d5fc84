"""People named in the sheet 单位 itself (单位表里的职务、姓名), as a headquarters' own list has them: rows for the sheet 人员."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

from core.errors import N_, Fault
from core.work.imports.workbook_places import mark_of
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import tidy

LIAISON, LEADER = "liaison", "leader"
_LIAISES = "联络"
_BETWEEN = re.compile(r"[、，,;；]")


def holders_of(sheets: Iterable[Sheet], at: Mapping[tuple[str, int], UUID], faults: list[Fault]) -> list[Sheet]:
    """One sheet of people for each sheet of units that names any (任职行); ``at`` is the unit that each row means.

    Without a role, who liaises is a liaison officer and everybody else a leader of the unit (ours): both read, neither
    administers.
    """
    found = []
    for sheet in sheets:
        rows = [one for row in sheet.rows for one in _rows(sheet, row, at, faults)]
        if rows:
            titles = {code: sheet.headers.get(column, column) for code, column in _COLUMNS.items()}
            found.append(Sheet("people", sheet.title, titles, tuple(rows)))
    return found


_COLUMNS = {"name": "person", "unit": "name", "title": "post", "role": "role", "phone": "person", "campaign": "role"}


def _rows(sheet: Sheet, row: SheetRow, at: Mapping[tuple[str, int], UUID], faults: list[Fault]) -> Iterable[SheetRow]:
    names = [tidy(name) for name in _BETWEEN.split(row.cells.get("person", "")) if tidy(name)]
    title = tidy(row.cells.get("post", ""))
    if title and not names and "person" in sheet.headers:
        return  # a post that nobody holds yet
    if title and not names:
        remedy = N_("请加上“姓名”列，或去掉“职务”列")
        faults.append(sheet.fault(row, "post", N_("有职务没有姓名"), remedy, title))
    unit = at.get((sheet.title, row.number))
    if unit is None:
        return  # the unit's own row is at fault, and says so
    role = row.cells.get("role") or (LIAISON if _LIAISES in title else LEADER)
    for name in names:
        cells = {"name": name, "unit": mark_of(unit), "role": role}
        yield SheetRow(row.number, cells | ({"title": title} if title else {}))
