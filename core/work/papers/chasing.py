"""Chasing what is due (催办): reminders before and after deadlines, takings that nobody took, desks that did not act.

Every function may run late, twice or at the same moment as another: the key of a row in ``chase`` - finding, rung,
deadline - decides, and what was missed is caught up exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_, Conflict, NotFound
from core.work.calendar import load_calendar, local_day
from core.work.loop.announcing import campaigns_by_finding, params_of
from core.work.loop.ledger import act_by_system
from core.work.loop.states import DISPATCHED, PARKED, REPORTED, WITH_UNIT
from core.work.papers.notes import tell
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Chase, Finding, Part
from core.work.tenant_settings import Times, read_setting
from tenants.scope import ScopedSession

KIND = "chase"
AMBER, RED, UNACCEPTED = "amber", "red", "unaccepted"
STEPS = 500  # steps by the system in one run, so that one commit stays short; the next run goes on (ours)
TAKEN_BY_TIME = N_("逾期未接收，视为接收")
REVIEW_DUE = N_("复核日期已到，恢复整改")
ONE = {
    AMBER: N_("问题 {number}「{title}」将于 {due} 到期，请抓紧整改"),
    RED: N_("问题 {number}「{title}」已于 {due} 到期，尚未提交整改结果"),
    UNACCEPTED: N_("问题 {number}「{title}」逾期未受理，请尽快受理派遣"),
}
MANY = {
    AMBER: N_("您单位有 {count} 件问题即将到期，请抓紧整改"),
    RED: N_("您单位有 {count} 件问题已经到期，尚未提交整改结果"),
    UNACCEPTED: N_("有 {count} 件问题逾期未受理，请尽快受理派遣"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A finding whose moment has come (到点的问题), with the unit that is told."""

    finding: Finding
    unit_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Chased:
    """What one run did (催办结果)."""

    reminded: int = 0
    taken: int = 0
    unaccepted: int = 0
    unparked: int = 0


def chase(session: ScopedSession, now: datetime) -> Chased:
    """One run for one tenant: takings by time, parked findings whose review is due, desks, reminders."""
    taken = take_by_time(session, now)
    unparked = unpark_due(session, now)
    return Chased(remind(session, now), taken, remind_desk(session, now), unparked)


def take_by_time(session: ScopedSession, now: datetime) -> int:
    """What was dispatched and neither taken nor returned in time counts as taken (逾期未接收，视为接收)."""
    return _step(session, "take", TAKEN_BY_TIME, now, Finding.state == DISPATCHED, Finding.accept_by <= now)


def unpark_due(session: ScopedSession, now: datetime) -> int:
    """What is kept on the books past its review day is worked on again (挂账到期)."""
    return _step(session, "unpark", REVIEW_DUE, now, Finding.state == PARKED, Finding.review_on < local_day(now))


def remind(session: ScopedSession, now: datetime) -> int:
    """Remind leading units before the deadline, and again after it; gives how many findings were chased."""
    calendar = load_calendar(session, now)
    amber = calendar.add_working_time(now, timedelta(hours=read_setting(session, Times).amber_hours))
    late = _of_leads(session, RED, Finding.due_at < now)
    soon = _of_leads(session, AMBER, Finding.due_at >= now, Finding.due_at <= amber)
    return sum(_remind(session, rung, rows, now, ANSWER) for rung, rows in ((RED, late), (AMBER, soon)))


def remind_desk(session: ScopedSession, now: datetime) -> int:
    """Remind the desk of what was reported and nobody accepted in time."""
    waiting = session.scalars(
        select(Finding).where(
            Finding.state == REPORTED,
            Finding.hidden.is_(False),
            Finding.accept_by <= now,
            ~fired(session, UNACCEPTED, Finding.accept_by),
        )
    )
    due = [Due(finding, finding.unit_id, finding.accept_by) for finding in waiting if finding.accept_by]
    return _remind(session, UNACCEPTED, due, now, DIRECT)


def fired(session: ScopedSession, rung: str, due: Any) -> ColumnElement[bool]:
    """Filter on Finding: the rung has fired for this very deadline (a column)."""
    found = exists().where(
        Chase.tenant_id == session.tenant_id, Chase.finding_id == Finding.id, Chase.rung == rung, Chase.due_at == due
    )
    return found.correlate(Finding)


def fire(
    session: ScopedSession, rung: str, due: Iterable[tuple[UUID, datetime]], now: datetime, notice: UUID | None = None
) -> set[UUID]:
    """Claim a rung for some findings with their deadlines; gives those that nobody had claimed before."""
    rows = [
        {"tenant_id": session.tenant_id, "finding_id": one, "rung": rung, "due_at": at, "notice_id": notice, "at": now}
        for one, at in sorted(due)
    ]
    if not rows:
        return set()
    claim = insert(Chase).on_conflict_do_nothing().returning(Chase.finding_id)
    return set(session.scalars(claim, rows))


def _of_leads(session: ScopedSession, rung: str, *due: ColumnElement[bool]) -> list[Due]:
    rows = session.execute(
        select(Finding, Part.unit_id)
        .join(Part, and_(Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id))
        .where(
            Finding.state.in_(WITH_UNIT),
            Finding.hidden.is_(False),
            Part.leading,
            Part.ended_at.is_(None),
            *due,
            ~fired(session, rung, Finding.due_at),
        )
        .order_by(Finding.due_at, Finding.id)
    )
    return [Due(finding, unit_id, finding.due_at) for finding, unit_id in rows]


def _remind(session: ScopedSession, rung: str, due: Sequence[Due], now: datetime, verb: str) -> int:
    """Claim the rung, then tell each unit once, however many of its findings reached it."""
    claimed = fire(session, rung, ((one.finding.id, one.at) for one in due), now)
    named = campaigns_by_finding(session, claimed)
    groups: dict[tuple[UUID, bool, tuple[str, ...]], list[Finding]] = defaultdict(list)
    for one in due:
        if one.finding.id in claimed:
            groups[one.unit_id, one.finding.restricted, named.get(one.finding.id, ())].append(one.finding)
    for (unit, restricted, campaigns), findings in groups.items():
        alone = findings[0] if len(findings) == 1 else None
        tell(
            session,
            unit_ids=[unit],
            verb=verb,
            kind=f"{KIND}.{rung}",
            text=ONE[rung] if alone else MANY[rung],
            params=params_of(alone) if alone else {"count": len(findings)},
            object_kind="finding" if alone else "inbox",
            object_id=alone.id if alone else "",
            now=now,
            restricted=restricted,
            campaigns=campaigns,
        )
    return len(claimed)


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
