"""Notes about cards (亮牌提醒): who is told when one is shown, withdrawn, upheld or corrected - each person once, in the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.errors import Conflict
from core.work.marks.card_forward import correct
from core.work.marks.card_issues import act, act_on_all
from core.work.tables import CardIssue, Note, Outbox, Sponsorship
from tenants.models import Person
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, add_actor
from tests.work.carding import NOW, Town, shares, town
from tests.work.test_card_issues import DAY, propose, scheme_of


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.session(wall) as opened:
        yield opened


def told(session: ScopedSession, card: CardIssue) -> list[tuple[UUID, str]]:
    """Who was told of a card, and with what words after the period."""
    rows = session.scalars(select(Note).where(Note.object_id == str(card.id)).order_by(Note.created_at, Note.person_id))
    return [(one.person_id, one.text.format(**one.params).split(" 至 ")[1].split(" ", 1)[1]) for one in rows]


def cards(session: ScopedSession, place: Town, *verbs: str) -> tuple[CardIssue, CardIssue]:
    """The red and the black card of the third; the black one is sponsored by a leader, a department and a street's liaison."""
    leader = Person(name="包保领导甲")
    session.add(leader)
    session.flush()
    black = place.streets[4]
    for who in (
        {"kind": "leader", "person_id": leader.id},
        {"kind": "leader", "person_id": place.liaisons[4].person_id},
        {"kind": "department", "unit_id": place.district.departments["sanitation"]},
    ):
        session.add(Sponsorship(object_unit_id=black, valid_from=SINCE, **who))
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    _, found = propose(session, place, scheme_of(session, place))
    for verb in verbs:
        act_on_all(session, place.office, found, verb, now=NOW)
    red, black_card = found
    return red, black_card


def leader_of(session: ScopedSession) -> UUID:
    return session.scalars(select(Person.id).where(Person.name == "包保领导甲")).one()


def test_nothing_is_told_before_a_card_is_shown(session: ScopedSession, place: Town) -> None:
    red, black = cards(session, place, "confirm")
    act(session, place.office, red.id, "drop", version=red.version, note="数据有误", now=NOW)
    assert told(session, red) == told(session, black) == []


def test_the_subject_and_its_sponsors_are_told_once_each_when_it_is_shown(
    wall: Wall, session: ScopedSession, place: Town
) -> None:
    helper = add_actor(wall, place.ref, "liaison", place.district.departments["sanitation"])
    red, black = cards(session, place, "confirm", "show")
    assert told(session, red) == [(place.liaisons[0].person_id, "得红牌，已公示；有异议的可以申诉")]
    people = {place.liaisons[4].person_id, leader_of(session), helper.person_id}
    assert {person for person, _ in told(session, black)} == people
    assert len(told(session, black)) == 3, "the liaison who sponsors too is told once"
    assert {text for _, text in told(session, black)} == {"得黑牌，已公示；有异议的可以申诉"}
    note = session.scalars(select(Note).where(Note.person_id == leader_of(session))).one()
    assert (note.kind, note.object_kind) == ("card", "card")
    assert (note.params["card_en"], note.params["scheme"], note.params["since"]) == ("黑牌", "街道旬亮牌", "2026-11-11")
    sent = session.scalar(select(func.count()).select_from(Outbox).where(Outbox.kind == "card"))
    assert sent == 4, "each note has its line of the outbox"


def test_an_appeal_is_answered_and_a_withdrawal_is_told(session: ScopedSession, place: Town) -> None:
    red, black = cards(session, place, "confirm", "show")
    sayer = place.liaisons[4]
    act(session, sayer, black.id, "appeal", version=black.version, note="数据有误", now=NOW)
    act(session, place.office, black.id, "uphold", version=black.version, note="数据属实", now=NOW)
    act(session, place.office, black.id, "withdraw", version=black.version, note="另有隐情", now=NOW)
    mine = [text for person, text in told(session, black) if person == sayer.person_id]
    assert sorted(mine) == sorted(["得黑牌，已公示；有异议的可以申诉", "的申诉不成立，维持黑牌", "的黑牌已撤回"])
    act(session, place.liaisons[0], red.id, "appeal", version=red.version, note="不该表扬", now=NOW)
    act(session, place.office, red.id, "withdraw", version=red.version, note="确实不该", now=NOW)
    assert told(session, red)[-1] == (place.liaisons[0].person_id, "的申诉成立，红牌已撤回")


def test_a_correction_is_told_and_the_new_card_when_it_is_shown(session: ScopedSession, place: Town) -> None:
    red, black = cards(session, place, "confirm", "show")
    new = correct(session, place.office, black.id, version=black.version, colour="red", note="漏计", now=NOW)
    assert {text for _, text in told(session, black)} == {"得黑牌，已公示；有异议的可以申诉", "的黑牌有误，已撤回更正"}
    assert told(session, new) == [], "it is not in sight yet"
    act(session, place.office, new.id, "show", version=new.version, now=NOW)
    assert {text for _, text in told(session, new)} == {"更正为红牌，已公示；有异议的可以申诉"}
    assert len(told(session, new)) == 2
    assert len(told(session, red)) == 1


def test_nobody_hears_of_a_step_that_was_undone_and_nobody_of_his_own(
    wall: Wall, session: ScopedSession, place: Town
) -> None:
    red, _ = cards(session, place, "confirm")
    session.commit()
    session.add(
        Sponsorship(kind="leader", person_id=place.office.person_id, object_unit_id=red.subject_id, valid_from=SINCE)
    )
    act(session, place.office, red.id, "show", version=red.version, now=NOW)
    assert place.office.person_id not in {person for person, _ in told(session, red)}
    session.rollback()
    with place.session(wall) as fresh:
        assert told(fresh, red) == []
        with pytest.raises(Conflict):
            act(fresh, place.office, red.id, "withdraw", version=2, note="x", now=NOW)
        assert told(fresh, red) == []
