"""Years of the calendar: the next one is always there, and a notice is entered by hand in one step, with what it moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import InvalidInput
from core.work.calendar import load_calendar, seed_calendar, set_day
from core.work.calendar_notice import NoticeDay, read_notice_text
from core.work.loop.recomputing import enter_notice, preview_notice, retry_provisional
from core.work.tables import Audit, CalendarDay, FindingEvent, Note
from tenants.scope import ScopedSession, Wall
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

NOTICE = """国务院办公厅关于2027年部分节假日安排的通知
一、元旦：1月1日（周五）至3日（周日）放假调休，共3天。
二、春节：2月5日（农历腊月二十九、周五）至11日（周四）放假调休，共7天。1月31日（周日）、2月13日（周六）上班。
"""
NEW_YEAR_EVE = datetime(2026, 12, 31, 2, 0, tzinfo=UTC)


@pytest.fixture
def place(wall: Wall, tmp_path: Path) -> Town:
    return town(wall, tmp_path, "历法区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


@pytest.fixture
def unannounced(monkeypatch: pytest.MonkeyPatch) -> None:
    real = __import__("core.work.calendar", fromlist=["_announced"])
    monkeypatch.setattr(real, "_announced", lambda year: year < 2027)


def test_the_notice_is_read_as_it_is_written() -> None:
    days = {one.day: one for one in read_notice_text(2027, NOTICE)}
    assert [day for day, one in days.items() if one.working] == [date(2027, 1, 31), date(2027, 2, 13)]
    off = [day for day, one in days.items() if not one.working]
    assert off == [date(2027, 1, n) for n in (1, 2, 3)] + [date(2027, 2, n) for n in range(5, 12)]
    assert days[date(2027, 1, 2)] == NoticeDay(date(2027, 1, 2), False, "元旦")
    assert days[date(2027, 2, 13)].name == "春节"


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("10月1日至7日 国庆节", [(date(2027, 10, n), False) for n in range(1, 8)]),
        ("2027-09-26 上班", [(date(2027, 9, 26), True)]),
        ("4月30日—5月2日放假", [(date(2027, 4, 30), False), (date(2027, 5, 1), False), (date(2027, 5, 2), False)]),
        ("2026年12月31日至2027年1月1日", [(date(2026, 12, 31), False), (date(2027, 1, 1), False)]),
    ],
)
def test_plain_lines_are_read_too(line: str, days: list[tuple[date, bool]]) -> None:
    assert [(one.day, one.working) for one in read_notice_text(2027, line)] == days


@pytest.mark.parametrize(
    ("text", "message", "row"),
    [
        ("1月1日\n2月30日放假", "没有这一天", 2),
        ("2026年10月1日放假", "不是这一年的日期", 1),
        ("10月7日至1日", "起止日期不对", 1),
        ("10月1日放假。10月1日上班", "这一天既放假又上班", 1),
        ("国庆节放假七天", "没有读到日期", None),
        ("字" * 5001, "文字过长", None),
    ],
)
def test_what_cannot_be_is_named_with_its_line(text: str, message: str, row: int | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_notice_text(2027, text)
    (fault,) = caught.value.faults
    assert (fault.message, fault.row) == (message, row)


@pytest.mark.usefixtures("unannounced")
def test_the_night_enters_the_next_year_before_it_comes(session: ScopedSession, place: Town) -> None:
    seed_calendar(session, [2026])
    set_day(session, place.people["administrator"], date(2027, 3, 1), False, "区庆")
    assert not load_calendar(session, THURSDAY).is_provisional(date(2027, 1, 4)), "one day by hand hid it"
    retry_provisional(session, THURSDAY)
    assert load_calendar(session, THURSDAY).is_provisional(date(2027, 1, 4))
    kept = session.get_one(CalendarDay, (place.district.ref.id, date(2027, 3, 1)))
    assert (kept.working, kept.name) == (False, "区庆")
    lines = len(session.scalars(select(Audit).where(Audit.verb == "calendar.seed")).all())
    retry_provisional(session, THURSDAY)
    assert len(session.scalars(select(Audit).where(Audit.verb == "calendar.seed")).all()) == lines, "nothing to do"


@pytest.mark.usefixtures("unannounced")
def test_a_notice_entered_by_hand_moves_deadlines_in_one_step(session: ScopedSession, place: Town) -> None:
    admin, key = place.people["administrator"], place.district.ref.id
    seed_calendar(session, [2026, 2027])
    finding = lay_finding(session, place, "rectifying")
    finding.clock_from, finding.due_at = NEW_YEAR_EVE, datetime(2027, 1, 5, 2, 0, tzinfo=UTC)  # 1, 4 and 5 January
    session.flush()
    days = read_notice_text(2027, NOTICE)
    now = NEW_YEAR_EVE + timedelta(hours=1)
    assert preview_notice(session, admin, 2027, days, now=now) == 1
    session.refresh(finding)
    assert finding.due_at == datetime(2027, 1, 5, 2, 0, tzinfo=UTC), "a preview changes nothing"
    assert load_calendar(session, now).is_provisional(date(2027, 1, 1))
    assert session.scalars(select(Note)).all() == []
    assert enter_notice(session, admin, 2027, days, now=now) == 1
    session.refresh(finding)
    assert finding.due_at == datetime(2027, 1, 6, 2, 0, tzinfo=UTC)
    calendar = load_calendar(session, now)
    assert not calendar.is_provisional(date(2027, 1, 1))
    assert [calendar.is_working(date(2027, *day)) for day in ((1, 1), (1, 31), (2, 8), (2, 14))] == [
        False,
        True,
        False,
        False,
    ]
    assert session.get_one(CalendarDay, (key, date(2027, 1, 1))).name == "元旦"
    (line,) = session.scalars(select(Audit).where(Audit.verb == "calendar.enter")).all()
    assert (line.object_id, line.detail["off"], line.detail["worked"]) == ("2027", 10, 2)
    verbs = session.scalars(select(FindingEvent.verb).where(FindingEvent.finding_id == finding.id)).all()
    assert sorted(verbs) == ["open", "recompute"]
    retry_provisional(session, now)
    assert not load_calendar(session, now).is_provisional(date(2027, 1, 1)), "the night leaves it as it was entered"
