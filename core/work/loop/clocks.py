"""The clocks of a finding (时限): taking it, putting it right; how they start, stop, run on and are made longer.

A clock stands only in arbitration, while merged into another, and while held; a granted extension makes it longer (design
6). The server's clock decides, and every change is a line of the finding's history.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from core.work.calendar import ZONE, WorkCalendar
from core.work.loop.states import MERGED, RUNS, STANDS, STATES
from core.work.tables import Finding

DAY = timedelta(days=1)


def accept_by(calendar: WorkCalendar, now: datetime, limit: timedelta) -> datetime:
    """When a dispatched finding counts as taken: within the tenant's acceptance time, at most half of the limit (ours)."""
    return calendar.add_working_time(now, min(calendar.acceptance, limit / 2))


def start(calendar: WorkCalendar, now: datetime, limit: timedelta) -> dict[str, Any]:
    """The columns of a time limit that begins now."""
    seconds = int(limit.total_seconds())
    return {
        "clock_from": now,
        "clock_seconds": seconds,
        "limit_seconds": seconds,
        "due_at": calendar.add_working_time(now, limit),
        "accept_by": accept_by(calendar, now, limit),
        "due_fixed": False,
        "stopped_at": None,
        "extended_days": 0,
        "asked_days": None,
    }


def pass_over(calendar: WorkCalendar, finding: Finding, to_state: str, now: datetime) -> dict[str, Any]:
    """The columns that change because a state with another clock is entered, when no new time limit begins."""
    before, after = STATES[finding.state], STATES[to_state]
    if before.clock == RUNS and (after.clock == STANDS or after.code == MERGED):
        return {"stopped_at": now}
    if after.clock == RUNS and finding.stopped_at is not None:
        return run_on(calendar, finding, now)
    return {}


def run_on(calendar: WorkCalendar, finding: Finding, now: datetime) -> dict[str, Any]:
    """The columns of a clock that runs on after it stood: what was left is left; what was late stays as late."""
    stopped = finding.stopped_at or now
    left = calendar.working_time_left(stopped, finding.due_at)
    if left <= timedelta(0):
        return {"due_at": finding.due_at + (now - stopped), "due_fixed": True, "stopped_at": None}
    seconds = int(left.total_seconds())
    due = calendar.add_working_time(now, timedelta(seconds=seconds))
    return {"clock_from": now, "clock_seconds": seconds, "due_at": due, "due_fixed": False, "stopped_at": None}


def lengthen(calendar: WorkCalendar, finding: Finding, days: int) -> dict[str, Any]:
    """The columns of a clock that ends ``days`` working days later."""
    common = {"extended_days": finding.extended_days + days, "asked_days": None}
    if finding.due_fixed or finding.clock_from is None:
        return common | {"due_at": calendar.add_working_days(finding.due_at, days), "due_fixed": True}
    seconds = finding.clock_seconds + days * int(DAY.total_seconds())
    due = calendar.add_working_time(finding.clock_from, timedelta(seconds=seconds))
    return common | {"clock_seconds": seconds, "due_at": due}


def again(calendar: WorkCalendar, finding: Finding) -> datetime:
    """The deadline as the calendar of now computes it; days set by hand stay."""
    if finding.due_fixed or finding.clock_from is None:
        return finding.due_at
    return calendar.add_working_time(finding.clock_from, timedelta(seconds=finding.clock_seconds))


def end_of(day: date) -> datetime:
    """The end of a calendar day, for what is due on a day."""
    return datetime.combine(day + DAY, time(0), ZONE)


def last_moment(day: date) -> datetime:
    """The last moment of a day, as a cut-off of records: the next one is another day's."""
    return end_of(day) - timedelta(microseconds=1)


def start_of(day: date) -> datetime:
    """The beginning of a calendar day, for what happened from a day on."""
    return datetime.combine(day, time(0), ZONE)
