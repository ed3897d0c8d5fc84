"""The working calendar (工作日历): which days are worked, and when a time limit given in working days ends.

Only days that differ from the weekly rule are rows (design 10); the tenant may edit them. A year that the State Council
has not announced yet is *provisional* (暂定): its weekends are entered and marked, and its holidays are not known.

How time is counted (ours, on the base of "24 h = one working day, same clock time", shared/domain/README.md):
one working day later is the same clock time (Asia/Shanghai) on the next working day; what begins on a day off begins at
00:00 of the next working day. So ``n`` working days are always exactly ``n`` x 24 hours of working days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
from chinese_calendar.constants import Holiday
from sqlalchemy import TIMESTAMP, ColumnElement, DateTime, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.bulk import ask
from core.work.journal import record
from core.work.tables import CalendarDay
from tenants.access import Actor
from tenants.scope import ScopedSession

ZONE = ZoneInfo("Asia/Shanghai")
HORIZON = timedelta(days=430)  # no time limit is longer: 250 working days with all weekends and holidays
WEEKEND = N_("周末（暂定）")
FEWEST = 10  # a year with fewer days entered is not entered: single days set by hand are no notice (ours)
_DAY = timedelta(days=1)
# A year's days in one row, as numbers: the day's ordinal, whether it is worked, whether it is provisional. Every finding asks.
_ENTERED = text("""
SELECT array_agg((d.day - DATE '0001-01-01' + 1) * 4 + d.working::int * 2 + d.provisional::int) AS days,
  (SELECT CAST(s.body ->> 'acceptance_hours' AS integer) FROM setting s WHERE s.tenant_id = :tenant AND s.name = 'times')
    AS acceptance,
  (SELECT CAST(s.body ->> 'amber_hours' AS integer) FROM setting s WHERE s.tenant_id = :tenant AND s.name = 'times') AS amber
FROM calendar_day d WHERE d.tenant_id = :tenant AND d.day BETWEEN :first AND :last
""")


def local_day(moment: datetime) -> date:
    """The calendar day of a moment where the districts are."""
    return moment.astimezone(ZONE).date()


def midnight_ends(moment: datetime) -> bool:
    """Whether a deadline is the end of a day (零时到期): people read it as 24:00 of that day, not as 00:00 of the next."""
    return moment.astimezone(ZONE).time() == time(0)


def deadline_clock(moment: datetime) -> tuple[date, str]:
    """Day and clock time of a *deadline* as people say it (期限读法); for moments that happened use the clock itself."""
    local = moment.astimezone(ZONE)
    return (local.date() - _DAY, "24:00") if midnight_ends(moment) else (local.date(), f"{local:%H:%M}")


def deadline_text(moment: datetime) -> str:
    """A deadline as notes write it, by the clock of the districts."""
    day, clock = deadline_clock(moment)
    return f"{day:%m-%d} {clock}"


def day_end(column: Any) -> ColumnElement[datetime]:
    """The moment at which the calendar day in a column ends where the districts are, for statements."""
    return func.timezone(ZONE.key, cast(column + 1, TIMESTAMP), type_=DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The weekly rule with its exceptions (工作日历): True is a working day, False a day off."""

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    provisional: frozenset[int] = frozenset()
    acceptance: timedelta = timedelta(days=1)  # the tenant's working time for taking what is dispatched (接收时限)
    amber: timedelta = timedelta(days=1)  # the tenant's working time before a deadline when it is soon (到期前提醒)

    def is_working(self, day: date) -> bool:
        """Whether a day is worked: its own row, else Monday to Friday."""
        return self.exceptions.get(day, day.weekday() < 5)

    def is_provisional(self, day: date) -> bool:
        """Whether the holidays of the day's year are not announced yet, so that a deadline there may move (暂定)."""
        return day.year in self.provisional

    def next_working(self, day: date) -> date:
        """The first working day after a day; ValueError when the calendar has none within the horizon."""
        for step in range(1, HORIZON.days):
            found = day + step * _DAY
            if self.is_working(found):
                return found
        raise ValueError(f"no working day within {HORIZON.days} days after {day}")

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """The end of a time limit of ``days`` working days from an aware moment, in UTC.

        Raises ValueError for a naive moment or a negative number.
        """
        if start.tzinfo is None or days < 0:
            raise ValueError("start must be aware and days not negative")
        local = self._begin(start)
        day = local.date()
        for _ in range(days):
            day = self.next_working(day)
        return datetime.combine(day, local.timetz()).astimezone(UTC)

    def add_working_time(self, start: datetime, span: timedelta) -> datetime:
        """The moment when ``span`` of working time (24 hours a working day) has passed since ``start``, in UTC.

        Whole days are counted as in :meth:`add_working_days`, what is left by the clock of working days.
        """
        days, rest = divmod(max(span, timedelta(0)), _DAY)
        moment = self._begin(self.add_working_days(start, days))
        while rest:
            midnight = datetime.combine(moment.date() + _DAY, time(0), ZONE)
            step = min(rest, midnight - moment)
            rest -= step
            moment = moment + step if not rest else self._begin(midnight)
        return moment.astimezone(UTC)

    def before(self, end: datetime, span: timedelta) -> datetime:
        """The latest moment from which ``span`` of working time has passed by ``end``, in UTC."""
        moment, rest = end.astimezone(ZONE), max(span, timedelta(0))
        for _ in range(4 * HORIZON.days):
            midnight = datetime.combine((moment - timedelta(microseconds=1)).date(), time(0), ZONE)
            worked = moment - midnight if self.is_working(midnight.date()) else timedelta(0)
            if rest <= worked:
                return (moment - rest).astimezone(UTC)
            rest, moment = rest - worked, midnight
        raise ValueError(f"no {span} of working time before {end}")

    def working_time_left(self, now: datetime, due: datetime) -> timedelta:
        """Working time from now to the deadline, 24 hours a working day; negative when it has passed."""
        if due < now:
            return -self.working_time_left(due, now)
        begin, end = now.astimezone(ZONE), due.astimezone(ZONE)
        total = timedelta(0)
        day = begin.date()
        while day <= end.date():
            if self.is_working(day):
                midnight = datetime.combine(day, time(0), ZONE)
                total += min(end, midnight + _DAY) - max(begin, midnight)
            day += _DAY
        return total

    def _begin(self, start: datetime) -> datetime:
        """Where the clock starts: at once on a working day, else at 00:00 of the next one."""
        local = start.astimezone(ZONE)
        if self.is_working(local.date()):
            return local
        return datetime.combine(self.next_working(local.date()), time(0), ZONE)


def load_calendar(session: Session, around: datetime) -> WorkCalendar:
    """The tenant's calendar of the moment's year and those up to the horizon, with its times of taking and amber (one query)."""
    first = local_day(around - 31 * _DAY).replace(month=1, day=1)
    last = local_day(around + HORIZON).replace(month=12, day=31)
    asked = {"tenant": session.tenant_id, "first": first, "last": last}  # type: ignore[attr-defined]  # a ScopedSession
    row = ask(session, _ENTERED, asked).one()
    days = [(date.fromordinal(code // 4), bool(code & 2), bool(code & 1)) for code in row.days or ()]
    entered = {day.year for day, _, is_provisional in days if not is_provisional}
    provisional = {day.year for day, _, is_provisional in days if is_provisional}
    unknown = {year for year in range(first.year, last.year + 1) if year not in entered}
    times = (_DAY if one is None else timedelta(hours=one) for one in (row.acceptance, row.amber))
    return WorkCalendar({day: working for day, working, _ in days}, frozenset(provisional | unknown), *times)


def seed_calendar(session: ScopedSession, years: Iterable[int], actor: Actor | None = None) -> tuple[int, ...]:
    """Enter the official days of some years and give back those that are provisional (not announced yet).

    Days that somebody set by hand stay as they are; provisional days are corrected once the year is known.
    """
    wanted = sorted(set(years))
    provisional = tuple(year for year in wanted if not _announced(year))
    rows = [row for year in wanted for row in (_weekends(year) if year in provisional else _exceptions(year))]
    if rows:
        _upsert(session, rows)
    for year in set(wanted) - set(provisional):
        settle_year(session, year)
    record(session, actor, "calendar.seed", "calendar", years=wanted, provisional=list(provisional))
    return provisional


def _upsert(session: ScopedSession, rows: list[dict[str, object]]) -> None:
    statement = insert(CalendarDay).values([row | {"tenant_id": session.tenant_id} for row in rows])
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "day"],
            set_={c: statement.excluded[c] for c in ("working", "name", "provisional")},
            where=CalendarDay.provisional.is_(True),
        )
    )


def years_to_enter(session: ScopedSession, this_year: int) -> list[int]:
    """The years that the night enters (待载入年份): provisional ones that were announced since, this one and the next if missing.

    The next year is always there, at least with its weekends as provisional, before any deadline falls into it.
    """
    known: dict[int, list[bool]] = {this_year: [], this_year + 1: []}
    query = select(CalendarDay.day, CalendarDay.provisional).where(CalendarDay.day >= date(this_year, 1, 1))
    for day, provisional in session.execute(query):
        known.setdefault(day.year, []).append(provisional)
    return sorted(
        year
        for year, days in known.items()
        if (any(days) and _announced(year)) or (len(days) < FEWEST and year <= this_year + 1)
    )


def enter_weekends(session: ScopedSession, year: int) -> None:
    """Enter a year's weekends as provisional days off where nothing is entered yet."""
    _upsert(session, _weekends(year))


def settle_year(session: ScopedSession, year: int) -> None:
    """What was entered provisionally and is an ordinary weekend after all is provisional no longer."""
    session.execute(
        update(CalendarDay)
        .where(
            CalendarDay.tenant_id == session.tenant_id,
            CalendarDay.provisional,
            CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .values(provisional=False, name="")
        .execution_options(synchronize_session=False)
    )


def set_day(session: Session, actor: Actor, day: date, working: bool, name: str = "") -> CalendarDay:
    """Declare one day worked or off by hand (调休); :mod:`core.work.loop.recomputing` lets running deadlines follow."""
    if len(name) > 40 or "\x00" in name:
        raise InvalidInput(faults=[Fault(N_("名称过长"), field="name", value=name[:40], remedy=N_("最多 40 个字"))])
    row = session.get(CalendarDay, (actor.tenant.id, day))
    before = None if row is None else row.working
    if row is None:
        row = CalendarDay(day=day)
        session.add(row)
    row.working, row.name, row.provisional = working, name.strip(), False
    record(session, actor, "calendar.set", "calendar", day, working=working, before=before, name=row.name)
    session.flush()
    return row


def _announced(year: int) -> bool:
    """Whether the package knows the State Council's notice for the year; it raises for others."""
    try:
        chinese_calendar.is_workday(date(year, 7, 1))
    except NotImplementedError:
        return False
    return True


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + n * _DAY for n in range((date(year + 1, 1, 1) - first).days)]


def _exceptions(year: int) -> list[dict[str, object]]:
    """The days of an announced year that differ from the weekly rule."""
    found: list[dict[str, object]] = []
    for day in _days(year):
        working = bool(chinese_calendar.is_workday(day))
        if working != (day.weekday() < 5):
            _, holiday = chinese_calendar.get_holiday_detail(day)
            name = Holiday(holiday).chinese if holiday else ""
            found.append({"day": day, "working": working, "name": name, "provisional": False})
    return found


def _weekends(year: int) -> list[dict[str, object]]:
    return [
        {"day": day, "working": False, "name": WEEKEND, "provisional": True} for day in _days(year) if day.weekday() > 4
    ]
