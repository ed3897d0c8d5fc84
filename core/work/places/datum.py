"""From the world's degrees to those of Chinese maps and back (坐标偏移): WGS-84, as devices and our records say, and GCJ-02.

The formula is the public one that maps on the Chinese web have used for years; outside the mainland both are the same.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt

WGS84, GCJ02 = "wgs84", "gcj02"
DATUMS = (WGS84, GCJ02)
_AXIS = 6378245.0  # Krasovsky 1940, metres
_FLATNESS = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271

Degrees = tuple[float, float]  # longitude, latitude


def to_gcj(longitude: float, latitude: float) -> Degrees:
    """A WGS-84 position as a GCJ-02 map draws it."""
    if not (_WEST <= longitude <= _EAST and _SOUTH <= latitude <= _NORTH):
        return longitude, latitude
    across, up = _offset(longitude - 105.0, latitude - 35.0)
    slant = latitude / 180.0 * pi
    magic = 1 - _FLATNESS * sin(slant) ** 2
    root = sqrt(magic)
    up = up * 180.0 / (_AXIS * (1 - _FLATNESS) / (magic * root) * pi)
    across = across * 180.0 / (_AXIS / root * cos(slant) * pi)
    return longitude + across, latitude + up


def to_wgs(longitude: float, latitude: float) -> Degrees:
    """A GCJ-02 position in WGS-84 again, to well under a metre: the offset has no inverse, so it is found by going back and forth."""
    found = (longitude, latitude)
    for _ in range(5):
        drawn = to_gcj(*found)
        found = (found[0] - (drawn[0] - longitude), found[1] - (drawn[1] - latitude))
    return found


def shown_in(datum: str, longitude: float, latitude: float) -> Degrees:
    """A position of ours as tiles of a datum need it."""
    return to_gcj(longitude, latitude) if datum == GCJ02 else (longitude, latitude)


def told_in(datum: str, longitude: float, latitude: float) -> Degrees:
    """A position that was read off tiles of a datum, as we keep it."""
    return to_wgs(longitude, latitude) if datum == GCJ02 else (longitude, latitude)


def _offset(x: float, y: float) -> Degrees:
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    across = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    across += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    across += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    up = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    up += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    up += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    return across, up
