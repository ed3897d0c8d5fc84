"""The forms of a plan (编制计划): a new one, a changed one, and the new issue that takes the place of an old one."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.figures.task_figures.line_sums import stood
from core.figures.task_figures.plan_standing import read_standing
from core.request import actor, db, now, require, today
from core.web.duties.person_choice import person_options
from core.web.errors import say
from core.web.form_fields import day_of, id_of
from core.web.places.site_words import campaign_titles, unit_options
from core.web.plans import plan_words as words
from core.web.rounds.one_round import version_said
from core.work.plans.kinds import ACTIVE, DAYS, KINDS, LIVE, SPRINT
from core.work.plans.plan_list import PlanFilter, list_plans
from core.work.plans.replacing import replace_plan
from core.work.plans.sight import get_plan, to_change
from core.work.plans.writing import LONGEST_DOCUMENT, LONGEST_GOAL, LONGEST_TITLE, PlanWish, create, edit
from core.work.roles import DIRECT
from core.work.tables import Plan

blueprint = Blueprint("work_plan_form", __name__, url_prefix="/t/<slug>/plans")
blueprint.before_request(asked.enter)

LONGEST = {"title": LONGEST_TITLE, "goal": LONGEST_GOAL, "document": LONGEST_DOCUMENT}


@blueprint.get("/new")
@require(DIRECT)
def ask_new() -> str:
    """An empty form; ``?kind=`` chooses the kind, ``?parent=`` the plan that it carries out."""
    kind = request.args.get("kind", "")
    said: MultiDict[str, str] = MultiDict({"kind": kind if kind in KINDS else "annual", "days": "calendar"})
    above = id_of(request.args, "parent")
    if above is not None:
        plan = get_plan(db(), actor(), above, today())
        said.update({"parent_id": str(plan.id), "unit_id": str(plan.unit_id), "campaign": plan.campaign})
        if said["kind"] not in {code for code, one in KINDS.items() if plan.kind in one.above}:
            said["kind"] = next((code for code, one in KINDS.items() if plan.kind in one.above), said["kind"])
    said["starts_on"] = today().isoformat()
    return _form(said)


@blueprint.post("/new")
@require(DIRECT)
def make() -> AnyResponse | tuple[str, int]:
    """Make it as a draft."""
    try:
        with db().begin_nested():
            made = create(db(), actor(), read_form(), now=now(), known_campaigns=list(campaign_titles(db())))
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error), error.status
    flash(gettext("计划已建成草稿；接着加条线，再启用"), "success")
    return redirect(url_for("work_plan.show", work_plan_id=made.id), 303)


@blueprint.get("/<uuid:work_plan_id>/edit")
@require(DIRECT)
def ask_edit(work_plan_id: UUID) -> str:
    """The form of a draft or of a plan in force."""
    of = to_change(db(), actor(), work_plan_id, today(), states=LIVE)
    return _form(said_of(of), of=of)


@blueprint.post("/<uuid:work_plan_id>/edit")
@require(DIRECT)
def change(work_plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change it."""
    of = to_change(db(), actor(), work_plan_id, today(), states=LIVE)
    try:
        with db().begin_nested():
            wish, version = read_form(of), version_said()
            edit(
                db(),
                actor(),
                of.id,
                wish,
                version=version,
                now=now(),
                known_campaigns={*campaign_titles(db()), of.campaign},
            )
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error, of), error.status
    flash(gettext("计划已保存"), "success")
    return redirect(url_for("work_plan.show", work_plan_id=work_plan_id), 303)


@blueprint.get("/<uuid:work_plan_id>/replace")
@require(DIRECT)
def ask_replace(work_plan_id: UUID) -> str:
    """The form of a new issue, filled in as the old one stands."""
    of = to_change(db(), actor(), work_plan_id, today(), states=(ACTIVE,))
    return _form(said_of(of), of=of, is_issue=True)


@blueprint.post("/<uuid:work_plan_id>/replace")
@require(DIRECT)
def replace(work_plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Put the new issue in force: lines and work go over, the old one stays readable with what it had come to."""
    of = to_change(db(), actor(), work_plan_id, today(), states=(ACTIVE,))
    try:
        with db().begin_nested():
            wish, version = read_form(of), version_said()
            standing = read_standing(db(), actor(), of, today())
            kept = stood(standing.lines, standing.own)
            known = frozenset({*campaign_titles(db()), of.campaign})
            new = replace_plan(
                db(), actor(), of.id, wish, version=version, now=now(), stood=kept, known_campaigns=known
            )
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error, of, is_issue=True), error.status
    flash(gettext("新版已启用，条线、任务、项目和工作量都转过来了；旧版仍可查阅"), "success")
    return redirect(url_for("work_plan.show", work_plan_id=new.id), 303)


def said_of(of: Plan) -> MultiDict[str, str]:
    """A plan as its form says it."""
    said = {name: getattr(of, name) for name in ("kind", "title", "goal", "document", "campaign", "days")}
    ids = {name: str(getattr(of, name) or "") for name in ("unit_id", "person_id", "parent_id")}
    days = {"starts_on": of.starts_on.isoformat(), "ends_on": of.ends_on.isoformat()}
    return MultiDict(said | ids | days)


def read_form(of: Plan | None = None) -> PlanWish:
    """What the form says; of a plan that is there the kind stays. Raises InvalidInput naming the field."""
    form = request.form
    unit, first = id_of(form, "unit_id"), day_of(form, "starts_on")
    lacking = [
        Fault(N_("缺少这一项"), name, remedy=remedy)
        for name, value, remedy in (
            ("unit_id", unit, N_("请从列表里选")),
            ("starts_on", first, N_("请填写开始日")),
        )
        if value is None
    ]
    if unit is None or first is None:
        raise InvalidInput(faults=lacking)
    kind = of.kind if of else form.get("kind", "")
    return PlanWish(
        kind,
        form.get("title", ""),
        unit,
        first,
        day_of(form, "ends_on"),
        _length() if kind == SPRINT else None,
        form.get("goal", ""),
        form.get("document", ""),
        form.get("campaign", ""),
        id_of(form, "person_id"),
        id_of(form, "parent_id"),
        form.get("days", "calendar") if kind == SPRINT else "calendar",
    )


def _length() -> int | None:
    said = request.form.get("length", "").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 5):
        raise InvalidInput(faults=[Fault(N_("应为整数"), "length", value=said[:12], remedy=N_("例如：50"))])
    return int(said)


def _form(
    said: MultiDict[str, str], error: SanchengError | None = None, of: Plan | None = None, *, is_issue: bool = False
) -> str:
    kind = of.kind if of else said.get("kind", "")
    above = [
        (str(row.plan.id), f"{row.plan.title} · {row.plan.starts_on} – {row.plan.ends_on}")
        for row in list_plans(db(), actor(), PlanFilter(), on=today())
        if row.plan.kind in (KINDS[kind].above if kind in KINDS else ())
        and (row.plan.state in LIVE or str(row.plan.id) == said.get("parent_id"))
        and (of is None or row.plan.id != of.id)
    ]
    return render_template(
        "plans/form.html",
        of=of,
        is_issue=is_issue,
        said=said,
        kind=kind,
        kinds=words.kind_options(),
        above=above,
        may_have_above=kind in KINDS and bool(KINDS[kind].above),
        days=words.options(DAYS),
        units=unit_options(db(), actor(), today(), DIRECT),
        people=person_options(db(), actor(), today()),
        campaigns=list(campaign_titles(db()).items()),
        words=words,
        faults=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST,
    )
