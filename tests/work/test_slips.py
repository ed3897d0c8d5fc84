"""The slip (任务单): one person's week is his inbox, sorted; others' sheets show only what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from core.errors import InvalidInput, NotFound
from core.periods import containing
from core.work.calendar import local_day
from core.work.desk.inbox import count_kinds, kinds_of
from core.work.desk.inbox_rows import read_duties
from core.work.tables import Finding, FindingCampaign, Part, Task
from core.work.tasks.making import TaskWish, create
from core.work.tasks.slip import inbox_moment, read_slip, read_slips, week_of
from tenants.access import Actor
from tenants.db import new_id
from tests.factory import District, add_actors, bare_district

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # Wednesday 09:00 in Shanghai
DAY = local_day(NOW)
WEEK = containing("week", DAY)


@dataclass
class Desk:
    district: District
    office: Actor
    liaison: Actor
    other: Actor
    conduct: Actor
    department: UUID


@pytest.fixture(scope="module")
def desk(wall) -> Desk:
    made = bare_district(wall)
    department, other = made.departments["market_regulator"], made.departments["health_bureau"]
    wishes = [
        ("hq_office", made.root, "演示甲"),
        ("liaison", department, "演示乙"),
        ("liaison", other, "演示丙"),
        ("discipline_liaison", department, "演示丁"),
    ]
    found = Desk(made, *add_actors(wall, made.ref, wishes), department)
    with made.session(wall) as session:
        for title, due, state in (
            ("逾期", -2, "doing"),
            ("本周到期", 2, "doing"),
            ("下周到期", 6, "accepted"),
            ("下月到期", 40, "doing"),
            ("待接收", 60, "issued"),
        ):
            task = create(session, found.office, wish(found, title, due), now=NOW - timedelta(days=9), issue=True)
            session.execute(update(Task).where(Task.id == task.id).values(state=state))
        for title, due, restricted in (
            ("超期问题", -3, False),
            ("本周问题", 1, False),
            ("以后的问题", 30, False),
            ("作风问题", 1, True),
        ):
            add_finding(session, found, title, due, restricted=restricted)
        session.commit()
    return found


def wish(desk: Desk, title: str, due: int) -> TaskWish:
    start, person = DAY - timedelta(days=30), desk.liaison.person_id
    return TaskWish(title, desk.department, DAY + timedelta(days=due), start, person_id=person)


def add_finding(session, desk: Desk, title: str, due: int, *, restricted: bool) -> None:
    row = Finding(
        id=new_id(), number=f"W{new_id().hex[-8:]}", title=title, unit_id=desk.district.street, state="dispatched",
        category="litter", working_days=3, place="路口", restricted=restricted,
        opened_at=NOW - timedelta(days=9), due_at=NOW + timedelta(days=due),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(Part(finding_id=row.id, unit_id=desk.department, kind="line", leading=True, state="open"))
    session.add(FindingCampaign(finding_id=row.id, campaign="civilized_city"))


def names(lines) -> list[str]:
    return [line.duty.title for line in lines]


def inbox_of(session, actor: Actor, at: datetime) -> list[tuple[str, UUID]]:
    """Everything that the inbox lists, by its own reading."""
    return [(kind, duty.id) for kind in kinds_of(actor) for duty in read_duties(session, actor, kind, at, limit=1000)]


@pytest.mark.parametrize("weeks", [0, 1, 5])
def test_the_slip_is_the_inbox_of_that_person_and_week(desk, wall, weeks):
    week = containing("week", DAY + timedelta(weeks=weeks))
    with desk.district.session(wall) as session:
        for actor in (desk.office, desk.liaison, desk.other, desk.conduct):
            slip = read_slip(session, actor, week, NOW)
            waits = inbox_of(session, actor, inbox_moment(week, NOW))
            mine = [(line.kind, line.duty.id) for line in slip.lines]
            assert len(mine) == len(set(mine))
            assert set(mine) <= set(waits)
            assert len(mine) + slip.later == len(waits)
            last = week.bounds[1]
            left_out = {
                (kind, duty.id)
                for kind in kinds_of(actor)
                for duty in read_duties(session, actor, kind, inbox_moment(week, NOW), limit=1000)
                if duty.about != "task" and duty.due_at and duty.due_at > last
            }
            assert set(waits) - set(mine) == left_out
    assert waits


def test_this_week_is_the_inbox_as_it_counts_itself(desk, wall):
    with desk.district.session(wall) as session:
        slip = read_slip(session, desk.liaison, WEEK, NOW)
        assert len(slip.lines) + slip.later == sum(count_kinds(session, desk.liaison, NOW).values())
        assert names(slip.late) == ["超期问题", "逾期"]
        assert names(slip.due) == ["本周问题", "本周到期"]
        assert names(slip.under_way) == ["下周到期", "待接收"]
        assert names(slip.further) == ["下月到期"]
        assert slip.later == 1
        assert slip.posts
        assert slip.posts[0].startswith("测试区")


def test_next_week_brings_what_is_due_by_then(desk, wall):
    with desk.district.session(wall) as session:
        slip = read_slip(session, desk.liaison, WEEK.next, NOW)
        assert names(slip.late) == ["超期问题", "逾期"]
        assert "下周到期" in names(slip.due)
        assert not any(line.duty.late for line in slip.due)


def test_weeks_that_are_over_or_no_weeks_are_refused():
    assert week_of("", DAY) == WEEK
    assert week_of("2026-W49", DAY) == WEEK.next
    for bad in ("2026-W47", "2030-W01", "2026-11", "下周"):
        with pytest.raises(InvalidInput):
            week_of(bad, DAY)


def test_a_units_sheets_show_only_what_the_viewer_may_see(desk, wall):
    with desk.district.session(wall) as session:
        slips = {slip.name: slip for slip in read_slips(session, desk.office, desk.department, WEEK, NOW)}
        assert "演示乙" in slips
        shown = [title for slip in slips.values() for title in names(slip.lines)]
        assert "本周到期" in shown
        assert "作风问题" not in shown
        own = read_slip(session, desk.conduct, WEEK, NOW)
        assert "作风问题" in names(own.lines)
        for actor in (desk.liaison, desk.other):
            with pytest.raises(NotFound):
                read_slips(session, actor, desk.department, WEEK, NOW)
        with pytest.raises(NotFound):
            read_slips(session, desk.office, new_id(), WEEK, NOW)
