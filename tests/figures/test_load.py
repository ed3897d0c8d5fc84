"""The load meter: a community's week counted by hand, its own visits apart from others', what was asked twice, the ceiling."""

from __future__ import annotations

from datetime import timedelta

from core.figures.load import weigh
from core.figures.load_twice import compare_forms, find_repeated
from core.figures.periods import parse_period
from core.work.inspection.visits import submit
from core.work.papers.notice_issuing import Draft, issue
from core.work.papers.notice_kinds import RECTIFICATION, REMINDER
from core.work.tables import Statistic
from core.work.tenant_settings import Ceiling
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY, campaigns, send, town

WEEK = parse_period("2026-W47")  # 16 to 22 November
BEFORE = parse_period("2026-W46")


def test_a_week_is_counted_by_hand(wall: Wall) -> None:
    place = town(wall)
    home, other = place.district.communities
    grid = add_actor(wall, place.ref, "grid_worker", home)
    outside = add_actor(wall, place.ref, "inspector", other)
    with place.district.session(wall) as session:
        send(session, place, actor=grid, basis="self")
        send(session, place, ALL_GOOD, actor=grid, basis="self", now=THURSDAY + timedelta(days=1))
        send(session, place, ALL_GOOD, now=THURSDAY + timedelta(hours=3))
        send(session, place, ALL_GOOD, actor=grid, basis="self", now=THURSDAY - timedelta(days=7))
        for kind in (RECTIFICATION, REMINDER):  # a reminder card asks for no answer
            due = THURSDAY + timedelta(days=1) if kind == RECTIFICATION else None
            draft = Draft(kind=kind, unit_id=home, title="演示", demand="请整改", due_at=due)
            issue(session, place.office, draft, now=THURSDAY)
        session.commit()
        loads = {one.unit_id: one for one in weigh(session, place.office, WEEK, Ceiling(fields=50, visits=3))}
        mine, theirs = loads[home], loads[other]
        asked = len(ANSWERS)
        assert (mine.fields, mine.again) == (2 * asked, asked)
        assert (mine.visits, mine.received) == (3, 1)
        assert mine.returns == 1
        assert mine.deadlines >= 1
        assert mine.over == ("fields",)
        assert (theirs.fields, theirs.visits, theirs.over) == (0, 0, ())
        earlier = {one.unit_id: one for one in weigh(session, place.office, BEFORE, Ceiling())}
        assert (earlier[home].fields, earlier[home].again) == (asked, 0)
        # Who sees one community only is shown no other.
        assert [one.unit_id for one in weigh(session, outside, WEEK, Ceiling())] == [other]


def test_what_was_answered_twice_is_named_with_its_campaigns(wall: Wall) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        send(session, place)
        assert find_repeated(session, place.office, WEEK) == []
        send(session, place, now=THURSDAY + timedelta(days=1))
        session.commit()
        found = {one.question: one for one in find_repeated(session, place.office, WEEK)}
        assert found.keys() == ANSWERS.keys()
        assert {one.times for one in found.values()} == {2}
        assert found["stall_licences"].site_name.endswith("便民市场")
        assert found["live_poultry_zone"].campaigns == ("sanitary_city",)
        shared = {q for q, one in found.items() if len(one.campaigns) > 1}
        market = next(one for one in compare_forms(campaigns()) if one.site_type == "produce_market")
        assert shared == market.shared.keys()


def test_a_market_asks_37_items_in_34_questions() -> None:
    """The acceptance figures of the domain: three checklists on one produce market."""
    market = next(one for one in compare_forms(campaigns()) if one.site_type == "produce_market")
    assert (market.items, market.questions, market.spared) == (37, 34, 3)
    assert all(len(keys) > 1 for keys in market.shared.values())
    assert compare_forms(campaigns()[:1]) == []


def test_a_corrected_visit_counts_once(wall: Wall) -> None:
    place = town(wall)
    home = place.district.communities[0]
    grid = add_actor(wall, place.ref, "grid_worker", home)
    with place.district.session(wall) as session:
        first = send(session, place, actor=grid, basis="self")
        again = submit(
            session,
            grid,
            campaigns=campaigns(),
            visit_id=new_id(),
            site_id=place.market,
            answers=ALL_GOOD,
            now=THURSDAY + timedelta(hours=1),
            basis="self",
        )
        first_visit = session.get_one(type(again.visit), (place.ref.id, first.visit.id))
        first_visit.replaced_at = THURSDAY + timedelta(hours=1)
        session.commit()
        mine = next(one for one in weigh(session, place.office, WEEK, Ceiling()) if one.unit_id == home)
        assert (mine.visits, mine.fields, mine.again) == (1, len(ALL_GOOD), 0)


def test_statistics_asked_of_a_community_are_returns(wall: Wall) -> None:
    place = town(wall)
    home, other = place.district.communities
    with place.district.session(wall) as session:
        before = {one.unit_id: one.returns for one in weigh(session, place.office, WEEK, Ceiling())}
        for code, frequency in (("own_weekly", "week"), ("own_daily", "day"), ("own_yearly", "year")):
            session.add(
                Statistic(
                    code=code,
                    name_zh=code,
                    measure="item",
                    owner_unit_id=place.district.departments["sanitation"],
                    unit_kind="community",
                    frequency=frequency,
                    bases=["self"],
                    valid_from=WEEK.start,
                )
            )
        session.flush()
        after = {one.unit_id: one.returns for one in weigh(session, place.office, WEEK, Ceiling())}
        assert (after[home] - before[home], after[other] - before[other]) == (1 + 7, 1 + 7)
