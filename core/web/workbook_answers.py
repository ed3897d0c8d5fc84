"""Lists as Excel workbooks (导出 Excel): one sheet, written row by row into a file, never a formula in a cell."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO
from urllib.parse import quote

import xlsxwriter
from flask import Response

from core.request import house, tenant
from core.web.exports import Rows
from tenants.scope import ScopedSession

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PART = 1 << 16
WIDTH = 18


def send_xlsx(name: str, title: str, header: Sequence[str], read: Callable[[ScopedSession], Rows]) -> Response:
    """Answer a list as .xlsx; ``read`` gets a session of its own and is read to its end before the first byte leaves."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the generator that sends it
    with house().wall.open(tenant().id) as session:
        _write(file, title, header, read(session))
    file.seek(0)

    def parts() -> Iterator[bytes]:
        with file:
            while part := file.read(PART):
                yield part

    answer = Response(parts(), content_type=XLSX)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


def _write(file: IO[bytes], title: str, header: Sequence[str], rows: Rows) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(title[:31])
        sheet.set_column(0, max(len(header) - 1, 0), WIDTH)
        sheet.freeze_panes(1, 0)
        for place, text in enumerate(header):
            sheet.write_string(0, place, text, book.add_format({"bold": True}) if place == 0 else None)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                if isinstance(value, int) and not isinstance(value, bool):
                    sheet.write_number(number, place, value)
                elif value is not None and value != "":
                    sheet.write_string(number, place, str(value))
