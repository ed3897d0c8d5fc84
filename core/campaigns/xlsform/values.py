"""What a formula works with (值): texts, exact numbers, true and false, and the nodes of a repeat.

As in XPath 1.0, but numbers are exact fractions and never binary floats. What is no number is NOT_A_NUMBER: it is equal
to nothing, itself included, and every sum with it stays NOT_A_NUMBER. A number beyond 2^1024 is NOT_A_NUMBER too (ours).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final

from core.campaigns.xlsform.days import days_of


class NotANumber(Enum):
    """What arithmetic gives when it cannot give a number (非数)."""

    NOT_A_NUMBER = "NaN"


NOT_A_NUMBER: Final = NotANumber.NOT_A_NUMBER

Number = Fraction | NotANumber
Single = str | bool | Fraction | NotANumber


@dataclass(frozen=True, slots=True)
class Nodeset:
    """The values of one question in all rows of a repeat, or the rows themselves (节点集)."""

    nodes: tuple[Single, ...]


Value = Single | Nodeset

LIMIT = 1 << 1024
DECIMALS = 12
MAX_DIGITS = 400

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_SPACE = re.compile(r"[ \t\r\n]+")


def trim(text: str) -> str:
    """Without the blanks of XML at both ends; other blanks are letters like any other."""
    return text.strip(" \t\r\n")


def words(text: str) -> list[str]:
    """The words between the blanks of XML: what select_multiple chose."""
    return [word for word in _SPACE.split(text) if word]


def bounded(number: Fraction) -> Number:
    """The number, or NOT_A_NUMBER beyond 2^1024 in its numerator or denominator."""
    return number if abs(number.numerator) < LIMIT and number.denominator < LIMIT else NOT_A_NUMBER


def nodes_of(value: Value) -> tuple[Single, ...]:
    """All nodes of a value; a single value is one node."""
    return value.nodes if isinstance(value, Nodeset) else (value,)


def single(value: Value) -> Single:
    """The value itself, or the first node; an empty text when there is none."""
    if isinstance(value, Nodeset):
        return value.nodes[0] if value.nodes else ""
    return value


def truth(value: Value) -> bool:
    """True of a text that is not empty, a number that is not zero, and nodes that are there."""
    match value:
        case bool():
            return value
        case Fraction():
            return value != 0
        case NotANumber():
            return False
        case str():
            return value != ""
        case Nodeset(nodes):
            return bool(nodes)


def number(value: Value, offset: int) -> Number:
    """The number of a value; a date is its days since 1970, a date and time with its fraction of the local day.

    ``offset`` is the local clock's distance from UTC in minutes.
    """
    one = single(value)
    match one:
        case bool():
            return Fraction(int(one))
        case str():
            return _read(trim(one), offset)
        case _:
            return one


def _read(text: str, offset: int) -> Number:
    if _NUMBER.fullmatch(text):
        return bounded(Fraction(text.removesuffix("."))) if len(text) <= MAX_DIGITS else NOT_A_NUMBER
    days = days_of(text, offset)
    return NOT_A_NUMBER if days is None else days


def text(value: Value) -> str:
    """What is stored and shown: a whole number as such, else at most 12 decimals, rounded half up away from zero."""
    one = single(value)
    match one:
        case bool():
            return "true" if one else "false"
        case Fraction():
            return _spell(one)
        case NotANumber():
            return one.value
        case _:
            return one


def _spell(number: Fraction) -> str:
    scale = 10**DECIMALS
    units = (2 * abs(number.numerator) * scale + number.denominator) // (2 * number.denominator)
    whole, rest = divmod(units, scale)
    decimals = f"{rest:0{DECIMALS}d}".rstrip("0")
    sign = "-" if number < 0 and units else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
