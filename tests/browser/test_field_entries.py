"""A form that asks more than its items, on the phone (手机端的附加题): groups, rows, conditions, a photo and a place, without signal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select

from core.databases import Urls
from core.work.tables import AnswerRow, Attachment, File, ItemResult, SheetEntry, Visit
from tests.browser.afield import Field
from tests.browser.phone import Gate, phone, until
from tests.browser.running import need_browser, served
from tests.browser.test_field_walk import ENTRIES, off, on, picture, see_outbox, shoot
from tests.factory import add_site
from tests.work.asking_more import KERB, ROAD, Street

pytestmark = pytest.mark.browser


@pytest.fixture
def street_field(
    server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Field, Street]]:
    """A district whose road form asks more than its items, its inspector and his phone."""
    need_browser()
    folder = tmp_path_factory.mktemp("phone")
    with (
        served(server, template, tmp_path_factory.mktemp("instance")) as house,
        sync_playwright() as play,
        phone(play, folder) as one,
    ):
        street = Street(house.wall)
        with street.session() as session:
            sites = [street.site, add_site(session, street.district.communities[1], ROAD, name="二号路")]
            session.commit()
        gate = Gate(int(house.base.rsplit(":", 1)[1]))
        yield Field(house, gate, street.district, street.inspector, sites, one), street
        gate.down()
        assert not one.complaints, one.complaints


def begin(field: Field) -> Page:
    context = field.phone.start()
    field.let_in(context)
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"longitude": 112.5656, "latitude": 37.7369, "accuracy": 12})
    return field.install(context)


def row(page: Page, number: int) -> Any:
    return page.locator(".sc-survey-row").nth(number - 1)


def fill_in(page: Page, folder: Path) -> None:
    """The stretch, its start, two stalls of which one has a photo."""
    page.get_by_label("有没有人行道").get_by_text("有", exact=True).or_(
        page.locator(".sc-choice", has_text="有").first
    ).first.click()
    page.get_by_role("textbox", name="长度（米）").fill("120")
    page.get_by_role("button", name="取当前位置").click()
    expect(page.locator(".sc-survey-place input")).to_have_value("37.7369 112.5656 0 12")
    for number, (trade, size) in enumerate((("瓜果", "1.5"), ("早点", "2")), 1):
        page.get_by_role("button", name="添加占道摊点").click()
        row(page, number).get_by_role("textbox", name="卖什么").fill(trade)
        row(page, number).get_by_role("textbox", name="面积").fill(size)
    row(page, 2).locator(".shutter input").set_input_files(picture(folder, 21))
    expect(row(page, 2).locator(".thumbs img")).to_have_count(1)


def lines(page: Page) -> int:
    return page.locator(".line:not([hidden])").count()


def test_groups_rows_conditions_a_photo_and_a_place_leave_once(
    street_field: tuple[Field, Street], tmp_path: Path
) -> None:
    field, street = street_field
    page = begin(field)
    off(page, field)
    page.goto(f"{field.home}#/site/{field.sites[0]}")
    expect(page.locator(".line").first).to_be_visible()
    shoot(page, "entries-empty", 360)
    # Nothing is said of the pavement: the item that asks for it is not there, and what is missing is said.
    few = lines(page)
    page.locator("#foot button.main").click()
    expect(page.locator(".sc-survey-error:visible").first).to_contain_text("必答")
    fill_in(page, tmp_path)
    assert lines(page) == few + 1, "the pavement's item is asked now"
    expect(page.locator(".sc-survey-note", has_text="合计面积")).to_contain_text("3.5")
    answer_all_visible(page)
    # The condition hides the item again, with its answer; the other question comes.
    page.locator(".sc-choice", has_text="没有").first.click()
    assert lines(page) == few
    why = page.get_by_role("textbox", name="为什么")
    expect(why).to_be_visible()
    why.fill("老路")
    page.get_by_role("textbox", name="长度（米）").fill("9000")
    page.locator("#foot button.main").click()
    expect(page.locator(".sc-survey-error:visible")).to_contain_text(["1 到 5000 米"])
    shoot(page, "entries-wrong", 360)
    shoot(page, "entries-wrong")
    page.get_by_role("textbox", name="长度（米）").fill("120")
    page.wait_for_timeout(300)
    # The browser is killed in the middle, and starts without signal.
    field.phone.kill()
    context = field.phone.start()
    context.set_offline(True)
    page = field.phone.page(context)
    page.goto(f"{field.home}#/site/{field.sites[0]}")
    expect(page.get_by_role("textbox", name="为什么")).to_have_value("老路")
    ready = int(page.evaluate("document.body.dataset.ready || '0'"))
    print(f"interactive offline after {ready} ms")
    expect(row(page, 2).locator(".thumbs img")).to_have_count(1)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    (entry,) = page.evaluate(ENTRIES)
    assert list(entry["body"]["entries"]) == [street.form.sha256]
    field.let_in(context)
    on(page, field)
    see_outbox(page, field)
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    check_stored(field, street)


def answer_all_visible(page: Page) -> None:
    for button in page.locator("button.all:visible").all():
        button.click()
    for line in page.locator(".line:not(.is-done):not([hidden])").all():
        good = line.locator("button.choice.is-good")
        if good.count():
            good.first.click()
        else:
            for one in line.locator("input[type=number]").all():
                one.fill("9")
    expect(page.locator(".line:not(.is-done):not([hidden])")).to_have_count(0)


def check_stored(field: Field, street: Street) -> None:
    """What the phone showed is what stands in the tables: once, the picture by its file, the hidden item as not applicable."""
    with street.session() as session:
        visit = session.scalars(select(Visit)).one()
        kept = session.scalars(select(SheetEntry)).one()
        assert kept.form_sha256 == street.form.sha256
        shot = kept.data["stalls"][1]["seen"]
        said = {name: kept.data[name] for name in ("paved", "length", "why", "total")}
        assert said == {"paved": "no", "length": 120, "why": "老路", "total": "3.5"}
        assert str(kept.data["where"]).startswith("37.7369 112.5656")
        assert [one["trade"] for one in kept.data["stalls"]] == ["瓜果", "早点"]
        beside = session.scalars(select(Attachment).where(Attachment.visit_id == visit.id)).one()
        assert str(beside.file_id) == shot
        assert beside.question == f"entry:sanitary_city/{street.form.code}:stalls[2].seen"
        assert session.get(File, (session.tenant_id, UUID(shot))) is not None
        kerb = session.scalars(select(ItemResult).where(ItemResult.item == KERB)).one()
        assert kerb.outcome not in ("fail", "pass")
        question = next(one.question for one in street.form.items if one.code == KERB)
        assert session.scalars(select(AnswerRow).where(AnswerRow.question == question)).all() == []


def test_a_refusal_leads_back_to_the_field(street_field: tuple[Field, Street], tmp_path: Path) -> None:
    field, _street = street_field
    page = begin(field)
    off(page, field)
    page.goto(f"{field.home}#/site/{field.sites[0]}")
    expect(page.locator(".line").first).to_be_visible()
    fill_in(page, tmp_path)
    answer_all_visible(page)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    page.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open('sancheng-field-' + document.body.dataset.slug);
          open.onsuccess = () => {
            const store = open.result.transaction(['outbox'], 'readwrite').objectStore('outbox');
            store.getAll().onsuccess = (event) => {
              const [one] = event.target.result;
              Object.values(one.body.entries)[0].length = '9000';
              store.put(one).onsuccess = () => { open.result.close(); done(); };
            };
          };
        })"""
    )
    on(page, field)
    see_outbox(page, field)
    expect(page.locator(".dot.is-attention")).to_have_count(1, timeout=40_000)
    page.get_by_role("button", name="打开改正").click()
    expect(page.locator(".sc-survey-error:visible")).to_contain_text("1 到 5000 米")
    shoot(page, "entries-refused")
    length = page.get_by_role("textbox", name="长度（米）")
    expect(page.locator(".sc-survey-field", has=length).locator(":focus")).to_have_count(1)
    length.fill("130")
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    see_outbox(page, field)
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
