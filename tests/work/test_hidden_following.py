"""What is hidden follows an administrator's act (隐藏问题随动): in a turn of its own, exactly once, and he learns nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from core.campaigns import installed
from core.databases import Urls, connect
from core.jobs.turns import NIGHTLY, ask_turns, take_turn
from core.jobs.worker import run_worker
from core.work.calendar import seed_calendar
from core.work.enabling import enable, suspend
from core.work.loop.recomputing import change_day, load_years
from core.work.queue import HIDDEN_CALENDAR, HIDDEN_SWITCHES
from core.work.tables import Audit, Finding, FindingCampaign, FindingEvent, Note
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession, Wall
from tests.work.ledger_town import DAYS, THURSDAY, Town, lay_finding, town

KEY = "sanitary_city"
DAY = date(2026, 11, 23)
DUE = THURSDAY + timedelta(days=DAYS + 2)  # over a weekend
START, END = THURSDAY + timedelta(hours=5), THURSDAY + timedelta(days=6)


@pytest.fixture
def urls(own_urls: Urls) -> Urls:
    """A database of each test's own: a worker empties the whole queue, and what waits there is counted."""
    return own_urls


@pytest.fixture
def wall(own_wall: Wall) -> Wall:
    return own_wall


@pytest.fixture
def place(wall: Wall, tmp_path: Path) -> Town:
    return ground(wall, tmp_path)


def ground(wall: Wall, tmp_path: Path) -> Town:
    """A town with its calendar and two campaigns in force."""
    made = town(wall, tmp_path)
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        for key in (KEY, "civilized_city"):
            session.add(EnabledCampaign(campaign=key, state="enabled", edition="e", edition_sha256="0" * 64))
        session.commit()
    return made


def cleared(wall: Wall, place: Town) -> ScopedSession:
    return wall.open(place.district.ref.id, cleared=True)


def lay(wall: Wall, place: Town, state: str = "rectifying", *campaigns: str, hidden: bool = True) -> UUID:
    """A finding in the ledger, hidden unless said otherwise, with all its rows."""
    with cleared(wall, place) as session:
        event.listen(session, "before_flush", lambda one, *_: [hide(row) for row in one.new if hidden])
        finding = lay_finding(session, place, state)
        session.add_all(FindingCampaign(finding_id=finding.id, campaign=one) for one in campaigns)
        session.commit()
        return finding.id


def hide(row: object) -> None:
    if hasattr(row, "hidden"):
        row.hidden = True


def look(wall: Wall, place: Town, finding_id: UUID) -> Finding:
    with cleared(wall, place) as session:
        found = session.get_one(Finding, (place.district.ref.id, finding_id))
        session.expunge(found)
        return found


def steps(wall: Wall, place: Town, finding_id: UUID) -> list[tuple[str, datetime]]:
    with cleared(wall, place) as session:
        query = select(FindingEvent.verb, FindingEvent.at).where(FindingEvent.finding_id == finding_id)
        return [(verb, at) for verb, at in session.execute(query.order_by(FindingEvent.version))]


def act(wall: Wall, place: Town, do: Callable[[ScopedSession], Any]) -> Any:
    """The administrator's request: his own scope, one commit."""
    with place.district.session(wall) as session:
        done = do(session)
        session.commit()
        return done


def day_off(place: Town, working: bool = False) -> Callable[[ScopedSession], int]:
    return lambda session: change_day(session, place.people["administrator"], DAY, working, now=THURSDAY)


def switch_off(place: Town, key: str = KEY, at: datetime = START) -> Callable[[ScopedSession], object]:
    return lambda session: suspend(session, place.people["administrator"], key, today=DAY, at=at)


def switch_on(place: Town, key: str = KEY, at: datetime = END) -> Callable[[ScopedSession], object]:
    campaign = installed().get(key)
    return lambda session: enable(session, place.people["administrator"], campaign, today=DAY, at=at)


def waiting(urls: Urls) -> list[tuple[str, str]]:
    """The turns in the queue for hidden findings, in their order: name and lock."""
    database = urls.app.rsplit("/", 1)[-1].split("?")[0]
    with connect(urls.superuser, database=database) as connection:
        rows = connection.execute(
            "SELECT args->>'name', lock FROM jobs.procrastinate_jobs"
            " WHERE status = 'todo' AND args->>'name' LIKE 'hidden%' ORDER BY id"
        ).fetchall()
    return [(name, lock.split(":")[-1]) for name, lock in rows]  # the database puts the tenant before it


# --- the calendar ----------------------------------------------------------------------------------------------------


def test_hidden_deadlines_follow_a_day_off_by_the_worker(wall: Wall, urls: Urls, place: Town) -> None:
    secret, open_one = lay(wall, place), lay(wall, place, hidden=False)
    closed = lay(wall, place, "closed")
    assert act(wall, place, day_off(place)) == 1, "he is told of the one that he may see"
    assert look(wall, place, secret).due_at == DUE
    assert [name for name, _ in waiting(urls)][-1] == HIDDEN_CALENDAR
    run_worker(wall, urls.jobs, wait=False)
    moved = DUE + timedelta(days=1)
    assert look(wall, place, secret).due_at == look(wall, place, open_one).due_at == moved
    assert look(wall, place, closed).due_at == DUE
    assert [verb for verb, _ in steps(wall, place, secret)] == ["open", "recompute"]
    with cleared(wall, place) as session:
        line = session.scalars(select(FindingEvent).filter_by(finding_id=secret, verb="recompute")).one()
        assert (line.hidden, line.person_id, line.detail["due_at"]) == (True, None, moved.isoformat())
    with place.district.session(wall) as session:
        assert session.scalars(select(FindingEvent.verb).where(FindingEvent.finding_id == secret)).all() == []
        assert {note.params["count"] for note in session.scalars(select(Note))} == {1}, (
            "units hear of the open one only"
        )


def test_a_repeated_a_late_and_an_undone_run_do_it_once(wall: Wall, urls: Urls, place: Town) -> None:
    secret = lay(wall, place)
    with place.district.session(wall) as session:
        before = waiting(urls)
        day_off(place)(session)
        session.rollback()
    assert waiting(urls) == before, "what was not done asks for nothing"
    act(wall, place, day_off(place))
    act(wall, place, day_off(place))
    for hours in (24, 24, 48):
        take_turn(wall, place.district.ref.id, HIDDEN_CALENDAR, THURSDAY + timedelta(hours=hours))
    assert [verb for verb, _ in steps(wall, place, secret)] == ["open", "recompute"]
    act(wall, place, day_off(place, working=True))
    run_worker(wall, urls.jobs, wait=False)
    assert look(wall, place, secret).due_at == DUE
    act(wall, place, lambda session: load_years(session, place.people["administrator"], [2026], now=THURSDAY))
    assert waiting(urls) == [(HIDDEN_CALENDAR, "hidden")]
    run_worker(wall, urls.jobs, wait=False)
    assert len(steps(wall, place, secret)) == 3


# --- campaigns -------------------------------------------------------------------------------------------------------


def test_hidden_findings_are_held_and_run_on_as_open_ones_do(wall: Wall, urls: Urls, place: Town) -> None:
    pairs = [
        (lay(wall, place, state, *keys), lay(wall, place, state, *keys, hidden=False))
        for state, keys in (
            ("rectifying", (KEY,)),
            ("answered", (KEY,)),
            ("rectifying", (KEY, "civilized_city")),
            ("rectifying", ()),
            ("closed", (KEY,)),
        )
    ]
    act(wall, place, switch_off(place))
    run_worker(wall, urls.jobs, wait=False)
    assert [look(wall, place, secret).state for secret, _ in pairs] == [
        "held", "held", "rectifying", "rectifying", "closed",
    ]  # fmt: skip
    act(wall, place, switch_on(place))
    run_worker(wall, urls.jobs, wait=False)
    for secret, open_one in pairs:
        assert alike(look(wall, place, secret)) == alike(look(wall, place, open_one))
        assert steps(wall, place, secret) == steps(wall, place, open_one), "each at the moment of the switch"
    assert look(wall, place, pairs[0][0]).due_at > DUE


def alike(finding: Finding) -> tuple[object, ...]:
    names = ("state", "version", "due_at", "due_fixed", "stopped_at", "resume_state", "clock_from", "clock_seconds")
    return tuple(getattr(finding, name) for name in names)


def test_a_worker_that_was_down_for_a_day_catches_up_exactly_once(wall: Wall, urls: Urls, place: Town) -> None:
    secret, open_one = lay(wall, place, "rectifying", KEY), lay(wall, place, "rectifying", KEY, hidden=False)
    act(wall, place, switch_off(place))
    act(wall, place, day_off(place))
    act(wall, place, switch_on(place))
    assert waiting(urls) == [(n, "hidden") for n in (HIDDEN_SWITCHES, HIDDEN_CALENDAR, HIDDEN_SWITCHES)]
    assert look(wall, place, secret).version == 1
    run_worker(wall, urls.jobs, wait=False)
    assert alike(look(wall, place, secret)) == alike(look(wall, place, open_one))
    for hours in (1, 25):
        for name in (HIDDEN_SWITCHES, HIDDEN_CALENDAR):
            take_turn(wall, place.district.ref.id, name, END + timedelta(hours=hours))
    assert [verb for verb, _ in steps(wall, place, secret)] == ["open", "hold", "release"]


def test_the_night_makes_good_what_a_broken_turn_left(wall: Wall, urls: Urls, place: Town) -> None:
    secret = lay(wall, place, "rectifying", KEY)
    act(wall, place, switch_off(place))
    database = urls.app.rsplit("/", 1)[-1].split("?")[0]
    with connect(urls.superuser, database=database) as connection:
        connection.execute("SET search_path TO jobs")
        connection.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
        connection.commit()
    assert ask_turns(wall, NIGHTLY) >= 1
    run_worker(wall, urls.jobs, wait=False)
    held = look(wall, place, secret)
    assert (held.state, held.stopped_at) == ("held", START), "the clock stood from the switch on, not from the night"


def test_switches_at_the_same_moment_leave_it_running(wall: Wall, place: Town) -> None:
    secret = lay(wall, place, "rectifying", KEY)
    act(wall, place, switch_off(place, at=START))
    act(wall, place, switch_on(place, at=START))
    for _ in range(2):
        take_turn(wall, place.district.ref.id, HIDDEN_SWITCHES, END)
    assert look(wall, place, secret).state == "rectifying"


def test_what_was_found_after_a_switch_is_left_alone(wall: Wall, place: Town) -> None:
    act(wall, place, switch_off(place, at=THURSDAY - timedelta(days=1)))
    later = lay(wall, place, "rectifying", KEY)
    take_turn(wall, place.district.ref.id, HIDDEN_SWITCHES, END)
    assert steps(wall, place, later) == [("open", THURSDAY)]


# --- the administrator -----------------------------------------------------------------------------------------------


def test_what_the_administrator_does_and_reads_is_the_same_with_and_without_secrets(
    wall: Wall, urls: Urls, tmp_path: Path
) -> None:
    plain, secret = ground(wall, tmp_path), ground(wall, tmp_path)
    for place in (plain, secret):
        lay(wall, place, "rectifying", KEY, hidden=False)
    for _ in range(3):
        lay(wall, secret, "rectifying", KEY)
    assert heard(wall, urls, plain) == heard(wall, urls, secret), "nor does the time tell: the statements are the same"


def heard(wall: Wall, urls: Urls, place: Town) -> tuple[object, ...]:
    """All that two acts of the administrator give and leave to read, and every statement that they took."""
    said: list[str] = []

    def hear(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    before = len(waiting(urls))
    event.listen(wall.engine, "before_cursor_execute", hear)
    try:
        moved = act(wall, place, day_off(place))
        act(wall, place, switch_off(place))
    finally:
        event.remove(wall.engine, "before_cursor_execute", hear)
    with place.district.session(wall) as session:
        wanted = Audit.verb.in_(("calendar.set", "campaign.suspend"))
        lines = session.execute(select(Audit.verb, Audit.detail).where(wanted)).all()
        count = session.scalar(select(func.count()).select_from(Finding))
    return moved, sorted((verb, str(detail)) for verb, detail in lines), count, len(waiting(urls)) - before, said


def test_the_restricted_class_is_not_counted_for_the_administrator(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        lay_finding(session, place, "rectifying", restricted=True)
        session.commit()
    assert act(wall, place, day_off(place)) == 0
