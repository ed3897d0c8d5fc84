"""Where a formula is computed (取值环境): the record, the place in its repeats, the clock, the labels of choices."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

from core.campaigns.xlsform.days import DAY_MINUTES, spell_moment
from core.campaigns.xlsform.values import NOT_A_NUMBER, Nodeset, Single, Value, bounded, text

#: an answer as it is stored: a list is what select_multiple chose, or the rows of a repeat as mappings
Raw = object
Record = Mapping[str, Raw]
Place = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a formula may look at.

    ``values``: answers by question name; a repeat is a list of such mappings. ``homes``: for each question or repeat that
    stands inside of repeats, those repeats from the outermost; others may be left out. ``at``: the repeats around the
    question that the formula belongs to, each with its row from 0. ``current``: that question's own answer.
    ``now``: an aware moment on the district's clock. ``choices``: question -> value -> label. ``columns``: the choices
    sheet's columns of the choice that a choice_filter looks at. ``chance``: a whole number from 0 below its argument.
    """

    now: datetime
    values: Record = field(default_factory=dict)
    current: Raw = ""
    homes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    at: Place = ()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    language: str = "zh"
    chance: Callable[[int], int] = secrets.randbelow

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ValueError("a formula needs a moment with its distance from UTC")

    @property
    def offset(self) -> int:
        """Minutes between the local clock and UTC."""
        distance = self.now.utcoffset()
        assert distance is not None
        return distance.days * DAY_MINUTES + distance.seconds // 60

    @property
    def own(self) -> Single:
        """The question's own answer, as formulas see it."""
        return take(self.current)

    @property
    def row(self) -> int:
        """The row of the innermost repeat, from 1; 1 outside of repeats."""
        return self.at[-1][1] + 1 if self.at else 1


def take(raw: Raw) -> Single:  # noqa: PLR0911 - one line a type
    """An answer as formulas see it: dates as texts, nothing as an empty text, several choices with blanks between."""
    match raw:
        case None:
            return ""
        case str() | bool():
            return raw
        case Fraction() | int():
            return bounded(Fraction(raw))
        case Decimal():
            return bounded(Fraction(raw)) if raw.is_finite() else NOT_A_NUMBER
        case float():
            return bounded(Fraction(repr(raw))) if raw - raw == 0 else NOT_A_NUMBER
        case datetime():
            return spell_moment(raw)
        case date():
            return raw.isoformat()
        case time():
            return raw.isoformat(timespec="milliseconds")
        case list() | tuple():
            return " ".join(text(take(one)) for one in raw if not isinstance(one, Mapping))
        case _:
            return text_of_row(raw) if isinstance(raw, Mapping) else ""


def text_of_row(row: Record) -> str:
    """A row of a repeat has no text of its own: ``*`` when anything in it is answered, else empty."""
    return "*" if any(isinstance(one, bool) or one not in (None, "", [], ()) for one in row.values()) else ""


def rows(record: Record, repeat: str) -> list[Record]:
    """The rows of a repeat in one record."""
    found = record.get(repeat)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def look_up(context: Context, name: str) -> Value:
    """What ``${name}`` is: one answer where the formula stands inside of the same rows, else a node for every row."""
    return _find(context, name, {})


def look_up_row(context: Context, name: str, wanted: Mapping[str, int]) -> Value:
    """The answer in the wanted rows (repeat -> row from 1) of indexed-repeat(); empty where there is no such row."""
    if any(repeat not in context.homes.get(name, ()) for repeat in wanted):
        return ""
    return _find(context, name, wanted)


def _find(context: Context, name: str, wanted: Mapping[str, int]) -> Value:
    found, alone, together = [context.values], True, True
    for level, repeat in enumerate(context.homes.get(name, ())):
        each = [rows(record, repeat) for record in found]
        own = _own_row(context, level, repeat) if together else None
        row = wanted.get(repeat, own)
        together = together and row == own and own is not None
        if row is None:
            alone = False
            found = [one for several in each for one in several]
        else:
            found = [several[row - 1] for several in each if 1 <= row <= len(several)]
    if _is_repeat(context, name):
        return Nodeset(tuple(text_of_row(row) for record in found for row in rows(record, name)))
    if not alone:
        return Nodeset(tuple(take(record.get(name)) for record in found))
    return take(found[0].get(name)) if found else ""


def _own_row(context: Context, level: int, repeat: str) -> int | None:
    if level < len(context.at) and context.at[level][0] == repeat:
        return context.at[level][1] + 1
    return None


def _is_repeat(context: Context, name: str) -> bool:
    return any(name in home for home in context.homes.values())
