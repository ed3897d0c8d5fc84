"""A tiny .xls as Excel 97 wrote it, made by hand: no library of ours writes the old format any more."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

Record = tuple[int, bytes]


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def unicode_text(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHH", row, column, 0) + unicode_text(text))


def begin(kind: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def sheet(rows: Sequence[Sequence[str]], extra: Iterable[bytes] = ()) -> bytes:
    width = max(map(len, rows), default=0)
    cells = b"".join(label(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row) if text)
    size = record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    return begin(0x0010) + size + cells + b"".join(extra) + record(0x000A)


def stream(sheets: Mapping[str, bytes], extra: Iterable[bytes] = ()) -> bytes:
    """The stream Workbook: its head with the place of every sheet, then the sheets."""
    ahead = begin(0x0005) + record(0x0042, struct.pack("<H", 1200)) + b"".join(extra)
    names = {title: struct.pack("<BB", len(title), 1) + title.encode("utf-16-le") for title in sheets}
    place = len(ahead) + sum(4 + 6 + len(name) for name in names.values()) + 4
    heads = b""
    for title, body in sheets.items():
        heads += record(0x0085, struct.pack("<IH", place, 0) + names[title])
        place += len(body)
    return ahead + heads + record(0x000A) + b"".join(sheets.values())


def container(content: bytes, name: str = "Workbook") -> bytes:
    """The stream in a compound file of sectors of 512 bytes."""
    content = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\x00")
    sectors = len(content) // 512
    tables = -(-(sectors + 2) // 128)
    while tables * 128 < sectors + 1 + tables:
        tables += 1
    links = [*range(1, sectors), 0xFFFFFFFE, 0xFFFFFFFE, *([0xFFFFFFFD] * tables)]
    links += [0xFFFFFFFF] * (tables * 128 - len(links))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, tables, sectors, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", *range(sectors + 1, sectors + 1 + tables), *([0xFFFFFFFF] * (109 - tables)))
    entries = entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + entry(name, 2, 0, len(content)) + bytes(256)
    return head + content + entries + struct.pack(f"<{len(links)}I", *links)


def entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    said = (name + "\0").encode("utf-16-le")
    ids = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    return (
        said.ljust(64, b"\0")
        + struct.pack("<HBB", len(said), kind, 1)
        + ids
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def old_workbook(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    return container(stream({title: sheet(rows) for title, rows in sheets.items()}))
