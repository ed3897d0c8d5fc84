"""The look of a photo (照片指纹): a difference hash of 64 bits, by which the same picture sent twice is found again.

Nine by eight grey cells, each compared with its right neighbour (the well-known dHash). Pictures whose hashes differ in at
most :data:`NEAR` bits look the same to a person; four bands of 16 bits find them by index, because three differing bits leave
at least one band untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from uuid import UUID

from PIL import Image
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.work.tables import File, FileLook

NEAR = 3
BANDS = 4
_WIDTH, _HEIGHT = 9, 8
_FLAT = 8  # a picture with fewer different neighbours says nothing: a wall, a black frame


def look_of(image: Image.Image) -> int | None:
    """The hash as a signed 64-bit number; None for a picture without contrast, which would look like any other."""
    cells = image.convert("L").resize((_WIDTH, _HEIGHT), Image.Resampling.BOX).tobytes()
    bits, edges = 0, 0
    for row in range(_HEIGHT):
        line = cells[row * _WIDTH : (row + 1) * _WIDTH]
        for left, right in pairwise(line):
            bits = bits << 1 | (left > right)
            edges += abs(left - right) > 2
    if edges < _FLAT:
        return None
    return bits - (1 << 64) if bits >> 63 else bits


def distance(one: int, other: int) -> int:
    """In how many bits two looks differ."""
    return ((one ^ other) & (1 << 64) - 1).bit_count()


def bands_of(look: int) -> tuple[int, ...]:
    """The four bands of a look, for the index."""
    return tuple(look >> 16 * n & 0xFFFF for n in range(BANDS))


def near_twins(session: Session, files: Sequence[File], near: int = NEAR) -> dict[UUID, set[UUID]]:
    """Other photos that look the same as each of some photos: at most ``near`` differing bits, never more than NEAR (one query)."""
    looks = {file.id: file.look for file in files if file.look is not None}
    found: dict[UUID, set[UUID]] = {file.id: set() for file in files}
    if not looks:
        return found
    wanted = {(band, value) for look in looks.values() for band, value in enumerate(bands_of(look))}
    candidates = session.execute(
        select(File.id, File.look)
        .join(FileLook, (FileLook.tenant_id == File.tenant_id) & (FileLook.file_id == File.id))
        .where(or_(*((FileLook.band == band) & (FileLook.value == value) for band, value in sorted(wanted))))
        .distinct()
    ).all()
    for file_id, look in looks.items():
        found[file_id] = {
            other
            for other, seen in candidates
            if other != file_id and seen is not None and distance(look, seen) <= min(near, NEAR)
        }
    return found


def rows_of(tenant_id: int, file_id: UUID, look: int | None) -> Iterable[dict[str, object]]:
    """The band rows of one photo."""
    if look is None:
        return ()
    key = {"tenant_id": tenant_id, "file_id": file_id}
    return [key | {"band": band, "value": value} for band, value in enumerate(bands_of(look))]
