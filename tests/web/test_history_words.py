"""A history in the reader's language (办理记录双语): what the product itself wrote is translated, what people wrote is not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from core.app import create_app
from core.campaigns.registry import installed
from core.databases import Urls
from core.settings import Settings
from core.web.note_words import say_note
from core.web.papers.notice_words import say_subject
from core.work.duties.handovers import hand_over
from core.work.enabling import enable, suspend
from core.work.loop.ledger import act, act_by_system
from core.work.loop.recomputing import change_day
from core.work.loop.system_lines import LINES, write_line
from core.work.organisation.charts import close_unit
from core.work.papers.chasing import chase
from core.work.proofs.contacts import add_contact, make_link
from core.work.proofs.hand_ons import answer_item, hand_on
from core.work.tables import FindingCampaign, FindingEvent, Note, Part
from tenants.models import Person, Unit
from tenants.scope import ScopedSession, Wall
from tests.conftest import SECRET
from tests.texts.test_texts import CHINESE
from tests.web.desk import clerk
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town
from tests.work.pictures import jpeg

HOUR = timedelta(hours=1)
TODAY = THURSDAY.date()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, folder: Path) -> Flask:
    return create_app(Settings(urls.app, SECRET, folder), wall=wall)


@pytest.fixture
def place(wall: Wall, folder: Path) -> Town:
    """A town whose names are ASCII: what is Chinese on its pages was written by the product."""
    made = town(wall, folder)
    with made.district.session(wall) as session:
        for table in (Unit, Person):
            for number, row in enumerate(session.scalars(select(table).order_by(table.id))):
                row.name = f"{table.__name__}-{number}"
        session.commit()
    made.people = {key: replace(actor, name=key) for key, actor in made.people.items()}
    return made


def lay_history(session: ScopedSession, place: Town, folder: Path) -> UUID:
    """Recomputed, handed on, answered from outside, handed over, suspended, enabled, reorganised."""
    campaign = next(one for one in installed().campaigns.values() if one.key == "sanitary_city")
    enable(session, None, campaign, today=TODAY, at=THURSDAY)
    finding, people = lay_finding(session, place, "rectifying"), place.people
    session.add(FindingCampaign(finding_id=finding.id, campaign="sanitary_city"))
    mine = select(Part).where(Part.finding_id == finding.id, Part.unit_id == place.lead)
    session.scalars(mine).one().assignee_id = people["liaison"].person_id
    session.flush()
    assert change_day(session, people["administrator"], date(2026, 11, 20), False, "x", now=THURSDAY) == 1
    contact = add_contact(session, people["liaison"], kind="shop", name="Corner shop", unit_id=place.lead, now=THURSDAY)
    row = hand_on(session, people["liaison"], [finding.id], contact.id, asked="", now=THURSDAY)[0]
    link, _ = make_link(session, people["liaison"], contact.id, now=THURSDAY, days=14)
    given = {"note": "", "photos": [jpeg(seed=7)], "files": folder, "now": THURSDAY}
    answer_item(session, place.district.ref, link, contact, row.id, **given)
    people_ids = (people["liaison"].person_id, people["helper"].person_id)
    days = {"on": TODAY, "today": TODAY, "now": THURSDAY}
    hand_over(session, people["administrator"], *people_ids, posts=[], note="", kinds=("findings",), **days)
    suspend(session, None, "sanitary_city", today=TODAY, at=THURSDAY + HOUR)
    enable(session, None, campaign, today=TODAY, at=THURSDAY + 2 * HOUR)
    close_unit(session, people["administrator"], place.lead, today=TODAY, heir_id=place.other, now=THURSDAY + 3 * HOUR)
    return finding.id


def lay_chased(session: ScopedSession, place: Town) -> tuple[UUID, UUID]:
    """One that counts as taken, one whose review day has come."""
    late, parked = lay_finding(session, place, "dispatched"), lay_finding(session, place, "parked")
    parked.review_on = TODAY
    session.flush()
    chase(session, THURSDAY + timedelta(days=9))
    return late.id, parked.id


def read_lines(page: str) -> str:
    return " ".join(
        re.sub(r"<[^>]+>", " ", one) for one in re.findall(r'<ol class="sc-timeline".*?</ol>', page, re.DOTALL)
    )


def test_an_english_reader_sees_no_chinese_of_the_product(app: Flask, wall: Wall, place: Town, folder: Path) -> None:
    with place.district.session(wall) as session:
        found = [lay_history(session, place, folder), *lay_chased(session, place)]
        corrected = lay_finding(session, place, "rectifying").id
        act_by_system(
            session, corrected, "cancel", now=THURSDAY, **write_line("visit_corrected", person="P", reason="R")
        )
        written = set(session.scalars(select(FindingEvent.verb).where(FindingEvent.finding_id.in_(found))))
        session.commit()
    assert {"recompute", "note", "hold", "release", "move", "take", "unpark"} <= written
    office = clerk(app, wall, place.people["office"], "en")
    lines = [read_lines(office.read(f"findings/{one}")) for one in (*found, corrected)]
    for line in lines:
        assert line
        assert not CHINESE.search(line), line
    for wanted in (
        "The working calendar changed",
        "Handed on to Corner shop",
        "Corner shop answered the item handed on",
        "Its campaign is suspended",
        "Its campaign is enabled again",
        "Not taken in time; counts as taken",
        "The review day has come",
        "Inspection corrected (P): R",
    ):
        assert wanted in " ".join(lines), wanted
    reader = clerk(app, wall, place.people["leader"], "zh")
    said = " ".join(read_lines(reader.read(f"findings/{one}")) for one in (*found, corrected))
    assert "转交Corner shop处理" in said
    assert "所属创建项目已停用，中止办理" in said
    assert "检查更正（P）：R" in said


def test_what_people_wrote_and_what_older_versions_wrote_stays_as_it_is(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        one = lay_finding(session, place, "dispatched")
        act(session, place.people["liaison"], one.id, "take", version=1, note="逾期未接收，视为接收", now=THURSDAY)
        act_by_system(session, one.id, "note", now=THURSDAY, note="转交一号院物业处理")  # as an older version wrote it
        session.commit()
    lines = read_lines(clerk(app, wall, place.people["office"], "en").read(f"findings/{one.id}"))
    assert "逾期未接收，视为接收" in lines, "a person's own words, even these"
    assert "转交一号院物业处理" in lines


def test_every_line_of_the_product_has_its_values(wall: Wall, place: Town) -> None:
    for key, text in LINES.items():
        values = {name: name.upper() for name in re.findall(r"\{(\w+)\}", text)}
        made = write_line(key, **values)
        assert made == {"note": text.format(**values), "line": {"key": key, **values}}


def test_a_paper_of_the_ladder_has_its_subject_in_the_readers_language(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert say_subject("3 件问题逾期未整改", by_system=True) == "Findings past their deadline: 3"
        assert say_subject("1 件问题整改将到期", by_system=True) == "Findings due soon: 1"
        assert say_subject("3 件问题逾期未整改", by_system=False) == "3 件问题逾期未整改", "a person's own words"
        assert say_subject("农贸市场", by_system=True) == "农贸市场"
        note = Note(
            kind="notice", text="收到{kind} {number}：{title}", params={"title": "2 件问题逾期未整改"}, object_kind=""
        )
        note.params |= {"kind": "督办单", "kind_en": "supervision order", "number": "7"}
        assert say_note(note) == "A supervision order has arrived, 7: Findings past their deadline: 2"
    with app.test_request_context(), force_locale("zh"):
        assert say_subject("3 件问题逾期未整改", by_system=True) == "3 件问题逾期未整改"
