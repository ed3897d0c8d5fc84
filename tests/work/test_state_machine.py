"""Every state x every step x every role of the ledger: what the table allows happens, all else is refused and changes nothing.

Who may take part is spelled here a second time, by role and not by party, so that the table and this page check each other.
"""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.loop.history import replay
from core.work.loop.ledger import act, act_by_system, steps_for
from core.work.loop.parties import RESUMES, STAYS, Standing
from core.work.loop.states import RUNS, STATES
from core.work.loop.transitions import TRANSITIONS, allowed
from core.work.tables import Finding, FindingEvent, Part
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, given_for, lay_finding, town

UNIT = ("take", "return", "start", "assign", "ask_extension", "ask_parking", "answer")
DESK = (
    "accept",
    "reject",
    "dispatch",
    "arbitrate",
    "transfer",
    "grant",
    "refuse",
    "park",
    "refuse_parking",
    "unpark",
    "report_back",
    "cancel",
    "restore",
    "merge",
    "unmerge",
    "correct",
)
CHECKS = ("close", "send_back", "reopen", "confirm_stable", "relapse")
# The steps that each person of the town may take at an ordinary finding that sanitation leads, whatever its state.
MAY: dict[str, frozenset[str]] = {
    "liaison": frozenset((*UNIT, "assist", "drop_part")),
    "helper": frozenset({"finish_part", "decline_part"}),
    "place": frozenset({"cosign"}),
    "stranger": frozenset(),
    "office": frozenset((*DESK, *CHECKS, "assist", "drop_part", "instruct")),
    "inside": frozenset(),  # an office inside the fixing unit reaches neither the place nor the desk
    "inspector": frozenset(),
    "leader": frozenset({"instruct"}),
    "administrator": frozenset(),
    "assessor": frozenset(),
    "grid_worker": frozenset(),
    "discipline": frozenset((*DESK, *CHECKS, "assist", "drop_part", "instruct")),
    "discipline_liaison": frozenset((*UNIT, "assist", "drop_part")),
}
SYSTEM = frozenset(
    {
        "take",
        "unpark",
        "confirm_stable",
        "relapse",
        "cancel",
        "correct",
        "hold",
        "release",
        "move",
        "note",
        "seen_again",
        "recompute",
        "unseal",
    }
)
ROWS = [(state, verb) for state in STATES for verb in TRANSITIONS]


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"))


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def legal(state: str, verb: str) -> bool:
    return state in TRANSITIONS[verb].from_states


def lay(session, place, state: str, verb: str) -> tuple[Finding, dict[str, object]]:
    """A finding to take a step at, and everything the step needs."""
    step = TRANSITIONS[verb]
    finding = lay_finding(
        session,
        place,
        state,
        source=step.source or "visit",
        help_asked=verb in ("finish_part", "decline_part", "drop_part"),
    )
    target = lay_finding(session, place, "rectifying") if verb == "merge" else None
    wanted = given_for(place, verb, target=target.id if target else None)
    names = {"unit": "unit_id", "person": "person_id", "target": "target_id"}
    given = {names.get(n, n): wanted[names.get(n, n)] for n in step.needs}
    if verb == "merge":
        given["note"] = "同一处"
    if verb == "instruct":
        given["leader"] = "区长"  # who is no leader names him
    return finding, given


ROW, EVENT = Finding.__table__.c, FindingEvent.__table__.c
LINES = select(func.count()).where(EVENT.tenant_id == ROW.tenant_id, EVENT.finding_id == ROW.id).scalar_subquery()
READ = select(ROW.state, ROW.version, ROW.due_at, LINES).where(
    ROW.tenant_id == bindparam("tenant"), ROW.id == bindparam("finding")
)


def read(session, finding_id) -> tuple[object, ...]:
    """What the tables say of a finding, past whatever the session remembers: state, version, due time, lines of history."""
    return tuple(session.connection().execute(READ, {"tenant": session.tenant_id, "finding": finding_id}).one())


def test_the_pages_of_this_test_are_the_table() -> None:
    by_people = set().union(*MAY.values())
    assert by_people | SYSTEM == TRANSITIONS.keys()


def test_the_table_is_closed() -> None:
    for step in TRANSITIONS.values():
        assert step.from_states, step.verb
        assert step.from_states <= STATES.keys()
        assert step.to_state in (*STATES, STAYS, RESUMES)
    left = {
        state for step in TRANSITIONS.values() if step.verb not in ("note", "correct") for state in step.from_states
    }
    # What is stable can still relapse, what is closed be looked at again: no state is a trap.
    assert left == STATES.keys()
    reached = {step.to_state for step in TRANSITIONS.values()} | {"reported"}
    assert STATES.keys() - reached == set()


@pytest.mark.parametrize(("state", "verb"), ROWS)
def test_each_state_and_step_for_each_person(session, place, state, verb) -> None:
    """13 people x this state x this step; who may does it, in a savepoint that is undone for the next.

    Who may not has changed nothing, and that is looked at with nothing undone.
    """
    finding, given = lay(session, place, state, verb)
    subject = finding.id  # the row itself is read anew, not through an object that remembers
    before = read(session, subject)
    for name, actor in place.people.items():
        if verb in MAY[name] and legal(state, verb):
            nested = session.begin_nested()
            done = act(session, actor, subject, verb, version=1, now=THURSDAY, **given)
            check_done(session, done, state, verb)
            nested.rollback()
            session.expire_all()
        else:
            with pytest.raises((Forbidden, Conflict, NotFound)) as caught:
                act(session, actor, subject, verb, version=1, now=THURSDAY, **given)
            check_refusal(caught.value, name, verb)
            assert not session.new
            assert not session.dirty
        assert read(session, subject) == before
    if verb in SYSTEM and legal(state, verb):
        check_done(session, act_by_system(session, subject, verb, now=THURSDAY, **given), state, verb)
    else:
        with pytest.raises((Forbidden, Conflict)):
            act_by_system(session, subject, verb, now=THURSDAY, **given)
    session.rollback()


def check_done(session, done: Finding, state: str, verb: str) -> None:
    step = TRANSITIONS[verb]
    wanted = {STAYS: state, RESUMES: "rectifying"}.get(step.to_state, step.to_state)
    assert (done.state, done.version) == (wanted, 2)
    events = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == done.id).order_by(FindingEvent.version)
    ).all()
    assert [(e.version, e.verb) for e in events][1:] == [(2, verb)]
    if state in ("held", "merged"):
        return  # laid there without the road that came before: nothing to go back to in its history
    seen = replay(events)
    lead = session.scalars(
        select(Part.unit_id).where(Part.finding_id == done.id, Part.leading, Part.ended_at.is_(None))
    ).one()
    assert (seen.state, seen.version, seen.due_at, seen.lead) == (done.state, 2, done.due_at, lead)
    if STATES[done.state].clock == RUNS:
        assert done.stopped_at is None


def check_refusal(error: Exception, name: str, verb: str) -> None:
    """A refusal says who may, or what is allowed now; nobody who sees nothing learns anything."""
    if isinstance(error, NotFound):
        assert name in ("stranger", "helper")  # the helper sees what it was asked to help with
    elif isinstance(error, Conflict):
        assert verb in MAY[name]
        assert error.params["state_code"] in STATES
    else:
        assert verb not in MAY[name]


def test_the_buttons_are_what_is_allowed(session, place) -> None:
    for state in STATES:
        finding = lay_finding(session, place, state, help_asked=True)
        for name, actor in place.people.items():
            shown = {step.verb for step in steps_for(session, actor, finding, THURSDAY)}
            legal_here = {v for v in MAY[name] if legal(state, v) and TRANSITIONS[v].source in ("", finding.source)}
            if state in ("closed", "stable", "answered") and name == "helper":
                assert shown == set()
                continue
            assert shown == legal_here, (state, name)
    session.rollback()


def test_who_answered_never_checks_and_neither_does_his_unit(wall, session, place) -> None:
    """One person with posts on both sides, and a colleague in the fixer's unit whose check reaches the place."""
    both = add_actor(wall, place.district.ref, "liaison", place.lead, "两头")
    finding = lay_finding(session, place, "rectifying")
    act(session, both, finding.id, "answer", version=1, photos=[place.photo], now=THURSDAY)
    duties = both.duties + place.people["office"].duties
    twice = type(both)(**{f: getattr(both, f) for f in both.__slots__} | {"duties": duties})
    for verb in ("close", "send_back"):
        with pytest.raises(Forbidden, match="另一方"):
            act(session, twice, finding.id, verb, version=2, outcome="fixed", note="查过", now=THURSDAY)
    assert [s.verb for s in steps_for(session, twice, finding, THURSDAY) if "another" in s.by] == []
    session.rollback()


def test_a_restricted_finding_is_nobodys_but_the_named_roles(session, place) -> None:
    finding = lay_finding(session, place, "answered", restricted=True)
    for name, actor in place.people.items():
        if name.startswith("discipline"):
            continue
        for verb in TRANSITIONS:
            with pytest.raises(NotFound):
                act(session, actor, finding.id, verb, version=1, now=THURSDAY, note="看", outcome="fixed")
    done = act(session, place.people["discipline"], finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
    assert done.state == "closed"
    session.rollback()


def test_what_is_missing_is_named_for_every_step(session, place) -> None:
    """Each needed field left out in turn is a fault at that field, and nothing changes."""
    for verb, step in TRANSITIONS.items():
        if not step.needs or step.by[0] == "system":
            continue
        state = min(step.from_states)
        actor = next(a for name, a in place.people.items() if verb in MAY[name])
        for missing in step.needs:
            finding, given = lay(session, place, state, verb)
            names = {"unit": "unit_id", "person": "person_id", "target": "target_id"}
            given.pop(names.get(missing, missing))
            with pytest.raises(InvalidInput) as caught:
                act(session, actor, finding.id, verb, version=1, now=THURSDAY, **given)
            assert missing in {fault.field for fault in caught.value.faults}, (verb, missing)
            session.rollback()


def test_allowed_is_derived_from_the_table() -> None:
    for state in STATES:
        for party in ("leading", "another", "desk", "assisting", "place", "leader", "system"):
            shown = allowed(state, Standing(frozenset({party})), "leader")
            wanted = [s.verb for s in TRANSITIONS.values() if state in s.from_states and party in s.by]
            assert [s.verb for s in shown] == wanted
    assert allowed("answered", Standing(frozenset({"another"}), own="自己答的")) == []
