"""One finding on the pages (问题): before and after, who answers, what it costs, and the steps that are allowed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.request import actor, db, now, require, require_any, today
from core.web import photos
from core.web.errors import fault_map
from core.web.finding_reading import left_of, read_concerns, read_history, read_shots
from core.web.finding_words import (
    CONSEQUENCES,
    DONE,
    PARTS,
    say_category,
    say_outcome,
    say_refusal,
    say_state,
    say_title,
    tone_of,
)
from core.web.paging import bad_argument
from core.web.site_words import say_points, unit_path
from core.work import ledger
from core.work.finding_detail import detail
from core.work.roles import ANSWER, CHECK, SEE
from core.work.tables import Finding
from core.work.transitions import LEADING, OUTCOMES, STATES
from core.work.waiting import todo
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("finding", __name__, url_prefix="/t/<slug>/findings")
blueprint.before_request(asked.enter)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed for a step (填写的内容), kept whatever comes of it."""

    verb: str = ""
    version: int = 0
    note: str = ""
    photos: Sequence[str] = ()
    outcome: str = ""


@blueprint.get("/<uuid:finding_id>")
@require(SEE)
def show(finding_id: UUID) -> str:
    """A finding with its photos, parts, costs, history and the allowed steps."""
    return _page(finding_id, Typed())


@blueprint.post("/<uuid:finding_id>/act")
@require_any(ANSWER, CHECK)
def act(finding_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take one step; what is refused comes back with everything that was typed, and with who was faster."""
    faults: list[Fault] = []
    typed = _read_typed(faults)
    try:
        done = _take_step(finding_id, typed, faults)
    except (InvalidInput, Stale, Conflict, Forbidden) as error:
        return _page(finding_id, typed, error), error.status
    _say_done(done, typed.verb)
    return redirect(url_for("finding.show", finding_id=finding_id), 303)


def _take_step(finding_id: UUID, typed: Typed, faults: list[Fault]) -> Finding:
    """The step itself, unless a photo could not be kept."""
    if faults:
        raise InvalidInput(faults=faults)
    return ledger.act(
        db(),
        actor(),
        finding_id,
        typed.verb,
        version=typed.version,
        note=typed.note,
        photos=typed.photos,
        outcome=typed.outcome,
        now=now(),
    )


def _read_typed(faults: list[Fault]) -> Typed:
    said = request.form
    version = said.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise bad_argument("version", version)
    return Typed(
        said.get("verb", "")[:40],
        int(version),
        said.get("note", ""),
        photos.posted("photos", faults),
        said.get("outcome", "")[:40],
    )


def _page(finding_id: UUID, typed: Typed, error: SanchengError | None = None) -> str:
    session = db()
    found = detail(session, actor(), finding_id, now=now())
    before, after = read_shots(found)
    lost_race = isinstance(error, Stale | Conflict)
    return render_template(
        "findings/one.html",
        found=found,
        row=found.row,
        left=left_of(found),
        place=unit_path(session, found.row.unit_id, today()),
        before=before,
        after=after,
        concerns=read_concerns(session, found),
        history=read_history(found.events),
        since=read_history([e for e in found.events if e.version > typed.version]) if lost_race else [],
        bare=[s for s in found.allowed if not (s.needs_note or s.needs_photo or s.needs_outcome)],
        given=[s for s in found.allowed if s.needs_note or s.needs_photo or s.needs_outcome],
        is_over=not STATES[found.row.state].waits_for,
        waits_for_unit=STATES[found.row.state].waits_for == LEADING,
        typed=typed,
        faults=fault_map(error) if error else {},
        refusal=say_refusal(error) if error and not error.faults else "",
        outcomes=OUTCOMES,
        consequences=CONSEQUENCES,
        parts=PARTS,
        most_photos=ledger.MOST_PHOTOS,
        longest_note=LONGEST_NOTE,
        say_points=say_points,
        say_title=say_title,
        say_state=say_state,
        say_category=say_category,
        say_outcome=say_outcome,
        tone_of=tone_of,
    )


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
