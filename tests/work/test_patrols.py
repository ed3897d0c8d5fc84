"""Patrol shifts (巡查班次): alone or joint, one at a time for each person, with what was fixed and passed on."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.desk.finding_filters import Filter
from core.work.desk.findings import list_findings
from core.work.intake.patrol_sums import sum_patrols
from core.work.intake.patrols import (
    PatrolFilter,
    end_patrol,
    join_patrol,
    list_patrols,
    own_patrol,
    running_patrol,
    start_patrol,
)
from core.work.loop.ledger import act
from tests.factory import add_actor
from tests.work.intake import DAY, Street, bring_in, street
from tests.work.market import THURSDAY

HOUR = timedelta(hours=1)


@pytest.fixture
def place(wall, tmp_path_factory) -> Street:
    return street(wall, tmp_path_factory.mktemp("files"))


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def begin(session, place: Street, actor=None, **changed):
    given = {"unit_id": place.district.communities[0], "members": {}, "route": "学府街东段", "now": THURSDAY}
    patrol = start_patrol(session, actor or place.grid, **(given | changed))
    session.commit()
    return patrol


def rows(session, actor, **wanted):
    return list_patrols(session, actor, PatrolFilter(**wanted), on=DAY)


def test_a_joint_shift_with_everybodys_duty(wall, session, place):
    chief = add_actor(wall, place.ref, "inspector", place.district.street, "路长甲")
    team = add_actor(wall, place.ref, "liaison", place.district.departments["urban_management"], "执法乙")
    members = {place.grid.person_id: "grid_worker", chief.person_id: "road_chief", team.person_id: "enforcement"}
    patrol = begin(session, place, members=members)
    (row,) = rows(session, place.office)
    assert dict(row.members) == {place.grid.name: "grid_worker", "路长甲": "road_chief", "执法乙": "enforcement"}
    assert (row.patrol.route, row.unit_name, row.person_name) == (
        "学府街东段",
        "测试区第1社区",
        place.grid.name,
    )
    for actor in (place.grid, chief, team):
        running = running_patrol(session, actor)
        assert running is not None
        assert running.id == patrol.id
    assert running_patrol(session, place.office) is None
    end_patrol(session, chief, patrol.id, note="一切正常", now=THURSDAY + 2 * HOUR)
    session.commit()
    assert (patrol.ended_at, patrol.note) == (THURSDAY + 2 * HOUR, "一切正常")
    with pytest.raises(Conflict, match="已经结束"):
        end_patrol(session, place.grid, patrol.id, now=THURSDAY + 3 * HOUR)
    with pytest.raises(NotFound):
        end_patrol(session, place.office, patrol.id)


def test_nobody_walks_two_shifts_at_once(wall, session, place):
    chief = add_actor(wall, place.ref, "inspector", place.district.street, "路长甲")
    first = begin(session, place, members={chief.person_id: "road_chief"})
    for actor, members in ((place.grid, {}), (place.town.inspector, {chief.person_id: "road_chief"})):
        with pytest.raises(Conflict, match="还在"):
            begin(session, place, actor, members=members)
        session.rollback()
    end_patrol(session, place.grid, first.id, now=THURSDAY + HOUR)
    session.commit()
    begin(session, place, now=THURSDAY + 2 * HOUR)


def test_two_starts_at_one_moment_leave_one_shift(wall, place):
    told: list[str] = []

    def start() -> None:
        try:
            with place.district.session(wall) as session:
                begin(session, place)
            told.append("on")
        except Conflict:
            told.append("busy")

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["busy"] * 7 + ["on"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"members": {UUID(int=9): "other"}}, "members"),
        ({"route": "长" * 101}, "route"),
    ],
)
def test_bad_shifts_are_refused(session, place, changed, field):
    with pytest.raises(InvalidInput) as refused:
        begin(session, place, **changed)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_an_unknown_duty_is_refused(session, place):
    with pytest.raises(InvalidInput, match="没有这种身份"):
        begin(session, place, members={place.grid.person_id: "king"})


def test_only_within_the_reach_of_reports(session, place):
    with pytest.raises(Forbidden):
        begin(session, place, unit_id=place.district.communities[1])
    with pytest.raises(Forbidden):
        begin(session, place, place.trusted)


def test_what_was_fixed_and_passed_on_is_counted_for_the_shift(session, place):
    patrol = begin(session, place)
    given = {"source": "patrol", "patrol_id": patrol.id, "now": THURSDAY + HOUR}
    bring_in(session, place, **given, photos=place.photos[:1], fixed=place.photos[1:2])
    bring_in(session, place, **given, photos=place.photos[2:3], fixed=place.photos[3:4], category="ENV-BIN")
    kept = bring_in(session, place, **given, category="ORD-STALL")
    gone = bring_in(session, place, **given, category="ORD-PARK")
    session.commit()
    act(session, place.office, gone.id, "reject", version=1, reason="duplicate", note="重复", now=THURSDAY + HOUR)
    session.commit()
    (row,) = rows(session, place.office)
    assert (row.fixed, row.passed_on) == (2, 1)
    twin = bring_in(session, place, **given, category="ORD-STALL")
    act(session, place.office, twin.id, "merge", version=1, target_id=kept.id, now=THURSDAY + HOUR)
    session.commit()
    assert [(one.fixed, one.passed_on) for one in rows(session, place.office)] == [(2, 1)]


def test_lists_by_day_unit_and_state_a_page_at_a_time(session, place):
    made = []
    for n in range(4):
        patrol = begin(session, place, now=THURSDAY + n * 24 * HOUR)
        if n < 3:
            end_patrol(session, place.grid, patrol.id, now=THURSDAY + (n * 24 + 1) * HOUR)
            session.commit()
        made.append(patrol.id)

    def ids(**wanted):
        return [row.patrol.id for row in rows(session, place.office, **wanted)]

    assert ids() == made[::-1]
    assert ids(since=DAY + timedelta(days=1), until=DAY + timedelta(days=2)) == [made[2], made[1]]
    assert ids(running=True) == [made[3]]
    assert ids(unit_id=place.district.communities[1]) == []
    first = list_patrols(session, place.office, PatrolFilter(), on=DAY, limit=2)
    last = first[-1].patrol
    rest = list_patrols(session, place.office, PatrolFilter(), on=DAY, after=(last.started_at, last.id))
    assert [row.patrol.id for row in (*first, *rest)] == made[::-1]
    assert rows(session, place.town.liaison) == []
    assert own_patrol(session, place.grid, made[0]).id == made[0]


def test_several_of_a_duty_and_somebody_who_joins_later(wall, session, place):
    team = [add_actor(wall, place.ref, "grid_worker", place.district.communities[0], f"执法{n}") for n in "甲乙丙"]
    patrol = begin(session, place, members={one.person_id: "enforcement" for one in team[:2]})
    joined = {team[2].person_id: "enforcement", team[0].person_id: "volunteer"}
    join_patrol(session, team[1], patrol.id, members=joined, now=THURSDAY + HOUR)
    session.commit()
    (row,) = rows(session, place.office)
    assert sorted(name for name, duty in row.members if duty == "enforcement") == ["执法丙", "执法乙", "执法甲"]
    running = running_patrol(session, team[2])
    assert running is not None
    assert running.id == patrol.id
    with pytest.raises(NotFound):
        join_patrol(session, place.office, patrol.id, members={place.office.person_id: "other"})
    with pytest.raises(InvalidInput, match="没有选人"):
        join_patrol(session, place.grid, patrol.id, members={})
    other = add_actor(wall, place.ref, "grid_worker", place.district.communities[0], "另一班")
    begin(session, place, other)
    with pytest.raises(Conflict, match="另一班 还在"):
        join_patrol(session, place.grid, patrol.id, members={other.person_id: "other"})
    session.rollback()
    end_patrol(session, place.grid, patrol.id, now=THURSDAY + HOUR)
    session.commit()
    with pytest.raises(Conflict, match="已经结束"):
        join_patrol(session, place.grid, patrol.id, members={place.office.person_id: "other"})


def test_a_shift_stays_within_the_most_that_walk(wall, session, place):
    patrol = begin(session, place)
    crowd = [add_actor(wall, place.ref, "grid_worker", place.district.street, f"志愿{n}") for n in range(20)]
    with pytest.raises(InvalidInput, match="人员过多"):
        join_patrol(session, place.grid, patrol.id, members={one.person_id: "volunteer" for one in crowd})
    join_patrol(session, place.grid, patrol.id, members={one.person_id: "volunteer" for one in crowd[:19]})
    assert len(rows(session, place.office)[0].members) == 20


def test_sums_of_shifts_by_unit_person_day_and_month(wall, session, place):
    mate = add_actor(wall, place.ref, "inspector", place.district.street, "路长甲")
    first = begin(session, place, members={mate.person_id: "road_chief"})
    given = {"source": "patrol", "patrol_id": first.id, "now": THURSDAY + HOUR}
    bring_in(session, place, **given, photos=place.photos[:1], fixed=place.photos[1:2])
    bring_in(session, place, **given, category="ORD-STALL")
    gone = bring_in(session, place, **given, category="ORD-PARK")
    act(session, place.office, gone.id, "reject", version=1, reason="duplicate", note="重复", now=THURSDAY + HOUR)
    end_patrol(session, place.grid, first.id, now=THURSDAY + HOUR)
    session.commit()
    later = begin(session, place, now=THURSDAY + 24 * 15 * HOUR)

    def sums(by, **wanted):
        lines = sum_patrols(session, place.office, PatrolFilter(**wanted), by=by, on=DAY)
        return [(line.title, line.shifts, line.fixed, line.passed_on) for line in lines]

    assert sums("unit") == [("测试区第1社区", 2, 1, 1)]
    assert sums("person") == [(place.grid.name, 2, 1, 1), ("路长甲", 1, 1, 1)]
    assert sums("day") == [("2026-12-04", 1, 0, 0), ("2026-11-19", 1, 1, 1)]
    assert sums("month") == [("2026-12", 1, 0, 0), ("2026-11", 1, 1, 1)]
    assert sums("month", until=DAY) == [("2026-11", 1, 1, 1)]
    assert sum_patrols(session, place.town.liaison, PatrolFilter(), by="unit", on=DAY) == []
    with pytest.raises(InvalidInput, match="没有这种汇总"):
        sums("weather")
    counted = [
        len(list_findings(session, place.office, Filter(patrol_id=first.id, on_spot=spot), now=THURSDAY + HOUR).rows)
        for spot in (True, False, None)
    ]
    assert counted == [1, 1, 3]
    assert list_findings(session, place.office, Filter(patrol_id=later.id), now=THURSDAY + HOUR).rows == []
