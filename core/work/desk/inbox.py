"""What waits for a person (待办箱): every kind of duty as one condition, and their counts in one statement.

A kind is judged by the posts alone, so that counting is cheap; who is his own unit's checker is told when he opens it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import ANSWERED, AT_DESK, PARKED, WITH_UNIT
from core.work.loop.transitions import REPLY
from core.work.papers.notice_list import waits_for_addressee
from core.work.papers.notice_moves import REPLIED
from core.work.papers.notice_sight import is_addressee, is_issuer
from core.work.roles import ANSWER, CHECK, DIRECT, PUBLISH, RESTRICTED, VISIT
from core.work.tables import (
    CardIssue,
    CardScheme,
    Finding,
    FindingEvent,
    HandOn,
    Notice,
    Part,
    Recheck,
    Whistle,
    WhistleCall,
)
from tenants.access import Actor, reach

ANSWER_KIND, ASSIST, COSIGN, CHECK_KIND, DESK = "answer", "assist", "cosign", "check", "desk"
NOTICE_IN, NOTICE_CHECK, RECHECK, WHISTLE, APPEAL, HANDED = (
    "notice",
    "notice_check",
    "recheck",
    "whistle",
    "appeal",
    "handed",
)
Condition = Callable[[Actor, datetime], ColumnElement[bool]]


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


# Findings by kind of duty, with the verb without which nobody has it.
OF_FINDINGS: dict[str, tuple[str, Condition]] = {
    ANSWER_KIND: (ANSWER, to_answer),
    ASSIST: (ANSWER, to_assist),
    COSIGN: (ANSWER, to_cosign),
    CHECK_KIND: (CHECK, to_check),
    DESK: (DIRECT, to_direct),
}


def recheck_query(actor: Actor, now: datetime) -> Select[Any]:
    """Re-inspections that he is to do (待回头看)."""
    return (
        select(Recheck)
        .join(Finding, and_(Finding.tenant_id == Recheck.tenant_id, Finding.id == Recheck.finding_id))
        .where(
            Recheck.tenant_id == actor.tenant.id,
            Recheck.person_id == actor.person_id,
            Recheck.state == "due",
            sees_finding(actor, local_day(now)),
        )
    )


def whistle_query(actor: Actor, now: datetime) -> Select[Any]:
    """Whistles that call his units, until each has done its part (待应哨)."""
    return (
        select(WhistleCall)
        .join(Whistle, and_(Whistle.tenant_id == WhistleCall.tenant_id, Whistle.id == WhistleCall.whistle_id))
        .where(
            WhistleCall.tenant_id == actor.tenant.id,
            WhistleCall.unit_id.in_(reach(actor, ANSWER, local_day(now))),
            WhistleCall.solved_at.is_(None),
            Whistle.state.not_in(("solved", "cancelled")),
        )
    )


def appeal_query(actor: Actor, now: datetime) -> Select[Any]:
    """Cards that are appealed against, for whoever publishes them (待裁决申诉)."""
    return (
        select(CardIssue)
        .join(CardScheme, and_(CardScheme.tenant_id == CardIssue.tenant_id, CardScheme.id == CardIssue.scheme_id))
        .where(
            CardIssue.tenant_id == actor.tenant.id,
            CardIssue.state == "appealed",
            CardScheme.unit_id.in_(reach(actor, PUBLISH, local_day(now))),
        )
    )


def handed_query(actor: Actor, now: datetime) -> Select[Any]:
    """What he handed on outside and was answered (待确认的转交)."""
    return (
        select(HandOn)
        .join(Finding, and_(Finding.tenant_id == HandOn.tenant_id, Finding.id == HandOn.finding_id))
        .where(
            HandOn.tenant_id == actor.tenant.id,
            HandOn.person_id == actor.person_id,
            HandOn.state == "answered",
            sees_finding(actor, local_day(now)),
        )
    )


def notices_in(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Notices to his units that are not signed for or answered (待签收答复)."""
    return and_(Notice.tenant_id == actor.tenant.id, waits_for_addressee(), is_addressee(actor, local_day(now)))


def notices_to_check(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Notices of his desk that were answered (待核查答复)."""
    return and_(Notice.tenant_id == actor.tenant.id, Notice.state == REPLIED, is_issuer(actor, local_day(now)))


def count_kinds(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    """How many things of each kind wait for the actor (one statement); kinds that his posts do not know are left out."""
    wanted = _counts(actor, now)
    if not wanted:
        return {}
    row = session.execute(select(*(query.scalar_subquery().label(kind) for kind, query in wanted.items()))).one()
    return dict(zip(wanted, row, strict=True))


def _counts(actor: Actor, now: datetime) -> dict[str, Select[Any]]:
    found: dict[str, Select[Any]] = {
        kind: select(func.count()).select_from(Finding).where(condition(actor, now))
        for kind, (verb, condition) in OF_FINDINGS.items()
        if actor.has(verb)
    }
    if actor.has(ANSWER):
        found[NOTICE_IN] = _number(select(Notice).where(notices_in(actor, now)))
        found[WHISTLE] = _number(whistle_query(actor, now))
        found[HANDED] = _number(handed_query(actor, now))
    if actor.has(DIRECT):
        found[NOTICE_CHECK] = _number(select(Notice).where(notices_to_check(actor, now)))
    if actor.has(VISIT) or actor.has(CHECK):
        found[RECHECK] = _number(recheck_query(actor, now))
    if actor.has(PUBLISH):
        found[APPEAL] = _number(appeal_query(actor, now))
    return found


def _number(query: Select[Any]) -> Select[Any]:
    """The number of rows of a query, as one more query."""
    return query.with_only_columns(func.count()).order_by(None)


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
