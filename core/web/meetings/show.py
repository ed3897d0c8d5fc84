"""The projector view (投影): one point of the agenda at a time in large letters, with the state of its task or finding as it is now."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request

from core import request as asked
from core.request import actor, db, now, require, today
from core.web.meetings.one_meeting import context_of
from core.work.desk.first_photos import first_photos
from core.work.meetings.agenda import FINDING, Point
from core.work.meetings.sight import get_meeting
from core.work.roles import SEE
from core.work.tasks.work_photos import photos_of

blueprint = Blueprint("meeting_show", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

MOST_PHOTOS = 4  # beside a point; its own page has all (ours)
LONGEST = 3  # digits of a point's number


@blueprint.get("/<uuid:meeting_id>/show")
@require(SEE)
def show(meeting_id: UUID) -> str:
    """One point of the agenda; the last page has everything that was decided."""
    of = get_meeting(db(), actor(), meeting_id, today())
    found = context_of(of)
    place = _place(len(found["points"]) + 1)
    point = found["points"][place - 1] if place <= len(found["points"]) else None
    return render_template("meetings/show.html", **found, place=place, photos=_photos(point) if point else [])


def _place(last: int) -> int:
    said = request.args.get("point", "")
    wanted = int(said) if said.isascii() and said.isdigit() and len(said) <= LONGEST else 1
    return min(max(wanted, 1), last)


def _photos(point: Point) -> list[UUID]:
    """The latest photos of the task, or the first one of the finding, where the reader may see it."""
    if point.now is None or point.now.id is None or point.hidden:
        return []
    if point.item.subject == FINDING:
        return list(first_photos(db(), actor(), [point.now.id], now()).values())
    return [row.file_id for row in photos_of(db(), "task", [point.now.id])[point.now.id]][-MOST_PHOTOS:]
