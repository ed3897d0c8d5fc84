"""Formulas made at random from the grammar (随机表达式), whole and broken, for comparing Python with the browser."""

from __future__ import annotations

import random
from typing import Any

from core.campaigns.xlsform.signatures import SIGNATURES

RECORD = {
    "values": {
        "n": 12,
        "d": 2.5,
        "t": "三城 联创 a",
        "e": "",
        "day": "2026-02-28",
        "at": "2026-11-22T23:30:00.000Z",
        "yes": True,
        "m": [{"x": 1, "s": "甲", "k": [{"y": 2}, {"y": "3.5"}]}, {"x": "", "s": "乙"}, {"x": -4, "k": [{"y": 0}]}],
    },
    "homes": {"x": ["m"], "s": ["m"], "k": ["m"], "y": ["m", "k"]},
    "choices": {"t": {"三城": "城", "12": "十二"}},
}
PLACES: list[list[list[Any]]] = [[], [], [["m", 0]], [["m", 2]], [["m", 0], ["k", 1]]]
NAMES = ["n", "d", "t", "e", "day", "at", "yes", "m", "x", "s", "k", "y", "none"]
ATOMS = [
    "0",
    "1",
    "2",
    "7",
    "0.5",
    "3.75",
    ".1",
    "12.",
    "100",
    "''",
    "'a'",
    '"三城"',
    "'5'",
    "'-2.5'",
    "' 8 '",
    "'x y z'",
]
ATOMS += [
    "'2026-11-22'",
    "'2024-02-29'",
    "'2026-11-22T10:00:00+08:00'",
    "'10:30'",
    "'😀é'",
    "‘三城’",
    "“5”",
    "true()",
    "false()",
    "today()",
    "now()",
]
OPERATORS = ["+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
FORMATS = {"date": ["%Y-%m-%d", "%e/%n/%y %a %b"], "time": ["%H:%M:%S.%3", "%h时%d"], "question": ["t", "${t}"]}
PIECES = [
    "a",
    "b",
    "1",
    "中",
    ".",
    "\\d",
    "\\w",
    "\\s",
    "[a-b]",
    "[^a1]",
    "(",
    ")",
    "|",
    "*",
    "+",
    "?",
    "{2}",
    "{1,3}",
    "^",
    "$",
    "(?:",
]
LETTERS = "ab1中 -_😀"


class Maker:
    """Makes one formula after another from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def vector(self) -> dict[str, Any]:
        """A formula with a record to compute it on; one in four is broken somewhere."""
        text = self.formula(self.random.randrange(1, 5))
        if self.random.random() < 0.25:
            text = self.spoil(text)
        current = self.random.choice([None, 5, "a b", "三城", 0.1, "2026-01-01", False])
        drawn = [self.random.randrange(16) for _ in range(17)]
        place = self.random.choice(PLACES)
        return {"expression": text, "column": "calculation", "current": current, "at": place, "chance": drawn, **RECORD}

    def formula(self, depth: int) -> str:
        pick = self.random.random()
        if depth <= 0 or pick < 0.15:
            return self.atom()
        if pick < 0.5:
            gap = self.random.choice([" ", " ", "  ", "\n"])
            operator = self.random.choice(OPERATORS)
            return f"{self.formula(depth - 1)}{gap}{operator}{gap}{self.formula(depth - 1)}"
        if pick < 0.6:
            return f"({self.formula(depth - 1)})"
        return f"-{self.formula(depth - 1)}" if pick < 0.65 else self.call(depth)

    def atom(self) -> str:
        pick = self.random.random()
        if pick < 0.35:
            return f"${{{self.random.choice(NAMES)}}}"
        return "." if pick < 0.4 else self.random.choice(ATOMS)

    def call(self, depth: int) -> str:
        name = self.random.choice(list(SIGNATURES))
        signature = SIGNATURES[name]
        if name == "position":
            return "position(..)"
        count = self.random.randint(signature.fewest, min(signature.most, signature.fewest + 2))
        count += name == "indexed-repeat" and count % 2 == 0
        return f"{name}({', '.join(self.argument(name, at, depth) for at in range(count))})"

    def argument(self, name: str, at: int, depth: int) -> str:
        signature = SIGNATURES[name]
        if at in signature.references:
            known = ["m", "k"] if name == "indexed-repeat" and at else NAMES
            return f"${{{self.random.choice(known)}}}"
        use = signature.literals.get(at)
        if use == "pattern":
            return f"'{self.pattern()}'"
        return f"'{self.random.choice(FORMATS[use])}'" if use else self.formula(depth - 1)

    def pattern(self) -> str:
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(1, 7)))

    def word(self) -> str:
        return "".join(self.random.choice(LETTERS) for _ in range(self.random.randrange(6)))

    def spoil(self, text: str) -> str:
        """A letter dropped, doubled, moved or put in."""
        at = self.random.randrange(len(text) + 1)
        other = self.random.choice(
            ["", "(", ")", "'", "}", "[", "/", "..", "，", "’", "”", "\u00a0", "x", "${", ",", "#"]
        )
        return text[:at] + other + text[at + self.random.randrange(3) :]
