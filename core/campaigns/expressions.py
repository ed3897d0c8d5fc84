"""The small grammar of formulas in data (计算式): parsed here, computed exactly, never run as Python.

Names, numbers, ``+ - * / ( )``, comparisons, ``and or not``, ``min max if`` and ``worst_of`` (the worst of several density
levels). A name may be written ``${CIV-ROAD-01}`` when it holds a hyphen. Truth is 1 and 0. A missing name or a division
by zero gives None, which carries through: missing is not zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Never

from core.errors import N_, Fault, InvalidInput

MAX_LENGTH = 1000
MAX_DEPTH = 40

#: function -> fewest and most arguments
FUNCTIONS: dict[str, tuple[int, int]] = {"min": (1, 20), "max": (1, 20), "worst_of": (1, 20), "if": (3, 3)}

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\$\{(?P<quoted>[A-Za-z0-9_-]+)\}"
    r"|(?P<op><=|>=|==|!=|<>|[-+*/(),<>=]))",
    re.ASCII,
)
_SAME = {"==": "=", "<>": "!="}
_WORDS = frozenset({"and", "or", "not"})
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "=", "!="})


class BadExpression(InvalidInput):
    """A formula that cannot be read (计算式有误); ``position`` counts characters from 1."""

    code = "bad_expression"

    def __init__(self, message: str, position: int, text: str) -> None:
        self.position = position
        remedy = N_("请检查第 {position} 个字符附近")
        super().__init__(
            faults=[Fault(message, "expression", value=text, remedy=remedy, params={"position": position})]
        )


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the formula."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A named value, given when the formula is computed."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign or ``not`` before an operand."""

    op: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what stands between them."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: str
    args: tuple[Node, ...]


Node = Number | Name | Unary | Binary | Call


@lru_cache(maxsize=2048)
def parse(text: str) -> Node:
    """The formula as frozen nodes; BadExpression with the position when it cannot be read."""
    if len(text) > MAX_LENGTH:
        raise BadExpression(N_("计算式过长"), MAX_LENGTH, text[:40])
    return _Parser(text).whole()


def names(node: Node) -> tuple[str, ...]:
    """The names a formula uses, each once, in order of appearance."""
    match node:
        case Name(name):
            return (name,)
        case Number():
            return ()
        case Unary(_, operand):
            return names(operand)
        case Binary(_, left, right):
            found = names(left) + names(right)
        case Call(_, args):
            found = tuple(n for a in args for n in names(a))
    return tuple(dict.fromkeys(found))


def evaluate(node: Node, values: Mapping[str, Fraction | None]) -> Fraction | None:
    """The formula's exact value; None when a needed name is missing or a divisor is zero."""
    match node:
        case Number(value):
            return value
        case Name(name):
            return values.get(name)
        case Unary(op, operand):
            inner = evaluate(operand, values)
            if inner is None:
                return None
            return -inner if op == "-" else _truth(inner == 0)
        case Binary(op, left, right):
            return _combine(op, evaluate(left, values), evaluate(right, values))
        case Call(function, args):
            return _call(function, [evaluate(a, values) for a in args])


def _truth(holds: bool) -> Fraction:
    return Fraction(1 if holds else 0)


def _combine(op: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    if op in ("and", "or"):
        return _logic(op, left, right)
    if left is None or right is None:
        return None
    if op in _COMPARISONS:
        return _truth(compare(op, left, right))
    if op == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right}[op] if op != "*" else left * right


def _logic(op: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    """Three-valued: one certain false settles ``and``, one certain true settles ``or``, whatever is missing."""
    known = [v != 0 for v in (left, right) if v is not None]
    if op == "and":
        return _truth(False) if False in known else (_truth(True) if len(known) == 2 else None)
    return _truth(True) if True in known else (_truth(False) if len(known) == 2 else None)


def compare(op: str, left: Fraction, right: Fraction) -> bool:
    """Whether ``left op right`` holds for one of < <= > >= = !=."""
    less, same = left < right, left == right
    return {"<": less, "<=": less or same, ">": not (less or same), ">=": not less, "=": same, "!=": not same}[op]


def _call(function: str, args: list[Fraction | None]) -> Fraction | None:
    if function == "if":
        condition = args[0]
        return None if condition is None else args[1 if condition != 0 else 2]
    known = [a for a in args if a is not None]
    if len(known) < len(args):
        return None
    return min(known) if function == "min" else max(known)


class _Parser:
    """Recursive descent over the tokens; one method a level of binding."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self.tokens = self._tokenize()
        self.index = 0

    def whole(self) -> Node:
        node = self._either()
        if self._peek() != "":
            self._fail(N_("多余的内容"))
        return node

    def _tokenize(self) -> list[tuple[str, str, int]]:
        found, at = [], 0
        while self.text[at:].strip():
            match = _TOKEN.match(self.text, at)
            if match is None:
                spaces = len(self.text[at:]) - len(self.text[at:].lstrip())
                raise BadExpression(N_("不认识的字符"), at + spaces + 1, self.text)
            kind = str(match.lastgroup)
            token = match.group(kind)
            found.append((kind, _SAME.get(token, token), match.start(kind) + 1))
            at = match.end()
        return [*found, ("end", "", len(self.text) + 1)]

    def _peek(self) -> str:
        kind, token, _ = self.tokens[self.index]
        return "" if kind == "end" else (token if kind == "op" or token in _WORDS else f"<{kind}>")

    def _take(self) -> str:
        token = self.tokens[self.index][1]
        self.index += 1
        return token

    def _fail(self, message: str) -> Never:
        raise BadExpression(message, self.tokens[self.index][2], self.text)

    def _chain(self, below: str, operators: frozenset[str]) -> Node:
        step = getattr(self, below)
        node: Node = step()
        while self._peek() in operators:
            node = Binary(self._take(), node, step())
        return node

    def _either(self) -> Node:
        return self._chain("_both", frozenset({"or"}))

    def _both(self) -> Node:
        return self._chain("_denial", frozenset({"and"}))

    def _denial(self) -> Node:
        return self._prefixed("not", "_denial", "_comparison")

    def _comparison(self) -> Node:
        node = self._sum()
        if self._peek() in _COMPARISONS:
            node = Binary(self._take(), node, self._sum())
        return node

    def _sum(self) -> Node:
        return self._chain("_product", frozenset({"+", "-"}))

    def _product(self) -> Node:
        return self._chain("_signed", frozenset({"*", "/"}))

    def _signed(self) -> Node:
        return self._prefixed("-", "_signed", "_primary")

    def _prefixed(self, op: str, again: str, below: str) -> Node:
        if self._peek() != op:
            node: Node = getattr(self, below)()
            return node
        self._enter()
        self._take()
        node = Unary(op, getattr(self, again)())
        self.depth -= 1
        return node

    def _primary(self) -> Node:
        kind, token, _ = self.tokens[self.index]
        if kind == "number":
            return Number(Fraction(self._take()))
        if kind == "quoted":
            return Name(self._take())
        if kind == "name" and token not in _WORDS:
            self.index += 1
            return self._call(token) if self._peek() == "(" else Name(token)
        if self._peek() != "(":
            self._fail(N_("这里应是名称、数字或括号"))
        self._enter()
        self._take()
        node = self._either()
        self._close()
        return node

    def _call(self, function: str) -> Node:
        if function not in FUNCTIONS:
            self.index -= 1
            self._fail(N_("没有这个函数"))
        self._enter()
        self._take()
        args = [self._either()]
        while self._peek() == ",":
            self._take()
            args.append(self._either())
        fewest, most = FUNCTIONS[function]
        if not fewest <= len(args) <= most:
            self._fail(N_("参数个数不对"))
        self._close()
        return Call(function, tuple(args))

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._fail(N_("括号层数过多"))

    def _close(self) -> None:
        if self._peek() != ")":
            self._fail(N_("缺少右括号"))
        self._take()
        self.depth -= 1
