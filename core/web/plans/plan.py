"""One plan (计划页): its lines with their progress, what a drive binds, a sprint's count-down and burn-down, its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Forbidden, NotFound, SanchengError
from core.figures.task_figures.burn_down import BurnDown, read_burn_down
from core.figures.task_figures.line_sums import LineSum
from core.figures.task_figures.plan_standing import read_standing
from core.request import actor, db, now, require, tenant, today
from core.web.errors import say
from core.web.paging import read_id
from core.web.places.site_words import unit_options
from core.web.plans import plan_words as words
from core.web.plans.plan_context import context_of
from core.web.rounds.one_round import version_said
from core.web.scores.charts import answer
from core.web.table_files import send_table
from core.work.plans.sight import get_plan
from core.work.plans.steps import move
from core.work.plans.writing import calendar_from
from core.work.roles import DIRECT, SEE
from core.work.tables import Plan
from tenants.scope import ScopedSession

blueprint = Blueprint("work_plan", __name__, url_prefix="/t/<slug>/plans")
blueprint.before_request(asked.enter)

LINE_HEAD = (
    N_("组"),
    N_("条线"),
    N_("牵头单位"),
    N_("责任人"),
    N_("里程碑"),
    N_("完成日期"),
    N_("达到日期"),
    N_("任务"),
    N_("完成"),
    N_("核验"),
    N_("逾期"),
    N_("预计超期"),
    N_("平均进度"),
    N_("状态"),
)
DAY_HEAD = (
    N_("日期"),
    N_("计入天数"),
    N_("任务"),
    N_("未完成"),
    N_("当天完成"),
    N_("匀速线"),
    N_("当天到期"),
    N_("到期已完成"),
)
DONE = {
    "activate": N_("计划已启用"),
    "close": N_("计划已结束"),
    "reopen": N_("计划已重新启用"),
    "cancel": N_("计划已取消"),
}


@blueprint.get("/<uuid:work_plan_id>")
@require(SEE)
def show(work_plan_id: UUID) -> tuple[str, int]:
    """The plan with everything under it, as far as the reader sees it."""
    return page_of(work_plan_id)


@blueprint.get("/<uuid:work_plan_id>/print")
@require(SEE)
def show_paper(work_plan_id: UUID) -> str:
    """The plan as a paper."""
    of = get_plan(db(), actor(), work_plan_id, today())
    return render_template("plans/print.html", **context_of(of), now=now())


@blueprint.post("/<uuid:work_plan_id>/step")
@require(DIRECT)
def take(work_plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Put it in force, close it, open it again or call it off."""
    verb, note = request.form.get("verb", ""), request.form.get("note", "")

    def step() -> object:
        return move(db(), actor(), work_plan_id, verb, version=version_said(), now=now(), note=note)

    return act(work_plan_id, step, gettext(DONE.get(verb, DONE["activate"])))


def act(plan_id: UUID, step: Callable[[], object], success: str, anchor: str = "") -> AnyResponse | tuple[str, int]:
    """Take a step and go back to the plan, or show it again with what was refused."""
    try:
        with db().begin_nested():
            step()
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return page_of(plan_id, error)
    flash(success, "success")
    return redirect(url_for("work_plan.show", work_plan_id=plan_id) + (f"#{anchor}" if anchor else ""), 303)


def page_of(plan_id: UUID, error: SanchengError | None = None) -> tuple[str, int]:
    """The plan's page, with the refusal of a step if there was one."""
    db().expire_all()
    of = get_plan(db(), actor(), plan_id, today())
    context: dict[str, Any] = context_of(of)
    context |= {
        "units": unit_options(db(), actor(), today()),
        "said": request.form if error else {},
        "faults": words.fault_words(error) if error else {},
        "refusal": say(error) if error and not error.faults else "",
    }
    return render_template("plans/one.html", **context), error.status if error else 200


@blueprint.get("/<uuid:work_plan_id>/burn-down.json")
@require(SEE)
def draw(work_plan_id: UUID) -> Response:
    """The tasks that remain by day beside the straight line; ``?unit=`` of one unit and all under it."""
    of = get_plan(db(), actor(), work_plan_id, today())
    found = read_of(db(), of, today())
    known = [None if one.remaining is None else one.remaining for one in found.days]
    lines = [
        {"name": gettext("未完成任务"), "values": known},
        {"name": gettext("匀速线"), "values": [round(float(one.ideal), 2) for one in found.days]},
    ]
    return answer(
        {
            "kind": "trend",
            "unit": "",
            "places": 0,
            "min": 0,
            "series": lines,
            "periods": [one.day.isoformat()[5:] for one in found.days],
            "breaks": [],
        }
    )


def read_of(session: ScopedSession, of: Plan, day: date) -> BurnDown:
    """The burn-down that the address asks for."""
    unit = read_id(request.args["unit"], "unit") if request.args.get("unit") else None
    return read_burn_down(session, actor(), of, day, calendar_from(session, of.starts_on), unit_id=unit)


@blueprint.get("/<uuid:work_plan_id>/burn-down.csv")
@require(SEE)
def export_days(work_plan_id: UUID) -> Response:
    """The burn-down and the daily plan as CSV."""
    of = get_plan(db(), actor(), work_plan_id, today())
    found = read_of(db(), of, today())

    def rows(_session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in found.days:
            counts = gettext("是") if one.counts else gettext("否")
            numbers = (one.scope, one.remaining, one.finished, words.say_tenths(one.ideal), one.due, one.due_done)
            yield (one.day.isoformat(), counts, *numbers)

    return send_table(f"burn-down-{tenant().slug}-{of.number}", of.number, [gettext(text) for text in DAY_HEAD], rows)


@blueprint.get("/<uuid:work_plan_id>/lines.csv")
@require(SEE)
def export_lines(work_plan_id: UUID) -> Response:
    """The lines with their progress as CSV."""
    return _send_lines(work_plan_id)


@blueprint.get("/<uuid:work_plan_id>/lines.xlsx")
@require(SEE)
def export_lines_workbook(work_plan_id: UUID) -> Response:
    """The same as an Excel workbook."""
    return _send_lines(work_plan_id)


def _send_lines(plan_id: UUID) -> Response:
    of = get_plan(db(), actor(), plan_id, today())
    found = read_standing(db(), actor(), of, today()).lines

    def rows(_session: ScopedSession) -> Iterator[Sequence[object]]:
        titles = {one.row.line.id: one.row.line.title for one in found}
        for one in found:
            yield _line(one, titles)

    return send_table(f"plan-{tenant().slug}-{of.number}", of.number, [gettext(text) for text in LINE_HEAD], rows)


def _line(one: LineSum, titles: dict[UUID, str]) -> Sequence[object]:
    line, sums = one.row.line, one.sum
    group = titles.get(line.parent_id, "") if line.parent_id else ""
    days = (one_day.isoformat() if one_day else "" for one_day in (line.due_on, line.reached_on))
    named = (group, line.title, one.row.unit_name, one.row.person_name, line.milestone, *days)
    counts = (sums.tasks, sums.done, sums.verified, sums.late, sums.at_risk) if sums.tasks else ("",) * 5
    progress = words.say_progress(sums.mean) if sums.tasks else gettext("没有任务")
    return (*named, *counts, progress, words.line_state(one.state)[0])
