"""What a device says of a photo that it sends (设备所报的时间和地点): read before the picture was made smaller, and of itself.

The times are by the device's own clock; how far that clock was off is known only while it sends (``device_now``). Malformed
values are refused by name; a clock that is wrong is no fault of the photo: it is kept and shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from core.errors import N_, Fault, InvalidInput

# What may be said, and the header that says it when the photo is the body of a request itself.
HEADERS = {
    "taken_at": "X-Photo-Taken-At",
    "longitude": "X-Photo-Longitude",
    "latitude": "X-Photo-Latitude",
    "device_at": "X-Device-At",
    "device_now": "X-Device-Now",
    "device_longitude": "X-Device-Longitude",
    "device_latitude": "X-Device-Latitude",
    "device_accuracy_m": "X-Device-Accuracy",
}
_LONGEST = 64  # characters of any value
_SKEW = timedelta(days=20_000)  # more than any wrong clock, and still a number of seconds that the column holds
_AROUND = 40_000_000  # metres round the earth: no accuracy is worse
_YEARS = range(1970, 2100)
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Said:
    """What a device says: when and where the picture was taken by its Exif, and when and where the device itself was then.

    ``accuracy_m`` is the radius of the device's own place in metres, ``skew_seconds`` how far its clock was ahead when it sent.
    """

    taken_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    device_at: datetime | None = None
    device_longitude: Decimal | None = None
    device_latitude: Decimal | None = None
    accuracy_m: int | None = None
    skew_seconds: int | None = None


NOTHING = Said()


def read_said(raw: Mapping[str, str | None], now: datetime) -> Said:
    """Read the texts that came with a photo, by :data:`HEADERS`; what is missing or empty was not said.

    Raises InvalidInput with every fault: a time without its zone, a number that is none or out of range, half a place.
    """
    faults: list[Fault] = []
    text = {name: str(raw.get(name) or "").strip() for name in HEADERS}
    taken, at, clock = (_moment(name, text[name], faults) for name in ("taken_at", "device_at", "device_now"))
    longitude, latitude = _place("longitude", "latitude", text, faults)
    own_longitude, own_latitude = _place("device_longitude", "device_latitude", text, faults)
    accuracy = _number("device_accuracy_m", text["device_accuracy_m"], Decimal(0), Decimal(_AROUND), faults)
    if faults:
        raise InvalidInput(faults=faults)
    return Said(
        taken_at=believable(taken, now),
        longitude=longitude,
        latitude=latitude,
        device_at=at,
        device_longitude=own_longitude,
        device_latitude=own_latitude,
        accuracy_m=int(accuracy.quantize(Decimal(1), ROUND_HALF_UP))
        if accuracy is not None and own_latitude is not None
        else None,
        skew_seconds=round(max(-_SKEW, min(_SKEW, clock - now)).total_seconds()) if clock else None,
    )


def believable(taken_at: datetime | None, now: datetime) -> datetime | None:
    """When a photo was taken, or None: before digital cameras, or a year ahead, is a clock that was never set."""
    return taken_at if taken_at and taken_at.year > 1990 and taken_at < now + timedelta(days=366) else None


def _moment(name: str, text: str, faults: list[Fault]) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text[:_LONGEST])
    except ValueError:
        found = datetime.min.replace(tzinfo=UTC)  # no year of ours
    if found.tzinfo is not None and found.year in _YEARS:
        return found.astimezone(UTC)
    remedy = N_("请用带时区的 ISO 8601 时间，如 2026-11-20T09:12:00+08:00")
    faults.append(Fault(N_("时间无法识别"), name, value=text[:_LONGEST], remedy=remedy))
    return None


def _place(across: str, up: str, text: Mapping[str, str], faults: list[Fault]) -> tuple[Decimal | None, Decimal | None]:
    before = len(faults)
    longitude = _number(across, text[across], Decimal(-180), Decimal(180), faults)
    latitude = _number(up, text[up], Decimal(-90), Decimal(90), faults)
    if len(faults) == before and (longitude is None) != (latitude is None):
        missing = across if longitude is None else up
        faults.append(Fault(N_("经度和纬度须一起填写"), missing, remedy=N_("请同时给出两者，或都不给")))
    if longitude is None or latitude is None or (not longitude and not latitude):  # 0, 0 is a phone without a fix
        return None, None
    return longitude.quantize(_MICRO, ROUND_HALF_UP), latitude.quantize(_MICRO, ROUND_HALF_UP)


def _number(name: str, text: str, least: Decimal, most: Decimal, faults: list[Fault]) -> Decimal | None:
    if not text:
        return None
    try:
        found = Decimal(text[:_LONGEST])
    except InvalidOperation:
        found = Decimal("NaN")
    if found.is_finite() and least <= found <= most:
        return found
    params = {"least": str(least), "most": str(most)}
    remedy = N_("应为 {least} 到 {most} 的数")
    faults.append(Fault(N_("数值无法识别或超出范围"), name, None, text[:_LONGEST], "", remedy, params))
    return None
