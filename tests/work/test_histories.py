"""Random lives of findings (hypothesis): whatever people do in whatever order, the invariants of the ledger hold.

Each example is one finding, a list of attempts by random people with random steps at random later moments; legal ones happen,
illegal ones change nothing. After every attempt the row, its parts and its history are held against each other.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import SanchengError
from core.work.calendar import load_calendar, seed_calendar
from core.work.loop.history import replay
from core.work.loop.ledger import act, act_by_system, steps_for
from core.work.loop.states import CLOSED_STATES, HELD, MERGED, RETURNED, RUNS, STATES
from core.work.loop.transitions import TRANSITIONS
from core.work.tables import FindingEvent, Part
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

PEOPLE = ("liaison", "helper", "place", "office", "leader", "stranger", "discipline", "inspector")
BY_SYSTEM = ("take", "unpark", "hold", "release", "cancel", "note", "recompute")
PARTS = 4
RUNS_EACH = 500  # 4 x 500 examples

Attempt = st.tuples(
    st.sampled_from(("allowed", "allowed", "allowed", "any", "system")),
    st.integers(0, 1_000),
    st.sampled_from(PEOPLE),
    st.integers(0, 40),
)


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    made = town(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        seed_calendar(session, [2026, 2027])
        session.commit()
    return made


def offered(session, place, finding, choice, number, name, moment, target):
    """What is attempted: somebody's legal step, anything by anybody, or the clockwork's own."""
    actor = place.people[name]
    if choice == "system":
        return None, BY_SYSTEM[number % len(BY_SYSTEM)]
    if choice == "allowed":
        order = PEOPLE[PEOPLE.index(name) :] + PEOPLE[: PEOPLE.index(name)]
        for other in order:
            shown = [s.verb for s in steps_for(session, place.people[other], finding, moment) if s.verb != "cancel"]
            if shown:
                return place.people[other], shown[number % len(shown)]
    return actor, tuple(TRANSITIONS)[number % len(TRANSITIONS)]


def attempt(session, place, finding, actor, verb, number, moment, target) -> bool:
    units = (place.lead, place.helper, place.other, place.place)
    asked = {
        "note": f"第{number}次",
        "photos": [place.photo],
        "outcome": ("fixed", "cannot_fix", "not_a_problem")[number % 3],
        "reason": ("out_of_scope", "not_our_duty")[number % 2],
        "unit_id": units[number % 4],
        "person_id": place.people["liaison"].person_id,
        "days": 1 + number % 9,
        "review_on": (moment + timedelta(days=1 + number % 60)).date(),
        "target_id": target.id,
        "changes": {"title": f"地面有烟头 {number % 3}"},
        "precedent": number % 7 == 0,
    }
    if verb == "reject":
        asked["reason"] = "out_of_scope"
    if verb == "return":
        asked["reason"] = "not_our_duty"
    if verb != "assign":
        asked["person_id"] = None  # whoever is named must hold a post at the unit that gets it
    if verb == "finish_part":
        asked["unit_id"] = None
    nested = session.begin_nested()
    try:
        if actor is None:
            act_by_system(session, finding.id, verb, now=moment, note="系统")
        else:
            act(session, actor, finding.id, verb, version=finding.version, now=moment, **asked)
    except SanchengError:
        nested.rollback()
        session.expire_all()
        return False
    nested.commit()
    return True


def check(session, place, finding, moment) -> None:
    events = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version)
    ).all()
    parts = session.scalars(select(Part).where(Part.finding_id == finding.id, Part.ended_at.is_(None))).all()
    leads = [part for part in parts if part.leading]
    assert len(leads) == 1
    assert len({(part.unit_id, part.kind) for part in parts}) == len(parts)
    seen = replay(events)
    assert (seen.state, seen.version, seen.lead) == (finding.state, finding.version, leads[0].unit_id)
    assert (seen.returns, seen.reopened, seen.relapsed) == (finding.returns, finding.reopened, finding.relapsed)
    assert (seen.due_at, seen.outcome) == (finding.due_at, finding.outcome)
    closed = finding.state in CLOSED_STATES
    if finding.state != HELD:
        assert closed == (finding.closed_at is not None) == (finding.outcome is not None)
    assert (finding.state == MERGED) == (finding.merged_into is not None)
    assert (finding.state in (MERGED, HELD)) == (finding.resume_state is not None)
    if STATES[finding.state].clock == RUNS:
        assert finding.stopped_at is None
        if not finding.due_fixed:
            calendar = load_calendar(session, finding.clock_from)
            span = timedelta(seconds=finding.clock_seconds)
            assert finding.due_at == calendar.add_working_time(finding.clock_from, span)
    if finding.state == RETURNED:
        assert finding.stopped_at is not None
    check_parties(events, place)


def check_parties(events, place) -> None:
    """Who fixed never checks: neither the person, nor his unit."""
    answered: set = set()
    for event in events:
        if event.verb in ("answer", "finish_part") and event.person_id:
            answered.add(event.person_id)
        if event.verb in ("close", "send_back", "reopen", "relapse", "confirm_stable"):
            assert event.person_id not in answered
    extended = sum(event.detail.get("days", 0) for event in events if event.verb == "grant")
    assert extended >= 0


@pytest.mark.parametrize("part", range(PARTS))
def test_every_history_holds(wall, place, part) -> None:
    taken: set[str] = set()

    @seed(20_261_122 + part)
    @settings(
        max_examples=RUNS_EACH,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(st.sampled_from(("reported", "dispatched", "dispatched")), st.lists(Attempt, min_size=1, max_size=8))
    def live(state, attempts) -> None:
        with place.district.session(wall) as session:
            finding = lay_finding(session, place, state)
            target = lay_finding(session, place, "rectifying")
            moment = THURSDAY
            for choice, number, name, hours in attempts:
                moment += timedelta(hours=hours)
                before = (finding.state, finding.version, finding.due_at, finding.stopped_at)
                actor, verb = offered(session, place, finding, choice, number, name, moment, target)
                done = attempt(session, place, finding, actor, verb, number, moment, target)
                session.refresh(finding)
                if done:
                    taken.add(verb)
                    assert finding.version == before[1] + 1
                else:
                    assert (finding.state, finding.version, finding.due_at, finding.stopped_at) == before
                check(session, place, finding, moment)
            session.rollback()

    live()
    # The random road must really lead through the whole table, or this page proves little.
    assert len(taken) > 25, sorted(TRANSITIONS.keys() - taken)
