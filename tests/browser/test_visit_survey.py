"""A designed form on the visit page and in the preview (附加题走查): groups, repeats, conditions, a photo, a place, a correction."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core.databases import Urls
from core.request import COOKIE
from core.work.tables import Attachment, ItemResult, SheetEntry, Visit
from tenants.access import Actor
from tests.browser.asking_all import Wide
from tests.browser.axe import need_axe, violations
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import come_in
from tests.work.asking_more import CODE, KERB, SANITARY

pytestmark = pytest.mark.browser
HERE = {"latitude": 37.7369, "longitude": 112.5656, "accuracy": 8}


@dataclass
class Stage:
    """The district, its server, and a phone (检查现场)."""

    wide: Wide
    house: House
    phone: Reader
    camera: Camera

    @property
    def home(self) -> str:
        return f"/t/{self.wide.district.ref.slug}"

    def come(self, who: Actor, english: bool = False) -> None:
        token, _ = come_in(self.house.wall, who, "en" if english else "zh")
        self.phone.context.add_cookies([{"name": COOKIE, "value": token, "url": self.house.base}])

    @property
    def page(self) -> Page:
        return self.phone.page


@pytest.fixture(scope="module")
def stage(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        camera = Camera()
        phone = reader(house, opened, camera, width=360, height=740)
        phone.context.grant_permissions(["geolocation"], origin=house.base)
        phone.context.set_geolocation(HERE)
        yield Stage(Wide(house.wall), house, phone, camera)
        assert camera.complaints == []


def ask(page: Page, label: str) -> Locator:
    """The question that begins with these words."""
    return page.locator("fieldset.sc-survey-field:visible").filter(has=page.locator("legend", has_text=label))


def pick(page: Page, label: str, words: str) -> None:
    ask(page, label).locator("label", has_text=words).first.click()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def answer_items(page: Page) -> None:
    """An answer without fault to every item in sight."""
    for question in page.locator("[data-question]:visible").all():
        if question.locator("input[data-answer=good]").count():
            question.locator("input[data-answer=good]").last.evaluate("(one) => one.click()")
        else:
            for number in question.locator("input[type=number]").all():
                number.fill("0")


def photo() -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(out, "JPEG")
    return {"name": "stall.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_a_visit_with_every_kind_of_question(stage: Stage) -> None:
    stage.come(stage.wide.inspector)
    page = stage.phone.go(f"{stage.home}/visit/{stage.wide.site}")
    kerb = page.locator("[data-question]", has_text="").filter(has=page.locator(f"#q-{kerb_question(stage)}"))
    assert kerb.count() == 0
    asked = page.locator("[data-question]:visible").count()
    expect(page.locator("[data-tally]")).to_contain_text(f"0/{asked}")
    # an item is hidden until its condition holds, and leaves the list and the tally again
    expect(page.locator(f"#q-{kerb_question(stage)}")).to_be_hidden()
    pick(page, "有没有人行道", "有")
    expect(page.locator(f"#q-{kerb_question(stage)}")).to_be_visible()
    expect(page.locator("[data-tally]")).to_contain_text(f"0/{asked + 1}")
    # choices by what was chosen before
    assert ask(page, "看的是哪一部分").locator("option").all_inner_texts() == ["请选择", "路缘石", "盲道砖"]
    ask(page, "看的是哪一部分").locator("select").select_option(label="盲道砖")
    # a constraint speaks at once, a calculation follows
    ask(page, "长度（米）").locator("input").fill("9000")
    ask(page, "长度（米）").locator("input").blur()
    expect(ask(page, "长度（米）").locator("[role=alert]")).to_have_text("长度应为 1 到 5000 米")
    ask(page, "长度（米）").locator("input").fill("120")
    expect(ask(page, "长度（米）").locator("[role=alert]")).to_be_hidden()
    ask(page, "宽度（米）").locator("input").fill("2.5")
    expect(page.locator(".sc-survey-note", has_text="面积")).to_contain_text("300")
    page.get_by_role("button", name="取当前位置").click()
    expect(ask(page, "起点").locator("input")).to_have_value("37.7369 112.5656 0 8")
    # rows in rows
    page.get_by_role("button", name="添加占道摊点").click()
    page.get_by_role("button", name="添加占道摊点").click()
    stalls = page.locator(".sc-survey-row:not(.sc-survey-row .sc-survey-row)")
    expect(stalls).to_have_count(2)
    ask(page, "卖什么").nth(0).locator("textarea").fill("水果")
    stalls.nth(0).locator("input[type=file]").set_input_files(photo())
    expect(stalls.nth(0).locator(".sent img")).to_have_count(1)
    stalls.nth(0).locator("label", has_text="其他").click()
    stalls.nth(0).get_by_label("其他（请写明）").fill("干果")
    expect(page.get_by_text("垃圾桶", exact=True)).to_have_count(2)
    expect(page.get_by_text("垃圾桶", exact=True).first).to_be_hidden()
    stalls.nth(0).get_by_role("button", name="加一").click()
    expect(stalls.nth(0).locator(".sc-survey-row")).to_have_count(1)
    stalls.nth(0).locator(".sc-survey-row label", has_text="7").click()
    expect(page.locator(".sc-survey-note", has_text="请核对")).to_have_text("共 2 个摊点，请核对。")
    assert fits(page)
    need_axe()
    assert violations(page) == []
    stage.phone.shoot("visit-filled")
    # the draft is there again
    page.wait_for_timeout(600)
    page.reload()
    expect(ask(page, "长度（米）").locator("input")).to_have_value("120")
    expect(ask(page, "卖什么").nth(0).locator("textarea")).to_have_value("水果")
    expect(page.locator(".sc-survey-row .sent img")).to_have_count(1)
    # refused before it is sent: a row lacks what is required
    answer_items(page)
    page.locator("button[form=visit]").click()
    wrong = page.locator("[data-survey-wrong]")
    expect(wrong).to_contain_text("没有作答")
    stage.phone.shoot("visit-refused")
    wrong.get_by_role("link", name="第 2 个占道摊点 · 卖什么").click()
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="删去占道摊点 2").click()
    expect(page.locator(".sc-survey-note", has_text="请核对")).to_have_text("共 1 个摊点，请核对。")
    # the server judges for itself: what a script would have found is found there too
    page.evaluate(
        """() => { const form = document.getElementById('visit'); const field = form.querySelector('[name^="entries."]');
        const said = JSON.parse(field.value); said.length = 'x'; field.value = JSON.stringify(said); HTMLFormElement.prototype.submit.call(form); }"""
    )
    page.wait_for_load_state()
    expect(page.locator(".sc-toast.is-error")).to_contain_text("应为整数")
    expect(ask(page, "长度（米）").locator("[role=alert]")).to_contain_text("应为整数")
    page.locator(".sc-toast.is-error").get_by_role("link", name="长度（米）").click()
    stage.phone.shoot("visit-refused-by-the-server")
    ask(page, "长度（米）").locator("input").fill("80")
    stage.phone.send("button[form=visit]")
    expect(page.locator("main")).to_contain_text("检查已提交")
    with stage.wide.district.session(stage.house.wall) as session:
        visit = session.scalars(select(Visit)).one()
        entry = session.scalars(select(SheetEntry)).one()
        assert entry.form_sha256 == stage.wide.form.sha256
        assert {key: entry.data[key] for key in ("paved", "part", "length", "area", "where", "sum")} == {
            "paved": "yes",
            "part": "tiles",
            "length": 80,
            "area": "200",
            "where": "37.7369 112.5656 0 8",
            "sum": "1",
        }
        (stall,) = entry.data["stalls"]
        attached = session.scalars(select(Attachment).where(Attachment.question.like("entry:%"))).one()
        assert attached.question == f"entry:{SANITARY.key}/{CODE}:stalls[1].seen"
        assert stall == {
            "trade": "水果",
            "seen": str(attached.file_id),
            "goods": ["other"],
            "goods_other": "干果",
            "bags": 1,
            "bin": [{"full": 7}],
        }
    correct_it(stage, str(visit.id))


def correct_it(stage: Stage, visit_id: str) -> None:
    """The same visit is corrected: what was said is there, and a hidden item counts as not applicable."""
    page = stage.phone.go(f"{stage.home}/visits/{visit_id}/correct")
    expect(ask(page, "长度（米）").locator("input")).to_have_value("80")
    expect(ask(page, "卖什么").locator("textarea")).to_have_value("水果")
    expect(page.locator(".sc-survey-row .sent img")).to_have_count(1)
    expect(page.get_by_role("textbox", name="其他（请写明）")).to_have_value("干果")
    pick(page, "有没有人行道", "没有")
    expect(page.locator(f"#q-{kerb_question(stage)}")).to_be_hidden()
    expect(ask(page, "松动几块")).to_have_count(0)
    assert ask(page, "看的是哪一部分").locator("option").all_inner_texts() == ["请选择", "路肩"]
    ask(page, "为什么没有").locator("textarea").fill("正在修")
    page.locator("[name=reason]").fill("看错了")
    stage.phone.shoot("visit-corrected")
    stage.phone.send("button[form=visit]")
    expect(page.locator("main")).to_contain_text("已更正")
    with stage.wide.district.session(stage.house.wall) as session:
        newer = session.scalars(select(Visit).where(Visit.id != visit_id)).one()
        entry = session.scalars(select(SheetEntry).where(SheetEntry.visit_id == newer.id)).one()
        assert entry.data["why"] == "正在修"
        assert "part" not in entry.data, "it is not on offer without a pavement"
        assert entry.data["stalls"][0]["trade"] == "水果"
        results = session.scalars(select(ItemResult).where(ItemResult.visit_id == newer.id, ItemResult.item == KERB))
        assert [one.outcome for one in results] == ["na"]


def kerb_question(stage: Stage) -> str:
    return next(item.question for item in stage.wide.form.items if item.code == KERB)


@pytest.mark.parametrize("english", [False, True])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_form_fits_in_both_languages(stage: Stage, english: bool, width: int) -> None:
    stage.come(stage.wide.inspector, english)
    stage.page.set_viewport_size({"width": width, "height": 900})
    page = stage.phone.go(f"{stage.home}/visit/{stage.wide.site}")
    page.evaluate("localStorage.clear()")
    page.reload()
    pick(page, "Is there a pavement" if english else "有没有人行道", "Yes" if english else "有")
    page.locator(".sc-survey-add:visible").first.click()
    assert fits(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll('.sc-survey button, .sc-survey input:not([type=radio]):not([type=checkbox]):not([type=file]):not([type=hidden]), .sc-survey select, .sc-survey textarea, .sc-survey label')]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert small == []
    assert violations(page) == []
    stage.phone.shoot(f"visit-{'en' if english else 'zh'}-{width}")
    if english:
        assert not page.evaluate("/[\\u4e00-\\u9fff]/.test(document.querySelector('.sc-survey').innerText)")


@pytest.mark.parametrize("english", [False, True])
def test_the_preview_asks_everything_and_sends_nothing(stage: Stage, english: bool) -> None:
    stage.come(stage.wide.admin, english)
    stage.page.set_viewport_size({"width": 390, "height": 844})
    page = stage.phone.go(f"{stage.home}/forms/{SANITARY.key}/{CODE}/preview")
    label = "Is there a pavement" if english else "有没有人行道"
    before = page.locator("[data-survey-tally]").inner_text()
    pick(page, label, "Yes" if english else "有")
    expect(page.locator("[data-survey-tally]")).not_to_have_text(before)
    expect(
        page.locator("fieldset", has=page.locator("legend", has_text="Loose tiles" if english else "松动几块"))
    ).to_be_visible()
    chosen = page.locator(".sc-survey-field .sc-answers label:visible").first
    chosen.click()
    expect(page.locator(".sc-survey-field .sc-answers input:checked")).to_have_count(1)
    assert fits(page)
    assert violations(page) == []
    stage.phone.shoot(f"preview-{'en' if english else 'zh'}")
