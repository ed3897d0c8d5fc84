"""Made-up outlines of the demo's districts (演示边界): a patchwork computed from their codes, like no real border.

Each district has a seed on a bent honeycomb; it owns what is nearer to its seed than to any other's. The straight borders are
then broken into crooked ones, by the same rule from both sides, so that neighbours meet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil, sqrt

from core.errors import N_
from core.figures.boundaries import keep_boundaries, read_boundaries
from core.work.divisions import Division, children
from tenants.access import TenantRef
from tenants.scope import ScopedSession, Wall

LABEL = N_("演示边界")
WEST, SOUTH = 110.0, 30.0  # somewhere in the country; not where the districts are
STEP = 0.4  # degrees between two seeds
BREAKS = 4  # each border is halved so many times
CROOKED = 0.16  # how far a middle is moved aside, in lengths of the border

Point = tuple[float, float]


def lay_boundaries(wall: Wall, bureaus: Mapping[str, TenantRef], *, now: datetime) -> None:
    """Give each demo bureau, by its division code, the outlines of the districts below it, once."""
    for code, bureau in bureaus.items():
        with wall.open(bureau.id) as session:
            if not read_boundaries(session).outlines:
                draw_boundaries(session, _districts(code), now=now)
                session.commit()


def _districts(code: str) -> list[Division]:
    """The districts under a province or city."""
    cities = [code] if len(code) > len("14") else [one.code for one in children(code)]
    return [one for city in cities for one in children(city) if one.level == "district"]


def draw_boundaries(session: ScopedSession, districts: Sequence[Division], *, now: datetime) -> None:
    """Keep a patchwork of the districts as the bureau's boundaries, labelled as made up."""
    codes = sorted(one.code for one in districts)
    names = {one.code: one.name for one in districts}
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": names[code]},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for code, ring in zip(codes, patchwork(codes), strict=True)
    ]
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    keep_boundaries(session, None, data, "demo.geojson", now=now, label=LABEL)


def patchwork(codes: Sequence[str]) -> list[list[Point]]:
    """One closed ring in degrees for each code, in their order; the same for the same codes."""
    seeds = _seeds(codes)
    left, right = min(x for x, _ in seeds) - STEP * 0.6, max(x for x, _ in seeds) + STEP * 0.6
    low, high = min(y for _, y in seeds) - STEP * 0.6, max(y for _, y in seeds) + STEP * 0.6
    rings = []
    for seed in seeds:
        cell: list[Point] = [(left, low), (right, low), (right, high), (left, high)]
        for other in seeds:
            if other != seed:
                cell = _nearer(cell, seed, other)
        corners = [(round(x, 6), round(y, 6)) for x, y in cell]
        ring = [p for a, b in zip(corners, [*corners[1:], corners[0]], strict=True) for p in _crooked(a, b)]
        rings.append([*ring, ring[0]])
    return rings


def _seeds(codes: Sequence[str]) -> list[Point]:
    """Rows to and fro, every other one shifted by half a step, each seed pushed aside by what its code says."""
    row = ceil(sqrt(len(codes)))
    seeds = []
    for number, code in enumerate(codes):
        down, along = divmod(number, row)
        along = row - 1 - along if down % 2 else along
        aside, up = _share(code, "x") - 0.5, _share(code, "y") - 0.5
        seeds.append((WEST + STEP * (along + down % 2 / 2 + aside * 0.6), SOUTH - STEP * (down * 0.8 + up * 0.5)))
    return seeds


def _nearer(cell: Sequence[Point], seed: Point, other: Point) -> list[Point]:
    """The part of a cell that is nearer to its seed than to another."""
    (sx, sy), (ox, oy) = seed, other
    half = ((ox * ox - sx * sx) + (oy * oy - sy * sy)) / 2

    def beyond(point: Point) -> float:
        return point[0] * (ox - sx) + point[1] * (oy - sy) - half

    kept: list[Point] = []
    for a, b in zip(cell, [*cell[1:], *cell[:1]], strict=True):
        da, db = beyond(a), beyond(b)
        if da <= 0:
            kept.append(a)
        if (da < 0 < db) or (db < 0 < da):
            share = da / (da - db)
            kept.append((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share))
    return kept


def _crooked(a: Point, b: Point) -> list[Point]:
    """A border without its end, broken at its middle again and again; the same points from either end."""
    first, last = min(a, b), max(a, b)
    points = [first, last]
    for _ in range(BREAKS):
        found = [points[0]]
        for p, q in pairwise(points):
            aside = (_share(f"{p}", f"{q}") - 0.5) * 2 * CROOKED
            middle = ((p[0] + q[0]) / 2 - (q[1] - p[1]) * aside, (p[1] + q[1]) / 2 + (q[0] - p[0]) * aside)
            found += [(round(middle[0], 6), round(middle[1], 6)), q]
        points = found
    return (points if first == a else points[::-1])[:-1]


def _share(*said: str) -> float:
    """A number from 0 to 1 that follows from a text."""
    return int.from_bytes(hashlib.sha256("|".join(said).encode()).digest()[:4]) / 2**32
