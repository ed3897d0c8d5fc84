"""One finding on the pages (问题): before and after, who answers, what it costs, and the steps that are allowed now."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.request import actor, db, now, require, require_any, today
from core.web.appeals.beside import beside_finding
from core.web.as_of import read_as_of
from core.web.duties.sponsor_reading import sponsors_beside
from core.web.errors import fault_map
from core.web.ledger import finding_words as words
from core.web.ledger.finding_arrival import say_arrival
from core.web.ledger.finding_basis import read_basis, read_earlier
from core.web.ledger.finding_clock import read_clocks
from core.web.ledger.finding_duplicates import read_duplicates
from core.web.ledger.finding_forms import RARE, choose, read_choices, read_forms
from core.web.ledger.finding_proofs import handed_photos, read_proofs
from core.web.ledger.finding_reading import (
    left_of,
    read_concerns,
    read_history,
    read_instructions,
    read_shots,
    read_waits,
)
from core.web.ledger.finding_then import show_then
from core.web.ledger.finding_typed import Typed, asked_of, read_typed
from core.web.ledger.step_words import CONSEQUENCES, DONE
from core.web.places.site_words import say_points, unit_path
from core.web.projects.beside import projects_of_finding
from core.work.appeals.appeal_moves import STATES as APPEAL_STATES
from core.work.calendar import local_day
from core.work.desk.finding_detail import Detail, detail
from core.work.desk.waiting import todo
from core.work.inspection.photo_gaps import finding_gaps
from core.work.loop import ledger
from core.work.loop.step_input import LONGEST_TITLE, MOST_DAYS
from core.work.loop.transitions import STATES
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD, SEE
from core.work.tables import Finding
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("finding", __name__, url_prefix="/t/<slug>/findings")
blueprint.before_request(asked.enter)
LIMITS = {
    "most_photos": ledger.MOST_PHOTOS,
    "most_days": MOST_DAYS,
    "longest_note": LONGEST_NOTE,
    "longest_title": LONGEST_TITLE,
}


@blueprint.get("/<uuid:finding_id>")
@require(SEE)
def show(finding_id: UUID) -> str:
    """A finding with its photos, parts, costs, history and the allowed steps; ``do`` opens the form of one.

    With ``as_of`` it is shown as it was at the end of that day, and nothing can be done.
    """
    if (day := read_as_of()) is not None:
        return show_then(finding_id, day)
    return _page(
        finding_id, Typed(verb=request.args.get("do", "")[:40], photos=handed_photos(finding_id), precedent=True)
    )


@blueprint.post("/<uuid:finding_id>/act")
@require_any(ANSWER, CHECK, DIRECT, LEAD)
def act(finding_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take one step; what is refused comes back with everything that was typed, and with who was faster."""
    faults: list[Fault] = []
    typed = read_typed(faults)
    try:
        done = _take_step(finding_id, typed, faults)
    except (InvalidInput, Stale, Conflict, Forbidden) as error:
        return _page(finding_id, typed, error), error.status
    _say_done(done, typed.verb)
    return redirect(url_for("finding.show", finding_id=finding_id), 303)


def _take_step(finding_id: UUID, typed: Typed, faults: list[Fault]) -> Finding:
    """The step itself, unless something typed could not be read."""
    session = db()
    finding = detail(session, actor(), finding_id, now=now()).finding if typed.changes else None
    given = asked_of(typed, finding, faults)
    if faults:
        raise InvalidInput(faults=faults)
    return ledger.act(session, actor(), finding_id, typed.verb, version=typed.version, now=now(), **given)


def _page(finding_id: UUID, typed: Typed, error: SanchengError | None = None) -> str:
    session = db()
    found = detail(session, actor(), finding_id, now=now())
    before, after = read_shots(found, finding_gaps(session, actor(), found))
    lost_race = isinstance(error, Stale | Conflict)
    forms = read_forms(found)
    form = choose(forms, typed.verb)
    return render_template(
        "findings/one.html",
        found=found,
        row=found.row,
        left=left_of(found),
        clocks=read_clocks(found),
        arrived=say_arrival(found.events),
        place=unit_path(session, found.row.unit_id, today()),
        before=before,
        after=after,
        concerns=read_concerns(session, found),
        instructions=read_instructions(found.events),
        history=read_history(session, found.events),
        since=read_history(session, [e for e in found.events if e.version > typed.version]) if lost_race else [],
        duplicates=read_duplicates(session, found),
        beside=_sponsors(found),
        proofs=read_proofs(session, found),
        appealed=beside_finding(found.finding),
        projects_here=projects_of_finding(found.row.id),
        appeal_states=APPEAL_STATES,
        basis=read_basis(found.events),
        earlier=read_earlier(found, form.key if form else ""),
        forms=forms,
        form=form,
        choices=read_choices(form, found.row, found) if form else {},
        waits=read_waits(found),
        is_over=not STATES[found.row.state].waits_for,
        typed=typed,
        faults=fault_map(error) if error else {},
        refusal=words.say_refusal(error) if error and not error.faults else "",
        consequences=CONSEQUENCES,
        **LIMITS,
        say_points=say_points,
        words=words,
        rare=RARE,
    )


def _sponsors(found: Detail) -> object:
    """Who sponsored the place on the day when it was found, in this finding's campaigns and of its field."""
    row = found.row
    what = {"category": row.category, "campaigns": row.campaigns}
    return sponsors_beside(db(), unit_id=row.unit_id, site_id=row.site_id, on=local_day(row.opened_at), **what)


def _say_done(done: Finding, verb: str) -> None:
    """Say what happened, and offer the next thing that waits for this person."""
    text = gettext(DONE[verb], number=done.number or gettext("这个问题"))
    waiting = todo(db(), actor(), now(), limit=2)
    following = next((row for row in (*waiting.answer, *waiting.check) if row.id != done.id), None)
    if following is None:
        flash({"text": text, "next": gettext("回到清单"), "href": url_for("findings.show_list")}, "success")
        return
    href = url_for("finding.show", finding_id=following.id)
    flash({"text": text, "next": gettext("办理下一件"), "href": href}, "success")
