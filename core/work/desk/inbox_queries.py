"""What waits for a person beside findings themselves (待办查询): notices, whistles, re-inspections, checks, doubts, appeals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from core.work.appeals.appeal_moves import RAISED
from core.work.appeals.appeal_sight import decides_appeal
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.sight import sees_finding
from core.work.loop.states import WITH_UNIT
from core.work.marks.card_moves import IN_WORK
from core.work.papers.notice_list import waits_for_addressee
from core.work.papers.notice_moves import REPLIED
from core.work.papers.notice_sight import answers_for, directs_to
from core.work.proofs.sweep_waiting import is_sent_to
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD, PUBLISH
from core.work.tables import (
    Appeal,
    CardIssue,
    CardScheme,
    Contact,
    Finding,
    HandOn,
    NoticeAddressee,
    Part,
    Recheck,
    Signal,
    Site,
    Sweep,
    Whistle,
    WhistleCall,
    WhistleEvent,
)
from core.work.whistling.whistle_steps import ESCALATED, INSTRUCT
from tenants.access import Actor, reach
from tenants.models import UnitPath


def recheck_query(actor: Actor, now: datetime) -> Select[Any]:
    """Re-inspections that he is to do, and those without a name at places that he checks (待回头看)."""
    on = local_day(now)
    nobodys = and_(Recheck.person_id.is_(None), Finding.unit_id.in_(reach(actor, CHECK, on)))
    mine = Recheck.person_id == actor.person_id
    return _beside(Recheck, Recheck.finding_id).where(
        Recheck.tenant_id == actor.tenant.id,
        Recheck.state == "due",
        or_(mine, nobodys) if actor.has(CHECK) else mine,
        sees_finding(actor, on),
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
            WhistleCall.declined_at.is_(None),
            Whistle.state.not_in(("solved", "cancelled")),
        )
    )


def word_query(actor: Actor, now: datetime) -> Select[Any]:
    """Whistles that were escalated to him and on which no leader has spoken since (待批示的吹哨).

    To him: he was named, or nobody was and he leads over the calling unit.
    """
    said = exists().where(
        WhistleEvent.tenant_id == actor.tenant.id,
        WhistleEvent.whistle_id == Whistle.id,
        WhistleEvent.verb == INSTRUCT,
        WhistleEvent.at >= Whistle.escalated_at,
    )
    led = and_(Whistle.leader_id.is_(None), Whistle.caller_unit_id.in_(reach(actor, LEAD, local_day(now))))
    named = Whistle.leader_id == actor.person_id
    return select(Whistle).where(
        Whistle.tenant_id == actor.tenant.id,
        Whistle.state == ESCALATED,
        or_(named, led) if actor.has(LEAD) else named,
        ~said.correlate(Whistle),
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


def objection_query(actor: Actor, now: datetime) -> Select[Any]:
    """Appeals against findings and figures that he is to decide, each with its finding (待裁决的申诉)."""
    same = and_(Finding.tenant_id == Appeal.tenant_id, Finding.id == Appeal.finding_id)
    waiting = (Appeal.tenant_id == actor.tenant.id, Appeal.state == RAISED, decides_appeal(actor, local_day(now)))
    return select(Appeal).outerjoin(Finding, same).where(*waiting)


def cards_query(actor: Actor, now: datetime) -> Select[Any]:
    """Periods with cards to confirm or to show, for whoever publishes them: the first card of each stands for it (待确认的牌)."""
    other = aliased(CardIssue)
    earlier = exists().where(
        other.tenant_id == CardIssue.tenant_id,
        other.scheme_id == CardIssue.scheme_id,
        other.period_start == CardIssue.period_start,
        other.state.in_(IN_WORK),
        other.id < CardIssue.id,
    )
    return (
        select(CardIssue)
        .join(CardScheme, and_(CardScheme.tenant_id == CardIssue.tenant_id, CardScheme.id == CardIssue.scheme_id))
        .where(
            CardIssue.tenant_id == actor.tenant.id,
            CardIssue.state.in_(IN_WORK),
            CardScheme.unit_id.in_(reach(actor, PUBLISH, local_day(now))),
            ~earlier.correlate(CardIssue),
        )
    )


def handed_query(actor: Actor, now: datetime) -> Select[Any]:
    """What was handed on outside and answered, while it is with the unit (待确认的转交).

    It waits for him who sent it, and for whoever answers for the contact's unit when that unit has an open part in it.
    """
    on = local_day(now)
    units = reach(actor, ANSWER, on)
    answering = exists().where(
        Part.tenant_id == actor.tenant.id,
        Part.finding_id == HandOn.finding_id,
        Part.ended_at.is_(None),
        Part.state == "open",  # the small index of open parts answers
        or_(Part.leading, Part.kind == "assist"),
        Part.unit_id.in_(units),
    )
    contacts = select(Contact.id).where(Contact.tenant_id == actor.tenant.id, Contact.unit_id.in_(units))
    return _beside(HandOn, HandOn.finding_id).where(
        HandOn.tenant_id == actor.tenant.id,
        HandOn.state == "answered",
        Finding.state.in_(WITH_UNIT),
        or_(HandOn.person_id == actor.person_id, and_(HandOn.contact_id.in_(contacts), answering.correlate(HandOn))),
        sees_finding(actor, on),
    )


def sweep_query(actor: Actor, now: datetime) -> Select[Any]:
    """Checks of similar sites with a site in his area still to be seen; his own that nobody ended in time (举一反三待查)."""
    on = local_day(now)
    wanted = is_sent_to(actor, on)
    if actor.has(DIRECT):
        wanted = or_(wanted, and_(Sweep.person_id == actor.person_id, Sweep.due_on < on))
    return _beside(Sweep, Sweep.finding_id).where(
        Sweep.tenant_id == actor.tenant.id,
        Sweep.state == "open",
        Finding.restricted.is_(False),
        wanted,
    )


def doubt_query(actor: Actor, now: datetime) -> Select[Any]:
    """Doubts that nobody has settled, for those who check or direct there and whose own unit did not lead (待核实疑点).

    Whether another unit leads by now is seen when one opens it: asking that of each row would cost more than all the rest.
    """
    on = local_day(now)
    inside = select(UnitPath.ancestor_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.unit_id.in_([duty.unit_id for duty in actor.duties]),
        valid_on(UnitPath, on),
    )
    # Both posts in one list: joined, not asked of each row.
    judged = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.ancestor_id.in_(actor.roots(CHECK) | actor.roots(DIRECT)),
        valid_on(UnitPath, on),
    )
    return _beside(Signal, Signal.finding_id).where(
        Signal.tenant_id == actor.tenant.id,
        Signal.state == "open",
        Finding.unit_id.in_(judged),
        or_(Signal.unit_id.is_(None), Signal.unit_id.not_in(inside)),
        sees_finding(actor, on),
    )


def notices_in(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Notices to his units that are not signed for or answered (待签收答复), once for each unit that has not."""
    return and_(waits_for_addressee(NoticeAddressee), answers_for(actor, local_day(now)))


def notices_to_check(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Notices of his desk that were answered (待核查答复), once for each unit that did."""
    return and_(NoticeAddressee.state == REPLIED, directs_to(actor, local_day(now)))


def _beside(entity: Any, finding_id: Any) -> Select[Any]:
    """Rows that belong to a finding, with it and its site."""
    return (
        select(entity)
        .join(Finding, and_(Finding.tenant_id == entity.tenant_id, Finding.id == finding_id))
        .outerjoin(Site, and_(Site.tenant_id == Finding.tenant_id, Site.id == Finding.site_id))
    )
