"""Correcting a visit on the pages (更正检查): the filled form again, with the reason; the old version stays readable."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.campaigns import Answer, to_raw
from core.errors import Conflict, Fault, InvalidInput, SanchengError
from core.request import actor, db, house, now, require_any, today
from core.web.errors import fault_map, say
from core.web.forms.pictured import picture_addresses
from core.web.inspection.visit_doors import OPEN, Doors
from core.web.inspection.visit_form import Typed, lay_out, read_typed, sort_out
from core.web.inspection.visit_survey import ask_more
from core.web.intake.report_words import severity_options
from core.web.places.site_words import unit_path
from core.work.forms.fielding import fielded
from core.work.inspection import visits
from core.work.inspection.visit_corrections import Correcting, correct, may_correct
from core.work.roles import DIRECT, VISIT
from tenants.db import new_id

blueprint = Blueprint("correcting", __name__, url_prefix="/t/<slug>/visits/<uuid:visit_id>/correct")
blueprint.before_request(asked.enter)


@blueprint.get("")
@require_any(VISIT, DIRECT)
def ask(visit_id: UUID) -> tuple[str, int] | AnyResponse:
    """The form as it was answered; a visit that was corrected already leads to its own page, which says so."""
    return ask_for(visit_id, OPEN)


@blueprint.post("")
@require_any(VISIT, DIRECT)
def submit(visit_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take the corrected version in; the same form sent twice leads to the same result."""
    return take_in(visit_id, OPEN)


def ask_for(visit_id: UUID, doors: Doors) -> tuple[str, int] | AnyResponse:
    """The form behind its doors."""
    try:
        old = _find(visit_id)
    except Conflict as error:
        flash(say(error), "warning")
        return redirect(doors.visit(visit_id), 303)
    return _form(old, _as_answered(old), "", doors)


def take_in(visit_id: UUID, doors: Doors) -> AnyResponse | tuple[str, int]:
    """What was sent to it."""
    typed, faults = read_typed()
    reason = request.form.get("reason", "")
    try:
        done = _submit(visit_id, typed, reason, faults)
    except InvalidInput as error:
        return _form(_find(visit_id), typed, reason, doors, error)
    except Conflict as error:
        flash(say(error), "error")
        newer = error.params.get("newer", visit_id)
        return redirect(doors.visit(newer), 303)
    if done.replayed:
        flash(gettext("这次更正已经提交过，没有重复记录"), "info")
    else:
        flash(gettext("已更正；得分和问题按新的版本，原来的版本保留"))
    return redirect(doors.visit(done.visit.id), 303)


def _find(visit_id: UUID) -> Correcting:
    return may_correct(db(), actor(), visit_id, campaigns=fielded(db(), house().registry), now=now())


def _submit(visit_id: UUID, typed: Typed, reason: str, faults: list[Fault]) -> visits.Submitted:
    if faults:
        raise InvalidInput(faults=faults)
    return correct(
        db(),
        actor(),
        visit_id,
        campaigns=fielded(db(), house().registry),
        new_visit_id=typed.visit_id,
        answers=typed.answers,
        photos=typed.photos,
        notes=typed.notes,
        severities=typed.severities,
        entries=typed.entries,
        note=typed.note,
        reason=reason,
        now=now(),
    )


def _as_answered(old: Correcting) -> Typed:
    """What the form carries at first: the version that is to be corrected, under a new id."""
    answers = {code: _raw(answer) for code, answer in old.version.answers.items()}
    photos = {code: [str(one) for one in ids] for code, ids in old.version.photos.items()}
    started = old.visit.started_at or old.visit.submitted_at
    said = (answers, old.version.notes, photos, old.version.note, old.version.severities)
    return Typed(new_id(), started, (), *said, entries=old.entries)


def _raw(answer: Answer) -> dict[str, Any]:
    """An answer as the form's fields carry it."""
    raw = to_raw(answer)
    return raw | {"yes": "yes" if raw["yes"] else "no"} if "yes" in raw else raw


def _form(
    old: Correcting, typed: Typed, reason: str, doors: Doors, error: SanchengError | None = None
) -> tuple[str, int]:
    wrong = sort_out(error, (), old.plan)
    spots = lay_out(old.plan, typed, old.attrs, wrong.beside)
    page = render_template(
        "visits/form.html",
        site=old.site,
        doors=doors,
        place=unit_path(db(), old.visit.unit_id, today()),
        plan=old.plan,
        typed=typed,
        spots=spots,
        lines=[line for spot in spots for line in spot.lines],
        wrong=wrong,
        refusal=say(error) if error and not error.faults else "",
        earlier=None,
        forms=[],
        severities=severity_options(),
        correcting=old.visit,
        pictures=picture_addresses(planned.form for planned in old.plan.forms),
        more=ask_more(old.plan, typed.entries, wrong.entries, doors.small("SHA256"), is_correction=True),
        reason=reason,
        reason_error=fault_map(error).get("reason", "") if error else "",
    )
    return page, error.status if error else 200
