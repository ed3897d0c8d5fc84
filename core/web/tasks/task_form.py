"""A new task (新建任务), and a task broken down to the units below (任务分解到下级)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Fault, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require_any, today
from core.web import district
from core.web.duties.person_choice import person_options
from core.web.errors import say
from core.web.places.site_words import campaign_titles, unit_options
from core.web.tasks import words
from core.web.tasks.task import version_said
from core.web.tasks.typed import day_in, id_in, number_of, read_wish
from core.web.words import counted
from core.work.roles import ANSWER, DIRECT, LEAD
from core.work.tables import Task
from core.work.tasks.breaking import break_down
from core.work.tasks.listing import plan_options
from core.work.tasks.making import TaskWish, create
from core.work.tasks.moves import BREAK_DOWN, MOVES, fits
from core.work.tasks.reading import units_under
from core.work.tasks.sight import get_task
from core.work.tasks.standing import may_break_down
from core.work.tasks.states import PERCENT, SOURCES
from core.work.tasks.wishes import LONGEST_CODE, LONGEST_REQUIREMENT, LONGEST_TITLE

blueprint = Blueprint("task_form", __name__, url_prefix="/t/<slug>/tasks")
blueprint.before_request(district.enter)

LONGEST = {"title": LONGEST_TITLE, "requirement": LONGEST_REQUIREMENT, "code": LONGEST_CODE}


@blueprint.get("/new")
@require_any(DIRECT, LEAD)
def ask_new() -> tuple[str, int]:
    """The empty form; the address may fill it (from a finding, a plan, a parent)."""
    return _new_page(MultiDict(request.args), None)


@blueprint.post("/new")
@require_any(DIRECT, LEAD)
def make() -> AnyResponse | tuple[str, int]:
    """Make the task, and issue it unless it is to stay a draft."""
    issue = request.form.get("issue", "1") == "1"
    try:
        faults: list[Fault] = []
        parent = id_in(request.form, "parent_id", faults)
        if faults:
            raise InvalidInput(faults=faults)
        with db().begin_nested():
            made = create(db(), actor(), read_wish(request.form, parent), now=now(), issue=issue)
    except SanchengError as error:
        db().expire_all()
        return _new_page(request.form, error)
    flash(gettext("已下达，单位的联络员会收到提醒") if issue else gettext("已存为草稿，下达后单位才看得到"))
    return redirect(url_for("task.show", task_id=made.id), 303)


def _new_page(said: MultiDict[str, str], error: SanchengError | None) -> tuple[str, int]:
    day = today()
    verb = DIRECT if actor().has(DIRECT) else LEAD
    plans = plan_options(db())
    above = _above(said)
    page = render_template(
        "tasks/new.html",
        said=said,
        above=above,
        units=unit_options(db(), actor(), day, verb),
        people=person_options(db(), actor(), day),
        campaigns=list(campaign_titles(db()).items()),
        sources=words.options(SOURCES) if verb == DIRECT else [("leader", words.say_source("leader"))],
        ways=words.way_options(),
        measures=words.measure_options(),
        plans=[
            (f"{plan}/{one}" if plan else str(one), f"\u3000{title}" if plan else title) for one, title, plan in plans
        ],
        errors=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST,
        words=words,
        today=day,
    )
    return page, error.status if error else 200


def _above(said: MultiDict[str, str]) -> Task | None:
    try:
        parent = id_in(said, "parent_id", [])
        return get_task(db(), actor(), parent, today()) if parent else None
    except NotFound:
        return None


@blueprint.get("/<uuid:task_id>/break-down")
@require_any(ANSWER, DIRECT)
def ask_parts(task_id: UUID) -> tuple[str, int]:
    """Which units below get a part."""
    return _parts_page(task_id, MultiDict(), None)


@blueprint.post("/<uuid:task_id>/break-down")
@require_any(ANSWER, DIRECT)
def give_parts(task_id: UUID) -> AnyResponse | tuple[str, int]:
    """Give the parts, issued at once."""
    task = get_task(db(), actor(), task_id, today())
    try:
        with db().begin_nested():
            made = break_down(db(), actor(), task_id, _parts(task), version=version_said(), now=now())
    except NotFound:
        raise
    except SanchengError as error:
        db().expire_all()
        return _parts_page(task_id, request.form, error)
    flash(counted("已分解并下达 %(n)s 项，本任务的进度由它们汇总", n=len(made)))
    return redirect(url_for("task.show", task_id=task_id), 303)


def _parts(task: Task) -> list[TaskWish]:
    form, faults = request.form, list[Fault]()
    due_on = day_in(form, "due_on", faults)
    chosen = [id_in(MultiDict({"units": one}), "units", faults) for one in form.getlist("units")]
    targets = {one: number_of(form, f"target-{one}", faults) for one in chosen if one and task.way != PERCENT}
    faults = [replace(one, field="units") if one.field.startswith("target-") else one for one in faults]
    if faults:
        raise InvalidInput(faults=faults)
    title, requirement = form.get("title", "") or task.title, form.get("requirement", "") or task.requirement
    return [
        TaskWish(
            title,
            unit,
            due_on or task.due_on,
            requirement=requirement,
            way=task.way,
            measure=task.measure,
            target=targets.get(unit),
            weight=_weight(targets.get(unit)),
        )
        for unit in chosen
        if unit is not None
    ]


def _weight(target: Decimal | None) -> int:
    """Parts of an amount weigh as much as they are, so that the whole is as far as its amount is; others weigh alike."""
    if target is None or target != target.to_integral_value() or not 1 <= target <= 10_000:
        return 100
    return int(target)


def _parts_page(task_id: UUID, said: MultiDict[str, str], error: SanchengError | None) -> tuple[str, int]:
    day = today()
    task = get_task(db(), actor(), task_id, day)
    units = units_under(db(), task.unit_id, day)
    context: dict[str, Any] = {
        "task": task,
        "units": units,
        "chosen": set(said.getlist("units")),
        "said": said,
        "may": fits(MOVES[BREAK_DOWN], task) and may_break_down(db(), actor(), task, day),
        "errors": words.fault_words(error) if error else {},
        "refusal": say(error) if error and not error.faults else "",
        "longest": LONGEST,
        "words": words,
    }
    return render_template("tasks/break_down.html", **context), error.status if error else 200
