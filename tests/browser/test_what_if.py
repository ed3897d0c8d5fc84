"""What-if in a real browser (假如改好走查): a tick moves the score in place, by mouse, keyboard and thumb; the address says all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from core.databases import Urls
from core.request import COOKIE
from core.work.calendar import local_day
from tenants.db import now
from tests.browser.running import Camera, Reader, browser, need_browser, reader, served
from tests.factory import come_in
from tests.figures.build import CIVILIZED, SANITARY, make, visit

pytestmark = pytest.mark.browser
DAY = local_day(now()).replace(day=1) - timedelta(days=1)


@dataclass
class Desk:
    """An office's desk, its phone, and the page."""

    wide: Reader
    phone: Reader
    path: str
    camera: Camera


@pytest.fixture(scope="module")
def desk(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        made = make(house.wall, CIVILIZED, SANITARY)
        with made.district.session(house.wall) as session:
            answers = {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 1}}
            visit(session, made, ["housing_estate"], answers, day=DAY)
            session.commit()
        camera = Camera()
        both = reader(house, opened, camera), reader(house, opened, camera, width=390, height=844)
        for one in both:
            token, _ = come_in(house.wall, made.office)
            one.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        yield Desk(*both, f"/t/{made.district.ref.slug}/what-if?kind=month&period={DAY:%Y-%m}", camera)


def share(page: Page) -> str:
    return page.locator("#outcome .sc-share b").first.inner_text().replace("\n", "")


def test_a_tick_moves_the_score_where_one_stands(desk: Desk) -> None:
    page = desk.wide.go(desk.path)
    assert share(page) == "58.77 → 58.77%"
    page.evaluate("window.stayed = true")
    box = page.locator("input[name=t]").first
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#outcome .sc-share b").first).to_have_text(re.compile("58.77 → 100.00"))
    expect(page.locator("#outcome-brief")).to_contain_text("100.00%")
    expect(page).to_have_url(re.compile(r"[?&]t=public_adverts"))
    assert page.evaluate("window.stayed"), "the page was loaded anew"
    assert box.evaluate("one => one === document.activeElement")
    page.locator("input[name=i]").first.check()
    expect(page).to_have_url(re.compile(r"[?&]i="))
    said = page.locator("#outcome").inner_text()
    page.reload()
    assert page.locator("#outcome").inner_text() == said
    assert page.locator("input[name=t]").first.is_checked()
    page.locator("input[name=t]").first.uncheck()
    expect(page.locator("#outcome .sc-share b").first).to_have_text(re.compile("58.77 → 58.77"))
    desk.wide.shoot("what-if")
    assert desk.camera.complaints == []


def test_the_phone_keeps_the_score_in_sight(desk: Desk) -> None:
    page = desk.phone.go(desk.path)
    box = page.locator("label:has(input[name=t])").first
    box.scroll_into_view_if_needed()
    box.click()
    brief = page.locator("#outcome-brief")
    expect(brief).to_contain_text("58.77 → 100.00%")
    expect(brief).to_be_in_viewport()
    bar, below = page.locator(".sc-outcome-bar").bounding_box(), page.locator(".sc-bottom").bounding_box()
    assert bar
    assert below
    assert bar["y"] + bar["height"] <= below["y"] + 1, "the bar lies under the menu"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.phone.shoot("what-if-phone")
    assert desk.camera.complaints == []


def test_without_scripts_the_button_does_it(desk: Desk) -> None:
    browser_of = desk.wide.context.browser
    assert browser_of
    context = browser_of.new_context(java_script_enabled=False)
    context.add_cookies(desk.wide.context.cookies())
    page = context.new_page()
    page.goto(desk.wide.house.base + desk.path)
    page.locator("input[name=t]").first.check()
    with page.expect_navigation():
        page.locator(".sc-outcome-bar button").click()
    assert share(page) == "58.77 → 100.00%"
    context.close()
