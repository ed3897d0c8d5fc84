"""Reporting on the pages (随手上报): photo, place, category in three taps; instructions by leaders from the same fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.web.errors import say
from core.web.intake.report_form import FREE, Said, ask_about_twins, faults_of, read_body, read_point, twins_of, typed
from core.web.intake.report_words import category_shelves, say_entered, say_severity, say_source, severity_options
from core.web.ledger.finding_words import say_category, say_state
from core.web.paging import read_id
from core.web.places.site_words import campaign_titles, unit_options
from core.work.desk.findings import parts_of
from core.work.intake.duplicates import Candidate
from core.work.intake.patrols import running_patrol
from core.work.intake.report_input import LONGEST_NAME, ReportBody, check_report
from core.work.intake.report_place import LONGEST_PLACE
from core.work.intake.reporting import Reported, enter
from core.work.intake.sources import LEADER, PATROL, REPORTABLE, SNAPSHOT, SOURCES
from core.work.loop.step_input import LONGEST_TITLE, MOST_PHOTOS
from core.work.places.nearby import NearSite, find_sites, last_sites, nearest_sites, sites_by_id
from core.work.roles import DIRECT, LEAD, REPORT, RESTRICTED, SEE
from core.work.tables import Finding
from tenants.db import new_id
from tenants.models import EnabledCampaign

blueprint = Blueprint("reporting", __name__, url_prefix="/t/<slug>/findings")
blueprint.before_request(asked.enter)

INSTRUCT = frozenset(code for code in REPORTABLE if not SOURCES[code].verbs & {REPORT})  # sources of the instruct page


@blueprint.get("/new")
@require(REPORT)
def ask() -> tuple[str, int]:
    """The form; its id is made here, so that a second submission is the same report."""
    return _form(_start(SNAPSHOT), "findings/new.html")


@blueprint.post("/new")
@require(REPORT)
def submit() -> AnyResponse | tuple[str, int]:
    """Report; what is wrong comes back with everything that was typed."""
    return _take("findings/new.html")


@blueprint.get("/instruct")
@require_any(DIRECT, LEAD)
def ask_instruction() -> tuple[str, int]:
    """The form for what leaders, deputies and experts ask for."""
    return _form(_start(LEADER), "findings/instruct.html")


@blueprint.post("/instruct")
@require_any(DIRECT, LEAD)
def instruct() -> AnyResponse | tuple[str, int]:
    """Hand out an instruction."""
    return _take("findings/instruct.html")


@blueprint.get("/new/places")
@require(REPORT)
def show_places() -> str:
    """Sites around the device, or by name, to be put into the form."""
    point, text = read_point(request.args), request.args.get("q", "")
    found = find_sites(db(), actor(), text, on=today()) if text.strip() else []
    if point is not None and not found:
        found = nearest_sites(db(), actor(), point, on=today())
    is_asked = bool(text.strip()) or point is not None
    sites = found if is_asked else last_sites(db(), actor(), on=today())
    return render_template("findings/_places.html", sites=sites, chosen=request.args.get("site", ""), nothing=not found)


@blueprint.get("/new/twins")
@require(REPORT)
def show_twins() -> str:
    """What was reported there lately and may be the same, to be put into the form."""
    said: Said = MultiDict(request.args)
    faults: list[Fault] = []
    body = read_body(said, faults)
    twins = twins_of(body) if body.category and not faults else []
    return render_template("findings/_twins.html", chosen="", directs=actor().has(DIRECT), **_twins(twins))


def _start(source: str) -> Said:
    """An empty form, with what the address names."""
    said: Said = MultiDict(request.args)
    if said.get("site") and said["site"] != FREE:
        read_id(said["site"], "site")
    said["id"] = str(new_id())
    said.setdefault("source", source)
    said.setdefault("severity", "ordinary")
    running = running_patrol(db(), actor())
    if source == SNAPSHOT and running is not None:
        said["patrol_id"] = str(running.id)
    return said


def _take(template: str) -> AnyResponse | tuple[str, int]:
    said, faults = typed(), list[Fault]()
    key = read_id(said.get("id", ""), "id")
    body = read_body(said, faults)
    try:
        done = _enter(body, key, said, faults)
    except InvalidInput as error:
        return _form(_seen(said, body), template, error, ask_about_twins(body, said))
    except (Conflict, Forbidden) as error:
        fresh = _seen(said, body)
        fresh["id"] = str(new_id())
        return _form(fresh, template, error)
    return _say_done(done, template)


def _enter(body: ReportBody, key: UUID, said: Said, faults: Sequence[Fault]) -> Reported:
    """The report itself, unless something could not be read, or it may be a repetition and nobody has said."""
    if faults:
        raise InvalidInput(faults=faults)
    known = db().get(Finding, (db().tenant_id, key))
    if known is None and ask_about_twins(body, said):
        check_report(db(), actor(), body, now())  # whatever else is wrong is said first
        remedy = N_("请选“这是新的”，或选要并入的一件")
        raise InvalidInput(faults=[Fault(N_("这里刚报过相近的问题"), "merge_into", remedy=remedy)])
    return enter(db(), actor(), body, key, now())


def _seen(said: Said, body: ReportBody) -> Said:
    """What was typed, with the photos that the form itself carried."""
    kept: Said = MultiDict(said)
    kept.setlist("photos", list(body.photos))
    kept.setlist("after", list(body.fixed or ()))
    return kept


def _say_done(done: Reported, template: str) -> AnyResponse:
    finding = done.finding
    if done.replayed:
        flash(gettext("这个问题已经上报过，没有重复记录"), "info")
    else:
        lead = next((part.unit_name for part in parts_of(db(), [finding.id]).get(finding.id, ()) if part.leading), "")
        text = say_entered(finding.state, finding.number or "", lead)
        again = "reporting.ask" if template.endswith("new.html") else "reporting.ask_instruction"
        flash({"text": text, "next": gettext("再报一个"), "href": url_for(again)}, "success")
    return redirect(url_for("finding.show", finding_id=finding.id), 303)


def _form(
    said: Said, template: str, error: SanchengError | None = None, twins: Sequence[Candidate] = ()
) -> tuple[str, int]:
    session = db()
    enabled = select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")
    keys, titles = set(session.scalars(enabled)), campaign_titles(session)
    page = render_template(
        template,
        said=said,
        faults=faults_of(error),
        refusal=say(error) if error and not error.faults else "",
        sites=_sites(said),
        shelves=category_shelves(session, actor()),
        severities=severity_options(),
        units=unit_options(session, actor(), today(), REPORT),
        leads=unit_options(session, actor(), today(), SEE),
        campaigns=[(key, titles[key]) for key in sorted(keys) if key in titles],
        running=running_patrol(session, actor()),
        sources=_sources(template),
        directs=actor().has(DIRECT),
        trusted=actor().has(RESTRICTED),
        most_photos=MOST_PHOTOS,
        longest={"title": LONGEST_TITLE, "place": LONGEST_PLACE, "asked_by": LONGEST_NAME},
        **_twins(twins),
    )
    return page, error.status if error else 200


def _twins(twins: Sequence[Candidate]) -> dict[str, Any]:
    return {"twins": twins, "say_category": say_category, "say_state": say_state, "say_severity": say_severity}


def _sources(template: str) -> list[tuple[str, str]]:
    """The sources that the page offers to this person; a shift is a source by itself."""
    has, verbs = actor().has, actor().verbs
    on_page = [code for code in REPORTABLE if (code in INSTRUCT) == template.endswith("instruct.html")]
    mine = [code for code in on_page if SOURCES[code].verbs & verbs and code != PATROL]
    return [(code, say_source(code)) for code in mine if not SOURCES[code].restricted or has(RESTRICTED)]


def _sites(said: Said) -> list[NearSite]:
    """The sites to choose from: the one that is chosen, those around the device, those of the last days."""
    session, point = db(), read_point(said)
    chosen = said.get("site", "")
    found = nearest_sites(session, actor(), point, on=today()) if point else last_sites(session, actor(), on=today())
    if chosen in ("", FREE) or chosen in {str(one.id) for one in found}:
        return found
    return [*sites_by_id(session, actor(), [read_id(chosen, "site")], on=today()), *found]
