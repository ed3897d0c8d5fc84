"""How a number came about (计算过程): the steps of a score with their exact numbers, noted by the very code that scores.

A step keeps its numbers as they were computed with; they turn into text only when somebody reads them, so that noting the
steps costs a score nothing. ``text`` is a Chinese source text with named places; the edge translates it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from core.campaigns.arithmetic import Number

_NAME = re.compile(r"\$\{([A-Za-z0-9_-]+)\}|([A-Za-z_][A-Za-z0-9_]*)")
_WORDS = frozenset({"and", "or", "not", "min", "max", "if", "worst_of"})
PLACES = 6  # a number with more decimals is written as a fraction with four decimals beside it (ours)


@dataclass(frozen=True, slots=True)
class Filled:
    """A formula with numbers in place of its names (代入)."""

    formula: str
    bound: tuple[tuple[str, Fraction | None], ...]

    def __str__(self) -> str:
        values = dict(self.bound)

        def said(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            value = values.get(name)
            return match[0] if name in _WORDS or value is None else exact_text(value)

        return _NAME.sub(said, self.formula)


Noted = str | Number | Filled


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a computation (计算步骤)."""

    text: str
    noted: tuple[tuple[str, Noted], ...] = ()

    @property
    def words(self) -> Mapping[str, str]:
        """What stands in the named places: texts as they are, numbers exact."""
        return {key: value if isinstance(value, str) else _said(value) for key, value in self.noted}

    @property
    def zh(self) -> str:
        """The step in Chinese."""
        return self.text.format(**self.words)


def step(text: str, **noted: Noted) -> Step:
    """A step from its source text and its numbers."""
    return Step(text, tuple(noted.items()))


def _said(value: Number | Filled) -> str:
    return str(value) if isinstance(value, Filled) else exact_text(value)


def exact_text(value: Number) -> str:
    """A number without any loss: whole, as a decimal of up to six places, else '22775/243 ≈ 93.7243'."""
    exact = Fraction(value)
    for places in range(PLACES + 1):
        scaled = exact * 10**places
        if scaled.denominator == 1:
            return _decimal(scaled.numerator, places)
    near = abs(exact) * 10**4 + Fraction(1, 2)
    sign = "-" if exact < 0 else ""
    return f"{exact.numerator}/{exact.denominator} ≈ {sign}{_decimal(near.numerator // near.denominator, 4)}"


def _decimal(scaled: int, places: int) -> str:
    """``scaled`` / 10^places as plain digits."""
    if not places:
        return str(scaled)
    digits = str(abs(scaled)).rjust(places + 1, "0")
    return f"{'-' if scaled < 0 else ''}{digits[:-places]}.{digits[-places:]}"
