"""Meetings (会议) over the API: the list, and one in full with agenda, attendance, decisions and the live state of their tasks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG
from core.api.fields import Day, Id, Length, OneOf, Range, Text, Whole
from core.api.meeting_shapes import MeetingDetail, MeetingList, shape_detail, shape_meeting
from core.api.replies import ListQuery, a_day, cursor_of, etag, read_cursor, reply, reply_list
from core.api.rooms import READING, Room
from core.errors import NotFound
from core.work.meetings.agenda import points_of
from core.work.meetings.attendance import presences
from core.work.meetings.deciding import decisions_of
from core.work.meetings.kinds import KINDS, STATES, TIERS
from core.work.meetings.meeting_list import MeetingFilter, list_meetings, one_row
from core.work.meetings.sight import get_meeting
from core.work.roles import SEE

room = Room("meetings", __name__, description="Meetings (会议): agenda, attendance, and decisions that become tasks.")


class MeetingQuery(ListQuery):
    """Which meetings (会议筛选); the latest first."""

    kind = Text(load_default="", validate=OneOf(("", *KINDS)))
    tier = Whole(load_default=0, validate=Range(0, max(TIERS)), metadata={"description": "0: every tier"})
    state = Text(load_default="", validate=OneOf(("", *STATES)))
    unit_id = Id(load_default=None)
    since = Day(load_default=None, data_key="from")
    until = Day(load_default=None, data_key="to")
    q = Text(load_default="", validate=Length(max=80), metadata={"description": "part of the title"})


@room.get("/meetings")
@asked.require(SEE)
@room.arguments(MeetingQuery, location="query")
@room.response(200, MeetingList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the meetings in the asker's sight, the latest first"""
    said = {name: query[name] for name in ("kind", "tier", "state", "unit_id", "since", "until")}
    wanted, size = MeetingFilter(**said, text=query["q"]), query["page_size"]
    keys = read_cursor(query["cursor"], [a_day, UUID])
    after = (keys[0], keys[1]) if keys else None
    rows = list_meetings(asked.db(), asked.actor(), wanted, on=asked.today(), after=after, size=size)
    page = rows[:size]
    last = page[-1].meeting if len(rows) > size else None
    return reply_list(map(shape_meeting, page), cursor_of(last.held_on.isoformat(), str(last.id)) if last else None)


@room.get("/meetings/<uuid:meeting_id>")
@asked.require(SEE)
@room.response(200, MeetingDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_one(meeting_id: UUID) -> Response:
    """Show one meeting with its agenda, who came, and what was decided

    A point about a finding that the asker may not see keeps its place and has no words.
    """
    session, who = asked.db(), asked.actor()
    of = get_meeting(session, who, meeting_id, asked.today())
    points = points_of(session, who, of, asked.now())
    decided = decisions_of(session, who, of.id, asked.now())
    said = shape_detail(one_row(session, of), points, presences(session, of.id), decided, _seen(of.previous_id))
    return reply(said, ETag=etag(of.version))


def _seen(meeting_id: UUID | None) -> UUID | None:
    """The meeting before, where the asker sees it."""
    try:
        return get_meeting(asked.db(), asked.actor(), meeting_id, asked.today()).id if meeting_id else None
    except NotFound:
        return None
