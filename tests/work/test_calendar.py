"""Working days: weekends, the National Day week with its working Saturdays, unknown years, days set by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from core.errors import InvalidInput
from core.work.calendar import WorkCalendar, load_calendar, seed_calendar, set_day
from core.work.tables import Audit, CalendarDay
from tests.factory import add_actor, bare_district

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def district(wall):
    made = bare_district(wall)
    with made.session(wall) as session:
        assert seed_calendar(session, [2026, 2027]) == (2027,)
        session.commit()
    return made


@pytest.fixture
def calendar(wall, district) -> WorkCalendar:
    with district.session(wall) as session:
        return load_calendar(session, at("2026-09-01T00:00"))


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-19T10:00", 1, "2026-11-20T10:00"),  # Thursday -> Friday
        ("2026-11-20T10:00", 1, "2026-11-23T10:00"),  # Friday -> Monday
        ("2026-11-20T23:59", 2, "2026-11-24T23:59"),
        ("2026-11-21T15:00", 1, "2026-11-24T00:00"),  # Saturday: begins Monday 00:00, one whole working day
        ("2026-11-22T00:00", 3, "2026-11-26T00:00"),
        ("2026-11-23T00:00", 1, "2026-11-24T00:00"),
        ("2026-09-30T09:00", 1, "2026-10-08T09:00"),  # the National Day week of 2026 is 1 to 7 October
        ("2026-10-03T09:00", 1, "2026-10-09T00:00"),
        ("2026-10-09T09:00", 1, "2026-10-10T09:00"),  # Saturday 10 October is worked
        ("2026-11-19T10:00", 0, "2026-11-19T10:00"),
        ("2026-11-19T10:00", 20, "2026-12-17T10:00"),
    ],
)
def test_deadlines(calendar, start, days, due):
    found = calendar.add_working_days(at(start), days)
    assert found == at(due)
    assert found.tzinfo is UTC
    assert calendar.working_time_left(at(start), found) == timedelta(days=days)


def test_time_left_counts_working_hours_only_and_turns_negative(calendar):
    friday, monday = at("2026-11-20T18:00"), at("2026-11-23T06:00")
    assert calendar.working_time_left(friday, monday) == timedelta(hours=12)
    assert calendar.working_time_left(monday, friday) == -timedelta(hours=12)
    assert calendar.working_time_left(at("2026-11-21T01:00"), at("2026-11-22T23:00")) == timedelta(0)


def test_a_naive_moment_is_refused(calendar):
    with pytest.raises(ValueError, match="aware"):
        calendar.add_working_days(datetime(2026, 11, 19), 1)


def test_an_unknown_year_is_weekends_only_and_provisional(calendar):
    assert calendar.is_working(date(2027, 1, 1))  # a Friday; the notice for 2027 is not out
    assert not calendar.is_working(date(2027, 1, 2))
    assert calendar.is_provisional(date(2027, 3, 1))
    assert not calendar.is_provisional(date(2026, 11, 20))


def test_without_any_row_the_weekly_rule_holds_provisionally(wall):
    bare = bare_district(wall)
    with bare.session(wall) as session:
        found = load_calendar(session, at("2026-11-20T10:00"))
    assert found.add_working_days(at("2026-11-20T10:00"), 1) == at("2026-11-23T10:00")
    assert found.is_provisional(date(2026, 11, 20))


def test_the_tenant_edits_its_own_calendar_only(wall, district):
    admin = add_actor(wall, district.ref, "administrator", district.root)
    other = bare_district(wall)
    with other.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    with district.session(wall) as session:
        set_day(session, admin, date(2026, 12, 7), False, "防汛演练")
        session.commit()
        assert not load_calendar(session, at("2026-12-01T00:00")).is_working(date(2026, 12, 7))
        assert load_calendar(session, at("2026-12-04T09:00")).add_working_days(at("2026-12-04T09:00"), 1) == at(
            "2026-12-08T09:00"
        )
        line = session.scalars(select(Audit).filter_by(verb="calendar.set")).one()
        assert (line.object_id, line.detail["working"], line.person_id) == ("2026-12-07", False, admin.person_id)
        seed_calendar(session, [2026])  # seeding again keeps what was set by hand
        session.commit()
        assert not load_calendar(session, at("2026-12-01T00:00")).is_working(date(2026, 12, 7))
        with pytest.raises(InvalidInput):
            set_day(session, admin, date(2026, 12, 8), False, "长" * 41)
    with other.session(wall) as session:
        assert load_calendar(session, at("2026-12-01T00:00")).is_working(date(2026, 12, 7))


def test_a_year_that_becomes_known_is_corrected(wall):
    made = bare_district(wall)
    with made.session(wall) as session:
        # as if 2026 had been seeded before its notice came out
        for day in (date(2026, 10, 10), date(2026, 10, 11)):
            session.add(CalendarDay(day=day, working=False, name="周末（暂定）", provisional=True))
        session.flush()
        assert load_calendar(session, at("2026-09-01T00:00")).is_provisional(date(2026, 9, 1))
        assert seed_calendar(session, [2026]) == ()
        session.commit()
        found = load_calendar(session, at("2026-09-01T00:00"))
        assert found.is_working(date(2026, 10, 10))
        assert not found.is_working(date(2026, 10, 11))
        assert not found.is_working(date(2026, 10, 1))
        assert not found.is_provisional(date(2026, 9, 1))
        names = set(session.scalars(select(CalendarDay.name).where(CalendarDay.day == date(2026, 10, 1))))
        assert names == {"国庆节"}
    with made.session(wall) as session:
        assert session.execute(update(CalendarDay).values(name="x")).rowcount > 0
        session.rollback()
