"""What a form asks beside its items, as it is printed (纸面另填): after the item that it stands behind, or at the top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from flask_babel import get_locale, gettext

from core.campaigns.xlsform.laying import is_seen, laid_out
from core.campaigns.xlsform.model import Field, Group, Include, Part, Placed, Repeat, Survey
from core.campaigns.xlsform.parameters import range_bounds
from core.errors import N_
from core.web.forms.entries_view import say, say_field
from core.web.paper.conditions import JOINS, Speaker
from core.web.words import begin_large, by_locale
from core.work.forms.entries_columns import choices_of
from core.work.inspection.visit_plan import PlannedForm, VisitPlan

ROWS = 5  # empty rows of a repeat on paper (ours)
TICKED = 12  # choices that a cell of a table has room for (ours)
BLANKS: Mapping[str, str] = {
    "date": N_("____年__月__日"),
    "time": N_("__时__分"),
    "dateTime": N_("____年__月__日 __时__分"),
    "image": N_("照片号 ______"),
    "geopoint": N_("纬度 __________ 经度 __________"),
}


@dataclass(frozen=True, slots=True)
class Further:
    """One part as it is printed (纸面另填项).

    ``kind``: heading, note, choices, number, words, blank (with ``blank`` to fill in) or table (with ``columns``); ``only`` says
    under which condition it is filled in; ``picture`` is an address; ``several`` that more than one choice may be ticked.
    """

    kind: str
    label: str
    hint: str = ""
    only: str = ""
    picture: str = ""
    choices: tuple[str, ...] = ()
    several: bool = False
    blank: str = ""
    is_needed: bool = False
    columns: tuple[Further, ...] = ()
    level: int = 0
    under: str = ""  # of a repeat in a repeat: the outer one, whose row each row names


def further_of(
    plan: VisitPlan, pictures: Mapping[str, str]
) -> tuple[list[tuple[str, list[Further]]], dict[str, list[Further]]]:
    """What the forms of a plan ask beside their items: at the top by form title, and after each question by its code."""
    numbers = {code: number for number, code in enumerate(plan.questions, 1)}
    top: list[tuple[str, list[Further]]] = []
    after: dict[str, list[Further]] = {}
    for planned in plan.forms:
        for place, parts in _printed(planned, numbers, pictures):
            if place in plan.questions:
                after.setdefault(place, []).extend(parts)
            else:
                top.append((begin_large(by_locale(planned.form.title_zh, planned.form.title_en)), parts))
    return top, after


def conditions_of(plan: VisitPlan) -> dict[str, str]:
    """Under which conditions a question is asked, in words, where each of its items has one; one of them is enough."""
    numbers = {code: number for number, code in enumerate(plan.questions, 1)}
    said: dict[str, list[str]] = {}
    for planned in plan.forms:
        for code, condition in _item_conditions(planned, numbers):
            said.setdefault(code, []).append(condition)
    each = {code: list(dict.fromkeys(found)) for code, found in said.items() if all(found)}
    either = JOINS["or"]
    return {
        code: reduce(lambda one, other: gettext(either, one=one, other=other), found) for code, found in each.items()
    }


def _item_conditions(planned: PlannedForm, numbers: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    survey = planned.form.survey
    if survey is None:
        yield from ((item.question, "") for item in planned.form.items)
        return
    speaker = Speaker(survey, numbers)
    for placed in survey.walk():
        if isinstance(placed.part, Field) and placed.part.scoring is not None:
            found = (speaker.say(one.relevant) for one in (*placed.above, placed.part) if one.relevant)
            yield placed.part.scoring.question, gettext("；").join(found)


def _printed(
    planned: PlannedForm, numbers: Mapping[str, int], pictures: Mapping[str, str]
) -> Iterator[tuple[str, list[Further]]]:
    survey = planned.form.survey
    if survey is None:
        return
    printer = _Printer(survey, Speaker(survey, numbers), pictures)
    for laid in laid_out(survey):
        parts = [one for placed in laid.parts for one in printer.top(placed)]
        if parts:
            yield laid.after, parts


@dataclass(frozen=True, slots=True)
class _Printer:
    """Prints the parts of one survey."""

    survey: Survey
    speaker: Speaker
    pictures: Mapping[str, str]

    def top(self, placed: Placed) -> Iterator[Further]:
        """A part with the conditions of the opened groups round it."""
        conditions = [one.relevant for one in placed.above if one.relevant]
        yield from self.printed(placed.part, conditions, 0)

    def printed(self, part: Part, above: list[str], level: int) -> Iterator[Further]:
        """A part and what stands in it; ``above``: conditions that are not said yet."""
        if isinstance(part, Include) or not is_seen(part):
            return
        only = self.only([*above, part.relevant])
        if isinstance(part, Group):
            yield Further("heading", say_field(part) if part.label else "", say(part.hint), only, level=level)
            for inner in part.children:
                yield from self.printed(inner, [], level + 1)
        elif isinstance(part, Repeat):
            yield from self.table(part, only, level)
        elif part.scoring is None and part.type != "calculate":
            yield self.field(part, only)

    def only(self, conditions: list[str]) -> str:
        """The conditions in words."""
        said = [self.speaker.say(one) for one in conditions if one]
        return gettext("；").join(one for one in said if one)

    def field(self, part: Field, only: str) -> Further:
        """One question."""
        kind, blank = _kind(part)
        choices = tuple(say(one.label) or one.name for one in choices_of(self.survey, part))
        if part.or_other:
            choices = (*choices[:-1], f"{choices[-1]} __________")
        return Further(
            kind,
            say_field(part),
            say(part.hint),
            only,
            self.pictures.get(part.image.said(str(get_locale() or "zh")), "") if part.image else "",
            choices,
            part.type == "select_multiple",
            blank,
            part.required in ("true()", "yes"),
        )

    def table(self, part: Repeat, only: str, level: int, under: str = "") -> Iterator[Further]:
        """A repeat as a table with empty rows; a repeat in it is a table of its own, whose rows say which row they are of."""
        fields = [one for one in _fields(part.children) if is_seen(one) and one.type not in ("note", "calculate")]
        columns = tuple(self.field(one, self.only([one.relevant])) for one in fields)
        yield Further("table", say_field(part), say(part.hint), only, columns=columns, level=level, under=under)
        for inner in _repeats(part.children):
            yield from self.table(inner, self.only([inner.relevant]), level + 1, say_field(part))


def _kind(part: Field) -> tuple[str, str]:
    """How an answer is written on paper, and what stands there to be filled in."""
    if part.type == "note":
        return "note", ""
    if part.choices:
        return "choices", ""
    if part.type == "range":
        low, high, _ = range_bounds(part.parameters)
        return "number", f"{low.normalize():f} … {high.normalize():f}"
    if part.type in ("integer", "decimal"):
        return "number", ""
    return ("blank", gettext(BLANKS[part.type])) if part.type in BLANKS else ("words", "")


def _fields(parts: tuple[Part, ...]) -> Iterator[Field]:
    for part in parts:
        if isinstance(part, Field):
            yield part
        elif isinstance(part, Group):
            yield from _fields(part.children)


def _repeats(parts: tuple[Part, ...]) -> Iterator[Repeat]:
    for part in parts:
        if isinstance(part, Repeat):
            yield part
        elif isinstance(part, Group):
            yield from _repeats(part.children)
