"""Findings that wait for a person (待办问题): each kind of duty as one condition, judged by the posts alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import ANSWERED, AT_DESK, PARKED, WITH_UNIT
from core.work.loop.transitions import REPLY
from core.work.roles import ANSWER, CHECK, DIRECT, RESTRICTED
from core.work.tables import Finding, FindingEvent, Part
from tenants.access import Actor, reach


def to_answer(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Findings that his units lead and have not answered (待整改)."""
    # While it is with the unit the leading part is open; said here so that the small index of open parts answers.
    part = _part(actor, now, Part.leading.is_(True), Part.state == "open")
    return and_(Finding.state.in_(WITH_UNIT), part, _shown(actor, now))


def to_assist(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Findings in which his units help and have not finished their part (待协办)."""
    part = _part(actor, now, Part.kind == "assist", Part.leading.is_(False), Part.state == "open")
    return and_(Finding.state.in_(WITH_UNIT), part, _shown(actor, now))


def to_cosign(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Answers at his places that the place has not co-signed (待会签)."""
    part = _part(actor, now, Part.kind == "place", Part.leading.is_(False), Part.state == "informed")
    return and_(Finding.state == ANSWERED, part, _shown(actor, now))


def to_check(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Answers at places in reach that he did not give himself (待核查)."""
    own = exists().where(
        FindingEvent.tenant_id == actor.tenant.id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.verb == REPLY,
        FindingEvent.person_id == actor.person_id,
    )
    in_reach = Finding.unit_id.in_(reach(actor, CHECK, local_day(now)))
    return and_(
        Finding.tenant_id == actor.tenant.id,
        Finding.state == ANSWERED,
        in_reach,
        ~own.correlate(Finding),
        _shown(actor, now),
    )


def to_direct(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What the desk is asked for (待受理派遣): new, returned, more time asked; a leader's that is not reported back yet."""
    asked = Finding.state.in_([state for state in AT_DESK if state != PARKED])
    unreported = and_(Finding.state == ANSWERED, Finding.source == "leader", Finding.reported_back_at.is_(None))
    in_reach = Finding.unit_id.in_(reach(actor, DIRECT, local_day(now)))
    return and_(Finding.tenant_id == actor.tenant.id, or_(asked, unreported), in_reach, _shown(actor, now))


def _part(actor: Actor, now: datetime, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition on Finding: a unit for which the actor answers has such a part in it."""
    found = exists().where(
        Part.tenant_id == actor.tenant.id,
        Part.finding_id == Finding.id,
        Part.ended_at.is_(None),
        Part.unit_id.in_(reach(actor, ANSWER, local_day(now))),
        *wanted,
    )
    return and_(Finding.tenant_id == actor.tenant.id, found.correlate(Finding))


def _shown(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Whether the finding may be seen: only posts for one campaign, or for restricted matters, need a closer look."""
    if actor.has(RESTRICTED) or any(duty.campaign for duty in actor.duties):
        return sees_finding(actor, local_day(now))
    return Finding.restricted.is_(False)
