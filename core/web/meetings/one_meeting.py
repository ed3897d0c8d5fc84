"""One meeting on the pages (会议): what it is, its agenda with the live state of everything, who came, what was decided, its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Forbidden, NotFound, SanchengError
from core.request import actor, db, now, require, today
from core.web.errors import say
from core.web.meetings import words
from core.web.paging import bad_argument
from core.web.places.site_words import campaign_titles, unit_options
from core.work.meetings.agenda import LONGEST_POINT, points_of
from core.work.meetings.attendance import LONGEST_NAME, LONGEST_NOTE, count_presences, presences
from core.work.meetings.deciding import LONGEST, decisions_of
from core.work.meetings.kinds import CANCELLED, DECISIONS, HELD, MINUTED, PLANNED, POINTS, PRESENCES
from core.work.meetings.meeting_list import one_row
from core.work.meetings.minutes import LONGEST_MINUTES, corrections_of, history_of
from core.work.meetings.people import names_at
from core.work.meetings.planning import LONGEST_REASON
from core.work.meetings.sight import get_meeting, holds
from core.work.papers.notes import mark_seen
from core.work.roles import SEE
from core.work.tables import Meeting

blueprint = Blueprint("meeting", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

SHOW = "show"  # where a form of the projector says that it came from


@blueprint.get("/<uuid:meeting_id>")
@require(SEE)
def show(meeting_id: UUID) -> tuple[str, int]:
    """One meeting; opening it is reading its notes."""
    mark_seen(db(), actor(), "meeting", meeting_id, now())
    return page_of(meeting_id)


def version_said() -> int:
    """The version that the page was made of. Raises InvalidInput."""
    said = request.form.get("version", "")
    if not (said.isascii() and said.isdigit()) or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def act(
    meeting_id: UUID, step: Callable[[], object], success: str | Callable[[], str], *, part: str = ""
) -> AnyResponse | tuple[str, int]:
    """Take a step and go back to where the form stood, or show that page again with what was refused."""
    try:
        with db().begin_nested():
            step()
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return page_of(meeting_id, error, part)
    flash(success if isinstance(success, str) else success(), "success")
    return redirect(came_from(meeting_id, part), 303)


def came_from(meeting_id: UUID, part: str = "") -> str:
    """The page that the form stood on: the projector at its point, or the meeting at its part."""
    if request.form.get("back") == SHOW:
        point = request.form.get("point", "")
        return url_for("meeting_show.show", meeting_id=meeting_id, point=point if point.isdigit() else None)
    return url_for("meeting.show", meeting_id=meeting_id) + (f"#{part}" if part else "")


def page_of(meeting_id: UUID, error: SanchengError | None = None, part: str = "") -> tuple[str, int]:
    """The meeting's page, with the refusal of a step if there was one; of the projector's forms the projector."""
    db().expire_all()
    of = get_meeting(db(), actor(), meeting_id, today())
    found = context_of(of, error, part)
    if request.form.get("back") == SHOW:
        point = request.form.get("point", "")
        found["place"] = min(max(int(point) if point.isdigit() else 1, 1), len(found["points"]) + 1)
        return render_template("meetings/show.html", **found), error.status if error else 200
    context: dict[str, Any] = {
        "row": one_row(db(), of),
        "history": [words.event_line(one) for one in history_of(db(), of.id)] if found["may_hold"] else [],
        "previous": _previous(of),
        "campaigns": campaign_titles(db()),
        "corrections": corrections_of(db(), of.id),
        "longest": {
            "point": LONGEST_POINT,
            "reason": LONGEST_REASON,
            "minutes": LONGEST_MINUTES,
            "name": LONGEST_NAME,
            "note": LONGEST_NOTE,
            "decision": LONGEST,
        },
    }
    return render_template("meetings/one.html", **found, **context), error.status if error else 200


def context_of(of: Meeting, error: SanchengError | None = None, part: str = "") -> dict[str, Any]:
    """What the meeting's page and the projector have in common."""
    session, who, on = db(), actor(), today()
    may_hold = holds(session, who, of.unit_id, of.campaign, on)
    rows = presences(session, of.id, who, on)
    units = unit_options(session, who, on)
    asked_units = [(str(one.row.unit_id), one.unit_name) for one in rows if one.row.unit_id]
    return {
        "of": of,
        "words": words,
        "today": on,
        "may_hold": may_hold,
        "may_change": may_hold and of.state in (PLANNED, HELD),
        "is_held": of.state == HELD,
        "is_over": of.state in (MINUTED, CANCELLED),
        "points": points_of(session, who, of, now()),
        "presences": rows,
        "counts": count_presences(rows),
        "decisions": decisions_of(session, who, of.id, now()),
        "unit_choices": asked_units + [one for one in units if one[0] not in {key for key, _ in asked_units}],
        "names": names_at(session, [of.unit_id, *(one.row.unit_id for one in rows if one.row.unit_id)], on)
        if may_hold
        else [],
        "presence_options": words.options(PRESENCES),
        "point_options": words.options(POINTS),
        "decision_options": words.options(DECISIONS),
        "faults": words.fault_words(error) if error else {},
        "refusal": say(error) if error and not error.faults else "",
        "part": part,
        "said": request.form,
    }


def _previous(of: Meeting) -> Meeting | None:
    """The meeting before, where the reader may see it."""
    if of.previous_id is None:
        return None
    try:
        return get_meeting(db(), actor(), of.previous_id, today())
    except NotFound:
        return None
