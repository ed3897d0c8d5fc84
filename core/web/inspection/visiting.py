"""Visits on the pages (检查): the one form that serves every campaign, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.campaigns import Campaign
from core.errors import Conflict, Fault, InvalidInput, SanchengError
from core.figures.lost_here import LostHere, lost_here
from core.request import actor, db, house, now, require, today
from core.web.errors import say, say_fault
from core.web.forms.pictured import picture_addresses
from core.web.inspection.opened_forms import forms_in, kept_lines, read_forms
from core.web.inspection.visit_doors import OPEN
from core.web.inspection.visit_form import Typed, lay_out, read_typed, sort_out
from core.web.inspection.visit_survey import ask_more
from core.web.intake.report_words import severity_options
from core.web.places.site_words import unit_path
from core.web.words import by_locale, counted
from core.work.forms.fielding import fielded
from core.work.inspection import visits
from core.work.inspection.entries import Setting
from core.work.inspection.visit_input import check_body
from core.work.inspection.visit_plan import PlannedForm, VisitPlan
from core.work.intake.open_before import open_before
from core.work.loop.states import ON_SPOT
from core.work.roles import VISIT
from core.work.tables import Visit
from tenants.db import new_id

blueprint = Blueprint("visiting", __name__, url_prefix="/t/<slug>/visit")
blueprint.before_request(asked.enter)


def choose(campaigns: list[Campaign], keys: tuple[str, ...]) -> list[Campaign]:
    """The campaigns whose forms are to be answered now; all of them when none of those in force is named."""
    return [campaign for campaign in campaigns if campaign.key in keys] or campaigns


@blueprint.get("/<uuid:site_id>")
@require(VISIT)
def ask(site_id: UUID) -> tuple[str, int]:
    """The form for one visit; its id is made here, so that a second submission is recognised."""
    campaigns = tuple(dict.fromkeys(request.args.getlist("campaign")))
    typed = Typed(new_id(), now(), campaigns=campaigns, forms=read_forms(request.args.get("forms", "")))
    return _form(site_id, typed)


@blueprint.post("/<uuid:site_id>")
@require(VISIT)
def submit(site_id: UUID) -> AnyResponse | tuple[str, int]:
    """Submit the visit; the same form sent twice leads to the same result."""
    typed, faults = read_typed()
    try:
        done = _submit(site_id, typed, faults)
    except Conflict as error:
        return _taken(site_id, typed, error)
    except InvalidInput as error:
        return _form(site_id, typed, error, error.status, photo_faults=bool(faults))
    _say_done(done)
    return redirect(url_for("visits.show", visit_id=done.visit.id), 303)


def _submit(site_id: UUID, typed: Typed, faults: list[Fault]) -> visits.Submitted:
    if faults:
        raise InvalidInput(faults=faults)
    return visits.submit(
        db(),
        actor(),
        campaigns=choose(fielded(db(), house().registry), typed.campaigns),
        visit_id=typed.visit_id,
        site_id=site_id,
        answers=typed.answers,
        photos=typed.photos,
        notes=typed.notes,
        severities=typed.severities,
        fixed=typed.fixed,
        again=typed.again,
        forms=typed.forms,
        entries=typed.entries,
        started_at=typed.started_at,
        note=typed.note,
        now=now(),
    )


def _say_done(done: visits.Submitted) -> None:
    if done.replayed:
        flash(gettext("这次检查已经提交过，没有重复记录"), "info")
    elif not (done.findings or done.again):
        flash(gettext("检查已提交，没有发现问题"))
    else:
        flash(gettext("；").join(_counts(done)))
    if missed := done.visit.summary.get("not_asked"):
        flash(
            {
                "text": counted("按打开时的检查表收下；新版增加的 %(n)s 题没有问到，不评分", n=len(missed)),
                "tone": "info",
            }
        )


def _counts(done: visits.Submitted) -> list[str]:
    """What came of the failed questions: handed out, put right on the spot, found still there."""
    fixed = sum(one.outcome == ON_SPOT for one in done.findings)
    said = [gettext("检查已提交")] if len(done.findings) == fixed else []
    if handed := len(done.findings) - fixed:
        said.append(counted("检查已提交，立案 %(n)s 个问题，已派给责任单位", n=handed))
    if fixed:
        said.append(counted("当场整改 %(n)s 个，已销号", n=fixed))
    if done.again:
        said.append(counted("%(n)s 个问题仍未整改，记入原来的问题", n=len(done.again)))
    return said


def _taken(site_id: UUID, typed: Typed, error: Conflict) -> tuple[str, int]:
    """Another visit stands under this id: the form again under a new one, with the way to what was submitted."""
    earlier = db().get(Visit, (db().tenant_id, typed.visit_id))
    mine = earlier is not None and earlier.person_id == actor().person_id
    return _form(site_id, replace(typed, visit_id=new_id()), error, error.status, earlier=earlier if mine else None)


def _form(
    site_id: UUID,
    typed: Typed,
    error: SanchengError | None = None,
    status: int = 200,
    *,
    photo_faults: bool = False,
    earlier: Visit | None = None,
) -> tuple[str, int]:
    every = fielded(db(), house().registry)
    site, whole = visits.due_at_site(db(), actor(), site_id, every, today())
    plan, refused = _plan(site_id, typed, every, whole)
    others: tuple[Fault, ...] = ()
    if photo_faults:  # the answers were not looked at yet; all faults are named at once
        try:
            check_body(plan, typed.body(site_id), site.attrs, Setting(now(), typed.started_at, actor().name))
        except InvalidInput as found:
            others = found.faults
    wrong = sort_out(error, others, plan)
    spots = lay_out(plan, typed, site.attrs, wrong.beside)
    page = render_template(
        "visits/form.html",
        site=site,
        place=unit_path(db(), site.unit_id, today()),
        plan=plan,
        typed=typed,
        spots=spots,
        lines=[line for spot in spots for line in spot.lines],
        wrong=wrong,
        refusal=say(error) if error and not error.faults else "",
        earlier=earlier,
        opened=forms_in(plan),
        due=forms_in(whole),
        refused=refused if error is None else (),
        kept=kept_lines(plan, typed.body(site_id), every),
        forms=[_offer(planned, plan) for planned in whole.forms],
        severities=severity_options(),
        standing=open_before(db(), actor(), site.id, plan, now()),
        losing=_losing(site_id, plan) if status == 200 else [],
        pictures=picture_addresses(planned.form for planned in plan.forms),
        more=ask_more(plan, typed.entries, wrong.entries, OPEN.small("SHA256")),
    )
    return page, status


def _plan(site_id: UUID, typed: Typed, every: list[Campaign], whole: VisitPlan) -> tuple[VisitPlan, tuple[str, ...]]:
    """The forms that the visit was opened with; where they are not taken, those in force, and why."""
    chosen = choose(every, typed.campaigns)
    asked = {"forms": typed.forms, "started_at": typed.started_at}
    try:
        if typed.forms:
            return visits.due_at_site(db(), actor(), site_id, chosen, today(), **asked)[1], ()
    except InvalidInput as error:
        refused = tuple(say_fault(replace(fault, field="")) for fault in error.faults)
    else:
        refused = ()
    if len(chosen) == len(every):
        return whole, refused
    return visits.due_at_site(db(), actor(), site_id, chosen, today())[1], refused


def _losing(site_id: UUID, plan: VisitPlan) -> list[tuple[str, LostHere]]:
    """What is most easily lost here, in the reader's words, to be seen before the visit starts."""
    items = {(item.campaign.key, item.item.code) for one in plan.questions.values() for item in one.items}
    found = lost_here(db(), site_id, items, today())
    known = [(plan.questions[one.question].question, one) for one in found if one.question in plan.questions]
    return [(by_locale(question.text_zh, question.text_en), one) for question, one in known]


def _offer(planned: PlannedForm, plan: VisitPlan) -> dict[str, Any]:
    """A form that is due here, and whether it is to be answered now."""
    campaign = planned.campaign
    return {
        "campaign": campaign.key,
        "campaign_title": by_locale(campaign.title_zh, campaign.title_en),
        "title": by_locale(planned.form.title_zh, planned.form.title_en),
        "items": len(planned.form.items),
        "chosen": planned.key in {p.key for p in plan.forms},
    }
