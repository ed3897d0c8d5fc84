"""The map of the districts by their outlines (区县地图): what of it is shown, how large, and which names fit on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.boundaries import Boundaries
from core.figures.outlines import FLAT, Outline

WIDTH = 1000  # units of the drawing, which is never higher than wide
MARGIN = 12  # units
FONTS = {"wide": 15, "narrow": 32}  # units: the style sheet has the same, for a desk and for a phone
SPACING = 1.25  # lines of text, by their height
NARROW = 0.6  # of a Chinese character: the width of a Latin one
FIRST_WIDE = 0x2E80  # the first code point of the Chinese, Japanese and Korean blocks


@dataclass(frozen=True, slots=True)
class Label:
    """A name where it fits (标注): for which screen, where, and its one or two lines."""

    screen: str
    x: float
    y: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What of the grid is shown (图幅): the units that a step takes, the shift in steps, and the height in units."""

    scale: float
    left: float
    top: float
    height: float

    def lets(self, one: Outline) -> bool:
        """Whether something of an outline may be seen."""
        left, top, right, bottom = one.bounds
        width, height = WIDTH / self.scale, self.height / self.scale
        return left <= self.left + width and right >= self.left and top <= self.top + height and bottom >= self.top


@dataclass(frozen=True, slots=True)
class Land:
    """The map (地图): its frame, and the outlines around those shown, each with its name or code."""

    frame: Frame
    around: tuple[tuple[str, Outline], ...]
    label: str

    def names(self, one: Outline, name: str, share: str) -> list[Label]:
        """The name of a district with its share, or the name alone, for each kind of screen on which it fits."""
        found = []
        x, y = ((one.x - self.frame.left) * self.frame.scale, (one.y - self.frame.top) * self.frame.scale)
        for screen, font in FONTS.items():
            lines = next((way for way in ((name, share), (name,)) if _fits(way, font, one.room * self.frame.scale)), ())
            if lines:
                first = y + font * (0.35 - SPACING * (len(lines) - 1) / 2)
                found.append(Label(screen, round(x, 1), round(first, 1), lines))
        return found


def lay_out(kept: Boundaries, shown: Sequence[str]) -> Land:
    """The map that shows the outlines of some codes as large as fits, and what of the others lies around them."""
    frame = _frame([kept.outlines[code].bounds for code in shown or kept.outlines])
    inside = set(shown)
    around = ((kept.names.get(code, code), one) for code, one in kept.outlines.items() if code not in inside)
    return Land(frame, tuple((name, one) for name, one in around if frame.lets(one)), kept.label)


def _frame(bounds: Sequence[tuple[int, int, int, int]]) -> Frame:
    left, top = min(one[0] for one in bounds), min(one[1] for one in bounds)
    width, height = max(one[2] for one in bounds) - left, max(one[3] for one in bounds) - top
    scale = (WIDTH - 2 * MARGIN) / (max(width, height) or 1)
    margin = MARGIN / scale
    beside = (WIDTH / scale - width) / 2  # what is higher than wide stands in the middle
    return Frame(
        round(scale, 5), round(left - beside, 2), round(top - margin, 2), round((height + 2 * margin) * scale, 1)
    )


def _fits(lines: Sequence[str], font: int, room: float) -> bool:
    """Whether a text fits the ellipse that is free for it."""
    if room <= 0:
        return False
    width, height = max(_width(line) for line in lines) * font, SPACING * len(lines) * font
    return (width / 2 / room) ** 2 + (height / 2 * FLAT / room) ** 2 <= 1


def _width(text: str) -> float:
    """In Chinese characters."""
    return sum(NARROW if ord(one) < FIRST_WIDE else 1.0 for one in text)
