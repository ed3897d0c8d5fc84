"""Meetings as JSON (会议的应答结构): the meeting with its numbers; one in full with agenda, attendance, decisions and their tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, OneOf, Part, Text, Whole
from core.work.meetings.agenda import Point, Standing
from core.work.meetings.attendance import Presence
from core.work.meetings.deciding import Decided
from core.work.meetings.kinds import DECISIONS, KINDS, POINTS, PRESENCES, STATES
from core.work.meetings.meeting_list import MeetingRow


class MeetingShape(Body):
    """A meeting (会议): asked and came count units and people, tasks those decisions that became one."""

    id = Id(required=True)
    number = Text(required=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    tier = Whole(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    title = Text(required=True)
    campaign = Text(required=True)
    unit_id = Id(required=True)
    chair = Text(required=True)
    place = Text(required=True)
    held_on = Day(required=True)
    starts_at = Moment(required=True, allow_none=True)
    asked = Whole(required=True)
    came = Whole(required=True)
    decisions = Whole(required=True)
    tasks = Whole(required=True)
    version = Whole(required=True)


class MeetingList(Body):
    """Meetings (会议清单)."""

    items = ListOf(Part(MeetingShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class MeetingStandingShape(Body):
    """How a thing stands now (情况): about task, finding, unit or decision; progress in 1/100 %; id null where it is not the asker's to open."""

    about = Text(required=True)
    id = Id(required=True, allow_none=True)
    number = Text(required=True)
    state = Text(required=True)
    progress = Whole(required=True)
    late_days = Whole(required=True)
    open = Whole(required=True)
    overdue = Whole(required=True)


class MeetingPointShape(Body):
    """A point of the agenda (议题); hidden: it is about what the asker may not know, and has no words then."""

    id = Id(required=True)
    title = Text(required=True)
    unit_id = Id(required=True, allow_none=True)
    subject = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(POINTS)))
    said = Text(required=True)
    hidden = Flag(required=True)
    standing = Part(MeetingStandingShape, required=True, allow_none=True)


class MeetingPresenceShape(Body):
    """Who was asked and came (签到)."""

    unit_id = Id(required=True, allow_none=True)
    name = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(PRESENCES)))
    speaks = Flag(required=True)


class MeetingDecisionShape(Body):
    """A decision or pledge (议定事项) with the live state of its task."""

    id = Id(required=True)
    kind = Text(required=True, validate=OneOf(tuple(DECISIONS)))
    title = Text(required=True)
    unit_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    due_on = Day(required=True, allow_none=True)
    dropped = Flag(required=True)
    task = Part(MeetingStandingShape, required=True, allow_none=True)


class MeetingDetail(MeetingShape):
    """One meeting in full (会议详情)."""

    previous_id = Id(required=True, allow_none=True)
    minutes = Text(required=True)
    agenda = ListOf(Part(MeetingPointShape), required=True)
    attendance = ListOf(Part(MeetingPresenceShape), required=True)
    decided = ListOf(Part(MeetingDecisionShape), required=True)


def shape_meeting(row: MeetingRow) -> dict[str, Any]:
    """A meeting as JSON."""
    of = row.meeting
    same = ("id", "number", "kind", "tier", "state", "title", "campaign", "unit_id", "place", "held_on", "starts_at")
    counted = {name: getattr(row, name) for name in ("asked", "came", "decisions", "tasks")}
    return {name: getattr(of, name) for name in same} | counted | {"chair": of.chair_name, "version": of.version}


def shape_detail(
    row: MeetingRow, points: Sequence[Point], rows: Sequence[Presence], decided: Sequence[Decided], previous: Any
) -> dict[str, Any]:
    """A meeting in full as JSON; ``previous`` is the id of the one before where the asker sees it."""
    return shape_meeting(row) | {
        "previous_id": previous,
        "minutes": row.meeting.minutes,
        "agenda": [_point(one) for one in points],
        "attendance": [
            {name: getattr(one.row, name) for name in ("unit_id", "name", "state", "speaks")} for one in rows
        ],
        "decided": [_decided(one) for one in decided],
    }


def _point(one: Point) -> dict[str, Any]:
    item = one.item
    return {
        "id": item.id,
        "title": one.title,
        "unit_id": None if one.hidden else item.unit_id,
        "subject": item.subject,
        "state": item.state,
        "said": "" if one.hidden else item.said,
        "hidden": one.hidden,
        "standing": _standing(one.now),
    }


def _decided(one: Decided) -> dict[str, Any]:
    same = ("id", "kind", "title", "unit_id", "person_id", "due_on", "dropped")
    return {name: getattr(one.row, name) for name in same} | {"task": _standing(one.task)}


def _standing(now: Standing | None) -> dict[str, Any] | None:
    if now is None:
        return None
    same = ("about", "id", "number", "state", "progress", "open", "overdue")
    return {name: getattr(now, name) for name in same} | {"late_days": now.late}
