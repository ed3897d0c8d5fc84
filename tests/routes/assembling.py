"""Meetings for the routes' world (会议): one with a point, a unit and a decision in each district, and fresh ones for each write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select

from core.work.meetings.agenda import add_point
from core.work.meetings.attendance import presences
from core.work.meetings.deciding import DecisionWish, decide
from core.work.meetings.minutes import publish_minutes
from core.work.meetings.planning import MeetingWish, hold_meeting, plan_meeting
from core.work.tables import Meeting, MeetingItem
from tenants.access import Actor, root_unit
from tenants.db import now
from tenants.scope import ScopedSession


def give_meetings(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """A meeting that is held, with everything that addresses name."""
    return new_meeting(session, ids, actors["hq_office"], today, "held")


def new_meeting(
    session: ScopedSession, ids: Mapping[str, str], office: Actor, today: date, state: str
) -> dict[str, str]:
    """A meeting: planned (version 2), held with a decision that is no task (version 4), or minuted (version 5).

    A bare one asks nobody.
    """
    unit = UUID(ids["unit_id"])
    if state == "bare":
        empty = MeetingWish("topical", root_unit(session).id, today, title="路由会议")
        made = plan_meeting(session, office, empty, now=now())
        made.number = uuid4().hex
        return {"meeting_id": str(made.id)}
    wish = MeetingWish(
        "topical", root_unit(session).id, today, title="路由会议", place="三楼", chair="某人", invited=(unit,)
    )
    of = plan_meeting(session, office, wish, now=now())
    of.number = uuid4().hex  # pages that show it are compared with each other
    add_point(session, office, of.id, "路由议题", now=now())
    found = {"meeting_id": str(of.id), "point_id": str(_point(session, of))}
    found["presence_id"] = str(presences(session, of.id)[0].row.id)
    if state == "planned":
        return found
    hold_meeting(session, office, of.id, version=of.version, now=now())
    said = DecisionWish("路由议定", unit, due_on=today)
    found["decision_id"] = str(decide(session, office, of.id, said, now=now()).id)
    if state == "minuted":
        publish_minutes(session, office, of.id, version=of.version, now=now())
    return found


def _point(session: ScopedSession, of: Meeting) -> UUID:
    return session.scalars(select(MeetingItem.id).where(MeetingItem.meeting_id == of.id)).one()
