"""Questions that one form asks alone (自有观测项): an item that names none has one of its own, kept in the form itself.

Its code is ``own_<form>_<item>`` in small letters, its answer is what the type lets one answer, its text is the item's. Rule: ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from core.campaigns.terms import Question
from core.campaigns.xlsform.model import Field, Survey

PREFIX = "own_"
#: A scored field's type -> what it answers.
ANSWERS: Mapping[str, str] = MappingProxyType(
    {"select_one": "yes_no", "integer": "count", "range": "rating10", "n_of_m": "n_of_m"}
)


def own_code(form: str, item: str) -> str:
    """The code of the question that an item of a form asks alone."""
    return PREFIX + re.sub(r"[^a-z0-9]+", "_", f"{form}_{item}".lower()).strip("_")


def is_own(code: str) -> bool:
    """Whether a question belongs to one form alone; no word of the shared vocabulary begins so."""
    return code.startswith(PREFIX)


def own_question(field: Field, code: str) -> Question:
    """The question of a field that no vocabulary has a question for. Raises KeyError for a type that earns no points."""
    return Question(code, ANSWERS[field.type], field.label.said("zh"), field.label.said("en"))


def own_questions(survey: Survey) -> tuple[Question, ...]:
    """The questions that a survey's items ask alone, in their order."""
    items = [(field, field.scoring.question) for field in survey.items() if field.scoring is not None]
    return tuple(own_question(field, code) for field, code in items if is_own(code))
