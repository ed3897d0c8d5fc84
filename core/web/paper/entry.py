"""Typing in a filled sheet (纸质录入): a place, who walked and when, then one keystroke an answer, and on to the next sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, Fault, Forbidden, InvalidInput, SanchengError
from core.request import actor, db, house, now, require, today
from core.web import district
from core.web.errors import fault_map, say, say_fault
from core.web.form_fields import day_of, id_of
from core.web.inspection.opened_forms import forms_in, kept_lines, read_forms
from core.web.inspection.visit_doors import OPEN
from core.web.inspection.visit_form import Typed, lay_out, read_typed, sort_out
from core.web.inspection.visit_survey import amiss, ask_more
from core.web.intake.report_words import severity_options
from core.web.paging import read_id
from core.web.photos import posted
from core.web.places.site_filter import filter_from, read_page
from core.web.places.site_words import unit_path
from core.web.words import by_locale, counted
from core.work.forms.fielding import fielded
from core.work.inspection import visits
from core.work.inspection.paper_entry import (
    MOST_SCANS,
    PAPER,
    Paper,
    enter_paper,
    may_type_for_others,
    rounds_at,
    typed_in,
    walkers,
)
from core.work.inspection.visit_plan import VisitPlan
from core.work.inspection.visit_timing import OLDEST
from core.work.places.site_lists import SiteRow
from core.work.roles import VISIT
from core.work.tables import Visit
from tenants.db import new_id

blueprint = Blueprint("paper_entry", __name__, url_prefix="/t/<slug>/paper")
blueprint.before_request(district.enter)

FOUND = 10  # places that a search without script lists (ours)
HEAD = ("person", "day", "began", "ended", "scan", "round")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a sheet says, as it was typed (表头)."""

    person: str
    day: str
    began: str = ""
    ended: str = ""
    scans: tuple[str, ...] = ()
    is_another: bool = False
    round_id: str = ""


@blueprint.get("/enter")
@require(VISIT)
def ask() -> tuple[str, int]:
    """The place first; with a place, its form. Person and day of the sheet before are proposed again."""
    said = request.args
    forms = read_forms(said.get("forms", ""))
    if not said.get("site"):
        return _choose(said.get("q", "").replace("\x00", "").strip()[:60], forms), 200
    head = Head(said.get("person", "")[:36], said.get("day", "")[:10], round_id=said.get("round", "")[:36])
    return _form(read_id(said["site"], "site"), Typed(new_id(), now(), forms=forms), head)


@blueprint.post("/enter")
@require(VISIT)
def send() -> AnyResponse | tuple[str, int]:
    """Take the sheet in; the same one sent twice is one visit."""
    typed, faults = read_typed()
    site_id = read_id(request.form.get("site", ""), "site")
    head = _read_head(faults)
    try:
        done = _enter(site_id, typed, head, faults)
    except (Conflict, Forbidden, InvalidInput) as error:
        return _form(site_id, typed, head, error, error.status)
    if done.replayed:
        flash(gettext("这张表已经录入过，没有重复记录"), "info")
    else:
        flash(_say(done))
    kept = {"person": head.person, "day": head.day, "round": head.round_id}
    return redirect(url_for("paper_entry.ask", **{name: said for name, said in kept.items() if said}), 303)


def _say(done: visits.Submitted) -> str:
    if not done.findings:
        return gettext("已录入，没有新立案的问题；请录下一张")
    return counted("已录入，立案 %(n)s 个问题；请录下一张", n=len(done.findings))


def _read_head(faults: list[Fault]) -> Head:
    form = request.form
    said = {name: form.get(name, "").replace("\x00", "").strip()[:40] for name in ("person", "day", "began", "ended")}
    return Head(
        **said,
        scans=tuple(posted("scan", faults)),
        is_another=bool(form.get("another")),
        round_id=form.get("round", "")[:36],
    )


def _enter(site_id: UUID, typed: Typed, head: Head, faults: list[Fault]) -> visits.Submitted:
    if faults:
        raise InvalidInput(faults=faults)
    said = {"person": head.person, "day": head.day, "round": head.round_id}
    paper = Paper(
        visit_id=typed.visit_id,
        site_id=site_id,
        person_id=id_of(said, "person"),
        day=day_of(said, "day"),
        began=head.began,
        ended=head.ended,
        answers=typed.answers,
        notes=typed.notes,
        severities=typed.severities,
        photos=typed.photos,
        forms=typed.forms,
        note=typed.note,
        entries=typed.entries,
        scans=head.scans,
        is_another=head.is_another,
        round_id=id_of(said, "round"),
    )
    return enter_paper(db(), actor(), paper, campaigns=fielded(db(), house().registry), now=now())


def _choose(text: str, forms: tuple[str, ...]) -> str:
    """The field for the place, what was typed in before, and without script what was found."""
    carried = {name: request.args.get(name, "")[:40] for name in ("person", "day", "round") if request.args.get(name)}
    if forms:
        carried["forms"] = ",".join(forms)
    return render_template(
        "paper/choose.html",
        text=text,
        found=_found(text) if text else [],
        carried=carried,
        typed=typed_in(db(), actor(), now()),
    )


def _found(text: str) -> list[SiteRow]:
    wanted = filter_from(MultiDict({"q": text}))
    return list(read_page(db(), actor(), wanted, None, today(), FOUND).rows)


def _form(
    site_id: UUID, typed: Typed, head: Head, error: SanchengError | None = None, status: int = 200
) -> tuple[str, int]:
    every = fielded(db(), house().registry)
    site, whole = visits.due_at_site(db(), actor(), site_id, every, today())
    plan, refused = _plan(site_id, typed, whole)
    wrong = sort_out(error, (), plan)
    beside = {name: said for name, said in fault_map(error).items() if name in HEAD} if error else {}
    spots = lay_out(plan, typed, site.attrs, wrong.beside)
    people = walkers(db(), actor(), site, today())
    page = render_template(
        "paper/enter.html",
        site=site,
        place=unit_path(db(), site.unit_id, today()),
        plan=plan,
        typed=typed,
        head=head,
        spots=spots,
        lines=[line for spot in spots for line in spot.lines],
        wrong=wrong,
        beside=beside,
        large=[] if not error else _at_large(error, plan),
        refusal=say(error) if error and not error.faults else "",
        known=error.params.get("known") if isinstance(error, Conflict) else None,
        refused=refused,
        opened=forms_in(plan),
        kept=kept_lines(plan, typed.body(site_id), every),
        people=people,
        rounds=[(str(one), title) for one, title in rounds_at(db(), site)],
        me=str(actor().person_id),
        for_others=may_type_for_others(db(), actor(), site, today()),
        severities=severity_options(),
        more=ask_more(plan, typed.entries, wrong.entries, OPEN.small("SHA256")),
        titles=[by_locale(one.form.title_zh, one.form.title_en) for one in plan.forms],
        first_day=(today() - OLDEST).isoformat(),
        last_day=today().isoformat(),
        most_scans=MOST_SCANS,
    )
    return page, status


def _at_large(error: SanchengError, plan: VisitPlan) -> list[str]:
    """The faults that have neither a question nor a field of the head, and do not stand in the entries."""
    parts = (*HEAD, *plan.questions)
    others = [
        one for one in error.faults if amiss(one) is None and not any(part in one.field.split(".") for part in parts)
    ]
    return [say_fault(one) for one in others]


def _plan(site_id: UUID, typed: Typed, whole: VisitPlan) -> tuple[VisitPlan, list[str]]:
    """The forms that were printed; where they are not taken any more, those in force, and why."""
    if not typed.forms:
        return whole, []
    every = fielded(db(), house().registry)
    try:
        return visits.due_at_site(db(), actor(), site_id, every, today(), forms=typed.forms)[1], []
    except InvalidInput as error:
        return whole, [say_fault(one) for one in error.faults]


@blueprint.app_context_processor
def offer() -> dict[str, Any]:
    """Let a visit's page say that it came by paper."""
    return {"read_paper": _read_paper}


def _read_paper(visit: Visit) -> Mapping[str, Any] | None:
    """Who typed a visit in and the pictures of its sheet; None for one that was answered on a phone."""
    found: Mapping[str, Any] | None = visit.summary.get(PAPER)
    return found and {**found, "at": datetime.fromisoformat(found["at"])}
