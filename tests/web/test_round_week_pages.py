"""The week of rounds (周历): teams that are behind come first, working days without a round are said, secrets are the planners'."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from core.work.calendar import load_calendar, local_day
from core.work.rounds.planning import cancel_round, create
from core.work.rounds.week import read_week
from tenants.db import now
from tests.web.desk import clerk, content
from tests.work.rounding import DAY, MONDAY, Rounds, open_one, rounds_town, visit

THURSDAY = MONDAY + timedelta(days=3)


@pytest.fixture
def place(wall) -> Rounds:
    return rounds_town(wall)


def read(place: Rounds, session, who: str = "office", of=DAY, on=DAY + timedelta(days=3)):
    return read_week(session, place.people[who], of, load_calendar(session, THURSDAY), on=on)


def test_who_is_furthest_behind_comes_first(place):
    with place.session() as session:
        friday = DAY + timedelta(days=4)
        half = open_one(place, session, place.sites[:2], title="走了一半", ends_on=friday)
        visit(place, session, place.sites[0], half)
        open_one(place, session, place.sites[2:], title="一个没走", ends_on=friday)
        done = open_one(place, session, place.sites[:1], title="走完了", ends_on=friday)
        week = read(place, session)
        assert [(late.row.round.title, late.behind) for late in week.late] == [
            ("一个没走", Fraction(3, 5)),
            ("走了一半", Fraction(1, 10)),
        ]
        assert (week.visited, week.wanted) == (2, 5)  # the visit counts for both rounds that send there
        assert {it.row.round.title: it.visits for it in week.days[0].rounds}["走了一半"] == 1
        assert done.id in {row.round.id for row in week.rounds}
        assert not read(place, session, on=DAY).late


def test_days_with_nothing_are_said_and_days_off_are_not(place):
    with place.session() as session:
        open_one(place, session, starts_on=DAY, ends_on=DAY + timedelta(days=1))
        gone = create(session, place.office, place.wish(title="取消的"), now=MONDAY)
        cancel_round(session, place.office, gone.id, version=gone.version, note="改期", now=MONDAY)
        week = read(place, session)
        assert [one.day.day for one in week.idle] == [18, 19, 20]
        assert [len(one.rounds) for one in week.days] == [1, 1, 0, 0, 0, 0, 0]
        assert [it.day_number for one in week.days for it in one.rounds] == [1, 2]
        assert read(place, session, of=DAY - timedelta(days=7)).rounds == ()


def test_a_secret_round_is_in_the_week_of_its_own_alone(place):
    with place.session() as session:
        open_one(place, session, kind="ten_day_secret", title="暗访", ends_on=DAY + timedelta(days=4))
        assert [row.round.title for row in read(place, session).rounds] == ["暗访"]
        assert read(place, session).late
        assert [row.round.title for row in read(place, session, "first").rounds] == ["暗访"]
        for who in ("second", "liaison", "leader"):
            week = read(place, session, who)
            assert (week.rounds, week.late, week.wanted) == ((), (), 0)
    with place.session(cleared=False) as session:
        plain = read_week(session, replace(place.office, cleared=False), DAY, load_calendar(session, MONDAY), on=DAY)
        assert plain.rounds == ()


def test_the_page_turns_its_weeks_and_prints(place, app, wall):
    day = local_day(now())
    with place.session() as session:
        open_one(place, session, title="本周督查", starts_on=day, ends_on=day, now=now())
        session.commit()
    office = clerk(app, wall, place.office)
    page = office.read("rounds/week")
    assert "本周督查" in content(page)
    assert "没有安排" in content(page)
    assert "data-print" in page
    earlier = (day - timedelta(days=7)).isoformat()
    assert "本周督查" not in content(office.read(f"rounds/week?on={earlier}"))
    assert "rounds/week" in office.read("rounds")
    for bad in ("x", "0001-01-01", "9999-12-31"):
        assert office.ask(f"rounds/week?on={bad}").status_code == 422
    begin = (day + timedelta(days=9)).isoformat()
    assert f'value="{begin}"' in office.read(f"rounds/new?on={begin}")
    assert office.ask("rounds/new?on=9999-12-31").status_code == 200
    assert "安排一轮" not in content(clerk(app, wall, place.people["leader"]).read("rounds/week"))
