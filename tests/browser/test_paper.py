"""Paper in a real browser (纸质表走查): the printed sheet and its code, and a filled one typed in by keyboard alone."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.campaigns import Form, installed, load_vocabulary
from core.campaigns.xlsform.model import Field, Text
from core.campaigns.xlsform.scored import design_of, to_form
from core.databases import Urls
from core.request import COOKIE
from core.work.calendar import local_day
from core.work.inspection.visit_plan import PlannedForm, PlannedQuestion, plan, plan_of
from core.work.tables import AnswerRow, SheetEntry, Visit
from tenants.db import now
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import add_actor, come_in
from tests.work.entering import FIRST, SANITARY, STALLS, put_in_use, version
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, Town, campaigns, town

pytestmark = pytest.mark.browser
A4 = (595, 842)  # points


@dataclass
class Desk:
    """The office's desk with a market's sheets on it."""

    house: House
    place: Town
    clerk: Reader
    camera: Camera


@pytest.fixture
def desk(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        place, camera = town(house.wall), Camera()
        clerk = reader(house, opened, camera)
        token, _ = come_in(house.wall, place.office)
        clerk.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        yield Desk(house, place, clerk, camera)


# ---- the printed sheet ----


def printed(page: Page, folder: Path) -> list[Image.Image]:
    """The pages as Chromium prints them, at 200 dots an inch."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("no pdftoppm on PATH; on Debian: apt-get install poppler-utils")
    file = folder / "sheet.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True, print_background=True)
    subprocess.run(["pdftoppm", "-r", "200", "-gray", str(file), str(folder / "sheet")], check=True)
    return [Image.open(one) for one in sorted(folder.glob("sheet-*.pgm"))]


def text_of(folder: Path) -> str:
    said = subprocess.run(["pdftotext", "-layout", str(folder / "sheet.pdf"), "-"], check=True, capture_output=True)
    return said.stdout.decode()


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_sheet_prints_whole_and_every_page_carries_its_code(desk: Desk, tmp_path: Path, locale: str) -> None:
    token, _ = come_in(desk.house.wall, desk.place.office, locale)
    desk.clerk.context.add_cookies([{"name": COOKIE, "value": token, "url": desk.house.base}])
    page = desk.clerk.go(f"/t/{desk.place.ref.slug}/paper/site/{desk.place.market}")
    address = page.locator(".pa-bar a[href*='paper/enter']").get_attribute("href")
    pages = printed(page, tmp_path)
    text = text_of(tmp_path)
    due = plan(["produce_market"], campaigns())
    assert 2 <= len(pages) <= 5, len(pages)
    assert f"{len(pages)}/{len(pages)}" in "".join(text.split())
    for one in pages:
        assert abs(one.width / one.height - A4[0] / A4[1]) < 0.005
        codes = zxingcpp.read_barcodes(one, formats=zxingcpp.BarcodeFormat.QRCode)
        assert [code.text for code in codes] == [address]
        left, _top, right, _bottom = one.convert("L").point(lambda grey: 255 * (grey < 200)).getbbox() or (0, 0, 0, 0)
        assert left > one.width * 0.03  # nothing runs into the edge that no printer reaches
        assert right < one.width * 0.97
    flat = "".join(text.split())
    for asked in due.questions.values():
        said = asked.question.text_zh if locale == "zh" else asked.question.text_en
        assert "".join(said.split())[:8] in flat, said
    assert desk.camera.complaints == []


def test_copies_begin_on_pages_of_their_own(desk: Desk, tmp_path: Path) -> None:
    page = desk.clerk.go(f"/t/{desk.place.ref.slug}/paper/sanitary_city/SAN-MARKET?copies=2")
    twice = len(printed(page, tmp_path))
    (tmp_path / "one").mkdir()
    page = desk.clerk.go(f"/t/{desk.place.ref.slug}/paper/sanitary_city/SAN-MARKET")
    assert twice == 2 * len(printed(page, tmp_path / "one"))


# ---- typing in ----


class Keys:
    """A keyboard that counts (按键计数)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        self.press(*text)

    def answer(self, asked: PlannedQuestion, said: Mapping[str, Any] = ANSWERS) -> None:
        """One answer as somebody reads it off the sheet."""
        raw = said[asked.code]
        if raw.get("na"):
            self.press("3" if asked.question.answer_type == "yes_no" else "-")
        elif "yes" in raw:
            self.press("1" if raw["yes"] else "2")
        elif "n" in raw:
            self.type(str(raw["n"]))
            self.press("/")
            self.type(str(raw["m"]))
            self.press("Enter")
        else:
            self.type(str(raw.get("rating", raw.get("count"))))
            self.press("Enter")
        if said is ANSWERS and asked.code in FAILED:
            self.press("Enter")  # past the line of words


def test_a_sheet_is_typed_in_by_keyboard_alone(desk: Desk) -> None:
    page = desk.clerk.go(f"/t/{desk.place.ref.slug}/paper/enter")
    expect(page.locator("#f-q")).to_be_focused()
    keys = Keys(page)
    page.keyboard.insert_text("便民")
    page.locator("#f-q").dispatch_event("input")
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.locator("[data-pick='f-person']")).to_be_focused()
    keys.type(desk.place.inspector.name)
    keys.press("Enter")
    expect(page.locator("#f-person")).to_have_value(str(desk.place.inspector.person_id))
    keys.count = 0  # person and day are asked once a sitting
    page.locator("#f-day").fill((local_day(now()) - timedelta(days=1)).isoformat())
    page.locator("#f-began").focus()
    begun = time.monotonic()
    for clock in ("0930", "0955"):
        keys.type(clock)
        keys.press("Enter")
    asked = list(plan(["produce_market"], campaigns()).questions.values())
    for one in asked:
        expect(page.locator(f"#q-{one.code}")).to_have_class("sc-question is-next")
        keys.answer(one)
    expect(page.locator(".pa-bottom .tally")).to_have_text(f"{len(asked)}/{len(asked)} · {len(FAILED)} 个问题")
    desk.clerk.shoot("paper-typed")
    with page.expect_navigation():
        keys.press("F9")
    seconds = time.monotonic() - begun
    print(f"\n{len(asked)} questions: {keys.count} keystrokes, {seconds:.1f} s by machine")
    assert keys.count <= 3 * len(asked)
    assert seconds < 60
    expect(page.locator("#f-q")).to_be_focused()
    expect(page.locator("main")).to_contain_text("已录入，立案 10 个问题")
    assert urlsplit(page.url).path.endswith("/paper/enter")
    with desk.place.district.session(desk.house.wall) as session:
        visit = session.scalars(select(Visit)).one()
        rows = {one.question: one for one in session.scalars(select(AnswerRow).where(AnswerRow.visit_id == visit.id))}
    assert visit.person_id == desk.place.inspector.person_id
    for code, raw in ANSWERS.items():
        assert {part: getattr(rows[code], part) for part in raw} == dict(raw), code
    assert desk.camera.complaints == []


def test_arrows_go_back_and_what_is_missing_is_next(desk: Desk) -> None:
    slug, market = desk.place.ref.slug, desk.place.market
    page = desk.clerk.go(f"/t/{slug}/paper/enter?site={market}&person={desk.place.inspector.person_id}")
    expect(page.locator("#f-began")).to_be_focused()
    keys = Keys(page)
    keys.press("Enter")
    keys.type("0001")
    keys.press("Enter")
    asked = list(plan(["produce_market"], campaigns()).questions.values())
    keys.answer(asked[0])
    keys.answer(asked[1])
    keys.press("ArrowUp", "ArrowUp")
    expect(page.locator(f"#q-{asked[0].code}")).to_have_class("sc-question is-failed is-next")
    keys.type("9")
    keys.press("Enter")
    expect(page.locator(f"#q-{asked[0].code}")).to_have_class("sc-question")
    page.locator("#f-day").fill((local_day(now()) - timedelta(days=2)).isoformat())
    page.locator(f"#q-{asked[1].code} input").first.focus()
    with page.expect_navigation():
        keys.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("没有作答")
    expect(page.locator(f"#q-{asked[2].code}")).to_have_class("sc-question is-next")
    expect(page.locator(f"[name='a.{asked[0].code}.count']")).to_have_value("9")
    assert desk.camera.complaints == []


@pytest.mark.parametrize("width", [390, 1440])
def test_both_pages_fit_the_screen(desk: Desk, width: int) -> None:
    slug, market = desk.place.ref.slug, desk.place.market
    page = desk.clerk.page
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("enter", f"enter?site={market}"):
        desk.clerk.go(f"/t/{slug}/paper/{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        desk.clerk.shoot(f"paper-{width}")


# ---- what is asked beside the items ----


def test_what_is_asked_beside_the_items_is_typed_in_by_keyboard(desk: Desk) -> None:
    """Choices by their number, words and numbers as they are, a repeat by Enter on its button; the server has it all."""
    place, wall = desk.place, desk.house.wall
    form = entry_version()
    with place.district.session(wall) as session:
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), form, now())
        session.commit()
    address = f"/t/{place.ref.slug}/paper/enter?site={place.market}&person={place.inspector.person_id}"
    page = desk.clerk.go(address + f"&forms={form.sha256}")
    page.locator(".sc-survey-field").first.wait_for()
    keys = Keys(page)
    page.locator("#f-day").fill((local_day(now()) - timedelta(days=1)).isoformat())
    page.locator("#f-began").focus()
    for clock in ("0930", "0955"):
        keys.type(clock)
        keys.press("Enter")
    expect(page.get_by_label("经营者电话")).to_be_focused()
    keys.type("0351")
    keys.press("Enter", "1")  # the first class of markets, and on
    assert not page.locator("fieldset", has_text="为什么").first.is_visible(), "only where there is no staff"
    keys.type("0")
    keys.press("Enter")
    keys.type("ill")
    keys.press("Enter", "1", "2", "1", "Enter")  # fish, meat, and fish again off
    keys.press("Enter")  # one more stall
    keys.type("Li")
    keys.press("Enter")
    keys.type("12.5")
    keys.press("Enter", "2", "Enter")
    keys.press("-", "-")  # no lots, no further stall
    for one in plan_of_form(form):
        keys.answer(one, ALL_GOOD)
    desk.clerk.shoot("paper-entries")
    with page.expect_navigation():
        keys.press("F9")
    expect(page.locator("main")).to_contain_text("已录入")
    with place.district.session(wall) as session:
        row = session.scalars(select(SheetEntry)).one()
    assert row.form_sha256 == form.sha256
    assert row.data == {
        "phone": "0351",
        "level": "a",
        "staff": 0,
        "why": "ill",
        "sold": ["meat"],
        "stalls": [{"keeper": "Li", "area": "12.5", "sells": ["meat"]}],
    }
    assert desk.camera.complaints == []


def entry_version() -> Form:
    """The market's form with questions before its items: a text, a choice, a number, one that waits for it, choices, stalls."""
    why = Field("why", "text", Text("为什么没有管理人员"), relevant="${staff} = 0")
    asked = (FIRST[0], *FIRST[1].children[:2], why, replace(FIRST[1].children[3], or_other=False), STALLS)
    form = version(*asked)
    survey = form.survey
    assert survey
    count = len(asked)
    parts = (*survey.children[-count:], *survey.children[:-count])
    words = load_vocabulary().with_own(questions=installed().campaigns[SANITARY].questions)
    return to_form(replace(design_of(form, words, SANITARY), survey=replace(survey, children=parts)), words)


def plan_of_form(form: Form) -> list[PlannedQuestion]:
    """The items of one form in the order of a walk."""
    return list(plan_of([PlannedForm(installed().campaigns[SANITARY], form)]).questions.values())


def test_a_fault_beside_the_items_is_said_where_it_stands(desk: Desk) -> None:
    place, wall = desk.place, desk.house.wall
    must = Field("must", "text", Text("必填的一题"), required="true()")
    form = version(must)
    with place.district.session(wall) as session:
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), form, now())
        session.commit()
    address = f"/t/{place.ref.slug}/paper/enter?site={place.market}&person={place.inspector.person_id}"
    page = desk.clerk.go(address + f"&forms={form.sha256}")
    page.locator(".sc-survey-field").first.wait_for()
    page.locator("[data-question] input").first.focus()
    keys = Keys(page)
    for one in plan_of_form(form):
        keys.answer(one, ALL_GOOD)
    keys.press("F9")
    expect(page.locator("[data-survey-wrong]")).to_contain_text("必填的一题")
    expect(page.locator(".sc-survey-error:visible")).to_contain_text("没有作答")
    page.locator("[data-survey-wrong] a").click()
    keys.type("yes")
    page.locator("#f-ended").fill("0955")
    page.locator("#f-day").fill((local_day(now()) - timedelta(days=1)).isoformat())
    with page.expect_navigation():
        keys.press("F9")
    expect(page.locator("main")).to_contain_text("已录入")
    assert desk.camera.complaints == []
