"""Looking again (回头看): draws that anybody can repeat, people who did not handle it, and relapses of the same finding."""

from __future__ import annotations

import hashlib
import random
import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.loop.history import replay
from core.work.loop.ledger import act, steps_for
from core.work.proofs.recheck_samples import draw_again, list_samples, results_of
from core.work.proofs.rechecks import Filter, get_recheck, list_rechecks, plan_recheck, settle_recheck
from core.work.proofs.sampling import Wanted, choose, draw, next_seed, preview, rank_of
from core.work.tables import Finding, FindingEvent, Part, Recheck, RecheckSample
from tenants.db import new_id
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

DAY = THURSDAY.date()
LATER = THURSDAY + timedelta(days=5)
DUE = date(2026, 12, 4)


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    made = town(wall, tmp_path_factory.mktemp("files"))
    made.people["second"] = add_actor(wall, made.district.ref, "inspector", made.district.root, "第二检查员")
    made.people["neighbour"] = add_actor(
        wall, made.district.ref, "grid_worker", made.district.communities[1], "邻社区网格员"
    )
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened
        opened.rollback()


def wanted(seed: str = "5eed", rate: int = 50, pool=()) -> Wanted:
    return Wanted(DAY - timedelta(days=1), DAY, rate, seed, pool)


def closed(session, place, count: int) -> list[Finding]:
    return [lay_finding(session, place, "closed") for _ in range(count)]


def drawn(session, place, **said) -> RecheckSample:
    office = place.people["office"]
    return draw(session, office, wanted(**said), title="十一月抽样", due_on=DUE, now=LATER)


def test_a_draw_is_the_smallest_hashes_whatever_the_order() -> None:
    ids = [new_id() for _ in range(101)]
    first = choose("a", ids, 10)
    assert len(first) == 11, "a share is rounded up"
    chance = random.Random(3)
    for _ in range(5):
        chance.shuffle(ids)
        assert choose("a", ids, 10) == first
    by_hand = sorted(ids, key=lambda one: hashlib.sha256(f"a:{one}".encode()).hexdigest())
    assert first == by_hand[:11]
    assert choose("a", ids, 20)[:11] == first, "another rate makes the same list longer"
    assert choose("b", ids, 10) != first
    assert choose("a", ids[:1], 1) == ids[:1]
    assert choose("a", [], 10) == []
    assert rank_of("a", ids[0]) == hashlib.sha256(f"a:{ids[0]}".encode()).digest()


def test_a_sample_keeps_what_it_was_drawn_from(session, place) -> None:
    closed(session, place, 9)
    seen = preview(session, place.people["office"], wanted(), now=LATER)
    sample = drawn(session, place)
    assert (sample.population, sample.drawn) == (9, 5)
    rows = session.scalars(select(Recheck).where(Recheck.sample_id == sample.id)).all()
    assert {row.finding_id for row in rows} == set(seen.drawn)
    assert {row.finding_id: row.person_id for row in rows} == seen.people
    closed(session, place, 4)  # what is closed later changes nothing of it
    again = draw_again(session, sample)
    assert again.fits
    assert again.drawn == set(seen.drawn)
    rows[0].finding_id = next(one for one in again.ranked if one not in again.drawn)
    session.flush()
    assert not draw_again(session, sample).fits, "somebody chose by hand"


def test_the_same_form_twice_is_one_sample(session, place) -> None:
    closed(session, place, 6)
    first = drawn(session, place)
    assert drawn(session, place).id == first.id
    with pytest.raises(Conflict):
        drawn(session, place, rate=20)
    assert len(session.scalars(select(Recheck)).all()) == first.drawn
    other = drawn(session, place, seed="0ther", rate=100)
    assert other.population == 3, "what waits for a look is not drawn again"


def test_nobody_can_choose_the_seed(session, place) -> None:
    closed(session, place, 6)
    said = (session, "secret", DAY - timedelta(days=1), DAY, LATER)
    first = next_seed(*said)
    assert first == next_seed(*said)
    assert first != next_seed(session, "another", DAY - timedelta(days=1), DAY, LATER)
    drawn(session, place, seed=first)
    assert next_seed(*said) != first


def test_bad_conditions_are_named(session, place) -> None:
    closed(session, place, 2)
    office = place.people["office"]
    for change, field in (
        (Wanted(DAY, DAY - timedelta(days=1), 10, "a"), "closed_from"),
        (Wanted(DAY, DAY, 0, "a"), "rate_percent"),
        (Wanted(DAY, DAY, 101, "a"), "rate_percent"),
        (Wanted(DAY, DAY, 10, ""), "seed"),
        (Wanted(DAY, DAY, 10, "a b"), "seed"),
    ):
        with pytest.raises(InvalidInput) as refused:
            preview(session, office, change, now=LATER)
        assert field in [one.field for one in refused.value.faults]
    for title, due, days, field in (
        ("", DUE, DAY, "title"),
        ("抽样", DAY, DAY, "due_on"),
        ("抽样", DUE, DAY - timedelta(days=9), "closed_from"),
    ):
        with pytest.raises(InvalidInput) as refused:
            draw(session, office, Wanted(days, days, 10, "a"), title=title, due_on=due, now=LATER)
        assert field in [one.field for one in refused.value.faults]
    for who in ("inspector", "liaison", "inside"):
        with pytest.raises(Forbidden):
            preview(session, place.people[who], wanted(), now=LATER)


def test_only_what_is_closed_as_fixed_is_drawn(session, place) -> None:
    kept = lay_finding(session, place, "closed")
    for state in ("answered", "stable", "cancelled"):
        lay_finding(session, place, state)
    lay_finding(session, place, "closed").outcome = "cannot_fix"
    lay_finding(session, place, "closed", restricted=True)
    session.flush()
    for who in ("office", "discipline"):
        found = preview(session, place.people[who], wanted(rate=100), now=LATER)
        assert [*found.population] == [kept.id], who


def test_handlers_the_fixers_unit_and_the_far_away_are_left_out(session, place) -> None:
    findings = closed(session, place, 12)
    inspector = place.people["inspector"].person_id
    for finding in findings:
        event = {"from_state": "closed", "to_state": "closed", "at": THURSDAY, "verb": "note"}
        session.add(FindingEvent(finding_id=finding.id, version=2, person_id=inspector, **event))
        finding.version = 2
    session.flush()
    sample = drawn(session, place, rate=100)
    given = set(session.scalars(select(Recheck.person_id).where(Recheck.sample_id == sample.id)))
    able = {place.people[who].person_id for who in ("second", "office", "assessor", "grid_worker", "discipline")}
    assert given == able, "inside and liaison are the fixer's, the neighbour cannot go there, the inspector handled it"


def test_a_pool_without_anybody_able_leaves_it_open(session, place) -> None:
    closed(session, place, 3)
    pool = [place.people["inside"].person_id, place.people["neighbour"].person_id]
    sample = drawn(session, place, rate=100, pool=pool)
    rows = session.scalars(select(Recheck).where(Recheck.sample_id == sample.id)).all()
    assert [row.person_id for row in rows] == [None] * 3
    assert list_rechecks(session, place.people["second"], Filter(mine=True), now=LATER) == []
    settle_recheck(session, place.people["office"], rows[0].id, "stable", now=LATER)  # who checks there may


def due_for(session, place, who: str = "second", finding: Finding | None = None) -> Recheck:
    found = finding or lay_finding(session, place, "closed")
    person = place.people[who].person_id
    return plan_recheck(session, place.people["office"], found.id, person_id=person, due_on=DUE, now=LATER)


def test_stable_stays_closed(session, place) -> None:
    one = due_for(session, place)
    found = settle_recheck(session, place.people["second"], one.id, "stable", note="干净", now=LATER)
    assert (found.state, found.version, one.state) == ("stable", 2, "stable")
    assert one.done_by == place.people["second"].person_id


def test_a_relapse_opens_the_same_finding_with_its_history(session, place) -> None:
    finding = lay_finding(session, place, "answered")
    act(session, place.people["office"], finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
    one = due_for(session, place, finding=finding)
    with pytest.raises(InvalidInput) as refused:
        settle_recheck(session, place.people["second"], one.id, "relapsed", now=LATER)
    assert {fault.field for fault in refused.value.faults} == {"note", "photos"}
    said = {"note": "又堆满了", "photos": [place.photo]}
    found = settle_recheck(session, place.people["second"], one.id, "relapsed", **said, now=LATER)
    assert found.id == finding.id
    assert (found.state, found.relapsed, found.reopened, found.outcome) == ("rectifying", 1, 1, None)
    events = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version)
    ).all()
    assert [event.verb for event in events] == ["open", "close", "relapse"]
    assert events[-1].detail["photos"] == [place.photo]
    assert replay(events).relapsed == 1
    assert one.state == "relapsed"


def test_the_rate_is_relapsed_of_looked_at(session, place) -> None:
    closed(session, place, 6)
    sample = drawn(session, place, rate=100)
    rows = session.scalars(select(Recheck).where(Recheck.sample_id == sample.id)).all()
    office, said = place.people["office"], {"note": "又有了", "photos": [place.photo]}
    settle_recheck(session, office, rows[0].id, "relapsed", **said, now=LATER)
    settle_recheck(session, office, rows[1].id, "stable", now=LATER)
    settle_recheck(session, office, rows[2].id, "stable", now=LATER)
    finding = session.get(Finding, (session.tenant_id, rows[3].finding_id))
    act(session, office, finding.id, "reopen", version=1, note="群众反映", now=LATER)
    results = results_of(session, [sample.id])[sample.id]
    assert (results.relapsed, results.looked_at, results.due, results.dropped) == (1, 3, 2, 1)
    assert [one.id for one in list_samples(session)] == [sample.id]


def test_what_went_on_otherwise_is_dropped(session, place) -> None:
    office = place.people["office"]
    finding = lay_finding(session, place, "closed")
    one = due_for(session, place, finding=finding)
    act(session, office, finding.id, "reopen", version=1, now=LATER, note="又有了")
    session.refresh(one)
    assert one.state == "dropped"
    with pytest.raises(Conflict, match="另行办理"):
        settle_recheck(session, place.people["second"], one.id, "stable", now=LATER)
    kept = due_for(session, place)
    act(
        session,
        office,
        kept.finding_id,
        "correct",
        version=1,
        changes={"title": "地面有大量烟头"},
        note="写错",
        now=LATER,
    )
    session.refresh(kept)
    assert kept.state == "due"


def test_a_result_is_said_on_the_re_inspection_alone(session, place) -> None:
    office = place.people["office"]
    finding = lay_finding(session, place, "closed")
    free = {step.verb for step in steps_for(session, office, finding, LATER)}
    one = due_for(session, place, finding=finding)
    for verb, said in (("relapse", {"note": "又有了"}), ("confirm_stable", {})):
        with pytest.raises(Conflict, match="回头看里填写") as refused:
            act(session, office, finding.id, verb, version=1, now=LATER, **said)
        assert refused.value.params["who"] == place.people["second"].name
        assert refused.value.params["recheck"] == str(one.id)
    session.refresh(one)
    assert (one.state, finding.state) == ("due", "closed")
    assert free - {step.verb for step in steps_for(session, office, finding, LATER)} == {"confirm_stable", "relapse"}
    settle_recheck(session, place.people["second"], one.id, "stable", now=LATER)
    assert session.get(Finding, (session.tenant_id, finding.id)).state == "stable"
    assert "relapse" in {step.verb for step in steps_for(session, office, finding, LATER)}


def test_nobody_looks_at_his_own_work(session, place) -> None:
    finding = lay_finding(session, place, "answered")
    act(session, place.people["office"], finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
    for who in ("office", "inside", "liaison", "neighbour"):
        with pytest.raises(InvalidInput) as refused:
            due_for(session, place, who, finding)
        assert refused.value.faults[0].field == "person", who
    one = due_for(session, place, "second", finding)
    with pytest.raises(Forbidden):
        settle_recheck(session, place.people["office"], one.id, "stable", now=LATER)
    for who in ("inside", "stranger", "neighbour", "inspector"):
        with pytest.raises(NotFound):
            settle_recheck(session, place.people[who], one.id, "stable", now=LATER)
        with pytest.raises(NotFound):
            get_recheck(session, place.people[who], one.id, LATER)


def test_planning_one_is_refused_where_it_makes_no_sense(session, place) -> None:
    one = due_for(session, place)
    with pytest.raises(Conflict, match="已经安排"):
        due_for(session, place, finding=session.get(Finding, (session.tenant_id, one.finding_id)))
    with pytest.raises(Conflict, match="已销号"):
        due_for(session, place, finding=lay_finding(session, place, "rectifying"))
    finding = lay_finding(session, place, "closed")
    office = place.people["office"]
    with pytest.raises(InvalidInput):
        plan_recheck(session, office, finding.id, person_id=None, due_on=LATER.date(), now=LATER)
    with pytest.raises(Forbidden):
        plan_recheck(session, place.people["inspector"], finding.id, person_id=None, due_on=DUE, now=LATER)
    secret = lay_finding(session, place, "closed", restricted=True)
    with pytest.raises(NotFound):
        plan_recheck(session, office, secret.id, person_id=None, due_on=DUE, now=LATER)
    discipline = place.people["discipline"]
    planned = plan_recheck(session, discipline, secret.id, person_id=None, due_on=DUE, now=LATER)
    listed = [row.recheck.id for row in list_rechecks(session, office, now=LATER)]
    assert planned.id not in listed
    assert one.id in listed
    assert planned.id in [row.recheck.id for row in list_rechecks(session, discipline, now=LATER)]


def test_the_list_goes_on_after_a_place(session, place) -> None:
    closed(session, place, 7)
    sample = drawn(session, place, rate=100)
    office, found, after = place.people["office"], [], None
    while True:
        rows = list_rechecks(session, office, Filter(sample_id=sample.id), now=LATER, after=after, size=3)
        found += [row.recheck.id for row in rows[:3]]
        if len(rows) <= 3:
            break
        last = rows[2].recheck
        after = (int(last.state != "due"), last.due_on, last.id)
    assert len(found) == len(set(found)) == 7
    under = list_rechecks(session, office, Filter(unit_id=place.lead), now=LATER)
    assert len(under) == 7
    assert list_rechecks(session, office, Filter(unit_id=place.other), now=LATER) == []


def test_of_two_who_settle_at_once_one_does(wall, place) -> None:
    with place.district.session(wall) as session:
        one = due_for(session, place)
        session.commit()
        recheck_id, finding_id = one.id, one.finding_id
    said: list[str] = []
    gate = threading.Barrier(4)

    def settle(who: str, result: str) -> None:
        with place.district.session(wall) as session:
            gate.wait()
            try:
                more = {"note": "看过", "photos": [place.photo]}
                settle_recheck(session, place.people[who], recheck_id, result, **more, now=LATER)
                session.commit()
                said.append("done")
            except Conflict:
                said.append("conflict")

    tries = [("second", "stable"), ("second", "relapsed"), ("office", "stable"), ("office", "relapsed")]
    threads = [threading.Thread(target=settle, args=one) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["conflict"] * 3 + ["done"]
    with place.district.session(wall) as session:
        events = session.scalars(select(FindingEvent).where(FindingEvent.finding_id == UUID(str(finding_id)))).all()
        assert len(events) == 2
        assert session.scalars(select(Part).where(Part.finding_id == finding_id)).all()
