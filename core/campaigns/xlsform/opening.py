"""Opening a form's workbook (表格文件): what it holds is told by its bytes, sizes are checked before anything is parsed.

Whatever is wrong becomes a remark; nothing is raised. Cells come out as text, the way XLSForm reads them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from core.campaigns.xlsform.binary_files import holds_stream, is_container, tidy_binary
from core.campaigns.xlsform.limits import MAX_CELLS, MAX_COLUMNS, MAX_FILE, MAX_ROWS, MAX_TEXT, Refusal
from core.campaigns.xlsform.model import Remark
from core.campaigns.xlsform.zipped_files import check_zipped
from core.errors import N_

ENDINGS = ("xlsx", "xlsm", "xls", "csv")
SHEETS = ("survey", "choices", "settings")
_ZIP = b"PK\x03\x04"
_SECTION = frozenset({*SHEETS, "blocks", "external_choices", "entities", "osm"})


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet as text (工作表): every row from the first, cells trimmed; the first row here is row 1 there."""

    title: str
    rows: list[list[str]]


def open_workbook(data: bytes, filename: str, remarks: list[Remark]) -> list[Grid]:
    """The sheets of an .xlsx, .xls or .csv; none with an error among the remarks when it cannot be opened."""
    try:
        return _open(data, filename, remarks)
    except Refusal as refusal:
        remarks.append(refusal.remark)
        return []


def _open(data: bytes, filename: str, remarks: list[Remark]) -> list[Grid]:
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    if ending not in ENDINGS:
        raise Refusal(N_("不支持这种文件"), N_("请另存为 .xlsx、.xls，或 UTF-8 编码的 .csv"), filename[-60:])
    if not data:
        raise Refusal(N_("文件是空的"), N_("请重新导出或另存后再试"))
    if len(data) > MAX_FILE:
        raise Refusal(N_("文件超过 10 MB"), N_("表格里不放图片；请只留下 survey、choices、settings 三张表"))
    found = _told(data)
    if found != ending and not (found == "xlsx" and ending == "xlsm"):
        if "csv" in (found, ending):
            remedy = N_("请用表格软件打开后另存为 .xlsx，不要只改扩展名")
            raise Refusal(N_("扩展名与内容不符"), remedy, f".{ending}")
        remedy = N_("这次已按内容读取；请另存为 .{found}")
        remarks.append(
            Remark("warning", N_("扩展名与内容不符"), value=f".{ending}", remedy=remedy, params=(("found", found),))
        )
    if found == "csv":
        return _sections(_read_csv(data), filename)
    if found == "xlsx":
        check_zipped(data)
    return _parse(data if found == "xlsx" else tidy_binary(data))


def _told(data: bytes) -> str:
    """What the bytes are: xlsx, xls or, for any other text, csv."""
    if data.startswith(_ZIP):
        return "xlsx"
    if is_container(data):
        if holds_stream(data, "EncryptedPackage"):
            raise Refusal(N_("工作簿有密码"), N_("请在表格软件里取消密码后另存"))
        return "xls"
    head = data[:512].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise Refusal(N_("这是网页或 XML，不是工作簿"), N_("请用表格软件打开后另存为 .xlsx"))
    return "csv"


def _parse(data: bytes) -> list[Grid]:
    """All sheets through the parser; whatever it says about a broken file becomes one remark."""
    remedy = N_("请用表格软件打开后另存为 .xlsx，再试一次")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [Grid(name, _checked(name, _rows(book, name))) for name in book.sheet_names]
    except PasswordError as error:
        raise Refusal(N_("工作簿有密码"), N_("请在表格软件里取消密码后另存")) from error
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        raise Refusal(N_("工作簿打不开"), remedy, str(error)[:60]) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the parser is in Rust; its panics are no Exception
            raise
        raise Refusal(N_("工作簿已损坏"), remedy) from error


def _rows(book: CalamineWorkbook, name: str) -> list[list[str]]:
    """A sheet row by row, so that a wide and empty one never stands in memory as a whole."""
    try:
        sheet = book.get_sheet_by_name(name)
    except CalamineError:
        if name.lower() in _SECTION:
            raise
        return []  # a chart or a sheet that is not ours to read
    _, before = sheet.start or (0, 0)  # the rows come from the sheet's first, the cells from its first filled column
    return [_trimmed(before, row) for row in sheet.iter_rows()]


def _trimmed(before: int, row: list[Any]) -> list[str]:
    cells = [""] * before + [_text(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _checked(title: str, rows: list[list[str]]) -> list[list[str]]:
    _check_size(title, rows)
    return rows


def _check_size(title: str, rows: list[list[str]]) -> None:
    width = max(map(len, rows), default=0)
    if len(rows) > MAX_ROWS or width > MAX_COLUMNS or len(rows) * width > MAX_CELLS:
        raise Refusal(N_("工作表过大"), N_("请删去多余的行和列，包括末尾带格式的空行"), f"{len(rows)}×{width}", title)
    for number, row in enumerate(rows, 1):
        for cell in row:
            if len(cell) > MAX_TEXT:
                raise Refusal(N_("单元格文字过长"), N_("一格最多 10000 个字符"), cell[:40], title, number)


def _text(cell: Any) -> str:  # any cell value of the parser, as XLSForm says it
    if isinstance(cell, str):
        return cell.replace("\xa0", " ").strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, timedelta) else f"{cell.total_seconds():g}"


def _number(cell: float) -> str:
    if cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return repr(cell) if abs(cell) < 1e300 else ""


def _read_csv(data: bytes) -> list[list[str]]:
    text = _decode(data)
    first = [line for line in text.split("\n", 5)[:5] if line.strip()]
    mark = max(",\t;", key=lambda m: sum(line.count(m) for line in first))
    rows: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            rows.append([cell.replace("\xa0", " ").strip() for cell in record])
            if len(rows) > MAX_ROWS:
                break
    except csv.Error as error:
        remedy = N_("请检查这一行附近的引号是否成对")
        raise Refusal(N_("表格写法有误"), remedy, str(error)[:60], row=len(rows) + 1) from error
    _check_size("", rows)
    return rows


def _decode(data: bytes) -> str:
    remedy = N_("请另存为“CSV UTF-8”，或直接用 .xlsx")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data:
        raise Refusal(N_("文字编码不对：像是 UTF-16 或二进制文件"), remedy)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal(N_("文字编码不对：既不是 UTF-8 也不是 GB18030"), remedy)


def _sections(rows: list[list[str]], filename: str) -> list[Grid]:
    """A CSV is one survey sheet, or sections whose name stands in the first column (survey, choices, settings)."""
    first = next((row[0].lower() for row in rows if any(row)), "")
    if first not in _SECTION:
        return [Grid("survey", rows)]
    found: dict[str, list[list[str]]] = {}
    title = ""
    for number, row in enumerate(rows):
        if row and row[0]:
            title = row[0].lower()
            if title not in found:
                found[title] = [[] for _ in range(number)]  # rows keep their number in the file
        if title:
            found[title].extend([[] for _ in range(number - len(found[title]))])
            found[title].append(row[1:])
    return [Grid(name, content) for name, content in _headed(found)] or [Grid(filename, rows)]


def _headed(found: dict[str, list[list[str]]]) -> Iterator[tuple[str, list[list[str]]]]:
    yield from ((name, rows) for name, rows in found.items() if any(any(row) for row in rows))
