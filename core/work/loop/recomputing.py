"""The calendar changed (日历变更): days edited, a year announced - and the deadlines that follow are computed again.

Units are told how many of theirs moved. What is hidden follows in a turn of its own (core.work.loop.hidden_following). The ladder goes on where it was: a rung that fired and is still reached does not
fire again because a holiday moved the deadline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_
from core.work.calendar import WorkCalendar, load_calendar, local_day, seed_calendar, set_day, years_to_enter
from core.work.calendar_notice import NoticeDay, enter_year
from core.work.loop.mass_steps import recompute_deadlines
from core.work.loop.other_clocks import follow_other_clocks
from core.work.loop.states import WITH_UNIT
from core.work.papers.notes import tell
from core.work.queue import HIDDEN_CALENDAR, ask_hidden
from core.work.roles import RESTRICTED
from core.work.tables import Chase, Finding, Part
from tenants.access import Actor
from tenants.scope import ScopedSession

KIND = "calendar"
CHANGED = N_("工作日历有变化，期限已重算")
MOVED = N_("工作日历有变化：您单位有 {count} 件问题的整改期限已重算")
AROUND = timedelta(days=200)  # before now: nothing that still runs is counted from farther back than a calendar reaches
Deadlines = Mapping[UUID, datetime]


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before the calendar changed (变更前): running deadlines, and the calendar itself."""

    deadlines: Deadlines
    calendar: WorkCalendar


def change_day(session: ScopedSession, actor: Actor, day: date, working: bool, name: str = "", *, now: datetime) -> int:
    """Declare one day worked or off by hand (调休), and compute running deadlines again; gives how many moved that he may see.

    Raises as :func:`core.work.calendar.set_day`.
    """
    before = _stand(session, now)
    set_day(session, actor, day, working, name)
    ask_hidden(session, HIDDEN_CALENDAR)
    return _follow(session, actor, before, now)


def load_years(
    session: ScopedSession, actor: Actor | None, years: Iterable[int], *, now: datetime
) -> tuple[tuple[int, ...], int]:
    """Enter the official days of some years; gives those still provisional, and how many deadlines moved that he may see."""
    before = _stand(session, now)
    provisional = seed_calendar(session, years, actor)
    if not session.scope.cleared:
        ask_hidden(session, HIDDEN_CALENDAR)
    return provisional, _follow(session, actor, before, now)


def retry_provisional(session: ScopedSession, now: datetime) -> int:
    """Enter the years that were announced since (暂定年份), and the next one before it comes; gives how many deadlines moved."""
    years = years_to_enter(session, local_day(now).year)
    return load_years(session, None, years, now=now)[1] if years else 0


def enter_notice(session: ScopedSession, actor: Actor, year: int, days: Sequence[NoticeDay], *, now: datetime) -> int:
    """Enter the days of a year's notice by hand (按通知录入), and compute running deadlines again; gives how many moved that he may see."""
    before = _stand(session, now)
    enter_year(session, actor, year, days)
    ask_hidden(session, HIDDEN_CALENDAR)
    return _follow(session, actor, before, now)


def preview_notice(session: ScopedSession, actor: Actor, year: int, days: Sequence[NoticeDay], *, now: datetime) -> int:
    """How many deadlines would move: the step is taken in full and undone again."""
    trial = session.begin_nested()
    try:
        return enter_notice(session, actor, year, days, now=now)
    finally:
        trial.rollback()


def _deadlines(session: ScopedSession) -> Deadlines:
    rows = session.execute(select(Finding.id, Finding.due_at).where(Finding.state.in_(WITH_UNIT)))
    return dict(rows.all())


def _stand(session: ScopedSession, now: datetime) -> Before:
    return Before(_deadlines(session), load_calendar(session, now - AROUND))


def _follow(session: ScopedSession, actor: Actor | None, before: Before, now: datetime) -> int:
    """Compute again, let the ladder go on, and tell the units."""
    session.flush()
    follow_other_clocks(session, before.calendar, load_calendar(session, now - AROUND), now)
    if not recompute_deadlines(session, actor, note=CHANGED, now=now, old=before.calendar):
        return 0
    after, was = _deadlines(session), before.deadlines
    moved = {one: due for one, due in after.items() if was.get(one, due) != due}
    _carry_rungs(session, {one: (was[one], due) for one, due in moved.items()}, now)
    _tell(session, moved, now)
    return _count(session, actor, moved)


def _count(session: ScopedSession, actor: Actor | None, moved: Deadlines) -> int:
    """How many moved; without those of the restricted class for whoever may not know of them."""
    if actor is None or actor.has(RESTRICTED):
        return len(moved)
    open_ones = select(func.count()).where(Finding.id.in_(moved), Finding.restricted.is_(False))
    return session.scalar(open_ones) or 0


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
