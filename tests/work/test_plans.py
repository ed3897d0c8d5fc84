"""Plans, their lines, steps and new issues (计划): what is refused, what is carried over, what stays readable."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.figures.task_figures.line_sums import (
    DOING,
    FINISHED,
    LATE,
    PLANNED,
    line_sums,
    of_plan,
    read_stood,
    read_sums,
    stood,
)
from core.work.plans.kinds import ACTIVE, ANNUAL, CANCELLED, CLOSED, DRIVE, REPLACED, SPRINT, THREE_YEAR, WORKING
from core.work.plans.lines import DOWN, UP, LineWish, add_lines, change_line, drop_line, move_line, reach_milestone
from core.work.plans.plan_list import PlanFilter, history, line_choices, lines_of, list_plans, plans_in_force
from core.work.plans.replacing import replace_plan
from core.work.plans.scope import DriveScope, scope_of, set_scope
from core.work.plans.sight import get_plan
from core.work.plans.steps import move
from core.work.plans.targets import TargetWish, set_targets, targets_of
from core.work.plans.writing import PlanWish, create, edit
from core.work.tables import (
    Plan,
    PlanEvent,
    PlanLine,
    Project,
    QuantityEntry,
    QuantityEvent,
    QuantityKind,
    Task,
    TaskEvent,
)
from tenants.db import new_id
from tests.work.planning import NOW, TODAY, Planners, lay_task, moment, planners

YEAR = PlanWish(ANNUAL, "2026 年度指引", None, date(2026, 1, 1), date(2026, 12, 31))
SIX = ("市容环境", "交通秩序", "老旧小区", "农贸市场", "食品安全", "窗口服务")


@pytest.fixture(scope="module")
def place(wall) -> Planners:
    return planners(wall)


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def year(place: Planners, **more) -> PlanWish:
    return replace(YEAR, unit_id=place.district.root, **more)


def made(session, place, *, lines=(), active=True, **more) -> tuple[Plan, list[PlanLine]]:
    of = create(session, place.office, year(place, **more), now=NOW)
    rows = (
        add_lines(session, place.office, of.id, [LineWish(one) for one in lines], version=1, now=NOW) if lines else []
    )
    if active:
        move(session, place.office, of.id, "activate", version=of.version, now=NOW)
    return of, rows


def fields(error) -> set[str]:
    return {one.field for one in error.value.faults}


def test_a_plan_from_the_draft_to_its_end(session, place):
    of, rows = made(session, place, lines=SIX, active=False)
    assert of.number.startswith("JH2026-")
    with pytest.raises(NotFound):
        get_plan(session, place.street, of.id, TODAY)
    move(session, place.office, of.id, "activate", version=2, now=NOW)
    assert get_plan(session, place.street, of.id, TODAY).state == ACTIVE
    with pytest.raises(Forbidden):
        move(session, place.street, of.id, "close", version=3, now=NOW)
    with pytest.raises(Stale):
        move(session, place.office, of.id, "close", version=2, now=NOW)
    move(session, place.office, of.id, "close", version=3, now=NOW)
    assert of.state == CLOSED
    with pytest.raises(InvalidInput):
        move(session, place.office, of.id, "reopen", version=4, now=NOW)
    move(session, place.office, of.id, "reopen", version=4, now=NOW, note="还没有完")
    with pytest.raises(InvalidInput) as refused:
        move(session, place.office, of.id, "cancel", version=5, now=NOW)
    assert fields(refused) == {"note"}
    move(session, place.office, of.id, "cancel", version=5, now=NOW, note="合并到别的计划")
    assert of.state == CANCELLED
    with pytest.raises(Conflict):
        add_lines(session, place.office, of.id, [LineWish("迟到")], version=6, now=NOW)
    assert [one.verb for one in history(session, of)] == ["cancel", "reopen", "close", "activate", "line_add", "create"]
    assert len(rows) == 6


def test_what_does_not_hold_is_named_field_by_field(session, place):
    with pytest.raises(InvalidInput) as refused:
        create(session, place.office, year(place, title=" ", ends_on=date(2025, 1, 1), days="weekly"), now=NOW)
    assert fields(refused) == {"title", "ends_on", "days"}
    with pytest.raises(InvalidInput) as refused:
        create(session, place.office, year(place, campaign="nope"), now=NOW, known_campaigns=["sanitary_city"])
    assert fields(refused) == {"campaign"}
    with pytest.raises(InvalidInput) as refused:
        create(session, place.office, replace(year(place), unit_id=new_id(), person_id=new_id()), now=NOW)
    assert fields(refused) == {"unit_id", "person_id"}
    with pytest.raises(InvalidInput, match="期限过长"):
        create(session, place.office, year(place, ends_on=date(2028, 1, 1)), now=NOW)
    with pytest.raises(Forbidden):
        create(session, place.street, year(place), now=NOW)


def test_a_child_lies_within_its_parent_and_the_parent_keeps_its_children(session, place):
    whole, _ = made(session, place, kind=THREE_YEAR, title="三年计划", ends_on=date(2028, 12, 31))
    guide, _ = made(session, place, parent_id=whole.id)
    with pytest.raises(InvalidInput) as refused:
        create(session, place.office, year(place, kind=DRIVE, parent_id=guide.id, ends_on=date(2027, 2, 1)), now=NOW)
    assert fields(refused) == {"ends_on"}
    with pytest.raises(InvalidInput) as refused:
        create(session, place.office, year(place, kind=THREE_YEAR, parent_id=whole.id), now=NOW)
    assert fields(refused) == {"parent_id"}
    wish = year(place, kind=THREE_YEAR, title="三年计划", ends_on=date(2026, 6, 30))
    with pytest.raises(InvalidInput) as refused:
        edit(session, place.office, whole.id, wish, version=whole.version, now=NOW)
    assert fields(refused) == {"ends_on"}


def test_a_sprint_ends_by_its_number_of_days(session, place):
    wish = year(place, kind=SPRINT, title="大干50天", starts_on=date(2026, 11, 20), ends_on=None, length=50)
    assert create(session, place.office, wish, now=NOW).ends_on == date(2027, 1, 8)
    assert create(session, place.office, replace(wish, length=5, days=WORKING), now=NOW).ends_on == date(2026, 11, 26)
    weekend = replace(wish, starts_on=date(2026, 11, 21), length=None, ends_on=date(2026, 11, 22), days=WORKING)
    with pytest.raises(InvalidInput, match="没有工作日"):
        create(session, place.office, weekend, now=NOW)


def test_lines_are_grouped_moved_dropped_and_reached(session, place):
    of, groups = made(session, place, title="三四五", lines=("三项建设", "四大优化"), active=False)
    inner = [LineWish(f"建设{n}", parent_id=groups[0].id) for n in (1, 2, 3)]
    rows = add_lines(session, place.office, of.id, inner, version=2, now=NOW)
    move_line(session, place.office, of.id, rows[2].id, UP, version=3, now=NOW)
    move_line(session, place.office, of.id, rows[0].id, UP, version=4, now=NOW)
    move_line(session, place.office, of.id, groups[0].id, DOWN, version=5, now=NOW)
    titles = [one.line.title for one in lines_of(session, [of.id])]
    assert titles == ["四大优化", "三项建设", "建设1", "建设3", "建设2"]
    with pytest.raises(InvalidInput) as refused:
        change_line(
            session,
            place.office,
            of.id,
            groups[0].id,
            LineWish("三项建设", parent_id=groups[1].id, milestone="完工", due_on=date(2027, 1, 1)),
            version=6,
            now=NOW,
        )
    assert fields(refused) == {"parent_id", "due_on"}
    wish = LineWish("建设1", groups[0].id, unit_id=place.unit(), milestone="全部开工", due_on=date(2026, 10, 1))
    change_line(session, place.office, of.id, rows[0].id, wish, version=6, now=NOW)
    (state,) = [one.state for one in line_sums(lines_of(session, [of.id]), {}, TODAY) if one.row.line.id == rows[0].id]
    assert state == LATE
    later = TODAY + timedelta(days=1)
    with pytest.raises(InvalidInput, match="日期超出范围"):
        reach_milestone(session, place.office, of.id, rows[0].id, later, version=7, now=NOW)
    reach_milestone(session, place.office, of.id, rows[0].id, TODAY, version=7, now=NOW)
    drop_line(session, place.office, of.id, groups[0].id, dropped=True, version=8, now=NOW)
    with pytest.raises(Conflict):
        drop_line(session, place.office, of.id, rows[1].id, dropped=False, version=9, now=NOW)
    move(session, place.office, of.id, "activate", version=9, now=NOW)
    chosen = [one.title for one in line_choices(session, TODAY) if one.plan_id == of.id]
    assert chosen == ["四大优化"]
    drop_line(session, place.office, of.id, groups[0].id, dropped=False, version=10, now=NOW)
    chosen = [(one.group, one.title) for one in line_choices(session, TODAY) if one.plan_id == of.id]
    assert chosen == [("", "四大优化"), ("三项建设", "建设1"), ("三项建设", "建设3"), ("三项建设", "建设2")]


def test_lines_roll_up_their_leaf_tasks_and_say_when_there_are_none(session, place):
    of, (first, second, third) = made(session, place, lines=SIX[:3])
    unit, mine = place.unit(), {"line_id": first.id}
    at = moment(TODAY - timedelta(days=10))
    lay_task(session, unit, of.id, [("issued", at), ("doing", at)], progress=5000, **mine)
    lay_task(session, unit, of.id, [("issued", at), ("done", at)], progress=10000, **mine)
    lay_task(session, unit, of.id, [("issued", at), ("verified", at)], progress=10000, **mine)
    lay_task(session, unit, of.id, [("issued", at)], due_on=TODAY - timedelta(days=1), **mine)
    lay_task(session, unit, of.id, [("issued", at), ("doing", at)], progress=100, reported=True, **mine)
    lay_task(session, unit, of.id, [("draft", at)], **mine)
    lay_task(session, unit, of.id, [("issued", at), ("cancelled", at)], **mine)
    lay_task(session, unit, of.id, [("issued", at)], leaf=False, **mine)
    lay_task(session, place.district.street, of.id, [("done", at)], progress=10000, line_id=second.id)
    sums = read_sums(session, place.office, [of.id], TODAY)
    lines = {one.row.line.id: one for one in line_sums(lines_of(session, [of.id]), sums, TODAY)}
    got = lines[first.id].sum
    assert (got.tasks, got.done, got.verified, got.late, got.at_risk, got.mean) == (5, 2, 1, 1, 1, 5020)
    assert (lines[first.id].state, lines[second.id].state, lines[third.id].state) == (LATE, FINISHED, PLANNED)
    assert lines[third.id].sum.mean is None
    assert of_plan(sums, of.id).tasks == 6
    for n, state in enumerate(("draft", "running", "accepted", "closed", "stopped")):
        row = Project(id=new_id(), number=f"X{n}", title="项目", unit_id=unit, plan_id=of.id, line_id=third.id)
        row.starts_on, row.ends_on, row.state = TODAY, TODAY, state
        session.add(row)
    session.flush()
    works = read_sums(session, place.office, [of.id], TODAY)[of.id, third.id]
    assert (works.tasks, works.projects, works.accepted) == (0, 3, 2)
    seen = read_sums(session, place.street, [of.id], TODAY)  # others count what is theirs to see
    assert of_plan(seen, of.id).tasks == 1
    change_line(
        session, place.office, of.id, second.id, LineWish(SIX[1], milestone="验收", due_on=TODAY), version=3, now=NOW
    )
    lines = {one.row.line.id: one for one in line_sums(lines_of(session, [of.id]), sums, TODAY)}
    assert lines[second.id].state == DOING  # its tasks are done, its milestone is not reached


def test_a_new_issue_takes_lines_targets_and_work_over_and_the_old_stays_readable(session, place):
    of, (first, second) = made(session, place, kind=DRIVE, title="市场整治", lines=SIX[:2])
    gone = add_lines(session, place.office, of.id, [LineWish("放弃的")], version=of.version, now=NOW)[0]
    drop_line(session, place.office, of.id, gone.id, dropped=True, version=of.version, now=NOW)
    scope = DriveScope(categories=("C",))
    known = {"categories": ["C"], "site_types": []}
    set_scope(session, place.office, of.id, None, scope, version=of.version, now=NOW, **known)
    set_scope(session, place.office, of.id, first.id, scope, version=of.version, now=NOW, **known)
    kind = QuantityKind(id=new_id(), code="cart", name_zh="清运车次", measure="trip")
    session.add(kind)
    session.flush()
    set_targets(
        session, place.office, of.id, [TargetWish(kind.id, Decimal(50), second.id)], version=of.version, now=NOW
    )
    child, _ = made(session, place, kind=SPRINT, title="冲刺", parent_id=of.id)
    at = moment(TODAY - timedelta(days=3))
    task = lay_task(session, place.unit(), of.id, [("issued", at), ("done", at)], line_id=first.id, progress=10000)
    loose = lay_task(session, place.unit(), of.id, [("issued", at)], line_id=gone.id)
    entry = QuantityEntry(id=new_id(), kind_id=kind.id, unit_id=place.unit(), plan_id=of.id, line_id=second.id)
    entry.measure, entry.value = "trip", Decimal(7)
    session.add(entry)
    session.flush()
    sums = read_sums(session, place.office, [of.id], TODAY)
    kept = stood(line_sums(lines_of(session, [of.id]), sums, TODAY), of_plan(sums, of.id))
    wish = year(place, kind=ANNUAL, title="市场整治第二版", ends_on=date(2026, 12, 1))
    with pytest.raises(InvalidInput) as refused:
        replace_plan(session, place.office, of.id, wish, version=of.version, now=NOW)
    assert fields(refused) == {"ends_on"}  # the sprint under it lasts longer
    wish = replace(wish, ends_on=date(2026, 12, 31))
    new = replace_plan(session, place.office, of.id, wish, version=of.version, now=NOW, stood=kept)
    assert (of.state, new.state, new.kind, new.replaces_id) == (REPLACED, ACTIVE, DRIVE, of.id)
    lines = {one.line.title: one.line for one in lines_of(session, [new.id])}
    assert list(lines) == list(SIX[:2])
    assert scope_of(new) == scope_of(new, lines[SIX[0]].id) == scope
    assert [(one.line_id, one.planned) for one in targets_of(session, new.id)] == [(lines[SIX[1]].id, Decimal(50))]
    assert child.parent_id == new.id
    moved = session.get_one(Task, (session.tenant_id, task.id))
    assert (moved.plan_id, moved.line_id, moved.version) == (new.id, lines[SIX[0]].id, 3)
    assert session.get_one(Task, (session.tenant_id, loose.id)).line_id is None
    told = session.scalars(select(TaskEvent).where(TaskEvent.task_id == task.id, TaskEvent.version == 3)).one()
    assert (told.verb, told.from_state, told.to_state) == ("carried", "done", "done")
    again = session.get_one(QuantityEntry, (session.tenant_id, entry.id))
    assert (again.plan_id, again.line_id, again.version) == (new.id, lines[SIX[1]].id, 2)
    assert session.scalar(select(QuantityEvent.verb).where(QuantityEvent.entry_id == entry.id)) == "carried"
    event = session.scalars(select(PlanEvent).where(PlanEvent.plan_id == of.id, PlanEvent.verb == "replace")).one()
    before = read_stood(of, event.detail)
    assert (before[None].tasks, before[None].done, before[first.id].done) == (2, 1, 1)
    assert len(lines_of(session, [of.id])) == 3
    assert of not in plans_in_force(session, TODAY)
    assert new in plans_in_force(session, TODAY)
    with pytest.raises(Conflict):
        move(session, place.office, of.id, "close", version=of.version, now=NOW)


def test_targets_name_their_row(session, place):
    of, _ = made(session, place, title="目标")
    kind = QuantityKind(id=new_id(), code="box", name_zh="垃圾桶", measure="piece")
    session.add(kind)
    session.flush()
    wishes = [
        TargetWish(kind.id, Decimal("1.5")),
        TargetWish(new_id(), Decimal(1)),
        TargetWish(kind.id, Decimal(-1)),
        TargetWish(kind.id, Decimal("NaN"), new_id()),
    ]
    with pytest.raises(InvalidInput) as refused:
        set_targets(session, place.office, of.id, wishes, version=of.version, now=NOW)
    said = {(one.row, one.field) for one in refused.value.faults}
    assert said == {(1, "planned"), (2, "kind_id"), (3, "planned"), (3, "kind_id"), (4, "planned"), (4, "line_id")}


def test_a_scope_names_what_it_does_not_know_and_belongs_to_drives(session, place):
    of, _ = made(session, place, kind=DRIVE, title="专项")
    scope = DriveScope(("no",), ("no",), (new_id(),), (new_id(),))
    with pytest.raises(InvalidInput) as refused:
        set_scope(
            session, place.office, of.id, None, scope, version=of.version, now=NOW, categories=["C"], site_types=["t"]
        )
    assert fields(refused) == {"categories", "site_types", "units", "sites"}
    guide, _ = made(session, place, title="指引")
    with pytest.raises(Conflict):
        set_scope(session, place.office, guide.id, None, DriveScope(), version=2, now=NOW, categories=[], site_types=[])


def test_lists_filter_and_page(session, place):
    for n in range(3):
        made(session, place, title=f"翻页计划{n}", starts_on=date(2026, 3, 1 + n))
    wanted = PlanFilter(text="翻页计划", year=2026, when="now", kind=ANNUAL, unit_id=place.district.root)
    rows = list_plans(session, place.street, wanted, on=TODAY, size=2)
    assert [one.plan.title for one in rows] == ["翻页计划2", "翻页计划1", "翻页计划0"]
    after = (rows[1].plan.starts_on, rows[1].plan.id)
    rest = list_plans(session, place.street, wanted, on=TODAY, after=after, size=2)
    assert [one.plan.title for one in rest] == ["翻页计划0"]
    assert not list_plans(session, place.street, replace(wanted, year=2025), on=TODAY)
    assert not list_plans(session, place.street, replace(wanted, when="past"), on=TODAY)
