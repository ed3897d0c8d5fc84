"""Chasing what is due (催办): reminders before and after deadlines, takings that nobody took, desks that did not act.

Every function may run late, twice or at the same moment as another: the key of a row in ``chase`` - finding, rung,
deadline - decides, and what was missed is caught up exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from core.errors import N_, Conflict, NotFound
from core.work.calendar import load_calendar, local_day
from core.work.loop.ledger import act_by_system
from core.work.loop.states import DISPATCHED, PARKED, REPORTED, WITH_UNIT
from core.work.papers.chasing_notices import remind_notices
from core.work.papers.chasing_waits import remind_helpers, remind_waits
from core.work.papers.rungs import Due, Reminder, fired, remind_once
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Finding, Part
from tenants.models import Unit
from tenants.scope import ScopedSession

STEPS = 500  # steps by the system in one run, so that one commit stays short; the next run goes on (ours)
TAKEN_BY_TIME = N_("逾期未接收，视为接收")
REVIEW_DUE = N_("复核日期已到，恢复整改")
AMBER = Reminder(
    "amber",
    ANSWER,
    N_("问题 {number}「{title}」将于 {due} 到期，请抓紧整改"),
    N_("您单位有 {count} 件问题即将到期，请抓紧整改"),
)
RED = Reminder(
    "red",
    ANSWER,
    N_("问题 {number}「{title}」已于 {due} 到期，尚未提交整改结果"),
    N_("您单位有 {count} 件问题已经到期，尚未提交整改结果"),
)
# The same rungs in the words for units that nobody here can order (商请).
ASKED_AMBER = Reminder(
    AMBER.rung,
    ANSWER,
    N_("商请贵单位办理的问题 {number}「{title}」将于 {due} 到期，请予支持"),
    N_("商请贵单位办理的 {count} 件问题即将到期，请予支持"),
)
ASKED_RED = Reminder(
    RED.rung,
    ANSWER,
    N_("商请贵单位办理的问题 {number}「{title}」已于 {due} 到期，请函告办理情况"),
    N_("商请贵单位办理的 {count} 件问题已经到期，请函告办理情况"),
)
UNACCEPTED = Reminder(
    "unaccepted",
    DIRECT,
    N_("问题 {number}「{title}」逾期未受理，请尽快受理派遣"),
    N_("有 {count} 件问题逾期未受理，请尽快受理派遣"),
)
UNTAKEN = Reminder(
    "untaken",
    DIRECT,
    N_("商请办理的问题 {number}「{title}」逾期没有回音，请联系对方或转办"),
    N_("有 {count} 件商请办理的问题逾期没有回音，请联系对方或转办"),
)


@dataclass(frozen=True, slots=True)
class Chased:
    """What one run did (催办结果): leading units reminded, takings by time, desks reminded of what is unaccepted, resumed.

    ``untaken``: requests without an echo; ``waits``: checks, decisions and helping parts; ``notices``: papers.
    """

    reminded: int = 0
    taken: int = 0
    unaccepted: int = 0
    unparked: int = 0
    untaken: int = 0
    waits: int = 0
    notices: int = 0


def chase(session: ScopedSession, now: datetime) -> Chased:
    """One run for one tenant: takings by time, parked findings whose review is due, then everybody who is waited for."""
    taken = take_by_time(session, now)
    unparked = unpark_due(session, now)
    return Chased(
        reminded=remind(session, now),
        taken=taken,
        unaccepted=remind_desk(session, now),
        unparked=unparked,
        untaken=remind_of_requests(session, now),
        waits=remind_waits(session, now) + remind_helpers(session, now),
        notices=remind_notices(session, now),
    )


def take_by_time(session: ScopedSession, now: datetime) -> int:
    """What was dispatched and neither taken nor returned in time counts as taken (逾期未接收，视为接收).

    Not what a unit was asked for that nobody here can order (商请): it has not agreed because it was silent.
    """
    late = (Finding.state == DISPATCHED, Finding.accept_by <= now)
    return _step(session, "take", TAKEN_BY_TIME, now, *late, ~led_by_uncommanded(session))


def led_by_uncommanded(session: ScopedSession) -> ColumnElement[bool]:
    """Filter on Finding: its leading unit is one that the headquarters cannot order (商请办理)."""
    found = (
        select(Part.finding_id)
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .where(
            Part.tenant_id == session.tenant_id,
            Part.finding_id == Finding.id,
            Part.leading,
            Part.ended_at.is_(None),
            Unit.commanded.is_(False),
        )
    )
    return found.correlate(Finding).exists()


def remind_of_requests(session: ScopedSession, now: datetime) -> int:
    """Tell the desk of requests that were not taken in time: nobody can be held to silence."""
    query = select(Finding).where(
        Finding.state == DISPATCHED,
        Finding.hidden.is_(False),
        Finding.accept_by <= now,
        led_by_uncommanded(session),
        ~fired(session, UNTAKEN.rung, Finding.accept_by),
    )
    due = [Due(one, one.unit_id, one.accept_by) for one in session.scalars(query) if one.accept_by]
    return remind_once(session, UNTAKEN, due, now)


def unpark_due(session: ScopedSession, now: datetime) -> int:
    """What is kept on the books past its review day is worked on again (挂账到期)."""
    return _step(session, "unpark", REVIEW_DUE, now, Finding.state == PARKED, Finding.review_on < local_day(now))


def remind(session: ScopedSession, now: datetime) -> int:
    """Remind leading units before the deadline, and again after it; gives how many findings were chased."""
    calendar = load_calendar(session, now)
    amber = calendar.add_working_time(now, calendar.amber)
    late, soon = (Finding.due_at < now,), (Finding.due_at >= now, Finding.due_at <= amber)
    done = 0
    for ordered, red, near in ((True, RED, AMBER), (False, ASKED_RED, ASKED_AMBER)):
        for what, due in ((red, late), (near, soon)):
            rows = _of_leads(session, what, Unit.commanded.is_(ordered), *due)
            done += remind_once(session, what, rows, now)
    return done


def remind_desk(session: ScopedSession, now: datetime) -> int:
    """Remind the desk of what was reported and nobody accepted in time."""
    waiting = session.scalars(
        select(Finding).where(
            Finding.state == REPORTED,
            Finding.hidden.is_(False),
            Finding.accept_by <= now,
            ~fired(session, UNACCEPTED.rung, Finding.accept_by),
        )
    )
    due = [Due(finding, finding.unit_id, finding.accept_by) for finding in waiting if finding.accept_by]
    return remind_once(session, UNACCEPTED, due, now)


def _of_leads(session: ScopedSession, what: Reminder, *due: ColumnElement[bool]) -> list[Due]:
    rows = session.execute(
        select(Finding, Part.unit_id)
        .join(Part, and_(Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id))
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .where(
            Finding.state.in_(WITH_UNIT),
            Finding.hidden.is_(False),
            Part.leading,
            Part.ended_at.is_(None),
            *due,
            ~fired(session, what.rung, Finding.due_at),
        )
        .order_by(Finding.due_at, Finding.id)
    )
    return [Due(finding, unit_id, finding.due_at) for finding, unit_id in rows]


def _step(session: ScopedSession, verb: str, note: str, now: datetime, *wanted: ColumnElement[bool]) -> int:
    """Let the system take a step of each finding that is ready for it; one that moved on meanwhile is left alone."""
    ready = session.scalars(
        select(Finding.id).where(Finding.hidden.is_(False), *wanted).order_by(Finding.id).limit(STEPS)
    ).all()
    done = 0
    for finding_id in ready:
        try:
            act_by_system(session, finding_id, verb, now=now, note=note)
        except (Conflict, NotFound):  # somebody took it, or it is a secret now
            continue
        done += 1
    return done
