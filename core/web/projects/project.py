"""One project on the pages (项目详情): stages, bill, counters, money, photos, history; the steps that are this reader's to take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Fault, InvalidInput, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import say
from core.web.paging import bad_argument, read_id
from core.web.photos import posted
from core.web.projects import project_words as words
from core.web.projects.fields import REFUSED, fault_list, fault_map, version_of
from core.web.words import by_locale
from core.work.loop.states import STATES as FINDING_STATES
from core.work.papers.notes import mark_seen
from core.work.projects import finishing, stages
from core.work.projects.opened import Opened, open_project
from core.work.projects.site_files import offered
from core.work.projects.stages import current_of, is_late, may_pass
from core.work.projects.states import (
    ACCEPT,
    CLOSE,
    FAIL,
    FINISH,
    KIND,
    MOVES,
    PASS,
    PHOTOS,
    REFUSE,
    REOPEN,
    RESUME,
    SITE_FILE,
    START,
    STATES,
    STOP,
    VERBS,
)
from core.work.roles import ANSWER, CHECK, DIRECT, SEE
from core.work.tables import ProjectEvent
from core.work.tasks.photo_kinds import AFTER, BEFORE, PROOF, SIGNATURE
from core.work.tasks.work_photos import MOST_PHOTOS, of_kind, pairs
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("project", __name__, url_prefix="/t/<slug>/projects")
blueprint.before_request(district.enter)

Step = Callable[[UUID, dict[str, Any]], object]


def _with_reason(step: Callable[..., object]) -> Step:
    return lambda key, given: step(db(), actor(), key, reason=request.form.get("reason", ""), **given)


def _with_note(step: Callable[..., object]) -> Step:
    return lambda key, given: step(db(), actor(), key, note=request.form.get("note", ""), **given)


def _pass(key: UUID, given: dict[str, Any]) -> object:
    said = {"confirmed": bool(request.form.get("confirmed")), "note": request.form.get("note", "")}
    return stages.pass_stage(db(), actor(), key, _stage_id(), photos=_photos(), **said, **given)


def _fail(key: UUID, given: dict[str, Any]) -> object:
    return stages.fail_stage(db(), actor(), key, _stage_id(), reason=request.form.get("reason", ""), **given)


def _reopen(key: UUID, given: dict[str, Any]) -> object:
    return stages.reopen_stage(db(), actor(), key, _stage_id(), reason=request.form.get("reason", ""), **given)


def _finish(key: UUID, given: dict[str, Any]) -> object:
    said = {"carry": request.form.get("carry", ""), "note": request.form.get("note", "")}
    return finishing.finish(db(), actor(), key, **said, **given)


def _accept(key: UUID, given: dict[str, Any]) -> object:
    return finishing.accept(db(), actor(), key, note=request.form.get("note", ""), photos=_photos(), **given)


def _add_photos(key: UUID, given: dict[str, Any]) -> object:
    kind, caption = request.form.get("kind", ""), request.form.get("caption", "")
    return finishing.add_photos(db(), actor(), key, _photos(), kind, caption=caption, **given)


STEPS: Mapping[str, Step] = {
    START: lambda key, given: finishing.start(db(), actor(), key, **given),
    STOP: _with_reason(finishing.stop),
    RESUME: _with_reason(finishing.resume),
    PASS: _pass,
    FAIL: _fail,
    REOPEN: _reopen,
    PHOTOS: _add_photos,
    FINISH: _finish,
    ACCEPT: _accept,
    REFUSE: _with_reason(finishing.refuse),
    CLOSE: _with_note(finishing.close),
}


def _stage_id() -> UUID:
    return read_id(request.form.get("stage", ""), "stage")


def _photos() -> list[str]:
    """The photos of the form. Raises InvalidInput for what could not be kept."""
    faults: list[Fault] = []
    found = posted("photos", faults)
    if faults:
        raise InvalidInput(faults=faults)
    return found


@blueprint.get("/<uuid:project_id>")
@require(SEE)
def show(project_id: UUID) -> str:
    """One project; its notes to the reader are read."""
    page = _page(project_id)
    mark_seen(db(), actor(), KIND, project_id, now())
    return page


@blueprint.post("/<uuid:project_id>/act")
@require_any(ANSWER, DIRECT, CHECK)
def act(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a step; what is refused comes back with what was typed."""
    verb = request.form.get("verb", "")
    if verb not in STEPS:
        raise bad_argument("verb", verb)
    try:
        STEPS[verb](project_id, {"version": version_of(), "now": now()})
    except REFUSED as error:
        return _page(project_id, error, verb), error.status
    flash(_success(project_id, verb))
    return redirect(url_for("project.show", project_id=project_id), 303)


def _success(project_id: UUID, verb: str) -> str | dict[str, str]:
    """What happened; a finish of what carries out a task offers to tell the task, and does nothing to it by itself."""
    said = gettext("已办理：%(step)s", step=words.say(verb, VERBS))
    found = open_project(db(), actor(), project_id, now=now()) if verb == FINISH else None
    if found is None or found.names.task is None:
        return said
    href = url_for("project.show", project_id=project_id) + "#task"
    return {"text": said, "next": gettext("到任务里报进展"), "href": href}


@blueprint.get("/<uuid:project_id>/print")
@require(SEE)
def show_paper(project_id: UUID) -> str:
    """The project as a paper on A4, with a place for the signatures; of a site's file its problem list first."""
    return render_template("projects/print.html", **_parts(open_project(db(), actor(), project_id, now=now())))


def _page(project_id: UUID, error: SanchengError | None = None, verb: str = "") -> str:
    found = open_project(db(), actor(), project_id, now=now())
    picked = request.form.getlist("photos") if error else []
    return render_template(
        "projects/one.html",
        **_parts(found),
        verb=verb,
        stage_said=request.form.get("stage", "") if error else "",
        said=request.form if error else {},
        sent=picked,
        faults=fault_map(error),
        all_faults=fault_list(error),
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST_NOTE,
        most_photos=MOST_PHOTOS,
    )


def _parts(found: Opened) -> dict[str, Any]:
    project, standing = found.project, found.standing
    allowed = {verb for verb, (states, _after) in MOVES.items() if project.state in states}
    current = current_of(found.stages)
    return {
        "found": found,
        "project": project,
        "standing": standing,
        "allowed": allowed,
        "current": current,
        "may_pass": current is not None and PASS in allowed and may_pass(current, standing),
        "late_stages": {one.id for one in found.stages if is_late(one, today())},
        "pairs": pairs(found.photos),
        "proofs": of_kind(found.photos, PROOF),
        "signatures": of_kind(found.photos, SIGNATURE),
        "photo_kinds": [(BEFORE, gettext("实施前")), (AFTER, gettext("实施后")), (PROOF, gettext("佐证"))],
        "history": [_line(one, found) for one in found.events],
        "offered": offered(db(), actor(), project, today()) if project.kind == SITE_FILE else [],
        "finding_states": FINDING_STATES,
        "state_tone": STATES[project.state][1],
        "task_href": url_for("task.show", task_id=project.task_id) if found.names.task else "",
        "by_locale": by_locale,
        "words": words,
        "today": today(),
        "moment": now(),
    }


def _line(event: ProjectEvent, found: Opened) -> dict[str, Any]:
    return {
        "at": event.at,
        "what": words.say(event.verb, VERBS),
        "who": event.person_name,
        "text": gettext("；").join(words.tell_event(event)),
        "photos": [one.file_id for one in found.photos if one.step == event.version],
        "tone": STATES[event.to_state][1],
    }
