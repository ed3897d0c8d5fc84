"""A draft across a switch of editions (换版走查): a phone goes on with the forms that it began with, in both widths' languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.databases import Urls
from core.request import COOKIE
from core.work.calendar import local_day
from core.work.tables import Sheet
from tenants.db import now
from tests.browser.running import Camera, browser, need_browser, reader, served
from tests.factory import come_in
from tests.work.test_opened_with import ADDED, NEW, ROAD_NEW, ROAD_OLD, answers_of, place, switch

pytestmark = pytest.mark.browser


def test_a_draft_begun_before_the_switch_is_sent_with_its_forms(
    server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        here, camera = place(house.wall), Camera()
        phone = reader(house, opened, camera, width=390, height=844)
        token, _ = come_in(house.wall, here.inspector)
        phone.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        page = phone.go(f"/t/{here.district.ref.slug}/visit/{here.road}")
        answers = dict(answers_of(ROAD_OLD))
        page.locator("[name='a.waste_heaps.count']").fill("3")
        page.wait_for_timeout(600)  # the draft is written four tenths of a second after the last change
        with here.district.session(house.wall) as session:
            switch(session, NEW, local_day(now()))
            session.commit()
        page.goto(page.url)
        page.wait_for_url(f"**?forms={ROAD_OLD.sha256}")
        expect(page.locator("[name='a.waste_heaps.count']")).to_have_value("3")
        expect(page.locator(f"#q-{ADDED}")).to_have_count(0)
        expect(page.locator("form#visit")).to_contain_text("新版增加的 1 题不评分")
        phone.shoot("visit-opened-before-the-switch")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="改用新版").click()
        expect(page.locator(f"#q-{ADDED}")).to_have_count(1)
        expect(page.locator("[name='a.waste_heaps.count']")).to_have_value("3")
        page.go_back()
        expect(page.locator(f"#q-{ADDED}")).to_have_count(0)
        expect(page.locator("[name='a.waste_heaps.count']")).to_have_value("3")  # the draft is back in its place
        for code, raw in answers.items():
            (part, value), *_ = raw.items()
            box = page.locator(f"[name='a.{code}.{part}']")
            if box.first.get_attribute("type") == "radio":
                page.locator(f"[name='a.{code}.{part}'][value='{'yes' if value is True else value}']").check(force=True)
            else:
                box.fill(str(value))
        phone.send("button[form=visit]")
        expect(page.locator("main")).to_contain_text("新版增加的 1 题没有问到，不评分")
        with here.district.session(house.wall) as session:
            assert [s.form_sha256 for s in session.scalars(select(Sheet))] == [ROAD_OLD.sha256]
        page = phone.go(f"/t/{here.district.ref.slug}/visit/{here.road}")
        assert page.locator("[name=forms]").input_value() == ROAD_NEW.sha256, (
            "the draft is gone, the next visit is of the new edition"
        )
        assert camera.complaints == []
