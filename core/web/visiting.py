"""Visits on the pages (检查): the one form that serves every campaign, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.campaigns import Campaign
from core.errors import Conflict, Fault, InvalidInput, SanchengError
from core.request import actor, db, house, now, require, today
from core.web.errors import say
from core.web.paging import bad_argument
from core.web.visit_form import Typed, lay_out, read_typed, sort_out
from core.web.visit_reading import next_sites, read_visit, site_words
from core.web.words import by_locale
from core.work import visits
from core.work.enabling import enabled
from core.work.roles import SEE, VISIT
from core.work.tables import Visit
from core.work.visit_input import check_body
from tenants.db import new_id

blueprint = Blueprint("visits", __name__, url_prefix="/t/<slug>")
blueprint.before_request(asked.enter)


def choose(campaigns: list[Campaign], keys: tuple[str, ...]) -> list[Campaign]:
    """The campaigns whose forms are to be answered now; all of them when none is named. Raises InvalidInput."""
    known = {campaign.key for campaign in campaigns}
    for key in keys:
        if key not in known:
            raise bad_argument("campaign", key)
    return [campaign for campaign in campaigns if not keys or campaign.key in keys]


@blueprint.get("/visit/<uuid:site_id>")
@require(VISIT)
def ask(site_id: UUID) -> tuple[str, int]:
    """The form for one visit; its id is made here, so that a second submission is recognised."""
    typed = Typed(new_id(), now(), campaigns=tuple(dict.fromkeys(request.args.getlist("campaign"))))
    return _form(site_id, typed)


@blueprint.post("/visit/<uuid:site_id>")
@require(VISIT)
def submit(site_id: UUID) -> AnyResponse | tuple[str, int]:
    """Submit the visit; the same form sent twice leads to the same result."""
    typed, faults = read_typed()
    campaigns = choose(enabled(db(), house().registry), typed.campaigns)
    try:
        if faults:
            raise InvalidInput(faults=faults)
        done = visits.submit(
            db(),
            actor(),
            campaigns=campaigns,
            visit_id=typed.visit_id,
            site_id=site_id,
            answers=typed.answers,
            photos=typed.photos,
            notes=typed.notes,
            started_at=typed.started_at,
            note=typed.note,
            now=now(),
        )
    except Conflict as error:
        return _taken(site_id, typed, error)
    except InvalidInput as error:
        return _form(site_id, typed, error, error.status, photo_faults=bool(faults))
    _say_done(done)
    return redirect(url_for("visits.show", visit_id=done.visit.id), 303)


def _say_done(done: visits.Submitted) -> None:
    if done.replayed:
        flash(gettext("这次检查已经提交过，没有重复记录"), "info")
    elif done.findings:
        flash(gettext("检查已提交，立案 %(n)s 个问题，已派给责任单位", n=len(done.findings)))
    else:
        flash(gettext("检查已提交，没有发现问题"))


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
    session, every = db(), enabled(db(), house().registry)
    campaigns = choose(every, typed.campaigns)
    site, plan = visits.due_at_site(session, actor(), site_id, campaigns, today())
    others: tuple[Fault, ...] = ()
    if photo_faults:  # the answers were not looked at yet; all faults are named at once
        try:
            check_body(plan, typed.body(site_id))
        except InvalidInput as found:
            others = found.faults
    wrong = sort_out(error, others, plan)
    spots = lay_out(plan, typed, site.attrs, wrong.beside)
    lines = [line for spot in spots for line in spot.lines]
    page = render_template(
        "visits/form.html",
        site=site,
        words=site_words(session, site, today()),
        plan=plan,
        typed=typed,
        spots=spots,
        lines=lines,
        wrong=wrong,
        refusal=say(error) if error and not error.faults else "",
        earlier=earlier,
        offered=[(c, by_locale(c.title_zh, c.title_en)) for c in every if visits.plan(_types(plan, site_id), [c]).forms],
    )
    return page, status
