"""The container of an .xls (复合文档): streams in sectors, taken out by following the chains, and one stream put into a new one."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFF0  # sector numbers from here on are marks, not places
_END, _TABLE, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_SECTOR = 512  # of what we write
LARGEST = 109 * 126 * _SECTOR  # bytes of a stream whose tables of places still have room in the container's head


def take_stream(data: bytes, names: tuple[str, ...]) -> tuple[str, bytes]:
    """The first stream of one of these names (small letters), put together from its sectors. Raises ValueError."""
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise ValueError("sector size")
    sectors = _Sectors(data, 1 << shift)
    directory = sectors.follow(struct.unpack_from("<I", data, 48)[0])
    entries = [directory[i : i + 128] for i in range(0, len(directory) - 127, 128)]
    cutoff = struct.unpack_from("<I", data, 56)[0]
    for entry in entries:
        length = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()
        if name in names:
            start, size = struct.unpack_from("<II", entry, 116)
            if size < cutoff:
                return name, _small(data, sectors, entries[0], start, size)
            return name, sectors.follow(start)[:size]
    raise ValueError("no stream Workbook")


def _small(data: bytes, sectors: _Sectors, root: bytes, start: int, size: int) -> bytes:
    """A stream under the cutoff, which lies in sectors of 64 bytes inside the root's own stream."""
    table = sectors.follow(struct.unpack_from("<I", data, 60)[0])
    links = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    inside = sectors.follow(struct.unpack_from("<I", root, 116)[0])
    parts = [inside[at * 64 : at * 64 + 64] for at in _chain(links, start)]
    return b"".join(parts)[:size]


def _chain(links: tuple[int, ...], start: int) -> Iterator[int]:
    """Sector numbers from the first to the last; a loop is no chain."""
    at, steps = start, 0
    while at < _LAST:
        steps += 1
        if at >= len(links) or steps > len(links):
            raise ValueError("sector chain")
        yield at
        at = links[at]


class _Sectors:
    """The sectors of a container and which follows which."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data = data
        self.size = size
        tables = [n for n in struct.unpack_from("<109I", data, 76) if n < _LAST]
        more, count = struct.unpack_from("<II", data, 68)
        for _ in range(min(count, 1000)):
            if more >= _LAST:
                break
            numbers = struct.unpack(f"<{size // 4}I", self._sector(more))
            tables += [n for n in numbers[:-1] if n < _LAST]
            more = numbers[-1]
        self.links: tuple[int, ...] = tuple(
            link for n in tables for link in struct.unpack(f"<{size // 4}I", self._sector(n))
        )

    def _sector(self, number: int) -> bytes:
        found = self.data[(number + 1) * self.size : (number + 2) * self.size]
        return found if len(found) == self.size else found.ljust(self.size, b"\xff")

    def follow(self, start: int) -> bytes:
        """The bytes of a chain of sectors; never more than the file holds."""
        return b"".join(self._sector(at) for at in _chain(self.links, start))


def wrap_stream(name: str, stream: bytes) -> bytes:
    """A container that holds this stream, of LARGEST bytes at most, and nothing else."""
    content = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(content) // _SECTOR
    tables = -(-(sectors + 1) // (_SECTOR // 4 - 1))
    links = [*range(1, sectors), _END, _END, *([_TABLE] * tables)]
    links += [_FREE] * (tables * _SECTOR // 4 - len(links))
    head = MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, tables, sectors, 0, 4096, _END, 0, _END, 0)
    head += struct.pack("<109I", *range(sectors + 1, sectors + 1 + tables), *([_FREE] * (109 - tables)))
    directory = _entry("Root Entry", 5, _END, 0, child=1) + _entry(name, 2, 0, len(content)) + bytes(256)
    return head + content + directory + struct.pack(f"<{len(links)}I", *links)


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    """One line of the directory."""
    said = (name + "\0").encode("utf-16-le")
    ids = struct.pack("<III", _FREE, _FREE, child)
    head = said.ljust(64, b"\0") + struct.pack("<HBB", len(said), kind, 1)
    return head + ids + bytes(36) + struct.pack("<IQ", start, size)
