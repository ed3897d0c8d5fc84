"""The workbook that comes back (退回的工作簿): the same sheets and cells, with a column of reasons beside the rows that were refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import orjson
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from core.errors import Fault
from core.work.imports.workbook_files import Page, open_pages
from core.work.imports.workbook_reading import plain_title
from core.work.tasks.importing_sheet import Line

REASON, READ_AS = "原因", "读作"
_WIDTH, _REASON_WIDTH = 16, 48
Say = Callable[[Fault], str]


@dataclass(slots=True)
class Told:
    """What is to be told of the rows of a file (退回说明): faults and remarks by sheet and row, and each sheet's header row."""

    heads: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[int, tuple[list[Fault], list[Fault]]]] = field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """Everything that is refused, sheet by sheet, row by row."""
        return (one for rows in self.rows.values() for faults, _ in rows.values() for one in faults)

    def remarks(self) -> Iterator[Fault]:
        """Everything that was read in another writing."""
        return (one for rows in self.rows.values() for _, remarks in rows.values() for one in remarks)


def told_of(lines: Sequence[Line]) -> Told:
    """What is to be told of some rows."""
    told = Told()
    for line in lines:
        told.heads[line.sheet.title] = line.sheet.head
        if line.notes.faults or line.notes.remarks:
            rows = told.rows.setdefault(line.sheet.title, {})
            rows[line.row.number] = (line.notes.faults, line.notes.remarks)
    return told


def pack_told(told: Told) -> bytes:
    """As the import's row keeps it, in no language yet."""
    rows = {
        title: {str(row): [[_packed(one) for one in part] for part in parts] for row, parts in own.items()}
        for title, own in told.rows.items()
    }
    return orjson.dumps({"heads": told.heads, "rows": rows})


def unpack_told(kept: bytes | None) -> Told:
    """The same again; nothing is told of an import whose file was forgotten."""
    if not kept:
        return Told()
    read = orjson.loads(kept)
    told = Told(heads=read["heads"])
    for title, own in read["rows"].items():
        told.rows[title] = {
            int(row): ([_fault(title, row, one) for one in parts[0]], [_fault(title, row, one) for one in parts[1]])
            for row, parts in own.items()
        }
    return told


def _packed(one: Fault) -> list[Any]:
    return [one.message, one.field, one.value, one.remedy, {name: str(value) for name, value in one.params.items()}]


def _fault(title: str, row: str, kept: Sequence[Any]) -> Fault:
    message, column, value, remedy, params = kept
    return Fault(message, column, int(row), value, title, remedy, params)


def answer_workbook(data: bytes, filename: str, told: Told, say: Say) -> bytes:
    """Write the file again as .xlsx: cells as they were, and for each sheet of tasks the reasons and remarks by row.

    ``say`` puts a fault into words. A column of reasons that is there from an earlier answer is written anew.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        forms = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "bold": book.add_format({"bold": True}),
            "reason": book.add_format({"font_color": "#9C0006", "text_wrap": True}),
        }
        csv = filename.lower().endswith(".csv")
        for page in open_pages(data, filename):
            sheet = book.add_worksheet(None if csv else page.title)
            here = filename if csv else page.title
            said = {
                row: tuple("；".join(say(one) for one in part) for part in parts)
                for row, parts in told.rows.get(here, {}).items()
            }
            _write_page(sheet, page, told.heads.get(here), said, forms)
    return buffer.getvalue()


def _write_page(
    sheet: Worksheet, page: Page, head: int | None, said: Mapping[int, tuple[str, ...]], forms: Mapping[str, Any]
) -> None:
    width = max((len(row) for row in page.rows), default=0)
    places = _places(page.rows[head - 1], width) if head else ()
    sheet.set_column(0, max(width - 1, 0), _WIDTH)
    for place in places:
        sheet.set_column(place, place, _REASON_WIDTH)
    if head:
        sheet.freeze_panes(head, 0)
        for place, title in zip(places, (REASON, READ_AS), strict=True):
            sheet.write_string(head - 1, place, title, forms["bold"])
    for number, row in enumerate(page.rows):
        for place, value in enumerate(row):
            if place not in places:
                write_cell(sheet, number, place, value, forms["date"])
        for place, text in zip(places, said.get(number + 1, ()), strict=False):
            if text:
                sheet.write_string(number, place, text, forms["reason"])


def _places(header: Sequence[Any], width: int) -> tuple[int, int]:
    """Where reasons and remarks stand: in their columns of an earlier answer, else to the right of everything."""
    titles = [plain_title(str(title)) for title in header]
    reason = titles.index(REASON) if REASON in titles else width
    remark = titles.index(READ_AS) if READ_AS in titles else max(width, reason + 1)
    return reason, remark


def write_cell(sheet: Worksheet, row: int, place: int, value: Any, day: Any) -> None:
    """Write a cell as what it is: a number, a day, else a text that never becomes a formula."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value)
    elif isinstance(value, datetime | date):
        sheet.write_datetime(row, place, value, day)
    elif isinstance(value, time):
        sheet.write_string(row, place, value.isoformat())
    else:
        sheet.write_string(row, place, str(value))
