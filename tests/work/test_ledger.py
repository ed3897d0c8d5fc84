"""The first lap of a finding: take, answer with a photo, check by another party; versions, refusals, sixteen threads."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import seed_calendar
from core.work.inspection.photos import store
from core.work.loop.ledger import act, steps_for
from core.work.loop.transitions import (
    ANOTHER,
    LEADING,
    OUTCOMES,
    PARTIES,
    RESUMES,
    STATES,
    STAYS,
    TRANSITIONS,
    Standing,
    allowed,
)
from core.work.tables import Attachment, Audit, Finding, FindingEvent
from tenants.db import new_id
from tests.factory import add_actor, add_unit
from tests.work.market import ALL_GOOD, THURSDAY, Town, send, town
from tests.work.pictures import jpeg

FRIDAY = THURSDAY + timedelta(days=1)
TOILET = {**ALL_GOOD, "toilet_clean": {"rating": 3}}


@pytest.fixture(scope="module")
def place(wall) -> Town:
    made = town(wall)
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture(scope="module")
def photo(wall, place, tmp_path_factory) -> str:
    with place.district.session(wall) as session:
        file = store(session, place.liaison, jpeg(), files=tmp_path_factory.mktemp("files"))
        session.commit()
        return str(file.id)


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


@pytest.fixture
def finding(session, place) -> UUID:
    """A dirty toilet, led by the sanitation department."""
    done = send(session, place, TOILET)
    session.commit()
    return done.findings[0].id


def answered(session, place, finding, photo) -> Finding:
    found = act(session, place.liaison, finding, "answer", version=1, photos=[photo], now=FRIDAY)
    session.commit()
    return found


def history(session, finding) -> list[tuple]:
    rows = session.scalars(select(FindingEvent).filter_by(finding_id=finding).order_by(FindingEvent.version))
    return [(e.version, e.verb, e.from_state, e.to_state) for e in rows]


# --- the table -----------------------------------------------------------------------------------------------------


def test_the_table_is_closed_and_every_state_is_reached():
    for step in TRANSITIONS.values():
        assert step.from_states <= STATES.keys()
        assert step.to_state in STATES.keys() | {STAYS, RESUMES}
        assert set(step.by) <= PARTIES.keys()
    opened = {"dispatched", "reported", "closed"}  # routed at once; waiting for the desk; fixed on the spot
    assert opened | {step.to_state for step in TRANSITIONS.values()} - {STAYS, RESUMES} == STATES.keys()
    # stable is left by a relapse; what was rejected, cancelled or merged can be taken back
    assert {s for step in TRANSITIONS.values() if step.to_state != STAYS for s in step.from_states} == STATES.keys()


TIME = ["ask_extension", "ask_parking"]
UNIT = ["assign", "assist", "drop_part"]


@pytest.mark.parametrize(
    ("state", "unit", "checker"),
    [
        ("dispatched", ["take", "return", *UNIT, "answer"], []),
        ("taken", ["start", *UNIT, *TIME, "answer"], []),
        ("rectifying", [*UNIT, *TIME, "answer"], []),
        ("extension_asked", [*UNIT, "answer"], []),
        ("answered", [], ["close", "send_back"]),
        ("closed", [], ["reopen", "confirm_stable", "relapse"]),
        ("stable", [], ["relapse"]),
        ("held", [], []),
    ],
)
def test_what_is_allowed_in_each_state(state, unit, checker):
    assert [t.verb for t in allowed(state, Standing(frozenset({LEADING})))] == unit
    assert [t.verb for t in allowed(state, Standing(frozenset({ANOTHER})))] == checker
    assert allowed(state, Standing(frozenset({ANOTHER}), own="own")) == []
    assert allowed(state, Standing()) == []


# --- the lap -------------------------------------------------------------------------------------------------------


def test_the_whole_lap_with_a_second_round(session, place, finding, photo):
    taken = act(session, place.liaison, finding, "take", version=1, now=THURSDAY + timedelta(hours=1))
    session.commit()
    assert (taken.state, taken.version) == ("taken", 2)
    done = act(session, place.liaison, finding, "answer", version=2, photos=[photo, photo], note="已清扫", now=FRIDAY)
    session.commit()
    assert (done.state, done.version, done.answered_at) == ("answered", 3, FRIDAY)
    back = act(session, place.office, finding, "send_back", version=3, note="墙角仍脏", now=FRIDAY)
    session.commit()
    assert (back.state, back.version, back.answered_at) == ("rectifying", 4, None)
    act(session, place.liaison, finding, "answer", version=4, photos=[photo], now=FRIDAY)
    session.commit()
    shut = act(session, place.office, finding, "close", version=5, outcome="fixed", now=FRIDAY)
    session.commit()
    assert (shut.state, shut.version, shut.outcome, shut.closed_at) == ("closed", 6, "fixed", FRIDAY)
    again = act(session, place.office, finding, "reopen", version=6, note="反弹", now=FRIDAY)
    session.commit()
    assert (again.state, again.version, again.reopened, again.outcome, again.closed_at) == (
        "rectifying",
        7,
        1,
        None,
        None,
    )
    assert again.due_at == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # one working day from Friday 10:00
    assert history(session, finding) == [
        (1, "open", None, "dispatched"),
        (2, "take", "dispatched", "taken"),
        (3, "answer", "taken", "answered"),
        (4, "send_back", "answered", "rectifying"),
        (5, "answer", "rectifying", "answered"),
        (6, "close", "answered", "closed"),
        (7, "reopen", "closed", "rectifying"),
    ]
    event = session.scalars(select(FindingEvent).filter_by(finding_id=finding, version=3)).one()
    assert (event.note, event.person_id, event.unit_id) == (
        "已清扫",
        place.liaison.person_id,
        place.district.departments["sanitation"],
    )
    assert event.unit_name == "测试区环卫"
    photos = session.execute(
        select(Attachment.version, func.count()).filter_by(finding_id=finding).group_by(Attachment.version)
    )
    assert dict(photos.all()) == {3: 1, 5: 1}
    lines = session.scalars(select(Audit.verb).filter_by(object_id=str(finding)).order_by(Audit.id)).all()
    assert lines == [f"finding.{v}" for v in ("take", "answer", "send_back", "answer", "close", "reopen")]


def test_the_steps_shown_are_the_steps_allowed(session, place, finding, photo):
    row = session.get(Finding, (place.ref.id, finding))

    def offered(actor) -> list[str]:
        return [t.verb for t in steps_for(session, actor, row)]

    assert offered(place.liaison) == ["take", "return", *UNIT, "answer"]
    assert offered(place.office) == ["assist", "drop_part", "transfer", "instruct", "cancel", "merge", "correct"]
    row = answered(session, place, finding, photo)
    assert offered(place.liaison) == []
    assert offered(place.office) == ["instruct", "close", "send_back", "cancel", "correct"]
    assert offered(place.leader) == ["instruct"]


# --- what a step needs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("answer", {}, "photos"),
        ("answer", {"note": "已完成"}, "photos"),
        ("answer", {"photos": ["f" * 64]}, "photos"),
        ("take", {"note": "x" * 2001}, "note"),
        ("take", {"note": "坏\x00字"}, "note"),
        ("close", {}, "outcome"),
        ("close", {"outcome": "gone"}, "outcome"),
        ("close", {"outcome": "cannot_fix"}, "note"),
        ("close", {"outcome": "not_a_problem", "note": "  "}, "note"),
        ("send_back", {}, "note"),
        ("vanish", {}, "verb"),
    ],
)
def test_what_is_missing_is_named_and_nothing_changes(session, place, finding, photo, verb, given, field):
    actor, version = place.liaison, 1
    if verb in ("close", "send_back"):
        answered(session, place, finding, photo)
        actor, version = place.office, 2
    before = history(session, finding)
    with pytest.raises(InvalidInput) as caught:
        act(session, actor, finding, verb, version=version, **given)
    assert [f.field for f in caught.value.faults] == [field]
    assert caught.value.faults[0].remedy
    session.rollback()
    assert history(session, finding) == before


def test_closing_says_what_came_of_it(session, place, finding, photo):
    answered(session, place, finding, photo)
    shut = act(session, place.office, finding, "close", version=2, outcome="cannot_fix", note="产权不清")
    assert shut.outcome == "cannot_fix"
    assert OUTCOMES["fixed"].needs_note is False


def test_a_step_that_the_state_does_not_allow_is_a_conflict(session, place, finding, photo):
    with pytest.raises(Conflict, match="已交办"):
        act(session, place.office, finding, "close", version=1, outcome="fixed")
    answered(session, place, finding, photo)
    with pytest.raises(Conflict):
        act(session, place.liaison, finding, "take", version=2)


# --- versions ------------------------------------------------------------------------------------------------------


def test_an_old_version_is_stale_and_names_who_was_faster(wall, session, place, finding):
    colleague = add_actor(wall, place.ref, "liaison", place.district.departments["sanitation"], "演示联络员")
    act(session, colleague, finding, "take", version=1, now=THURSDAY)
    session.commit()
    with pytest.raises(Stale) as caught:
        act(session, place.liaison, finding, "take", version=1)
    said = caught.value.text()
    assert "测试区环卫 演示联络员" in said
    assert "11-19 10:00:00" in said
    assert "已接收" in said
    assert (caught.value.params["state_code"], caught.value.params["version"]) == ("taken", 2)
    with pytest.raises(Stale):
        act(session, place.liaison, finding, "answer", version=7, photos=[])


def in_threads(count: int, run) -> list[Exception]:
    errors: list[Exception] = []

    def guarded(number: int) -> None:
        try:
            run(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_an_update_lost_at_the_last_moment_is_stale_too(wall, place, session, finding):
    """The other has passed every check and waits in its UPDATE for our commit; then it finds nothing to change."""
    results: list[str] = []

    def other(_: int) -> None:
        with place.district.session(wall) as second:
            try:
                act(second, place.liaison, finding, "take", version=1)
                results.append("won twice")
            except Stale as error:
                results.append(f"{error.params['state_code']} {error.params['version']}")

    act(session, place.liaison, finding, "take", version=1)
    waiting = threading.Thread(target=other, args=(0,))
    waiting.start()
    with wall.platform() as watcher:
        for _ in range(200):
            blocked = watcher.scalar(
                text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            )
            if blocked:
                break
            watcher.rollback()
            time.sleep(0.02)
    assert blocked, "the second UPDATE should wait for the first"
    session.commit()
    waiting.join()
    assert results == ["taken 2"]


# --- who -----------------------------------------------------------------------------------------------------------


def test_only_the_leading_unit_takes_and_answers(wall, session, place, finding, photo):
    community = add_actor(
        wall, place.ref, "liaison", place.district.communities[0]
    )  # informed, co-signs, does not lead
    for actor in (community, place.office, place.inspector, place.leader):
        for verb in ("take", "answer"):
            with pytest.raises(Forbidden):
                act(session, actor, finding, verb, version=1, photos=[photo])
    whole = add_actor(wall, place.ref, "liaison", place.district.root)  # answers for every unit below
    assert act(session, whole, finding, "take", version=1).state == "taken"


def test_out_of_reach_unknown_and_elsewhere_are_the_same_answer(wall, session, place, finding):
    other = town(wall, "邻区")
    finance = add_actor(wall, place.ref, "liaison", place.district.departments["finance_bureau"])
    nobody = add_actor(wall, place.ref, "inspector", place.district.communities[1])
    texts = set()
    for actor, wanted in ((finance, finding), (nobody, finding), (place.liaison, new_id())):
        with pytest.raises(NotFound) as caught:
            act(session, actor, wanted, "take", version=1)
        texts.add(caught.value.text())
    with other.district.session(wall) as elsewhere, pytest.raises(NotFound) as caught:
        act(elsewhere, other.liaison, finding, "take", version=1)
    assert texts | {caught.value.text()} == {"没有找到"}


def test_the_fixer_never_closes(wall, session, place, finding, photo):
    both = add_actor(wall, place.ref, "liaison", place.district.departments["sanitation"])
    checker = add_actor(wall, place.ref, "hq_office", place.district.root)
    # one person with both posts: he answers for sanitation and checks for the district
    double = type(both)(both.tenant, both.person_id, both.name, both.duties + checker.duties)
    act(session, double, finding, "answer", version=1, photos=[photo])
    session.commit()
    for verb, given in (("close", {"outcome": "fixed"}), ("send_back", {"note": "再查"})):
        with pytest.raises(Forbidden, match="本人"):
            act(session, double, finding, verb, version=2, **given)
    assert act(session, place.office, finding, "close", version=2, outcome="fixed").state == "closed"


def test_a_checker_inside_the_fixers_unit_never_closes(wall, session, place, photo):
    """The place runs the market itself: its own checker, and one of a unit inside it, may not judge it."""
    home = place.district.communities[0]
    done = send(session, place, {**ALL_GOOD, "trade_rules_posted": {"yes": False}})
    session.flush()
    grid = add_unit(session, "grid", "一网格", [home, place.district.street, place.district.root])
    session.commit()
    own = done.findings[0].id
    fixer = add_actor(wall, place.ref, "liaison", home)
    act(session, fixer, own, "answer", version=1, photos=[photo])
    session.commit()
    inside = add_actor(wall, place.ref, "hq_office", home)
    below = add_actor(wall, place.ref, "hq_office", grid)
    above = add_actor(wall, place.ref, "hq_office", place.district.street)
    with pytest.raises(Forbidden, match="单位"):
        act(session, inside, own, "close", version=2, outcome="fixed")
    with pytest.raises(NotFound):  # the grid does not reach its community at all
        act(session, below, own, "close", version=2, outcome="fixed")
    # he may direct it at the desk, and judges nothing
    assert [t.verb for t in steps_for(session, inside, session.get(Finding, (place.ref.id, own)))] == [
        "instruct",
        "cancel",
        "correct",
    ]
    assert act(session, above, own, "close", version=2, outcome="fixed").state == "closed"


def test_checking_needs_a_post_over_the_place(wall, session, place, finding, photo):
    answered(session, place, finding, photo)
    elsewhere = add_actor(wall, place.ref, "hq_office", place.district.departments["sanitation"])
    with pytest.raises(Forbidden):  # sees it as the leading unit, but does not check that place
        act(session, elsewhere, finding, "close", version=2, outcome="fixed")
    for actor in (place.inspector, place.leader, place.liaison):
        with pytest.raises(Forbidden):
            act(session, actor, finding, "close", version=2, outcome="fixed")


def test_history_cannot_be_rewritten(session, place, finding):
    from sqlalchemy.exc import ProgrammingError

    event = session.scalars(select(FindingEvent).filter_by(finding_id=finding)).one()
    event.note = "改写"
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.flush()
