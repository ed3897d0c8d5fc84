"""Completion rates and daily places: each count equals a recount, leaves alone count, the past is read from the histories."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.campaigns import installed
from core.errors import Conflict, Forbidden
from core.figures.card_days import stand as stand_cards
from core.figures.task_figures import places
from core.figures.task_figures.facts import Moment
from core.figures.task_figures.pace import light
from core.figures.task_figures.rates import BY, Sums, completion, members, sums_by_unit, totals
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_templates import TEMPLATES
from core.work.tables import Plan, PlanLine, Task, TaskDay, TaskEvent
from core.work.tasks.sight import sees_task
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import bare_district
from tests.figures.tasking import FIRST, LAST, many, task
from tests.work.carding import Town, at, join_area, town

DAY = date(2026, 11, 10)


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    return town(wall, "任务区")


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.session(wall) as opened:  # nothing is committed: every test lays its own
        yield opened


def test_a_rate_is_two_whole_numbers_and_rounds_at_the_very_end() -> None:
    found = Sums(total=11_831, done=11_487, verified=11_200)
    assert found.ratio == Fraction(11_487, 11_831)
    assert (found.percent, found.verified_percent) == (Decimal("97.09"), Decimal("94.67"))
    assert Sums().percent is None
    assert Sums(total=8, done=1).percent == Decimal("12.50")
    assert Sums(total=800, done=1).percent == Decimal("0.13")  # 0.125, half-up


def test_drafts_cancelled_ones_and_parents_are_not_counted(session: ScopedSession, place: Town) -> None:
    street = place.streets[0]
    many(session, street, 4, 3)
    task(session, street, state="draft", issued_at=None)
    task(session, street, steps=[("cancelled", at(FIRST, 12))])
    parent = task(session, street, leaf=False)
    task(session, street, parent_id=parent, steps=[("done", at(FIRST, 9)), ("verified", at(FIRST, 11))])
    (found,) = completion(session, day=DAY)
    assert (found.id, found.sums.total, found.sums.done, found.sums.verified) == (street, 5, 4, 1)
    assert found.sums.percent == Decimal("80.00")


def test_by_line_plan_campaign_and_area(session: ScopedSession, place: Town) -> None:
    street, other = place.streets[:2]
    join_area(session, place.areas[0], unit_id=street)
    plan = Plan(
        id=new_id(), number="计-1", kind="sprint", title="大干五十天", unit_id=street, starts_on=FIRST, ends_on=LAST
    )
    session.add(plan)
    session.flush()
    line = PlanLine(id=new_id(), plan_id=plan.id, title="环境卫生攻坚战")
    session.add(line)
    session.flush()
    many(session, place.homes[0], 3, 1, plan_id=plan.id, line_id=line.id, campaign="sanitary_city")
    many(session, other, 2, 2)
    by = {
        name: [(one.name, one.sums.done, one.sums.total) for one in completion(session, day=DAY, by=name)]
        for name in BY
    }
    assert by["area"] == [("第1片区", 1, 3)]
    assert by["line"] == [("环境卫生攻坚战", 1, 3), ("", 2, 2)]
    assert by["plan"] == [("大干五十天", 1, 3), ("", 2, 2)]
    assert by["campaign"] == [("", 2, 2), ("sanitary_city", 1, 3)]
    assert completion(session, day=DAY, by="plan", campaign="")[0].sums.total == 2
    assert [one.id for one in completion(session, day=DAY, within=place.areas[0])] == [place.homes[0]]
    with pytest.raises(ValueError, match="colour"):
        completion(session, day=DAY, by="colour")


def test_overdue_at_risk_and_lights_agree_with_the_rule_task_by_task(session: ScopedSession, place: Town) -> None:
    """A recount: thousands of cases, the SQL's counts against the pure functions, now and at the end of the day."""
    dice = random.Random(6)
    for n in range(300):
        first = DAY - timedelta(days=dice.randint(-3, 40))
        due = first + timedelta(days=dice.randint(0, 40))
        state = dice.choice(("issued", "accepted", "doing", "doing", "done", "verified", "closed", "returned"))
        told = [(dice.randint(0, 10_000), at(first, 9))] if dice.random() < 0.7 else []
        task(
            session,
            dice.choice(place.streets),
            starts_on=first,
            due_on=due,
            steps=[(state, at(first, 9))] if state != "issued" else (),
            told=told,
            campaign=dice.choice(("", "sanitary_city", "civilized_city")),
            made=at(first, 8),
            weight=n + 1,
        )
    for moment in (Moment(DAY), Moment.end_of(DAY)):
        rows = [r for r in session.scalars(select(Task)) if not moment.cut_off or r.created_at < moment.cut_off]
        done = [r.state in ("done", "verified", "closed") for r in rows]
        overdue = [not d and r.due_on < moment.late_from for r, d in zip(rows, done, strict=True)]
        lights = [
            light(r.starts_on, r.due_on, moment.day, r.progress, done=d, reported=bool(r.reported_at), late=late)
            for r, d, late in zip(rows, done, overdue, strict=True)
        ]
        found = totals(session, moment)
        assert (found.total, found.done, found.overdue) == (len(rows), sum(done), sum(overdue))
        assert found.verified == sum(r.state in ("verified", "closed") for r in rows)
        assert [found.red, found.amber, found.green, found.grey] == [
            lights.count(name) for name in ("red", "amber", "green", "grey")
        ]
        assert found.at_risk == found.red - found.overdue + found.amber
        assert found.amber
        assert found.grey
        assert sum((one.sums for one in completion(session, day=DAY, moment=moment)), Sums()) == found
        assert sum((one.sums for one in completion(session, day=DAY, moment=moment, by="campaign")), Sums()) == found


def test_a_day_in_the_past_is_read_from_the_histories(session: ScopedSession, place: Town) -> None:
    street, later = place.streets[0], DAY + timedelta(days=3)
    many(session, street, 2, 2)
    task(
        session,
        street,
        steps=[("doing", at(DAY, 9)), ("done", at(later))],
        told=[(2000, at(DAY, 9)), (10_000, at(later))],
    )
    task(session, street, made=at(later), starts_on=later)
    extended = task(session, street, due_on=later + timedelta(days=30))
    session.add(
        TaskEvent(
            task_id=extended,
            version=2,
            at=at(later),
            verb="grant",
            from_state="issued",
            to_state="issued",
            detail={"due_on": [(DAY - timedelta(days=1)).isoformat(), "2026-12-13"]},
        )
    )
    session.execute(update(Task).where(Task.id == extended).values(changed_at=at(later)))
    parent = task(session, street, leaf=False, made=at(FIRST, 8), told=[(1000, at(FIRST, 9))])
    task(session, street, parent_id=parent, made=at(later), starts_on=later)
    then, now = totals(session, Moment.end_of(DAY)), totals(session, Moment(later))
    assert (then.total, then.done, then.overdue, then.at_risk) == (5, 2, 1, 2)  # the extension came later
    assert (now.total, now.done, now.overdue) == (6, 3, 0)


def test_sight_narrows_what_is_counted(session: ScopedSession, place: Town) -> None:
    many(session, place.streets[0], 3, 1)
    many(session, place.streets[1], 2, 2)
    mine = completion(session, day=DAY, conditions=[sees_task(place.liaisons[0], DAY)])
    assert [(one.id, one.sums.total) for one in mine] == [(place.streets[0], 3)]


def test_places_in_leagues_of_their_own_with_ties_and_a_minimum(session: ScopedSession, place: Town) -> None:
    join_area(session, place.areas[0], unit_id=place.streets[0])
    join_area(session, place.areas[0], unit_id=place.streets[1])
    for street, done in zip(place.streets, (3, 3, 4, 0, 1), strict=True):
        many(session, street, 4, done)
    many(session, place.homes[4], 4, 4)  # under the fifth street
    department = next(iter(place.district.departments.values()))
    many(session, department, 2, 2)
    found = {one.unit_id: one for one in places.stand(session, Moment.end_of(DAY)) if not one.campaign}
    assert [found[street].rank for street in place.streets] == [2, 2, 1, 5, 4]
    assert (found[place.streets[4]].sums.done, found[place.streets[4]].sums.total) == (5, 8)
    area = found[place.areas[0]]
    assert (area.rank, area.sums.done, area.sums.total, area.league) == (1, 6, 8, "area")
    assert (found[place.areas[1]].rank, found[place.areas[1]].unranked) == (None, "no_data")
    assert (found[department].rank, found[department].unranked, found[department].league) == (
        *(None, "low_volume"),
        "department",
    )


def test_a_day_is_kept_once_and_corrected_in_sight(session: ScopedSession, place: Town) -> None:
    many(session, place.streets[0], 4, 3, campaign="sanitary_city")
    many(session, place.streets[1], 4, 2)
    now = at(DAY + timedelta(days=1), 2)
    assert places.compute_day(session, DAY, now=now) == 1
    assert places.compute_day(session, DAY, now=now) == 1  # the same facts write nothing
    kept = places.read_day(session, DAY)
    assert {one.campaign for one in kept} == {"", "sanitary_city"}
    assert places.replay(kept) == {(one.campaign, one.unit_id): one.rank for one in kept}
    assert all(one.numerator == one.facts["counts"]["done"] for one in kept)
    task(session, place.streets[1])  # somebody enters a task of the first day later
    assert places.recompute_day(session, place.office, DAY, now=now) == 2
    assert {one.revision for one in session.scalars(select(TaskDay).where(TaskDay.day == DAY))} == {1, 2}
    second = next(one for one in places.read_day(session, DAY, "") if one.unit_id == place.streets[1])
    assert (second.numerator, second.denominator, second.rank) == (2, 5, 2)
    with pytest.raises(Conflict):
        places.compute_day(session, now.date(), now=at(now.date(), 9))
    with pytest.raises(Forbidden):
        places.recompute_day(session, place.liaisons[0], DAY, now=now)


def test_the_night_keeps_every_day_that_is_over_once(session: ScopedSession, place: Town) -> None:
    now = at(FIRST + timedelta(days=4), 2)
    assert places.close_task_days(session, now) == 0  # no task, nothing to keep
    many(session, place.streets[0], 4, 1)
    assert places.close_task_days(session, now) == 4
    assert places.close_task_days(session, now) == 0
    assert places.kept_before(session, FIRST + timedelta(days=4)) == FIRST + timedelta(days=3)


def test_roll_ups_over_the_tree_equal_a_recount(session: ScopedSession, place: Town) -> None:
    dice = random.Random(7)
    everywhere = [*place.streets, *place.homes, *place.district.departments.values()]
    for _ in range(120):
        task(session, dice.choice(everywhere), steps=[("done", at(FIRST, 9))] if dice.random() < 0.5 else ())
    own = sums_by_unit(session, Moment(DAY))
    inside = members(session, [place.district.root, *place.streets], DAY)
    assert sum((own[u, ""] for u in inside[place.district.root] if (u, "") in own), Sums()) == totals(
        session, Moment(DAY)
    )
    for street in place.streets:
        rows = session.scalars(select(Task.state).where(Task.unit_id.in_(inside[street]))).all()
        found = next(o for o in places.stand(session, Moment(DAY)) if o.unit_id == street and not o.campaign)
        assert (found.sums.done, found.sums.total) == (rows.count("done"), len(rows))


def test_a_scheme_of_cards_ranks_by_tasks(session: ScopedSession, place: Town) -> None:
    for street, done in zip(place.streets, (3, 3, 4, 0, 1), strict=True):
        many(session, street, 4, done, due_on=DAY)
    scheme = read_scheme(TEMPLATES["task_days"][1])
    found = stand_cards(session, installed(), place.district.root, scheme, DAY)
    ranked = {one.subject.id: one for one in found}
    assert [ranked[street].rank for street in place.streets] == [2, 2, 1, 5, 4]
    assert (ranked[place.streets[0]].numerator, ranked[place.streets[0]].denominator) == (3, 4)
    fewest = read_scheme(TEMPLATES["task_days"][1] | {"measure": "tasks_overdue"})
    late = {one.subject.id: one for one in stand_cards(session, installed(), place.district.root, fewest, DAY)}
    assert [(late[s].numerator, late[s].rank) for s in place.streets] == [(1, 2), (1, 2), (0, 1), (4, 5), (3, 4)]


def test_other_districts_are_not_counted(wall: Wall, session: ScopedSession, place: Town) -> None:
    other = bare_district(wall, "邻区")
    with other.session(wall) as theirs:
        many(theirs, other.street, 3, 3)
        theirs.commit()
    assert totals(session, Moment(DAY)).total == 0
    with other.session(wall) as theirs:
        assert totals(theirs, Moment(DAY)).total == 3
        assert isinstance(places.stand(theirs, Moment(DAY))[0].unit_id, UUID)
