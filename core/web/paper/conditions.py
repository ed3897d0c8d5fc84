"""When a question is asked, in words (填写条件), for paper: simple formulas as people say them, the others as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from flask_babel import gettext

from core.campaigns.xlsform.expressions import BadFormula, parse
from core.campaigns.xlsform.model import Choice, Field, Group, Repeat, Survey
from core.campaigns.xlsform.nodes import Call, Chain, Current, Minus, Name, Node, Number, Text
from core.errors import N_
from core.web.forms.entries_view import say
from core.work.forms.entries_columns import choices_of

SIGNS: Mapping[str, str] = {"=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "+": "+", "-": "-", "*": "×"}
JOINS: Mapping[str, str] = {"and": N_("%(one)s，并且%(other)s"), "or": N_("%(one)s，或者%(other)s")}
LONGEST = 160  # characters of a formula that is printed as it is written (ours)
_ITEM_WORDS = {"yes": N_("是"), "no": N_("否"), "na": N_("不适用")}


class _NotSimple(Exception):
    """A formula that is not said in words."""


class Speaker:
    """Says the conditions of one survey (条件用语); ``numbers`` are the numbers of items on the sheet, by question."""

    def __init__(self, survey: Survey, numbers: Mapping[str, int]) -> None:
        self.parts = {placed.part.name: placed.part for placed in survey.walk()}
        self.survey = survey
        self.numbers = numbers

    def say(self, formula: str) -> str:
        """The condition in words; a formula that is not simple with its questions named, or nothing when it is not readable."""
        if not formula:
            return ""
        try:
            return self._truth(parse(formula, "relevant"))
        except (_NotSimple, BadFormula):
            return formula[:LONGEST]

    def _truth(self, node: Node) -> str:
        match node:
            case Chain(head, rest) if rest[0][0] in JOINS:
                said = self._truth(head)
                for word, operand in rest:
                    said = gettext(JOINS[word], one=said, other=self._truth(operand))
                return said
            case Chain(head, ((sign, other),)) if sign in SIGNS and sign not in "+-*":
                return self._compared(head, sign, other)
            case Call("selected", (Name(name), Text(value))):
                return gettext("%(what)s选了“%(choice)s”", what=self._name(name), choice=self._choice(name, value))
            case Call("not", (inner,)):
                return gettext("不是“%(what)s”", what=self._truth(inner))
            case _:
                raise _NotSimple

    def _compared(self, head: Node, sign: str, other: Node) -> str:
        if isinstance(head, Name) and isinstance(other, Text):
            if not other.value:
                what = self._name(head.name)
                return gettext("没有填%(what)s", what=what) if sign == "=" else gettext("填了%(what)s", what=what)
            choice = self._choice(head.name, other.value)
            return f"{self._name(head.name)} {SIGNS[sign]} {choice}"
        return f"{self._value(head)} {SIGNS[sign]} {self._value(other)}"

    def _value(self, node: Node) -> str:
        match node:
            case Number(value):
                return _plain(value)
            case Text(value):
                return f"“{value}”"
            case Name(name):
                return self._name(name)
            case Minus(operand):
                return f"-{self._value(operand)}"
            case Chain(head, rest) if all(sign in "+-*" for sign, _ in rest):
                return " ".join([self._value(head), *(f"{SIGNS[sign]} {self._value(one)}" for sign, one in rest)])
            case Current():
                return gettext("本题")
            case _:
                raise _NotSimple

    def _name(self, name: str) -> str:
        part = self.parts.get(name)
        if isinstance(part, Field) and part.scoring is not None and part.scoring.question in self.numbers:
            return gettext("第 %(n)s 题", n=self.numbers[part.scoring.question])
        if isinstance(part, Field | Group | Repeat):
            return say(part.label) or name
        raise _NotSimple

    def _choice(self, name: str, value: str) -> str:
        part = self.parts.get(name)
        if not isinstance(part, Field):
            raise _NotSimple
        if part.scoring is not None and value in _ITEM_WORDS:
            return gettext(_ITEM_WORDS[value])
        found: tuple[Choice, ...] = tuple(one for one in choices_of(self.survey, part) if one.name == value)
        return (say(found[0].label) if found else "") or value


def _plain(value: Fraction) -> str:
    whole = value.numerator if value.denominator == 1 else None
    return str(whole) if whole is not None else f"{float(value):.9f}".rstrip("0")
