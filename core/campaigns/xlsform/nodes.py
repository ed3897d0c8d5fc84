"""A formula once it is read (表达式树): frozen nodes, the same shapes as in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the formula, exact."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Text:
    """A text written in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """A question or a repeat, ``${name}`` (题目引用)."""

    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the choices sheet, by its bare name in a choice_filter (选项列)."""

    name: str


@dataclass(frozen=True, slots=True)
class Current:
    """The answer of the question itself, ``.`` (本题的值)."""


@dataclass(frozen=True, slots=True)
class Minus:
    """A sign before an operand."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of one strength of binding, worked from left to right: ``head`` and then (operator, operand)."""

    head: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: str
    args: tuple[Node, ...]


Node = Number | Text | Name | Column | Current | Minus | Chain | Call


def _walk(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Minus(operand):
            yield from _walk(operand)
        case Chain(head, rest):
            yield from _walk(head)
            for _, operand in rest:
                yield from _walk(operand)
        case Call(_, args):
            for each in args:
                yield from _walk(each)


def names(node: Node) -> tuple[str, ...]:
    """The questions and repeats that a formula reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(one.name for one in _walk(node) if isinstance(one, Name)))


def columns(node: Node) -> tuple[str, ...]:
    """The columns of the choices sheet that a choice_filter reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(one.name for one in _walk(node) if isinstance(one, Column)))


def functions(node: Node) -> tuple[str, ...]:
    """The functions that a formula calls, each once, in order of appearance."""
    return tuple(dict.fromkeys(one.function for one in _walk(node) if isinstance(one, Call)))


def reads_current(node: Node) -> bool:
    """Whether a formula reads the question's own answer, by ``.``, ``once()`` or a text function without an argument."""
    return any(isinstance(one, Current) or (isinstance(one, Call) and _is_own(one)) for one in _walk(node))


def _is_own(call: Call) -> bool:
    return call.function == "once" or (call.function in {"string-length", "normalize-space"} and not call.args)
