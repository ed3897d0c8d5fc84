"""The calendar changed (日历变更): days edited, a year announced - and the deadlines that follow are computed again.

Units are told how many of theirs moved. The ladder goes on where it was: a rung that fired and is still reached does not
fire again because a holiday moved the deadline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_
from core.work.calendar import local_day, seed_calendar, set_day
from core.work.loop.mass_steps import recompute_deadlines
from core.work.loop.states import WITH_UNIT
from core.work.papers.notes import tell
from core.work.tables import CalendarDay, Chase, Finding, Part
from tenants.access import Actor
from tenants.scope import ScopedSession

KIND = "calendar"
CHANGED = N_("工作日历有变化，期限已重算")
MOVED = N_("工作日历有变化：您单位有 {count} 件问题的整改期限已重算")
Deadlines = Mapping[UUID, datetime]


def change_day(session: ScopedSession, actor: Actor, day: date, working: bool, name: str = "", *, now: datetime) -> int:
    """Declare one day worked or off by hand (调休), and compute running deadlines again; gives how many moved.

    Raises as :func:`core.work.calendar.set_day`.
    """
    before = _deadlines(session)
    set_day(session, actor, day, working, name)
    return _follow(session, actor, before, now)


def load_years(
    session: ScopedSession, actor: Actor | None, years: Iterable[int], *, now: datetime
) -> tuple[tuple[int, ...], int]:
    """Enter the official days of some years; gives those still provisional, and how many deadlines moved."""
    before = _deadlines(session)
    provisional = seed_calendar(session, years, actor)
    return provisional, _follow(session, actor, before, now)


def retry_provisional(session: ScopedSession, now: datetime) -> int:
    """Try the years again that were not announced when they were entered (暂定年份); gives how many deadlines moved."""
    this_year = local_day(now).year
    days = select(CalendarDay.day).where(CalendarDay.provisional, CalendarDay.day >= date(this_year, 1, 1))
    years = sorted({day.year for day in session.scalars(days)})
    return load_years(session, None, years, now=now)[1] if years else 0


def _deadlines(session: ScopedSession) -> Deadlines:
    rows = session.execute(select(Finding.id, Finding.due_at).where(Finding.state.in_(WITH_UNIT)))
    return dict(rows.all())


def _follow(session: ScopedSession, actor: Actor | None, before: Deadlines, now: datetime) -> int:
    """Compute again, let the ladder go on, and tell the units."""
    session.flush()
    if not recompute_deadlines(session, actor, note=CHANGED, now=now):
        return 0
    after = _deadlines(session)
    moved = {one: due for one, due in after.items() if before.get(one, due) != due}
    _carry_rungs(session, {one: (before[one], due) for one, due in moved.items()}, now)
    _tell(session, moved, now)
    return len(moved)


def _carry_rungs(session: ScopedSession, moved: Mapping[UUID, tuple[datetime, datetime]], now: datetime) -> None:
    """Record the rungs that fired for the old deadline for the new one too, where it has passed as well."""
    late = {one: dues for one, dues in moved.items() if dues[1] <= now}
    rows = [
        {"tenant_id": session.tenant_id, "finding_id": row.finding_id, "rung": row.rung, "notice_id": row.notice_id}
        | {"due_at": late[row.finding_id][1], "at": row.at}
        for row in session.scalars(select(Chase).where(Chase.finding_id.in_(late)).order_by(Chase.finding_id))
        if row.due_at == late[row.finding_id][0]
    ]
    if rows:
        session.execute(insert(Chase).on_conflict_do_nothing(), rows)


def _tell(session: ScopedSession, moved: Deadlines, now: datetime) -> None:
    leads = session.execute(
        select(Part.unit_id, Finding.restricted)
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .where(Part.finding_id.in_(moved), Part.leading, Part.ended_at.is_(None), Finding.hidden.is_(False))
    ).all()
    for (unit_id, restricted), count in Counter((unit_id, restricted) for unit_id, restricted in leads).items():
        tell(
            session,
            unit_ids=[unit_id],
            kind=KIND,
            text=MOVED,
            params={"count": count},
            object_kind="inbox",
            now=now,
            restricted=restricted,
        )
