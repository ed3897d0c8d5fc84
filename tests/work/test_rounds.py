"""Rounds (检查轮次): planned, walked, counted against their quota, merged at one place, and kept from whom they are not for."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import load_calendar
from core.work.rounds.choosing import SiteFilter, find_sites
from core.work.rounds.merging import merged, stops_for
from core.work.rounds.mutual import own_places
from core.work.rounds.nearest import length, nearest_order
from core.work.rounds.planning import cancel_round, close_round, create, edit, open_round
from core.work.rounds.progress import read_progress, stops_of
from core.work.rounds.round_list import RoundFilter, history, list_rounds
from core.work.rounds.sight import get_round, reads_results
from core.work.rounds.stops import (
    add_sites,
    drop_stop,
    move_stops,
    order_stops,
    take_back,
)
from core.work.rounds.teams import add_team, change_team, end_team, teams_of
from core.work.rounds.warnings import warnings_of
from core.work.tables import Audit, Finding, Round, RoundEvent, RoundStop
from tests.factory import add_actors
from tests.work.market import campaigns
from tests.work.rounding import ANSWERS, DAY, MONDAY, open_one, rounds_town, visit


@pytest.fixture
def place(wall):
    return rounds_town(wall)


def test_a_round_is_planned_opened_closed_and_its_history_told(place):
    with place.session() as session:
        of = create(session, place.office, place.wish(criteria="看占道"), now=MONDAY)
        assert of.number
        assert of.state == "draft"
        assert not of.hidden
        with pytest.raises(Conflict):
            open_round(session, place.office, of.id, version=of.version, now=MONDAY)
    with place.session() as session:
        of = open_one(place, session)
        with pytest.raises(Conflict):
            edit(session, place.office, of.id, place.wish(title="改"), version=of.version, now=MONDAY)
        close_round(session, place.office, of.id, version=of.version, now=MONDAY, note="收工")
        session.commit()
        verbs = [one.verb for one in history(session, of.id)]
        assert verbs == ["close", "open", "sites", "line", "team", "create"]
        assert [one.version for one in history(session, of.id)] == [6, 5, 4, 3, 2, 1]
        assert session.scalars(select(Audit).where(Audit.verb == "round.close")).one().object_id == str(of.id)


def test_who_was_slower_is_told(place):
    with place.session() as session:
        of = create(session, place.office, place.wish(), now=MONDAY)
        edit(session, place.office, of.id, place.wish(title="新名"), version=1, now=MONDAY)
        with pytest.raises(Stale):
            edit(session, place.office, of.id, place.wish(title="旧名"), version=1, now=MONDAY)
        assert of.title == "新名"


def test_bad_wishes_name_every_fault(place):
    with place.session() as session:
        wish = place.wish(kind="party", title=" ", ends_on=DAY - timedelta(days=1), weight=-5)
        with pytest.raises(InvalidInput) as refused:
            create(session, place.office, wish, now=MONDAY)
        assert {fault.field for fault in refused.value.faults} == {"kind", "title", "ends_on", "weight"}
        with pytest.raises(InvalidInput):
            create(
                session, place.office, place.wish(campaigns=("nobody",)), now=MONDAY, known_campaigns=["civilized_city"]
            )


def test_who_may_plan_what(place):
    with place.session() as session:
        liaison, street = place.people["liaison"], place.district.street
        own = create(session, liaison, place.wish(kind="own_round", unit_id=street), now=MONDAY)
        assert own.source == "own"
        with pytest.raises(Forbidden):
            create(session, liaison, place.wish(unit_id=street), now=MONDAY)
        with pytest.raises(Forbidden):
            create(session, liaison, place.wish(kind="own_round"), now=MONDAY)
        with pytest.raises(Forbidden):
            create(session, liaison, place.wish(kind="own_round", unit_id=street, mode="secret"), now=MONDAY)
        with pytest.raises(Forbidden):
            create(session, place.people["first"], place.wish(), now=MONDAY)


def test_progress_counts_up_to_the_quota_and_names_late_teams(place):
    with place.session() as session:
        of = open_one(place, session, place.sites[:2], quota=2)
        for hour in range(3):
            visit(place, session, place.sites[0], of, now=MONDAY + timedelta(hours=hour))
        calendar = load_calendar(session, MONDAY)
        found = read_progress(session, of, DAY, calendar)
        assert (found.tally.visited, found.tally.wanted, found.tally.extra, found.tally.done) == (2, 4, 1, 1)
        assert not found.late
        assert found.expected == 0
        wednesday = read_progress(session, of, DAY + timedelta(days=3), calendar)
        assert wednesday.expected == Fraction(3, 5)
        assert [one.team.name for one in wednesday.late] == ["一组"]
        assert found.tally.last_at == MONDAY + timedelta(hours=2)
        drop_stop(session, place.office, of.id, place.sites[1], version=of.version, reason="停业", now=MONDAY)
        rest = read_progress(session, of, DAY + timedelta(days=3), calendar)
        assert (rest.tally.visited, rest.tally.wanted) == (2, 2)
        assert not rest.late
        assert [one.reason for one in rest.dropped] == ["停业"]


def test_dropping_an_open_rounds_stop_needs_a_reason(place):
    with place.session() as session:
        of = open_one(place, session)
        with pytest.raises(InvalidInput):
            drop_stop(session, place.office, of.id, place.sites[0], version=of.version, reason=" ", now=MONDAY)
        drop_stop(session, place.office, of.id, place.sites[0], version=of.version, reason="搬迁", now=MONDAY)
        assert place.sites[0] not in {one.site_id for one in stops_for(session, place.people["first"], DAY)}
        take_back(session, place.office, of.id, place.sites[0], version=of.version, now=MONDAY)
        assert place.sites[0] in {one.site_id for one in stops_for(session, place.people["first"], DAY)}


def test_stops_are_ordered_and_moved(place):
    with place.session() as session:
        of = open_one(place, session)
        back = list(reversed(place.sites))
        order_stops(session, place.office, of.id, version=of.version, order=back, now=MONDAY)
        assert [one.site_id for one in stops_of(session, of)] == back
        walk = back
        move_stops(session, place.office, of.id, version=of.version, sites=walk[:1], line_id=None, now=MONDAY)
        assert stops_of(session, of)[0].line_id is None


def test_the_nearest_is_next():
    east = {"a": 0, "b": 9, "c": 1, "d": 5}
    placed = {key: (112 + n / 100, 37.0) for key, n in east.items()}
    assert nearest_order(placed) == ["a", "c", "d", "b"]
    assert nearest_order(placed, "b") == ["b", "d", "c", "a"]
    assert length([placed[one] for one in "acdb"]) < length([placed[one] for one in "abcd"])


def test_one_place_of_two_announced_rounds_is_one_stop_and_one_visit_counts_for_both(place):
    with place.session() as session:
        first, second = (
            open_one(place, session),
            open_one(place, session, place.sites[:1], title="月考核", kind="monthly"),
        )
        stops = stops_for(session, place.people["first"], DAY)
        assert len(stops) == 4
        both = next(one for one in stops if one.site_id == place.sites[0])
        assert {one.round_id for one in both.errands} == {first.id, second.id}
        assert both.left == 1
        assert not both.secret
        visit(place, session, place.sites[0], first)
        left = stops_for(session, place.people["first"], DAY)
        assert place.sites[0] not in {one.site_id for one in left}
        assert len(left) == 3
        assert {one.visits for one in stops_of(session, second)} == {1}
        assert stops_for(session, place.people["second"], DAY) == []


def test_a_secret_place_never_stands_with_an_announced_one(place):
    with place.session() as session:
        announced = open_one(place, session, place.sites[:1])
        secret = open_one(place, session, place.sites[:1], kind="ten_day_secret", title="旬暗访")
        assert secret.hidden
        assert secret.number is None
        stops = stops_for(session, place.people["first"], DAY)
        assert [(one.secret, len(one.errands)) for one in stops] in ([(False, 1), (True, 1)], [(True, 1), (False, 1)])
        assert len(merged(session, [announced, secret])) == 2
        visit(place, session, place.sites[0], secret)
        assert stops_of(session, announced)[0].visits == 0
        assert {stop.secret for stop in stops_for(session, place.people["first"], DAY)} == {False}
        session.commit()
    with place.session(cleared=False) as session:
        assert session.scalars(select(Round)).all() == [session.get(Round, (place.district.ref.id, announced.id))]
        assert not session.scalars(select(RoundStop).where(RoundStop.round_id == secret.id)).all()
        assert not session.scalars(select(RoundEvent).where(RoundEvent.round_id == secret.id)).all()
        assert not session.scalars(select(Audit).where(Audit.object_id == str(secret.id))).all()


def test_the_list_keeps_what_is_not_for_the_reader(place):
    with place.session() as session:
        shown = open_one(place, session)
        secret = open_one(place, session, kind="ten_day_secret", title="旬暗访")
        draft = create(session, place.office, place.wish(title="草稿"), now=MONDAY)
        session.commit()

        def seen(who: str, **filters: object) -> set:
            return {row.round.id for row in list_rounds(session, place.people[who], RoundFilter(**filters), on=DAY)}

        assert seen("office") == {shown.id, secret.id, draft.id}
        assert seen("first") == {shown.id, secret.id}
        assert seen("second") == seen("leader") == seen("liaison") == {shown.id}
        assert seen("office", mode="secret") == {secret.id}
        assert seen("office", text="草") == {draft.id}
        assert seen("office", when="over") == set()
        with pytest.raises(NotFound):
            get_round(session, place.people["second"], secret.id, DAY)
        with pytest.raises(InvalidInput):
            seen("office", kind="party")


def test_results_of_outside_sources_are_read_after_closing_only(place):
    with place.session() as session:
        mock = open_one(place, session, kind="mock", title="模拟测评")
        deputies = open_one(place, session, kind="congress", title="代表视察")
        read = {
            who: reads_results(session, place.people[who], mock, DAY)
            for who in ("office", "first", "leader", "liaison")
        }
        assert read == {"office": True, "first": True, "leader": False, "liaison": False}
        close_round(session, place.office, mock.id, version=mock.version, now=MONDAY)
        close_round(session, place.office, deputies.id, version=deputies.version, now=MONDAY)
        assert reads_results(session, place.people["liaison"], mock, DAY)
        assert not reads_results(session, place.people["liaison"], deputies, DAY)


def test_a_mutual_check_sends_nobody_to_his_own_unit(place, wall):
    peer = add_actors(wall, place.district.ref, [("grid_worker", place.district.communities[1], "邻居网格员")])[0]
    with place.session() as session:
        of = create(session, place.office, place.wish(kind="mutual", title="互查"), now=MONDAY)
        people = [peer.person_id]
        team = add_team(session, place.office, of.id, version=of.version, name="互查组", members=people, now=MONDAY)
        mine = place.sites[1]  # in the second community
        with pytest.raises(InvalidInput) as refused:
            add_sites(session, place.office, of.id, version=of.version, sites=[mine], now=MONDAY)
        assert "邻居网格员" in refused.value.text()
        assert "第2市场" in refused.value.text()
        session.rollback()
    with place.session() as session:
        of = create(session, place.office, place.wish(kind="mutual", title="互查"), now=MONDAY)
        team = add_team(session, place.office, of.id, version=of.version, name="互查组", members=people, now=MONDAY)
        add_sites(session, place.office, of.id, version=of.version, sites=[place.sites[0]], now=MONDAY)
        assert own_places(session, of, DAY) == []
        grid = place.people["grid"].person_id  # of the first community
        with pytest.raises(InvalidInput):
            change_team(
                session, place.office, of.id, team.id, version=of.version, name="互查组", members=[grid], now=MONDAY
            )


def test_a_look_back_takes_its_places_from_an_earlier_round(place):
    with place.session() as session:
        before = open_one(place, session)
        visit(place, session, place.sites[2], before, answers=ANSWERS)
        visit(place, session, place.sites[3], before)
        close_round(session, place.office, before.id, version=before.version, now=MONDAY)
        back = create(session, place.office, place.wish(kind="look_back", title="回头看"), now=MONDAY)

        def found(**said: object) -> list:
            return [one.id for one in find_sites(session, place.office, back, SiteFilter(**said), DAY)]

        assert found(earlier=before.id) == [place.sites[2]]
        assert found(earlier=before.id, of_earlier="closed") == []
        assert found(standing="open") == [place.sites[2]]
        assert set(found(standing="clean")) == set(place.sites) - {place.sites[2]}
        assert set(found(idle_days=7)) == {place.sites[0], place.sites[1]}
        assert found(text="第1") == [place.sites[0]]
        secret = open_one(place, session, kind="ten_day_secret", title="暗访")
        with pytest.raises(InvalidInput):
            found(earlier=secret.id)


def test_a_person_changes_over_and_leaves_with_his_team(place):
    with place.session() as session:
        of = open_one(place, session)
        first, second = place.people["first"].person_id, place.people["second"].person_id
        other = add_team(
            session,
            place.office,
            of.id,
            version=of.version,
            name="二组",
            members=[first, second],
            leader=second,
            now=MONDAY,
        )
        teams = teams_of(session, of.id)
        assert [[one.person_id for one in team.members] for team in teams] == [[], [second, first]]
        assert stops_for(session, place.people["first"], DAY) == []  # the line is the first team's
        end_team(session, place.office, of.id, other.id, version=of.version, now=MONDAY)
        assert [team.name for team in teams_of(session, of.id)] == ["一组"]
        leader = place.people["leader"].person_id
        with pytest.raises(InvalidInput):
            add_team(session, place.office, of.id, version=of.version, name="三组", members=[leader], now=MONDAY)


def test_a_round_warns_of_what_is_odd(place):
    with place.session() as session:
        earlier = open_one(place, session, place.sites[:1])
        visit(place, session, place.sites[0], earlier)
        of = create(
            session,
            place.office,
            place.wish(starts_on=DAY + timedelta(days=1), campaigns=("sanitary_city",)),
            now=MONDAY,
        )
        team = add_team(
            session,
            place.office,
            of.id,
            version=of.version,
            name="甲",
            members=[place.people["first"].person_id],
            now=MONDAY,
        )
        add_sites(session, place.office, of.id, version=of.version, sites=place.sites, now=MONDAY)
        assert team.name == "甲"
        session.commit()
        calendar = load_calendar(session, MONDAY)
        progress = read_progress(session, of, DAY, calendar)
        found = {
            one.code: one.n for one in warnings_of(session, place.office, of, progress, campaigns(), calendar, DAY)
        }
        assert found == {"two_teams": 1, "lately": 1, "loose": 4}
        edit(session, place.office, of.id, place.wish(forms=("NOTHING",)), version=of.version, now=MONDAY)
        again = {
            one.code: one.n for one in warnings_of(session, place.office, of, progress, campaigns(), calendar, DAY)
        }
        assert again["no_form"] == 4


def test_what_is_found_in_a_secret_round_is_told_to_nobody(place):
    with place.session() as session:
        secret = open_one(place, session, kind="ten_day_secret", title="暗访")
        made = visit(place, session, place.sites[0], secret, answers=ANSWERS)
        assert made.visit.hidden
        assert all(one.hidden and one.number is None for one in made.findings)
        with pytest.raises(Conflict):
            cancel_round(session, place.office, secret.id, version=secret.version, note="不查了", now=MONDAY)
        session.commit()
    with place.session(cleared=False) as session:
        assert session.scalars(select(Finding)).all() == []


def test_a_round_takes_no_visit_of_others(place):
    with place.session() as session:
        of = open_one(place, session)
        with pytest.raises(Forbidden):
            visit(place, session, place.sites[0], of, who="second")
        close_round(session, place.office, of.id, version=of.version, now=MONDAY)
        with pytest.raises(Conflict):
            visit(place, session, place.sites[0], of)
