"""The negative list: who keeps it, its moves and their history, what is refused, and of two at once one wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.marks.negative_input import Event
from core.work.marks.negative_list import correct, move, watch
from core.work.marks.negative_moves import CLEARED, EFFECTS, MOVES, STATES, TRIGGERED, WATCHED, moves_from
from core.work.marks.negative_reading import entries, read_entry
from core.work.tables import Audit, NegativeEntry, NegativeStep, Note
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.market import Town, town

NOW = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 19)
FIRE = Event("civilized_city", "较大火灾事故", date(2026, 11, 10), "deduct", "2.5", "应急管理局通报", "应急〔2026〕8号")
GIVEN: dict[str, dict[str, Any]] = {
    "trigger": {"on": date(2026, 11, 12), "document": "认定书〔2026〕3号"},
    "clear": {"on": date(2026, 11, 18), "document": "销案通知〔2026〕5号"},
    "dismiss": {"note": "经核实不属负面清单"},
    "withdraw": {"note": "认定书被撤销"},
}


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.district.session(wall) as opened:
        yield opened


def enter(session: ScopedSession, place: Town, **changed: Any) -> NegativeEntry:
    return watch(session, place.office, replace(FIRE, **changed), now=NOW)


def step(session: ScopedSession, place: Town, entry: NegativeEntry, verb: str, **changed: Any) -> NegativeEntry:
    given = GIVEN.get(verb, {}) | {"version": entry.version, "now": NOW} | changed
    return move(session, changed.pop("actor", place.office), entry.id, verb, **{k: v for k, v in given.items() if k != "actor"})  # fmt: skip


def in_state(session: ScopedSession, place: Town, state: str) -> NegativeEntry:
    entry = enter(session, place)
    for verb in {WATCHED: (), TRIGGERED: ("trigger",), CLEARED: ("trigger", "clear")}[state]:
        entry = step(session, place, entry, verb)
    return entry


def test_watched_triggered_cleared_each_with_person_and_document(session: ScopedSession, place: Town) -> None:
    entry = enter(session, place, unit_id=place.district.street)
    assert (entry.state, entry.version, entry.points, entry.triggered_on) == ("watched", 1, 250, None)
    entry = step(session, place, entry, "trigger")
    assert (entry.state, entry.triggered_on, entry.document) == ("triggered", date(2026, 11, 12), "认定书〔2026〕3号")
    entry = step(session, place, entry, "clear")
    assert (entry.state, entry.version, entry.cleared_on) == ("cleared", 3, date(2026, 11, 18))
    assert entry.document == "认定书〔2026〕3号"  # the effect keeps the document that it was triggered by
    lines = session.scalars(
        select(NegativeStep).where(NegativeStep.entry_id == entry.id).order_by(NegativeStep.version)
    ).all()
    assert [(s.verb, s.from_state, s.to_state, s.document, s.person_id, s.person_name) for s in lines] == [
        ("watch", None, "watched", "应急〔2026〕8号", place.office.person_id, place.office.name),
        ("trigger", "watched", "triggered", "认定书〔2026〕3号", place.office.person_id, place.office.name),
        ("clear", "triggered", "cleared", "销案通知〔2026〕5号", place.office.person_id, place.office.name),
    ]
    verbs = session.scalars(select(Audit.verb).where(Audit.object_id == str(entry.id)).order_by(Audit.at)).all()
    assert verbs == ["negative.watch", "negative.trigger", "negative.clear"]


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("verb", [verb for verb in MOVES if verb not in ("watch", "correct")])
def test_every_state_and_move(session: ScopedSession, place: Town, state: str, verb: str) -> None:
    """The table is the truth: what it allows is done, all else is refused and changes nothing."""
    entry = in_state(session, place, state)
    if MOVES[verb] in moves_from(state):
        assert step(session, place, entry, verb).state == MOVES[verb].to_state
    else:
        version = entry.version
        with pytest.raises(Conflict):
            step(session, place, entry, verb)
        session.refresh(entry)
        assert (entry.state, entry.version) == (state, version)


def test_a_withdrawn_trigger_is_as_if_it_had_not_been(session: ScopedSession, place: Town) -> None:
    entry = step(session, place, in_state(session, place, TRIGGERED), "withdraw")
    assert (entry.state, entry.triggered_on) == ("watched", None)
    event = replace(FIRE, effect="bar", points=None, title="重大火灾事故")
    entry = correct(session, place.office, entry.id, event, version=3, note="等级认定有误", now=NOW)
    assert (entry.effect, entry.points, entry.title, entry.version) == ("bar", 0, "重大火灾事故", 4)
    fixed = step(session, place, entry, "trigger")
    with pytest.raises(Conflict):
        correct(session, place.office, entry.id, FIRE, version=fixed.version, note="再改", now=NOW)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": " "}, "title"),
        ({"campaign": "no_such_city"}, "campaign"),
        ({"happened_on": None}, "happened_on"),
        ({"happened_on": date(2026, 11, 20)}, "happened_on"),
        ({"effect": "praise"}, "effect"),
        ({"points": "0"}, "points"),
        ({"points": "-1"}, "points"),
        ({"points": "1.005"}, "points"),
        ({"points": "NaN"}, "points"),
        ({"points": "9" * 30}, "points"),
        ({"points": ""}, "points"),
        ({"effect": "cap", "points": None}, "points"),
        ({"unit_id": UUID(int=7)}, "unit_id"),
        ({"document": "文" * 201}, "document"),
        ({"source": "a\0b"}, "source"),
    ],
)
def test_bad_entries_name_the_field(session: ScopedSession, place: Town, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        enter(session, place, **changed)
    assert [f.field for f in refused.value.faults] == [field]
    assert all(f.remedy for f in refused.value.faults)


@pytest.mark.parametrize(
    ("verb", "changed", "fields"),
    [
        ("trigger", {"on": None, "document": ""}, ["document", "on"]),
        ("trigger", {"on": date(2026, 11, 9)}, ["on"]),
        ("trigger", {"on": date(2026, 11, 20)}, ["on"]),
        ("dismiss", {"note": ""}, ["note"]),
    ],
)
def test_bad_steps_name_the_field(
    session: ScopedSession, place: Town, verb: str, changed: dict[str, Any], fields: list[str]
) -> None:
    entry = enter(session, place)
    with pytest.raises(InvalidInput) as refused:
        step(session, place, entry, verb, **changed)
    assert [f.field for f in refused.value.faults] == fields
    triggered = step(session, place, entry, "trigger")
    with pytest.raises(InvalidInput) as refused:
        step(session, place, triggered, "clear", on=date(2026, 11, 11))
    assert [f.field for f in refused.value.faults] == ["on"]


def test_only_who_seals_figures_keeps_the_list(wall: Wall, place: Town) -> None:
    supervisor = add_actor(wall, place.ref, "discipline", place.district.root)
    street = add_actor(wall, place.ref, "hq_office", place.district.street)
    one = replace(place.office, duties=tuple(replace(duty, campaign="sanitary_city") for duty in place.office.duties))
    with place.district.session(wall) as session:
        for actor in (place.inspector, place.leader, place.liaison, supervisor, street, one):
            with pytest.raises(Forbidden):
                watch(session, actor, FIRE, now=NOW)
        entry = enter(session, place)
        with pytest.raises(Forbidden):
            step(session, place, entry, "trigger", actor=one)
        assert watch(session, one, replace(FIRE, campaign="sanitary_city"), now=NOW).id
        with pytest.raises(NotFound):
            move(session, place.office, new_id(), "trigger", version=1, now=NOW, **GIVEN["trigger"])
        with pytest.raises(InvalidInput, match="没有这种办理"):
            step(session, place, entry, "burn")


def test_what_is_only_watched_is_for_those_who_see_the_district(wall: Wall, place: Town) -> None:
    near = add_actor(wall, place.ref, "liaison", place.district.communities[0])
    with place.district.session(wall) as session:
        quiet, loud = enter(session, place, title="只在关注"), in_state(session, place, TRIGGERED)
        seen = {row.id for row, *_ in session.execute(entries(session, near, now=NOW))}
        assert loud.id in seen
        assert quiet.id not in seen
        assert {quiet.id, loud.id} <= {row.id for row, *_ in session.execute(entries(session, place.leader, now=NOW))}
        with pytest.raises(NotFound):
            read_entry(session, near, quiet.id, NOW)
        assert read_entry(session, near, loud.id, NOW).moves == []
        assert [m.verb for m in read_entry(session, place.office, loud.id, NOW).moves] == ["clear", "withdraw"]
        assert set(EFFECTS) == {"deduct", "cap", "bar"}


def test_of_two_at_once_one_wins(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        entry_id = enter(session, place).id
        session.commit()
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def run(verb: str) -> None:
        start.wait()
        with place.district.session(wall) as session:
            try:
                move(session, place.office, entry_id, verb, version=1, now=NOW, **GIVEN[verb])
                session.commit()
                outcomes.append("won")
            except Stale as error:
                outcomes.append(error.params["who"])

    threads = [threading.Thread(target=run, args=(verb,)) for verb in ("trigger", "dismiss") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted(["won", *[place.office.name] * 5])
    with place.district.session(wall) as session:
        assert len(session.scalars(select(NegativeStep).where(NegativeStep.entry_id == entry_id)).all()) == 2


def test_who_should_know_is_told_when_it_counts_and_when_no_longer(session, place, wall) -> None:
    ref, root = place.district.ref, place.district.root
    own = add_actor(wall, ref, "liaison", place.district.street, "街道联络员")
    leader = add_actor(wall, ref, "leader", root, "分管领导")
    other = add_actor(wall, ref, "liaison", place.district.communities[1], "别处联络员")
    second = add_actor(wall, ref, "hq_office", root, "创建办同事")

    def told(kind: str, entry: NegativeEntry) -> list[UUID]:
        chosen = select(Note.person_id).where(Note.kind == kind, Note.object_id == str(entry.id))
        return list(session.scalars(chosen))

    entry = step(session, place, enter(session, place, unit_id=place.district.street), "trigger")
    people = told("negative.trigger", entry)
    assert {own.person_id, leader.person_id, second.person_id} <= set(people)
    assert len(people) == len(set(people)), "once each"
    assert place.office.person_id not in people, "he did it himself"
    assert other.person_id not in people
    note = session.scalars(select(Note).where(Note.object_id == str(entry.id), Note.person_id == own.person_id)).one()
    assert (note.object_kind, note.params) == ("negative", {"title": "较大火灾事故", "day": "2026-11-12"})
    step(session, place, entry, "clear")
    assert set(told("negative.clear", entry)) == set(people)
    quiet = step(session, place, enter(session, place), "dismiss")
    assert session.scalars(select(Note).where(Note.object_id == str(quiet.id))).all() == []
