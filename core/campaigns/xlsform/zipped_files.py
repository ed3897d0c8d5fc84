"""What an .xlsx would unpack to (压缩包检查): its parts, their true sizes and how far its filled cells reach."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from core.campaigns.xlsform.limits import MAX_CELLS, MAX_COLUMNS, MAX_PARTS, MAX_ROWS, MAX_UNPACKED, Refusal
from core.errors import N_

_CHUNK = 1 << 20
_OVERLAP = 400
_EMPTY = re.compile(rb"<(?:\w+:)?c\s[^<>]*(?:/>|></(?:\w+:)?c>)")
_BARE = re.compile(rb"<(?:\w+:)?c(?:>|\s(?![^<>]*\br\s*=)[^<>]*>)")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,4})([0-9]{1,9})[\"']")
_ROW = re.compile(rb"\br\s*=\s*[\"']([0-9]{1,9})[\"']")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def check_zipped(data: bytes) -> None:
    """Refuse what is no .xlsx, what would unpack to too much, and what fills cells too far down or to the right."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
            if "xl/workbook.xml" not in {m.filename.lower() for m in members}:
                raise Refusal(N_("不是 .xlsx 工作簿"), N_("请用表格软件打开后另存为 .xlsx"))
            if sum(m.file_size for m in members) > MAX_UNPACKED or len(members) > MAX_PARTS:
                raise Refusal(N_("展开后超过 80 MB"), N_("请只留下 survey、choices、settings 三张表"))
            for member in members:
                _check_part(package, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        remedy = N_("请用表格软件打开后另存为 .xlsx，再试一次")
        raise Refusal(N_("工作簿打不开"), remedy, str(error)[:60]) from error


def _check_part(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read one part through, which proves its declared size."""
    is_text = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    extent = _Extent()
    read, tail = 0, b""
    with package.open(member) as part:
        while chunk := part.read(_CHUNK):
            read += len(chunk)
            if read > member.file_size or read > MAX_UNPACKED:
                raise Refusal(N_("工作簿已损坏"), N_("请用表格软件打开后另存为 .xlsx，再试一次"), member.filename[-60:])
            if not is_text:
                continue
            if _DOCTYPE.search(tail + chunk):
                raise Refusal(N_("工作簿里有不允许的 XML 声明"), N_("请用表格软件打开后另存为 .xlsx，再试一次"))
            extent.see(tail + chunk)
            tail = chunk[-_OVERLAP:]
    extent.settle()


@dataclass(slots=True)
class _Extent:
    """How far the filled cells of a sheet reach (填写范围), by every place that is written in its XML.

    Cells that hold nothing are left out; a cell without a place of its own stands in the row that is named round it.
    """

    rows: int = 0
    columns: int = 0
    named: int = 0
    bare: bool = False

    def see(self, text: bytes) -> None:
        """Take note of one stretch of the XML."""
        filled = _EMPTY.sub(b"", text)
        for letters, number in _PLACE.findall(filled):
            self.rows, self.columns = max(self.rows, int(number)), max(self.columns, _column(letters))
        self.named = max([self.named, *map(int, _ROW.findall(filled))])
        self.bare = self.bare or _BARE.search(filled) is not None

    def settle(self) -> None:
        """Refuse what reaches too far."""
        rows = max(self.rows, self.named) if self.bare else self.rows
        if rows > MAX_ROWS or self.columns > MAX_COLUMNS or rows * self.columns > MAX_CELLS:
            raise Refusal(N_("工作表过大"), N_("请删去多余的行和列，包括末尾带格式的空行"), f"{rows}×{self.columns}")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
