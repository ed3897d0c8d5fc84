"""Outlines of districts for a page (区县轮廓): degrees put on a coarse grid, drawn as paths, with the place where a name fits.

The projection is equirectangular: a degree of longitude counts as the cosine of the middle latitude. It is for looking, not
for measuring. Points are put on the grid and repeated ones dropped; two neighbours have the same points on their common
border, so they still meet there, which is what a simplification of each alone would break.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians

Point = tuple[float, float]
Ring = Sequence[Point]
Steps = list[tuple[int, int]]

GRID = 2000  # steps of the longer side (ours)
COARSEST = 400
LONGEST = 200_000  # characters of all paths of a page together (ours)
FLAT = 1.6  # a name is wider than high: heights count so much more when its place is sought (ours)
LINES = 9  # lines across an outline along which that place is sought


@dataclass(frozen=True, slots=True)
class Outline:
    """One district on the grid (轮廓): its path, its bounds (left, top, right, bottom), and where its name goes.

    ``x``, ``y`` is the middle of the roomiest ellipse found inside, ``room`` half its width; half its height is room / FLAT.
    """

    path: str
    bounds: tuple[int, int, int, int]
    x: float
    y: float
    room: float


def draw_outlines(shapes: Mapping[str, Sequence[Ring]]) -> dict[str, Outline]:
    """The rings of each district, in degrees, on one grid: the finest one whose paths together are not too long."""
    steps = GRID
    while True:
        placed = _place(shapes, steps)
        paths = {code: "".join(map(_path, rings)) for code, rings in placed.items()}
        if steps <= COARSEST or sum(map(len, paths.values())) <= LONGEST:
            return {code: _outline(paths[code], rings) for code, rings in placed.items()}
        steps = max(steps * 2 // 3, COARSEST)


def _place(shapes: Mapping[str, Sequence[Ring]], steps: int) -> dict[str, list[Steps]]:
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    narrowing = cos(radians((south + north) / 2))
    scale = steps / (max((east - west) * narrowing, north - south) or 1.0)
    across = scale * narrowing
    placed = {}
    for code, rings in shapes.items():
        found = [[(round((x - west) * across), round((north - y) * scale)) for x, y in ring] for ring in rings]
        kept = [thinned for ring in found if len(thinned := _thin(ring)) > 2]
        placed[code] = kept or [_speck(found[0][0])]
    return placed


def _thin(ring: Steps) -> Steps:
    """The ring without what lies on the point before it, or on the straight line between its neighbours."""
    kept: Steps = []
    for x, y in ring:
        if kept and kept[-1] == (x, y):
            continue
        if len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2], kept[-1]
            if (bx - ax) * (y - by) == (by - ay) * (x - bx) and (bx - ax) * (x - bx) + (by - ay) * (y - by) > 0:
                kept.pop()
        kept.append((x, y))
    while len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return kept


def _speck(at: tuple[int, int]) -> Steps:
    """What is smaller than a step is still drawn, and can still be followed."""
    x, y = at
    return [(x - 1, y - 1), (x + 1, y - 1), (x + 1, y + 1), (x - 1, y + 1)]


def _path(ring: Steps) -> str:
    (x, y), said = ring[0], []
    for nx, ny in ring[1:]:
        said.append(f"{nx - x} {ny - y}")
        x, y = nx, ny
    return f"M{ring[0][0]} {ring[0][1]}l{' '.join(said)}z".replace(" -", "-")


def _outline(path: str, rings: Sequence[Steps]) -> Outline:
    xs, ys = [x for ring in rings for x, _ in ring], [y for ring in rings for _, y in ring]
    bounds = (min(xs), min(ys), max(xs), max(ys))
    x, y, room = max(_places(rings, bounds), key=lambda place: place[2], default=(bounds[0], bounds[1], 0.0))
    return Outline(path, bounds, round(x, 1), round(y, 1), round(room, 1))


def _places(rings: Sequence[Steps], bounds: tuple[int, int, int, int]) -> Iterator[tuple[float, float, float]]:
    """Places inside, in the middle of some lines across, each with its distance to the border, heights counted FLAT times."""
    edges = [(a, b) for ring in rings for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    top, height = bounds[1], bounds[3] - bounds[1]
    for line in range(1, LINES + 1):
        y = top + height * line / (LINES + 1)
        cuts = sorted(ax + (y - ay) * (bx - ax) / (by - ay) for (ax, ay), (bx, by) in edges if (ay <= y) != (by <= y))
        widest = max(zip(cuts[::2], cuts[1::2], strict=True), key=lambda cut: cut[1] - cut[0], default=None)
        if widest:
            x = (widest[0] + widest[1]) / 2
            yield x, y, min(_distance(x, y, a, b) for a, b in edges)


def _distance(x: float, y: float, a: tuple[int, int], b: tuple[int, int]) -> float:
    (ax, ay), (bx, by) = (a[0] - x, (a[1] - y) * FLAT), (b[0] - x, (b[1] - y) * FLAT)
    dx, dy = bx - ax, by - ay
    along = max(0.0, min(1.0, -(ax * dx + ay * dy) / ((dx * dx + dy * dy) or 1.0)))
    return hypot(ax + along * dx, ay + along * dy)
