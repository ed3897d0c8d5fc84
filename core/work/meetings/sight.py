"""Who sees and who holds a meeting (会议可见范围): its own unit's people, those of the units asked to it, and whoever got a task there."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session

from core.errors import N_, Forbidden, NotFound
from core.work.calendar import local_day
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tables import Meeting, MeetingDecision, MeetingPresence
from tenants.access import Actor, may, reach, reach_of


def sees_meeting(actor: Actor, day: date) -> ColumnElement[bool]:
    """Filter on Meeting: a unit in the actor's reach convenes it, was asked to it or owes what it decided, or he himself does.

    A post for one campaign sees that campaign's meetings and those of none.
    """
    if actor.covers(SEE):
        return true()
    tenant, me = actor.tenant.id, actor.person_id
    mine = or_(Meeting.chair_id == me, _asked(tenant, MeetingPresence.person_id == me))
    mine = or_(mine, _owes(tenant, MeetingDecision.person_id == me))
    found: list[ColumnElement[bool]] = [mine] if actor.has(SEE) else []
    for campaign in sorted({duty.campaign or "" for duty in actor.duties if SEE in duty.verbs}):
        units = reach_of(actor, SEE, day, campaign or None)
        inside = or_(Meeting.unit_id.in_(units), _asked(tenant, MeetingPresence.unit_id.in_(units)))
        inside = or_(inside, _owes(tenant, MeetingDecision.unit_id.in_(units)))
        found.append(and_(inside, Meeting.campaign.in_(("", campaign))) if campaign else inside)
    return or_(false(), *found)


def _asked(tenant: int, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Meeting.id.in_(select(MeetingPresence.meeting_id).where(MeetingPresence.tenant_id == tenant, condition))


def _owes(tenant: int, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    wanted = (MeetingDecision.tenant_id == tenant, MeetingDecision.dropped.is_(False), condition)
    return Meeting.id.in_(select(MeetingDecision.meeting_id).where(*wanted))


def get_meeting(session: Session, actor: Actor, meeting_id: UUID, day: date) -> Meeting:
    """A meeting that the actor may read. Raises NotFound, alike for what is not there and what is not his to know."""
    found = session.scalars(select(Meeting).where(Meeting.id == meeting_id, sees_meeting(actor, day))).first()
    if found is None:
        raise NotFound
    return found


def holds(session: Session, actor: Actor, unit_id: UUID, campaign: str, day: date) -> bool:
    """Whether the actor holds the meetings of a unit (DIRECT there)."""
    return may(session, actor, DIRECT, unit_id, day, campaign=campaign or None)


def need_hold(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Raise Forbidden for whoever does not hold this meeting."""
    if not holds(session, actor, meeting.unit_id, meeting.campaign, local_day(now)):
        raise Forbidden(N_("您的岗位不能办理这次会议"))


def own_units(actor: Actor, day: date) -> Select[UUID]:
    """The units for which the actor answers: he may sign in for them."""
    return reach(actor, ANSWER, day)
