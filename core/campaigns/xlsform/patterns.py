r"""Regular expressions of regex() (正则表达式): read and run by ourselves, so that server and phone never disagree.

A pattern becomes an automaton of at most 1000 states that is walked along the value once: no pattern can hang a phone.
It must match the whole value. Groups, ``|``, sets, ``. ^ $ * + ? {n,m}`` and \d \w \s (ASCII) are known; look-around,
back references, named groups, flags, \p and \b are refused with their place.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.campaigns.xlsform.automaton import (
    Again,
    Among,
    Automaton,
    Edge,
    Either,
    Part,
    Ranges,
    Row,
    build,
    count_states,
)

MAX_PATTERN = 200
MAX_STATES = 1000
MAX_GROUPS = 20
MAX_REPEAT = 1000

_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}
_CONTROLS = {"n": 10, "r": 13, "t": 9}
_COUNT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")
_HEX = re.compile(r"u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})")
_LINE_ENDS: Ranges = ((10, 10), (13, 13))


class BadPattern(Exception):
    """A pattern that cannot be used; ``index`` counts its characters from 0."""

    def __init__(self, reason: str, index: int, found: str = "") -> None:
        self.reason, self.index, self.found = reason, index, found
        super().__init__(reason)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Automaton:
    """The automaton of a pattern; BadPattern with the place when it cannot be used."""
    if len(pattern) > MAX_PATTERN:
        raise BadPattern("pattern_long", MAX_PATTERN)
    part = _Reader(pattern).whole()
    if count_states(part) > MAX_STATES:
        raise BadPattern("pattern_wide", 0)
    return build(part)


class _Reader:
    """Recursive descent over the characters of a pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 0

    @property
    def here(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def whole(self) -> Part:
        part = self._either()
        if self.here:
            raise BadPattern("pattern_bracket", self.at)
        return part

    def _either(self) -> Part:
        rows = [self._row()]
        while self.here == "|":
            self.at += 1
            rows.append(self._row())
        return rows[0] if len(rows) == 1 else Either(tuple(rows))

    def _row(self) -> Part:
        parts: list[Part] = []
        while self.here not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return Row(tuple(parts))

    def _repeated(self, part: Part) -> Part:
        start = self.at
        bounds = self._bounds()
        if bounds is None:
            return part
        if self.here == "?":
            self.at += 1
        if isinstance(part, Edge) or self.here in {"*", "+", "?", "{"}:
            raise BadPattern("pattern_repeat", start, self.pattern[start : self.at + 1])
        return Again(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.here in simple:
            self.at += 1
            return simple[self.pattern[self.at - 1]]
        if self.here != "{":
            return None
        match = _COUNT.match(self.pattern, self.at)
        if match is None:
            raise BadPattern("pattern_repeat", self.at, "{")
        fewest = int(match.group(1))
        most = (int(match.group(3)) if match.group(3) else None) if match.group(2) else fewest
        if max(fewest, most or 0) > MAX_REPEAT or (most is not None and most < fewest):
            raise BadPattern("pattern_repeat", self.at, match.group())
        self.at = match.end()
        return fewest, most

    def _atom(self) -> Part:
        character = self.here
        if character == "(":
            return self._group()
        if character == "[":
            return self._set()
        if character == "\\":
            return self._escape()
        if character in "*+?":
            raise BadPattern("pattern_repeat", self.at, character)
        if character in "{}]":
            raise BadPattern("pattern_plain", self.at, character)
        self.at += 1
        if character in "^$":
            return Edge(character)
        return Among(_LINE_ENDS, negated=True) if character == "." else _only(ord(character))

    def _group(self) -> Part:
        start = self.at
        self.at += 1
        if self.here == "?":
            if self.pattern[self.at : self.at + 2] != "?:":
                raise BadPattern("pattern_group", start, self.pattern[start : start + 3])
            self.at += 2
        self.groups += 1
        if self.groups > MAX_GROUPS:
            raise BadPattern("pattern_wide", start)
        part = self._either()
        if self.here != ")":
            raise BadPattern("pattern_bracket", start)
        self.at += 1
        self.groups -= 1
        return part

    def _escape(self) -> Among:
        """A class such as ``d``, ``w``, ``s`` after a backslash, or one character that is written with a backslash."""
        letter = self.pattern[self.at + 1 : self.at + 2]
        if letter and letter.lower() in _CLASSES and letter.isascii():
            self.at += 2
            return Among(_CLASSES[letter.lower()], negated=letter.isupper())
        return _only(self._escaped())

    def _escaped(self) -> int:
        start, letter = self.at, self.pattern[self.at + 1 : self.at + 2]
        match = _HEX.match(self.pattern, self.at + 1)
        if match:
            self.at = match.end()
            return int(match.group(1) or match.group(2), 16)
        plain = len(letter) == 1 and letter.isascii() and letter.isprintable() and not letter.isalnum()
        if letter not in _CONTROLS and not plain:
            raise BadPattern("pattern_escape", start, "\\" + letter)
        self.at += 2
        return _CONTROLS.get(letter, ord(letter))

    def _set(self) -> Among:
        start = self.at
        self.at += 1
        negated = self.here == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        while self.here != "]":
            if not self.here:
                raise BadPattern("pattern_set", start, "[")
            ranges.extend(self._set_item())
        if not ranges:
            raise BadPattern("pattern_set", start, "[]")
        self.at += 1
        return Among(tuple(ranges), negated)

    def _set_item(self) -> Ranges:
        """A character, a class or a range; after a class a hyphen is a plain one, as in the engines of ODK and of browsers."""
        start = self.at
        first = self._set_atom()
        if not _is_single(first) or self.here != "-" or self.pattern[self.at + 1 : self.at + 2] in {"]", ""}:
            return first.ranges
        self.at += 1
        last = self._set_atom()
        low, high = first.ranges[0], last.ranges[0]
        if not _is_single(last) or low[0] > high[0]:
            raise BadPattern("pattern_set", start, self.pattern[start : self.at])
        return ((low[0], high[0]),)

    def _set_atom(self) -> Among:
        if self.here == "\\":
            start, among = self.at, self._escape()
            if among.negated:
                raise BadPattern("pattern_escape", start, self.pattern[start : start + 2])
            return among
        if self.here == "[" or self.pattern.startswith("&&", self.at):
            raise BadPattern("pattern_set", self.at, self.here)
        self.at += 1
        return _only(ord(self.pattern[self.at - 1]))


def _is_single(one: Among) -> bool:
    """Whether it stands for one character and not for a class."""
    return len(one.ranges) == 1 and one.ranges[0][0] == one.ranges[0][1]


def _only(code: int) -> Among:
    return Among(((code, code),))
