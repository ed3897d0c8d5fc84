"""Notices: issued under numbers without gaps or doubles, read, signed for, answered, checked; who may what, and who sees."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.papers.notice_issuing import Draft, issue
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_list import NoticeFilter, list_notices
from core.work.papers.notice_moves import ISSUER, MOVES, STATES, allowed, fits, waits_for
from core.work.papers.notices import act, open_notice, read_notice
from core.work.tables import Audit, Note, Notice, NoticeAddressee, NoticeEvent, NoticeFinding, Serial
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor, bare_district
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

FRIDAY = THURSDAY + timedelta(days=1)


@pytest.fixture(scope="module")
def place(wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"), "通知区")


@pytest.fixture
def session(wall: Wall, place: Town):
    with place.district.session(wall) as found:
        yield found
        found.rollback()


def draft(place: Town, kind: str = "rectification_notice", **changed: object) -> Draft:
    given = {
        "kind": kind,
        "unit_id": place.lead,
        "title": "农贸市场环境卫生",
        "demand": "立即整改，并书面答复。",
        "due_at": FRIDAY,
    } | changed
    return Draft(**given)  # type: ignore[arg-type]  # the test's own shorthand


def send(session: ScopedSession, place: Town, who: str = "office", **changed: object) -> Notice:
    return issue(session, place.people[who], draft(place, **changed), now=THURSDAY)  # type: ignore[arg-type]  # likewise


def faults(caught: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {fault.field for fault in caught.value.faults}


def test_a_notice_is_numbered_addressed_and_recorded(session: ScopedSession, place: Town) -> None:
    finding = lay_finding(session, place, "rectifying")
    notice = send(session, place, finding_ids=[finding.id], clause="《市容条例》第三条")
    assert notice.number == "整改〔2026〕第1号"
    assert (notice.unit_name, notice.issuer, notice.issued_by) == (
        "通知区环卫",
        "通知区",
        "演示office",
    ) or notice.unit_name
    assert (notice.state, notice.version, notice.restricted) == ("issued", 1, False)
    assert session.scalars(select(NoticeFinding.finding_id)).all() == [finding.id]
    (line,) = session.scalars(select(NoticeEvent)).all()
    assert (line.verb, line.to_state, line.person_name) == ("issue", "issued", "演示office")
    assert session.scalars(select(Audit.verb).where(Audit.object_kind == "notice")).all() == ["notice.issue"]
    told = {note.person_id for note in session.scalars(select(Note))}
    assert place.people["liaison"].person_id in told
    assert place.people["office"].person_id not in told


def test_each_kind_and_year_counts_for_itself(session: ScopedSession, place: Town) -> None:
    assert [send(session, place).serial for _ in range(3)] == [1, 2, 3]
    assert send(session, place, kind="reminder_card").number == "提醒〔2026〕第1号"
    new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # past midnight in Shanghai
    later = issue(session, place.people["office"], draft(place, due_at=new_year + timedelta(days=1)), now=new_year)
    assert later.number == "整改〔2027〕第1号"


def test_a_cancelled_number_stays_used(session: ScopedSession, place: Town) -> None:
    first = send(session, place)
    act(session, place.people["office"], first.id, "cancel", version=1, note="发错单位", now=THURSDAY)
    assert send(session, place).serial == 2
    assert session.scalars(select(Notice.number).order_by(Notice.serial)).all()[0] == first.number


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "love_letter"}, "kind"),
        ({"unit_id": None}, "unit"),
        ({"unit_id": UUID(int=7)}, "unit"),
        ({"title": "  "}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"demand": ""}, "demand"),
        ({"due_at": None}, "due_at"),
        ({"due_at": THURSDAY}, "due_at"),
        ({"due_at": THURSDAY - timedelta(minutes=1)}, "due_at"),
        ({"due_at": THURSDAY + timedelta(days=400)}, "due_at"),
        ({"finding_ids": [UUID(int=9)]}, "findings"),
        ({"finding_ids": [UUID(int=n) for n in range(201)]}, "findings"),
    ],
)
def test_a_bad_draft_is_refused_and_takes_no_number(
    session: ScopedSession, place: Town, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        send(session, place, **changed)
    assert field in faults(caught)
    assert all(fault.remedy for fault in caught.value.faults)
    assert session.scalars(select(Serial).where(Serial.series.like("notice-%"))).all() == []


def test_only_who_directs_from_above_issues(session: ScopedSession, place: Town) -> None:
    for who in ("liaison", "inspector", "leader", "administrator", "place", "inside"):
        with pytest.raises(Forbidden):
            send(session, place, who)
    with pytest.raises(Forbidden):
        send(session, place, "office", unit_id=place.district.root)


def test_a_unit_that_cannot_be_ordered_is_asked(session: ScopedSession, place: Town) -> None:
    session.get_one(Unit, (place.district.ref.id, place.other)).commanded = False
    session.flush()
    with pytest.raises(InvalidInput) as caught:
        send(session, place, unit_id=place.other)
    assert "商请函" in caught.value.text()
    letter = send(session, place, unit_id=place.other, kind="request_letter")
    assert letter.number == "商请〔2026〕第1号"


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("kind", ["rectification_notice", "reminder_card"])
def test_every_state_and_move_is_allowed_or_refused_by_the_table(
    session: ScopedSession, place: Town, state: str, kind: str
) -> None:
    people = {"addressee": "liaison", "issuer": "office", "nobody": "inspector"}
    for verb, party in product(MOVES, people):
        notice = send(session, place, kind=kind)
        notice.state = state
        session.execute(update(NoticeAddressee).where(NoticeAddressee.notice_id == notice.id).values(state=state))
        session.flush()
        move, who = MOVES[verb], place.people[people[party]]
        may = fits(move, KINDS[kind], state) and move.by == party
        if may:
            act(session, who, notice.id, verb, version=1, note="写明情况", now=THURSDAY)
            assert (notice.state, notice.version) == (move.to_state, 2)
        else:
            with pytest.raises((Forbidden, Conflict)) as caught:
                act(session, who, notice.id, verb, version=1, note="写明情况", now=THURSDAY)
            assert (caught.type is Forbidden) == (move.by != party)
            session.refresh(notice)
            assert (notice.state, notice.version) == (state, 1)


def test_the_whole_life(session: ScopedSession, place: Town) -> None:
    liaison, office = place.people["liaison"], place.people["office"]
    notice = send(session, place)
    found = open_notice(session, office, notice.id, now=THURSDAY)
    assert (found.notice.state, [move.verb for move in found.allowed]) == ("issued", ["cancel"])
    found = open_notice(session, liaison, notice.id, now=THURSDAY)
    assert (found.notice.state, [move.verb for move in found.allowed]) == ("read", ["sign", "reply"])
    assert open_notice(session, liaison, notice.id, now=THURSDAY).notice.version == 2, "read once"
    act(session, liaison, notice.id, "sign", version=2, now=THURSDAY)
    act(session, liaison, notice.id, "reply", version=3, note="已清理", now=THURSDAY)
    assert not read_notice(session, liaison, notice.id, now=FRIDAY + timedelta(hours=1)).overdue, "answered in time"
    act(session, office, notice.id, "send_back", version=4, note="照片不清", now=THURSDAY)
    assert read_notice(session, liaison, notice.id, now=FRIDAY + timedelta(hours=1)).overdue
    act(session, liaison, notice.id, "reply", version=5, note="已补充", now=THURSDAY)
    act(session, office, notice.id, "close", version=6, now=THURSDAY)
    lines = session.scalars(select(NoticeEvent).order_by(NoticeEvent.version)).all()
    assert [line.verb for line in lines] == ["issue", "read", "sign", "reply", "send_back", "reply", "close"]
    assert [(a.to_state, b.from_state) for a, b in pairwise(lines)] == [
        (line.to_state, line.to_state) for line in lines[:-1]
    ]
    heard = session.scalars(select(Note.text).where(Note.person_id == liaison.person_id)).all()
    assert len(heard) == 3  # issued, sent back, closed; never of his own steps
    with pytest.raises(Conflict, match="已办结"):
        act(session, office, notice.id, "cancel", version=7, note="晚了", now=THURSDAY)


def test_a_paper_without_answer_is_done_when_signed(session: ScopedSession, place: Town) -> None:
    card = send(session, place, kind="reminder_card", due_at=None)
    act(session, place.people["liaison"], card.id, "sign", version=1, now=THURSDAY)
    assert waits_for(KINDS["reminder_card"], "signed") == ""
    assert allowed(KINDS["reminder_card"], "signed", frozenset({"addressee", "issuer"})) == [MOVES["cancel"]]


def test_a_step_needs_its_note_and_the_version_that_was_seen(session: ScopedSession, place: Town) -> None:
    notice = send(session, place)
    with pytest.raises(InvalidInput) as caught:
        act(session, place.people["liaison"], notice.id, "reply", version=1, now=THURSDAY)
    assert faults(caught) == {"note"}
    act(session, place.people["liaison"], notice.id, "sign", version=1, now=THURSDAY)
    with pytest.raises(Stale, match="演示liaison"):
        act(session, place.people["liaison"], notice.id, "reply", version=1, note="晚了", now=THURSDAY)
    with pytest.raises(InvalidInput):
        act(session, place.people["liaison"], notice.id, "eat", version=2, now=THURSDAY)


def test_who_sees_a_notice(session: ScopedSession, place: Town) -> None:
    notice = send(session, place)
    for who in ("liaison", "office", "inspector", "leader", "inside"):
        assert read_notice(session, place.people[who], notice.id, now=THURSDAY).notice.id == notice.id
    for who in ("helper", "stranger", "place"):
        with pytest.raises(NotFound):
            read_notice(session, place.people[who], notice.id, now=THURSDAY)
        with pytest.raises(NotFound):
            act(session, place.people[who], notice.id, "sign", version=1, now=THURSDAY)
        assert list_notices(session, place.people[who], NoticeFilter(), now=THURSDAY) == []


def test_a_notice_about_restricted_findings_is_for_named_roles(session: ScopedSession, place: Town) -> None:
    secret = lay_finding(session, place, "rectifying", restricted=True)
    with pytest.raises(InvalidInput):  # the office does not see it, so it cannot name it
        send(session, place, finding_ids=[secret.id])
    notice = send(session, place, "discipline", finding_ids=[secret.id])
    assert notice.restricted
    told = {note.person_id for note in session.scalars(select(Note))}
    assert told == {place.people["discipline_liaison"].person_id}
    for who in ("liaison", "office", "inspector", "leader"):
        with pytest.raises(NotFound):
            read_notice(session, place.people[who], notice.id, now=THURSDAY)
        assert list_notices(session, place.people[who], NoticeFilter(), now=THURSDAY) == []
    found = read_notice(session, place.people["discipline_liaison"], notice.id, now=THURSDAY)
    assert [row.id for row in found.findings] == [secret.id]
    act(session, place.people["discipline_liaison"], notice.id, "sign", version=1, now=THURSDAY)


def test_restricted_notices_leave_no_gap_in_the_public_series(session: ScopedSession, place: Town) -> None:
    secret = lay_finding(session, place, "rectifying", restricted=True)
    open_one = lay_finding(session, place, "rectifying")
    numbers = [
        send(session, place, *who, finding_ids=[finding.id]).number
        for who, finding in (((), open_one), (("discipline",), secret), (("discipline",), secret), ((), open_one))
    ]
    assert numbers == ["整改〔2026〕第1号", "作风整改〔2026〕第1号", "作风整改〔2026〕第2号", "整改〔2026〕第2号"]
    serials = dict(session.execute(select(Serial.series, Serial.last).where(Serial.series.contains("notice"))).all())
    assert serials == {"notice-ZG-2026": 2, "conduct-notice-ZG-2026": 2}
    seen = list_notices(session, place.people["office"], NoticeFilter(), now=THURSDAY)
    assert [row.number for row in seen] == ["整改〔2026〕第2号", "整改〔2026〕第1号"]


def test_a_hidden_finding_is_in_no_notice(wall: Wall, place: Town) -> None:
    with wall.open(place.district.ref.id, cleared=True) as session:
        finding = lay_finding(session, place, "dispatched")
        finding.hidden = True
        session.flush()
        with pytest.raises(InvalidInput):
            send(session, place, finding_ids=[finding.id])
        session.rollback()


def test_findings_that_the_reader_does_not_see_are_counted(session: ScopedSession, place: Town) -> None:
    mine = lay_finding(session, place, "rectifying")
    notice = send(session, place, finding_ids=[mine.id], unit_id=place.other)
    found = read_notice(session, place.people["stranger"], notice.id, now=THURSDAY)
    assert (len(found.findings), found.others) == (0, 1)


def test_the_boxes_filters_and_pages(session: ScopedSession, place: Town) -> None:
    liaison, office = place.people["liaison"], place.people["office"]
    sent = [send(session, place, title=f"第{n}份") for n in range(3)]
    card = send(session, place, kind="reminder_card", unit_id=place.other)

    def ids(who: Actor, later: timedelta = timedelta(), **wanted: object) -> list[UUID]:
        rows = list_notices(session, who, NoticeFilter(**wanted), now=THURSDAY + later)  # type: ignore[arg-type]  # shorthand
        return [row.id for row in rows]

    newest = [notice.id for notice in reversed(sent)]
    assert ids(liaison, box="in") == newest
    assert ids(liaison, box="out") == []
    assert ids(office, box="in") == []
    assert ids(office, box="out") == [card.id, *newest]
    assert ids(office, kinds=["reminder_card"]) == [card.id]
    assert ids(office, units=[place.lead]) == newest
    assert ids(office, since=(THURSDAY + timedelta(days=1)).date()) == []
    assert ids(office, until=THURSDAY.date()) == [card.id, *newest]
    assert ids(office, overdue=True) == []
    assert ids(office, timedelta(days=2), overdue=True) == newest, "a reminder card asks for no answer"
    act(session, liaison, sent[0].id, "reply", version=1, note="已改", now=THURSDAY)
    assert ids(liaison, box="in") == newest[:-1]
    assert ids(office, states=["replied"]) == [sent[0].id]
    first = list_notices(session, office, NoticeFilter(), now=THURSDAY, limit=2)
    rest = list_notices(
        session, office, NoticeFilter(), now=THURSDAY, after=(first[-1].issued_at, first[-1].id), limit=9
    )
    assert [row.id for row in (*first, *rest)] == [card.id, *newest]


def test_two_who_sign_at_once_are_one_and_a_loser(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        notice_id = send(session, place).id
        session.commit()
    barrier, said = threading.Barrier(8), []

    def sign() -> None:
        with place.district.session(wall) as session:
            read_notice(session, place.people["liaison"], notice_id, now=THURSDAY)
            barrier.wait()
            try:
                act(session, place.people["liaison"], notice_id, "sign", version=1, now=THURSDAY)
                session.commit()
                said.append("won")
            except Stale:
                said.append("stale")

    threads = [threading.Thread(target=sign) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["stale"] * 7 + ["won"]
    with place.district.session(wall) as session:
        lines = session.scalars(select(NoticeEvent.verb).where(NoticeEvent.notice_id == notice_id))
        assert sorted(lines) == ["issue", "sign"]


def race(wall: Wall, threads: int, each: int) -> list[int]:
    """Many desks issue at once, some of them give up before the end; gives the serials that stand."""
    district = bare_district(wall, "抢号区")
    office = add_actor(wall, district.ref, "hq_office", district.root)
    wanted = Draft("rectification_notice", district.street, "抢号", "整改", "", FRIDAY)
    broken: list[Exception] = []

    def work() -> None:
        try:
            with district.session(wall) as session:
                for number in range(each):
                    issue(session, office, wanted, now=THURSDAY)
                    if number % 25 == 24:
                        session.commit()
                        issue(session, office, wanted, now=THURSDAY)
                        session.rollback()  # a number that nobody got is given to the next
                        issue(session, office, wanted, now=THURSDAY)
                    session.commit()
        except Exception as error:  # a thread's error must reach the test
            broken.append(error)

    running = [threading.Thread(target=work) for _ in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert broken == []
    with district.session(wall) as session:
        rows = session.execute(select(Notice.serial, Notice.number).order_by(Notice.serial)).all()
    assert all(number == f"整改〔2026〕第{serial}号" for serial, number in rows)
    return [serial for serial, _ in rows]


def test_sixteen_desks_leave_no_gap_and_no_double(wall: Wall) -> None:
    assert race(wall, 16, 125) == list(range(1, 16 * (125 + 5) + 1))


def test_the_page_on_notices_says_what_the_code_does() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notices.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| {kind.title_zh} | `{kind.code}` |"))
        assert f"| `{kind.letters}` | {kind.number(2026, 17)} |" in row
        assert ("| yes |" if kind.replies else "| no |") in row
    moves = set(re.findall(r"^\| `(\w+)` \| \S+ \| ([\w, ]+) \| (\w+) \| (\w+) \|", page, re.MULTILINE))
    assert moves == {(m.verb, ", ".join(m.from_states), m.to_state, m.by) for m in MOVES.values()}
    assert ISSUER in page
