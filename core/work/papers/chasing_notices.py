"""Chasing papers (文书催办): who has not signed or answered hears of it before the day and after it, once each.

A paper whose findings have all left its unit is not chased; its issuer hears once that it may be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_
from core.work.calendar import load_calendar, local_day
from core.work.papers.notice_issuing import tell_notice
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_leaving import is_gone
from core.work.papers.notice_list import waits_for_addressee
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Notice, NoticeAddressee, NoticeChase
from tenants.scope import ScopedSession

AMBER, RED, GONE = "notice_amber", "notice_red", "notice_gone"
REPLYING = tuple(
    kind.code for kind in KINDS.values() if kind.replies
)  # an unsigned card about what is over is no matter
TEXTS: dict[str, str] = {
    AMBER: N_("{number}「{title}」须在 {due} 前签收答复，时间快到了"),
    RED: N_("{number}「{title}」已于 {due} 到期，还没有签收答复"),
    GONE: N_("发给{unit}的 {number}「{title}」所涉问题已全部转出或办结，可以撤销"),
}


def remind_notices(session: ScopedSession, now: datetime) -> int:
    """Remind of the tenant's papers; gives how many reminders were due."""
    calendar = load_calendar(session, now)
    soon = calendar.add_working_time(now, calendar.amber)
    gone = is_gone(int(session.tenant_id), local_day(now))
    late = _due(session, RED, Notice.due_at, Notice.due_at < now, ~gone)
    near = _due(session, AMBER, Notice.due_at, Notice.due_at >= now, Notice.due_at <= soon, ~gone)
    left = _due(session, GONE, Notice.issued_at, gone, Notice.kind.in_(REPLYING))
    return (
        _send(session, RED, late, lambda notice: notice.due_at, now)
        + _send(session, AMBER, near, lambda notice: notice.due_at, now)
        + _send(session, GONE, left, lambda notice: notice.issued_at, now)
    )


def _due(session: ScopedSession, rung: str, moment: Any, *wanted: ColumnElement[bool]) -> Sequence[Notice]:
    """Papers that wait for their unit and have not had this reminder for this day."""
    sent = exists().where(
        NoticeChase.tenant_id == session.tenant_id,
        NoticeChase.notice_id == Notice.id,
        NoticeChase.rung == rung,
        NoticeChase.due_at == moment,
    )
    query = select(Notice).where(waits_for_addressee(), *wanted, ~sent.correlate(Notice)).order_by(Notice.id)
    return session.scalars(query).all()


def _send(
    session: ScopedSession,
    rung: str,
    notices: Sequence[Notice],
    moment: Callable[[Notice], datetime | None],
    now: datetime,
) -> int:
    """Claim the reminders, then write those that nobody else had claimed."""
    rows = [
        {"tenant_id": session.tenant_id, "notice_id": one.id, "rung": rung, "due_at": at, "at": now}
        for one in notices
        if (at := moment(one)) is not None
    ]
    if not rows:
        return 0
    claim = insert(NoticeChase).on_conflict_do_nothing().returning(NoticeChase.notice_id)
    claimed = set(session.scalars(claim, rows))
    units = _still_waiting(session, claimed)
    for notice in notices:
        if notice.id in claimed:
            to_desk = rung == GONE
            tell_notice(
                session,
                notice,
                TEXTS[rung],
                now,
                units[notice.id],
                verb=DIRECT if to_desk else ANSWER,
                office=notice.issuer_unit_id if to_desk else None,
                kind=f"chase.{rung}",
            )
    return len(claimed)


def _still_waiting(session: ScopedSession, notice_ids: Collection[UUID]) -> Mapping[UUID, dict[UUID, str]]:
    """The addressees of some papers that have not signed or answered, with their names; who has done it is left in peace."""
    found: dict[UUID, dict[UUID, str]] = {notice_id: {} for notice_id in notice_ids}
    query = (
        select(NoticeAddressee.notice_id, NoticeAddressee.unit_id, NoticeAddressee.unit_name)
        .join(Notice, and_(Notice.tenant_id == NoticeAddressee.tenant_id, Notice.id == NoticeAddressee.notice_id))
        .where(NoticeAddressee.notice_id.in_(notice_ids), waits_for_addressee(NoticeAddressee))
        .order_by(NoticeAddressee.position)
    )
    for notice_id, unit_id, name in session.execute(query):
        found[notice_id][unit_id] = name
    return found
