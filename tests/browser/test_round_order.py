"""The order of a round's stops in a real browser (点位排序走查): by mouse, by finger, by keyboard, by numbers, by the nearest next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from core.databases import Urls
from core.request import COOKIE
from core.work.calendar import local_day
from core.work.rounds.progress import stops_of
from core.work.tables import Round
from tenants.db import now
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import come_in
from tests.work.rounding import Rounds, open_one, rounds_town

pytestmark = pytest.mark.browser
NAMES = [f"第{n}市场" for n in range(1, 6)]  # at 0, 3, 1, 4, 2 hundredths of a degree to the east


@dataclass
class Desk:
    """The office at the order of a round with five stops on one line."""

    house: House
    opened: Browser
    place: Rounds
    clerk: Reader
    camera: Camera
    round_id: UUID

    @property
    def path(self) -> str:
        return f"/t/{self.place.district.ref.slug}/rounds/{self.round_id}/order"

    def saved(self) -> list[str]:
        with self.place.session() as session:
            of = session.get_one(Round, (self.place.district.ref.id, self.round_id))
            return [one.name for one in stops_of(session, of)]


@pytest.fixture
def desk(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        place, camera, day = rounds_town(house.wall, 5), Camera(), local_day(now())
        with place.session() as session:
            said = {"starts_on": day, "ends_on": day + timedelta(days=6), "now": now()}
            round_id = open_one(place, session, **said).id
            session.commit()
        clerk = reader(house, opened, camera)
        token, _ = come_in(house.wall, place.office)
        clerk.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        yield Desk(house, opened, place, clerk, camera, round_id)


def shown(page: Page) -> list[str]:
    return page.locator(".sc-order .name").all_text_contents()


def middle(page: Page, row: int) -> tuple[float, float]:
    box = page.locator(".sc-order [data-grip]").nth(row).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_by_mouse_by_keys_by_number_and_back(desk: Desk) -> None:
    page = desk.clerk.go(desk.path)
    assert shown(page) == NAMES
    expect(page.locator("[data-order-changed]")).to_be_hidden()
    start, end = middle(page, 0), middle(page, 3)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0], (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(end[0], end[1] + 4, steps=4)
    page.wait_for_timeout(120)
    page.mouse.up()
    after = [NAMES[1], NAMES[2], NAMES[3], NAMES[0], NAMES[4]]
    assert shown(page) == after
    expect(page.locator("[data-order-changed]")).to_be_visible()
    expect(page.locator("[data-order-said]")).to_have_text("第1市场：第 4 位")
    assert [one.input_value() for one in page.locator(".sc-pos").all()] == ["1", "2", "3", "4", "5"]
    up = page.get_by_role("button", name="第5市场 往前一位")
    up.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert shown(page) == [NAMES[1], NAMES[2], NAMES[4], NAMES[3], NAMES[0]]
    expect(up).to_be_focused()
    field = page.get_by_label("第2市场 的顺序")
    field.fill("5")
    field.press("Enter")
    assert shown(page) == [NAMES[2], NAMES[4], NAMES[3], NAMES[0], NAMES[1]]
    assert page.url.endswith("/order")
    assert desk.saved() == NAMES
    page.get_by_role("button", name="恢复原来的顺序").click()
    expect(page.locator("[data-order-changed]")).to_be_hidden()
    assert shown(page) == NAMES
    page.get_by_role("button", name="第1市场 往后一位").click()
    desk.clerk.press("保存顺序")
    assert desk.saved() == [NAMES[1], NAMES[0], *NAMES[2:]]
    assert not desk.camera.complaints


def test_by_finger_and_against_somebody_faster(desk: Desk) -> None:
    context = desk.opened.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    token, _ = come_in(desk.house.wall, desk.place.office)
    context.add_cookies([{"name": COOKIE, "value": token, "url": desk.house.base}])
    page = context.new_page()
    desk.camera.watch(page)
    page.goto(desk.house.base + desk.path)
    page.locator(".sc-order > li").nth(2).evaluate(
        "row => row.scrollIntoView({ block: 'center', behavior: 'instant' })"
    )
    finger = context.new_cdp_session(page)
    start, end = middle(page, 4), middle(page, 1)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start[0], "y": start[1]}]})
    for part in range(1, 9):
        y = start[1] + (end[1] - 4 - start[1]) * part / 8
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": start[0], "y": y}]})
        page.wait_for_timeout(50)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    dragged = [NAMES[0], NAMES[4], *NAMES[1:4]]
    expect(page.locator("[data-order-said]")).to_have_text("第5市场：第 2 位")
    assert shown(page) == dragged
    other = desk.clerk.go(desk.path)
    other.get_by_role("button", name="第1市场 往后一位").click()
    desk.clerk.press("保存顺序")
    with page.expect_navigation():
        page.get_by_role("button", name="保存顺序").click()
    assert "别人刚刚更新过" in page.content()
    assert desk.saved() == [NAMES[1], NAMES[0], *NAMES[2:]]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert not desk.camera.complaints


def test_the_nearest_next_is_proposed_and_saved_or_not(desk: Desk) -> None:
    page = desk.clerk.go(desk.path + "?line=" + line_of(desk))
    page.get_by_label("从哪里出发").select_option(label="第1市场")
    desk.clerk.press("按最近路线排")
    assert shown(page) == [NAMES[0], NAMES[2], NAMES[4], NAMES[1], NAMES[3]]
    said = page.locator(".sc-toast.is-info").inner_text()
    assert "还没有保存" in said
    assert "直线距离合计 3.5 公里，比原来的 8.7 公里少走 5.2 公里" in said
    assert desk.saved() == NAMES
    with page.expect_navigation():
        page.locator("form[data-order]").get_by_role("link", name="恢复原来的顺序").click()
    assert shown(page) == NAMES
    page.get_by_label("从哪里出发").select_option(label="第4市场")
    desk.clerk.press("按最近路线排")
    desk.clerk.press("保存顺序")
    assert desk.saved() == [NAMES[3], NAMES[1], NAMES[4], NAMES[2], NAMES[0]]
    assert not desk.camera.complaints


def test_without_script_the_numbers_do_it(desk: Desk) -> None:
    context = desk.opened.new_context(java_script_enabled=False)
    token, _ = come_in(desk.house.wall, desk.place.office)
    context.add_cookies([{"name": COOKIE, "value": token, "url": desk.house.base}])
    page = context.new_page()
    page.goto(desk.house.base + desk.path)
    assert page.locator("[data-moves]").first.is_hidden()
    page.get_by_label("第5市场 的顺序").fill("0")
    page.get_by_role("button", name="保存顺序").click()
    assert desk.saved() == [NAMES[4], *NAMES[:4]]
    context.close()


def line_of(desk: Desk) -> str:
    with desk.place.session() as session:
        return str(stops_of(session, session.get_one(Round, (desk.place.district.ref.id, desk.round_id)))[0].line_id)
