"""The formulas of a form (表达式): relevant, constraint, calculation, required, choice_filter and default.

Read here and in the browser (``core/web/static/js/formula.js``) by the same grammar and computed to the same result, as
tests/campaigns/xlsform/vectors.json proves in both. Exact fractions, never binary floats; docs/formulas.md says it all.
"""

from __future__ import annotations

from fractions import Fraction

from core.campaigns.xlsform.context import Context, Raw, Record, look_up, look_up_row
from core.campaigns.xlsform.faults import REASONS, BadFormula
from core.campaigns.xlsform.functions import FUNCTIONS
from core.campaigns.xlsform.grammar import parse
from core.campaigns.xlsform.nodes import (
    Call,
    Chain,
    Column,
    Current,
    Minus,
    Name,
    Node,
    Number,
    Text,
    columns,
    functions,
    names,
    reads_current,
)
from core.campaigns.xlsform.values import NOT_A_NUMBER, Nodeset, NotANumber, Value, bounded, nodes_of, number, truth
from core.campaigns.xlsform.values import text as to_text

__all__ = [
    "NOT_A_NUMBER",
    "REASONS",
    "BadFormula",
    "Context",
    "Node",
    "Nodeset",
    "Raw",
    "Record",
    "Value",
    "columns",
    "evaluate",
    "functions",
    "holds",
    "names",
    "parse",
    "reads_current",
    "to_text",
]


def holds(node: Node, context: Context) -> bool:
    """Whether a condition holds: its value taken as true or false."""
    return truth(evaluate(node, context))


def evaluate(node: Node, context: Context) -> Value:  # noqa: C901, PLR0911 - one frame a level keeps deep formulas off the stack's end
    """The value of a formula. It never fails: what cannot be computed is NOT_A_NUMBER or an empty text."""
    match node:
        case Number(amount):
            return amount
        case Text(said):
            return said
        case Name(name):
            return look_up(context, name)
        case Column(name):
            return context.columns.get(name, "")
        case Current():
            return context.own
        case Minus(operand):
            found = number(evaluate(operand, context), context.offset)
            return NOT_A_NUMBER if isinstance(found, NotANumber) else -found
        case Call(function, args):
            return _call(function, args, context)
        case Chain(head, rest):
            value = evaluate(head, context)
            for operator, operand in rest:
                if operator in {"and", "or"} and truth(value) == (operator == "or"):
                    return operator == "or"
                value = _combine(operator, value, evaluate(operand, context), context.offset)
            return value


def _call(function: str, args: tuple[Node, ...], context: Context) -> Value:
    match function, args:
        case "if", (condition, then, otherwise):
            return evaluate(then if truth(evaluate(condition, context)) else otherwise, context)
        case "once", (what,):
            return context.own if to_text(context.own) else evaluate(what, context)
        case "jr:choice-name", (what, Name(question)):
            return context.choices.get(question, {}).get(to_text(evaluate(what, context)), "")
        case "indexed-repeat", (Name(name), *rest):
            return _indexed(name, rest, context)
    return FUNCTIONS[function](context, [evaluate(arg, context) for arg in args])


def _indexed(name: str, rest: list[Node], context: Context) -> Value:
    wanted = {}
    for repeat, row in zip(rest[::2], rest[1::2], strict=True):
        found = number(evaluate(row, context), context.offset)
        if not isinstance(repeat, Name) or isinstance(found, NotANumber) or found.denominator != 1:
            return ""
        wanted[repeat.name] = int(found)
    return look_up_row(context, name, wanted)


def _combine(operator: str, left: Value, right: Value, offset: int) -> Value:
    if operator in {"and", "or"}:
        return truth(right)
    if operator in {"=", "!="}:
        return _equal(operator == "=", left, right, offset)
    if operator in {"<", "<=", ">", ">="}:
        return any(_ordered(operator, one, two, offset) for one in nodes_of(left) for two in nodes_of(right))
    first, second = number(left, offset), number(right, offset)
    if isinstance(first, NotANumber) or isinstance(second, NotANumber):
        return NOT_A_NUMBER
    return _reckon(operator, first, second)


def _equal(wanted: bool, left: Value, right: Value, offset: int) -> bool:
    """Nodes are equal to a value when one of them is; with true or false they are taken as a whole."""
    if isinstance(left, bool) or isinstance(right, bool):
        return (truth(left) == truth(right)) == wanted
    return any(_same(one, two, offset) == wanted for one in nodes_of(left) for two in nodes_of(right))


def _same(left: Value, right: Value, offset: int) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return truth(left) == truth(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    first, second = number(left, offset), number(right, offset)
    return not isinstance(first, NotANumber) and first == second


def _ordered(operator: str, left: Value, right: Value, offset: int) -> bool:
    first, second = number(left, offset), number(right, offset)
    if isinstance(first, NotANumber) or isinstance(second, NotANumber):
        return False
    return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[operator]


def _reckon(operator: str, left: Fraction, right: Fraction) -> Value:
    match operator:
        case "+":
            return bounded(left + right)
        case "-":
            return bounded(left - right)
        case "*":
            return bounded(left * right)
    if right == 0:
        return NOT_A_NUMBER
    return bounded(left / right if operator == "div" else left - right * int(left / right))
