"""Reads a photo as a device sent it (照片读取): limits before decoding, time and place first, then a clean picture.

What leaves here is a new JPEG of pixels only: no GPS, no comment, no maker's notes, no profile. HEIC is read here, too,
because most browsers cannot make it smaller; libheif refuses pictures that are larger inside than they declare.
"""

from __future__ import annotations

import io
import math
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from PIL import ExifTags, Image, ImageOps
from pillow_heif import register_heif_opener

from core.errors import N_, Fault, InvalidInput, TooLarge
from core.work.calendar import ZONE
from core.work.inspection.looks import look_of
from core.work.inspection.photo_said import believable

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 2000
QUALITY = 82
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_ONE_AT_A_TIME = threading.Lock()  # HEIC is decoded whole: 40 megapixels take some 300 MB for a second

# Pillow only warns between its limit and twice its limit; here a bomb is an error, whoever opens the image.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
# The picture itself, never a smaller one that an editor may have left beside it.
register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture (处理后的照片) with the time and place that were read from the original."""

    jpeg: bytes
    width: int
    height: int
    taken_at: datetime | None
    longitude: Decimal | None
    latitude: Decimal | None
    look: int | None = None


def read_picture(data: bytes) -> Picture:
    """The clean picture of an original. Raises TooLarge (bytes), InvalidInput (kind, pixels, damage)."""
    check_kind(data)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many(f"{image.width}×{image.height}")
            taken_at, longitude, latitude = _time_and_place(image)
            clean = _decoded(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many("") from error
    except (OSError, SyntaxError, ValueError, TypeError, EOFError, MemoryError, RuntimeError) as error:
        remedy = N_("请重新拍摄或换一张照片")
        raise InvalidInput(faults=[Fault(N_("照片已损坏，无法读取"), "photo", remedy=remedy)]) from error
    return Picture(as_jpeg(clean), clean.width, clean.height, taken_at, longitude, latitude, look_of(clean))


def check_kind(data: bytes) -> None:
    """Refuse by size and first bytes, before anything is decoded."""
    if len(data) > MAX_BYTES:
        raise TooLarge(N_("照片不能超过 {most} MB"), most=MAX_BYTES // 1024 // 1024)
    heic = data[4:8] == b"ftyp" and data[8:12] in _HEIF
    jpeg, png = data[:3] == b"\xff\xd8\xff", data[:8] == b"\x89PNG\r\n\x1a\n"
    if not (jpeg or png or heic or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")):
        remedy = N_("请上传 JPEG、PNG、WebP 或 HEIC 照片")
        shown = data[:8].hex(" ") or "0 B"
        raise InvalidInput(faults=[Fault(N_("这不是可识别的照片"), "photo", value=shown, remedy=remedy)])


def as_jpeg(image: Image.Image, quality: int = QUALITY) -> bytes:
    """A JPEG of the pixels alone."""
    image.info = {}  # Pillow would write the original's comment again
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _too_many(value: str) -> InvalidInput:
    remedy = N_("最多 {most} 百万像素，请降低相机分辨率")
    fault = Fault(N_("照片像素过多"), "photo", None, value, "", remedy, {"most": MAX_PIXELS // 1_000_000})
    return InvalidInput(faults=[fault])


def _decoded(image: Image.Image) -> Image.Image:
    if image.format != "HEIF":
        return _clean(image)
    with _ONE_AT_A_TIME:
        return _clean(image)


def _clean(image: Image.Image) -> Image.Image:
    """The upright picture in RGB, at most MAX_SIDE long, transparency on white."""
    if image.format in ("JPEG", "MPO"):
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # decodes at 1/2, 1/4 ... of the size: memory and time
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        layered = upright.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return upright.convert("RGB")


def _time_and_place(image: Image.Image) -> tuple[datetime | None, Decimal | None, Decimal | None]:
    """When and where the photo was taken, by its EXIF; whatever is missing or nonsense is None."""
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # noqa: BLE001 - a broken EXIF may raise anything inside Pillow; the picture itself is good
        return None, None, None
    return _taken_at(details), *_position(place)


def _taken_at(details: Mapping[int, Any]) -> datetime | None:
    said = str(details.get(ExifTags.Base.DateTimeOriginal, "")).strip("\x00 ")
    offset = str(details.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\x00 ")
    try:
        moment = datetime.strptime(said, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the zone is put on below
    except ValueError:
        return None
    try:
        found = datetime.strptime(f"{said} {offset}", "%Y:%m:%d %H:%M:%S %z")
    except ValueError:
        found = moment.replace(tzinfo=ZONE)  # cameras without an offset show the time where they are (ours)
    try:
        return believable(found.astimezone(UTC), datetime.now(UTC))
    except OverflowError:  # the year 1 or 9999 beyond a zone
        return None


def _position(place: Mapping[int, Any]) -> tuple[Decimal | None, Decimal | None]:
    longitude = _degrees(place.get(ExifTags.GPS.GPSLongitude), place.get(ExifTags.GPS.GPSLongitudeRef), 180)
    latitude = _degrees(place.get(ExifTags.GPS.GPSLatitude), place.get(ExifTags.GPS.GPSLatitudeRef), 90)
    if longitude is None or latitude is None or (not longitude and not latitude):  # 0, 0 is a phone without a fix
        return None, None
    return longitude, latitude


def _degrees(value: Any, side: Any, most: int) -> Decimal | None:
    """Degrees, minutes and seconds as one signed number with six decimals."""
    try:
        degrees, minutes, seconds = (float(v) for v in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found) or not 0 <= found <= most:
        return None
    signed = -found if str(side).strip("\x00 ").upper() in ("W", "S") else found
    return Decimal(signed).quantize(Decimal("0.000001"), ROUND_HALF_UP)
