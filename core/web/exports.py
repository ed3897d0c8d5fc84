"""Lists as CSV (导出): streamed after the view has returned, from a read-only scope of their own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote

from flask import Response, stream_with_context

from core.request import house, tenant
from tenants.scope import ScopedSession

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 200

Rows = Iterable[Sequence[object]]


def cell(value: object) -> object:
    """A cell as a spreadsheet should take it: a text that looks like a formula stays text."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def stream_csv(name: str, header: Sequence[str], read: Callable[[ScopedSession], Rows]) -> Response:
    """Answer a list as CSV with a byte-order mark, so that Excel reads the Chinese; ``read`` gets the session.

    The generator opens its own scope: the request's session is closed before the first byte leaves. The first lines are
    read at once, so that a filter which is refused is refused properly and not in the middle of a file.
    """
    wall, tenant_id = house().wall, tenant().id

    def write() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        buffer.write("\ufeff")
        writer.writerow(header)
        with wall.open(tenant_id) as session:
            for number, row in enumerate(read(session)):
                writer.writerow([cell(value) for value in row])
                if number % CHUNK == CHUNK - 1:
                    yield _take(buffer)
        yield _take(buffer)

    lines = write()
    first = next(lines)

    def resume() -> Iterator[str]:
        yield first
        yield from lines

    answer = Response(stream_with_context(resume()), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


def _take(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
