"""Synthetic photos for tests (演示照片): plain pixels with the EXIF that a phone would write."""

from __future__ import annotations

import io
import random

from PIL import Image

GPS = {1: "N", 2: (37.0, 44.0, 12.5), 3: "E", 4: (112.0, 33.0, 30.0)}


def jpeg(
    size: tuple[int, int] = (640, 480),
    *,
    kind: str = "JPEG",
    orientation: int | None = None,
    taken: str | None = "2026:11:19 09:30:00",
    offset: str | None = "+08:00",
    gps: dict | None = GPS,
    seed: int | None = None,
    **save: object,
) -> bytes:
    """A photo with EXIF; every call gives other bytes unless seeded."""
    noise = random.Random(seed)
    image = Image.new("RGB", size, tuple(noise.randrange(256) for _ in range(3)))
    image.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    if orientation:
        exif[0x0112] = orientation
    details = exif.get_ifd(0x8769)
    if taken:
        details[0x9003] = taken
    if offset:
        details[0x9011] = offset
    if gps:
        exif.get_ifd(0x8825).update(gps)
    out = io.BytesIO()
    image.save(out, kind, exif=exif, **save)
    return out.getvalue()
