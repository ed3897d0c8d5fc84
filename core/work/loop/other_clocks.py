"""The clocks beside the deadlines of findings follow the calendar too (其他时限随日历重算): papers and whistles.

A paper whose answer was asked for in working days is counted again from its issue; a whistle that was called in working time
keeps the working time that is left. What was set as a day or by the clock stays, and so does what is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update

from core.work.calendar import WorkCalendar
from core.work.papers.notice_list import waits_for_addressee
from core.work.tables import Notice, Whistle
from tenants.scope import ScopedSession

CALLED = ("called", "on_site")


def follow_other_clocks(session: ScopedSession, old: WorkCalendar, new: WorkCalendar, now: datetime) -> int:
    """Count papers and whistles that still run again after the calendar changed; gives how many moved."""
    papers = session.scalars(
        select(Notice).where(waits_for_addressee(), Notice.due_days.is_not(None), Notice.due_at > now)
    ).all()
    whistles = session.scalars(
        select(Whistle).where(Whistle.working, Whistle.state.in_(CALLED), Whistle.arrive_by > now)
    ).all()
    counted = [(one.id, one.due_at, new.add_working_days(one.issued_at, one.due_days or 0)) for one in papers]
    left = [(one.id, one.arrive_by, keep_left(old, new, now, one.arrive_by)) for one in whistles]
    done = _move(session, Notice, "due_at", counted) + _move(session, Whistle, "arrive_by", left)
    if done:
        for one in (*papers, *whistles):
            session.expire(one)
    return done


def keep_left(old: WorkCalendar, new: WorkCalendar, now: datetime, end: datetime) -> datetime:
    """The moment by the new calendar at which the working time that the old one left is over."""
    return new.add_working_time(now, old.working_time_left(now, end))


def _move(session: ScopedSession, kind: Any, column: str, moves: list[tuple[Any, Any, datetime]]) -> int:
    """Write those that changed; one that somebody else moved meanwhile stays as he left it."""
    rows = [{"b_id": key, "b_was": was, "b_is": to} for key, was, to in moves if was != to]
    if rows:
        table = cast(Table, kind.__table__)
        moved = table.c[column]
        put = update(table).where(
            table.c.tenant_id == session.tenant_id, table.c.id == bindparam("b_id"), moved == bindparam("b_was")
        )
        session.connection().execute(put.values({column: bindparam("b_is")}), rows)
    return len(rows)
