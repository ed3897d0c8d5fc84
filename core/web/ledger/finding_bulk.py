"""One step for many findings (批量办理): choose, see which may take it and why others may not, confirm, see what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, InvalidInput
from core.request import actor, db, now, require_any
from core.web.errors import fault_map
from core.web.ledger import finding_words as words
from core.web.ledger.finding_forms import forms_of, read_choices
from core.web.ledger.finding_query import read_asked
from core.web.ledger.finding_typed import TEXTS, Typed, asked_of
from core.web.ledger.step_words import CONSEQUENCES
from core.web.paging import bad_argument, read_id
from core.work.desk.bulk_steps import MOST, Candidate, act_on_all, preview, step_of
from core.work.desk.finding_filters import Filter
from core.work.loop.parties import Transition
from core.work.loop.step_input import MOST_DAYS
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("finding_bulk", __name__, url_prefix="/t/<slug>/findings/bulk")
blueprint.before_request(asked.enter)


@blueprint.post("")
@require_any(ANSWER, CHECK, DIRECT, LEAD)
def show_preview() -> str:
    """Before anything is done: which of the chosen findings may take the step, and why the others may not."""
    step = step_of(actor(), request.form.get("verb", "")[:40])
    return _preview(step, preview(db(), actor(), step, _chosen(), now=now()), Typed(verb=step.verb, precedent=True))


@blueprint.post("/act")
@require_any(ANSWER, CHECK, DIRECT, LEAD)
def act() -> str | tuple[str, int] | AnyResponse:
    """Do it. The answer is no redirect, for it names each; sent again, each is refused by its version."""
    step = step_of(actor(), request.form.get("verb", "")[:40])
    typed, versions = _read_typed(step), _versions()
    try:
        done = act_on_all(db(), actor(), step, versions, now=now(), **_given(typed))
    except InvalidInput as error:
        again = preview(db(), actor(), step, list(versions), now=now())
        return _preview(step, again, typed, fault_map(error)), error.status
    return render_template(
        "findings/bulk_done.html",
        step=step,
        done=[one for one in done if one.refusal is None],
        refused=[(one, words.say_refusal(one.refusal)) for one in done if one.refusal],
        words=words,
    )


def _given(typed: Typed) -> dict[str, Any]:
    """What was typed as the keywords of a step. Raises InvalidInput for what cannot be read."""
    faults: list[Fault] = []
    given = asked_of(typed, None, faults)
    if faults:
        raise InvalidInput(faults=faults)
    return given


def _preview(
    step: Transition, found: Sequence[Candidate], typed: Typed, faults: Mapping[str, str] | None = None
) -> str:
    form = forms_of([step])[0]
    return render_template(
        "findings/bulk.html",
        step=step,
        form=form,
        able=[one.row for one in found if one.refusal is None],
        refused=[(one.row, words.say_refusal(one.refusal)) for one in found if one.refusal],
        choices=read_choices(form, None),
        consequences=CONSEQUENCES,
        typed=typed,
        faults=faults or {},
        found=None,
        most_days=MOST_DAYS,
        longest_note=LONGEST_NOTE,
        words=words,
    )


def _chosen() -> list[UUID] | Filter:
    """The rows that were ticked, or everything that the list's filter shows."""
    if request.form.get("scope") == "all":
        return read_asked(request.form.get("query", "")).filter
    chosen = [read_id(said) for said in request.form.getlist("id")]
    if len(chosen) > MOST:
        raise Conflict
    return chosen


def _versions() -> dict[UUID, int]:
    """The findings to act on, each with the version that the preview showed."""
    found: dict[UUID, int] = {}
    for said in request.form.getlist("one"):
        key, _, version = said.partition(".")
        if not (version.isascii() and version.isdigit() and len(version) < 10):
            raise bad_argument("one", said)
        found[read_id(key)] = int(version)
    return found


def _read_typed(step: Transition) -> Typed:
    said = request.form
    texts = {name: said.get(name, "") if name == "note" else said.get(name, "").strip()[:100] for name in TEXTS}
    return Typed(verb=step.verb, texts=texts, precedent=bool(said.get("precedent")))
