"""What an .xls holds (旧格式检查): its records are walked, and its declared sizes set right, before a parser sees it.

The stream Workbook is a row of records. A parser makes room for what a record declares, so a short file can ask for
gigabytes, and some programs declare a million rows for ten. What is handed on is a container of our own with the same
records and the true sizes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.campaigns.xlsform.containers import LARGEST, MAGIC, take_stream, wrap_stream
from core.campaigns.xlsform.limits import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Refusal
from core.errors import N_

_STREAMS = {"workbook": "Workbook", "book": "Book"}  # since and before 1997
_FILEPASS, _SST, _DIMENSIONS, _BOF, _BOUNDSHEET, _FORMULA = 0x002F, 0x00FC, 0x0200, 0x0809, 0x0085, 0x0006
_MULTIPLE = 0x00BD
#: The records that tell what the cells say, each with the fewest bytes that it needs; all others are left out
_LEAST = {
    _BOF: 4,
    0x000A: 0,  # end of a sheet
    0x0022: 2,  # how days are counted
    0x0042: 2,  # the code page
    0x041E: 5,  # a number format
    0x00E0: 16,  # a cell's look, which tells days from numbers
    _BOUNDSHEET: 8,
    _SST: 8,
    0x003C: 0,  # the rest of the record before
    _DIMENSIONS: 10,
    0x0207: 3,  # the text that a formula gave
    _FORMULA: 22,
    0x00D6: 8,  # a text with letters of several looks
    0x00FD: 10,  # a text of the table of texts
    0x0203: 14,  # a number
    0x0204: 8,  # a text
    0x0205: 8,  # yes, no or an error
    0x027E: 10,  # a short number
    _MULTIPLE: 12,  # several short numbers
}
_CELLS = frozenset({_FORMULA, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E, _MULTIPLE})
_SHAPES = {14: "<IIHHH", 10: "<HHHHH"}  # of the record DIMENSIONS, since and before 1997


def is_container(data: bytes) -> bool:
    """Whether the bytes are such a container."""
    return data.startswith(MAGIC)


def holds_stream(data: bytes, name: str) -> bool:
    """Whether a stream of this name is in the container's directory."""
    return name.encode("utf-16-le") in data


def tidy_binary(data: bytes) -> bytes:
    """The same workbook with its true sizes. Refuses one with a password, with damage, or with cells too far away."""
    try:
        name, stream = take_stream(data, tuple(_STREAMS))
    except (struct.error, IndexError, ValueError) as error:
        raise _damaged(str(error)) from error
    if len(stream) > LARGEST:
        raise Refusal(N_("工作表过大"), N_("请用表格软件打开后另存为 .xlsx，再试一次"), name)
    return wrap_stream(_STREAMS[name], _tidied(stream))


def _damaged(value: str) -> Refusal:
    return Refusal(N_("工作簿已损坏"), N_("请用表格软件打开后另存为 .xlsx，再试一次"), value[:60])


@dataclass(slots=True)
class _Area:
    """How far the cells of one sheet reach, and where its record DIMENSIONS says so."""

    place: int = -1
    size: int = 0
    rows: int = 0
    columns: int = 0

    def reach(self, kind: int, body: bytes) -> None:
        """Take note of one cell."""
        row, first = struct.unpack_from("<HH", body)
        last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _MULTIPLE else first
        self.rows, self.columns = max(self.rows, row + 1), max(self.columns, max(first, last) + 1)
        if self.rows > MAX_ROWS or self.columns > MAX_COLUMNS or self.rows * self.columns > MAX_CELLS:
            value = f"{self.rows}×{self.columns}"
            raise Refusal(N_("工作表过大"), N_("请删去多余的行和列，包括末尾带格式的空行"), value)

    def write(self, stream: bytearray) -> None:
        """Set the declared area to the true one."""
        if self.size in _SHAPES:
            struct.pack_into(_SHAPES[self.size], stream, self.place, 0, self.rows, 0, self.columns, 0)


def _tidied(stream: bytes) -> bytes:
    """The records that we need with their true sizes; formulas keep what they gave and lose how they were written."""
    found, area = bytearray(), _Area()
    begins: dict[int, int] = {}  # where each sheet began -> where it begins now
    listed: list[int] = []
    kept = False  # whether the record before was, for the rest of it comes in a record of its own
    for place, kind, body in _records(stream):
        _check_record(kind, body, len(stream))
        kept = kind in _LEAST and (kind != 0x003C or kept)
        if not kept:
            continue
        if kind == _BOF:
            begins[place - 4] = len(found)
        elif kind == _BOUNDSHEET:
            listed.append(len(found) + 4)
        elif kind == _DIMENSIONS:
            area.write(found)
            area = _Area(len(found) + 4, len(body))
        elif kind in _CELLS:
            area.reach(kind, body)
        said = body[:20] + b"\0\0" if kind == _FORMULA else body
        found += struct.pack("<HH", kind, len(said)) + said
    area.write(found)
    for at in listed:
        _point(found, at, begins)
    return bytes(found)


def _check_record(kind: int, body: bytes, whole: int) -> None:
    """Refuse a password, a record shorter than it must be, and a table of more texts than there are bytes."""
    if kind == _FILEPASS:
        raise Refusal(N_("工作簿有密码"), N_("请在表格软件里取消密码后另存"))
    if len(body) < _LEAST.get(kind, 0):
        raise _damaged(f"0x{kind:04X}")
    if kind == _SST and struct.unpack_from("<I", body, 4)[0] > whole // 3:
        raise _damaged("SST")


def _point(found: bytearray, at: int, begins: dict[int, int]) -> None:
    """Set where a listed sheet begins."""
    old = struct.unpack_from("<I", found, at)[0]
    if old not in begins:
        raise _damaged("BOUNDSHEET")
    struct.pack_into("<I", found, at, begins[old])


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The place of each record's body, its kind and the body; zeros that fill up the last sector are none."""
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        if kind == 0:
            break
        yield place + 4, kind, stream[place + 4 : place + 4 + size]
        place += 4 + size
