"""Chasing: reminders, time-outs, the ladder and the calendar - each exactly once, however often and late a job runs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.databases import Urls
from core.errors import Forbidden, InvalidInput, Stale
from core.jobs.turns import NIGHTLY, OFTEN, TURNS, ask_turns, take_turn
from core.jobs.worker import run_worker
from core.work.calendar import WorkCalendar, load_calendar, seed_calendar
from core.work.enabling import enable, suspend
from core.work.loop.ledger import act
from core.work.loop.recomputing import change_day, load_years, retry_provisional
from core.work.papers.chasing import STEPS, chase, remind, take_by_time
from core.work.papers.escalating import escalate
from core.work.papers.ladder import ADDRESSEES, PROPOSED, Ladder, Rung
from core.work.tables import (
    CalendarDay,
    Chase,
    Finding,
    FindingCampaign,
    FindingEvent,
    Note,
    Notice,
    NoticeFinding,
    Setting,
)
from core.work.tenant_settings import MATTERS, Duplicates, Times, read_kept, read_setting, write_setting
from tenants.models import EnabledCampaign, Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor, add_unit
from tests.work.ledger_town import DAYS, THURSDAY, Town, lay_finding, town

DUE = THURSDAY + timedelta(days=5)  # three working days after a Thursday: the Tuesday
LADDER = Ladder(
    active=True, rungs=(Rung("reminder_card", -24), Rung("rectification_notice", 0), Rung("supervision_order", 24))
)


@pytest.fixture
def place(wall: Wall, tmp_path: Path) -> Town:
    return town(wall, tmp_path, "催办区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def declare(session: ScopedSession, place: Town, value: object = LADDER) -> None:
    write_setting(session, place.people["office"], value, version=0, now=THURSDAY)
    session.flush()


def notes(session: ScopedSession, place: Town, who: str = "liaison") -> list[str]:
    person = place.people[who].person_id
    return list(session.scalars(select(Note.kind).where(Note.person_id == person).order_by(Note.id)))


def papers(session: ScopedSession) -> list[tuple[str, int]]:
    """Kind and number of findings of each paper, in the order of their issue."""
    counted = select(func.count()).where(NoticeFinding.notice_id == Notice.id).correlate(Notice).scalar_subquery()
    return [(kind, count) for kind, count in session.execute(select(Notice.kind, counted).order_by(Notice.id))]


# --- reminders -------------------------------------------------------------------------------------------------------


def test_amber_before_and_red_after_each_once(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying")
    assert finding.due_at == DUE
    assert remind(session, DUE - timedelta(hours=25)) == 0
    assert remind(session, DUE - timedelta(hours=24)) == 1
    assert remind(session, DUE - timedelta(hours=23)) == 0
    assert notes(session, place) == ["chase.amber"]
    assert remind(session, DUE + timedelta(minutes=1)) == 1
    assert remind(session, DUE + timedelta(hours=40)) == 0
    assert notes(session, place) == ["chase.amber", "chase.red"]


def test_a_weekend_does_not_count(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying")
    finding.due_at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00
    session.flush()
    assert remind(session, datetime(2026, 11, 20, 1, 0, tzinfo=UTC)) == 0  # Friday 09:00: 25 hours of work are left
    assert remind(session, datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == 1


def test_many_findings_of_a_unit_are_one_note(session: ScopedSession, place: Town) -> None:
    for _ in range(7):
        lay_finding(session, place, "taken")
    assert remind(session, DUE + timedelta(hours=1)) == 7
    assert notes(session, place) == ["chase.red"]
    assert session.scalars(select(Note.params)).first() == {"count": 7}


def test_a_missed_amber_is_not_sent_after_the_deadline(session: ScopedSession, place: Town) -> None:
    lay_finding(session, place, "dispatched")
    remind(session, DUE + timedelta(days=9))
    assert notes(session, place) == ["chase.red"]


def test_the_tenant_sets_its_own_hours(session: ScopedSession, place: Town) -> None:
    declare(session, place, Times(acceptance_hours=4, amber_hours=48))
    lay_finding(session, place, "rectifying")
    assert remind(session, DUE - timedelta(hours=47)) == 1
    assert load_calendar(session, THURSDAY).acceptance == timedelta(hours=4)


@pytest.mark.parametrize("state", ["answered", "closed", "parked", "returned", "held", "reported", "cancelled"])
def test_who_does_not_wait_for_the_unit_is_not_chased(session: ScopedSession, place: Town, state: str) -> None:
    declare(session, place)
    lay_finding(session, place, state)
    assert remind(session, DUE + timedelta(days=9)) == 0
    assert escalate(session, DUE + timedelta(days=9)) == 0


def test_hidden_findings_are_chased_by_nobody(wall: Wall, place: Town) -> None:
    with wall.open(place.district.ref.id, cleared=True) as session:
        declare(session, place)
        for state in ("dispatched", "reported", "parked"):
            lay_finding(session, place, state).hidden = True
        session.flush()
        late = THURSDAY + timedelta(days=90)
        assert chase(session, late).taken == 0
        assert escalate(session, late) == 0
        assert session.scalars(select(Note)).all() == []
        assert session.scalars(select(Chase)).all() == []
        session.rollback()


def test_a_restricted_finding_is_chased_among_its_own_people(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    lay_finding(session, place, "rectifying", restricted=True)
    lay_finding(session, place, "rectifying")
    late = DUE + timedelta(hours=1)
    assert remind(session, late) == 2
    assert notes(session, place) == ["chase.red"]
    assert notes(session, place, "discipline_liaison") == ["chase.red", "chase.red"]
    assert escalate(session, late) == 2, "never one paper about both classes"
    assert sorted(session.scalars(select(Notice.restricted))) == [False, True]


# --- time-outs -------------------------------------------------------------------------------------------------------


def test_what_nobody_took_counts_as_taken(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "dispatched")
    due, until = finding.due_at, finding.accept_by
    assert until is not None
    assert take_by_time(session, until - timedelta(seconds=1)) == 0
    assert [take_by_time(session, until) for _ in range(2)] == [1, 0]
    session.refresh(finding)
    assert (finding.state, finding.version, finding.due_at, finding.accept_by) == ("taken", 2, due, None)
    line = session.scalars(select(FindingEvent).where(FindingEvent.version == 2)).one()
    assert (line.verb, line.person_id, line.note) == ("take", None, "逾期未接收，视为接收")


def test_a_large_backlog_is_taken_over_several_runs(
    session: ScopedSession, place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.work.papers.chasing.STEPS", 3)
    assert STEPS == 500
    for _ in range(5):
        lay_finding(session, place, "dispatched")
    late = THURSDAY + timedelta(days=9)
    assert [take_by_time(session, late) for _ in range(3)] == [3, 2, 0]


def test_the_desk_hears_of_what_it_left_lying(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "reported")
    assert finding.accept_by is not None
    assert chase(session, finding.accept_by).unaccepted == 1
    assert chase(session, finding.accept_by).unaccepted == 0
    assert notes(session, place, "office") == ["chase.unaccepted"]
    assert notes(session, place) == []


def test_parked_findings_come_back_on_their_day(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "parked")  # until 30 December
    assert chase(session, datetime(2026, 12, 30, 15, 0, tzinfo=UTC)).unparked == 0
    midnight = datetime(2026, 12, 30, 16, 1, tzinfo=UTC)
    assert chase(session, midnight).unparked == 1
    session.refresh(finding)
    assert (finding.state, finding.review_on) == ("rectifying", None)
    assert finding.due_at > midnight + timedelta(days=DAYS - 1), "its time limit begins again"
    assert "finding.unpark" in notes(session, place)


# --- the ladder ------------------------------------------------------------------------------------------------------


def test_nothing_climbs_before_the_tenant_declares_a_ladder(session: ScopedSession, place: Town) -> None:
    lay_finding(session, place, "rectifying")
    assert escalate(session, DUE + timedelta(days=30)) == 0
    assert read_setting(session, Ladder) == Ladder(active=False, rungs=PROPOSED)


def test_each_rung_fires_once_and_the_next_follows(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    finding = lay_finding(session, place, "rectifying")
    moments = [timedelta(hours=h) for h in (-25, -24, -20, 0, 1, 23, 24, 30, 200)]
    issued = [escalate(session, DUE + moment) for moment in moments]
    assert issued == [0, 1, 0, 1, 0, 0, 1, 0, 0]
    assert papers(session) == [("reminder_card", 1), ("rectification_notice", 1), ("supervision_order", 1)]
    rows = session.execute(select(Chase.rung, Chase.due_at, Chase.notice_id)).all()
    assert {row.rung for row in rows} == {rung.kind for rung in LADDER.rungs}
    assert {row.due_at for row in rows} == {finding.due_at}
    chain = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [notice.escalates_id for notice in chain] == [None, chain[0].id, chain[1].id]
    assert [(notice.issuer, notice.issued_by) for notice in chain] == [("催办区", "")] * 3


def test_a_missed_run_records_every_rung_and_issues_the_highest_alone(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    lay_finding(session, place, "rectifying")
    late = DUE + timedelta(days=20)
    assert [escalate(session, late), escalate(session, late)] == [1, 0]
    assert papers(session) == [("supervision_order", 1)]
    rows = dict(session.execute(select(Chase.rung, Chase.notice_id)).all())
    assert set(rows) == {"reminder_card", "rectification_notice", "supervision_order"}
    assert [rung for rung, notice in rows.items() if notice] == ["supervision_order"]


def test_findings_of_one_unit_share_a_paper(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    for _ in range(4):
        lay_finding(session, place, "rectifying")
    assert escalate(session, DUE) == 1
    assert papers(session) == [("rectification_notice", 4)]
    one = session.scalars(select(Notice)).one()
    assert one.title == "4 件问题逾期未整改"
    assert one.due_at == load_calendar(session, DUE).add_working_days(DUE, 1)


def test_a_new_deadline_starts_the_ladder_again(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    finding = lay_finding(session, place, "extension_asked")
    assert escalate(session, DUE - timedelta(hours=20)) == 1
    act(session, place.people["office"], finding.id, "grant", version=1, now=DUE - timedelta(hours=19))
    session.refresh(finding)
    assert finding.due_at > DUE
    assert escalate(session, DUE + timedelta(minutes=1)) == 0
    assert escalate(session, finding.due_at - timedelta(hours=1)) == 1
    assert papers(session) == [("reminder_card", 1)] * 2


def test_a_rung_that_is_added_below_one_that_fired_issues_nothing(session: ScopedSession, place: Town) -> None:
    declare(session, place, replace(LADDER, rungs=LADDER.rungs[1:2]))
    lay_finding(session, place, "rectifying")
    assert escalate(session, DUE + timedelta(hours=1)) == 1
    write_setting(session, place.people["office"], LADDER, version=1, now=THURSDAY)
    assert escalate(session, DUE + timedelta(hours=2)) == 0


def test_a_unit_that_cannot_be_ordered_is_asked(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    session.get_one(Unit, (place.district.ref.id, place.lead)).commanded = False
    lay_finding(session, place, "rectifying")
    assert escalate(session, DUE) == 1
    assert papers(session) == [("request_letter", 1)]
    assert "商请" in session.scalars(select(Notice.demand)).one()


def test_the_superior_gets_the_paper_unless_that_is_the_district_itself(wall: Wall, place: Town) -> None:
    ladder = Ladder(active=True, rungs=(Rung("supervision_order", 0, "superior"),))
    with place.district.session(wall) as session:
        declare(session, place, ladder)
        brigade = add_unit(session, "department", "环卫一队", [place.lead, place.district.root])
        first, second = lay_finding(session, place, "rectifying"), lay_finding(session, place, "rectifying")
        act(session, place.people["office"], first.id, "transfer", version=1, now=THURSDAY, unit_id=brigade, note="转")
        assert escalate(session, DUE) == 2
        got = {
            row.finding_id: row.unit_id
            for row in session.execute(
                select(NoticeFinding.finding_id, Notice.unit_id).join(Notice, Notice.id == NoticeFinding.notice_id)
            )
        }
        assert got == {first.id: place.lead, second.id: place.lead}
        session.rollback()


def test_leaders_are_told_and_the_desk_decides_where_the_tenant_wants_it(session: ScopedSession, place: Town) -> None:
    rungs = (Rung("circular", 0, "leader"), Rung("summons_talk", 24, "leader", issues=False))
    declare(session, place, Ladder(active=True, rungs=rungs))
    finding = lay_finding(session, place, "rectifying")
    assert escalate(session, DUE) == 1
    assert notes(session, place, "leader") == ["notice"]
    assert escalate(session, DUE + timedelta(hours=24)) == 0
    assert notes(session, place, "office") == ["notice.due"]
    asked = session.scalars(select(Note).where(Note.kind == "notice.due")).first()
    assert asked is not None
    assert str(finding.id) in asked.params["query"]
    assert papers(session) == [("circular", 1)]


def at_once(wall: Wall, place: Town, work: Callable[[ScopedSession], object], workers: int = 6) -> list[BaseException]:
    barrier, broken = threading.Barrier(workers), []

    def run() -> None:
        try:
            with place.district.session(wall) as session:
                session.scalar(select(func.count()).select_from(Finding))
                session.rollback()
                barrier.wait()
                work(session)
                session.commit()
        except BaseException as error:  # a thread's error must reach the test
            broken.append(error)

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return broken


def test_several_workers_at_once_do_each_thing_once(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        declare(session, place)
        for _ in range(12):
            lay_finding(session, place, "rectifying")
        for _ in range(6):
            lay_finding(session, place, "dispatched")
        session.commit()

    def work(session: ScopedSession) -> None:
        chase(session, DUE + timedelta(hours=30))
        escalate(session, DUE + timedelta(hours=30))

    assert at_once(wall, place, work) == []
    with place.district.session(wall) as session:
        assert papers(session) == [("supervision_order", 18)]
        assert notes(session, place).count("chase.red") == 1
        assert session.scalars(select(FindingEvent.version).where(FindingEvent.verb == "take")).all() == [2] * 6
        fired = session.execute(select(Chase.rung, func.count()).group_by(Chase.rung)).all()
        assert dict(fired) == {"red": 18, "reminder_card": 18, "rectification_notice": 18, "supervision_order": 18}


def test_a_worker_killed_in_the_middle_is_caught_up_exactly_once(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        declare(session, place)
        for _ in range(3):
            lay_finding(session, place, "rectifying")
        session.commit()
    with place.district.session(wall) as session:  # it dies before its commit
        assert escalate(session, DUE) == 1
        assert remind(session, DUE + timedelta(hours=1)) == 3
    for _ in range(2):
        take_turn(wall, place.district.ref.id, "escalate", DUE + timedelta(hours=1))
        take_turn(wall, place.district.ref.id, "chase", DUE + timedelta(hours=1))
    with place.district.session(wall) as session:
        assert papers(session) == [("rectification_notice", 3)]
        assert session.scalars(select(Notice.serial)).all() == [1], "its number was not lost"
        assert notes(session, place).count("chase.red") == 1


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_every_part_of_a_turn_runs_twice_as_once(wall: Wall, place: Town) -> None:
    moment = DUE + timedelta(hours=1)
    for _ in range(2):
        for name in TURNS:
            take_turn(wall, place.district.ref.id, name, moment)
    assert {turn.name for turn in (*OFTEN, *NIGHTLY)} == set(TURNS)


def test_the_queue_asks_each_district_for_its_turn(own_wall: Wall, own_urls: Urls, tmp_path: Path) -> None:
    places = [town(own_wall, tmp_path, name) for name in ("催办区", "邻区")]
    late = []
    for place in places:
        with place.district.session(own_wall) as session:
            finding = lay_finding(session, place, "dispatched")
            finding.accept_by = datetime(2020, 1, 1, tzinfo=UTC)  # past, whatever the worker's clock says
            session.commit()
            late.append(finding.id)
    assert ask_turns(own_wall, OFTEN) == 2
    run_worker(own_wall, own_urls.jobs, wait=False)
    for place, key in zip(places, late, strict=True):
        with place.district.session(own_wall) as session:
            assert session.get_one(Finding, (place.district.ref.id, key)).state == "taken"


# --- the calendar ----------------------------------------------------------------------------------------------------


def test_a_day_off_moves_running_deadlines_and_tells_the_units(session: ScopedSession, place: Town) -> None:
    admin = place.people["administrator"]
    running, closed = lay_finding(session, place, "rectifying"), lay_finding(session, place, "closed")
    assert change_day(session, admin, date(2026, 11, 23), False, "停工", now=THURSDAY) == 1
    session.refresh(running)
    assert running.due_at == DUE + timedelta(days=1)
    session.refresh(closed)
    assert closed.due_at == DUE
    line = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == running.id, FindingEvent.version == 2)
    ).one()
    assert (line.verb, line.detail["due_at"]) == ("recompute", running.due_at.isoformat())
    assert notes(session, place) == ["calendar"]
    assert change_day(session, admin, date(2026, 11, 23), False, "停工", now=THURSDAY) == 0
    assert change_day(session, admin, date(2026, 11, 23), True, now=THURSDAY) == 1
    session.refresh(running)
    assert running.due_at == DUE


def test_the_ladder_goes_on_where_it_was_when_a_holiday_moves_the_deadline(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    lay_finding(session, place, "rectifying")
    late = DUE + timedelta(days=2, hours=1)
    assert escalate(session, late) == 1
    assert change_day(session, place.people["administrator"], date(2026, 11, 23), False, now=late) == 1
    assert escalate(session, late) == 0, "still late, and the paper has been sent"
    assert papers(session) == [("supervision_order", 1)]


def test_a_year_that_is_announced_is_entered_by_the_night_and_moves_what_it_must(
    session: ScopedSession, place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = __import__("core.work.calendar", fromlist=["_announced"])
    monkeypatch.setattr(real, "_announced", lambda year: False)
    assert seed_calendar(session, [2026]) == (2026,)
    finding = lay_finding(session, place, "rectifying")
    finding.clock_from = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)  # the day before National Day
    finding.due_at = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
    session.flush()
    assert retry_provisional(session, datetime(2026, 9, 30, 3, 0, tzinfo=UTC)) == 0, "not announced yet"
    monkeypatch.undo()
    assert retry_provisional(session, datetime(2026, 9, 30, 3, 0, tzinfo=UTC)) == 1
    session.refresh(finding)
    assert finding.due_at > datetime(2026, 10, 8, 0, 0, tzinfo=UTC), "the holiday week does not count"
    left = session.scalars(select(CalendarDay.day).where(CalendarDay.provisional)).all()
    assert {day.year for day in left} == {2027}, "the next year is there, marked as provisional"
    assert retry_provisional(session, datetime(2026, 9, 30, 3, 0, tzinfo=UTC)) == 0
    assert load_years(session, None, [2026], now=THURSDAY) == ((), 0)


@pytest.mark.parametrize("hours", [0, 1, 10, 24, 30, 72, 240])
def test_before_is_the_other_way_round_of_adding(hours: int) -> None:
    calendar = WorkCalendar({date(2026, 11, 18): False, date(2026, 11, 21): True})
    for quarter in range(0, 24 * 14, 7):
        end = datetime(2026, 11, 16, 16, 0, tzinfo=UTC) + timedelta(hours=quarter, minutes=quarter)
        start = calendar.before(end, timedelta(hours=hours))
        assert calendar.working_time_left(start, end) == timedelta(hours=hours)
        assert calendar.working_time_left(start + timedelta(minutes=1), end) < timedelta(hours=hours) or not hours


# --- campaigns -------------------------------------------------------------------------------------------------------


def test_a_suspended_campaign_holds_the_clock_by_exactly_the_working_time(session: ScopedSession, place: Town) -> None:
    session.add(EnabledCampaign(campaign="sanitary_city", state="enabled", edition="e", edition_sha256="0" * 64))
    session.add(EnabledCampaign(campaign="civilized_city", state="enabled", edition="e", edition_sha256="0" * 64))
    only, both, none = (lay_finding(session, place, "rectifying") for _ in range(3))
    answered = lay_finding(session, place, "answered")
    for finding, campaign in ((only, "sanitary_city"), (both, "sanitary_city"), (answered, "sanitary_city")):
        session.add(FindingCampaign(finding_id=finding.id, campaign=campaign))
    session.add(FindingCampaign(finding_id=both.id, campaign="civilized_city"))
    session.flush()
    start, end = THURSDAY + timedelta(hours=5), THURSDAY + timedelta(days=6)  # Thursday 15:00 to Wednesday 10:00
    suspend(session, None, "sanitary_city", today=date(2026, 11, 19), at=start)
    states = {f.id: f.state for f in session.scalars(select(Finding).execution_options(populate_existing=True))}
    assert states == {only.id: "held", both.id: "rectifying", none.id: "rectifying", answered.id: "held"}
    assert escalate(session, end) == 0
    assert remind(session, end) == 2, "the held one is not late"
    enable(session, None, _campaign(), today=date(2026, 11, 25), at=end)
    session.expire_all()
    held = load_calendar(session, THURSDAY).working_time_left(start, end)
    assert (only.state, answered.state) == ("rectifying", "answered")
    assert only.due_at == load_calendar(session, THURSDAY).add_working_time(DUE, held)
    assert both.due_at == none.due_at == answered.due_at == DUE
    verbs = session.scalars(
        select(FindingEvent.verb).where(FindingEvent.finding_id == only.id).order_by(FindingEvent.version)
    )
    assert verbs.all() == ["open", "hold", "release"]


def _campaign():
    from core.campaigns import installed

    return installed().get("sanitary_city")


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_have_our_values_until_somebody_sets_them(session: ScopedSession, place: Town) -> None:
    assert read_kept(session, Times) == read_kept(session, Times).__class__(Times(), 0)
    office = place.people["office"]
    assert write_setting(session, office, Times(acceptance_hours=8), version=0, now=THURSDAY) == 1
    assert read_setting(session, Times) == Times(acceptance_hours=8, amber_hours=24)
    assert write_setting(session, place.people["administrator"], Times(12, 12), version=1, now=THURSDAY) == 2
    for version in (0, 1, 7):
        with pytest.raises(Stale):
            write_setting(session, office, Times(), version=version, now=THURSDAY)
    assert read_setting(session, Times) == Times(12, 12)
    session.scalars(select(Setting)).one().body = {"amber_hours": 30, "of_a_later_version": 1}
    session.flush()
    assert read_setting(session, Times) == Times(24, 30)


def test_settings_are_the_desks_or_the_administrators(session: ScopedSession, place: Town) -> None:
    for who in ("liaison", "leader", "inspector", "inside", "discipline"):
        with pytest.raises(Forbidden):
            write_setting(session, place.people[who], Times(), version=0, now=THURSDAY)


def test_a_bad_setting_names_each_fault(session: ScopedSession, place: Town) -> None:
    office = place.people["office"]
    with pytest.raises(InvalidInput) as caught:
        write_setting(session, office, Duplicates(metres=0, hours=10_000), version=0, now=THURSDAY)
    assert {fault.field for fault in caught.value.faults} == {"metres", "hours"}
    bad = (
        Rung("reminder_card", 5),
        Rung("reminder_card", 5, "nobody"),
        Rung("love_letter", 99_999),
    )
    with pytest.raises(InvalidInput) as caught:
        write_setting(session, office, Ladder(True, bad), version=0, now=THURSDAY)
    assert {fault.field for fault in caught.value.faults} == {
        "rungs.2.kind",
        "rungs.2.hours",
        "rungs.2.addressee",
        "rungs.3.kind",
        "rungs.3.hours",
    }
    with pytest.raises(InvalidInput):
        write_setting(session, office, Ladder(True, ()), version=0, now=THURSDAY)
    assert session.scalars(select(Setting)).all() == []


def test_two_who_set_at_once_are_one_and_a_loser(wall: Wall, place: Town) -> None:
    broken = at_once(
        wall, place, lambda s: write_setting(s, place.people["office"], Times(5, 5), version=0, now=THURSDAY)
    )
    assert [type(error) for error in broken] == [Stale] * 5


def test_the_page_names_every_setting_and_rung() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notices.md").read_text(encoding="utf-8")
    for name, matter in MATTERS.items():
        if matter.type is Ladder:
            continue
        value = matter.type()
        for key, metadata in ((f.name, f.metadata) for f in matter.type.__dataclass_fields__.values()):
            row = f"| `{name}.{key}` | {getattr(value, key)} | {metadata['least']} to {metadata['most']} |"
            assert row in page, row
    rungs = re.findall(r"^\| `(\w+)` \| (-?\d+) \| `(\w+)` \| (\w+) \|", page, re.MULTILINE)
    assert rungs == [(r.kind, str(r.hours), r.addressee, "yes" if r.issues else "no") for r in PROPOSED]
    assert all(f"`{code}`" in page for code in ADDRESSEES)


def test_nobody_without_a_post_is_told(session: ScopedSession, place: Town, wall: Wall) -> None:
    other = add_actor(wall, place.district.ref, "liaison", place.other)
    lay_finding(session, place, "rectifying")
    remind(session, DUE + timedelta(hours=1))
    assert session.scalars(select(Note).where(Note.person_id == other.person_id)).all() == []
