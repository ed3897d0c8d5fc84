"""A contact's phone in a real browser (转交整改走查): a link is opened, one item is answered with the same view taken again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.databases import Urls
from core.request import COOKIE
from core.work.inspection.photos import store
from core.work.proofs.contacts import add_contact
from core.work.proofs.hand_ons import hand_on
from core.work.tables import Attachment, HandOn
from tenants.db import now
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import come_in
from tests.work.ledger_town import Town, lay_finding, town
from tests.work.pictures import jpeg

pytestmark = pytest.mark.browser


@dataclass
class Errand:
    """Two items handed on to a property manager, and his phone."""

    place: Town
    path: str
    phone: Reader


@pytest.fixture
def errand(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Errand]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        camera = Camera()
        place, contact = hand_out(house)
        desk = reader(house, opened, camera)
        token, _ = come_in(house.wall, place.people["liaison"])
        desk.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        path = link_of(desk, place, contact)
        yield Errand(place, path, reader(house, opened, camera, width=390, height=844))


def hand_out(house: House) -> tuple[Town, UUID]:
    """A district, two findings with their photos, and the contact to whom they are handed on."""
    place = town(house.wall, house.files)
    with place.district.session(house.wall) as session:
        who, findings = place.people["liaison"], [lay_finding(session, place, "rectifying") for _ in range(2)]
        photo = store(session, place.people["office"], jpeg(seed=5), files=house.files)
        for finding in findings:
            finding.due_at = now() + timedelta(days=2)
            session.add(Attachment(finding_id=finding.id, version=1, file_id=photo.id))
        session.flush()
        made = {"kind": "property", "name": "一号院物业", "unit_id": place.lead, "now": now()}
        contact = add_contact(session, who, **made)
        hand_on(session, who, [one.id for one in findings], contact.id, asked="清运后请拍照", now=now())
        session.commit()
        return place, contact.id


def link_of(desk: Reader, place: Town, contact: UUID) -> str:
    """A link as the unit makes it on the contact's page; its path."""
    page = desk.go(f"/t/{place.district.ref.slug}/contacts/{contact}")
    with page.expect_navigation():
        page.locator("form[action$='/link'] button").click()
    return re.findall(r"http://[^/]+(/h/\S+)", page.locator("#once").input_value())[0]


def fits(page: Page) -> None:
    """Nothing stands out of the phone."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_contact_answers_one_item_on_his_phone(errand: Errand) -> None:
    phone = errand.phone
    page = phone.go(errand.path)
    assert page.url.endswith(f"/h/{errand.place.district.ref.slug}"), "the word is out of the address"
    boxes = page.locator("section[data-reshoot]")
    expect(boxes).to_have_count(2)
    fits(page)
    box = boxes.first
    expect(box.locator(".ghost")).to_be_visible()
    box.locator("input[type=file]").set_input_files(
        {"name": "again.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=6)}
    )
    expect(box.locator("[data-shots] img")).to_be_visible()
    expect(page.locator("[data-tally-here]")).to_contain_text("1/2")
    box.locator("textarea").fill("已清运")
    phone.shoot("hand-on-taken")
    with page.expect_navigation():
        box.locator("button[name=only]").click()
    expect(page.locator("section[data-reshoot]")).to_have_count(1)
    fits(page)
    phone.shoot("hand-on-sent")
    with errand.place.district.session(phone.house.wall) as session:
        rows = session.scalars(select(HandOn).order_by(HandOn.state)).all()
        assert [(row.state, row.note, len(row.photos)) for row in rows] == [("answered", "已清运", 1), ("sent", "", 0)]
    assert not phone.camera.complaints, "\n".join(phone.camera.complaints)
