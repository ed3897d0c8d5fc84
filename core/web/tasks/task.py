"""One task (任务): where it stands, by when, whose it is, its parts, its reports with photos, its history, and what can be done now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Forbidden, InvalidInput, NotFound, SanchengError
from core.figures.task_figures.pace import expected_progress, forecast_on, says_anything
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import say
from core.web.paging import bad_argument
from core.web.photos import posted
from core.web.places.site_words import campaign_titles, unit_options
from core.web.projects.beside import projects_of_task
from core.web.tasks import words
from core.web.tasks.typed import read_asked
from core.work.papers.notes import mark_seen
from core.work.roles import ANSWER, CHECK, DIRECT, SEE
from core.work.tables import Task
from core.work.tasks.acting import act, steps_for
from core.work.tasks.moves import BREAK_DOWN, GIVER, MOVES, TaskMove, fits
from core.work.tasks.reading import TaskSeen, people_at, read_task, units_under
from core.work.tasks.sight import get_task
from core.work.tasks.standing import may_break_down, standing_of
from core.work.tasks.states import OPEN_STATES
from core.work.tasks.wishes import LONGEST_REQUIREMENT, LONGEST_TITLE

blueprint = Blueprint("task", __name__, url_prefix="/t/<slug>/tasks")
blueprint.before_request(district.enter)

# What comes first on the page and stands open; all else is folded.
FIRST = ("issue", "accept", "report", "verify", "close", "grant", "reissue")


@blueprint.get("/<uuid:task_id>")
@require(SEE)
def show(task_id: UUID) -> tuple[str, int]:
    """The task; its notes are read with it."""
    page = _page(task_id)
    mark_seen(db(), actor(), "task", task_id, now())
    return page


@blueprint.post("/<uuid:task_id>/steps")
@require_any(ANSWER, DIRECT, CHECK, SEE)
def take(task_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a step of the table of moves."""
    verb = request.form.get("verb", "")
    if verb not in MOVES:
        raise bad_argument("verb", verb)
    task, move = get_task(db(), actor(), task_id, today()), MOVES[verb]
    asked, faults = read_asked(request.form, move, task)
    if "photos" in move.fields:
        asked["photos"] = tuple(posted("photos", faults))
    try:
        if faults:
            raise InvalidInput(faults=faults)
        with db().begin_nested():
            act(db(), actor(), task_id, verb, version=version_said(), now=now(), **asked)
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _page(task_id, error, verb, asked.get("photos", ()))
    flash(gettext("已办理：%(step)s", step=gettext(move.title_zh)))
    return redirect(url_for("task.show", task_id=task_id), 303)


def version_said() -> int:
    """The version that the page was made of. Raises InvalidInput."""
    said = request.form.get("version", "")
    if not said.isdecimal() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def _page(
    task_id: UUID, error: SanchengError | None = None, verb: str = "", photos: tuple[str, ...] = ()
) -> tuple[str, int]:
    db().expire_all()
    day = today()
    seen = read_task(db(), actor(), task_id, day)
    task = seen.row.task
    moves = steps_for(db(), actor(), task, now())
    context: dict[str, Any] = {
        "seen": seen,
        "row": seen.row,
        "task": task,
        "left": words.left_of(task, day),
        "state": words.state_of(task),
        "pace": _pace(seen),
        "moves": sorted(moves, key=lambda move: move.verb not in FIRST),
        "open_verb": verb or next((move.verb for move in moves if move.verb in FIRST), ""),
        "history": [words.event_line(one, list(seen.photos.get(one.version, ()))) for one in seen.events],
        "photos_by_step": seen.photos,
        "versions": {one.detail.get("sequence"): one.version for one in seen.events if one.detail.get("sequence")},
        "campaigns": campaign_titles(db()),
        "projects_here": projects_of_task(task_id),
        "may_break_down": fits(MOVES[BREAK_DOWN], task) and may_break_down(db(), actor(), task, day),
        "may_add_part": actor().has(DIRECT) and task.state in OPEN_STATES,
        "errors": words.fault_words(error) if error else {},
        "refusal": say(error) if error and not error.faults else "",
        "verb": verb,
        "said": request.form,
        "sent_photos": photos,
        "longest": {"title": LONGEST_TITLE, "requirement": LONGEST_REQUIREMENT, "note": 2000},
        "words": words,
        "today": day,
    }
    context |= _choices(moves, task)
    return render_template("tasks/one.html", **context), error.status if error else 200


def _choices(moves: list[TaskMove], task: Task) -> dict[str, Any]:
    """The people and units to choose from, where a step asks for them."""
    wanted, day = {name for move in moves for name in move.fields}, today()
    people = people_at(db(), task.unit_id, day) if wanted & {"person", "changes"} else []
    units: list[tuple[str, str]] = []
    if "unit" in wanted:
        units = unit_options(db(), actor(), day, DIRECT) if actor().has(DIRECT) else _below_parent(task)
    return {"people": [(str(one), name) for one, name in people], "units": units}


def _below_parent(task: Task) -> list[tuple[str, str]]:
    standing = standing_of(db(), actor(), task, today())
    if GIVER not in standing.parties or task.parent_id is None:
        return []
    parent = get_task(db(), actor(), task.parent_id, today())
    return [(str(one), name) for one, name in units_under(db(), parent.unit_id, today())]


def _pace(seen: TaskSeen) -> dict[str, Any]:
    """How far it should be today, and when it would be done at its pace."""
    task, day = seen.row.task, today()
    if task.state not in OPEN_STATES:
        return {}
    told = says_anything(task.starts_on, task.due_on, day, reported=task.reported_at is not None or not task.leaf)
    on = forecast_on(task.starts_on, day, task.progress) if told else None
    return {
        "expected": expected_progress(task.starts_on, task.due_on, day),
        "forecast": on,
        "late": on is not None and on > task.due_on,
    }
