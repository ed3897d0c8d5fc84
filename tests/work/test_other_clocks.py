"""A changed calendar reaches every clock that was given in working time, and none that was a fixed day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.work.loop.recomputing import change_day
from core.work.papers.escalating import escalate
from core.work.papers.notice_issuing import Draft, issue
from core.work.tables import FindingEvent, Notice, Whistle
from core.work.whistling.whistle_blowing import Wanted, blow
from tenants.scope import ScopedSession, Wall
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town
from tests.work.test_chasing import LADDER, declare

FRIDAY = date(2026, 11, 20)
A_DAY = timedelta(days=1)


@pytest.fixture
def place(wall: Wall, tmp_path: Path) -> Town:
    return town(wall, tmp_path, "重算区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def strike(session: ScopedSession, place: Town, working: bool = False) -> int:
    """Declare the Friday off; gives how many deadlines moved."""
    return change_day(session, place.people["administrator"], FRIDAY, working, now=THURSDAY + timedelta(minutes=5))


@pytest.mark.parametrize("state", ["reported", "dispatched"])
def test_the_clock_of_taking_keeps_its_working_time(session: ScopedSession, place: Town, state: str) -> None:
    finding = lay_finding(session, place, state)
    finding.accept_by = was = THURSDAY + A_DAY  # Friday 10:00
    session.flush()
    strike(session, place)
    session.refresh(finding)
    assert finding.accept_by == was + timedelta(days=3), "Monday 10:00"
    line = select(FindingEvent.verb).where(FindingEvent.finding_id == finding.id, FindingEvent.version == 2)
    assert session.scalar(line) == "recompute"
    strike(session, place, working=True)
    session.refresh(finding)
    assert finding.accept_by == was


def test_a_clock_that_is_over_and_a_taken_finding_stay(session: ScopedSession, place: Town) -> None:
    late = lay_finding(session, place, "reported")
    late.accept_by = THURSDAY - A_DAY
    session.flush()
    strike(session, place)
    session.refresh(late)
    assert (late.accept_by, late.version) == (THURSDAY - A_DAY, 1)


def test_a_paper_in_working_days_moves_and_one_with_a_date_does_not(session: ScopedSession, place: Town) -> None:
    declare(session, place)
    finding = lay_finding(session, place, "rectifying")
    finding.due_at, finding.due_fixed = THURSDAY, True
    session.flush()
    assert LADDER.rungs[1].kind == "rectification_notice"
    assert escalate(session, THURSDAY) == 1
    by_ladder = session.scalars(select(Notice)).one()
    assert (by_ladder.due_at, by_ladder.due_days) == (THURSDAY + A_DAY, 1)
    draft = Draft("rectification_notice", place.lead, "请整改", "请答复", "", THURSDAY + A_DAY)
    by_hand = issue(session, place.people["office"], draft, now=THURSDAY)
    strike(session, place)
    session.refresh(by_ladder)
    session.refresh(by_hand)
    assert by_ladder.due_at == THURSDAY + timedelta(days=4)
    assert by_hand.due_at == THURSDAY + A_DAY


@pytest.mark.parametrize(("working", "days"), [(True, 4), (False, 1)])
def test_a_whistle_in_working_time_moves(session: ScopedSession, place: Town, working: bool, days: int) -> None:
    wanted = Wanted(
        unit_ids=(place.lead,),
        matter="占道",
        place="路口",
        minutes=24 * 60,
        working=working,
        caller_unit_id=place.place,
    )
    blown = blow(session, place.people["place"], wanted, now=THURSDAY)
    strike(session, place)
    whistle = session.scalars(select(Whistle)).one()
    session.refresh(whistle)
    assert blown is not None
    assert whistle.arrive_by == THURSDAY + timedelta(days=days)
