"""Attendance on the pages (签到): the whole list in one form for the office, one line for a unit's own liaison."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.request import actor, db, now, require
from core.web.meetings.one_meeting import act
from core.web.paging import read_id
from core.work.meetings.attendance import Mark, drop_presence, invite, keep_attendance, sign_in
from core.work.meetings.kinds import PRESENT
from core.work.roles import ANSWER, DIRECT

blueprint = Blueprint("meeting_attendance", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

PART = "attendance"


@blueprint.post("/<uuid:meeting_id>/attendance")
@require(DIRECT)
def keep(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Save the list, and a further person if one was named."""
    said = request.form
    rows = [read_id(key.removeprefix("state."), "state") for key in said if key.startswith("state.")]
    marks = [_mark(row) for row in rows]
    if said.get("new_name", "").strip():
        unit = said.get("new_unit", "")
        marks.append(
            Mark(said.get("new_state", PRESENT), said["new_name"], unit_id=read_id(unit, "new_unit") if unit else None)
        )
    return act(
        meeting_id,
        lambda: keep_attendance(db(), actor(), meeting_id, marks, now=now()),
        gettext("签到已保存"),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/attendance/<uuid:presence_id>")
@require(ANSWER)
def sign(meeting_id: UUID, presence_id: UUID) -> AnyResponse | tuple[str, int]:
    """Sign in for one's own unit."""
    return act(
        meeting_id,
        lambda: sign_in(db(), actor(), meeting_id, presence_id, _mark(presence_id), now=now()),
        gettext("已签到"),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/attendance/<uuid:presence_id>/drop")
@require(DIRECT)
def drop(meeting_id: UUID, presence_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a row off the list."""
    return act(
        meeting_id,
        lambda: drop_presence(db(), actor(), meeting_id, presence_id, now=now()),
        gettext("已从名单去掉"),
        part=PART,
    )


@blueprint.post("/<uuid:meeting_id>/invite")
@require(DIRECT)
def ask_units(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Ask one more unit."""
    units = [read_id(one, "unit") for one in request.form.getlist("unit") if one]
    return act(
        meeting_id,
        lambda: invite(db(), actor(), meeting_id, units, now=now()),
        gettext("参会单位已加上"),
        part=PART,
    )


def _mark(row_id: UUID) -> Mark:
    said, key = request.form, str(row_id)
    return Mark(
        said.get(f"state.{key}", ""),
        said.get(f"name.{key}", ""),
        said.get(f"speaks.{key}") == "1",
        said.get(f"note.{key}", ""),
        row_id,
    )
