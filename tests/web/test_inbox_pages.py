"""The inbox (待办): everything that waits for a person, by kind, with the next step - and the notes that led him there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, select

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.web.desk.inbox_words import KINDS
from core.web.note_words import PAGES
from core.work.desk.inbox import count_kinds
from core.work.desk.inbox_rows import read_duties
from core.work.desk.waiting import todo_count
from core.work.loop.ledger import act
from core.work.papers.notes import tell
from core.work.papers.notice_issuing import Draft, issue
from core.work.roles import ROLES
from core.work.tables import Contact, Finding, HandOn, Note, Recheck
from core.work.whistling.whistle_blowing import Wanted, blow
from tenants.accounts import AppUser, Membership
from tenants.db import new_id, now
from tenants.models import Person
from tenants.scope import ScopedSession, Wall
from tests.conftest import SECRET
from tests.factory import add_actor
from tests.web.desk import clerk, content, panels
from tests.work.ledger_town import Town, lay_finding, town


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, files) -> Flask:
    return create_app(Settings(urls.app, SECRET, files), wall=wall)


@pytest.fixture
def place(wall: Wall, files) -> Town:
    return town(wall, files, "待办区")


@dataclass
class Laid:
    """What waits in the town, by kind."""

    ids: dict[str, UUID]


def lay(wall: Wall, place: Town) -> Laid:
    """One thing of every kind."""
    ids: dict[str, UUID] = {}
    with place.district.session(wall) as session:
        for name, state, more in (
            ("dispatched", "dispatched", {}),
            ("rectifying", "rectifying", {"help_asked": True}),
            ("reported", "reported", {}),
            ("returned", "returned", {}),
            ("extension", "extension_asked", {}),
            ("parking", "parking_asked", {}),
            ("parked", "parked", {}),
            ("answered", "answered", {}),
            ("leader", "answered", {"source": "leader"}),
            ("closed", "closed", {}),
            ("restricted", "rectifying", {"restricted": True}),
        ):
            ids[name] = lay_finding(session, place, state, **more).id
        draft = Draft("rectification_notice", place.lead, "地面", "清理", "", now() + timedelta(days=3))
        ids["notice"] = issue(session, place.people["office"], draft, now=now()).id
        inspector = place.people["inspector"].person_id
        recheck = Recheck(finding_id=ids["closed"], person_id=inspector, due_on=now().date())
        session.add(recheck)
        contact = Contact(kind="property", name="某物业", unit_id=place.lead)
        session.add(contact)
        session.flush()
        ids["recheck"], ids["handed"] = recheck.id, ids["rectifying"]
        liaison = place.people["liaison"].person_id
        session.add(HandOn(finding_id=ids["rectifying"], contact_id=contact.id, person_id=liaison, state="answered"))
        ids["whistle"] = blow(
            session, place.people["place"], Wanted(place.place, [place.lead], "污水外溢", "一号院")
        ).id
        session.commit()
    return Laid(ids)


def test_each_person_has_his_own_kinds_and_numbers(wall: Wall, place: Town) -> None:
    lay(wall, place)
    wanted = {
        "liaison": {"answer": 4, "assist": 0, "cosign": 0, "notice": 1, "whistle": 1, "handed": 1},
        "discipline_liaison": {"answer": 5, "assist": 0, "cosign": 0, "notice": 1, "whistle": 1, "handed": 1},
        "helper": {"answer": 0, "assist": 1, "cosign": 0, "notice": 0, "whistle": 0, "handed": 0},
        "place": {"answer": 0, "assist": 0, "cosign": 2, "notice": 0, "whistle": 0, "handed": 0},
        "office": dict.fromkeys(
            ("notice_check", "recheck", "appeal", "objection", "cards", "word", "sweep", "doubt"), 0
        )
        | {"check": 2, "desk": 5},
        "inspector": {"recheck": 1, "sweep": 0},
        "leader": {"word": 0, "split_returned": 0},
        "stranger": {"answer": 0, "assist": 0, "cosign": 0, "notice": 0, "whistle": 0, "handed": 0},
    }
    for who in ("liaison", "discipline_liaison", "helper", "place", "stranger", "office"):
        wanted[who] |= {"numbers": 0, "numbers_back": 0}
        wanted[who] |= dict.fromkeys(("task_returned", "task_extension"), 0)
        wanted[who] |= {"task_verify": 0} if who == "office" else {"task_accept": 0, "split_accept": 0}
        wanted[who] |= {"split_returned": 0}
    for who in wanted:
        wanted[who] |= {"task_doing": 0}
    wanted["office"] |= {"numbers_check": 0}
    with place.district.session(wall) as session:
        for who, counts in wanted.items():
            assert count_kinds(session, place.people[who], now()) == counts, who
            assert todo_count(session, place.people[who], now()) == sum(counts.values())


def test_counts_and_lines_agree_for_everybody(wall: Wall, place: Town) -> None:
    lay(wall, place)
    with place.district.session(wall) as session:
        for actor in place.people.values():
            for kind, count in count_kinds(session, actor, now()).items():
                assert len(read_duties(session, actor, kind, now(), limit=50)) == count, (actor.name, kind)


def test_counting_is_one_statement(wall: Wall, place: Town) -> None:
    said: list[str] = []

    @event.listens_for(wall.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "set_config" not in statement:
            said.append(statement)

    try:
        with place.district.session(wall) as session:
            todo_count(session, place.people["office"], now())
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)
    assert len(said) == 1


def test_the_page_lists_what_waits_with_the_next_step(app: Flask, wall: Wall, place: Town) -> None:
    laid = lay(wall, place)
    page = clerk(app, wall, place.people["liaison"]).read("inbox")
    assert panels(page)[:4] == ["吹哨叫到我们的", "待整改", "待签收答复的文书", "外部已答复，待确认"]
    assert "共 7 件等您处理" in content(page)
    assert f'action="/t/{place.district.ref.slug}/findings/{laid.ids["dispatched"]}/act"' in page, "taken in one click"
    assert f"findings/{laid.ids['rectifying']}?do=answer" in page
    assert str(laid.ids["restricted"]) not in page
    page = clerk(app, wall, place.people["office"]).read("inbox")
    for name, verb in (
        ("reported", "dispatch"),
        ("returned", "arbitrate"),
        ("extension", "grant"),
        ("parking", "park"),
        ("leader", "report_back"),
        ("answered", "close"),
    ):
        assert f"findings/{laid.ids[name]}?do={verb}" in page, name
    assert str(laid.ids["parked"]) not in page
    page = clerk(app, wall, place.people["inspector"]).read("inbox")
    assert f'/rechecks/{laid.ids["recheck"]}"' in page
    assert "do=confirm_stable" not in page


def test_one_click_takes_and_signs(app: Flask, wall: Wall, place: Town) -> None:
    laid = lay(wall, place)
    who = clerk(app, wall, place.people["liaison"])
    who.send(f"findings/{laid.ids['dispatched']}/act", {"verb": "take", "version": "1"}, 303)
    who.send(f"notices/{laid.ids['notice']}/act", {"verb": "sign", "version": "1"}, 303)
    page = who.read("inbox")
    assert f"findings/{laid.ids['dispatched']}?do=answer" in page
    assert "答复" in content(page)


def test_the_bell_counts_the_same_and_leads_here(app: Flask, wall: Wall, place: Town) -> None:
    lay(wall, place)
    page = clerk(app, wall, place.people["office"]).read("")
    bell = re.search(r'sc-todo[^>]*href="([^"]+)"[^>]*>.*?<b>(\d+)</b>', page, re.DOTALL)
    assert bell is not None
    assert bell.groups() == (f"/t/{place.district.ref.slug}/inbox", "7")


def test_an_empty_inbox_says_what_comes_here(app: Flask, wall: Wall, place: Town) -> None:
    page = clerk(app, wall, place.people["stranger"]).read("inbox")
    assert "没有等您处理的事" in content(page)
    assert "没有未读提醒" in content(page)


def test_another_tenant_is_counted_beside_and_on_the_first_page(app: Flask, wall: Wall, files) -> None:
    one, other = town(wall, files, "甲区"), town(wall, files, "乙区")
    lay(wall, other)
    who = clerk(app, wall, one.people["liaison"])
    with wall.platform() as session:
        seat = session.scalars(select(Membership).where(Membership.person_id == one.people["liaison"].person_id)).one()
        user = session.get_one(AppUser, seat.user_id)
        there = other.people["liaison"]
        session.add(Membership(tenant_id=there.tenant.id, user_id=user.id, person_id=there.person_id, login=user.login))
        session.commit()
    page = who.read("inbox")
    assert f'href="/t/{other.district.ref.slug}/inbox"' in page
    assert "7 件待办" in content(page)
    home = who.client.get("/").get_data(as_text=True)
    assert f'href="/t/{other.district.ref.slug}/inbox"' in home
    assert f'href="/t/{one.district.ref.slug}/"' in home
    assert "地面有烟头" not in page, "only the number comes from there"


# --- notes -----------------------------------------------------------------------------------------------------------


def say(session: ScopedSession, place: Town, **more: object) -> None:
    given = {
        "person_ids": [place.people["liaison"].person_id],
        "kind": "test",
        "text": "收到{kind} {number}：{title}",
        "params": {"kind": "督办单", "kind_en": "supervision order", "number": "督办〔2026〕第1号", "title": "<b>"},
        "now": now(),
    } | more
    tell(session, **given)  # type: ignore[arg-type]  # the test's own shorthand


def test_a_note_is_shown_followed_and_read(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        finding = lay_finding(session, place, "extension_asked").id
        act(session, place.people["office"], finding, "grant", version=1, now=now())
        session.commit()
        note = session.scalars(select(Note.id).where(Note.person_id == place.people["liaison"].person_id)).one()
    who = clerk(app, wall, place.people["liaison"])
    assert "同意延期" in content(who.read("inbox"))
    answer = who.ask(f"inbox/notes/{note}")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/findings/{finding}")
    assert "没有未读提醒" in content(who.read("inbox"))
    assert "同意延期" in content(who.read("inbox/notes"))
    other = clerk(app, wall, place.people["helper"])
    assert other.ask(f"inbox/notes/{note}").status_code == 404
    assert "同意延期" not in other.read("inbox/notes")


def test_notes_turn_pages_and_are_all_read_at_once(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        for n in range(55):
            say(session, place, text=f"第 {n} 条", params={}, now=now() - timedelta(minutes=n))
        session.commit()
    who = clerk(app, wall, place.people["liaison"])
    page = who.read("inbox/notes")
    assert "未读 55 条" in content(page)
    more = re.search(r'rel="next" href="\?([^"]+)"', page)
    assert more is not None
    assert "第 54 条" in who.read(f"inbox/notes?{more[1]}")
    who.read("inbox/notes?cursor=x", 422)
    who.send("inbox/notes/read", {"back": "notes"}, 303)
    assert "未读 0 条" in content(who.read("inbox/notes"))


def test_a_note_speaks_the_readers_language_and_is_no_markup(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        say(
            session,
            place,
            object_kind="notice_draft",
            params={
                "kind": "中文词",
                "kind_en": "english word",
                "number": "1",
                "title": "<b>",
                "query": "kind=circular",
            },
        )
        say(session, place, text="少了 {nothing}", params={})
        session.commit()
    who = clerk(app, wall, place.people["liaison"], "en")
    raw = who.ask("inbox").get_data(as_text=True)
    assert "&lt;b&gt;" in raw
    assert "english word" in raw
    assert "中文词" not in raw
    assert "{nothing}" in raw
    with place.district.session(wall) as session:
        first = session.scalars(select(Note).order_by(Note.id)).first()
        assert first is not None
    assert who.ask(f"inbox/notes/{first.id}").headers["Location"].endswith("/notices/new?kind=circular")


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_a_note_leads_to_its_page(app: Flask, wall: Wall, place: Town, kind: str) -> None:
    about = new_id()
    with place.district.session(wall) as session:
        say(session, place, object_kind=kind, object_id=about)
        session.commit()
        note = session.scalars(select(Note.id)).one()
    answer = clerk(app, wall, place.people["liaison"]).ask(f"inbox/notes/{note}")
    assert str(about) in answer.headers["Location"]


def test_every_kind_that_is_counted_has_its_place(wall: Wall, place: Town) -> None:
    everything = add_actor(wall, place.district.ref, "hq_office", place.district.root)
    known: set[str] = set()
    with place.district.session(wall) as session:
        for role in ROLES:
            person = Person(name=role)
            session.add(person)
        for actor in (*place.people.values(), everything):
            known |= set(count_kinds(session, actor, now()))
        session.rollback()
    assert known == set(KINDS)


def test_hidden_findings_count_for_nobody(wall: Wall, place: Town) -> None:
    with wall.open(place.district.ref.id, cleared=True) as session:
        for state in ("dispatched", "answered", "reported"):
            lay_finding(session, place, state).hidden = True
        session.flush()
        session.commit()
    with place.district.session(wall) as session:
        assert session.scalars(select(Finding)).all() == []
        for actor in place.people.values():
            assert todo_count(session, actor, now()) == 0
