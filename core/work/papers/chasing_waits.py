"""Who else is chased (催办其他各方): checkers, the desk that is to decide or dispatch, units that help - amber first, then red.

For checks and decisions the clock is the tenant's own (核查时限、审批派遣时限), from the moment since when it has waited, and
that moment is the key: a changed setting or calendar does not remind twice of the same waiting.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import TIMESTAMP, ColumnElement, DateTime, ScalarSelect, String, and_, cast, func, literal, select

from core.errors import N_
from core.work.calendar import ZONE, WorkCalendar, load_calendar
from core.work.loop.states import ACCEPTED, ANSWERED, EXTENSION_ASKED, PARKING_ASKED, RETURNED, WITH_UNIT
from core.work.papers.rungs import Due, Reminder, fired, remind_once
from core.work.roles import ANSWER, CHECK, DIRECT
from core.work.tables import Finding, FindingEvent, Part
from core.work.tenant_settings import Times, read_setting
from tenants.scope import ScopedSession

# State -> the reminders before and after its time limit.
WAITS: dict[str, tuple[Reminder, Reminder]] = {
    ANSWERED: (
        Reminder(
            "check_amber",
            CHECK,
            N_("问题 {number}「{title}」待核查，核查时限快到了"),
            N_("有 {count} 件问题待核查，核查时限快到了"),
        ),
        Reminder(
            "check_red",
            CHECK,
            N_("问题 {number}「{title}」超过核查时限，请尽快核查"),
            N_("有 {count} 件问题超过核查时限，请尽快核查"),
        ),
    ),
    RETURNED: (
        Reminder(
            "arbitrate_amber",
            DIRECT,
            N_("问题 {number}「{title}」被退回，裁定时限快到了"),
            N_("有 {count} 件退回的问题，裁定时限快到了"),
        ),
        Reminder(
            "arbitrate_red",
            DIRECT,
            N_("问题 {number}「{title}」被退回，逾期没有裁定"),
            N_("有 {count} 件退回的问题逾期没有裁定"),
        ),
    ),
    EXTENSION_ASKED: (
        Reminder(
            "extension_amber",
            DIRECT,
            N_("问题 {number}「{title}」申请延期，审批时限快到了"),
            N_("有 {count} 件延期申请，审批时限快到了"),
        ),
        Reminder(
            "extension_red",
            DIRECT,
            N_("问题 {number}「{title}」申请延期，逾期没有审批"),
            N_("有 {count} 件延期申请逾期没有审批"),
        ),
    ),
    PARKING_ASKED: (
        Reminder(
            "parking_amber",
            DIRECT,
            N_("问题 {number}「{title}」申请挂账，审批时限快到了"),
            N_("有 {count} 件挂账申请，审批时限快到了"),
        ),
        Reminder(
            "parking_red",
            DIRECT,
            N_("问题 {number}「{title}」申请挂账，逾期没有审批"),
            N_("有 {count} 件挂账申请逾期没有审批"),
        ),
    ),
    ACCEPTED: (
        Reminder(
            "dispatch_amber",
            DIRECT,
            N_("问题 {number}「{title}」已受理，派遣时限快到了"),
            N_("有 {count} 件已受理的问题，派遣时限快到了"),
        ),
        Reminder(
            "dispatch_red",
            DIRECT,
            N_("问题 {number}「{title}」已受理，逾期没有派遣"),
            N_("有 {count} 件已受理的问题逾期没有派遣"),
        ),
    ),
}
HELPER_AMBER = Reminder(
    "help_amber",
    ANSWER,
    N_("请您单位协办的问题 {number}「{title}」即将到期"),
    N_("请您单位协办的 {count} 件问题即将到期"),
)
HELPER_RED = Reminder(
    "help_red",
    ANSWER,
    N_("请您单位协办的问题 {number}「{title}」已经到期，协办还没有完成"),
    N_("请您单位协办的 {count} 件问题已经到期，协办还没有完成"),
)


def remind_waits(session: ScopedSession, now: datetime) -> int:
    """Remind checkers and the desk of what waits for them; gives how many findings they were reminded of."""
    calendar, times = load_calendar(session, now), read_setting(session, Times)
    done = 0
    for state, (amber, red) in WAITS.items():
        limit = timedelta(hours=times.check_hours if state == ANSWERED else times.desk_hours)
        late, soon = calendar.before(now, limit), calendar.before(now, limit - _ahead(calendar, limit))
        since = _since()
        done += remind_once(session, red, _waiting(session, state, red, since, since <= late), now)
        done += remind_once(session, amber, _waiting(session, state, amber, since, since > late, since <= soon), now)
    return done


def _ahead(calendar: WorkCalendar, limit: timedelta) -> timedelta:
    """How long before the end amber begins: the tenant's time, at most half of the limit (ours)."""
    return min(calendar.amber, limit / 2)


def _since() -> ScalarSelect[datetime]:
    """Since when a finding has been in the state that it is in, as its history says."""
    entered = select(func.max(FindingEvent.at)).where(
        FindingEvent.tenant_id == Finding.tenant_id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.to_state == Finding.state,
        FindingEvent.from_state.is_distinct_from(FindingEvent.to_state),
    )
    return entered.correlate(Finding).scalar_subquery()


def _waiting(
    session: ScopedSession,
    state: str,
    what: Reminder,
    since: ScalarSelect[datetime],
    *wanted: ColumnElement[bool],
) -> list[Due]:
    query = (
        select(Finding, since)
        .where(Finding.state == state, Finding.hidden.is_(False), *wanted, ~fired(session, what.rung, since))
        .order_by(Finding.id)
    )
    return [Due(finding, finding.unit_id, at) for finding, at in session.execute(query) if at is not None]


def remind_helpers(session: ScopedSession, now: datetime) -> int:
    """Remind units that were asked to help and have not finished; each of several helpers has a rung of its own.

    A helper's day is the one that it was given, else the finding's deadline.
    """
    calendar = load_calendar(session, now)
    soon = calendar.add_working_time(now, calendar.amber)
    end = _end_of_part()
    late = _helping(session, HELPER_RED, end, end < now)
    near = _helping(session, HELPER_AMBER, end, end >= now, end <= soon)
    return remind_once(session, HELPER_RED, late, now) + remind_once(session, HELPER_AMBER, near, now)


def _end_of_part() -> ColumnElement[datetime]:
    """When a part is due: the end of its own day in the districts' time, else with the finding."""
    midnight = cast(Part.due_on + 1, TIMESTAMP(timezone=False))
    own = func.timezone(ZONE.key, midnight, type_=DateTime(timezone=True))
    return func.coalesce(own, Finding.due_at)


def _helping(
    session: ScopedSession, what: Reminder, end: ColumnElement[datetime], *due: ColumnElement[bool]
) -> list[Due]:
    own = literal(what.rung + ":").concat(cast(Part.unit_id, String))
    rows = session.execute(
        select(Finding, Part.unit_id, end)
        .join(Part, and_(Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id))
        .where(
            Finding.state.in_(WITH_UNIT),
            Finding.hidden.is_(False),
            Part.kind == "assist",
            Part.leading.is_(False),
            Part.state == "open",
            Part.ended_at.is_(None),
            *due,
            ~fired(session, own, end),
        )
        .order_by(Finding.due_at, Finding.id, Part.unit_id)
    )
    return [Due(finding, unit_id, at, f":{unit_id}") for finding, unit_id, at in rows]
