"""Whistle and report (吹哨报到): every state with every verb and every party, two at the same moment, the clock, the figures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.work.calendar import seed_calendar
from core.work.desk.inbox_queries import whistle_query
from core.work.inspection.photos import open_photo, store
from core.work.tables import Audit, Finding, Note, Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_blowing import MOST_UNITS, Wanted, blow, callable_units, callers_for
from core.work.whistling.whistle_detail import detail
from core.work.whistling.whistle_figures import called_figures, caller_figures, median_minutes
from core.work.whistling.whistle_list import Filter, list_whistles
from core.work.whistling.whistle_notes import leaders_of
from core.work.whistling.whistle_rules import Rules, load_rules, set_rules
from core.work.whistling.whistle_steps import CLOCK, MOVES, OPEN, RESPONDER, STAGES, STATES, possible
from core.work.whistling.whistles import act, escalate_due
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, add_site, add_unit, bare_district
from tests.work import whistle_page as page
from tests.work.market import THURSDAY, Town, send, town
from tests.work.pictures import jpeg

FIRST, SECOND = "sanitation", "urban_management"


def at(minutes: int) -> datetime:
    """So many minutes after ten on Thursday."""
    return THURSDAY + timedelta(minutes=minutes)


@dataclass
class Stage:
    """A district with everybody who can stand at a whistle."""

    district: District
    caller: Actor  # of the first community
    first: Actor  # of a called department
    second: Actor  # of another
    leader: Actor
    office: Actor
    stranger: Actor  # of a department that was not called

    @property
    def called(self) -> tuple[UUID, UUID]:
        return self.district.departments[FIRST], self.district.departments[SECOND]

    def wanted(self, **changed: object) -> Wanted:
        given: dict[str, object] = {
            "caller_unit_id": self.district.communities[0],
            "unit_ids": self.called,
            "matter": "污水井堵塞，需要疏通",
            "place": "一号院南门",
        }
        return Wanted(**(given | changed))  # type: ignore[arg-type]  # a test's own words

    def people(self) -> dict[str, Actor]:
        return {
            "caller": self.caller,
            "first": self.first,
            "second": self.second,
            "leader": self.leader,
            "office": self.office,
        }


def set_stage(wall: Wall) -> Stage:
    made = bare_district(wall, "哨区")
    ref, home = made.ref, made.communities[0]
    with made.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return Stage(
        made,
        add_actor(wall, ref, "liaison", home, "社区联络员"),
        add_actor(wall, ref, "liaison", made.departments[FIRST], "环卫联络员"),
        add_actor(wall, ref, "liaison", made.departments[SECOND], "城管联络员"),
        add_actor(wall, ref, "leader", made.root, "分管领导"),
        add_actor(wall, ref, "hq_office", made.root, "创建办"),
        add_actor(wall, ref, "liaison", made.departments["finance_bureau"], "财政联络员"),
    )


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return set_stage(wall)


@pytest.fixture
def session(wall: Wall, stage: Stage):
    with stage.district.session(wall) as opened:
        yield opened


@pytest.fixture(scope="module")
def photo(wall: Wall, stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> str:
    with stage.district.session(wall) as opened:
        file = store(opened, stage.first, jpeg(), files=tmp_path_factory.mktemp("files"))
        opened.commit()
        return file.original_sha256


def whistle_in(session: ScopedSession, stage: Stage, state: str, first: str = "") -> Whistle:
    """A whistle led to a state; ``first`` is how far the first called unit has come there."""
    done = blow(session, stage.caller, stage.wanted(), now=THURSDAY)
    steps = {
        "waiting": [],
        "accepted": ["accept"],
        "present": ["arrive"],
        "done": ["arrive", "report"],
        "": ["arrive"] if state in ("on_site", "solved") else [],
    }[first]
    if state == "escalated" and steps:
        take(session, stage.caller, done, "escalate")
    for verb in steps:
        take(session, stage.first, done, verb)
    if state == "on_site" and "arrive" not in steps:  # the other one is there, the first is not
        take(session, stage.second, done, "arrive")
    if state == "solved":
        take(session, stage.caller, done, "confirm")
    if state == "cancelled":
        take(session, stage.caller, done, "cancel")
    if state == "escalated" and not steps:
        take(session, stage.caller, done, "escalate")
    assert done.state == state
    session.commit()
    return done


def take(session: ScopedSession, who: Actor, whistle: Whistle, verb: str, **given: object) -> Whistle:
    """A step at the version of now, with a note."""
    said: dict[str, object] = {"version": whistle.version, "note": "测试", "now": at(5)}
    return act(session, who, whistle.id, verb, **(said | given))  # type: ignore[arg-type]  # a test's own words


def history(session: ScopedSession, whistle_id: UUID) -> list[tuple[int, str, str | None, str]]:
    rows = session.scalars(select(WhistleEvent).filter_by(whistle_id=whistle_id).order_by(WhistleEvent.version))
    return [(e.version, e.verb, e.from_state, e.to_state) for e in rows]


# ---- the table ----


def test_the_table_is_closed_and_every_open_state_can_be_left() -> None:
    for move in MOVES.values():
        assert set(move.leads) | set(move.leads.values()) <= STATES.keys()
        assert set(move.leads) <= set(OPEN), "what is over stays over"
        assert move.stages <= STAGES.keys()
        assert bool(move.stages) is (move.by == RESPONDER)
    assert {"called"} | {t for m in MOVES.values() for t in m.leads.values()} == STATES.keys()
    assert {s for m in MOVES.values() for s, t in m.leads.items() if s != t} == set(OPEN)


# What each party may do in each state, when the first called unit has come so far: written by hand, from the issue.
CALLER_MAY = {
    "called": {"cancel", "escalate"},
    "on_site": {"confirm", "cancel", "escalate"},
    "escalated": {"confirm", "cancel"},
}
FIRST_MAY = {
    ("called", "waiting"): {"accept", "arrive"},
    ("called", "accepted"): {"arrive"},
    ("on_site", "waiting"): {"accept", "arrive"},
    ("on_site", "accepted"): {"arrive"},
    ("on_site", "present"): {"report"},
    ("on_site", "done"): set(),
    ("escalated", "waiting"): {"accept", "arrive"},
    ("escalated", "accepted"): {"arrive"},
    ("escalated", "present"): {"report"},
    ("escalated", "done"): set(),
}
SITUATIONS = [*FIRST_MAY, ("solved", ""), ("cancelled", "")]


@pytest.mark.parametrize(("state", "first"), SITUATIONS)
def test_every_state_with_every_verb_and_every_party(
    session: ScopedSession, stage: Stage, state: str, first: str
) -> None:
    may = {
        "caller": CALLER_MAY.get(state, set()),
        "first": FIRST_MAY.get((state, first), set()),
        "leader": {"instruct"} if state == "escalated" else set(),
        "office": {"instruct"} if state == "escalated" else set(),
    }
    tried, whistle = 0, None
    for party, allowed in may.items():
        who = stage.people()[party]
        for verb in MOVES:
            # One that was refused is as it was, which is looked at each time: the next may try it, too.
            whistle = whistle or whistle_in(session, stage, state, first)
            before = history(session, whistle.id)
            offered = {o.move.verb for o in detail(session, who, whistle.id, now=at(5)).offers}
            assert offered == allowed, "what a page offers is what the ledger takes"
            tried += 1
            if verb in allowed:
                done = take(session, who, whistle, verb)
                session.commit()
                assert done.state == MOVES[verb].leads[state]
                assert history(session, whistle.id) == [*before, (len(before) + 1, verb, state, done.state)]
                whistle = None
                continue
            with pytest.raises(InvalidInput if MOVES[verb].by == CLOCK else (Forbidden, Conflict)):
                take(session, who, whistle, verb)
            session.rollback()
            assert history(session, whistle.id) == before
    assert tried == 4 * len(MOVES)


def test_a_refusal_says_what_is_allowed_now_and_by_whom(session: ScopedSession, stage: Stage) -> None:
    whistle = whistle_in(session, stage, "called")
    with pytest.raises(Forbidden) as refused:
        take(session, stage.first, whistle, "cancel")
    assert refused.value.text() == (
        "“撤销吹哨”由吹哨单位办理；现在可以办理：接哨（应哨单位）、报到（已到场）（应哨单位）、"
        "撤销吹哨（吹哨单位）、提级领导（吹哨单位）"
    )
    with pytest.raises(Conflict) as early:
        take(session, stage.caller, whistle, "confirm")
    assert "已吹哨，等待到场" in early.value.text()
    assert early.value.params["verbs"] == ("accept", "arrive", "cancel", "escalate")
    over = whistle_in(session, stage, "cancelled")
    with pytest.raises(Conflict, match="现在可以办理：无"):
        take(session, stage.caller, over, "cancel")
    assert possible("solved", {}) == []


# ---- blowing ----


def test_a_whistle_has_a_number_calls_history_and_an_hour(session: ScopedSession, stage: Stage) -> None:
    one = blow(session, stage.caller, stage.wanted(), now=THURSDAY)
    two = blow(session, stage.caller, stage.wanted(), now=THURSDAY)
    assert int(two.number[5:]) == int(one.number[5:]) + 1
    assert one.number.startswith("2026-")
    assert (one.state, one.version, one.arrive_by) == ("called", 1, at(60))
    assert one.unit_id == stage.district.communities[0], "a free place lies at the caller"
    calls = session.scalars(select(WhistleCall).filter_by(whistle_id=one.id)).all()
    assert {call.unit_id for call in calls} == set(stage.called)
    assert history(session, one.id) == [(1, "blow", None, "called")]
    assert session.scalars(select(Audit.verb).filter_by(object_id=str(one.id))).all() == ["whistle.blow"]


def test_a_site_gives_its_words_position_and_territory(session: ScopedSession, stage: Stage) -> None:
    spot = add_site(session, stage.district.communities[0], "produce_market", name="东市场")
    done = blow(session, stage.caller, stage.wanted(site_id=spot, place=""), now=THURSDAY)
    assert (done.place, done.site_id, done.unit_id) == ("东市场", spot, stage.district.communities[0])
    here = {"longitude": Decimal("112.549248"), "latitude": Decimal("37.857014")}
    told = blow(session, stage.caller, stage.wanted(site_id=spot, place="北门", **here), now=THURSDAY)
    assert (told.place, told.longitude, told.latitude) == ("北门", *here.values())


def test_the_same_form_twice_is_one_whistle(session: ScopedSession, stage: Stage) -> None:
    key = new_id()
    one = blow(session, stage.caller, stage.wanted(), whistle_id=key, now=THURSDAY)
    session.commit()
    again = blow(session, stage.caller, stage.wanted(matter="别的"), whistle_id=key, now=at(1))
    assert (again.id, again.matter, history(session, key)) == (one.id, one.matter, [(1, "blow", None, "called")])
    colleague = Actor(stage.caller.tenant, stage.first.person_id, "x", stage.caller.duties)
    with pytest.raises(Conflict):
        blow(session, colleague, stage.wanted(), whistle_id=key, now=at(1))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"unit_ids": ()}, "unit_ids"),
        ({"unit_ids": [uuid4()]}, "unit_ids"),
        ({"unit_ids": [uuid4() for _ in range(MOST_UNITS + 1)]}, "unit_ids"),
        ({"matter": "  "}, "matter"),
        ({"matter": "长" * 501}, "matter"),
        ({"place": ""}, "place"),
        ({"place": "坏\x00字"}, "place"),
        ({"site_id": uuid4()}, "site_id"),
        ({"caller_unit_id": uuid4()}, "caller_unit_id"),
        ({"finding_id": uuid4()}, "finding_id"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 7 * 24 * 60 + 1}, "minutes"),
        ({"solve_by": at(60)}, "solve_by"),
        ({"longitude": Decimal(181), "latitude": Decimal(1)}, "longitude"),
        ({"longitude": Decimal("NaN"), "latitude": Decimal(1)}, "longitude"),
        ({"longitude": Decimal(112)}, "latitude"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    session: ScopedSession, stage: Stage, changed: dict[str, object], field: str
) -> None:
    before = session.scalar(select(func.count()).select_from(Whistle))
    with pytest.raises(InvalidInput) as refused:
        blow(session, stage.caller, stage.wanted(**changed), now=THURSDAY)
    assert {fault.field for fault in refused.value.faults} == {field}
    assert all(fault.remedy for fault in refused.value.faults)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Whistle)) == before


def test_who_may_whistle_for_whom_and_call_whom(wall: Wall, session: ScopedSession, stage: Stage) -> None:
    ref, made = stage.district.ref, stage.district
    day = THURSDAY.date()
    street = add_actor(wall, ref, "liaison", made.street)
    grid_worker = add_actor(wall, ref, "grid_worker", made.communities[1])
    assert {u.id for u in callers_for(session, street, day)} == {made.street, *made.communities}
    assert {u.id for u in callers_for(session, grid_worker, day)} == {made.communities[1]}
    for nobody in (stage.office, stage.first, add_actor(wall, ref, "inspector", made.root)):
        assert callers_for(session, nobody, day) == []
        with pytest.raises(InvalidInput) as refused:
            blow(session, nobody, stage.wanted(), now=THURSDAY)
        assert refused.value.faults[0].field == "caller_unit_id"
    offered = {unit.id for unit in callable_units(session, made.communities[0], day)}
    assert set(stage.called) <= offered
    assert made.communities[1] in offered
    assert not offered & {made.communities[0], made.street, made.root}, "its own line is not called"
    with pytest.raises(InvalidInput):
        blow(session, stage.caller, stage.wanted(unit_ids=[made.street]), now=THURSDAY)


def test_a_restricted_or_unseen_finding_is_not_told_to_others(wall: Wall) -> None:
    place: Town = town(wall)
    home = place.district.communities[0]
    caller = add_actor(wall, place.ref, "liaison", home)
    called = [place.district.departments[FIRST]]
    with place.district.session(wall) as session:
        found = send(session, place, now=THURSDAY).findings[0]
        session.commit()
        wanted = Wanted(home, called, "井盖松动", "东门", finding_id=found.id)
        done = blow(session, caller, wanted, now=THURSDAY)
        session.commit()
        assert detail(session, caller, done.id, now=at(1)).finding is not None
        other = add_actor(wall, place.ref, "liaison", place.district.communities[1])
        assert callers_for(session, other, THURSDAY.date())
        with pytest.raises(InvalidInput) as unseen:
            blow(session, other, Wanted(place.district.communities[1], called, "x", "y", finding_id=found.id))
        assert unseen.value.faults[0].message == "没有这个问题"
        session.execute(update(Finding).where(Finding.id == found.id).values(restricted=True))
        with pytest.raises(InvalidInput) as restricted:
            blow(session, caller, wanted, now=THURSDAY)
        assert [fault.field for fault in restricted.value.faults] == ["finding_id"]


def test_the_finding_behind_it_is_shown_to_those_who_see_it(wall: Wall) -> None:
    place: Town = town(wall)
    caller = add_actor(wall, place.ref, "liaison", place.district.communities[0])
    finance = place.district.departments["finance_bureau"]
    helper = add_actor(wall, place.ref, "liaison", finance)
    with place.district.session(wall) as session:
        found = send(session, place, now=THURSDAY).findings[0]
        wanted = Wanted(place.district.communities[0], [finance], "井盖松动", "东门", finding_id=found.id)
        done = blow(session, caller, wanted, now=THURSDAY)
        session.commit()
        assert detail(session, caller, done.id, now=at(1)).finding == (found.id, f"{found.number} {found.title}")
        assert detail(session, helper, done.id, now=at(1)).finding is None


# ---- the steps ----


def test_the_whole_story_with_its_clocks(session: ScopedSession, stage: Stage, photo: str) -> None:
    first, second = stage.called
    done = blow(session, stage.caller, stage.wanted(), now=THURSDAY)
    act(session, stage.first, done.id, "accept", version=1, now=at(3))
    act(session, stage.first, done.id, "arrive", version=2, photo=photo, now=at(25))
    act(session, stage.second, done.id, "arrive", version=3, now=at(61))
    act(session, stage.first, done.id, "report", version=4, note="井已疏通", now=at(90))
    act(session, stage.caller, done.id, "confirm", version=5, note="现场已恢复", now=at(95))
    session.commit()
    seen = detail(session, stage.caller, done.id, now=at(100))
    clocks = {c.unit_id: (c.accepted_at, c.arrived_at, c.solved_at, c.stage, c.late) for c in seen.calls}
    assert clocks == {
        first: (at(3), at(25), at(90), "done", False),
        second: (at(61), at(61), None, "present", True),  # who is there has accepted
    }
    assert {c.unit_id: (c.arrived_by, c.note) for c in seen.calls}[first] == ("环卫联络员", "井已疏通")
    assert (seen.whistle.state, seen.whistle.solved_at, seen.whistle.result) == ("solved", at(95), "现场已恢复")
    assert [e.verb for e in seen.events] == ["blow", "accept", "arrive", "arrive", "report", "confirm"]
    assert [e.unit_name for e in seen.events][1:4] == ["哨区环卫", "哨区环卫", "哨区城管"]
    lines = session.scalars(select(Audit.verb).filter_by(object_id=str(done.id)).order_by(Audit.id)).all()
    assert lines == [f"whistle.{e.verb}" for e in seen.events]


def test_a_photo_of_the_arrival_is_seen_by_those_who_see_the_whistle(
    wall: Wall, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = tmp_path_factory.mktemp("shots")
    with stage.district.session(wall) as session:
        file = store(session, stage.first, jpeg((80, 60)), files=files)
        done = blow(session, stage.caller, stage.wanted(unit_ids=stage.called[:1]), now=THURSDAY)
        session.commit()
        with pytest.raises(NotFound):
            open_photo(session, stage.caller, file.id, files, now=at(1))
        act(session, stage.first, done.id, "arrive", version=1, photo=str(file.id), now=at(9))
        session.commit()
        assert open_photo(session, stage.caller, file.id, files, now=at(10)).is_file()
        assert open_photo(session, stage.leader, file.id, files, now=at(10)).is_file()
        for nobody in (stage.stranger, stage.second):
            with pytest.raises(NotFound):
                open_photo(session, nobody, file.id, files, now=at(10))


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("report", {"note": " "}, "note"),
        ("confirm", {"note": ""}, "note"),
        ("cancel", {"note": ""}, "note"),
        ("escalate", {"note": ""}, "note"),
        ("escalate", {"note": "x", "leader_id": uuid4()}, "leader_id"),
        ("arrive", {"photo": "f" * 64}, "photo"),
        ("cancel", {"note": "长" * 2001}, "note"),
        ("vanish", {}, "verb"),
        ("overdue", {}, "verb"),
    ],
)
def test_what_a_step_needs_is_named(
    session: ScopedSession, stage: Stage, verb: str, given: dict[str, object], field: str
) -> None:
    who = stage.first if verb in ("report", "arrive") else stage.caller
    whistle = whistle_in(session, stage, "on_site", "waiting" if verb == "arrive" else "present")
    with pytest.raises(InvalidInput) as refused:
        take(session, who, whistle, verb, **given)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_who_helped_does_not_confirm_his_own_help(wall: Wall, session: ScopedSession, stage: Stage) -> None:
    whole = add_actor(wall, stage.district.ref, "liaison", stage.district.root)  # answers for every unit
    whistle = whistle_in(session, stage, "called")
    with pytest.raises(InvalidInput) as which:
        take(session, whole, whistle, "arrive")
    assert which.value.faults[0].field == "unit_id"
    take(session, whole, whistle, "arrive", unit_id=stage.called[0])
    with pytest.raises(Forbidden, match="吹哨单位的其他人"):
        take(session, whole, whistle, "confirm")
    assert take(session, stage.caller, whistle, "confirm").state == "solved"
    both = Actor(
        stage.caller.tenant, stage.second.person_id, stage.second.name, stage.second.duties + stage.caller.duties
    )
    other = whistle_in(session, stage, "on_site")
    with pytest.raises(Forbidden, match="应哨单位"):
        take(session, both, other, "confirm")
    with pytest.raises(Forbidden, match="不能替"):
        take(session, stage.first, other, "arrive", unit_id=stage.called[1])


def test_an_escalation_goes_to_the_nearest_leader_and_his_word_is_kept(
    wall: Wall, session: ScopedSession, stage: Stage
) -> None:
    made = stage.district
    day = THURSDAY.date()
    assert [one.person_id for one in leaders_of(session, made.communities[0], day)] == [stage.leader.person_id]
    assert leaders_of(session, stage.called[0], day)[0].unit_name == "哨区"
    whistle = whistle_in(session, stage, "on_site")
    take(session, stage.caller, whistle, "escalate", leader_id=stage.leader.person_id, now=at(20))
    assert (whistle.escalated_at, whistle.leader_id) == (at(20), stage.leader.person_id)
    take(session, stage.leader, whistle, "instruct", note="城管今晚前到位")
    seen = detail(session, stage.caller, whistle.id, now=at(30))
    assert (seen.leader, seen.events[-1].verb, seen.events[-1].note) == ("分管领导", "instruct", "城管今晚前到位")
    assert take(session, stage.second, whistle, "arrive").state == "escalated", (
        "what is escalated stays so until solved"
    )


def test_where_there_is_no_leader_the_office_is_told(wall: Wall) -> None:
    made = bare_district(wall, "无领导区")
    office = add_actor(wall, made.ref, "hq_office", made.root)
    add_actor(wall, made.ref, "discipline", made.root)
    with made.session(wall) as session:
        found = leaders_of(session, made.communities[0], THURSDAY.date())
    assert [one.person_id for one in found] == [office.person_id]


# ---- who sees it ----


def test_out_of_reach_unknown_and_elsewhere_are_the_same(wall: Wall, session: ScopedSession, stage: Stage) -> None:
    whistle = whistle_in(session, stage, "called")
    neighbour = set_stage(wall)
    home = add_actor(wall, stage.district.ref, "liaison", stage.district.communities[1])
    said = set()
    for who, wanted in ((stage.stranger, whistle.id), (home, whistle.id), (stage.caller, new_id())):
        with pytest.raises(NotFound) as refused:
            act(session, who, wanted, "accept", version=1)
        said.add(refused.value.text())
        with pytest.raises(NotFound):
            detail(session, who, wanted)
    with neighbour.district.session(wall) as elsewhere, pytest.raises(NotFound) as refused:
        act(elsewhere, neighbour.office, whistle.id, "accept", version=1)
    assert said | {refused.value.text()} == {"没有找到"}
    for who, there in ((stage.office, True), (stage.first, True), (stage.stranger, False), (home, False)):
        rows = list_whistles(session, who, page_size=200).rows
        assert (whistle.id in {row.id for row in rows}) is there


# ---- requests that are declined ----


@dataclass
class Asked:
    """A district where a garrison is asked beside a department that is called."""

    stage: Stage
    garrison: UUID
    guest: Actor

    def blow(self, session: ScopedSession, *others: UUID, **changed: object) -> Whistle:
        wanted = self.stage.wanted(unit_ids=[self.garrison, *others], **changed)
        return blow(session, self.stage.caller, wanted, now=THURSDAY)


@pytest.fixture
def asked(wall: Wall) -> Asked:
    own = set_stage(wall)
    with own.district.session(wall) as session:
        garrison = add_unit(session, "department", "驻地单位", [own.district.root])
        session.execute(update(Unit).where(Unit.id == garrison).values(commanded=False))
        session.commit()
    return Asked(own, garrison, add_actor(wall, own.district.ref, "liaison", garrison, "驻地联络员"))


def test_who_was_asked_may_decline_with_a_reason_and_the_caller_is_told(wall: Wall, asked: Asked) -> None:
    own, first = asked.stage, asked.stage.called[0]
    with own.district.session(wall) as session:
        done = asked.blow(session, first)
        session.commit()
        offered = {o.move.verb for o in detail(session, asked.guest, done.id, now=at(1)).offers}
        assert offered == {"accept", "arrive", "decline"}
        assert "decline" not in {o.move.verb for o in detail(session, own.first, done.id, now=at(1)).offers}
        with pytest.raises(InvalidInput) as empty:
            act(session, asked.guest, done.id, "decline", version=1, note=" ", now=at(1))
        assert empty.value.faults[0].field == "note"
        for who in (own.caller, own.leader, own.office):
            with pytest.raises(Forbidden):
                act(session, who, done.id, "decline", version=1, note="x", now=at(1))
        with pytest.raises(Forbidden, match="归指挥部调度"):
            act(session, own.first, done.id, "decline", version=1, note="没空", now=at(1))
        session.rollback()
        act(session, asked.guest, done.id, "accept", version=1, now=at(2))
        act(session, asked.guest, done.id, "decline", version=2, note="执行任务，不能到场", now=at(3))
        session.commit()
        told = session.scalars(select(Note.text).where(Note.person_id == own.caller.person_id)).all()
        assert [text for text in told if "婉拒" in text] == ["商请 {number}：{unit} 婉拒，不能到场"]
        call = next(c for c in detail(session, own.caller, done.id, now=at(90)).calls if c.unit_id == asked.garrison)
        assert (call.stage, call.note, call.late, call.declined_at) == ("declined", "执行任务，不能到场", False, at(3))
        for verb in ("accept", "arrive", "report", "decline"):
            with pytest.raises(Conflict):
                act(session, asked.guest, done.id, verb, version=3, note="x", now=at(4))
        session.rollback()
        assert inbox_whistles(session, asked.guest) == 0
        assert inbox_whistles(session, own.first) == 1
        act(session, own.first, done.id, "arrive", version=3, now=at(10))
        session.commit()
        assert escalate_due(session, at(600)) == 0, "who declined is not missing"
        row = detail(session, own.caller, done.id, now=at(600)).row
        assert (row.called, row.expected, row.declined, row.arrived, row.accepted, row.late) == (2, 1, 1, 1, 1, False)
        late = list_whistles(session, own.office, Filter(late=True), now=at(600)).rows
        assert done.id not in {one.id for one in late}
        before = session.scalar(select(func.count()).select_from(Note).filter_by(person_id=asked.guest.person_id))
        act(session, own.caller, done.id, "confirm", version=4, note="已疏通", now=at(20))
        after = session.scalar(select(func.count()).select_from(Note).filter_by(person_id=asked.guest.person_id))
        assert (done.state, after) == ("solved", before), "it is finished without whom it does not concern any more"


def inbox_whistles(session: ScopedSession, actor: Actor) -> int:
    return len(session.scalars(whistle_query(actor, at(5))).all())


def test_who_is_there_cannot_decline_and_where_all_did_the_caller_decides(wall: Wall, asked: Asked) -> None:
    own = asked.stage
    with own.district.session(wall) as session:
        there = asked.blow(session)
        act(session, asked.guest, there.id, "arrive", version=1, now=at(1))
        with pytest.raises(Conflict):
            act(session, asked.guest, there.id, "decline", version=2, note="x", now=at(2))
        alone = asked.blow(session)
        act(session, asked.guest, alone.id, "decline", version=1, note="无此设备", now=at(2))
        session.commit()
        assert escalate_due(session, at(600)) == 0
        assert {o.move.verb for o in detail(session, own.caller, alone.id, now=at(3)).offers} == {"cancel", "escalate"}
        act(session, own.caller, alone.id, "escalate", version=2, note="请领导协调", now=at(4))
        act(session, own.caller, alone.id, "confirm", version=3, note="街道自行解决", now=at(5))
        assert alone.state == "solved"


def test_a_unit_that_comes_under_command_later_keeps_the_request_it_got(wall: Wall, asked: Asked) -> None:
    own = asked.stage
    with own.district.session(wall) as session:
        done = asked.blow(session, own.called[0])
        session.execute(update(Unit).where(Unit.id == asked.garrison).values(commanded=True))
        session.execute(update(Unit).where(Unit.id == own.called[0]).values(commanded=False))
        session.commit()
        with pytest.raises(Forbidden):
            act(session, own.first, done.id, "decline", version=1, note="x", now=at(1))
        session.rollback()
        act(session, asked.guest, done.id, "decline", version=1, note="不便", now=at(1))
        assert {c.unit_id: c.commanded for c in detail(session, own.caller, done.id, now=at(2)).calls} == {
            asked.garrison: False,
            own.called[0]: True,
        }


def test_declined_requests_count_apart(wall: Wall, asked: Asked) -> None:
    own, first = asked.stage, asked.stage.called[0]
    with own.district.session(wall) as session:
        for minutes in (10, 90):  # once all who stood were there in time, once not
            done = asked.blow(session, first)
            act(session, asked.guest, done.id, "accept", version=1, now=at(1))
            act(session, asked.guest, done.id, "decline", version=2, note="有任务", now=at(2))
            act(session, own.first, done.id, "arrive", version=3, now=at(minutes))
        came = asked.blow(session)
        act(session, asked.guest, came.id, "arrive", version=1, now=at(30))
        alone = asked.blow(session)
        act(session, asked.guest, alone.id, "decline", version=1, note="有任务", now=at(2))
        act(session, own.caller, alone.id, "escalate", version=2, note="请协调", now=at(80))
        session.commit()
        units = {f.unit_id: f for f in called_figures(session, own.office, at(-60), at(600), now=at(600))}
        guest, mine = units[asked.garrison], units[first]
        assert (guest.called, guest.accepted, guest.arrived, guest.in_time, guest.minutes) == (1, 1, 1, 1, 30)
        assert (guest.solved, guest.escalated, guest.declined) == (0, 0, 3)
        assert (mine.called, mine.in_time, mine.declined) == (2, 1, 0)
        (area,) = caller_figures(session, own.office, at(-60), at(600), now=at(600))
        assert (area.called, area.calls, area.accepted, area.arrived) == (4, 3, 3, 3)
        assert (area.in_time, area.escalated, area.declined) == (2, 1, 3)


# ---- versions and races ----


def test_an_old_version_names_the_winner(session: ScopedSession, stage: Stage) -> None:
    whistle = whistle_in(session, stage, "called")
    act(session, stage.first, whistle.id, "accept", version=1, now=THURSDAY)
    for who, verb, version in ((stage.first, "arrive", 1), (stage.caller, "cancel", 1), (stage.first, "arrive", 9)):
        with pytest.raises(Stale) as lost:
            act(session, who, whistle.id, verb, version=version, note="x")
        assert "哨区环卫 环卫联络员已于 11-19 10:00:00 更新" in lost.value.text()
        assert (lost.value.params["state_code"], lost.value.params["version"]) == ("called", 2)


def test_one_called_units_clock_is_no_business_of_anothers(session: ScopedSession, stage: Stage) -> None:
    whistle = whistle_in(session, stage, "called")
    act(session, stage.first, whistle.id, "accept", version=1, now=at(1))
    act(session, stage.second, whistle.id, "arrive", version=1, now=at(2))
    assert (whistle.version, whistle.state) == (3, "on_site")
    act(session, stage.caller, whistle.id, "cancel", version=3, note="误吹", now=at(3))
    with pytest.raises(Stale, match="社区联络员"):
        act(session, stage.first, whistle.id, "arrive", version=2, now=at(4))


def in_threads(count: int, run: Callable[[int], None]) -> list[Exception]:
    errors: list[Exception] = []
    gate = threading.Barrier(count)

    def guarded(number: int) -> None:
        try:
            gate.wait()
            run(number)
        except Exception as error:  # told to the test
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_sixteen_threads_accept_once_and_escalate_or_confirm_once(wall: Wall, stage: Stage) -> None:
    won: list[tuple[UUID, str]] = []
    lost: list[SanchengError] = []
    with stage.district.session(wall) as session:
        waiting = [whistle_in(session, stage, "called").id for _ in range(10)]
        there = [whistle_in(session, stage, "on_site").id for _ in range(10)]

    def run(number: int) -> None:
        for whistle_id in waiting + there:
            who, verb = (stage.first, "accept") if whistle_id in waiting else (stage.caller, "confirm")
            if whistle_id in there and number % 3 == 0:
                verb = "escalate"
            with stage.district.session(wall) as session:
                try:
                    act(session, who, whistle_id, verb, version=1 if whistle_id in waiting else 2, note="x", now=at(9))
                    session.commit()
                    won.append((whistle_id, verb))
                except Stale as error:
                    lost.append(error)

    assert in_threads(16, run) == []
    assert sorted(one for one, _ in won) == sorted(waiting + there)
    assert len(lost) == 16 * 20 - 20
    assert all("已于" in error.text() for error in lost)
    with stage.district.session(wall) as session:
        for whistle_id in waiting + there:
            events = history(session, whistle_id)
            assert [version for version, *_ in events] == list(range(1, len(events) + 1))
            assert len(events) == (2 if whistle_id in waiting else 3)


def test_departments_that_arrive_at_the_same_moment_all_arrive(wall: Wall, stage: Stage) -> None:
    made = stage.district
    roles = sorted(made.departments)[:8]
    people = [add_actor(wall, made.ref, "liaison", made.departments[role]) for role in roles]
    with made.session(wall) as session:
        units = [made.departments[role] for role in roles]
        whistle = blow(session, stage.caller, stage.wanted(unit_ids=units), now=THURSDAY)
        session.commit()

    def run(number: int) -> None:
        with made.session(wall) as session:
            act(session, people[number], whistle.id, "arrive", version=1, now=at(9))
            session.commit()

    assert in_threads(8, run) == []
    with made.session(wall) as session:
        seen = detail(session, stage.caller, whistle.id, now=at(10))
        assert (seen.row.arrived, seen.whistle.version, len(seen.events)) == (8, 9, 9)


def test_numbers_have_no_gap_and_no_double(wall: Wall) -> None:
    own = set_stage(wall)

    def run(_: int) -> None:
        for _turn in range(5):
            with own.district.session(wall) as session:
                blow(session, own.caller, own.wanted(), now=THURSDAY)
                session.commit()

    assert in_threads(8, run) == []
    with own.district.session(wall) as session:
        numbers = sorted(session.scalars(select(Whistle.number)))
    assert numbers == [f"2026-{n:04d}" for n in range(1, 41)]


# ---- the clock ----


def test_the_clock_escalates_once_whatever_the_job_does(wall: Wall) -> None:
    own = set_stage(wall)
    with own.district.session(wall) as session:
        missed = blow(session, own.caller, own.wanted(), now=THURSDAY)
        half = blow(session, own.caller, own.wanted(), now=THURSDAY)
        whole = blow(session, own.caller, own.wanted(unit_ids=own.called[:1]), now=THURSDAY)
        later = blow(session, own.caller, own.wanted(minutes=200), now=THURSDAY)
        act(session, own.first, half.id, "arrive", version=1, now=at(10))
        act(session, own.first, whole.id, "arrive", version=1, now=at(10))
        session.commit()
        assert escalate_due(session, at(60)) == 0, "the hour is not over"
        assert escalate_due(session, at(70)) == 0, "nor is the grace"
        session.commit()
    with own.district.session(wall) as session:  # the run of 11:10 was missed; this one is hours late
        assert escalate_due(session, at(180)) == 2
        session.commit()
    for moment in (at(180), at(181), at(209)):
        with own.district.session(wall) as session:
            assert escalate_due(session, moment) == 0
            session.commit()
    with own.district.session(wall) as session:
        assert {one.id: session.get_one(Whistle, (own.district.ref.id, one.id)).state for one in
                (missed, half, whole, later)} == {
            missed.id: "escalated", half.id: "escalated", whole.id: "on_site", later.id: "called",
        }  # fmt: skip
        assert history(session, missed.id) == [(1, "blow", None, "called"), (2, "overdue", "called", "escalated")]
        event = session.scalars(select(WhistleEvent).filter_by(whistle_id=missed.id, version=2)).one()
        assert (event.person_id, event.unit_id, event.at) == (None, None, at(180))
        assert MOVES["overdue"].by == CLOCK


def test_the_clock_of_the_solution_escalates_once_beside_that_of_the_arrival(wall: Wall) -> None:
    own = set_stage(wall)
    with own.district.session(wall) as session:
        one = own.called[:1]
        there = blow(session, own.caller, own.wanted(unit_ids=one, solve_by=at(120)), now=THURSDAY)
        absent = blow(session, own.caller, own.wanted(unit_ids=one, solve_by=at(120)), now=THURSDAY)
        solved = blow(session, own.caller, own.wanted(unit_ids=one, solve_by=at(120)), now=THURSDAY)
        endless = blow(session, own.caller, own.wanted(unit_ids=one), now=THURSDAY)
        for whistle in (there, solved, endless):
            act(session, own.first, whistle.id, "arrive", version=1, now=at(10))
        act(session, own.caller, solved.id, "confirm", version=2, note="好", now=at(100))
        session.commit()
        assert escalate_due(session, at(130)) == 1, "the missing one; the grace of the solution is not over"
        session.commit()
        chosen = str(own.leader.person_id)
    with own.district.session(wall) as session:  # the worker was down for a day
        assert escalate_due(session, at(26 * 60)) == 2
        session.commit()
    for moment in (at(26 * 60), at(26 * 60 + 10), at(60 * 60)):
        with own.district.session(wall) as session:
            assert escalate_due(session, moment) == 0
            session.commit()
    with own.district.session(wall) as session:
        verbs = {one.id: [verb for _, verb, *_ in history(session, one.id)] for one in (there, absent, solved, endless)}
        assert verbs == {
            there.id: ["blow", "arrive", "overrun"],
            absent.id: ["blow", "overdue", "overrun"],
            solved.id: ["blow", "arrive", "confirm"],
            endless.id: ["blow", "arrive"],
        }
        rows = {row.id: row for row in session.scalars(select(Whistle))}
        assert (rows[there.id].state, rows[there.id].escalated_at) == ("escalated", at(26 * 60))
        assert rows[absent.id].escalated_at == at(130), "the first escalation keeps its time"
        assert {rows[x.id].overran_at for x in (there, absent)} == {at(26 * 60)}
        told = session.execute(select(Note.person_id, Note.text, Note.object_id)).all()
        mine = [text for person, text, about in told if str(person) == chosen and about == str(absent.id)]
        assert sorted(mine) == [
            "吹哨 {number}：到场时限已过，应哨单位没有到齐，已自动提级，{place}",
            "吹哨 {number}：解决时限已过，事情还没有解决，已自动提级，{place}",
        ]
        calls = {f.unit_id: f for f in called_figures(session, own.office, at(-60), at(600), now=at(600))}
        assert calls[own.called[0]].escalated == 1, "only the whistle from which it was missing"


def test_whoever_leads_an_escalated_whistle_hears_of_the_second_clock_alone(wall: Wall) -> None:
    own = set_stage(wall)
    other = add_actor(wall, own.district.ref, "leader", own.district.root, "另一位领导")
    with own.district.session(wall) as session:
        done = blow(session, own.caller, own.wanted(unit_ids=own.called[:1], solve_by=at(120)), now=THURSDAY)
        act(session, own.caller, done.id, "escalate", version=1, note="急", leader_id=other.person_id, now=at(5))
        act(session, own.first, done.id, "arrive", version=2, now=at(10))
        session.commit()
        assert escalate_due(session, at(131)) == 1
        session.commit()
        assert (done.leader_id, done.escalated_at, done.overran_at) == (other.person_id, at(5), at(131))
        people = session.scalars(select(Note.person_id).where(Note.text.contains("解决时限已过"))).all()
        assert other.person_id in people
        assert own.leader.person_id not in people
        assert len(people) == len(set(people))


def test_two_runs_at_the_same_moment_escalate_once(wall: Wall) -> None:
    own = set_stage(wall)
    with own.district.session(wall) as session:
        found = [blow(session, own.caller, own.wanted(), now=THURSDAY).id for _ in range(20)]
        session.commit()
    counted: list[int] = []

    def run(_: int) -> None:
        with own.district.session(wall) as session:
            counted.append(escalate_due(session, at(100)))
            session.commit()

    assert in_threads(6, run) == []
    with own.district.session(wall) as session:
        counted.append(escalate_due(session, at(101)))
        assert sum(counted) == 20
        for whistle_id in found:
            assert [verb for _, verb, *_ in history(session, whistle_id)] == ["blow", "overdue"]


def test_the_rules_are_the_tenants(wall: Wall) -> None:
    own = set_stage(wall)
    friday_evening = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai; Saturday is no working day
    with own.district.session(wall) as session:
        assert load_rules(session) == Rules(60, False, 10)
        with pytest.raises(Forbidden):
            set_rules(session, own.caller, Rules(30), now=THURSDAY)
        for rules, field in ((Rules(0), "minutes"), (Rules(30, False, -1), "grace")):
            with pytest.raises(InvalidInput) as refused:
                set_rules(session, own.office, rules, now=THURSDAY)
            assert refused.value.faults[0].field == field
        set_rules(session, own.office, Rules(90, True, 0), now=THURSDAY)
        set_rules(session, own.office, Rules(90, True, 5), now=THURSDAY)
        session.commit()
        assert load_rules(session) == Rules(90, True, 5)
        counted = blow(session, own.caller, own.wanted(), now=friday_evening)
        assert counted.arrive_by == datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # Monday 01:00: half an hour and an hour
        clock = blow(session, own.caller, own.wanted(minutes=90, working=False), now=friday_evening)
        assert clock.arrive_by == friday_evening + timedelta(minutes=90)


# ---- notes ----


def test_called_units_are_told_and_others_are_asked(wall: Wall) -> None:
    own = set_stage(wall)
    with own.district.session(wall) as session:
        garrison = add_unit(session, "department", "驻地单位", [own.district.root])
        session.execute(update(Unit).where(Unit.id == garrison).values(commanded=False))
        session.commit()
        guest = add_actor(wall, own.district.ref, "liaison", garrison)
        done = blow(session, own.caller, own.wanted(unit_ids=[own.called[0], garrison]), now=THURSDAY)
        session.commit()
        texts = dict(session.execute(select(Note.person_id, Note.text)).all())
        assert texts[own.first.person_id].startswith("吹哨")
        assert texts[guest.person_id].startswith("商请")
        assert own.second.person_id not in texts
        act(session, own.first, done.id, "arrive", version=1, now=at(5))
        escalate_due(session, at(100))
        session.commit()
        told = session.execute(select(Note.person_id, Note.text, Note.object_id)).all()
        assert {object_id for _, _, object_id in told} == {str(done.id)}
        mine = [text for person, text, _ in told if person == own.caller.person_id]
        assert any("已到场" in text for text in mine)
        assert any("自动提级" in text for text in mine)
        assert any("自动提级" in text for person, text, _ in told if person == own.leader.person_id)


# ---- lists and figures ----


def test_lists_filter_and_turn_pages(wall: Wall) -> None:
    own = set_stage(wall)
    made = own.district
    other = add_actor(wall, made.ref, "liaison", made.communities[1])
    with made.session(wall) as session:
        for n in range(5):
            blow(session, own.caller, own.wanted(matter=f"事项{n}"), now=at(n))
        blow(session, other, own.wanted(caller_unit_id=made.communities[1], unit_ids=own.called[:1]), now=at(0))
        solved = whistle_in(session, own, "solved")
        session.commit()

        def count(who: Actor = own.office, now: datetime = at(10), **wanted: object) -> int:
            return len(list_whistles(session, who, Filter(**wanted), now=now).rows)  # type: ignore[arg-type]

        assert (count(), count(other), count(own.second), count(own.stranger)) == (7, 1, 6, 0)
        assert (count(states=["solved"]), count(states=["called"]), count(text="事项3"), count(text="%")) == (
            1,
            6,
            1,
            0,
        )
        assert count(units=[made.communities[1]]) == 1
        assert count(units=[own.called[1]]) == 6
        assert count(units=[made.street]) == 7
        assert count(since=at(1), until=at(4)) == 3
        assert (count(late=True), count(late=True, now=at(100)), count(late=False, now=at(100))) == (0, 6, 1)
        assert solved.id in {row.id for row in list_whistles(session, own.office, Filter(late=False), now=at(100)).rows}
        seen, cursor = [], None
        while True:
            found = list_whistles(session, own.office, cursor=cursor, page_size=2, now=at(10))
            seen += [(row.called_at, row.id) for row in found.rows]
            cursor = found.next_cursor
            if cursor is None:
                break
        assert seen == sorted(seen, reverse=True)
        assert len(set(seen)) == 7
        for wrong in ({"cursor": "x"}, {"page_size": 0}, {"wanted": Filter(states=["lost"])}):
            with pytest.raises(InvalidInput):
                list_whistles(session, own.office, **wrong)  # type: ignore[arg-type]


def test_figures_are_exact(wall: Wall) -> None:
    own = set_stage(wall)
    made = own.district
    first, second = own.called
    with made.session(wall) as session:
        # arrivals of the first after 10, 25 and 90 minutes: in time twice of three; the second came once of three
        for n, minutes in enumerate((10, 25, 90)):
            one = blow(session, own.caller, own.wanted(), now=THURSDAY)
            act(session, own.first, one.id, "arrive", version=1, now=at(minutes))
            if n == 0:
                act(session, own.second, one.id, "accept", version=2, now=at(12))
                act(session, own.second, one.id, "arrive", version=3, now=at(13))
                act(session, own.first, one.id, "report", version=4, note="好", now=at(40))
                act(session, own.caller, one.id, "confirm", version=5, note="好", now=at(50))
        session.commit()
        escalate_due(session, at(95))  # the second is missing twice, the first of the third came before the run
        off = blow(session, own.caller, own.wanted(), now=THURSDAY)
        act(session, own.caller, off.id, "cancel", version=1, note="误吹", now=at(1))
        blow(session, own.caller, own.wanted(), now=at(24 * 60))  # another day
        session.commit()
        since, until = at(-60), at(600)
        departments = {f.unit_id: f for f in called_figures(session, own.office, since, until, now=at(100))}
        assert [
            (f.called, f.accepted, f.arrived, f.in_time, f.minutes, f.solved, f.escalated)
            for f in (departments[first], departments[second])
        ] == [(3, 3, 3, 2, 25, 1, 0), (3, 1, 1, 1, 13, 0, 2)]
        (area,) = caller_figures(session, own.office, since, until, now=at(100))
        assert area.unit_id == made.communities[0]
        assert (area.called, area.calls, area.accepted, area.arrived, area.in_time, area.minutes) == (3, 6, 4, 4, 1, 19)
        assert (area.solved, area.escalated, area.cancelled) == (1, 2, 1)
        mine = called_figures(session, own.second, since, until, now=at(100))
        assert [f.unit_id for f in mine] == [second], "a department sees its own line"
        assert caller_figures(session, own.stranger, since, until, now=at(100)) == []


@pytest.mark.parametrize(
    ("low", "high", "minutes"),
    [(None, None, None), (600, 600, 10), (600, 780, 12), (29, 29, 0), (30, 30, 1), (0, 59, 0)],
)
def test_the_median_is_rounded_half_up_at_the_end(low: int | None, high: int | None, minutes: int | None) -> None:
    assert median_minutes(low, high) == minutes


# ---- the page of the docs ----


def test_the_page_draws_what_the_code_does() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert text == page.renew(text), "run: python -m tests.work.whistle_page"
