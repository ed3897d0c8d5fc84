"""What plans come to (计划汇总): burn-down, drives and quantities equal plain recounts; nothing hidden, nothing across units."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from core.figures.task_figures.burn_down import read_burn_down
from core.figures.task_figures.drive_sums import count_findings, read_coverage, read_drive
from core.figures.task_figures.line_sums import is_at_risk, line_sums, read_sums
from core.figures.task_figures.pace import is_at_risk as at_risk
from core.figures.task_figures.target_sums import read_targets
from core.work.calendar import WorkCalendar, local_day
from core.work.plans.kinds import CALENDAR, DRIVE, SPRINT, WORKING
from core.work.plans.lines import LineWish, add_lines, drop_line
from core.work.plans.plan_list import lines_of
from core.work.plans.scope import DriveScope, scopes_of, set_scope
from core.work.plans.writing import PlanWish, create
from core.work.tables import AreaMember, Finding, PlanTarget, QuantityEntry, QuantityKind, Site, Task, TaskEvent, Visit
from core.work.tasks.states import COUNTED_STATES, DONE_STATES, OPEN_STATES
from tenants.db import new_id
from tenants.models import Unit, UnitPath
from tests.factory import add_actor, add_site
from tests.work.planning import NOW, TODAY, Planners, lay_task, moment, planners

FIRST, LAST = date(2026, 11, 4), date(2026, 12, 23)  # fifty calendar days
FLOW = {
    "draft": ("issued",),
    "issued": ("accepted", "returned", "cancelled"),
    "returned": ("issued",),
    "accepted": ("doing", "done"),
    "doing": ("done", "cancelled"),
    "done": ("doing", "verified"),
    "verified": ("closed", "doing"),
    "closed": ("doing",),
    "cancelled": (),
}


@pytest.fixture(scope="module")
def place(wall) -> Planners:
    return planners(wall)


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def plan_of(session, place, kind, first=FIRST, last=LAST, **more):
    wish = PlanWish(kind, "测试计划", place.district.root, first, last, **more)
    return create(session, place.office, wish, now=NOW)


def random_histories(session, place, plan, random: Random, count: int) -> None:
    """Tasks that went any way through their states, some before the first day, several steps on one day."""
    units = [place.district.street, *place.district.communities, place.unit()]
    for _ in range(count):
        state, at = "draft", moment(FIRST - timedelta(days=random.randint(0, 6)), random.randint(0, 23))
        steps = [(state, at)]
        while FLOW[state] and random.random() < 0.85:
            at += timedelta(hours=random.choice((1, 5, 20, 50, 90)))
            if at > NOW:
                break
            state = random.choice(FLOW[state])
            steps.append((state, at))
        lay_task(session, random.choice(units), plan.id, steps, leaf=random.random() < 0.9)


def recount(session, plan, day: date, units: set[UUID] | None = None) -> tuple[int, int]:
    """Open and counted leaf tasks at the end of a day, by walking every history."""
    opened = counted = 0
    for task in session.scalars(select(Task).where(Task.plan_id == plan.id, Task.leaf)):
        if units is not None and task.unit_id not in units:
            continue
        events = session.scalars(
            select(TaskEvent).where(TaskEvent.task_id == task.id).order_by(TaskEvent.version.desc())
        )
        state = next((one.to_state for one in events if local_day(one.at) <= day), "draft")
        opened += state in OPEN_STATES
        counted += state in COUNTED_STATES
    return opened, counted


@pytest.mark.parametrize(("seed", "rule"), [(1, CALENDAR), (2, WORKING), (3, CALENDAR)])
def test_a_burn_down_is_a_recount_after_any_histories(session, place, seed, rule):
    plan = plan_of(session, place, SPRINT, days=rule)
    random_histories(session, place, plan, Random(seed), 40)
    got = read_burn_down(session, place.office, plan, TODAY, WorkCalendar())
    assert [one.day for one in got.days] == [FIRST + timedelta(days=n) for n in range(50)]
    for one in got.days[::3]:
        if one.day > TODAY:
            assert one.remaining is None
        else:
            assert (one.remaining, one.scope) == recount(session, plan, one.day)
    assert (got.remaining, got.scope) == recount(session, plan, TODAY)
    known = [one for one in got.days if one.remaining is not None]
    assert sum(one.finished for one in known) == got.scope - got.remaining
    street = place.district.street
    mine = read_burn_down(session, place.office, plan, TODAY, WorkCalendar(), unit_id=street)
    assert (mine.remaining, mine.scope) == recount(session, plan, TODAY, {street, *place.district.communities})
    others = read_burn_down(session, place.department, plan, TODAY, WorkCalendar())
    assert (others.remaining, others.scope) == recount(session, plan, TODAY, {place.unit()})


def test_the_straight_line_falls_by_counted_days_alone(session, place):
    plan = plan_of(session, place, SPRINT, date(2026, 11, 20), date(2026, 11, 26), days=WORKING)
    for _ in range(10):
        lay_task(session, place.unit(), plan.id, [("issued", moment(date(2026, 11, 19)))])
    got = read_burn_down(session, place.office, plan, TODAY, WorkCalendar())
    assert [one.ideal for one in got.days] == [8, 8, 8, 6, 4, 2, 0]
    assert [one.counts for one in got.days] == [True, False, False, True, True, True, True]
    assert (got.left, got.needed, got.pace, got.behind) == (3, Fraction(10, 3), 0, True)


def test_the_daily_plan_counts_what_is_due_on_each_day(session, place):
    plan = plan_of(session, place, SPRINT)
    at = moment(FIRST)
    lay_task(session, place.unit(), plan.id, [("issued", at)], due_on=TODAY)
    lay_task(session, place.unit(), plan.id, [("issued", at), ("done", at)], due_on=TODAY)
    lay_task(session, place.unit(), plan.id, [("issued", at), ("cancelled", at)], due_on=TODAY)
    got = read_burn_down(session, place.office, plan, TODAY, WorkCalendar())
    assert [(one.due, one.due_done) for one in got.days if one.day == TODAY] == [(2, 1)]
    assert sum(one.due for one in got.days) == 2


def test_the_statement_tells_the_risk_by_the_rule_of_the_pace(session, place):
    plan = plan_of(session, place, SPRINT)
    random = Random(11)
    for _ in range(60):
        start = TODAY - timedelta(days=random.randint(-3, 40))
        lay_task(
            session,
            place.unit(),
            plan.id,
            [("doing", moment(FIRST))],
            starts_on=start,
            due_on=start + timedelta(days=random.randint(0, 60)),
            progress=random.choice((0, 100, 2500, 5000, 9000, 10000)),
            reported=random.random() < 0.8,
        )
    mine = select(Task).where(Task.plan_id == plan.id)
    said = {one.id for one in session.scalars(mine.where(is_at_risk(TODAY)))}
    expected = {
        one.id
        for one in session.scalars(mine)
        if one.due_on >= TODAY
        and at_risk(one.starts_on, one.due_on, TODAY, one.progress, reported=one.reported_at is not None)
    }
    assert said == expected
    assert 0 < len(said) < 60


def lay_finding(session, unit_id, category, at, *, state="dispatched", due=None, site_id=None, **more) -> Finding:
    row = Finding(
        id=new_id(),
        unit_id=unit_id,
        site_id=site_id,
        category=category,
        title="问题",
        state=state,
        working_days=3,
        opened_at=at,
        due_at=due or NOW + timedelta(days=3),
        closed_at=at if state == "closed" else None,
        **more,
    )
    session.add(row)
    session.flush()
    return row


def by_hand(findings, wanted) -> tuple[int, ...]:
    first, last = moment(FIRST, 0), moment(TODAY, 0) + timedelta(days=1)
    mine = [one for one in findings if wanted(one) and not one.restricted and one.opened_at < last]
    new = [one for one in mine if one.opened_at >= first and one.state not in ("rejected", "merged")]
    live = [one for one in new if one.state != "closed"]
    late = [one for one in live if one.state == "dispatched" and one.due_at < NOW]
    earlier = [one for one in mine if one.opened_at < first and one.state in ("dispatched", "answered")]
    return len(new), len(new) - len(live), len(live), len(late), len(earlier)


def test_a_drive_counts_its_findings_like_a_plain_walk_through_the_ledger(wall, place):
    random, (one, two), street = Random(5), place.district.communities, place.district.street
    with place.district.session(wall) as session:
        market, shop = add_site(session, one, "produce_market"), add_site(session, two, "small_shop")
        rows = []
        for _ in range(120):
            unit, site = random.choice(((one, market), (two, shop), (two, None), (street, None), (place.unit(), None)))
            state = random.choice(("dispatched", "answered", "closed", "rejected", "merged"))
            at = moment(FIRST + timedelta(days=random.randint(-10, 25)), random.randint(0, 23))
            due = NOW + timedelta(days=random.randint(-5, 5))
            more = {"restricted": random.random() < 0.1, "site_id": site, "due": due, "state": state}
            rows.append(lay_finding(session, unit, random.choice("ABC"), at, **more))
        plan = plan_of(session, place, DRIVE)
        market_types = {one.id for one in session.scalars(select(Site)) if one.id == market}
        cases = [
            (DriveScope(("A",)), lambda f: f.category == "A"),
            (DriveScope(("A", "B"), units=(one,)), lambda f: f.category in "AB" and f.unit_id == one),
            (DriveScope(units=(street,)), lambda f: f.unit_id in (street, one, two)),
            (DriveScope(("B",), ("produce_market",)), lambda f: f.category == "B" and f.site_id in market_types),
            (DriveScope(sites=(shop,)), lambda f: f.site_id == shop),
        ]
        for scope, wanted in cases:
            got = count_findings(session, place.office, plan, [scope], NOW, TODAY)
            assert (got.found, got.closed, got.open, got.overdue, got.earlier) == by_hand(rows, wanted)
        both = count_findings(session, place.office, plan, [cases[0][0], cases[1][0]], NOW, TODAY)
        union = by_hand(rows, lambda f: cases[0][1](f) or cases[1][1](f))
        assert (both.found, both.closed, both.open, both.overdue, both.earlier) == union  # each thing once
        assert count_findings(session, place.office, plan, [DriveScope()], NOW, TODAY).found == 0
        mine = count_findings(session, place.street, plan, [DriveScope(("A", "B", "C"))], NOW, TODAY)
        assert mine.found == by_hand(rows, lambda f: f.unit_id in (street, one, two))[0]
    chief = add_actor(wall, place.district.ref, "discipline", place.district.root)
    with place.district.session(wall) as session:
        seen = session.scalars(select(Finding).where(Finding.restricted)).first()
        assert seen is None  # nothing above was kept
        lay_finding(session, one, "A", moment(TODAY - timedelta(days=1)), restricted=True)
        plan = plan_of(session, place, DRIVE)
        assert count_findings(session, chief, plan, [DriveScope(("A",))], NOW, TODAY).found == 1
        assert count_findings(session, place.office, plan, [DriveScope(("A",))], NOW, TODAY).found == 0


def test_nothing_hidden_is_counted_in_whatever_session(wall, place):
    with wall.open(place.district.ref.id, cleared=True) as session:
        site = add_site(session, place.district.communities[0], "produce_market")
        day = moment(TODAY - timedelta(days=1))
        lay_finding(session, place.district.communities[0], "A", day, site_id=site, hidden=True)
        plan, scope = plan_of(session, place, DRIVE), DriveScope(("A",), units=(place.district.communities[0],))
        assert count_findings(session, place.office, plan, [scope], NOW, TODAY).found == 0
        got = read_coverage(session, place.office, plan, [scope], TODAY)
        assert (got.sites, got.visited, got.touched, got.units_touched) == (1, 0, 0, 0)


def test_an_area_across_streets_is_a_scope_and_its_places_are_covered(session, place):
    one, two = place.district.communities
    sites = [add_site(session, unit, "produce_market", name=f"市场{n}") for n, unit in enumerate((one, one, two, two))]
    area = Unit(kind="area", tree="headquarters", name="一片区", pinyin="yi", valid_from=date(2020, 1, 1))
    session.add(area)
    session.flush()
    session.add(UnitPath(ancestor_id=area.id, unit_id=area.id, valid_from=date(2020, 1, 1), depth=0))
    for member in ({"unit_id": one}, {"site_id": sites[2]}):
        session.add(AreaMember(area_id=area.id, valid_from=date(2020, 1, 1), **member))
    session.flush()
    for site, day in ((sites[0], TODAY - timedelta(days=2)), (sites[3], TODAY), (sites[2], FIRST - timedelta(days=1))):
        at = moment(day)
        unit = session.get_one(Site, (session.tenant_id, site)).unit_id
        session.add(
            Visit(
                id=new_id(),
                site_id=site,
                unit_id=unit,
                person_id=place.office.person_id,
                basis="verified",
                day=day,
                submitted_at=at,
                body_sha256=b"0",
            )
        )
    session.flush()
    lay_finding(session, two, "A", moment(TODAY), site_id=sites[2])
    plan = plan_of(session, place, DRIVE)
    set_scope(
        session,
        place.office,
        plan.id,
        None,
        DriveScope(("A",), ("produce_market",), (area.id,)),
        version=1,
        now=NOW,
        categories=["A"],
        site_types=["produce_market"],
    )
    got = read_drive(session, place.office, plan, NOW, TODAY)
    cover = got.coverage
    assert (cover.sites, cover.visited, cover.touched, cover.units, cover.units_touched) == (3, 1, 2, 1, 1)
    assert got.findings.found == 1
    assert got.attainment == {}  # no campaign runs here: nothing is said rather than nought


def test_lines_bind_by_themselves_and_the_whole_counts_each_thing_once(session, place):
    plan = plan_of(session, place, DRIVE)
    lines = add_lines(session, place.office, plan.id, [LineWish("占道"), LineWish("乱贴")], version=1, now=NOW)
    lay_finding(session, place.district.street, "A", moment(TODAY))
    lay_finding(session, place.district.street, "B", moment(TODAY))
    known = {"categories": ["A", "B"], "site_types": []}
    for version, (line, said) in enumerate(zip(lines, (("A",), ("A", "B")), strict=True), 2):
        set_scope(session, place.office, plan.id, line.id, DriveScope(said), version=version, now=NOW, **known)
    assert len(scopes_of(plan)) == 2
    assert read_drive(session, place.office, plan, NOW, TODAY).findings.found == 2
    drop_line(session, place.office, plan.id, lines[1].id, dropped=True, version=plan.version, now=NOW)
    assert read_drive(session, place.office, plan, NOW, TODAY).findings.found == 1  # a line given up binds nothing


def test_twelve_drives_in_three_groups_of_four(session, place):
    plan = plan_of(session, place, DRIVE)
    groups = add_lines(session, place.office, plan.id, [LineWish(f"组{n}") for n in range(3)], version=1, now=NOW)
    wishes = [LineWish(f"整治{n}", parent_id=groups[n // 4].id) for n in range(12)]
    lines = add_lines(session, place.office, plan.id, wishes, version=2, now=NOW)
    codes = [f"D{n}" for n in range(12)]
    for n, line in enumerate(lines):
        known = {"categories": codes, "site_types": []}
        set_scope(
            session, place.office, plan.id, line.id, DriveScope((codes[n],)), version=plan.version, now=NOW, **known
        )
        for _ in range(n):
            lay_finding(session, place.district.street, codes[n], moment(TODAY))
            lay_task(session, place.unit(), plan.id, [("issued", moment(FIRST))], line_id=line.id)
    each = [count_findings(session, place.office, plan, [DriveScope((code,))], NOW, TODAY).found for code in codes]
    assert each == list(range(12))
    assert read_drive(session, place.office, plan, NOW, TODAY).findings.found == sum(range(12))
    sums = read_sums(session, place.office, [plan.id], TODAY)
    found = line_sums(lines_of(session, [plan.id]), sums, TODAY)
    assert [one.sum.tasks for one in found if one.is_group] == [0 + 1 + 2 + 3, 4 + 5 + 6 + 7, 8 + 9 + 10 + 11]


def on(day: date) -> dict[str, date]:
    return {"period_start": day, "period_end": day}


def lay_kind(session, code, measure, flow="output") -> QuantityKind:
    row = QuantityKind(id=new_id(), code=code, name_zh=code, measure=measure, flow=flow)
    session.add(row)
    session.flush()
    return row


def lay_entry(session, place, plan, kind, value, **more) -> QuantityEntry:
    said = {"measure": kind.measure, "unit_id": place.unit()} | more
    row = QuantityEntry(id=new_id(), kind_id=kind.id, plan_id=plan.id, value=value, **said)
    session.add(row)
    session.flush()
    return row


def test_quantities_stand_against_their_target_in_its_own_unit_and_scope(session, place):
    plan = plan_of(session, place, DRIVE)
    cleared, people = lay_kind(session, "cleared", "t"), lay_kind(session, "people", "person_time", "input")
    session.add(PlanTarget(id=new_id(), plan_id=plan.id, kind_id=cleared.id, planned=Decimal(100)))
    total = lay_entry(session, place, plan, cleared, Decimal("30.5"), **on(TODAY))
    lay_entry(session, place, plan, cleared, Decimal(10), total_id=total.id, **on(TODAY))  # a part of it
    lay_entry(session, place, plan, cleared, Decimal(12), qualifier="over", **on(TODAY - timedelta(days=1)))
    lay_entry(session, place, plan, cleared, Decimal(900), measure="kg", **on(TODAY))
    lay_entry(session, place, plan, cleared, Decimal(50), state="withdrawn", **on(TODAY - timedelta(days=2)))
    lay_entry(session, place, plan, people, Decimal(400), **on(TODAY))
    inputs, outputs = read_targets(session, place.office, [plan.id], TODAY)
    assert (inputs.kind.code, inputs.planned, inputs.reached) == ("people", None, Decimal(400))
    assert (outputs.kind.code, outputs.planned, outputs.reached) == ("cleared", Decimal(100), Decimal("42.5"))
    assert (outputs.foreign, outputs.rows[0].total.qualifier) == (1, "over")
    lay_entry(session, place, plan, cleared, Decimal(5), scope="主次干道", **on(TODAY))
    (_, again) = read_targets(session, place.office, [plan.id], TODAY)
    assert again.reached is None  # two scopes are never one number
    assert [(one.scope, one.total.value) for one in again.rows] == [("", Decimal("42.5")), ("主次干道", Decimal(5))]
    (mine,) = read_targets(session, place.street, [plan.id], TODAY)
    assert (mine.kind.code, mine.rows) == ("cleared", [])  # others' reports are not his to see


def test_what_may_be_one_thing_twice_is_not_added(session, place):
    plan, kind = plan_of(session, place, DRIVE), lay_kind(session, "twice", "t")
    session.add(PlanTarget(id=new_id(), plan_id=plan.id, kind_id=kind.id, planned=Decimal(100)))
    for value in (Decimal(3), Decimal(4)):
        lay_entry(session, place, plan, kind, value, **on(TODAY))
    (got,) = read_targets(session, place.office, [plan.id], TODAY)
    assert (got.reached, got.rows[0].total.why) == (None, "overlap")


def test_done_tasks_are_those_that_the_states_say(session):
    assert set(OPEN_STATES) | set(DONE_STATES) == set(COUNTED_STATES)
