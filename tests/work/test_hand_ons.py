"""Handing on without an account (转交整改): links that end, one open item a finding, answers once, the sender answers for it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.inspection.photos import find_files, open_photo
from core.work.loop.ledger import act
from core.work.proofs.contacts import (
    MOST_DAYS,
    add_contact,
    get_contact,
    list_contacts,
    make_link,
    open_link,
    retire_contact,
    revoke_links,
)
from core.work.proofs.hand_on_items import items_of, photo_of_contact
from core.work.proofs.hand_ons import (
    answer_item,
    hand_on,
    handed_to,
    items_beside,
    judge_item,
    withdraw_settled,
)
from core.work.tables import Attachment, Contact, ContactLink, FindingEvent, HandOn
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town
from tests.work.pictures import jpeg

NOW = THURSDAY + timedelta(hours=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def place(wall, folder) -> Town:
    made = town(wall, folder)
    made.people["colleague"] = add_actor(wall, made.district.ref, "liaison", made.lead, "同单位联络员")
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened
        opened.rollback()


def contact_of(session, place, name: str = "一号院物业", **more) -> Contact:
    said = {"kind": "property", "name": name, "unit_id": place.lead, "now": NOW} | more
    return add_contact(session, place.people["liaison"], **said)


def handed(session, place, finding=None, *, who: str = "liaison", contact=None) -> HandOn:
    found = finding or lay_finding(session, place, "rectifying")
    to = contact or contact_of(session, place)
    return hand_on(session, place.people[who], [found.id], to.id, asked="请清运", now=NOW)[0]


def linked(session, place, contact) -> tuple[ContactLink, str]:
    return make_link(session, place.people["liaison"], contact.id, now=NOW, days=14)


def answer(session, place, folder, row, link, *, photos=None, note="", now=NOW):
    contact = session.get(Contact, (session.tenant_id, row.contact_id))
    given = {"note": note, "photos": [jpeg(seed=7)] if photos is None else photos, "files": folder, "now": now}
    return answer_item(session, place.district.ref, link, contact, row.id, **given)


def test_a_contact_is_kept_once_and_what_is_wrong_is_named(session, place) -> None:
    one = contact_of(session, place, phone="13800000000")
    assert contact_of(session, place).id == one.id
    for more, field in (({"kind": "police"}, "kind"), ({"name": " "}, "name"), ({"phone": "abc"}, "phone")):
        with pytest.raises(InvalidInput) as refused:
            contact_of(session, place, **more)
        assert [fault.field for fault in refused.value.faults] == [field]
    with pytest.raises(Forbidden):
        contact_of(session, place, unit_id=place.other)
    with pytest.raises(NotFound):
        get_contact(session, place.people["stranger"], one.id, NOW)
    assert list_contacts(session, place.people["stranger"], NOW) == []
    rows = list_contacts(session, place.people["colleague"], NOW)
    assert [(row.contact.id, row.open, row.link_until) for row in rows] == [(one.id, 0, None)]


def test_a_link_ends_by_time_by_revoking_and_with_its_contact(session, place) -> None:
    contact = contact_of(session, place)
    link, word = linked(session, place, contact)
    assert len(word) >= 32
    assert word.encode() not in link.token_sha256
    found, who = open_link(session, word, NOW)
    assert (found.id, who.id, found.opened) == (link.id, contact.id, 1)
    open_link(session, word, NOW, counted=False)
    assert link.opened == 1
    assert open_link(session, word, link.expires_at - timedelta(seconds=1))
    for bad, at in ((word, link.expires_at), (word[:-1], NOW), ("", NOW)):
        with pytest.raises(NotFound):
            open_link(session, bad, at)
    _other, second = linked(session, place, contact)
    assert revoke_links(session, place.people["colleague"], contact.id, NOW) == 2
    for one in (word, second):
        with pytest.raises(NotFound):
            open_link(session, one, NOW)
    _third, third = linked(session, place, contact)
    retire_contact(session, place.people["liaison"], contact.id, NOW)
    with pytest.raises(NotFound):
        open_link(session, third, NOW)
    with pytest.raises(Conflict):
        linked(session, place, contact)
    with pytest.raises(Conflict):
        handed(session, place, contact=contact)


@pytest.mark.parametrize("days", [0, -1, MOST_DAYS + 1])
def test_a_link_has_an_end(session, place, days) -> None:
    with pytest.raises(InvalidInput):
        make_link(session, place.people["liaison"], contact_of(session, place).id, now=NOW, days=days)


def test_a_word_of_one_district_opens_nothing_in_another(wall, session, place, tmp_path) -> None:
    _link, word = linked(session, place, contact_of(session, place))
    session.commit()
    other = town(wall, tmp_path, "邻区")
    with other.district.session(wall) as there, pytest.raises(NotFound):
        open_link(there, word, NOW)
    assert open_link(session, word, NOW)


def test_only_who_answers_hands_on_and_only_while_he_does(session, place) -> None:
    contact = contact_of(session, place)
    helped = lay_finding(session, place, "rectifying", help_asked=True)
    office = add_contact(session, place.people["helper"], kind="shop", name="商户", unit_id=place.helper, now=NOW)
    hand_on(session, place.people["helper"], [helped.id], office.id, asked="", now=NOW)
    for state in ("reported", "answered", "closed", "returned"):
        with pytest.raises(Conflict):
            handed(session, place, lay_finding(session, place, state), contact=contact)
    for who in ("place", "stranger", "office"):
        with pytest.raises((NotFound, Forbidden)):
            handed(session, place, who=who, contact=contact)
    with pytest.raises(InvalidInput):
        hand_on(session, place.people["liaison"], [], contact.id, asked="", now=NOW)
    secret = lay_finding(session, place, "rectifying", restricted=True)
    who = place.people["discipline_liaison"]
    own = add_contact(session, who, kind="other", name="某单位", unit_id=place.lead, now=NOW)
    with pytest.raises(Conflict, match="限定范围"):
        hand_on(session, who, [secret.id], own.id, asked="", now=NOW)


def test_an_item_is_open_once(session, place) -> None:
    finding = lay_finding(session, place, "rectifying")
    one = handed(session, place, finding)
    with pytest.raises(Conflict, match="已经转交"):
        handed(session, place, finding)
    judge_item(session, place.people["colleague"], one.id, "withdrawn", now=NOW)
    assert handed(session, place, finding).id != one.id
    verbs = session.scalars(select(FindingEvent.verb).where(FindingEvent.finding_id == finding.id)).all()
    assert sorted(verbs) == ["note", "note", "note", "open"]


def test_a_contact_sees_his_items_by_deadline_and_nothing_else(session, place) -> None:
    contact, other = contact_of(session, place), contact_of(session, place, "二号院物业")
    late, soon = (lay_finding(session, place, "rectifying") for _ in range(2))
    soon.due_at -= timedelta(days=1)
    file = next(iter(find_files(session, [place.photo]).values()))
    key = {"finding_id": soon.id, "version": 1, "file_id": file.id}
    session.add(Attachment(**key))
    session.flush()
    for finding, to in ((late, contact), (soon, contact), (lay_finding(session, place, "rectifying"), other)):
        handed(session, place, finding, contact=to)
    items = items_of(session, contact)
    assert [item.due_at for item in items] == [soon.due_at, late.due_at]
    assert [list(item.before) for item in items] == [[file.id], []]
    assert photo_of_contact(session, contact, file.id).id == file.id
    with pytest.raises(NotFound):
        photo_of_contact(session, other, file.id)
    late.restricted = True
    session.flush()
    assert len(items_of(session, contact)) == 1
    act(session, place.people["liaison"], soon.id, "answer", version=2, photos=[place.photo], now=NOW)
    assert items_of(session, contact) == []
    with pytest.raises(NotFound):
        photo_of_contact(session, contact, file.id)


def test_an_answer_waits_for_the_sender_who_uses_it(session, place, folder) -> None:
    finding = lay_finding(session, place, "rectifying")
    row = handed(session, place, finding)
    link, _word = linked(session, place, session.get(Contact, (session.tenant_id, row.contact_id)))
    for bad in ({"photos": []}, {"photos": [b"no picture"]}, {"note": "长" * 301}):
        with pytest.raises(InvalidInput):
            answer(session, place, folder, row, link, **bad)
    answer(session, place, folder, row, link, photos=[jpeg(seed=1), jpeg(seed=2), jpeg(seed=1)], note="已清运")
    assert (row.state, row.note, len(row.photos)) == ("answered", "已清运", 2)
    session.refresh(finding)
    assert finding.state == "rectifying", "the unit itself answers for it"
    file = next(iter(find_files(session, row.photos).values()))
    assert open_photo(session, place.people["colleague"], file.id, folder, now=NOW).exists()
    with pytest.raises(NotFound):
        open_photo(session, place.people["stranger"], file.id, folder, now=NOW)
    judge_item(session, place.people["colleague"], row.id, "accepted", now=NOW)
    done = act(
        session, place.people["liaison"], finding.id, "answer", version=finding.version, photos=row.photos, now=NOW
    )
    assert done.state == "answered"
    assert [(one.id, who.name) for one, who in items_beside(session, finding.id)] == [(row.id, "一号院物业")]
    assert [one.id for one, _f in handed_to(session, place.people["colleague"], row.contact_id, NOW)] == [row.id]


def test_an_answer_comes_once_and_only_while_it_is_wanted(session, place, folder) -> None:
    row = handed(session, place)
    contact = session.get(Contact, (session.tenant_id, row.contact_id))
    link, _word = linked(session, place, contact)
    answer(session, place, folder, row, link)
    with pytest.raises(Conflict):
        answer(session, place, folder, row, link)
    judge_item(session, place.people["liaison"], row.id, "sent_back", note="没清干净", now=NOW)
    assert [item.hand_on.asked for item in items_of(session, contact)] == ["没清干净"]
    answer(session, place, folder, row, link, photos=[jpeg(seed=9)])
    for verdict in ("accepted", "accepted"):
        if row.state == "accepted":
            with pytest.raises(Conflict):
                judge_item(session, place.people["liaison"], row.id, verdict, now=NOW)
        else:
            judge_item(session, place.people["liaison"], row.id, verdict, now=NOW)
    gone = handed(session, place, contact=contact)
    judge_item(session, place.people["liaison"], gone.id, "withdrawn", now=NOW)
    with pytest.raises(Conflict):
        answer(session, place, folder, gone, link)
    finding = lay_finding(session, place, "rectifying")
    past = handed(session, place, finding, contact=contact)
    act(session, place.people["liaison"], finding.id, "answer", version=2, photos=[place.photo], now=NOW)
    with pytest.raises(Conflict):
        answer(session, place, folder, past, link)
    other = handed(session, place, contact=contact_of(session, place, "二号院物业"))
    with pytest.raises(NotFound):
        answer_item(
            session, place.district.ref, link, contact, other.id, note="", photos=[jpeg()], files=folder, now=NOW
        )


def test_who_does_not_answer_for_it_judges_nothing(session, place) -> None:
    row = handed(session, place)
    for who in ("stranger", "place", "office", "leader"):
        with pytest.raises((NotFound, Forbidden)):
            judge_item(session, place.people[who], row.id, "withdrawn", now=NOW)
    with pytest.raises(Conflict):
        judge_item(session, place.people["liaison"], row.id, "accepted", now=NOW)
    with pytest.raises(Conflict):
        judge_item(session, place.people["liaison"], row.id, "no_such", now=NOW)


def test_what_went_on_elsewhere_is_withdrawn_at_night(session, place) -> None:
    kept, gone = handed(session, place), lay_finding(session, place, "rectifying")
    row = handed(session, place, gone)
    act(session, place.people["liaison"], gone.id, "answer", version=2, photos=[place.photo], now=NOW)
    assert withdraw_settled(session) == 1
    assert withdraw_settled(session) == 0
    for one, state in ((row, "withdrawn"), (kept, "sent")):
        session.refresh(one)
        assert one.state == state


def test_two_answers_at_once_are_one(wall, place, folder) -> None:
    with place.district.session(wall) as session:
        row = handed(session, place)
        link, word = linked(session, place, session.get(Contact, (session.tenant_id, row.contact_id)))
        session.commit()
    said: list[str] = []
    gate = threading.Barrier(4)

    def send(number: int) -> None:
        with place.district.session(wall) as session:
            found, _contact = open_link(session, word, NOW, counted=False)
            gate.wait()
            try:
                answer(session, place, folder, row, found, photos=[jpeg(seed=20 + number)])
                session.commit()
                said.append("done")
            except Conflict:
                said.append("conflict")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["conflict"] * 3 + ["done"]
    assert link.id
