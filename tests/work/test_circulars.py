"""Papers to several units: one number, each addressee reads, signs and answers for itself, and the paper follows."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from core.documents.notices import chinese, file_name, paper_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.desk.inbox import count_kinds
from core.work.desk.inbox_rows import read_duties
from core.work.organisation.burdens import burdens
from core.work.organisation.charts import close_unit
from core.work.papers.chasing_notices import remind_notices
from core.work.papers.notice_issuing import MOST_UNITS, Draft, issue, named
from core.work.papers.notice_list import NoticeFilter, list_notices
from core.work.papers.notice_moves import state_of
from core.work.papers.notices import act, open_notice, read_notice
from core.work.tables import Note, Notice, NoticeAddressee, NoticeEvent
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

FRIDAY = THURSDAY + timedelta(days=1)


@pytest.fixture(scope="module")
def place(wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"), "通报区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def send(session: ScopedSession, place: Town, kind: str = "circular", who: str = "office", **changed: object) -> Notice:
    given = {"unit_id": place.lead, "further": [place.helper, place.other], "title": "环境卫生", "demand": "立即整改"}
    given |= {"due_at": FRIDAY} | changed
    return issue(session, place.people[who], Draft(kind, **given), now=THURSDAY)  # type: ignore[arg-type]  # shorthand


def states(session: ScopedSession, notice: Notice) -> list[str]:
    query = select(NoticeAddressee.state).where(NoticeAddressee.notice_id == notice.id)
    return list(session.scalars(query.order_by(NoticeAddressee.position)))


def told(session: ScopedSession, place: Town, who: str) -> list[str]:
    return list(session.scalars(select(Note.kind).where(Note.person_id == place.people[who].person_id)))


def test_one_number_goes_to_many_and_each_is_told(session: ScopedSession, place: Town) -> None:
    notice = send(session, place, further=[place.helper, place.other, place.lead])
    assert (notice.number, notice.unit_id) == ("通报〔2026〕第1号", place.lead)
    assert send(session, place).number == "通报〔2026〕第2号", "one number for all of them"
    rows = session.scalars(
        select(NoticeAddressee).where(NoticeAddressee.notice_id == notice.id).order_by(NoticeAddressee.position)
    ).all()
    assert [(row.unit_id, row.position, row.state) for row in rows] == [
        (place.lead, 1, "issued"),
        (place.helper, 2, "issued"),
        (place.other, 3, "issued"),
    ]
    for who in ("liaison", "helper", "stranger"):
        assert told(session, place, who) == ["notice", "notice"]
    assert told(session, place, "place") == []


def test_each_signs_for_itself_and_the_paper_follows_the_last(session: ScopedSession, place: Town) -> None:
    notice, at = send(session, place), THURSDAY
    liaison, helper, stranger = (place.people[who] for who in ("liaison", "helper", "stranger"))
    open_notice(session, liaison, notice.id, now=at)
    assert (notice.state, states(session, notice)) == ("issued", ["read", "issued", "issued"])
    act(session, liaison, notice.id, "sign", version=2, now=at)
    # Nobody did anything to the helper's own place since it saw version 1: it is not too late.
    act(session, helper, notice.id, "sign", version=1, now=at)
    assert (notice.state, states(session, notice)) == ("issued", ["signed", "signed", "issued"])
    with pytest.raises(Stale):
        act(session, helper, notice.id, "sign", version=1, now=at)
    with pytest.raises(Conflict):
        act(session, helper, notice.id, "sign", version=notice.version, now=at)
    act(session, stranger, notice.id, "sign", version=notice.version, now=at)
    assert (notice.state, states(session, notice)) == ("signed", ["signed"] * 3)
    rows = session.scalars(select(NoticeAddressee).where(NoticeAddressee.notice_id == notice.id)).all()
    assert all(row.signed_at == at and row.read_at == at for row in rows)
    lines = session.scalars(select(NoticeEvent.verb).order_by(NoticeEvent.version)).all()
    assert lines == ["issue", "read", "sign", "sign", "sign"]


def test_answers_come_and_are_checked_one_by_one(session: ScopedSession, place: Town) -> None:
    notice, at = send(session, place, "supervision_order"), THURSDAY
    office, liaison, helper = (place.people[who] for who in ("office", "liaison", "helper"))
    act(session, liaison, notice.id, "reply", version=1, note="甲已整改", now=at)
    act(session, helper, notice.id, "reply", version=1, note="乙已整改", now=at)
    assert (notice.state, states(session, notice)) == ("issued", ["replied", "replied", "issued"])
    assert count_kinds(session, office, at)["notice_check"] == 2
    duties = read_duties(session, office, "notice_check", at, limit=9)
    assert {duty.unit_id for duty in duties} == {place.lead, place.helper}
    with pytest.raises(InvalidInput) as caught:
        act(session, office, notice.id, "close", version=notice.version, now=at)
    assert {fault.field for fault in caught.value.faults} == {"unit"}
    act(session, office, notice.id, "close", version=notice.version, unit_id=place.lead, now=at)
    act(session, office, notice.id, "send_back", version=notice.version, unit_id=place.helper, note="重写", now=at)
    assert states(session, notice) == ["closed", "signed", "issued"]
    assert "notice" in told(session, place, "helper")
    act(session, helper, notice.id, "reply", version=notice.version, note="补充", now=at)
    act(session, place.people["stranger"], notice.id, "reply", version=1, note="丙已整改", now=at)
    for unit in (place.helper, place.other):
        act(session, office, notice.id, "close", version=notice.version, unit_id=unit, now=at)
    assert (notice.state, states(session, notice)) == ("closed", ["closed"] * 3)


def test_what_another_answered_is_between_it_and_the_desk(session: ScopedSession, place: Town) -> None:
    notice, at = send(session, place, "supervision_order"), THURSDAY
    act(session, place.people["liaison"], notice.id, "reply", version=1, note="甲的话", now=at)
    act(session, place.people["helper"], notice.id, "reply", version=1, note="乙的话", now=at)

    def notes(who: str) -> list[str]:
        return [line.note for line in read_notice(session, place.people[who], notice.id, now=at).events if line.note]

    assert notes("liaison") == ["甲的话"]
    assert notes("helper") == ["乙的话"]
    assert notes("stranger") == []
    assert notes("office") == notes("leader") == ["甲的话", "乙的话"]


def test_a_foreign_unit_is_refused(session: ScopedSession, place: Town) -> None:
    notice = send(session, place, further=[place.helper])
    for who in ("stranger", "place"):
        with pytest.raises(NotFound):
            read_notice(session, place.people[who], notice.id, now=THURSDAY)
        with pytest.raises(NotFound):
            act(session, place.people[who], notice.id, "sign", version=1, now=THURSDAY)
    with pytest.raises(Forbidden):  # an addressee does not sign in another one's place
        act(session, place.people["helper"], notice.id, "sign", version=1, unit_id=place.lead, now=THURSDAY)
    with pytest.raises(InvalidInput):
        act(session, place.people["helper"], notice.id, "sign", version=1, unit_id=place.other, now=THURSDAY)
    with pytest.raises(Forbidden):  # who directs one of them only
        issue(session, place.people["inside"], Draft("circular", place.helper, "题", "要求"), now=THURSDAY)
    assert states(session, notice) == ["issued", "issued"]


def test_bad_addressees_are_named(session: ScopedSession, place: Town) -> None:
    for further in ([UUID(int=7)], [UUID(int=n) for n in range(1, MOST_UNITS + 1)]):
        with pytest.raises(InvalidInput) as caught:
            send(session, place, further=further)
        assert {fault.field for fault in caught.value.faults} == {"unit"}
        assert all(fault.remedy for fault in caught.value.faults)
    with pytest.raises(Forbidden):
        send(session, place, further=[place.district.root])


def test_cancelling_is_for_the_whole_paper(session: ScopedSession, place: Town) -> None:
    notice = send(session, place)
    act(session, place.people["liaison"], notice.id, "sign", version=1, now=THURSDAY)
    with pytest.raises(Stale):
        act(session, place.people["office"], notice.id, "cancel", version=1, note="发错", now=THURSDAY)
    act(session, place.people["office"], notice.id, "cancel", version=2, note="发错", now=THURSDAY)
    assert (notice.state, states(session, notice)) == ("cancelled", ["cancelled"] * 3)
    for who in ("liaison", "helper", "stranger"):
        assert len(told(session, place, who)) == 2


def test_it_waits_in_the_inbox_of_who_has_not_signed(session: ScopedSession, place: Town) -> None:
    notice = send(session, place)
    act(session, place.people["liaison"], notice.id, "sign", version=1, now=THURSDAY)

    def waits(who: str) -> int:
        mine = list_notices(session, place.people[who], NoticeFilter(box="in"), now=THURSDAY)
        found = count_kinds(session, place.people[who], THURSDAY)["notice"]
        assert [row.id for row in mine] == [notice.id] * found
        return found

    assert [waits(who) for who in ("liaison", "helper", "stranger", "place")] == [0, 1, 1, 0]
    (row,) = list_notices(session, place.people["helper"], NoticeFilter(), now=THURSDAY)
    assert [one.state for one in row.addressees] == ["signed", "issued", "issued"]
    assert row.signed == 1
    (found,) = list_notices(session, place.people["office"], NoticeFilter(units=[place.other]), now=THURSDAY)
    assert found.id == notice.id


def test_only_who_has_not_answered_is_chased(session: ScopedSession, place: Town) -> None:
    notice = send(session, place, "supervision_order")
    act(session, place.people["liaison"], notice.id, "reply", version=1, note="已改", now=THURSDAY)
    late = FRIDAY + timedelta(hours=1)
    assert remind_notices(session, late) == 1
    assert remind_notices(session, late) == 0, "once"
    assert "chase.notice_red" not in told(session, place, "liaison")
    assert "chase.notice_red" in told(session, place, "helper")
    assert "chase.notice_red" in told(session, place, "stranger")


def test_a_restricted_finding_does_not_leak_to_the_other_addressees(session: ScopedSession, place: Town) -> None:
    secret = lay_finding(session, place, "rectifying", restricted=True)
    notice = send(session, place, who="discipline", finding_ids=[secret.id])
    assert notice.restricted
    for who in ("liaison", "helper", "stranger", "office", "leader"):
        assert told(session, place, who) == []
        with pytest.raises(NotFound):
            read_notice(session, place.people[who], notice.id, now=THURSDAY)
    found = read_notice(session, place.people["discipline_liaison"], notice.id, now=THURSDAY)
    assert [row.id for row in found.findings] == [secret.id]


def test_the_paper_lists_problems_by_unit_as_they_stood(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying")
    closed = lay_finding(session, place, "closed")
    notice = send(session, place, finding_ids=[finding.id, closed.id])
    finding.state = "answered"
    session.flush()
    paper = paper_of(read_notice(session, place.people["office"], notice.id, now=THURSDAY), {}, is_demo=False)
    assert len(paper.addressees) == 3
    assert paper.addressee == "、".join(paper.addressees)
    assert "所列问题2件，已销号1件，未销号1件" in paper.tally
    (part,) = paper.parts
    assert part.heading.startswith("一、")
    assert part.heading.endswith("（2件）")
    assert {line.state for line in part.lines} == {"整改中", "已销号"}, "as they were at the issue"
    assert file_name(paper).endswith(f"（{paper.addressees[0]}等3个单位）.docx")
    other = paper_of(read_notice(session, place.people["stranger"], notice.id, now=THURSDAY), {}, is_demo=False)
    assert (other.lines, other.others) == ((), 2)


def test_units_that_are_merged_leave_one_place_on_the_paper(wall: Wall, tmp_path: Path) -> None:
    laid = town(wall, tmp_path, "合并区")
    actor = add_actor(wall, laid.district.ref, "administrator", laid.district.root)
    with laid.district.session(wall) as session:
        notice = send(session, laid, "supervision_order", further=[laid.helper])
        session.commit()
        assert burdens(session, None, [laid.lead], THURSDAY.date()).of(laid.lead).notices == 1
        close_unit(session, actor, laid.lead, heir_id=laid.helper, today=THURSDAY.date(), now=THURSDAY)
        session.refresh(notice)
        assert (notice.unit_id, notice.state, states(session, notice)) == (
            laid.helper,
            "issued",
            ["cancelled", "issued"],
        )
        assert burdens(session, None, [laid.lead], THURSDAY.date()).of(laid.lead).notices == 0
        act(session, laid.people["helper"], notice.id, "reply", version=notice.version, note="已改", now=THURSDAY)
        assert notice.state == "replied"


def test_units_sign_at_the_same_moment_and_all_of_them_do(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        notice_id = send(session, place).id
        session.commit()
    said, gate = [], threading.Barrier(6)

    def sign(who: str) -> None:
        with place.district.session(wall) as session:
            gate.wait()
            try:
                act(session, place.people[who], notice_id, "sign", version=1, now=THURSDAY)
                session.commit()
                said.append(f"{who} won")
            except Stale:
                said.append(f"{who} stale")

    threads = [threading.Thread(target=sign, args=[who]) for who in ("liaison", "helper", "stranger") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == sorted(
        f"{who} {how}" for who in ("liaison", "helper", "stranger") for how in ("won", "stale")
    )
    with place.district.session(wall) as session:
        notice = session.scalars(select(Notice).where(Notice.id == notice_id)).one()
        assert (notice.state, notice.version) == ("signed", 4)
        lines = session.scalars(select(NoticeEvent.verb).where(NoticeEvent.notice_id == notice_id)).all()
        assert sorted(lines) == ["issue", "sign", "sign", "sign"]


def test_small_words() -> None:
    assert [chinese(n) for n in (1, 10, 11, 20, 21, 100, 101, 110, 200, 999)] == (
        ["一", "十", "十一", "二十", "二十一", "一百", "一百零一", "一百一十", "二百", "九百九十九"]
    )
    assert named(["甲", "乙"]) == {"unit": "甲、乙", "unit_en": "甲, 乙"}
    assert named("甲乙丙丁") == {"unit": "甲等4个单位", "unit_en": "甲 and 3 more units"}
    assert state_of(["signed", "read", "cancelled"]) == "read"
    assert state_of(["cancelled"]) == "cancelled"
