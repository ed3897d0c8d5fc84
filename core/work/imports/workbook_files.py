"""Opening an uploaded table (表格文件): sizes are checked before anything is parsed; what comes out is plain text cells.

A small .xlsx can unpack to hundreds of megabytes, and one filled cell at the far corner makes a parser lay out the whole
grid; both are refused by their declared sizes and positions first. CSV is read as UTF-8 or GB18030.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from core.errors import N_, Fault, InvalidInput, SanchengError, TooLarge

MAX_FILE = 20_000_000
MAX_UNPACKED = 100_000_000
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 4_000_000
TITLE_ROWS = 5  # the header is looked for in the first rows: a merged title, a date, a note above it are common

_CHUNK = 1 << 20
_OVERLAP = 64
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet as text (工作表): every row from the first, every cell trimmed of nothing yet."""

    title: str
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet with its cells as what they are (原样单元格): texts, numbers, days; to be written out again."""

    title: str
    rows: list[list[Any]]


def open_grids(data: bytes, filename: str, *, spread: bool = False) -> list[Grid]:
    """All sheets of an .xlsx or the one table of a .csv. Raises InvalidInput and TooLarge, each with the remedy.

    ``spread`` gives each row of cells merged down a column what is written in the first.
    """
    if len(data) > MAX_FILE:
        raise _too_large(filename, N_("文件超过 20 MB"), N_("请删去图片，或分成几个文件"))
    ending = filename.rpartition(".")[2].lower()
    if ending == "csv":
        return [Grid(filename, _read_csv(data, filename))]
    if ending != "xlsx":
        raise _unreadable(filename, N_("不支持这种文件"), N_("请另存为 .xlsx，或 UTF-8 编码的 .csv"))
    _check_package(data, filename)
    return _read_xlsx(data, filename, spread=spread)


def open_pages(data: bytes, filename: str) -> list[Page]:
    """The sheets of a file that was opened before by :func:`open_grids`, their cells unchanged."""
    if filename.rpartition(".")[2].lower() == "csv":
        return [Page(filename.rpartition(".")[0], list(_read_csv(data, filename)))]
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [Page(name, _sheet(book, name)) for name in book.sheet_names]


def _unreadable(filename: str, message: str, remedy: str, value: str = "") -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field="file", value=value, where=filename, remedy=remedy)])


def _too_large(filename: str, message: str, remedy: str, **params: Any) -> SanchengError:
    return TooLarge(faults=[Fault(message, field="file", where=filename, remedy=remedy, params=params)])


def _check_package(data: bytes, filename: str) -> None:
    """Refuse what is no .xlsx, what would unpack to too much, and what spans too many rows or columns."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
            if "xl/workbook.xml" not in package.namelist():
                raise _unreadable(filename, N_("不是 .xlsx 工作簿"), N_("请用表格软件打开后另存为 .xlsx"))
            if sum(m.file_size for m in members) > MAX_UNPACKED or len(members) > 10_000:
                raise _too_large(filename, N_("展开后超过 100 MB"), N_("请只留下要导入的工作表和行"))
            for member in members:
                _check_extent(package, member, filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        remedy = N_("旧的 .xls 或有密码的文件，请另存为没有密码的 .xlsx")
        raise _unreadable(filename, N_("工作簿打不开"), remedy, str(error)[:60]) from error


def _check_extent(package: zipfile.ZipFile, member: zipfile.ZipInfo, filename: str) -> None:
    """Read one part through, which proves its declared size, and refuse cells too far down or to the right."""
    rows = columns = 0
    tail = b""
    with package.open(member) as part:
        while chunk := part.read(_CHUNK):
            for letters, number in _PLACE.findall(tail + chunk):
                rows, columns = max(rows, int(number)), max(columns, _column(letters))
            tail = chunk[-_OVERLAP:]
    if rows > MAX_ROWS + TITLE_ROWS:
        remedy = N_("每张表最多 100000 行；请分成几个文件，或删去末尾带格式的空行")
        raise _too_large(filename, N_("行数过多：{rows} 行"), remedy, rows=rows)
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        remedy = N_("请只留下模板里的列，删去右侧多余的列")
        raise _too_large(filename, N_("列数过多：{columns} 列"), remedy, columns=columns)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _read_xlsx(data: bytes, filename: str, *, spread: bool) -> list[Grid]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [_grid(book, name, spread=spread) for name in book.sheet_names]
    except (CalamineError, ValueError, OSError) as error:
        remedy = N_("请用表格软件打开后另存为 .xlsx，再试一次")
        raise _unreadable(filename, N_("工作簿打不开"), remedy, str(error)[:60]) from error


def _grid(book: CalamineWorkbook, name: str, *, spread: bool) -> Grid:
    rows = list(_texts(_sheet(book, name)))
    if spread:
        _spread(rows, book.get_sheet_by_name(name).merged_cell_ranges or [])
    return Grid(name, rows)


def _spread(rows: list[list[str]], merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Write what a merge down one column says into each of its rows; a merge across columns is a title and stays."""
    for (top, left), (bottom, right) in merged:
        if left != right or top >= len(rows) or left >= len(rows[top]):
            continue
        for row in rows[top + 1 : bottom + 1]:
            row[left] = rows[top][left]


def _sheet(book: CalamineWorkbook, name: str) -> list[list[Any]]:
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _texts(rows: Iterable[list[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_text(cell) for cell in row]


def _text(cell: Any) -> str:  # any cell value of the parser
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def _read_csv(data: bytes, filename: str) -> list[list[str]]:
    text = decode(data, filename)
    first = text.split("\n", TITLE_ROWS)[:TITLE_ROWS]
    mark = max(",\t;", key=lambda m: sum(line.count(m) for line in first))
    rows: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            rows.append([cell.strip() for cell in record])
            if len(rows) > MAX_ROWS + TITLE_ROWS:
                remedy = N_("每张表最多 100000 行；请分成几个文件，或删去末尾带格式的空行")
                raise _too_large(filename, N_("行数过多：{rows} 行"), remedy, rows=text.count("\n"))
    except csv.Error as error:
        remedy = N_("请检查这一行附近的引号是否成对")
        fault = Fault(N_("表格写法有误"), row=len(rows) + 1, value=str(error)[:60], where=filename, remedy=remedy)
        raise InvalidInput(faults=[fault]) from error
    return rows


def decode(data: bytes, filename: str) -> str:
    """The text of a CSV file: UTF-8 with or without BOM, else GB18030. Raises InvalidInput naming the encoding."""
    remedy = N_("请另存为“CSV UTF-8”，或直接上传 .xlsx")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data:
        raise _unreadable(filename, N_("文字编码不对：像是 UTF-16 或二进制文件"), remedy)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as utf8:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            row = data.count(b"\n", 0, utf8.start) + 1
            message = N_("文字编码不对：既不是 UTF-8 也不是 GB18030")
            fault = Fault(message, field="file", row=row, where=filename, remedy=remedy)
            raise InvalidInput(faults=[fault]) from utf8
