"""A visit on a phone (现场处置走查): what was fixed on the spot and what is still there, kept in the draft and sent with the visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core.databases import Urls
from core.request import COOKIE
from core.work.loop.ledger import act
from core.work.tables import Finding
from tenants.db import now
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import come_in
from tests.work.market import ALL_GOOD, Town, send, town
from tests.work.pictures import jpeg

pytestmark = pytest.mark.browser
TWO_BAD = ALL_GOOD | {"toilet_clean": {"rating": 5}, "illegal_posters": {"count": 2}}


@dataclass
class Round:
    """A market where two things are open already, and its inspector's phone."""

    house: House
    place: Town
    open: dict[str, UUID]
    phone: Reader
    camera: Camera


@pytest.fixture
def visiting(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        place, camera = town(house.wall), Camera()
        with place.district.session(house.wall) as session:
            standing = {one.question: one.id for one in send(session, place, TWO_BAD, now=now()).findings}
            session.commit()
        phone = reader(house, opened, camera, width=390, height=844)
        token, _ = come_in(house.wall, place.inspector)
        phone.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        yield Round(house, place, standing, phone, camera)


def test_the_draft_keeps_what_is_done_about_each_question(visiting: Round) -> None:
    place, phone = visiting.place, visiting.phone
    page = phone.go(f"/t/{place.ref.slug}/visit/{place.market}")
    fill(page)
    for code in ("toilet_clean", "illegal_posters"):  # what the form proposes by itself
        expect(page.locator(f"[name='deal.{code}']")).to_have_value(str(visiting.open[code]))
    spot = page.locator("#q-stalls_tidy_inside")
    expect(spot.locator(".sc-after")).to_be_hidden()
    spot.locator("select[name^='deal.']").select_option("fixed")
    photo(page, "photo", 61)
    photo(page, "after", 62)
    phone.shoot("visit-dealing")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_timeout(600)  # the draft is written four tenths of a second after the last change
    with place.district.session(visiting.house.wall) as session:  # one of the two is settled meanwhile
        gone = visiting.open["illegal_posters"]
        act(session, place.office, gone, "cancel", version=1, note="重复", now=now())
        session.commit()
    page.reload()
    expect(page.locator("[name='deal.stalls_tidy_inside']")).to_have_value("fixed")
    expect(spot.locator("input[name='after.stalls_tidy_inside']")).to_have_count(1)
    expect(page.locator("[name='deal.toilet_clean']")).to_have_value(str(visiting.open["toilet_clean"]))
    expect(page.locator("[name='deal.illegal_posters']")).to_have_value("open")
    phone.send("button[form=visit]")
    expect(page.locator("main")).to_contain_text("仍未整改的问题")
    with place.district.session(visiting.house.wall) as session:
        found = {one.question: one for one in session.scalars(select(Finding).where(Finding.closed_at.is_not(None)))}
        kept = session.get_one(Finding, (session.tenant_id, visiting.open["toilet_clean"]))
    assert {code: one.outcome for code, one in found.items()} == {"stalls_tidy_inside": "on_spot"}
    assert kept.seen_again == 1
    assert visiting.camera.complaints == []


def fill(page: Page) -> None:
    """Answer every question; three of them fail."""
    for code, raw in (TWO_BAD | {"stalls_tidy_inside": {"rating": 4}}).items():
        for part, value in raw.items():
            said = {True: "yes", False: "no"}.get(value, str(value)) if part == "yes" else str(value)
            box = page.locator(f"[name='a.{code}.{part}']")
            if part == "na" and box.count() == 0:
                press(page.locator(f"#q-{code} input[value='na']"))
            elif part in ("yes", "rating"):
                press(page.locator(f"[name='a.{code}.{part}'][value='{said}']"))
            elif part == "na":
                press(box)
            else:
                box.fill(said)


def press(box: Locator) -> None:
    """Tick a box by its own click: the bar at the foot may lie over it while the page still scrolls."""
    box.evaluate("box => box.click()")
    expect(box).to_be_checked()


def photo(page: Page, kind: str, seed: int) -> None:
    field = page.locator(f"#f-{kind}-stalls_tidy_inside")
    field.set_input_files([{"name": f"{kind}.jpg", "mimeType": "image/jpeg", "buffer": jpeg((300, 200), seed=seed)}])
    expect(page.locator(f"#q-stalls_tidy_inside input[type=hidden][name='{kind}.stalls_tidy_inside']")).to_have_count(1)
