"""Settling doubts (疑点核实): by a person of another unit, once, with a note; and the figures beside them."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.loop.ledger import act
from core.work.proofs.doubt_figures import came_back, found_by
from core.work.proofs.doubt_list import Filter, list_doubts, uses_of
from core.work.proofs.doubt_settling import STATES, settle_doubt
from core.work.proofs.doubts import KINDS
from core.work.tables import Attachment, File, Finding, Signal
from core.work.tenant_settings import Integrity, read_kept, write_setting
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

NOW = THURSDAY + timedelta(days=2)


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    made = town(wall, tmp_path_factory.mktemp("files"))
    # Checks everywhere, and has a post at the fixer's unit too.
    both = add_actor(wall, made.district.ref, "hq_office", made.district.root, "两头任职")
    other = add_actor(wall, made.district.ref, "liaison", made.lead)
    made.people["both"] = type(both)(
        both.tenant, both.person_id, both.name, (*both.duties, *other.duties), both.user_id, "", both.root
    )
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened
        opened.rollback()


def reopened(session, place, **more) -> Signal:
    """A doubt of the simplest kind: closed, and open again the next day."""
    finding = lay_finding(session, place, "answered", **more)
    who = place.people["discipline" if more.get("restricted") else "office"]
    act(session, who, finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
    act(session, who, finding.id, "reopen", version=2, note="又有了", now=THURSDAY + timedelta(days=1))
    return session.scalars(select(Signal).where(Signal.finding_id == finding.id)).one()


def test_a_person_says_what_it_was_and_nothing_else_changes(session, place) -> None:
    doubt = reopened(session, place)
    finding = session.get(Finding, (session.tenant_id, doubt.finding_id))
    before = (finding.state, finding.version, finding.due_at)
    settle_doubt(session, place.people["office"], doubt.id, "explained", note="暴雨后又冲来", now=NOW)
    session.refresh(finding)
    assert (finding.state, finding.version, finding.due_at) == before
    assert (doubt.state, doubt.note, doubt.settled_at) == ("explained", "暴雨后又冲来", NOW)
    assert doubt.person_name == place.people["office"].name
    with pytest.raises(Conflict, match=place.people["office"].name):
        settle_doubt(session, place.people["discipline"], doubt.id, "confirmed", note="查实", now=NOW)


def test_not_by_the_fixers_unit_nor_without_a_note(session, place) -> None:
    doubt = reopened(session, place)
    with pytest.raises(Forbidden, match="您所在的单位"):
        settle_doubt(session, place.people["both"], doubt.id, "explained", note="我们的", now=NOW)
    for who in ("liaison", "place", "inspector", "leader", "inside"):
        with pytest.raises(Forbidden):
            settle_doubt(session, place.people[who], doubt.id, "explained", note="看过", now=NOW)
    with pytest.raises(NotFound):
        settle_doubt(session, place.people["stranger"], doubt.id, "explained", note="看过", now=NOW)
    for verdict, note, field in (("explained", " ", "note"), ("open", "看过", "verdict"), ("", "看过", "verdict")):
        with pytest.raises(InvalidInput) as refused:
            settle_doubt(session, place.people["office"], doubt.id, verdict, note=note, now=NOW)
        assert [fault.field for fault in refused.value.faults] == [field]
    assert doubt.state == "open"
    assert set(STATES) == {"open", "explained", "confirmed"}


def test_lists_show_what_the_reader_sees(session, place) -> None:
    plain, secret = reopened(session, place), reopened(session, place, restricted=True)
    office = place.people["office"]
    assert [row.signal.id for row in list_doubts(session, office, now=NOW)] == [plain.id]
    both = {row.signal.id for row in list_doubts(session, place.people["discipline"], now=NOW)}
    assert both == {plain.id, secret.id}
    assert list_doubts(session, place.people["stranger"], now=NOW) == []
    with pytest.raises(NotFound):
        settle_doubt(session, office, secret.id, "explained", note="看过", now=NOW)
    raised = plain.raised_at
    for wanted, count in (
        (Filter(kind="reopened_soon"), 1),
        (Filter(kind="burst"), 0),
        (Filter(state="open"), 1),
        (Filter(state="confirmed"), 0),
        (Filter(unit_id=place.lead), 1),
        (Filter(unit_id=place.district.root), 1),
        (Filter(unit_id=place.other), 0),
        (Filter(since=raised, until=raised + timedelta(seconds=1)), 1),
        (Filter(until=raised), 0),
    ):
        assert len(list_doubts(session, office, wanted, now=NOW)) == count, wanted


def test_where_a_photo_was_used_is_told_as_far_as_one_sees(session, place) -> None:
    first = lay_finding(session, place, "rectifying", restricted=True)
    second, third = (lay_finding(session, place, "rectifying") for _ in range(2))
    act(session, place.people["discipline_liaison"], first.id, "answer", version=1, photos=[place.photo], now=THURSDAY)
    for finding in (second, third):
        act(session, place.people["liaison"], finding.id, "answer", version=1, photos=[place.photo], now=THURSDAY)
    chosen = select(Signal).where(Signal.finding_id == third.id, Signal.kind == "photo_reused")
    doubt = session.scalars(chosen).one()
    uses = uses_of(session, place.people["office"], [doubt], NOW)[doubt.id]
    assert [use.finding.id if use.finding else None for use in uses] == [None, second.id]
    assert uses[0].file_id is None
    assert str(uses[1].file_id) == place.photo
    seen = uses_of(session, place.people["discipline"], [doubt], NOW)[doubt.id]
    assert [use.finding.id for use in seen if use.finding] == [first.id, second.id]


def test_the_before_photo_of_a_report_is_no_after_photo(session, place) -> None:
    finding = lay_finding(session, place, "rectifying")
    file = session.scalars(select(File)).first()
    session.add(Attachment(finding_id=finding.id, version=1, file_id=file.id))
    session.flush()
    act(session, place.people["liaison"], finding.id, "answer", version=1, photos=[place.photo], now=THURSDAY)
    kinds = session.scalars(select(Signal.kind).where(Signal.finding_id == finding.id)).all()
    assert "photo_reused" in kinds


def test_the_tenants_own_thresholds_count(session, place) -> None:
    version = read_kept(session, Integrity).version
    office = place.people["office"]
    write_setting(session, office, Integrity(reopened_days=1), version=version, now=THURSDAY)
    finding = lay_finding(session, place, "answered")
    act(session, office, finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
    act(session, office, finding.id, "reopen", version=2, note="又有了", now=THURSDAY + timedelta(days=3))
    assert session.scalars(select(Signal).where(Signal.finding_id == finding.id)).all() == []


def test_found_by_oneself_against_found_by_others(session, place) -> None:
    for basis, state in (("self", "closed"), ("verified", "closed"), ("verified", "answered"), ("self", "cancelled")):
        lay_finding(session, place, state).basis = basis
    lay_finding(session, place, "closed", restricted=True)
    session.flush()
    since, until = THURSDAY - timedelta(days=1), THURSDAY + timedelta(days=1)
    rows = found_by(session, place.people["office"], since, until, now=NOW)
    assert [(row.unit_id, row.own, row.others, row.total) for row in rows] == [(place.place, 1, 2, 3)]
    assert found_by(session, place.people["office"], until, until + timedelta(days=1), now=NOW) == []


def test_what_came_back_within_the_days(session, place) -> None:
    office = place.people["office"]
    for days in (0, 29, 31):
        finding = lay_finding(session, place, "answered")
        act(session, office, finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
        if days:
            again = THURSDAY + timedelta(days=days)
            act(session, office, finding.id, "relapse", version=2, note="又有了", now=again)
    since, until = THURSDAY - timedelta(hours=1), THURSDAY + timedelta(hours=1)
    rows = came_back(session, office, since, until, now=NOW + timedelta(days=60))
    assert [(row.unit_id, row.closed, row.came_back) for row in rows] == [(place.lead, 3, 1)]


def test_of_two_who_settle_at_once_one_does(wall, place) -> None:
    with place.district.session(wall) as session:
        doubt = reopened(session, place).id
        session.commit()
    said: list[str] = []
    gate = threading.Barrier(4)

    def settle(who: str, verdict: str) -> None:
        with place.district.session(wall) as session:
            gate.wait()
            try:
                settle_doubt(session, place.people[who], doubt, verdict, note="看过", now=NOW)
                session.commit()
                said.append("done")
            except Conflict:
                said.append("conflict")

    tries = [(who, verdict) for who in ("office", "discipline") for verdict in ("explained", "confirmed")]
    threads = [threading.Thread(target=settle, args=one) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["conflict"] * 3 + ["done"]


def test_the_page_of_the_docs_names_every_kind() -> None:
    text = (Path(__file__).parents[2] / "docs" / "proofs.md").read_text(encoding="utf-8")
    named = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert named == set(KINDS)
