"""Everybody who is waited for is chased: checkers, the desk, helpers, addressees - amber, then red, each exactly once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.jobs.turns import take_turn
from core.work.calendar import load_calendar
from core.work.loop.ledger import act
from core.work.loop.recomputing import change_day
from core.work.papers.chasing import chase
from core.work.papers.chasing_notices import remind_notices
from core.work.papers.chasing_waits import WAITS, remind_helpers, remind_waits
from core.work.papers.notice_issuing import Draft, issue
from core.work.papers.notices import act as act_on_notice
from core.work.tables import Chase, Note, Notice, NoticeChase, Part
from core.work.tenant_settings import Times
from tenants.models import Unit
from tenants.scope import ScopedSession, Wall
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town
from tests.work.test_chasing import DUE, at_once, declare, notes

LONG = timedelta(days=60)


@pytest.fixture
def place(wall: Wall, tmp_path: Path) -> Town:
    return town(wall, tmp_path, "各方催办区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def paper(session: ScopedSession, place: Town, *findings: UUID, days: int = 3) -> Notice:
    draft = Draft("rectification_notice", place.lead, "请整改", "三日内答复", "", DUE, findings)
    return issue(session, place.people["office"], draft, now=THURSDAY)


@pytest.mark.parametrize("state", sorted(WAITS))
def test_what_waits_is_chased_before_and_after_each_once(session: ScopedSession, place: Town, state: str) -> None:
    lay_finding(session, place, state)
    amber, red = WAITS[state]
    calendar = load_calendar(session, THURSDAY)
    limit = timedelta(hours=48 if state == "answered" else 24)
    end, soon = (calendar.add_working_time(THURSDAY, span) for span in (limit, limit - min(limit / 2, calendar.amber)))
    sent = [
        remind_waits(session, soon - timedelta(minutes=1)),
        remind_waits(session, soon),
        remind_waits(session, soon),
    ]
    sent += [remind_waits(session, end - timedelta(minutes=1)), remind_waits(session, end), remind_waits(session, end)]
    assert sent == [0, 1, 0, 0, 1, 0]
    assert notes(session, place, "office") == [f"chase.{amber.rung}", f"chase.{red.rung}"]
    assert notes(session, place) == []
    assert remind_waits(session, end + LONG) == 0


def test_a_missed_amber_is_left_out_and_the_tenants_hours_count(session: ScopedSession, place: Town) -> None:
    declare(session, place, Times(check_hours=4, desk_hours=240))
    lay_finding(session, place, "answered")
    lay_finding(session, place, "returned")
    assert remind_waits(session, THURSDAY + timedelta(hours=5)) == 1
    assert notes(session, place, "office") == ["chase.check_red"]


def test_a_new_waiting_is_chased_anew_and_a_calendar_day_is_none(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "answered")
    assert remind_waits(session, THURSDAY + LONG) == 1
    assert change_day(session, place.people["administrator"], date(2026, 11, 20), False, now=THURSDAY + LONG) >= 0
    assert remind_waits(session, THURSDAY + LONG) == 0, "the same waiting"
    back = THURSDAY + LONG
    act(session, place.people["office"], finding.id, "send_back", version=finding.version, now=back, note="重做")
    session.refresh(finding)
    act(
        session,
        place.people["liaison"],
        finding.id,
        "answer",
        version=finding.version,
        now=back,
        photos=[place.photo],
    )
    assert remind_waits(session, back + LONG) == 1
    assert notes(session, place, "office").count("chase.check_red") == 2


def test_each_helper_is_chased_for_its_own_part(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying", help_asked=True)
    assert [remind_helpers(session, DUE - timedelta(hours=h)) for h in (25, 24, 23)] == [0, 1, 0]
    late = DUE + timedelta(hours=1)
    assert [remind_helpers(session, late) for _ in range(2)] == [1, 0]
    assert notes(session, place, "helper") == ["chase.help_amber", "chase.help_red"]
    act(session, place.people["liaison"], finding.id, "assist", version=1, now=late, note="配合", unit_id=place.other)
    assert [remind_helpers(session, late) for _ in range(2)] == [1, 0], "one that was asked later, for itself"
    assert notes(session, place, "helper").count("chase.help_red") == 1
    act(session, place.people["stranger"], finding.id, "finish_part", version=2, now=late, note="好了")
    assert remind_helpers(session, late + LONG) == 0


def test_a_helper_with_a_day_of_its_own_is_chased_by_that(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying", help_asked=True)
    part = session.scalars(select(Part).where(Part.finding_id == finding.id, Part.kind == "assist")).one()
    part.due_on = date(2026, 11, 19)  # until the end of the Thursday, 16:00 UTC
    session.flush()
    end = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
    assert [remind_helpers(session, end - timedelta(hours=1)), remind_helpers(session, end)] == [1, 0]
    assert [remind_helpers(session, end + timedelta(minutes=1)) for _ in range(2)] == [1, 0]
    assert notes(session, place, "helper") == ["chase.help_amber", "chase.help_red"]


def test_hidden_and_restricted_waits_reach_no_one_else(wall: Wall, place: Town) -> None:
    with wall.open(place.district.ref.id, cleared=True) as session:
        for state in WAITS:
            lay_finding(session, place, state).hidden = True
        lay_finding(session, place, "answered", restricted=True)
        session.flush()
        assert remind_waits(session, THURSDAY + LONG) == 1
        assert notes(session, place, "discipline") == ["chase.check_red"]
        assert notes(session, place, "office") == []
        session.rollback()


def test_a_paper_is_chased_until_it_is_answered(session: ScopedSession, place: Town) -> None:
    notice = paper(session, place)
    assert [remind_notices(session, DUE - timedelta(hours=h)) for h in (25, 24, 20)] == [0, 1, 0]
    late = DUE + timedelta(hours=1)
    assert [remind_notices(session, late) for _ in range(2)] == [1, 0]
    assert notes(session, place)[1:] == ["chase.notice_amber", "chase.notice_red"]
    other = paper(session, place)
    act_on_notice(session, place.people["liaison"], other.id, "reply", version=1, note="已整改", now=THURSDAY)
    assert remind_notices(session, late) == 0
    assert session.scalars(select(NoticeChase.notice_id)).all() == [notice.id] * 2


def test_several_workers_at_once_and_one_killed_chase_each_once(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        for state in WAITS:
            for _ in range(4):
                lay_finding(session, place, state)
        for _ in range(4):
            lay_finding(session, place, "rectifying", help_asked=True)
        paper(session, place)
        session.commit()
    late = THURSDAY + LONG
    with place.district.session(wall) as session:  # it dies before its commit
        done = chase(session, late)
        assert (done.waits, done.notices) == (4 * len(WAITS) + 4, 1)
    assert at_once(wall, place, lambda session: chase(session, late)) == []
    take_turn(wall, place.district.ref.id, "chase", late)
    with place.district.session(wall) as session:
        told = notes(session, place, "office")
        assert sorted(told) == sorted(f"chase.{red.rung}" for _, red in WAITS.values())
        assert notes(session, place, "helper") == ["chase.help_red"]
        assert notes(session, place).count("chase.notice_red") == 1
        fired = dict(session.execute(select(Chase.rung, func.count()).group_by(Chase.rung)).all())
        assert {rung: fired[rung] for _, (_, red) in WAITS.items() if (rung := red.rung)} == {
            red.rung: 4 for _, red in WAITS.values()
        }


def test_a_request_is_not_taken_by_time_and_the_desk_hears(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "dispatched")
    session.get_one(Unit, (place.district.ref.id, place.lead)).commanded = False
    session.flush()
    assert finding.accept_by is not None
    sent = [chase(session, finding.accept_by) for _ in range(2)]
    assert [(one.taken, one.untaken) for one in sent] == [(0, 1), (0, 0)]
    session.refresh(finding)
    assert (finding.state, finding.version) == ("dispatched", 1)
    assert notes(session, place, "office") == ["chase.untaken"]
    assert session.scalars(select(Note).where(Note.kind == "chase.untaken")).first() is not None


# --- findings that left ----------------------------------------------------------------------------------------------


def test_a_paper_whose_findings_have_left_is_not_chased_and_the_issuer_hears(
    session: ScopedSession, place: Town
) -> None:
    first, second = (lay_finding(session, place, "rectifying") for _ in range(2))
    paper(session, place, first.id, second.id)
    office = place.people["office"]
    act(session, office, first.id, "transfer", version=1, now=THURSDAY, unit_id=place.other, note="转办")
    late = DUE + timedelta(hours=1)
    assert remind_notices(session, DUE - timedelta(hours=1)) == 1, "one of them is still there"
    act(session, office, second.id, "cancel", version=1, now=THURSDAY, note="重复")
    assert [remind_notices(session, late) for _ in range(2)] == [1, 0]
    assert "chase.notice_red" not in notes(session, place)
    assert notes(session, place, "office").count("chase.notice_gone") == 1


# --- units that are asked, not ordered -------------------------------------------------------------------------------


def test_a_unit_that_cannot_be_ordered_reads_a_request(session: ScopedSession, place: Town) -> None:
    session.get_one(Unit, (place.district.ref.id, place.lead)).commanded = False
    finding = lay_finding(session, place, "accepted")
    act(session, place.people["office"], finding.id, "dispatch", version=1, now=THURSDAY, unit_id=place.lead)
    assert finding.due_at is not None
    chase(session, finding.due_at + timedelta(hours=1))
    person = place.people["liaison"].person_id
    texts = session.scalars(select(Note.text).where(Note.person_id == person).order_by(Note.id)).all()
    assert len(texts) == 2
    assert all(text.startswith("商请贵单位办理") for text in texts)
    declined = act(
        session,
        place.people["liaison"],
        finding.id,
        "return",
        version=finding.version,
        now=THURSDAY,
        reason="not_our_duty",
        note="驻地单位另有任务",
    )
    assert declined.state == "returned"
    assert "finding.return" in notes(session, place, "office")
