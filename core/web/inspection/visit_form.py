"""The form of a visit (检查表单): what was typed, how each question looks, and which answers open a finding.

Fields: ``a.<question>.<yes|rating|count|n|m|na>``, ``note.<question>``, ``severity.<question>``, ``photo.<question>`` (hashes of photos sent before)
with ``photo.<question>_file`` (the files themselves, without script), ``deal.<question>`` (what is done about it: ``open``,
``another``, ``fixed`` or the id of an open finding), ``after.<question>`` as the photos, ``note``, and hidden ``visit_id``,
``started_at``, ``forms`` (hashes of the forms shown) and ``entries.<hash>`` (what was said beside the items, see visit_survey).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from core.campaigns import Answer, parse_answer
from core.errors import Fault, InvalidInput, SanchengError
from core.web.errors import say_fault
from core.web.inspection.opened_forms import read_forms
from core.web.inspection.visit_survey import Amiss, amiss, read_entries
from core.web.paging import bad_argument, read_id
from core.web.photos import posted
from core.web.words import by_locale
from core.work.inspection.visit_input import VisitBody
from core.work.inspection.visit_limits import Limits, fails_at, kinds_of, limits_of
from core.work.inspection.visit_plan import Hint, PlannedQuestion, VisitPlan

ANSWER, NOTE, PHOTO, FILE, SEVERITY = "a.", "note.", "photo.", "_file", "severity."
DEAL, AFTER = "deal.", "after."
OPEN, ANOTHER, FIXED = (
    "open",
    "another",
    "fixed",
)  # hand it out; hand out one more beside the open one; put right already
NOT_APPLICABLE = "na"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form carries (已填内容), from a first opening or from a submission."""

    visit_id: UUID
    started_at: datetime
    campaigns: tuple[str, ...] = ()
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, Sequence[str]] = field(default_factory=dict)
    note: str = ""
    severities: Mapping[str, str] = field(default_factory=dict)
    deals: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, Sequence[str]] = field(default_factory=dict)
    forms: tuple[str, ...] = ()
    entries: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fixed(self) -> Mapping[str, Sequence[str]]:
        """The photos after, of what was put right on the spot."""
        return {code: self.after.get(code, ()) for code, said in self.deals.items() if said == FIXED}

    @property
    def again(self) -> Mapping[str, str]:
        """The open findings that are still there."""
        return {code: said for code, said in self.deals.items() if said not in ("", OPEN, ANOTHER, FIXED)}

    def body(self, site_id: UUID) -> VisitBody:
        """The same as the work room takes it."""
        said = (self.photos, self.notes, self.started_at, self.note, None, self.severities, self.fixed, self.again)
        return VisitBody(site_id, self.answers, *said, self.forms, entries=self.entries)


@dataclass(frozen=True, slots=True)
class Line:
    """One question as the page shows it (题目), with what was typed and what is wrong with it."""

    planned: PlannedQuestion
    number: int
    text: str
    hints: tuple[str, ...]
    answer: Mapping[str, Any]
    note: str
    severity: str
    photos: Sequence[str]
    error: str
    failed: bool
    kinds: Mapping[Any, str]
    limits: Limits
    deal: str = ""
    after: Sequence[str] = ()

    @property
    def code(self) -> str:
        """The question's code."""
        return self.planned.code

    @property
    def kind(self) -> str:
        """yes_no, count, rating10 or n_of_m."""
        return self.planned.question.answer_type

    @property
    def answered(self) -> bool:
        """Whether anything is answered."""
        return bool(self.answer)

    @property
    def is_open(self) -> bool:
        """Whether note and photos are shown at once."""
        return bool(self.failed or self.note or self.photos)


@dataclass(frozen=True, slots=True)
class Spot:
    """The questions that are answered standing in one place (检查分组)."""

    title: str
    lines: tuple[Line, ...]


def read_typed() -> tuple[Typed, list[Fault]]:
    """What the form carries, its files kept already, and what is wrong with those files. Raises InvalidInput."""
    form, faults = request.form, list[Fault]()
    photos, after = _photos(PHOTO, faults), _photos(AFTER, faults)
    typed = Typed(
        visit_id=read_id(form.get("visit_id", ""), "visit_id"),
        started_at=_moment(form.get("started_at", "")),
        campaigns=tuple(form.getlist("campaign")),
        answers=_answers(form),
        notes={key.removeprefix(NOTE): text for key, text in form.items() if key.startswith(NOTE) and text.strip()},
        photos=photos,
        note=form.get("note", ""),
        severities={key.removeprefix(SEVERITY): said for key, said in form.items() if key.startswith(SEVERITY)},
        deals={key.removeprefix(DEAL): said for key, said in form.items() if key.startswith(DEAL)},
        after=after,
        forms=read_forms(form.get("forms", "")),
        entries=read_entries(form),
    )
    return typed, faults


def _photos(prefix: str, faults: list[Fault]) -> dict[str, list[str]]:
    """The photos beside each question under a prefix, sent before or carried by the form."""
    named = {key.removeprefix(prefix) for key in request.form if key.startswith(prefix)}
    named |= {key.removeprefix(prefix).removesuffix(FILE) for key in request.files if key.startswith(prefix)}
    found = {code: posted(f"{prefix}{code}", faults) for code in sorted(named)}
    return {code: refs for code, refs in found.items() if refs}


def _answers(form: MultiDict[str, str]) -> dict[str, dict[str, Any]]:
    """Raw answers by question; an empty field is no answer."""
    found: dict[str, dict[str, Any]] = {}
    for key, said in form.items():
        code, _, part = key.removeprefix(ANSWER).rpartition(".")
        if not key.startswith(ANSWER) or not code:
            continue
        if NOT_APPLICABLE in (part, said):  # a ticked box, or the third of yes, no and na
            found.setdefault(code, {})[NOT_APPLICABLE] = True
        elif said.strip():
            found.setdefault(code, {})[part] = said.strip()
    return found


def _moment(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise bad_argument("started_at", said) from None
    if found.tzinfo is None:
        raise bad_argument("started_at", said)
    return found


def lay_out(plan: VisitPlan, typed: Typed, attrs: Mapping[str, Any], wrong: Mapping[str, str]) -> list[Spot]:
    """The questions in the order of a walk, numbered through; ``wrong`` says what is wrong by question."""
    numbers = {code: number for number, code in enumerate(plan.questions, 1)}
    return [
        Spot(
            by_locale(group.title_zh, group.title_en),
            tuple(_line(one, numbers[one.code], typed, attrs, wrong) for one in group.questions),
        )
        for group in plan.groups
    ]


def _line(one: PlannedQuestion, number: int, typed: Typed, attrs: Mapping[str, Any], wrong: Mapping[str, str]) -> Line:
    raw = typed.answers.get(one.code, {})
    fails = fails_at(one, attrs)
    return Line(
        planned=one,
        number=number,
        text=by_locale(one.question.text_zh, one.question.text_en),
        hints=tuple(say_hint(hint) for hint in one.hints),
        answer=raw,
        note=typed.notes.get(one.code, ""),
        severity=typed.severities.get(one.code, ""),
        photos=typed.photos.get(one.code, ()),
        error=wrong.get(one.code, ""),
        failed=_failed(one, raw, fails),
        kinds=kinds_of(one.question.answer_type, fails),
        limits=limits_of(one.question.answer_type, fails),
        deal=typed.deals.get(one.code, ""),
        after=typed.after.get(one.code, ()),
    )


def say_hint(hint: Hint) -> str:
    """What passes, in the reader's language."""
    said = gettext(hint.text)
    return said.format(**hint.params) if hint.params else said


def _failed(one: PlannedQuestion, raw: Mapping[str, Any], fails: Callable[[Answer], bool]) -> bool:
    try:
        return bool(raw) and fails(parse_answer(one.question, raw))
    except InvalidInput:  # shown as an error beside the question
        return False


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a form (错误汇总): by question, at large, the questions without an answer, and in the entries."""

    beside: Mapping[str, str]
    at_large: tuple[str, ...]
    missing: tuple[str, ...]
    entries: tuple[Amiss, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.beside or self.at_large or self.entries)

    @property
    def count(self) -> int:
        """How many places are wrong."""
        return len(self.beside) + len(self.at_large) + len(self.entries)


# What stands before the question in the field of a fault, by the work room's names and the form's own.
_BESIDE = re.compile(r"^(photos|notes|severities|fixed|again|photo|after)\.")


def sort_out(error: SanchengError | None, faults: Sequence[Fault], plan: VisitPlan) -> Wrong:
    """Put each fault beside its question; one without a question goes to the top."""
    beside: dict[str, list[str]] = {}
    missing: list[str] = []
    large: list[str] = []
    entries: list[Amiss] = []
    for fault in [*faults, *(error.faults if error else ())]:
        if (found := amiss(fault)) is not None:
            entries.append(found)
            continue
        code = _BESIDE.sub("", fault.field).split(".")[0]
        said = say_fault(replace(fault, field="", where=""))
        if code not in plan.questions:
            large += [said] if said not in large else []
        elif said not in beside.setdefault(code, []):
            beside[code].append(said)
            missing += [code] if fault.field == code and not fault.value else []
    return Wrong(
        {code: gettext("；").join(said) for code, said in beside.items()}, tuple(large), tuple(missing), tuple(entries)
    )
