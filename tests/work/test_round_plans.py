"""Plans of rounds (周期计划): their days by the calendar, made once, caught up, paused; and what rounds came to."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput
from core.figures.round_ranking import rank_units
from core.work.calendar import WorkCalendar
from core.work.rounds.plan_keeping import PlanWish, keep_plan, plan_history, set_state
from core.work.rounds.plan_turns import make_for, make_rounds
from core.work.rounds.planning import close_round, create
from core.work.rounds.recurring import EVERY, Recurrence, coming, faults_of, occurrences, recurrence_of
from core.work.rounds.result_lines import by_item, by_site, by_unit, matrix
from core.work.rounds.results import Points, change, look_at, totals
from core.work.rounds.sampling import PLANS, Stratum, commit_draw, draw_stops, frame_of, keep_sampling, strata_of
from core.work.rounds.sources import by_source, weighted
from core.work.rounds.stops import count_stops
from core.work.rounds.teams import teams_of
from core.work.tables import Audit, Round, RoundStop
from tests.work.rounding import ANSWERS, DAY, MONDAY, open_one, rounds_town, visit

PLAIN = WorkCalendar()
# National Day 2026 as the State Council announced it would be written here by hand: the week is off, two Saturdays are worked.
GOLDEN = WorkCalendar({date(2026, 10, n): False for n in range(1, 8)} | {date(2026, 10, 10): True})


def starts(rule: Recurrence, since: date, count: int = 6, calendar: WorkCalendar = PLAIN) -> list[str]:
    return [f"{a:%m-%d}>{b:%m-%d}" for a, b in coming(rule, since, calendar, count=count)]


@pytest.mark.parametrize(
    ("rule", "since", "said"),
    [
        (Recurrence("day"), date(2026, 11, 30), ["11-30>11-30", "12-01>12-01"]),
        (Recurrence("day", working="only"), date(2026, 11, 20), ["11-20>11-20", "11-23>11-23"]),
        (Recurrence("week", (0,)), date(2026, 11, 17), ["11-23>11-29", "11-30>12-06"]),
        (Recurrence("week", (0, 3)), date(2026, 11, 16), ["11-16>11-18", "11-19>11-22"]),
        (Recurrence("ten_day"), date(2027, 2, 1), ["02-01>02-10", "02-11>02-20", "02-21>02-28"]),
        (Recurrence("ten_day", day=11), date(2026, 10, 1), ["10-10>10-10", "10-20>10-20", "10-31>10-31"]),
        (Recurrence("month", day=31), date(2027, 1, 1), ["01-31>01-31", "02-28>02-28"]),
        (Recurrence("month", day=5, days=3), date(2026, 12, 6), ["01-05>01-07", "02-05>02-07"]),
        (Recurrence("quarter", day=1), date(2026, 11, 1), ["01-01>03-31", "04-01>06-30"]),
        (Recurrence("nth_week", (0,), week=2), date(2026, 11, 1), ["11-09>11-15", "12-14>12-20"]),
        (Recurrence("nth_week", (4,), week=-1, days=1), date(2026, 11, 1), ["12-04>12-04", "01-01>01-01"]),
        (Recurrence("nth_week", (0,), week=5), date(2026, 11, 1), ["11-30>12-06", "12-28>01-03"]),
    ],
)
def test_the_days_of_a_rule(rule, since, said):
    assert starts(rule, since, len(said)) == said
    assert faults_of(rule) == []
    assert recurrence_of(rule.as_json()) == rule


def test_days_off_are_passed_over_or_put_off():
    assert starts(Recurrence("month", day=1, working="next"), date(2026, 10, 1), 1, GOLDEN) == ["10-08>10-31"]
    assert starts(Recurrence("day", working="only"), date(2026, 9, 30), 3, GOLDEN) == [
        "09-30>09-30",
        "10-08>10-08",
        "10-09>10-09",
    ]
    assert starts(Recurrence("day", working="next"), date(2026, 10, 1), 2, GOLDEN) == ["10-08>10-08", "10-09>10-09"]
    assert starts(Recurrence("week", (3,), days=2, working="next"), date(2026, 10, 1), 1, GOLDEN) == ["10-08>10-09"]


def test_bad_rules_are_named():
    wrong = Recurrence("never", (), 0, 9, 900, "sometimes")
    assert {fault.field for fault in faults_of(wrong)} == {"every", "working", "days"}
    assert {fault.field for fault in faults_of(Recurrence("nth_week", (9,), week=7))} == {"weekdays", "week"}
    assert {fault.field for fault in faults_of(Recurrence("ten_day", day=12))} == {"day"}


@pytest.mark.parametrize("every", EVERY)
def test_no_two_rounds_begin_on_one_day(every):
    rule = Recurrence(every, (0, 2), working="next")
    days = [start for start, _ in occurrences(rule, date(2026, 1, 1), date(2026, 12, 31), GOLDEN)]
    assert days == sorted(set(days))
    assert days


@pytest.fixture
def place(wall):
    return rounds_town(wall)


def plan_of(place, session, rule: Recurrence, *, kind: str = "weekly", starts_on: date = DAY, **more):
    wish = PlanWish(kind, "周督查", place.district.root, rule, starts_on, **more)
    return keep_plan(session, place.office, wish, now=MONDAY)


def test_a_plan_makes_each_round_once_with_teams_lines_and_stops(place):
    with place.session() as session:
        copied = open_one(place, session, quota=7)
        plan = plan_of(place, session, Recurrence("week", (0,)), copy_of=copied.id, opens=True)
        assert make_rounds(session, MONDAY) == 2
        assert make_rounds(session, MONDAY) == 0
        made = session.scalars(select(Round).where(Round.plan_id == plan.id).order_by(Round.starts_on)).all()
        assert [one.starts_on for one in made] == [DAY, DAY + timedelta(days=7)]
        assert {one.state for one in made} == {"open"}
        assert [count_stops(session, one.id) for one in made] == [4, 4]
        assert [[m.name for m in team.members] for team in teams_of(session, made[0].id)] == [["检查员甲"]]
        # a week later only the one that is new is made
        assert make_rounds(session, MONDAY + timedelta(days=7)) == 1


def test_what_was_missed_is_caught_up_while_it_lasts(place):
    with place.session() as session:
        plan = plan_of(place, session, Recurrence("day"), kind="daily")
        made = make_for(session, plan, MONDAY + timedelta(days=3))
        assert [one.starts_on for one in made][:1] == [DAY + timedelta(days=3)]
        missed = session.scalars(select(Audit).where(Audit.verb == "round_plan.missed")).one()
        assert missed.detail["days"] == [(DAY + timedelta(days=n)).isoformat() for n in range(3)]
        weekly = plan_of(place, session, Recurrence("week", (0,)))
        assert [one.starts_on for one in make_for(session, weekly, MONDAY + timedelta(days=3))] == [
            DAY,
            DAY + timedelta(days=7),
        ]


def test_two_turns_at_once_make_each_round_once(place):
    with place.session() as session:
        plan = plan_of(place, session, Recurrence("day"), kind="daily")
        session.commit()
        key = plan.id
    gate = threading.Barrier(4)

    def turn() -> None:
        with place.session() as session:
            gate.wait()
            make_rounds(session, MONDAY)
            session.commit()

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with place.session() as session:
        assert len(session.scalars(select(Round).where(Round.plan_id == key)).all()) == 8


def test_a_secret_plan_and_its_rounds_are_hidden(place):
    with place.session() as session:
        plan = plan_of(place, session, Recurrence("ten_day"), kind="ten_day_secret")
        made = make_for(session, plan, MONDAY)
        assert plan.hidden
        assert all(one.hidden and one.number is None for one in made)
        assert plan_history(session, plan.id)
        session.commit()
    with place.session(cleared=False) as session:
        assert session.scalars(select(Round)).all() == []
        assert session.scalars(select(Audit).where(Audit.object_id == str(plan.id))).all() == []
        assert make_rounds(session, MONDAY + timedelta(days=30)) == 0


def test_a_paused_plan_makes_nothing_and_does_not_make_up_for_it(place):
    with place.session() as session:
        plan = plan_of(place, session, Recurrence("day"), kind="daily")
        set_state(session, place.office, plan.id, "paused", version=plan.version, now=MONDAY)
        assert make_rounds(session, MONDAY) == 0
        later = MONDAY + timedelta(days=5)
        set_state(session, place.office, plan.id, "active", version=plan.version, now=later)
        assert make_rounds(session, later) == 8
        assert min(session.scalars(select(Round.starts_on))) == DAY + timedelta(days=5)
        set_state(session, place.office, plan.id, "ended", version=plan.version, now=later)
        with pytest.raises(Conflict):
            set_state(session, place.office, plan.id, "active", version=plan.version, now=later)
        wish = PlanWish("weekly", "x", place.district.street, Recurrence(), DAY)
        with pytest.raises(Forbidden):
            keep_plan(session, place.people["liaison"], wish, now=MONDAY)


def test_results_add_up_and_name_the_round_before(place):
    with place.session() as session:
        first = open_one(place, session)
        visit(place, session, place.sites[0], first, answers=ANSWERS)
        visit(place, session, place.sites[1], first)
        close_round(session, place.office, first.id, version=first.version, now=MONDAY)
        later = MONDAY + timedelta(days=7)
        days = {"starts_on": DAY + timedelta(days=7), "ends_on": DAY + timedelta(days=13)}
        second = open_one(place, session, now=later, **days)
        visit(place, session, place.sites[0], second, now=later)
        on = DAY + timedelta(days=8)
        look = look_at(session, place.office, first, on)
        header = totals(look)
        sites, units, items = by_site(look), by_unit(look, "community"), by_item(look)
        assert (header.points.visits, header.points.sites, header.planned) == (2, 2, 4)
        assert header.findings == 10
        assert sum(one.points.earned for one in sites) == header.points.earned
        assert sum(one.points.possible for one in units) == header.points.possible
        assert sum(one.points.earned for one in items) == header.points.earned
        assert [one.name for one in sites] == ["第1市场", "第2市场"]  # the worst first
        assert items[0].fail_rate == Fraction(1, 2)
        cells = matrix(look, "community", items[:1])
        assert sorted(cells.values()) == [(0, 1), (1, 1)]
        now = look_at(session, place.office, second, on)
        found = change(now, totals(now))
        assert found.before is not None
        assert found.before.id == first.id
        assert found.comparable
        assert found.points == header.points
        narrow = open_one(place, session, now=later, campaigns=("sanitary_city",), **days)
        visit(place, session, place.sites[0], narrow, now=later)
        other = look_at(session, place.office, narrow, on)
        assert not change(other, totals(other)).comparable
        assert totals(other).forms < totals(now).forms


def test_units_are_ranked_only_with_enough_visits_and_equal_ones_share(place):
    with place.session() as session:
        of = open_one(place, session)
        for n in range(10):
            visit(place, session, place.sites[n % 4], of, now=MONDAY + timedelta(hours=n))
        look = look_at(session, place.office, of, DAY)
        lines, sites = by_unit(look, "community"), by_site(look)
        under = {unit: unit for unit in place.district.communities}
        ranked = rank_units(lines, sites, under, tenant="x", round_id=of.id)
        assert [one.rank for one in ranked] == [1, 1] or [one.line.points.visits for one in ranked] == [6, 4]
        few = rank_units([line for line in lines if line.points.visits < 5], sites, under, tenant="x", round_id=of.id)
        assert [one.rank for one in few] == [None] * len(few)


def test_sources_stand_apart_and_weigh_only_where_asked(place):
    with place.session() as session:
        office = open_one(place, session, title="办")
        outside = open_one(place, session, kind="mock", title="测", weight=300)
        visit(place, session, place.sites[0], office, answers=ANSWERS)
        visit(place, session, place.sites[1], office)
        for of in (office, outside):
            close_round(session, place.office, of.id, version=of.version, now=MONDAY)
        lines = by_source(session, place.office, DAY, DAY + timedelta(days=30), DAY)
        assert {(one.source, one.basis) for one in lines} == {("office", "verified"), ("third_party", "verified")}
        rates = {one.source: one.points.rate for one in lines}
        whole = weighted(lines)
        assert (whole.rounds, whole.under) == (2, 400)
        assert whole.over / whole.under == (rates["office"] + 3 * rates["third_party"]) / 4
        assert Points().percent is None


def test_a_sample_is_drawn_from_its_strata(place):
    with place.session() as session:
        of = create(session, place.office, place.wish(), now=MONDAY)
        with pytest.raises(InvalidInput) as refused:
            keep_sampling(session, place.office, of.id, version=1, strata=[Stratum("", ("x",), -1)], now=MONDAY)
        assert len(refused.value.faults) == 3
        keep_sampling(
            session, place.office, of.id, version=1, strata=[Stratum("市场", ("produce_market",), 2)], now=MONDAY
        )
        assert set(frame_of(session, of, strata_of(of), DAY)["市场"]) == set(place.sites)
        with pytest.raises(Conflict):
            draw_stops(session, place.office, of.id, version=of.version, now=MONDAY)
        commit_draw(session, place.office, of.id, version=of.version, now=MONDAY)
        with pytest.raises(Conflict):
            keep_sampling(session, place.office, of.id, version=of.version, strata=strata_of(of), now=MONDAY)
        assert draw_stops(session, place.office, of.id, version=of.version, now=MONDAY) == 2
        stops = session.scalars(select(RoundStop).where(RoundStop.round_id == of.id)).all()
        assert {one.stratum for one in stops} == {"市场"}


def test_the_frameworks_ask_what_the_reports_say():
    plan = PLANS["sanitary_assessment"]
    assert plan.totals == (161, 215, 267)
    assert [one.size for one in plan.proposal("to_2m")] == [10, 13, 12, 79]
