"""What was said beside the items, in words (填写内容): by the form version it was answered with, in the reader's language.

Groups are headings, repeats small tables, choices their labels, pictures pictures, places coordinates; what was worked out or
told by the device is marked, and what was left open is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import get_locale, gettext

from core.campaigns import Form
from core.campaigns.xlsform.filling import plain
from core.campaigns.xlsform.keys import keys
from core.campaigns.xlsform.laying import opened_blocks
from core.campaigns.xlsform.model import META, Field, Group, Include, Part, Repeat, Survey, Text
from core.errors import N_
from core.web.words import listed
from core.work.forms.entries_columns import OTHER, choices_of

WORKED_OUT, BY_DEVICE = "worked_out", "by_device"
MARKS: Mapping[str, str] = {WORKED_OUT: N_("计算"), BY_DEVICE: N_("自动记录")}
META_WORDS: Mapping[str, str] = {
    "today": N_("填写日期"),
    "start": N_("开始"),
    "end": N_("结束"),
    "deviceid": N_("设备"),
    "username": N_("填写人"),
}
NO_NUMBER = "NaN"  # what a calculation gives that lacks a number
_REFERENCE = re.compile(r"\$\{\s*([^}]*?)\s*\}")


@dataclass(frozen=True, slots=True)
class Value:
    """One answer in words (填写值): a text, or a picture's file, or a place as latitude and longitude in degrees."""

    text: str = ""
    photo: UUID | None = None
    point: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A group's heading (分组), one level deeper for each group round it."""

    text: str
    level: int
    kind: str = "heading"


@dataclass(frozen=True, slots=True)
class Line:
    """One answered question (填写项); ``mark`` says when nobody typed it; ``place`` is where it stands, ``stalls[2].name``."""

    text: str
    value: Value
    mark: str
    place: str
    kind: str = "line"

    @property
    def mark_word(self) -> str:
        """The mark in the reader's language."""
        return gettext(MARKS[self.mark]) if self.mark else ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a repeat (重复组): the questions that any row answered, and each row's number and values."""

    text: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Value | None]]]
    kind: str = "rows"


Node = Heading | Line | Rows


def say(text: Text, row: Mapping[str, Any] | None = None, whole: Mapping[str, Any] | None = None) -> str:
    """A text of a form in the reader's language, the answers that it quotes filled in; what has none is an ellipsis."""
    said = text.said(str(get_locale() or "zh")) if text else ""
    known = {**(whole or {}), **(row or {})}
    return _REFERENCE.sub(lambda found: plain(known[found[1]]) if given(known.get(found[1])) else "…", said)


def given(raw: Any) -> bool:
    """Whether anything was answered: 0 is an answer."""
    return raw is not None and raw not in ("", [])


def say_field(part: Field | Group | Repeat, row: Mapping[str, Any] | None = None, whole: Any = None) -> str:
    """What a question is called: its label, else what the device tells, else its name."""
    if isinstance(part, Field) and not part.label and part.type in META_WORDS:
        return gettext(META_WORDS[part.type])
    return say(part.label, row, whole) or part.name


def say_value(survey: Survey, part: Field, raw: Any, other: Any = None) -> Value:
    """A kept answer in words."""
    if part.type == "image":
        return Value(gettext("照片"), photo=_file_id(raw))
    if part.type == "geopoint":
        latitude, longitude, *_ = [*str(raw).split(), "", ""]
        return Value(f"{latitude}, {longitude}", point=(latitude, longitude) if longitude else None)
    if part.choices:
        labels = {one.name: say(one.label) or one.name for one in choices_of(survey, part)}
        chosen = raw if isinstance(raw, list) else [raw]
        words = [
            f"{labels.get(one, one)}{gettext('：')}{other}" if one == OTHER and other else labels.get(one, str(one))
            for one in chosen
        ]
        return Value(listed(words))
    said = plain(raw)
    return Value(said.replace("T", " ") if part.type in ("dateTime", "start", "end") else said)


def _file_id(raw: Any) -> UUID | None:
    try:
        return UUID(str(raw))
    except ValueError:
        return None


def mark_of(part: Field) -> str:
    """Who gave an answer when no person typed it: a formula or the device; '' for a person."""
    if part.type == "calculate" or (part.calculation and part.read_only):
        return WORKED_OUT
    return BY_DEVICE if part.type in META or part.type == "hidden" else ""


def view_entries(form: Form, data: Mapping[str, Any]) -> list[Node]:
    """The entries of one visit to one form, in the order asked."""
    if form.survey is None:
        return []
    found = keys(form.survey)
    return list(_Reader(form.survey, found, data).nodes(opened_blocks(form.survey), data, "", 0))


def first_said(form: Form | None, data: Mapping[str, Any], most: int) -> list[tuple[str, str]]:
    """The first entries of a record that a person gave, for a line of a list: question and answer."""
    nodes = view_entries(form, data) if form is not None and data else []
    lines = [one for one in nodes if isinstance(one, Line) and not one.mark]
    return [(one.text, one.value.text) for one in lines[:most]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """One form's entries as they are read."""

    survey: Survey
    keys: Mapping[str, str]
    whole: Mapping[str, Any]

    def nodes(self, parts: Sequence[Part], row: Mapping[str, Any], path: str, level: int) -> Iterator[Node]:
        """What stands in a group, its headings only above something."""
        for part in parts:
            if isinstance(part, Include):
                continue
            here = f"{path}/{part.name}".lstrip("/")
            key = self.keys[here]
            if isinstance(part, Group):
                inner = list(self.nodes(part.children, row, here, level + bool(part.label)))
                yield from [Heading(say_field(part, row, self.whole), level), *inner] if inner and part.label else inner
            elif isinstance(part, Repeat):
                numbered = [(str(number), one) for number, one in enumerate(row.get(key) or [], 1)]
                yield from self.tables(part, numbered, here)
            elif part.scoring is None and part.type != "note":
                value = self.cell(part, key, row)
                yield from [Line(say_field(part, row, self.whole), value, mark_of(part), key)] if value else []

    def tables(self, part: Repeat, numbered: Sequence[tuple[str, Mapping[str, Any]]], path: str) -> Iterator[Rows]:
        """A repeat as a table; one inside of it is a further table, whose rows are numbered 2.1, 2.2 after the row they are of."""
        fields = self.fields(part.children, path)
        used = [(one, at) for one, at in fields if any(given(row.get(at)) for _, row in numbered)]
        lines = [(number, [self.cell(one, at, row) for one, at in used]) for number, row in numbered]
        if lines:
            yield Rows(say_field(part), [say_field(one) for one, _ in used], lines)
        for inner, at in self.repeats(part.children, path):
            under = [
                (f"{number}.{n}", row)
                for number, outer in numbered
                for n, row in enumerate(outer.get(self.keys[at]) or [], 1)
            ]
            yield from self.tables(inner, under, at)

    def cell(self, part: Field, key: str, row: Mapping[str, Any]) -> Value | None:
        """One question in one row."""
        if not given(row.get(key)) or (part.type == "calculate" and row[key] == NO_NUMBER):
            return None
        return say_value(self.survey, part, row[key], row.get(f"{key}_{OTHER}"))

    def fields(self, parts: Sequence[Part], path: str) -> Iterator[tuple[Field, str]]:
        """The questions of a repeat with their keys, groups laid open."""
        for part in parts:
            if isinstance(part, Include | Repeat):
                continue
            here = f"{path}/{part.name}"
            if isinstance(part, Group):
                yield from self.fields(part.children, here)
            elif part.scoring is None and part.type != "note":
                yield part, self.keys[here]

    def repeats(self, parts: Sequence[Part], path: str) -> Iterator[tuple[Repeat, str]]:
        """The repeats directly inside of a repeat, with their paths."""
        for part in parts:
            if isinstance(part, Repeat):
                yield part, f"{path}/{part.name}"
            elif isinstance(part, Group):
                yield from self.repeats(part.children, f"{path}/{part.name}")
