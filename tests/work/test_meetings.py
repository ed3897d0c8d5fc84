"""Meetings (会议): planned, drafted, held, decided into tasks once, minuted and locked; kept from whom they are not for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.figures.task_figures.agenda import at_risk
from core.work.calendar import load_calendar, local_day, seed_calendar
from core.work.meetings.agenda import add_point, drop_point, order_points, points_of, say_point
from core.work.meetings.attendance import (
    Mark,
    count_presences,
    drop_presence,
    invite,
    keep_attendance,
    presences,
    sign_in,
)
from core.work.meetings.counting import count_chairs, count_kinds, missed
from core.work.meetings.deciding import (
    DecisionWish,
    change_decision,
    decide,
    decisions_of,
    drop_decision,
    make_task,
)
from core.work.meetings.drafting import LIMIT, draft_agenda
from core.work.meetings.kinds import propose_title
from core.work.meetings.meeting_list import MeetingFilter, list_meetings
from core.work.meetings.minutes import correct_minutes, history_of, publish_minutes, write_minutes
from core.work.meetings.planning import (
    MeetingWish,
    cancel_meeting,
    change_meeting,
    hold_meeting,
    plan_meeting,
)
from core.work.meetings.sight import get_meeting
from core.work.tables import Finding, Meeting, MeetingDecision, MeetingItem, Note, Part, Task
from core.work.tasks.making import TaskWish, create
from tenants.access import Actor
from tenants.db import new_id
from tests.factory import District, add_actors, add_unit, bare_district

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday 09:00 in Shanghai
DAY = local_day(NOW)


@dataclass
class Hall:
    """A district with an office, a department that answers, a street that answers, and an inspector in a community."""

    district: District
    office: Actor
    market: Actor
    street: Actor
    stranger: Actor
    department: UUID

    def wish(self, **changes: object) -> MeetingWish:
        said: dict[str, object] = {"kind": "dispatch", "unit_id": self.district.root, "held_on": DAY}
        return MeetingWish(**(said | changes))  # type: ignore[arg-type]  # values by name

    def task(self, session, unit: UUID, title: str, due: int, start: int = -20, person=None) -> Task:
        wish = TaskWish(title, unit, DAY + timedelta(days=due), DAY + timedelta(days=start), person_id=person)
        return create(session, self.office, wish, now=NOW, issue=True)

    def finding(self, session, unit: UUID, title: str, days: int, **more: object) -> Finding:
        """A finding that the unit leads, due so many days from today."""
        row = Finding(
            id=new_id(), number=f"W{new_id().hex[:8]}", title=title, unit_id=self.district.street, state="dispatched",
            opened_at=NOW - timedelta(days=9), due_at=NOW + timedelta(days=days), place="路口", category="litter", working_days=3, **more,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(Part(finding_id=row.id, unit_id=unit, kind="line", leading=True, state="open"))
        session.flush()
        return row

    def held(self, session, **changes: object) -> Meeting:
        made = plan_meeting(session, self.office, self.wish(**changes), now=NOW)
        return hold_meeting(session, self.office, made.id, version=made.version, now=NOW)


@pytest.fixture
def hall(wall):
    made = bare_district(wall)
    department = made.departments["market_regulator"]
    wishes = [
        ("hq_office", made.root, "演示甲"),
        ("liaison", department, "演示乙"),
        ("liaison", made.street, "演示丙"),
        ("inspector", made.communities[0], "演示丁"),
    ]
    with made.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return Hall(made, *add_actors(wall, made.ref, wishes), department)


@pytest.fixture
def opened(hall, wall):
    with hall.district.session(wall) as session:
        yield session


def test_titles_are_proposed_by_kind_and_day():
    assert propose_title("dispatch", date(2026, 11, 23)) == "2026年第48周周调度会"
    assert propose_title("regular", date(2026, 11, 23)) == "2026年11月例会"
    assert "四季度推进会" in propose_title("promotion", date(2026, 11, 23))
    assert propose_title("onsite", date(2026, 11, 23)) == "2026年11月23日现场会"


def test_a_meeting_is_planned_the_units_are_told_and_it_knows_the_one_before(hall, opened):
    last = hall.held(opened, held_on=DAY - timedelta(days=7))
    other = hall.held(opened, kind="regular", held_on=DAY - timedelta(days=1))
    made = plan_meeting(opened, hall.office, hall.wish(invited=(hall.department,), place="三楼"), now=NOW)
    assert made.title == "2026年第48周周调度会"
    assert made.number == "H2026-0003"
    assert made.previous_id == last.id
    told = opened.scalars(select(Note).where(Note.person_id == hall.market.person_id)).one()
    assert told.object_id == str(made.id)
    changed = change_meeting(
        opened, hall.office, made.id, hall.wish(kind="regular", invited=(hall.district.street,)), version=1, now=NOW
    )
    assert changed.previous_id == other.id
    assert len(presences(opened, made.id)) == 2
    with pytest.raises(Stale):
        change_meeting(opened, hall.office, made.id, hall.wish(), version=1, now=NOW)
    cancel_meeting(opened, hall.office, made.id, version=changed.version, reason="改期", now=NOW)
    assert [one.verb for one in history_of(opened, made.id)] == ["cancel", "edit", "plan"]


def test_bad_wishes_name_every_fault(hall, opened):
    with pytest.raises(InvalidInput) as told:
        plan_meeting(opened, hall.office, hall.wish(kind="茶话会", tier=9, title="长" * 200), now=NOW)
    assert {fault.field for fault in told.value.faults} == {"kind", "tier", "title"}
    with pytest.raises(InvalidInput) as told:
        plan_meeting(opened, hall.office, hall.wish(unit_id=new_id()), now=NOW)
    assert [fault.field for fault in told.value.faults] == ["unit_id"]
    with pytest.raises(Forbidden):
        plan_meeting(opened, hall.market, hall.wish(unit_id=hall.department), now=NOW)
    later = plan_meeting(opened, hall.office, hall.wish(held_on=DAY + timedelta(days=1)), now=NOW)
    with pytest.raises(InvalidInput):
        hold_meeting(opened, hall.office, later.id, version=1, now=NOW)


def test_the_agenda_is_drafted_once_and_drafting_again_adds_what_is_new(hall, opened):
    last = hall.held(opened, held_on=DAY - timedelta(days=7))
    open_one = decide(opened, hall.office, last.id, DecisionWish("补种行道树"), now=NOW)
    given = decide(
        opened, hall.office, last.id, DecisionWish("清运垃圾", hall.department, due_on=DAY), now=NOW, give_task=True
    )
    dropped = decide(opened, hall.office, last.id, DecisionWish("不办了"), now=NOW)
    drop_decision(opened, hall.office, last.id, dropped.id, reason="重复", now=NOW)
    late = hall.task(opened, hall.department, "逾期任务", -3)
    slow = hall.task(opened, hall.department, "进度慢的任务", 5)
    fine = hall.task(opened, hall.department, "按时的任务", 5)
    opened.execute(update(Task).where(Task.id == slow.id).values(progress=1000, reported_at=NOW))
    opened.execute(update(Task).where(Task.id == fine.id).values(progress=9500, reported_at=NOW))
    bad = hall.finding(opened, hall.department, "超期问题", -4)
    hall.finding(opened, hall.department, "作风问题", -4, restricted=True)
    for number in range(LIMIT + 1):
        hall.finding(opened, hall.district.street, f"未到期{number}", 3)
    meeting = plan_meeting(opened, hall.office, hall.wish(), now=NOW)
    risk = at_risk(opened, hall.office, DAY)
    assert risk == [slow.id]
    added = draft_agenda(opened, hall.office, meeting.id, at_risk=risk, now=NOW)
    points = points_of(opened, hall.office, meeting, NOW)
    assert [(one.item.subject, one.item.subject_id) for one in points] == [
        ("decision", open_one.id),
        ("decision", given.id),
        ("task", late.id),
        ("task", slow.id),
        ("finding", bad.id),
        ("finding", None),
    ]
    assert added == 6
    assert points[2].then["late"] == 3
    assert points[2].now
    assert points[2].now.late == 3
    assert points[5].now
    assert (points[5].now.open, points[5].item.unit_id) == (LIMIT + 1, hall.district.street)
    assert draft_agenda(opened, hall.office, meeting.id, at_risk=risk, now=NOW) == 0
    newer = hall.task(opened, hall.department, "又一项逾期", -1)
    assert draft_agenda(opened, hall.office, meeting.id, at_risk=risk, now=NOW) == 1
    assert points_of(opened, hall.office, meeting, NOW)[-1].item.subject_id == newer.id


def test_the_agenda_is_ordered_by_hand_and_points_come_and_go(hall, opened):
    meeting = hall.held(opened)
    for title in ("一", "二", "三"):
        add_point(opened, hall.office, meeting.id, title, now=NOW)
    first, second, third = [one.item.id for one in points_of(opened, hall.office, meeting, NOW)]
    order_points(opened, hall.office, meeting.id, {third: 1, first: 2, second: 3}, now=NOW)
    assert [one.title for one in points_of(opened, hall.office, meeting, NOW)] == ["三", "一", "二"]
    drop_point(opened, hall.office, meeting.id, second, now=NOW)
    say_point(opened, hall.office, meeting.id, first, said="再摸底", state="deferred", now=NOW)
    decide(opened, hall.office, meeting.id, DecisionWish("照办", item_id=third), now=NOW)
    with pytest.raises(InvalidInput):
        drop_point(opened, hall.office, meeting.id, third, now=NOW)
    with pytest.raises(NotFound):
        drop_point(opened, hall.office, meeting.id, second, now=NOW)
    with pytest.raises(InvalidInput):
        add_point(opened, hall.office, meeting.id, "  ", now=NOW)
    assert [(one.title, one.item.state) for one in points_of(opened, hall.office, meeting, NOW)] == [
        ("三", "decided"),
        ("一", "deferred"),
    ]


def test_a_point_about_a_finding_that_becomes_restricted_loses_its_words(hall, opened):
    meeting = plan_meeting(opened, hall.office, hall.wish(invited=(hall.department, hall.district.street)), now=NOW)
    bad = hall.finding(opened, hall.department, "超期问题", -4)
    draft_agenda(opened, hall.office, meeting.id, now=NOW)
    assert [one.title for one in points_of(opened, hall.market, meeting, NOW)] == ["超期问题"]
    opened.execute(update(Finding).where(Finding.id == bad.id).values(restricted=True))
    for reader in (hall.office, hall.market, hall.street):
        (point,) = points_of(opened, reader, meeting, NOW)
        assert point.hidden
        assert (point.title, point.unit_name, point.then, point.now) == ("", "", {}, None)


def test_attendance_is_kept_counted_and_signed_by_ones_own(hall, opened):
    meeting = plan_meeting(opened, hall.office, hall.wish(invited=(hall.department, hall.district.street)), now=NOW)
    rows = {one.row.unit_id: one for one in presences(opened, meeting.id, hall.market, DAY)}
    mine, other = rows[hall.department], rows[hall.district.street]
    assert mine.own
    assert not other.own
    sign_in(opened, hall.market, meeting.id, mine.row.id, Mark("present", "演示乙", speaks=True), now=NOW)
    assert mine.row.person_id == hall.market.person_id
    with pytest.raises(Forbidden):
        sign_in(opened, hall.market, meeting.id, other.row.id, Mark("present"), now=NOW)
    with pytest.raises(InvalidInput):
        keep_attendance(opened, hall.office, meeting.id, [Mark("substitute", row_id=other.row.id)], now=NOW)
    marks = [Mark("substitute", "某科员", row_id=other.row.id), Mark("present", "列席专家")]
    keep_attendance(opened, hall.office, meeting.id, marks, now=NOW)
    found = count_presences(presences(opened, meeting.id))
    assert (found.asked, found.present, found.substitute, found.came, found.speaking) == (3, 2, 1, 3, 1)
    invite(opened, hall.office, meeting.id, [hall.department, hall.district.communities[0]], now=NOW)
    fresh = next(one for one in presences(opened, meeting.id) if one.row.unit_id == hall.district.communities[0])
    drop_presence(opened, hall.office, meeting.id, fresh.row.id, now=NOW)
    assert count_presences(presences(opened, meeting.id)).asked == 3
    with pytest.raises(NotFound):
        keep_attendance(opened, hall.office, meeting.id, [Mark("present", row_id=fresh.row.id)], now=NOW)


def test_decisions_and_pledges_become_tasks_with_their_source(hall, opened):
    meeting = hall.held(opened, invited=(hall.department,))
    with pytest.raises(InvalidInput) as told:
        decide(opened, hall.office, meeting.id, DecisionWish("整治夜市"), now=NOW, give_task=True)
    assert {fault.field for fault in told.value.faults} == {"unit_id", "due_on"}
    with pytest.raises(InvalidInput):
        decide(opened, hall.office, meeting.id, DecisionWish("早", due_on=DAY - timedelta(days=1)), now=NOW)
    row = decide(opened, hall.office, meeting.id, DecisionWish("整治夜市"), now=NOW)
    with pytest.raises(InvalidInput):
        make_task(opened, hall.office, meeting.id, row.id, now=NOW)
    wish = DecisionWish("整治夜市", hall.department, hall.market.person_id, DAY + timedelta(days=3))
    change_decision(opened, hall.office, meeting.id, row.id, wish, now=NOW)
    task = make_task(opened, hall.office, meeting.id, row.id, now=NOW)
    assert (task.source, task.source_id, task.state, task.person_id) == (
        "meeting",
        row.id,
        "issued",
        hall.market.person_id,
    )
    assert make_task(opened, hall.office, meeting.id, row.id, now=NOW).id == task.id
    for refused in (
        lambda: change_decision(opened, hall.office, meeting.id, row.id, wish, now=NOW),
        lambda: drop_decision(opened, hall.office, meeting.id, row.id, reason="不办", now=NOW),
    ):
        with pytest.raises(Conflict):
            refused()
    pledge = DecisionWish("月底前全部达标", hall.district.street, due_on=DAY + timedelta(days=7), kind="pledge")
    decide(opened, hall.office, meeting.id, pledge, now=NOW, give_task=True)
    assert opened.scalars(select(Task.source).order_by(Task.number)).all() == ["meeting", "pledge"]
    first, second = decisions_of(opened, hall.office, meeting.id, NOW)
    assert first.task
    assert (first.task.number, first.person_name, second.row.kind) == (task.number, "演示乙", "pledge")


def test_two_who_press_at_once_make_one_task(hall, wall):
    with hall.district.session(wall) as session:
        meeting = hall.held(session)
        wish = DecisionWish("只办一次", hall.department, due_on=DAY + timedelta(days=3))
        row = decide(session, hall.office, meeting.id, wish, now=NOW)
        session.commit()
        meeting_id, decision_id = meeting.id, row.id

    def press(_: int) -> UUID:
        with hall.district.session(wall) as own:
            made = make_task(own, hall.office, meeting_id, decision_id, now=NOW).id
            own.commit()
            return made

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(press, range(6)))) == 1
    with hall.district.session(wall) as session:
        assert session.scalar(select(func.count()).select_from(Task)) == 1
        assert [one.verb for one in history_of(session, meeting_id)] == ["task", "decide", "hold", "plan"]


def test_an_area_gives_tasks_to_whoever_came_and_to_nobody_else(hall, wall):
    with hall.district.session(wall) as session:
        area = add_unit(session, "area", "东片区", [])
        session.commit()
    (chief,) = add_actors(wall, hall.district.ref, [("hq_office", area, "演示戊")])
    with hall.district.session(wall) as session:
        wish = hall.wish(unit_id=area, tier=3, invited=(hall.district.street,))
        made = plan_meeting(session, chief, wish, now=NOW)
        hold_meeting(session, chief, made.id, version=1, now=NOW)
        said = DecisionWish("补缺", hall.district.street, due_on=DAY + timedelta(days=2))
        with pytest.raises(InvalidInput), session.begin_nested():
            decide(session, chief, made.id, said, now=NOW, give_task=True)
        (row,) = presences(session, made.id)
        keep_attendance(session, chief, made.id, [Mark("present", "演示丙", row_id=row.row.id)], now=NOW)
        assert decide(session, chief, made.id, said, now=NOW, give_task=True).task_id


def test_minutes_are_locked_and_corrected_only_with_a_reason(hall, opened):
    meeting = plan_meeting(opened, hall.office, hall.wish(), now=NOW)
    with pytest.raises(Conflict):
        write_minutes(opened, hall.office, meeting.id, "早了", version=1, now=NOW)
    with pytest.raises(Conflict):
        decide(opened, hall.office, meeting.id, DecisionWish("早了"), now=NOW)
    hold_meeting(opened, hall.office, meeting.id, version=1, now=NOW)
    row = decide(opened, hall.office, meeting.id, DecisionWish("一事"), now=NOW)
    written = write_minutes(opened, hall.office, meeting.id, "会议强调", version=meeting.version, now=NOW)
    locked = publish_minutes(opened, hall.office, meeting.id, version=written.version, now=NOW)
    assert locked.state == "minuted"
    version = locked.version
    for refused in (
        lambda: write_minutes(opened, hall.office, meeting.id, "改", version=version, now=NOW),
        lambda: decide(opened, hall.office, meeting.id, DecisionWish("再加"), now=NOW),
        lambda: drop_decision(opened, hall.office, meeting.id, row.id, reason="x", now=NOW),
        lambda: add_point(opened, hall.office, meeting.id, "再加", now=NOW),
        lambda: invite(opened, hall.office, meeting.id, [hall.department], now=NOW),
    ):
        with pytest.raises(Conflict):
            refused()
    with pytest.raises(InvalidInput):
        correct_minutes(opened, hall.office, meeting.id, version=version, reason=" ", now=NOW)
    correct_minutes(opened, hall.office, meeting.id, version=version, reason="日期写错", now=NOW)
    write_minutes(opened, hall.office, meeting.id, "会议强调二", version=version + 1, now=NOW)
    publish_minutes(opened, hall.office, meeting.id, version=version + 2, now=NOW)
    kept = [one.detail["minutes"] for one in history_of(opened, meeting.id) if one.verb == "minute"]
    assert kept == ["会议强调二", "会议强调"]


def test_who_is_not_concerned_sees_nothing(hall, opened):
    meeting = plan_meeting(opened, hall.office, hall.wish(invited=(hall.department,)), now=NOW)
    assert get_meeting(opened, hall.market, meeting.id, DAY).id == meeting.id
    for actor in (hall.street, hall.stranger):
        with pytest.raises(NotFound):
            get_meeting(opened, actor, meeting.id, DAY)
        with pytest.raises(NotFound):
            add_point(opened, actor, meeting.id, "混进来", now=NOW)
        assert list_meetings(opened, actor, MeetingFilter(), on=DAY) == []
        assert count_kinds(opened, actor, MeetingFilter(), DAY) == []
    with pytest.raises(Forbidden):
        add_point(opened, hall.market, meeting.id, "我也加", now=NOW)
    hold_meeting(opened, hall.office, meeting.id, version=meeting.version, now=NOW)
    decide(opened, hall.office, meeting.id, DecisionWish("街道也办", hall.district.street), now=NOW)
    assert [one.meeting.id for one in list_meetings(opened, hall.street, MeetingFilter(), on=DAY)] == [meeting.id]


def test_meetings_are_counted_and_missing_ones_named(hall, opened):
    for week in (5, 4, 2):
        hall.held(opened, held_on=DAY - timedelta(weeks=week), chair="演示总指挥")
    hall.held(opened, kind="topical", held_on=DAY - timedelta(days=9), chair="演示总指挥")
    plan_meeting(opened, hall.office, hall.wish(chair="别人"), now=NOW)
    wanted = MeetingFilter(since=DAY - timedelta(days=60), until=DAY)
    counts = {(one.kind, one.tier): (one.held, one.planned) for one in count_kinds(opened, hall.office, wanted, DAY)}
    assert counts == {("dispatch", 1): (3, 1), ("topical", 1): (1, 0)}
    (chair,) = count_chairs(opened, hall.office, wanted, DAY)
    assert (chair.chair, chair.held, chair.by_kind) == ("演示总指挥", 4, (("dispatch", 3), ("topical", 1)))
    calendar = load_calendar(opened, NOW)
    gaps = missed(opened, hall.office, DAY - timedelta(days=60), DAY, calendar=calendar, on=DAY)
    assert [(one.kind, one.period.start) for one in gaps] == [
        ("dispatch", date(2026, 11, 16)),
        ("dispatch", date(2026, 11, 2)),
    ]
    assert opened.scalar(select(func.count()).select_from(MeetingItem)) == 0
    assert opened.scalar(select(func.count()).select_from(MeetingDecision)) == 0
