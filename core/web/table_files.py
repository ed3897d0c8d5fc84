"""One table as either file (两种文件): CSV for programs, an Excel workbook for people, from the same columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response, request

from core.web.exports import Rows, stream_csv
from core.web.workbook_answers import send_xlsx
from tenants.scope import ScopedSession


def send_table(name: str, title: str, header: Sequence[str], read: Callable[[ScopedSession], Rows]) -> Response:
    """Answer a table by the ending of this address, .xlsx or .csv; ``name`` is the file's without it, ``title`` the sheet's."""
    if request.path.endswith(".xlsx"):
        return send_xlsx(f"{name}.xlsx", title, header, read)
    return stream_csv(f"{name}.csv", header, read)
