"""A visit's forms on its page (打开时的检查表): named by hash in the form and the address; answers without a question are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext

from core.campaigns import Campaign, parse_answer
from core.errors import InvalidInput
from core.request import house
from core.web.inspection.visit_reading import say_answer
from core.web.words import by_locale, counted
from core.work.inspection.visit_input import VisitBody
from core.work.inspection.visit_plan import VisitPlan

MOST_FORMS = 100  # that one visit answers (ours)
KEPT = "kept."
LONGEST = 400  # characters of a kept line


def read_forms(said: str) -> tuple[str, ...]:
    """The hashes of the forms that a visit was opened with, joined by commas."""
    return tuple(one[:64] for one in said.split(",")[:MOST_FORMS] if one)


def forms_in(plan: VisitPlan) -> str:
    """The hashes of a plan's forms, as the page carries them."""
    return ",".join(planned.form.sha256 for planned in plan.forms)


def kept_lines(plan: VisitPlan, body: VisitBody, campaigns: list[Campaign]) -> Mapping[str, str]:
    """What was answered and has no place on the form any more, in words, by question; nothing that was typed disappears."""
    words = house().registry.vocabulary
    for campaign in campaigns:
        own = (one for form in campaign.edition.all_forms for one in form.questions)
        words = words.with_own(questions=(*campaign.questions, *own))
    found = {key.removeprefix(KEPT): text[:LONGEST] for key, text in request.form.items() if key.startswith(KEPT)}
    for code, raw in body.answers.items():
        question = words.questions.get(code)
        if code in plan.questions or question is None:
            continue
        try:
            said = [say_answer(parse_answer(question, raw))]
        except InvalidInput:
            said = [_plain(raw)]
        said += [body.notes[code]] if code in body.notes else []
        said += [counted("照片 %(n)s 张", n=len(body.photos[code]))] if code in body.photos else []
        text = by_locale(question.text_zh, question.text_en)
        found[code] = f"{text}{gettext('：')}{gettext('；').join(said)}"[:LONGEST]
    return found


def _plain(raw: Mapping[str, Any]) -> str:
    return " / ".join(map(str, raw.values()))
