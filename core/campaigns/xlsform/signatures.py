"""Which functions a formula may call (函数表) and what each argument must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MANY = 100


@dataclass(frozen=True, slots=True)
class Signature:
    """Fewest and most arguments; those (from 0) that must be a question, and those that must be a quoted text."""

    fewest: int
    most: int
    references: tuple[int, ...] = ()
    literals: Mapping[int, str] = field(default_factory=dict)
    chance: bool = False


_PLAIN: dict[str, tuple[int, int]] = {
    "if": (3, 3),
    "coalesce": (2, MANY),
    "selected": (2, 2),
    "selected-at": (2, 2),
    "count-selected": (1, 1),
    "string-length": (0, 1),
    "contains": (2, 2),
    "starts-with": (2, 2),
    "ends-with": (2, 2),
    "substr": (2, 3),
    "substring-before": (2, 2),
    "substring-after": (2, 2),
    "translate": (3, 3),
    "concat": (1, MANY),
    "join": (2, MANY),
    "normalize-space": (0, 1),
    "string": (1, 1),
    "number": (1, 1),
    "int": (1, 1),
    "round": (1, 2),
    "floor": (1, 1),
    "ceiling": (1, 1),
    "abs": (1, 1),
    "pow": (2, 2),
    "min": (1, MANY),
    "max": (1, MANY),
    "index": (0, 0),
    "today": (0, 0),
    "now": (0, 0),
    "date": (1, 1),
    "date-time": (1, 1),
    "decimal-date-time": (1, 1),
    "decimal-time": (1, 1),
    "true": (0, 0),
    "false": (0, 0),
    "not": (1, 1),
    "boolean": (1, 1),
    "boolean-from-string": (1, 1),
}

SIGNATURES: dict[str, Signature] = {name: Signature(*bounds) for name, bounds in _PLAIN.items()} | {
    "sum": Signature(1, 1, references=(0,)),
    "count": Signature(1, 1, references=(0,)),
    "count-non-empty": Signature(1, 1, references=(0,)),
    "indexed-repeat": Signature(3, 7, references=(0, 1, 3, 5)),
    "position": Signature(1, 1),
    "jr:choice-name": Signature(2, 2, literals={1: "question"}),
    "regex": Signature(2, 2, literals={1: "pattern"}),
    "format-date": Signature(2, 2, literals={1: "date"}),
    "format-date-time": Signature(2, 2, literals={1: "time"}),
    "once": Signature(1, 1, chance=True),
    "uuid": Signature(0, 1, chance=True),
    "random": Signature(0, 0, chance=True),
}

#: functions of ODK and XPath that real forms call and that we do not have
ELSEWHERE: frozenset[str] = frozenset(
    [
        "pulldata",
        "area",
        "distance",
        "geofence",
        "instance",
        "current",
        "randomize",
        "digest",
        "base64-decode",
        "base64-encode",
        "checklist",
        "weighted-checklist",
        "log",
        "log10",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sqrt",
        "exp",
        "exp10",
        "pi",
        "jr:itext",
        "substring",
        "last",
        "id",
        "lang",
        "local-name",
        "name",
        "namespace-uri",
        "property",
        "extract-signed",
        "intersects",
        "version",
        "lower-case",
        "upper-case",
        "enclosed-area",
        "depend",
        "is-selected",
    ]
)

#: the signs of a date format, and those that a time adds
DATE_SIGNS = frozenset("Yymnbdea")
TIME_SIGNS = DATE_SIGNS | frozenset("HhMS3")
