"""Places beside the stops (点位以外): only where the round allows it, counted in results, not in progress; plans pass it on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import InvalidInput
from core.work.calendar import load_calendar
from core.work.rounds.beside import allows_beside, count_beside, stop_ids, visits_beside, with_beside
from core.work.rounds.plan_keeping import PlanWish, change_plan, keep_plan
from core.work.rounds.plan_turns import make_for
from core.work.rounds.progress import read_progress
from core.work.rounds.recurring import Recurrence
from core.work.rounds.results import look_at, totals
from tests.work.rounding import DAY, MONDAY, Rounds, open_one, rounds_town, visit


@pytest.fixture
def place(wall) -> Rounds:
    return rounds_town(wall)


def test_only_a_round_that_allows_it_takes_visits_beside_its_stops(place):
    with place.session() as session:
        closed = open_one(place, session, place.sites[:1])
        with pytest.raises(InvalidInput, match="site_id"):
            visit(place, session, place.sites[1], closed)
        of = open_one(place, session, place.sites[:1], sampling={"beside": True})
        visit(place, session, place.sites[1], of)
        assert visits_beside(session, of) == 1
        assert visits_beside(session, closed) == 0
        progress = read_progress(session, of, DAY, load_calendar(session, MONDAY))
        assert (progress.tally.visited, progress.tally.wanted) == (0, 1)
        assert totals(look_at(session, place.office, of, DAY, "")).points.visits == 1
        count = count_beside(session, of.tenant_id, place.district.root, stop_ids(session, of), DAY)
        assert (count.sites, count.others) == (4, 3)
        street = count_beside(session, of.tenant_id, place.district.communities[0], [], DAY)
        assert (street.sites, street.others) == (2, 2)


def test_the_leave_stands_beside_the_strata():
    assert with_beside({"strata": [1]}, True) == {"strata": [1], "beside": True}
    assert with_beside({"strata": [1], "beside": True}, False) == {"strata": [1]}
    assert not allows_beside({"beside": 1})


def test_a_plan_passes_it_on_and_may_take_it_back(place):
    with place.session() as session:
        wish = {"kind": "daily", "title": "日督查", "unit_id": place.district.root}
        rule = Recurrence("day")
        plan = keep_plan(session, place.office, PlanWish(**wish, rule=rule, starts_on=DAY, beside=True), now=MONDAY)
        made = make_for(session, plan, MONDAY)
        assert made
        assert all(allows_beside(one.sampling) for one in made)
        none = PlanWish(**wish, rule=rule, starts_on=DAY)
        change_plan(session, place.office, plan.id, none, version=plan.version, now=MONDAY)
        later = make_for(session, plan, MONDAY + timedelta(days=3))
        assert later
        assert not any(allows_beside(one.sampling) for one in later)
