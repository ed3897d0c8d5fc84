"""Plans of rounds that come again (周期计划): the list, the form with the next six dates, pause, end, history."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Forbidden, NotFound, SanchengError
from core.request import actor, db, house, now, require_any, today
from core.web.errors import say
from core.web.form_fields import id_of
from core.web.places.site_words import unit_options
from core.web.rounds import words
from core.web.rounds.one_round import version_said
from core.web.rounds.plan_fields import read_plan, read_rule, said_of, stops_of_form
from core.web.rounds.round_form import first_day, known_campaigns, say_beside
from core.web.words import by_locale
from core.work.calendar import load_calendar
from core.work.forms.fielding import fielded
from core.work.roles import ANSWER, DIRECT
from core.work.rounds.beside import allows_beside
from core.work.rounds.clearance import may_plan_secret
from core.work.rounds.kinds import MODES, SECRET_MODE, kind_of, plannable
from core.work.rounds.plan_keeping import (
    ACTIVE,
    ENDED,
    PAUSED,
    STATES,
    change_plan,
    get_plan,
    keep_plan,
    list_plans,
    plan_history,
    set_state,
)
from core.work.rounds.plan_turns import make_for
from core.work.rounds.planning import LONGEST_CRITERIA, LONGEST_TITLE
from core.work.rounds.recurring import EVERY, WORKING, Recurrence, coming, faults_of, recurrence_of
from core.work.rounds.round_list import RoundFilter, list_rounds
from core.work.rounds.sight import get_round, need_plan
from core.work.tables import Audit, RoundPlan

blueprint = Blueprint("round_plans", __name__, url_prefix="/t/<slug>/rounds/plans")
blueprint.before_request(asked.enter_cleared)

PREVIEW = 6
LATEST = 12
VERBS = {
    "keep": N_("建立计划"),
    "change": N_("修改计划"),
    "active": N_("恢复计划"),
    "paused": N_("暂停计划"),
    "ended": N_("停止计划"),
    "missed": N_("错过的日期"),
}


@blueprint.get("")
@require_any(DIRECT, ANSWER)
def show_list() -> str:
    """The plans that the reader may change."""
    rows = list_plans(db(), actor(), today())
    calendar = load_calendar(db(), now())
    following = {row.plan.id: next(iter(_next(row.plan, calendar, 1)), None) for row in rows}
    return render_template(
        "rounds/plans.html", rows=rows, following=following, words=words, states=STATES, rule_of=recurrence_of
    )


@blueprint.get("/new")
@require_any(DIRECT, ANSWER)
def ask_new() -> str:
    """The form; ``?copy=`` a round whose teams and stops each new one gets; changing a rule shows its dates anew."""
    said: MultiDict[str, str] = MultiDict(request.args)
    copy = request.args.get("copy", "")
    if copy and "kind" not in said:
        of = get_round(db(), actor(), id_of(request.args, "copy") or UUID(int=0), today())
        need_plan(db(), actor(), of, today())
        said.update(
            {"kind": of.kind, "mode": of.mode, "title": of.title, "unit_id": str(of.unit_id), "criteria": of.criteria}
        )
        said["beside"] = "1" if allows_beside(of.sampling) else ""
        said.setlist("campaigns", of.campaigns)
    return _form(said)


@blueprint.post("/new")
@require_any(DIRECT, ANSWER)
def make() -> AnyResponse | tuple[str, int]:
    """Keep it, and make its rounds of the coming week at once."""
    try:
        with db().begin_nested():
            made = keep_plan(db(), actor(), read_plan(request.form), now=now(), known_campaigns=known_campaigns())
            rounds = make_for(db(), made, now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error), error.status
    flash(gettext("计划已建立，已生成轮次：%(n)s", n=len(rounds)), "success")
    return redirect(url_for("round_plans.show", plan_id=made.id), 303)


@blueprint.get("/<uuid:plan_id>")
@require_any(DIRECT, ANSWER)
def show(plan_id: UUID) -> tuple[str, int]:
    """One plan: its dates, its latest rounds, its history."""
    return _page(plan_id)


@blueprint.get("/<uuid:plan_id>/edit")
@require_any(DIRECT, ANSWER)
def ask_edit(plan_id: UUID) -> str:
    """The form of a plan."""
    plan = get_plan(db(), actor(), plan_id, today())
    return _form(MultiDict(request.args) if "every" in request.args else said_of(plan), plan=plan)


@blueprint.post("/<uuid:plan_id>/edit")
@require_any(DIRECT, ANSWER)
def change(plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change it; what it made already stays."""
    plan = get_plan(db(), actor(), plan_id, today())
    try:
        with db().begin_nested():
            wish, version = read_plan(request.form), version_said()
            change_plan(db(), actor(), plan_id, wish, version=version, now=now(), known_campaigns=known_campaigns())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _form(request.form, error, plan), error.status
    flash(gettext("计划已保存"), "success")
    return redirect(url_for("round_plans.show", plan_id=plan_id), 303)


@blueprint.post("/<uuid:plan_id>/state")
@require_any(DIRECT, ANSWER)
def turn(plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Pause, resume or end it."""
    try:
        with db().begin_nested():
            state = request.form.get("state", "")
            set_state(db(), actor(), plan_id, state, version=version_said(), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _page(plan_id, error)
    flash(
        {ACTIVE: gettext("计划已恢复"), PAUSED: gettext("计划已暂停"), ENDED: gettext("计划已停止")}[state], "success"
    )
    return redirect(url_for("round_plans.show", plan_id=plan_id), 303)


def _page(plan_id: UUID, error: SanchengError | None = None) -> tuple[str, int]:
    db().expire_all()
    plan = get_plan(db(), actor(), plan_id, today())
    rounds = list_rounds(db(), actor(), RoundFilter(plan_id=plan_id), on=today(), size=LATEST)[:LATEST]
    shown = render_template(
        "rounds/plan.html",
        plan=plan,
        rule=recurrence_of(plan.recurrence),
        coming=_next(plan, load_calendar(db(), now()), PREVIEW),
        rounds=rounds,
        history=[_event(one) for one in plan_history(db(), plan_id)],
        words=words,
        states=STATES,
        refusal=say(error) if error else "",
    )
    return shown, error.status if error else 200


def _event(line: Audit) -> dict[str, Any]:
    verb = line.verb.removeprefix("round_plan.")
    days = gettext("、").join(line.detail.get("days", ()))
    return {
        "at": line.at,
        "what": gettext(VERBS[verb]) if verb in VERBS else verb,
        "who": line.person_name,
        "text": days,
    }


def _next(plan: RoundPlan, calendar: Any, count: int) -> list[tuple[date, date]]:
    """The rounds to come, none of a plan that stands still."""
    if plan.state != ACTIVE:
        return []
    found = coming(recurrence_of(plan.recurrence), max(plan.starts_on, today()), calendar, count=count)
    return [one for one in found if plan.ends_on is None or one[0] <= plan.ends_on]


def _form(said: MultiDict[str, str], error: SanchengError | None = None, plan: RoundPlan | None = None) -> str:
    secret = may_plan_secret(actor())
    kinds = [one for one in plannable(actor()) if secret or one.mode != SECRET_MODE]
    kind = said.get("kind") or (kinds[0].code if kinds else "")
    rule = read_rule(said) if "every" in said else Recurrence()
    start = max(first_day(said.get("starts_on", "")) or today(), today())
    wrong = faults_of(rule)
    units = unit_options(db(), actor(), today(), DIRECT if actor().has(DIRECT) else ANSWER)
    return render_template(
        "rounds/plan_form.html",
        plan=plan,
        said=said,
        kind=kind,
        rule=rule,
        preview=[] if wrong else coming(rule, start, load_calendar(db(), now()), count=PREVIEW),
        kinds=[(one.code, words.say_kind(one.code)) for one in kinds],
        modes=[(code, gettext(text)) for code, text in MODES.items() if secret or code != SECRET_MODE],
        mode=said.get("mode") or kind_of(kind).mode,
        every=words.options(EVERY),
        working=words.options(WORKING),
        weekdays=[(str(n), gettext(text)) for n, text in enumerate(words.WEEKDAYS)],
        weeks=[(str(n), gettext(text)) for n, text in words.WEEKS.items()],
        units=units,
        beside=say_beside(said, units, stops_of_form(said, plan)),
        campaigns=[(one.key, by_locale(one.title_zh, one.title_en)) for one in fielded(db(), house().registry)],
        rounds=[
            (str(row.round.id), row.round.title)
            for row in list_rounds(db(), actor(), RoundFilter(), on=today(), size=30)
        ],
        today=today(),
        words=words,
        faults=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest={"title": LONGEST_TITLE, "criteria": LONGEST_CRITERIA},
    )
