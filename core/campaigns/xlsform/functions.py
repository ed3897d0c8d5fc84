"""What the functions of a formula do (函数), once their arguments are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from core.campaigns.xlsform import days
from core.campaigns.xlsform.context import Context
from core.campaigns.xlsform.patterns import compile_pattern
from core.campaigns.xlsform.values import (
    NOT_A_NUMBER,
    NotANumber,
    Number,
    Value,
    bounded,
    nodes_of,
    number,
    text,
    trim,
    truth,
    words,
)

Args = Sequence[Value]
Function = Callable[[Context, Args], Value]

MAX_POWER = 1024
MAX_PLACES = 30
MAX_RANDOM = 200
NANOS = 10**9
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _number(context: Context, args: Args, at: int = 0) -> Number:
    return number(args[at], context.offset)


def _whole(context: Context, args: Args, at: int) -> int | None:
    """An argument as a whole number, its fraction cut off; None when it is no number."""
    found = _number(context, args, at)
    return None if isinstance(found, NotANumber) else int(found)


def _texts(args: Args) -> list[str]:
    return [text(arg) for arg in args]


def _all_texts(args: Args) -> list[str]:
    return [text(node) for arg in args for node in nodes_of(arg)]


def _all_numbers(context: Context, args: Args) -> list[Fraction]:
    """The numbers of all nodes; what is no number, such as a row that is not filled in, is left out as Collect does."""
    found = (number(node, context.offset) for arg in args for node in nodes_of(arg))
    return [one for one in found if not isinstance(one, NotANumber)]


def _count(count: int) -> Fraction:
    return Fraction(count)


def _coalesce(_: Context, args: Args) -> Value:
    return next((one for one in _texts(args) if one != ""), "")


def _selected(_: Context, args: Args) -> Value:
    return trim(text(args[1])) in words(text(args[0]))


def _selected_at(context: Context, args: Args) -> Value:
    chosen, at = words(text(args[0])), _whole(context, args, 1)
    return chosen[at] if at is not None and 0 <= at < len(chosen) else ""


def _regex(_: Context, args: Args) -> Value:
    return compile_pattern(text(args[1])).matches(text(args[0]))


def _substr(context: Context, args: Args) -> Value:
    """From ``start`` (from 0) to before ``end``; negative places count from the end."""
    whole = text(args[0])
    start = _whole(context, args, 1)
    end = _whole(context, args, 2) if len(args) > 2 else len(whole)
    if start is None or end is None:
        return ""
    start, end = (max(at + len(whole), 0) if at < 0 else at for at in (start, end))
    return whole[start:end]


def _before(_: Context, args: Args) -> Value:
    whole, mark = _texts(args)
    at = whole.find(mark)
    return whole[:at] if at > 0 else ""


def _after(_: Context, args: Args) -> Value:
    whole, mark = _texts(args)
    at = whole.find(mark)
    return whole[at + len(mark) :] if at >= 0 else ""


def _translate(_: Context, args: Args) -> Value:
    whole, old, new = _texts(args)
    table: dict[int, str | None] = {}
    for at, letter in enumerate(old):
        table.setdefault(ord(letter), new[at] if at < len(new) else None)
    return whole.translate(table)


def _space(context: Context, args: Args) -> Value:
    return " ".join(words(text(args[0] if args else context.own)))


def _round(context: Context, args: Args) -> Value:
    """To the nearest, a half always upwards, as XPath does: round(-2.5) is -2."""
    amount = _number(context, args)
    places = _number(context, args, 1) if len(args) > 1 else Fraction(0)
    if isinstance(amount, NotANumber) or isinstance(places, NotANumber):
        return NOT_A_NUMBER
    if places.denominator != 1 or abs(places) > MAX_PLACES:
        return NOT_A_NUMBER
    scale = Fraction(10) ** int(places)
    return bounded(Fraction((amount * scale + Fraction(1, 2)).__floor__()) / scale)


def _pow(context: Context, args: Args) -> Value:
    base, power = _number(context, args), _number(context, args, 1)
    if isinstance(base, NotANumber) or isinstance(power, NotANumber) or power.denominator != 1:
        return NOT_A_NUMBER
    if base == 0 and power < 0:
        return NOT_A_NUMBER
    exponent = int(power)
    if abs(exponent) > MAX_POWER:
        if abs(base) not in {0, 1}:
            return NOT_A_NUMBER
        exponent = 2 - exponent % 2
    return bounded(Fraction(base**exponent))


def _least(context: Context, args: Args) -> Value:
    return min(_all_numbers(context, args), default=NOT_A_NUMBER)


def _most(context: Context, args: Args) -> Value:
    return max(_all_numbers(context, args), default=NOT_A_NUMBER)


def _sum(context: Context, args: Args) -> Value:
    total = Fraction(0)
    for one in _all_numbers(context, args):
        reached = bounded(total + one)
        if isinstance(reached, NotANumber):
            return NOT_A_NUMBER
        total = reached
    return total


def _date(context: Context, args: Args) -> Value:
    found = _number(context, args)
    return "" if isinstance(found, NotANumber) else days.spell_day(found.__floor__())


def _date_time(context: Context, args: Args) -> Value:
    found = _number(context, args)
    return "" if isinstance(found, NotANumber) else days.spell_days(found, context.offset)


def _decimal_time(context: Context, args: Args) -> Value:
    found = days.part_of_day(trim(text(args[0])), context.offset)
    return NOT_A_NUMBER if found is None else found


def _format(context: Context, args: Args) -> Value:
    found = _number(context, args)
    return "" if isinstance(found, NotANumber) else days.format_days(found, text(args[1]), context.language)


def _uuid(context: Context, args: Args) -> Value:
    """A version 4 UUID, or as many random letters and figures as wanted."""
    if args:
        size = _whole(context, args, 0)
        wanted = size if size is not None and 0 < size <= MAX_RANDOM else 0
        return "".join(_LETTERS[context.chance(36)] for _ in range(wanted))
    drawn = [context.chance(16) for _ in range(31)]
    drawn[12:12] = [4]
    drawn[16] = 8 + drawn[16] % 4
    spelled = "".join(_LETTERS[one] for one in drawn)
    return "-".join((spelled[:8], spelled[8:12], spelled[12:16], spelled[16:20], spelled[20:]))


def _of_number(rule: Callable[[Fraction], Fraction | int]) -> Function:
    def function(context: Context, args: Args) -> Value:
        found = _number(context, args)
        return NOT_A_NUMBER if isinstance(found, NotANumber) else Fraction(rule(found))

    return function


FUNCTIONS: dict[str, Function] = {
    "coalesce": _coalesce,
    "selected": _selected,
    "selected-at": _selected_at,
    "count-selected": lambda _, args: _count(len(words(text(args[0])))),
    "regex": _regex,
    "string-length": lambda context, args: _count(len(text(args[0] if args else context.own))),
    "contains": lambda _, args: text(args[1]) in text(args[0]),
    "starts-with": lambda _, args: text(args[0]).startswith(text(args[1])),
    "ends-with": lambda _, args: text(args[0]).endswith(text(args[1])),
    "substr": _substr,
    "substring-before": _before,
    "substring-after": _after,
    "translate": _translate,
    "concat": lambda _, args: "".join(_all_texts(args)),
    "join": lambda _, args: text(args[0]).join(_all_texts(args[1:])),
    "normalize-space": _space,
    "string": lambda _, args: text(args[0]),
    "number": _number,
    "int": _of_number(int),
    "round": _round,
    "floor": _of_number(lambda found: found.__floor__()),
    "ceiling": _of_number(lambda found: found.__ceil__()),
    "abs": _of_number(abs),
    "pow": _pow,
    "min": _least,
    "max": _most,
    "sum": _sum,
    "count": lambda _, args: _count(len(nodes_of(args[0]))),
    "count-non-empty": lambda _, args: _count(len([one for one in _all_texts(args) if one != ""])),
    "position": lambda context, _: _count(context.row),
    "index": lambda context, _: _count(context.row),
    "today": lambda context, _: days.spell_moment(context.now)[:10],
    "now": lambda context, _: days.spell_moment(context.now),
    "date": _date,
    "date-time": _date_time,
    "decimal-date-time": _number,
    "decimal-time": _decimal_time,
    "format-date": _format,
    "format-date-time": _format,
    "true": lambda _, __: True,
    "false": lambda _, __: False,
    "not": lambda _, args: not truth(args[0]),
    "boolean": lambda _, args: truth(args[0]),
    "boolean-from-string": lambda _, args: text(args[0]) in {"true", "1"},
    "uuid": _uuid,
    "random": lambda context, _: Fraction(context.chance(NANOS), NANOS),
}
"""The functions whose arguments are computed first; if, once, indexed-repeat and jr:choice-name read theirs themselves."""
