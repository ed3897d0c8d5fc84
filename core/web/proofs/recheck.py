"""One re-inspection on the pages (回头看): made for a phone on the spot - before and after beside the question, two buttons."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.web import photos
from core.web.errors import fault_map, say
from core.web.form_fields import day_of, id_of
from core.web.ledger.finding_reading import read_shots
from core.web.ledger.finding_words import say_refusal, say_title
from core.web.proofs.proof_words import recheck_tone, say_recheck
from core.work.desk.finding_detail import detail
from core.work.inspection.photo_gaps import finding_gaps
from core.work.loop.step_input import MOST_PHOTOS
from core.work.proofs.rechecks import DUE, Filter, get_recheck, list_rechecks, plan_recheck, settle_recheck, why_not_him
from core.work.roles import CHECK, DIRECT, SEE, VISIT
from core.work.tables import Finding
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("recheck", __name__, url_prefix="/t/<slug>")
blueprint.before_request(asked.enter)


@blueprint.get("/rechecks/<uuid:recheck_id>")
@require(SEE)
def show(recheck_id: UUID) -> str:
    """What was wrong, how it was put right, and what is there now."""
    return _page(recheck_id)


@blueprint.post("/rechecks/<uuid:recheck_id>/settle")
@require_any(VISIT, CHECK)
def settle(recheck_id: UUID) -> AnyResponse | tuple[str, int]:
    """Stable or relapsed; what is refused comes back with everything that was typed."""
    faults: list[Fault] = []
    sent = photos.posted("photos", faults)
    try:
        found = _settle(recheck_id, sent, faults)
    except (InvalidInput, Conflict, Forbidden) as error:
        return _page(recheck_id, sent, error), error.status
    relapsed = request.form["result"] == "relapsed"
    word = gettext("复查反弹，问题已重新打开") if relapsed else gettext("复查稳固")
    following = list_rechecks(db(), actor(), Filter(mine=True, state=DUE), now=now(), size=1)
    text = gettext("%(number)s：%(word)s", number=found.number or gettext("这个问题"), word=word)
    if following:
        href = url_for("recheck.show", recheck_id=following[0].recheck.id)
        flash({"text": text, "next": gettext("下一件"), "href": href}, "success")
    else:
        flash({"text": text, "next": gettext("看清单"), "href": url_for("rechecks.show_list")}, "success")
    return redirect(url_for("recheck.show", recheck_id=recheck_id), 303)


def _settle(recheck_id: UUID, sent: list[str], faults: list[Fault]) -> Finding:
    """The result itself, unless a photo could not be kept."""
    if faults:
        raise InvalidInput(faults=faults)
    said = request.form
    return settle_recheck(
        db(), actor(), recheck_id, said.get("result", ""), note=said.get("note", ""), photos=sent, now=now()
    )


@blueprint.post("/findings/<uuid:finding_id>/recheck")
@require(DIRECT)
def plan(finding_id: UUID) -> AnyResponse:
    """Ask for one closed finding to be looked at again, from its page."""
    try:
        due = day_of(request.form, "due_on") or today()
        plan_recheck(db(), actor(), finding_id, person_id=id_of(request.form, "person"), due_on=due, now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict) as error:
        flash(_sentence(error), "error")
        return redirect(url_for("finding.show", finding_id=finding_id) + "#recheck", 303)
    flash(gettext("已安排回头看"), "success")
    return redirect(url_for("finding.show", finding_id=finding_id) + "#recheck", 303)


def _sentence(error: SanchengError) -> str:
    return gettext("；").join(fault_map(error).values()) or say(error)


def _page(recheck_id: UUID, sent: list[str] | None = None, error: SanchengError | None = None) -> str:
    row = get_recheck(db(), actor(), recheck_id, now())
    found = detail(db(), actor(), row.finding.id, now=now())
    before, after = read_shots(found, finding_gaps(db(), actor(), found))
    own = why_not_him(db(), row.finding, actor().person_id, today()) if row.recheck.state == DUE else ""
    return render_template(
        "rechecks/one.html",
        row=row,
        found=found,
        before=before,
        after=after,
        own=own,
        is_due=row.recheck.state == DUE,
        said=request.form,
        sent=sent or (),
        faults=fault_map(error) if error else {},
        refusal=say_refusal(error) if error and not error.faults else "",
        say_recheck=say_recheck,
        say_title=say_title,
        tone=recheck_tone,
        most=MOST_PHOTOS,
        longest=LONGEST_NOTE,
        today=today(),
    )
