"""The lines of a plan in forms (条线编辑): added one by one or a whole list at once, changed, moved, dropped, reached."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Forbidden, NotFound, SanchengError
from core.request import actor, db, now, require, today
from core.web.duties.person_choice import person_options
from core.web.errors import say
from core.web.form_fields import day_of, id_of
from core.web.places.site_words import unit_options
from core.web.plans import plan_words as words
from core.web.plans.plan import act
from core.web.rounds.one_round import version_said
from core.web.words import counted
from core.work.plans.lines import (
    LONGEST_MILESTONE,
    LineWish,
    add_lines,
    change_line,
    drop_line,
    move_line,
    reach_milestone,
)
from core.work.plans.plan_list import lines_of
from core.work.plans.sight import get_line, to_change
from core.work.plans.writing import LONGEST_GOAL, LONGEST_TITLE
from core.work.roles import DIRECT
from core.work.tables import Plan, PlanLine

blueprint = Blueprint("work_plan_lines", __name__, url_prefix="/t/<slug>/plans/<uuid:work_plan_id>/lines")
blueprint.before_request(asked.enter)

LONGEST = {"title": LONGEST_TITLE, "goal": LONGEST_GOAL, "milestone": LONGEST_MILESTONE}


@blueprint.get("/new")
@require(DIRECT)
def ask_new(work_plan_id: UUID) -> str:
    """The form of a new line; ``?group=`` puts it into a group."""
    of = to_change(db(), actor(), work_plan_id, today())
    return _form(of, MultiDict({"parent_id": request.args.get("group", "")}))


@blueprint.post("/new")
@require(DIRECT)
def add(work_plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Add a line, or one for each line of text in the field of several."""
    of = to_change(db(), actor(), work_plan_id, today())
    try:
        with db().begin_nested():
            wishes = _wishes()
            add_lines(db(), actor(), of.id, wishes, version=version_said(), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(of, request.form, error), error.status
    flash(counted("已增加 %(n)s 条条线", n=len(wishes)), "success")
    return redirect(url_for("work_plan.show", work_plan_id=of.id) + "#lines", 303)


@blueprint.get("/<uuid:plan_line_id>")
@require(DIRECT)
def ask_edit(work_plan_id: UUID, plan_line_id: UUID) -> str:
    """The form of a line."""
    of = to_change(db(), actor(), work_plan_id, today())
    line = get_line(db(), of, plan_line_id)
    said = {name: str(getattr(line, name) or "") for name in ("title", "goal", "milestone", "unit_id", "person_id")}
    said |= {"parent_id": str(line.parent_id or ""), "due_on": line.due_on.isoformat() if line.due_on else ""}
    return _form(of, MultiDict(said), line=line)


@blueprint.post("/<uuid:plan_line_id>")
@require(DIRECT)
def change(work_plan_id: UUID, plan_line_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change it."""
    of = to_change(db(), actor(), work_plan_id, today())
    line = get_line(db(), of, plan_line_id)
    try:
        with db().begin_nested():
            change_line(db(), actor(), of.id, line.id, _wish(), version=version_said(), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(of, request.form, error, line), error.status
    flash(gettext("条线已保存"), "success")
    return redirect(url_for("work_plan.show", work_plan_id=of.id) + "#lines", 303)


@blueprint.post("/<uuid:plan_line_id>/move")
@require(DIRECT)
def shift(work_plan_id: UUID, plan_line_id: UUID) -> AnyResponse | tuple[str, int]:
    """Move it up or down in its group."""
    way = request.form.get("way", "")
    return act(
        work_plan_id,
        lambda: move_line(db(), actor(), work_plan_id, plan_line_id, way, version=version_said(), now=now()),
        gettext("顺序已调整"),
        "lines",
    )


@blueprint.post("/<uuid:plan_line_id>/drop")
@require(DIRECT)
def drop(work_plan_id: UUID, plan_line_id: UUID) -> AnyResponse | tuple[str, int]:
    """Give it up, or take it up again (``dropped=0``)."""
    dropped = request.form.get("dropped", "1") != "0"
    said = gettext("条线已放弃；它下面的任务都在") if dropped else gettext("条线已恢复")
    return act(
        work_plan_id,
        lambda: drop_line(
            db(), actor(), work_plan_id, plan_line_id, dropped=dropped, version=version_said(), now=now()
        ),
        said,
        "lines",
    )


@blueprint.post("/<uuid:plan_line_id>/reach")
@require(DIRECT)
def reach(work_plan_id: UUID, plan_line_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say on which day its milestone was reached; an empty day takes it back."""
    return act(
        work_plan_id,
        lambda: reach_milestone(
            db(),
            actor(),
            work_plan_id,
            plan_line_id,
            day_of(request.form, "reached_on"),
            version=version_said(),
            now=now(),
        ),
        gettext("里程碑已登记"),
        "lines",
    )


def _wish(title: str | None = None) -> LineWish:
    form = request.form
    return LineWish(
        form.get("title", "") if title is None else title,
        id_of(form, "parent_id"),
        form.get("goal", ""),
        id_of(form, "unit_id"),
        id_of(form, "person_id"),
        form.get("milestone", ""),
        day_of(form, "due_on"),
    )


def _wishes() -> list[LineWish]:
    """One line, or several of which each row of the text is the title of one."""
    several = [row.strip() for row in request.form.get("titles", "").splitlines() if row.strip()]
    return [_wish(title) for title in several] if several else [_wish()]


def _form(of: Plan, said: MultiDict[str, str], error: SanchengError | None = None, line: PlanLine | None = None) -> str:
    groups = [
        (str(one.line.id), one.line.title)
        for one in lines_of(db(), [of.id])
        if one.line.parent_id is None and not one.line.dropped and (line is None or one.line.id != line.id)
    ]
    return render_template(
        "plans/line.html",
        of=of,
        line=line,
        said=said,
        groups=groups,
        units=unit_options(db(), actor(), today()),
        people=person_options(db(), actor(), today()),
        today=today(),
        words=words,
        faults=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST,
    )
