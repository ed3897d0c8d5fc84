"""The records of a form as tables (填写记录导出): the union of all versions' columns, and each record laid into them.

A column is named by its key - an item's code, a question's name - so saying a label otherwise moves nothing; its label is the
newest version's. What one question may become, as ODK does it: a ``select_multiple`` one text and a column 0 or 1 for each of
its choices, a place four numbers, "conform of checked" two, a repeat a table of its own whose rows name their record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.campaigns import Answer, Form, Vocabulary
from core.campaigns.xlsform.filling import plain
from core.campaigns.xlsform.keys import keys
from core.campaigns.xlsform.model import Choice, Field, Placed, Repeat, Scoring, Survey, Text
from core.campaigns.xlsform.scored import survey_of
from core.errors import N_

POINT = ("latitude", "longitude", "altitude", "accuracy")  # degrees, degrees, metres, metres
POINT_WORDS = (N_("纬度"), N_("经度"), N_("海拔"), N_("精度"))
OTHER = "other"
RECORDS = ""  # the key of the table that has a row for each record
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
NO_TEXT = Text()
OTHER_CHOICE = Choice(OTHER, Text("其他", "Other"))
DIGITS = 15  # that a spreadsheet's number keeps exactly


@dataclass(frozen=True, slots=True)
class Column:
    """One column (导出列): ``key`` is its name for ever, ``label`` what the newest version calls its question.

    ``part``: which part of the answer it is, a choice's name or one of latitude, n ...; ``part_label`` says it in words.
    ``choices`` are those of all versions, each as the newest says it; ``versions`` the hashes of those that ask it.
    """

    key: str
    label: Text
    type: str
    part: str = ""
    part_label: Text = NO_TEXT
    choices: tuple[Choice, ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table (导出表): the records themselves, or the rows of a repeat; ``parent`` is the key of the table above."""

    key: str
    label: Text
    parent: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: ``id`` and ``parent_id`` tie the rows of repeats to theirs, cells by column key."""

    table: str
    id: str
    parent_id: str
    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One part of one version (题目), ready to be read: its key, its path, and the choices that it offers."""

    part: Field | Repeat
    key: str
    path: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of a form over all its versions (导出版式), the records' first; lays each record into them.

    ``asked``: by version, what stands directly in each repeat, by its path; under "" what stands in none.
    """

    tables: tuple[Table, ...]
    asked: Mapping[str, Mapping[str, tuple[Asked, ...]]]

    def rows(
        self, record_id: str, sha256: str, answers: Mapping[str, Answer], entries: Mapping[str, Any]
    ) -> Iterator[Row]:
        """The row of one record and those of its repeats, by the version that it was answered with; none of an unknown one."""
        if sha256 in self.asked:
            yield from _Laying(self.asked[sha256], answers).rows("", entries, Row(RECORDS, record_id, "", 1, {}))


@dataclass(slots=True)
class _Made:
    """A table while versions are joined."""

    label: Text
    parent: str
    columns: dict[str, Column] = field(default_factory=dict)


def layout_of(forms: Sequence[Form], words: Vocabulary) -> Layout:
    """The tables that hold all records of some versions of a form, the newest version first."""
    surveys = {form.sha256: _survey(form, words) for form in forms}
    made: dict[str, _Made] = {RECORDS: _Made(NO_TEXT, "")}
    for sha256, survey in surveys.items():
        _join(made, survey, sha256)
    tables = (Table(key, one.label, one.parent, tuple(one.columns.values())) for key, one in made.items())
    return Layout(tuple(tables), {sha256: _asked(survey) for sha256, survey in surveys.items()})


def _survey(form: Form, words: Vocabulary) -> Survey:
    """What a form asks; an item whose question is no longer in the catalogue is a text, for nobody knows how it was answered."""
    own = {one.code for one in form.questions}
    lost = [one for one in form.items if one.question not in words.questions and one.question not in own]
    if form.survey is not None or not lost:
        return survey_of(form, words)
    rest = survey_of(replace(form, items=tuple(one for one in form.items if one not in lost)), words)
    texts = (
        Field(one.code, "text", Text(one.text_zh, one.text_en), scoring=Scoring(one.question, one.mode, one.points))
        for one in lost
    )
    return replace(rest, children=(*rest.children, *texts))


def _asked(survey: Survey) -> Mapping[str, tuple[Asked, ...]]:
    found = keys(survey)
    made: dict[str, tuple[Asked, ...]] = {}
    for placed in survey.walk():
        part = placed.part
        if isinstance(part, Repeat) or (isinstance(part, Field) and part.type != "note"):
            choices = choices_of(survey, part) if isinstance(part, Field) else ()
            inside = placed.repeats[-1] if placed.repeats else ""
            made[inside] = (*made.get(inside, ()), Asked(part, found[placed.path], placed.path, choices))
    return made


def _join(made: dict[str, _Made], survey: Survey, sha256: str) -> None:
    """Take an older version in: a column that it alone has stands after the one that stood before it there."""
    found = keys(survey)
    last: dict[str, str] = {}
    for placed in survey.walk():
        table = found[placed.repeats[-1]] if placed.repeats else RECORDS
        if isinstance(placed.part, Repeat):
            made.setdefault(found[placed.path], _Made(placed.part.label, table))
        for column in _columns(placed, found[placed.path], survey):
            _put(made[table], replace(column, versions=(sha256,)), last.get(table))
            last[table] = column.key


def _put(table: _Made, column: Column, after: str | None) -> None:
    known = table.columns.get(column.key)
    if known is not None:
        names = {one.name for one in known.choices}
        more = tuple(one for one in column.choices if one.name not in names)
        table.columns[column.key] = replace(
            known, choices=known.choices + more, versions=known.versions + column.versions
        )
        return
    order = [*table.columns.values()]
    at = next((n for n, one in enumerate(order, 1) if one.key == after), 0)
    table.columns = {one.key: one for one in [*order[:at], column, *order[at:]]}


def _columns(placed: Placed, key: str, survey: Survey) -> Iterator[Column]:
    """The columns that one part of a survey brings."""
    part = placed.part
    if isinstance(part, Repeat):
        yield Column(key, part.label, "repeat")
    if not isinstance(part, Field) or part.type == "note":
        return
    key = part.name if part.scoring is not None else key
    choices = choices_of(survey, part)
    if part.type == "n_of_m":
        words = {"n": Text("合格数", "conforming"), "m": Text("检查数", "checked")}
        yield from (Column(f"{key}_{name}", part.label, "integer", name, said) for name, said in words.items())
    elif part.type == "geopoint":
        for name in POINT:
            yield Column(f"{key}/{name}", part.label, "decimal", name)
    else:
        yield Column(key, part.label, part.type, choices=choices)
    if part.type == "select_multiple":
        for one in choices:
            yield Column(f"{key}/{one.name}", part.label, "flag", one.name, one.label)
    if part.or_other:
        yield Column(f"{key}_{OTHER}", part.label, "text", OTHER)


@dataclass(frozen=True, slots=True)
class _Laying:
    """One record on its way into the tables."""

    asked: Mapping[str, tuple[Asked, ...]]
    answers: Mapping[str, Answer]

    def rows(self, inside: str, data: Mapping[str, Any], head: Row) -> Iterator[Row]:
        """The row that ``head`` begins, and what repeats inside of it."""
        cells: dict[str, Any] = {}
        below: list[tuple[Asked, list[Mapping[str, Any]]]] = []
        for one in self.asked.get(inside, ()):
            if isinstance(one.part, Repeat):
                under = data.get(one.key) or []
                below.append((one, under))
                cells[one.key] = len(under)
            elif one.part.scoring is not None:
                cells |= _item(one.part, self.answers)
            else:
                cells.update(_said(one, one.part, data))
        yield replace(head, cells=cells)
        for one, under in below:
            for number, row in enumerate(under, 1):
                start = Row(one.key, f"{head.id}/{one.key}[{number}]", head.id, number, {})
                yield from self.rows(one.path, row, start)


def _item(part: Field, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """What a scored item was answered: yes, no or na; numbers, empty where it did not apply."""
    answer = answers.get(part.name)
    if answer is None:
        return {}
    if part.type == "n_of_m":
        return {f"{part.name}_n": answer.n, f"{part.name}_m": answer.m}
    if part.type in ("integer", "range"):
        return {part.name: answer.count if answer.count is not None else answer.rating}
    if answer.na:
        return {part.name: "na"}
    if answer.yes is not None:
        return {part.name: "yes" if answer.yes else "no"}
    return {
        part.name: f"{answer.n}/{answer.m}"
        if answer.m is not None
        else answer.count
        if answer.count is not None
        else answer.rating
    }


def _said(one: Asked, part: Field, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The cells of one question beside the items."""
    value, key = data.get(one.key), one.key
    if value is None:
        return
    if part.type == "geopoint":
        yield from zip((f"{key}/{name}" for name in POINT), map(Decimal, str(value).split()), strict=False)
        return
    yield key, typed(part.type, value)
    if part.type == "select_multiple":
        chosen = set(value)
        yield from ((f"{key}/{choice.name}", int(choice.name in chosen)) for choice in one.choices)
    if part.or_other and data.get(f"{key}_{OTHER}"):
        yield f"{key}_{OTHER}", data[f"{key}_{OTHER}"]


def choices_of(survey: Survey, part: Field) -> tuple[Choice, ...]:
    """The choices of a select, "other" among them where it may be chosen (选项)."""
    found = survey.choices(part.choices) if part.choices else ()
    return (*found, OTHER_CHOICE) if part.or_other else found


def typed(kind: str, value: Any) -> Any:
    """A kept answer as a cell's value: whole numbers, exact decimals and days as such, all else as text.

    A calculation is a number when it reads as one that a spreadsheet keeps exactly.
    """
    if isinstance(value, int):
        return value
    said = plain(value)
    if kind == "date":
        return date.fromisoformat(said)
    if kind == "calculate" and said == "NaN":  # one of its numbers was left open
        return None
    is_number = kind in ("decimal", "range") or (kind == "calculate" and len(said) <= DIGITS)
    return Decimal(said) if is_number and _NUMBER.fullmatch(said) else said
