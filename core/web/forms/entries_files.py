"""The records of a form as files (填写记录文件): one CSV, a zip with a CSV for every table, or a workbook.

The first row of every table are the keys of its columns, which never change. A workbook's second row says them in words; the
table ``columns`` says what each one is. Nothing is held whole: some hundred records at a time go into files on disk.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from shutil import copyfileobj
from typing import IO, Any
from urllib.parse import quote

import xlsxwriter
from flask import Response
from flask_babel import gettext
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from core.errors import N_, TooLarge
from core.request import house, tenant
from core.settings import ZONE
from core.web.exports import cell, stream_csv
from core.web.words import by_locale, listed
from core.web.workbook_answers import PART, WIDTH, XLSX
from core.work.forms.entries import Record, Wanted, item_answers, stream_records
from core.work.forms.entries_columns import DIGITS, POINT, POINT_WORDS, RECORDS, Column, Layout, Table
from tenants.access import Actor
from tenants.scope import ScopedSession

ZIP = "application/zip"
ROWS, COLUMNS, NAME = 1_048_576, 16_384, 31  # what a sheet of a workbook holds, and its name
BASE: Mapping[str, str] = {
    "_visit": N_("检查编号"),
    "_day": N_("日期"),
    "_submitted_at": N_("提交时间"),
    "_site_code": N_("点位编号"),
    "_site": N_("点位名称"),
    "_unit": N_("单位"),
    "_person": N_("检查人"),
    "_basis": N_("性质"),
    "_version": N_("表格版本"),
    "_form": N_("版本校验码"),
    "_points": N_("得分"),
    "_possible": N_("满分"),
}
UNDER: Mapping[str, str] = {"_id": N_("行编号"), "_parent": N_("上级行编号"), "_row": N_("第几条")}
ABOUT = (N_("表"), N_("列"), N_("题目"), N_("类型"), N_("选项"), N_("有这一列的版本"))
TYPES: Mapping[str, str] = {"_day": "date", "_version": "integer", "_points": "decimal", "_possible": "decimal"}
_STRANGE = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells (导出内容): which records of which form, to whom, and how it is laid out.

    ``numbers``: the district's numbers of its versions, by hash; ``photos``: the address of a photo up to its id.
    """

    campaign: str
    code: str
    wanted: Wanted
    who: Actor
    on: date
    layout: Layout
    numbers: Mapping[str, int]
    photos: str


def heads(table: Table) -> list[tuple[str, str]]:
    """The columns of a table as key and words."""
    first = BASE if table.key == RECORDS else UNDER
    return [(key, gettext(text)) for key, text in first.items()] + [(one.key, say_column(one)) for one in table.columns]


def say_column(column: Column) -> str:
    """What the newest version calls a column, with the part of the answer that it holds."""
    label = by_locale(column.label.said("zh"), column.label.said("en")) or column.key
    part = by_locale(column.part_label.said("zh"), column.part_label.said("en")) or column.part
    if column.part in POINT and not column.part_label:
        part = gettext(POINT_WORDS[POINT.index(column.part)])
    return f"{label} · {part}" if part else label


def about(layout: Layout) -> Iterator[list[str]]:
    """What every column is: its table, key, words, type, choices and the versions that have it."""
    yield [gettext(text) for text in ABOUT]
    for table in layout.tables:
        name = table.key or "records"
        first = BASE if table.key == RECORDS else UNDER
        yield from ([name, key, gettext(text), TYPES.get(key, "text"), "", ""] for key, text in first.items())
        for one in table.columns:
            choices = listed(
                f"{c.name} = {by_locale(c.label.said('zh'), c.label.said('en')) or c.name}" for c in one.choices
            )
            yield [name, one.key, say_column(one), one.type, choices, " ".join(sha[:12] for sha in one.versions)]


def read_rows(session: ScopedSession, told: Told) -> Iterator[tuple[str, list[Any]]]:
    """Every row of every table as its table's key and its cells, the records in their order, each with its repeats."""
    columns = {table.key: table.columns for table in told.layout.tables}
    for part in stream_records(session, told.who, told.campaign, told.code, told.wanted, told.on):
        answers = item_answers(session, told.campaign, told.code, [one.visit_id for one in part])
        for record in part:
            said = {item: answer for item, (answer, _) in answers[record.visit_id].items()}
            for row in told.layout.rows(str(record.visit_id), record.form_sha256, said, record.entries):
                first = _base(record, told) if row.table == RECORDS else [row.id, row.parent_id, row.number]
                yield row.table, first + [_cell(one, row.cells.get(one.key), told.photos) for one in columns[row.table]]


def _base(record: Record, told: Told) -> list[Any]:
    """The cells of a record that every form has, in the order of BASE."""
    sent = record.submitted_at.astimezone(ZONE).isoformat(timespec="seconds")
    where = (record.site_code, record.site_name, record.unit_name, record.person_name, record.basis)
    version = (told.numbers.get(record.form_sha256), record.form_sha256[:12])
    points = (Decimal(record.earned).scaleb(-2), Decimal(record.possible).scaleb(-2))
    return [str(record.visit_id), record.day, sent, *where, *version, *points]


def _cell(column: Column, value: Any, photos: str) -> Any:
    return f"{photos}{value}" if column.type == "image" and value else value


def send_csv(name: str, told: Told) -> Response:
    """The records alone as CSV, streamed; a repeat is told by how many rows it has."""
    head = [key for key, _ in heads(told.layout.tables[0])]
    return stream_csv(
        f"{name}.csv", head, lambda session: (row for table, row in read_rows(session, told) if table == RECORDS)
    )


def send_zip(name: str, told: Told) -> Response:
    """Every table as a CSV of its own, and ``columns.csv``, in one zip."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the generator that sends it
    with ExitStack() as open_files, house().wall.open(tenant().id) as session:
        parts: dict[str, IO[str]] = {}
        writers: dict[str, Any] = {}
        for table in told.layout.tables:
            raw = open_files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8-sig", newline=""))
            parts[table.key], writers[table.key] = raw, csv.writer(raw)
            writers[table.key].writerow([cell(key) for key, _ in heads(table)])
        for key, row in read_rows(session, told):
            writers[key].writerow([cell(value) for value in row])
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for key, raw in parts.items():
                _pack(packed, f"{_file_name(key)}.csv", raw)
            _pack(packed, "columns.csv", _about_file(told.layout))
    return _send(file, f"{name}.zip", ZIP)


def _pack(packed: zipfile.ZipFile, name: str, raw: IO[str]) -> None:
    raw.flush()
    raw.seek(0)
    with packed.open(name, "w", force_zip64=True) as into:
        copyfileobj(raw.buffer if isinstance(raw, io.TextIOWrapper) else io.BytesIO(raw.read().encode()), into, PART)


def _about_file(layout: Layout) -> IO[str]:
    made = io.StringIO()
    made.write("\ufeff")
    csv.writer(made).writerows([cell(value) for value in row] for row in about(layout))
    return made


def _file_name(key: str) -> str:
    """A table's name as a file: the records', or its repeat's key with the places of its path apart."""
    return key.replace("/", "-") or "records"


def send_workbook(name: str, told: Told) -> Response:
    """Every table as a sheet, and what the columns are. Raises TooLarge for what no sheet holds."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the generator that sends it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with house().wall.open(tenant().id) as session, xlsxwriter.Workbook(file, options) as book:
        sheets = {table.key: _Sheet.begin(book, told.layout, table) for table in told.layout.tables}
        for key, row in read_rows(session, told):
            sheets[key].add(row)
        columns = _Sheet.plain(book, "columns")
        for row in about(told.layout):
            columns.add(row)
    return _send(file, f"{name}.xlsx", XLSX)


@dataclass(slots=True)
class _Sheet:
    """One sheet of a workbook while it is written, row by row."""

    sheet: Worksheet
    day: Format
    next: int = 0

    @classmethod
    def plain(cls, book: xlsxwriter.Workbook, name: str) -> _Sheet:
        made = cls(book.add_worksheet(name), book.add_format({"num_format": "yyyy-mm-dd"}))
        made.sheet.set_column(0, 0, WIDTH)
        made.sheet.freeze_panes(1, 0)
        return made

    @classmethod
    def begin(cls, book: xlsxwriter.Workbook, layout: Layout, table: Table) -> _Sheet:
        """A table's sheet with its two rows of heads: keys, and words."""
        head = heads(table)
        if len(head) > COLUMNS:
            raise TooLarge(N_("一张工作表放不下这么多列，请改用 CSV"))
        made = cls.plain(book, _sheet_name(layout, table))
        made.sheet.set_column(0, len(head) - 1, WIDTH)
        made.sheet.freeze_panes(2, 0)
        made.add([key for key, _ in head])
        made.add([text for _, text in head])
        return made

    def add(self, row: Sequence[Any]) -> None:
        """Write one row; what is no number and no day is text, whatever it looks like."""
        if self.next >= ROWS:
            raise TooLarge(N_("一张工作表放不下这么多行，请缩短日期或改用 CSV"))
        for place, value in enumerate(row):
            if isinstance(value, date):
                self.sheet.write_datetime(self.next, place, value, self.day)
            elif isinstance(value, int) or (isinstance(value, Decimal) and len(value.as_tuple().digits) <= DIGITS):
                self.sheet.write_number(self.next, place, value)
            elif value is not None and value != "":
                self.sheet.write_string(self.next, place, str(value))
        self.next += 1


def _sheet_name(layout: Layout, table: Table) -> str:
    """A name that a workbook takes, each once."""
    number = layout.tables.index(table)
    said = _STRANGE.sub("-", table.key) or gettext("填写记录")
    names = [_STRANGE.sub("-", one.key)[:NAME].lower() for one in layout.tables[:number]]
    is_taken = said[:NAME].lower() in (*names, "columns", "history")
    return f"{said[: NAME - 4]} {number}" if is_taken else said[:NAME]


def _send(file: IO[bytes], name: str, kind: str) -> Response:
    file.seek(0)

    def parts() -> Iterator[bytes]:
        with file:
            while part := file.read(PART):
                yield part

    answer = Response(parts(), content_type=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer
