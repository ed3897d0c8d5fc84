"""The agenda on the pages (议程): drafted in one click, put in order, added to, what was said at each point."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict
from core.figures.task_figures.agenda import at_risk
from core.request import actor, db, now, require, today
from core.web.meetings import words
from core.web.meetings.one_meeting import act
from core.web.paging import read_id
from core.web.words import counted
from core.work.meetings.agenda import add_point, drop_point, order_points, points_of, say_point
from core.work.meetings.drafting import draft_agenda
from core.work.meetings.kinds import HELD, OPEN, PLANNED
from core.work.meetings.sight import get_meeting, need_hold
from core.work.meetings.steps import REFUSED
from core.work.roles import DIRECT

blueprint = Blueprint("meeting_agenda", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

PART = "agenda"
LONGEST_PLACE = 5  # digits of a place in the order


@blueprint.post("/<uuid:meeting_id>/agenda/draft")
@require(DIRECT)
def draft(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Draft the agenda, or add to it what is new since."""
    added: list[int] = []

    def run() -> None:
        risk = at_risk(db(), actor(), today())
        added.append(draft_agenda(db(), actor(), meeting_id, at_risk=risk, now=now()))

    def told() -> str:
        return counted("新加了 %(n)s 项议题", n=added[0]) if added[0] else gettext("没有新的议题要加")

    return act(meeting_id, run, told, part=PART)


@blueprint.post("/<uuid:meeting_id>/agenda")
@require(DIRECT)
def add(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Add a point of one's own."""
    title = request.form.get("point_title", "")
    return act(
        meeting_id,
        lambda: add_point(db(), actor(), meeting_id, title, now=now()),
        gettext("已加入议程"),
        part=PART,
    )


@blueprint.get("/<uuid:meeting_id>/agenda")
@require(DIRECT)
def arrange(meeting_id: UUID) -> str:
    """The points to be put in order."""
    of = get_meeting(db(), actor(), meeting_id, today())
    need_hold(db(), actor(), of, now())
    if of.state not in (PLANNED, HELD):
        raise Conflict(REFUSED[of.state])
    points = points_of(db(), actor(), of, now())
    return render_template("meetings/order.html", of=of, points=points, words=words)


@blueprint.post("/<uuid:meeting_id>/agenda/order")
@require(DIRECT)
def order(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Save the order."""
    places = {
        read_id(key.removeprefix("pos."), "pos"): int(said)
        for key, said in request.form.items()
        if key.startswith("pos.") and said.isascii() and said.isdigit() and len(said) <= LONGEST_PLACE
    }
    return act(
        meeting_id,
        lambda: order_points(db(), actor(), meeting_id, places, now=now()),
        gettext("议程的顺序已保存"),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/agenda/<uuid:point_id>/drop")
@require(DIRECT)
def drop(meeting_id: UUID, point_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a point off."""
    return act(
        meeting_id,
        lambda: drop_point(db(), actor(), meeting_id, point_id, now=now()),
        gettext("已从议程去掉"),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/agenda/<uuid:point_id>")
@require(DIRECT)
def discuss(meeting_id: UUID, point_id: UUID) -> AnyResponse | tuple[str, int]:
    """Write what was said at a point."""
    said, state = request.form.get("said", ""), request.form.get("state", OPEN)
    return act(
        meeting_id,
        lambda: say_point(db(), actor(), meeting_id, point_id, said=said, state=state, now=now()),
        gettext("讨论情况已记下"),
        part=PART,
    )
