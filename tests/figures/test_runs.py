"""Runs: the same records give the same hash; what moved since is named; a kept run is never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.campaigns import installed
from core.errors import Forbidden, InvalidInput, NotFound
from core.figures.periods import parse_period
from core.figures.run_causes import causes
from core.figures.runs import changes_between, find_run, list_runs, make_run
from core.work.loop.ledger import act
from core.work.tables import Finding, FindingCampaign, LockedValue
from tenants.scope import Wall
from tests.factory import add_actor
from tests.figures.build import make
from tests.figures.statistics import lock
from tests.work.market import ALL_GOOD, THURSDAY, send, town

MONTH = parse_period("2026-11")
FOOD = installed().campaigns["food_safety_city"]
FRIDAY = THURSDAY + timedelta(days=1)


def test_the_same_records_give_the_same_hash_and_others_say_why(wall: Wall) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        send(session, place)
        first = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="初算", now=THURSDAY)
        later = THURSDAY + timedelta(hours=5)
        same = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="再算", now=later, previous=first)
        assert same.sha256 == first.sha256
        assert changes_between(first.body, same.body) == []
        assert causes(session, place.office, first, same) == []

        send(session, place, ALL_GOOD, now=FRIDAY)
        third = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="重算", now=FRIDAY, previous=first)
        assert third.sha256 != first.sha256
        changes = {one.code: one for one in changes_between(first.body, third.body)}
        # 7 of 9 stalls had a licence; with the second visit 16 of 18 have.
        one = changes["FS-C1"]
        assert (one.before["numerator"], one.before["denominator"]) == ("7/1", "9/1")
        assert (one.after["numerator"], one.after["denominator"]) == ("16/1", "18/1")
        assert one.points > 0
        found = {cause.kind: cause for cause in causes(session, place.office, first, third)}
        assert found["visit"].count == 1
        assert found["visit"].examples[0].text.endswith("便民市场")
        session.commit()


def test_a_step_of_a_finding_is_a_cause_only_for_who_sees_it(wall: Wall) -> None:
    place = town(wall)
    outside = add_actor(wall, place.ref, "liaison", place.district.communities[1])
    with place.district.session(wall) as session:
        made = send(session, place)
        first = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="初算", now=THURSDAY)
        ours = select(FindingCampaign.finding_id).where(FindingCampaign.campaign == FOOD.key)
        food = session.scalars(select(Finding).where(Finding.id.in_(ours)).order_by(Finding.due_at)).first()
        assert food
        assert made.findings
        act(session, place.office, food.id, "cancel", version=food.version, note="误报", now=FRIDAY)
        second = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="重算", now=FRIDAY, previous=first)
        seen = causes(session, place.office, first, second)
        assert [(cause.kind, cause.count) for cause in seen] == [("finding", 1)]
        assert seen[0].examples[0].id == food.id
        assert {cause.kind for cause in causes(session, outside, first, second)} == set()


def test_who_may_and_what_is_refused(wall: Wall) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        send(session, place)
        with pytest.raises(Forbidden):
            make_run(session, place.inspector, FOOD, FOOD.edition, MONTH, label="初算", now=THURSDAY)
        with pytest.raises(InvalidInput) as caught:
            make_run(session, place.office, FOOD, FOOD.edition, parse_period("2027-01"), label=" ", now=THURSDAY)
        assert {fault.field for fault in caught.value.faults} == {"label", "period"}
        whole = make_run(session, place.office, FOOD, FOOD.edition, MONTH, label="全区", now=THURSDAY)
        part = make_run(
            session,
            place.office,
            FOOD,
            FOOD.edition,
            MONTH,
            label="一个社区",
            now=THURSDAY,
            unit_id=place.district.communities[0],
        )
        outside = add_actor(wall, place.ref, "liaison", place.district.communities[1])
        assert [one.id for one in list_runs(session, outside, None, now=THURSDAY, limit=9)] == [whole.id]
        with pytest.raises(NotFound):
            find_run(session, outside, part.id, THURSDAY)
        session.commit()
    with place.district.session(wall) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text("UPDATE score_run SET label = 'x'"))


def test_a_value_that_was_locked_is_a_cause(wall: Wall) -> None:
    """What was locked in the period, and what stands until it is replaced; not what was locked before, or is another's."""
    made = make(wall, FOOD)
    with made.district.session(wall) as session:
        lock(session, made, "early", 3, MONTH, at=THURSDAY - timedelta(hours=1))
        first = make_run(session, made.office, FOOD, FOOD.edition, MONTH, label="初算", now=THURSDAY)
        later = THURSDAY + timedelta(hours=2)
        inside = lock(session, made, "inside", 3, MONTH, at=later)
        stands = lock(session, made, "stands", 3, MONTH.previous, at=later, combine="last")
        lock(session, made, "past", 3, MONTH.previous, at=later)
        lock(session, made, "coming", 3, MONTH.next, at=later)
        second = make_run(session, made.office, FOOD, FOOD.edition, MONTH, label="重算", now=FRIDAY, previous=first)
        (cause,) = causes(session, made.office, first, second)
        wanted = session.scalars(select(LockedValue.observation_id).where(LockedValue.id.in_((inside, stands))))
        assert (cause.kind, cause.count) == ("statistic", 2)
        assert {one.id for one in cause.examples} == set(wanted)
        elsewhere = add_actor(wall, made.district.ref, "liaison", made.district.communities[0])
        assert causes(session, elsewhere, first, second) == []
