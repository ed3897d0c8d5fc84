"""One step for many tasks (任务批量办理): choose the step and the tasks, see which may take it and why others may not, confirm."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Fault, InvalidInput, SanchengError
from core.request import actor, db, now, require, today
from core.web import district
from core.web.duties.person_choice import person_options
from core.web.errors import say
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import unit_options
from core.web.tasks import words
from core.web.tasks.tasks import read_filter
from core.web.tasks.typed import day_in, id_in
from core.work.roles import DIRECT
from core.work.tasks.bulk import (
    MOST,
    BulkAsked,
    BulkStep,
    Preview,
    Refusal,
    act_on_all,
    choose,
    count_chosen,
    preview,
    step_named,
    steps_of,
)
from core.work.tasks.listing import TaskFilter, list_tasks
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("task_bulk", __name__, url_prefix="/t/<slug>/tasks/bulk")
blueprint.before_request(district.enter)

LISTED = 100  # rows that can be ticked one by one; all that the filter finds can be taken at once
SHOWN = 200
# What a step starts with where the list is not filtered by state itself.
STATES = {"issue": ("draft",), "verify": ("done",), "close": ("verified",)}


@blueprint.get("")
@require(DIRECT)
def ask() -> tuple[str, int]:
    """Choose the step, what it is given, and the tasks: everything that the list's filter shows, or some of it."""
    return _ask(_step())


def _step() -> BulkStep:
    return step_named(actor(), request.values.get("step", "")[:40] or "issue")


def _wanted(step: BulkStep) -> TaskFilter:
    """The list's own filter; of a step that only one state can take, the tasks in that state."""
    found = read_filter()
    if step.code in STATES and not found.states:
        return TaskFilter(**{**_fields(found), "states": STATES[step.code], "tab": "all"})
    return found


def _fields(of: TaskFilter) -> dict[str, Any]:
    return {name: getattr(of, name) for name in TaskFilter.__dataclass_fields__}


def _ask(step: BulkStep, error: SanchengError | None = None) -> tuple[str, int]:
    wanted, day = _wanted(step), today()
    said = request.form
    page = render_template(
        "tasks/bulk.html",
        step=step,
        steps=[(one.code, gettext(one.title)) for one in steps_of(actor())],
        rows=list_tasks(db(), actor(), wanted, day=day, size=LISTED)[:LISTED],
        count=count_chosen(db(), actor(), wanted, day=day),
        ticked=set(said.getlist("id")),
        said=said,
        units=unit_options(db(), actor(), today(), DIRECT) if "unit" in step.fields else [],
        people=person_options(db(), actor(), today()) if "person" in step.fields else [],
        errors=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest_note=LONGEST_NOTE,
        query=_query(),
        words=words,
        today=today(),
    )
    return page, error.status if error else 200


def _query() -> dict[str, Any]:
    """The list's filter as it goes on in the addresses of the next pages."""
    return {name: values for name, values in request.args.lists() if name not in ("step", "cursor", "slug")}


@blueprint.post("/preview")
@require(DIRECT)
def show_preview() -> tuple[str, int]:
    """Before anything is done: which of the chosen tasks would take the step, and why the others would not."""
    step = _step()
    try:
        asked = _asked(step)
        tasks = choose(db(), actor(), _chosen(step), day=today())
        return _preview(step, preview(db(), actor(), step, tasks, asked, now=now()), asked), 200
    except SanchengError as error:
        return _ask(step, error)


def _chosen(step: BulkStep) -> Collection[UUID] | TaskFilter:
    if request.form.get("scope", "all") == "all":
        return _wanted(step)
    return [read_id(said) for said in request.form.getlist("id")[:MOST]]


def _asked(step: BulkStep) -> BulkAsked:
    """What is given to all. Raises InvalidInput for what cannot be read."""
    faults: list[Fault] = []
    form, fields = request.form, step.fields
    asked = BulkAsked(
        note=form.get("note", ""),
        due_on=day_in(form, "due_on", faults) if "due_on" in fields else None,
        unit_id=id_in(form, "unit_id", faults) if "unit" in fields else None,
        person_id=id_in(form, "person_id", faults) if "person" in fields else None,
    )
    if faults:
        raise InvalidInput(faults=faults)
    return asked


def _preview(step: BulkStep, found: Preview, asked: BulkAsked) -> str:
    return render_template(
        "tasks/bulk_preview.html",
        step=step,
        title=gettext(step.title),
        able=found.able[:SHOWN],
        refused=[(row, _why(why)) for row, why in found.refused[:SHOWN]],
        counts=(len(found.able), len(found.refused)),
        versions=",".join(f"{row.task.id}.{row.task.version}" for row in found.able),
        given=_given(step, asked),
        query=_query(),
        back=url_for("task_bulk.ask", step=step.code, **_query()),
        words=words,
        today=today(),
    )


def _given(step: BulkStep, asked: BulkAsked) -> dict[str, str]:
    """What was given, carried on to the confirmation."""
    values = {"due_on": asked.due_on, "unit_id": asked.unit_id, "person_id": asked.person_id, "note": asked.note}
    return {"step": step.code} | {name: str(value) for name, value in values.items() if value}


def _why(why: Refusal) -> str:
    """A refusal in the reader's language; states and steps among its parameters are texts themselves."""
    texts = {name: gettext(value) if name in ("state", "verb", "who") else value for name, value in why.params.items()}
    return gettext(why.message).format(**texts) if texts else gettext(why.message)


@blueprint.post("/act")
@require(DIRECT)
def act() -> tuple[str, int] | AnyResponse:
    """Do it. The answer is no redirect, for it names each; sent again, each is refused by its version."""
    step = _step()
    try:
        with db().begin_nested():
            done = act_on_all(db(), actor(), step, _versions(), _asked(step), now=now())
    except InvalidInput as error:
        return _ask(step, error)
    page = render_template(
        "tasks/bulk_done.html",
        title=gettext(step.title),
        able=done.able[:SHOWN],
        refused=[(row, _why(why)) for row, why in done.refused[:SHOWN]],
        counts=(len(done.able), len(done.refused)),
        back=url_for("tasks.show_list", **_query()),
        words=words,
        today=today(),
    )
    return page, 200


def _versions() -> Mapping[UUID, int]:
    """The tasks to act on, each with the version that the preview showed."""
    found: dict[UUID, int] = {}
    for said in request.form.get("versions", "").split(",")[: MOST + 1]:
        key, _, version = said.partition(".")
        if said and not (version.isascii() and version.isdigit() and len(version) < 10):
            raise bad_argument("versions", said)
        if said:
            found[read_id(key)] = int(version)
    return found
