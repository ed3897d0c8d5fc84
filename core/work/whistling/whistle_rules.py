"""What a tenant has set for whistles (吹哨规则): how soon to be there, by which time, and the grace before escalation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput
from core.work.calendar import load_calendar, local_day
from core.work.journal import record
from core.work.roles import ADMINISTER, DIRECT
from core.work.tables import Setting
from tenants.access import Actor, may, root_unit
from tenants.scope import ScopedSession

NAME = "whistle"
LONGEST = 7 * 24 * 60  # minutes: a week; what may take longer is a finding, not a whistle (ours)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force: all numbers are minutes; 60 by the clock and 10 of grace unless set otherwise (ours).

    ``working`` counts the minutes in working time (24 hours a working day) instead of by the clock.
    """

    minutes: int = 60
    working: bool = False
    grace: int = 10


def load_rules(session: ScopedSession) -> Rules:
    """The tenant's rules, or ours; what a newer version has set besides is not ours to read."""
    row = session.get(Setting, (session.tenant_id, NAME))
    return Rules(**{name: row.body.get(name, usual) for name, usual in asdict(Rules()).items()}) if row else Rules()


def set_rules(session: Session, actor: Actor, rules: Rules, *, now: datetime) -> Rules:
    """Set the rules for whistles to come; those that sound keep their times. Raises Forbidden, InvalidInput."""
    if not may_set(session, actor, now):
        raise Forbidden(N_("吹哨规则由创建办或管理员设置"))
    faults: list[Fault] = []
    check_minutes(rules.minutes, "minutes", faults)
    if not 0 <= rules.grace <= 24 * 60:
        remedy = N_("请填 {least} 到 {most} 之间的整数")
        params = {"least": 0, "most": 24 * 60}
        faults.append(Fault(N_("宽限分钟数超出范围"), "grace", None, str(rules.grace), "", remedy, params))
    if faults:
        raise InvalidInput(faults=faults)
    row = session.get(Setting, (actor.tenant.id, NAME))
    if row is None:
        session.add(Setting(name=NAME, body=asdict(rules)))
    else:
        row.body, row.version, row.changed_at = asdict(rules), row.version + 1, now
    record(session, actor, "whistle.rules", "setting", NAME, **asdict(rules))
    session.flush()
    return rules


def may_set(session: Session, actor: Actor, now: datetime) -> bool:
    """Whether the actor directs or administers the whole tenant."""
    root, day = root_unit(session).id, local_day(now)
    return may(session, actor, DIRECT, root, day) or may(session, actor, ADMINISTER, root, day)


def check_minutes(minutes: int, place: str, faults: list[Fault]) -> None:
    """A time limit in minutes must be at least one and at most a week."""
    if not 1 <= minutes <= LONGEST:
        remedy = N_("请填 {least} 到 {most} 之间的整数")
        faults.append(
            Fault(N_("分钟数超出范围"), place, None, str(minutes)[:20], "", remedy, {"least": 1, "most": LONGEST})
        )


def end_of(session: Session, start: datetime, minutes: int, *, working: bool) -> datetime:
    """When so many minutes after a moment are over, by the clock or in working time."""
    span = timedelta(minutes=minutes)
    return load_calendar(session, start).add_working_time(start, span) if working else start + span
