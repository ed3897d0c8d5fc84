"""The ledger in a real browser (台账走查): a reorganisation, a finding through its whole life, cards, and English on a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from core.campaigns.registry import installed
from core.databases import Urls
from core.figures.card_days import close_days
from core.figures.periods import containing
from core.request import COOKIE
from core.settings import ZONE
from core.work.intake.reporting import report
from core.work.loop import ledger
from core.work.tables import (
    CardIssue,
    Finding,
    FindingEvent,
    Part,
    Precedent,
    Recheck,
    RecheckSample,
    Reorganisation,
    Site,
)
from tenants.access import Actor
from tenants.db import now
from tenants.models import Holding, Post, Unit
from tenants.scope import ScopedSession
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import District, add_actor, add_site, add_unit, bare_district, come_in
from tests.work.carding import Town, shares

pytestmark = pytest.mark.browser

NAME, MARKET, MERGED = "演练区", "演练便民市场", "演练区城市管理局"
TODAY = now().astimezone(ZONE).date()
PERIOD = containing("ten_day", TODAY).previous
WIDE = re.compile(r"[\u3001\u3002\u300a-\u3011\uff01-\uff5e]")  # full-width punctuation, which no name here holds
CHINESE = re.compile(r"[\u3400-\u9fff]")
TOO_WIDE = """[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth)
  .map(e => e.outerHTML.slice(0, 80)).slice(0, 6)"""
HERE = (Decimal("112.560000"), Decimal("37.870000"))


@dataclass
class Walk:
    """A served district with its people, each with one browser at a desk and one on the road."""

    house: House
    opened: Browser
    camera: Camera
    place: District
    people: dict[str, Actor]
    streets: list[UUID]
    old_finding: UUID
    readers: dict[tuple[str, bool], Reader] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return f"/t/{self.place.ref.slug}"

    def rows(self) -> ScopedSession:
        return self.place.session(self.house.wall)

    def who(self, name: str, *, phone: bool = False) -> Reader:
        """A person's browser; logged in once."""
        if (name, phone) not in self.readers:
            size = {"width": 390, "height": 844} if phone else {}
            made = reader(self.house, self.opened, self.camera, **size)
            token, _ = come_in(self.house.wall, self.people[name])
            made.context.add_cookies([{"name": COOKIE, "value": token, "url": self.house.base}])
            self.readers[name, phone] = made
        return self.readers[name, phone]


@pytest.fixture(scope="module")
def walk(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        yield prepare(house, opened)


def prepare(house: House, opened: Browser) -> Walk:
    """A district of five streets with a market, its people, and one finding that the urban management has."""
    campaigns = {one.key: (one.edition.key, one.edition.sha256) for one in installed().campaigns.values()}
    place = bare_district(house.wall, NAME, campaigns)
    streets, homes = [place.street], [place.communities[0]]
    with place.session(house.wall) as session:
        for n in "二三四五":
            streets.append(add_unit(session, "subdistrict", f"{NAME}{n}街道", [place.root]))
            homes.append(add_unit(session, "community", f"{NAME}{n}街社区", [streets[-1], place.root]))
        market = add_site(session, place.communities[0], "produce_market", name=MARKET)
        row = session.get_one(Site, (place.ref.id, market))
        row.longitude, row.latitude = HERE
        session.commit()
    person = partial(add_actor, house.wall, place.ref)
    people = {
        "admin": person("administrator", place.root, "演练管理员"),
        "office": person("hq_office", place.root, "演练创建办"),
        "inspector": person("inspector", place.root, "演练检查员"),
        "second": person("inspector", place.root, "演练复查员"),
        "cleaners": person("liaison", place.departments["sanitation"], "演练环卫联络员"),
        "market": person("liaison", place.departments["market_regulator"], "演练市场联络员"),
        "street": person("liaison", streets[4], "演练五街联络员"),
    }
    with place.session(house.wall) as session:
        opened_at = now() - timedelta(hours=2)
        given = {"source": "snapshot", "category": "ORD-STALL", "site_id": market, "now": opened_at}
        found = report(session, people["inspector"], **given)
        later = opened_at + timedelta(hours=1)
        for n, verb in enumerate(("accept", "dispatch"), 1):
            ledger.act(session, people["office"], found.id, verb, version=n, now=later)
        old = found.id
        town = Town(place, streets, homes, [], people["office"], people["admin"], [], people["inspector"])
        shares(session, town, [4, 3, 2, 1, 0], of=4, day=PERIOD.start)
        unnumbered = session.scalars(select(Finding).where(Finding.number.is_(None))).all()
        for n, row in enumerate(unnumbered, 1):
            row.number = f"旧-{n:04d}"
        session.commit()
    return Walk(house, opened, Camera(), place, people, streets, old)


# ---- hands ----


def photo(seed: int) -> dict[str, object]:
    data = io.BytesIO()
    Image.effect_noise((640, 480), 40 + 9 * seed).convert("RGB").save(data, "JPEG", quality=80)
    return {"name": f"photo{seed}.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


def hand_in(page: Page, name: str, seed: int) -> None:
    """Choose a photo and wait until it was sent."""
    page.locator(f"input[name={name}_file]").set_input_files(photo(seed))  # type: ignore[arg-type]
    page.wait_for_selector(f"input[type=hidden][name={name}]", state="attached")


def look(who: Reader, name: str) -> None:
    """A page that is looked at: no wider than its window, and a picture of it."""
    page = who.page
    wide, size = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= size, f"{page.url} scrolls sideways: {wide} > {size}: {page.evaluate(TOO_WIDE)}"
    who.shoot(name)


def follow(who: Reader, text: str) -> None:
    """Follow a link of the page's main part by its words."""
    with who.page.expect_navigation():
        who.page.locator("main").get_by_role("link", name=text).first.click()


def confirm(who: Reader, button: str, answer: str = "") -> None:
    """Press a button that asks first, read what it asks, and say yes."""
    who.page.locator("main").get_by_role("link", name=button).first.click()
    asked = who.page.locator("dialog[open]")
    expect(asked).to_be_visible()
    with who.page.expect_navigation():
        asked.get_by_role("button", name=answer or button, exact=bool(answer)).click()


def step(walk: Walk, name: str, finding: UUID, verb: str, seed: int = 0, *, phone: bool = False, **typed: str) -> Page:
    """Take one step on a finding's page: open its form, fill it, press its button."""
    who = walk.who(name, phone=phone)
    page = who.go(f"{walk.root}/findings/{finding}")
    button = page.locator(f"#act button[name=verb][value={verb}]")
    if not button.count():
        with page.expect_navigation():
            page.locator(f"#act a[data-verb~={verb}]").click()
    for folded in page.locator("#act details.sc-optional:not([open]) > summary").all():
        folded.click()
    if seed:
        hand_in(page, "photos", seed)
    for key, value in typed.items():
        if key in ("reason", "outcome", "precedent"):
            page.check(f"#act input[name={key}][value='{value}']")
        elif key == "unit":
            page.select_option("#f-unit", value)
        else:
            page.fill(f"#f-{key}", value)
    look(who, f"form-{verb}")
    with page.expect_navigation():
        button.click()
    expect(page.locator(".sc-toast.is-success")).to_be_visible()
    return page


def history(page: Page) -> str:
    return page.locator("ol.sc-timeline").inner_text()


def finding_of(walk: Walk, finding: UUID) -> Finding:
    with walk.rows() as session:
        row = session.get_one(Finding, (walk.place.ref.id, finding))
        session.expunge(row)
        return row


def lead_of(walk: Walk, finding: UUID) -> str:
    with walk.rows() as session:
        parts = (Part.finding_id == finding, Part.leading, Part.ended_at.is_(None))
        return session.scalars(select(Unit.name).join(Part, Part.unit_id == Unit.id).where(*parts)).one()


def silent(walk: Walk) -> None:
    """Nothing was said on the console, and nothing the policy refused."""
    said, walk.camera.complaints = walk.camera.complaints, []
    assert not said, "\n".join(said)


# ---- the walk ----


def test_two_departments_are_merged_and_take_their_work_along(walk: Walk) -> None:
    admin = walk.who("admin")
    page = admin.go(f"{walk.root}/units/reorganisations")
    look(admin, "reorganisations-none")
    follow(admin, "起草机构调整")
    page.fill("#f-title", "城管和环卫合并")
    page.select_option("#f-tree", "administration")
    look(admin, "reorganisation-new")
    admin.press("起草")
    assert page.url.endswith("/draft")
    page.fill("#f-name", MERGED)
    page.select_option("#f-kind", "department")
    admin.press("加进新架构")
    for role in ("sanitation", "urban_management"):
        page.check(f"input[name=unit][value='{walk.place.departments[role]}']")
    page.select_option("select[name=doing]", "merge")
    target = page.locator("select[name=target] option", has_text=MERGED)
    page.select_option("select[name=target]", target.get_attribute("value"))
    with page.expect_navigation():
        page.locator(".sc-many button").click()
    look(admin, "draft-merged")
    follow(admin, "预览要移交什么")
    main = page.locator("main")
    expect(main).to_contain_text("移交什么")
    row = main.locator("tr", has_text=f"{NAME}城管")
    expect(row).to_contain_text("并入")
    expect(row).to_contain_text(MERGED)
    expect(row.locator("td[data-label='未办结问题']")).to_contain_text("1")
    expect(main.locator("tr", has_text=f"{NAME}环卫")).to_contain_text(MERGED)
    assert lead_of(walk, walk.old_finding) == f"{NAME}城管", "a preview moves nothing"
    look(admin, "reorganisation-preview")
    confirm(admin, "批准", "批准，马上生效")
    expect(main).to_contain_text("已生效")
    expect(main).to_contain_text("移交了什么")
    look(admin, "reorganisation-done")

    page = walk.who("office").go(f"{walk.root}/findings/{walk.old_finding}")
    expect(page.locator("header .subtitle")).to_contain_text(MERGED)
    expect(page.locator(".sc-parts")).to_contain_text(MERGED)
    told = history(page)
    assert f"牵头单位：{NAME}城管" in told, "the past stays under the old name"
    assert f"{NAME}城管 → {MERGED}" in told
    look(walk.who("office"), "finding-moved")
    with walk.rows() as session:
        assert session.scalars(select(Reorganisation.state)).all() == ["in_force"]
        posts = select(Unit.name).join(Post, Post.unit_id == Unit.id).join(Holding, Holding.post_id == Post.id)
        cleaner = walk.people["cleaners"].person_id
        assert session.scalars(posts.where(Holding.person_id == cleaner, Holding.valid_to.is_(None))).all() == [MERGED]
    silent(walk)


def test_a_finding_goes_through_its_whole_life(walk: Walk) -> None:
    finding = report_on_the_road(walk)
    cleaners, market = lead_of(walk, finding), f"{NAME}市场监管"
    step(walk, "office", finding, "accept")
    page = step(walk, "office", finding, "dispatch")
    expect(page.locator("ol.sc-timeline")).to_contain_text(f"牵头单位：{cleaners}")
    page = step(walk, "cleaners", finding, "return", reason="not_our_duty", note="垃圾在市场围墙以内 由市场负责")
    expect(page.locator("header .subtitle")).to_contain_text("退回")
    unit = str(walk.place.departments["market_regulator"])
    page = step(walk, "office", finding, "arbitrate", unit=unit, note="市场围墙以内归市场监管", precedent="1")
    expect(page.locator("ol.sc-timeline")).to_contain_text(f"牵头单位：{market}")
    step(walk, "market", finding, "take")
    page = step(walk, "market", finding, "ask_extension", days="2", note="要等清运车辆")
    assert "等创建办" in page.locator("main").inner_text()
    step(walk, "office", finding, "grant")
    step(walk, "market", finding, "answer", 2, phone=True, note="已经清运")
    step(walk, "office", finding, "send_back", note="墙角还有一堆")
    step(walk, "market", finding, "answer", 3, phone=True, note="墙角也清了")
    page = step(walk, "office", finding, "close", outcome="fixed", note="照片属实")
    expect(page.locator("header .subtitle")).to_contain_text("已整改到位")
    look(walk.who("office"), "finding-closed")
    row = finding_of(walk, finding)
    assert (row.state, row.outcome, row.returns, row.extended_days) == ("closed", "fixed", 1, 2)
    with walk.rows() as session:
        assert [str(one) for one in session.scalars(select(Precedent.unit_id))] == [unit]
    draw_a_sample(walk)
    look_again(walk, finding)
    silent(walk)


def report_on_the_road(walk: Walk) -> UUID:
    """A photo, the place that the phone knows, a category: submitted."""
    inspector = walk.who("inspector", phone=True)
    context, page = inspector.context, inspector.page
    context.grant_permissions(["geolocation"], origin=walk.house.base)
    context.set_geolocation({"latitude": float(HERE[1]), "longitude": float(HERE[0])})
    inspector.go(f"{walk.root}/findings/new")
    look(inspector, "report-empty")
    hand_in(page, "photos", 1)
    page.get_by_role("button", name="用手机定位").click()
    expect(page.locator("#places")).to_contain_text("0 米")
    assert page.locator("#places input[name=site]:checked").count() == 1
    page.locator("#f-category label", has_text="暴露垃圾").locator("visible=true").first.click()
    look(inspector, "report-filled")
    with page.expect_navigation():
        page.locator("footer button[form=report]").click()
    expect(page.locator(".sc-toast.is-success")).to_be_visible()
    expect(page.locator("main")).to_contain_text(MARKET)
    look(inspector, "reported")
    return UUID(page.url.split("/findings/")[1].split("?")[0])


def draw_a_sample(walk: Walk) -> None:
    """The office looks at what would be drawn, then draws it."""
    office = walk.who("office")
    page = office.go(f"{walk.root}/rechecks")
    follow(office, "去抽样")
    page.fill("#f-rate_percent", "100")
    office.press("预览")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("抽中")
    expect(page.locator("main")).to_contain_text("演练复查员")
    with walk.rows() as session:
        assert session.scalars(select(RecheckSample.id)).all() == [], "a preview draws nothing"
    look(office, "sample-preview")
    office.press("确认抽取 1 件")
    expect(page.locator("main")).to_contain_text("重抽结果一致")
    look(office, "sample-drawn")


def look_again(walk: Walk, finding: UUID) -> None:
    """Who had nothing to do with it finds it there again: the same finding is open, its history complete."""
    second = walk.who("second", phone=True)
    page = second.go(f"{walk.root}/rechecks")
    look(second, "rechecks-mine")
    with page.expect_navigation():
        page.locator("main a.key").first.click()
    page.check("input[name=result][value=relapsed]")
    hand_in(page, "photos", 4)
    page.fill("#f-note", "又有人倒垃圾")
    look(second, "recheck-filled")
    second.press("提交复查结果")
    expect(page.locator("main")).to_contain_text("问题已重新打开")
    row = finding_of(walk, finding)
    assert (row.state, row.relapsed, row.reopened, row.closed_at) == ("rectifying", 1, 1, None)
    page = walk.who("office").go(f"{walk.root}/findings/{finding}")
    look(walk.who("office"), "finding-relapsed")
    told = page.locator("ol.sc-timeline .what").all_inner_texts()
    assert told == [
        *("复查反弹", "销号", "提交整改结果", "退回重改", "提交整改结果", "同意延期", "申请延期"),
        *("接收", "裁定", "退回", "派遣", "受理", "发现"),
    ]
    with walk.rows() as session:
        assert session.scalars(select(Recheck.state)).all() == ["relapsed"]
        versions = select(FindingEvent.version).where(FindingEvent.finding_id == finding)
        assert sorted(session.scalars(versions)) == list(range(1, 14))


def test_cards_are_proposed_confirmed_shown_appealed_and_corrected(walk: Walk) -> None:
    office = walk.who("office")
    page = office.go(f"{walk.root}/cards/schemes")
    look(office, "schemes-none")
    follow(office, "逐日排名、每旬亮牌")
    look(office, "scheme-form")
    office.press("保存")
    expect(page.locator("main")).to_contain_text("草稿")
    office.press("开始执行")
    expect(page.locator("header .subtitle")).to_contain_text("执行中")
    look(office, "scheme")
    with walk.rows() as session:  # the nightly job
        assert min(close_days(session, installed(), now=now()).values()) >= 8
        session.commit()
    office.go(f"{walk.root}/rankings?day={PERIOD.end}&league=subdistricts")
    look(office, "ranking")

    office.go(f"{walk.root}/cards")
    expect(page.locator("main")).to_contain_text("按规则的结果")
    look(office, "cards-preview")
    with walk.rows() as session:
        assert session.scalars(select(CardIssue.id)).all() == [], "a preview keeps nothing"
    office.press("按规则提出")
    look(office, "cards-proposed")
    confirm(office, "确认全部")
    confirm(office, "公示全部")
    look(office, "cards-shown")

    street = walk.who("street", phone=True)
    mine = street.go(f"{walk.root}/cards")
    look(street, "cards-street")
    with mine.expect_navigation():
        mine.get_by_role("link", name=f"{NAME}五街道").first.click()
    expect(mine.locator("main")).to_contain_text("演练创建办")
    mine.fill("#f-note", "有两件是别的街道的")
    street.press("申诉")
    expect(mine.locator("main")).to_contain_text("申诉中")
    look(street, "card-appealed")

    card = mine.url.split("/cards/")[1]
    office.go(f"{walk.root}/cards/{card}")
    page.select_option("#f-colour", "red")
    page.fill("#f-note", "两件记错街道 更正")
    look(office, "card-deciding")
    office.press("更正")
    expect(page.locator("main")).to_contain_text("这张牌更正了此前的一张")
    office.press("公示")
    look(office, "card-corrected")
    mine.goto(f"{walk.house.base}{walk.root}/cards/{card}")
    expect(mine.locator("main")).to_contain_text("这张牌已经更正")
    look(street, "card-was-corrected")
    office.go(f"{walk.root}/cards/sheet")
    look(office, "sheet")
    silent(walk)


ROOMS = (
    *("findings", "findings?view=rectification", "findings?view=responsibility", "findings/{finding}"),
    *("notices", "notices/{notice}", "rechecks?view=all", "rechecks/samples", "rankings", "cards", "cards/schemes"),
    *("units", "units/{unit}", "units/reorganisations", "units/chart"),
)


def test_the_same_pages_in_english_and_on_a_phone(walk: Walk) -> None:
    office = walk.who("office")
    notice = issue(walk)
    places = {"finding": walk.old_finding, "notice": notice, "unit": walk.streets[0]}
    paths = [f"{walk.root}/{one.format(**places)}" for one in ROOMS]
    phone = walk.who("office", phone=True)
    for path in paths:
        phone.go(path)
        look(phone, "zh-phone-" + path.split("/", 3)[3].split("?")[0].replace("/", "-")[:24])
    office.go(paths[0])
    office.press("English")
    for who in (office, phone):
        for path in paths:
            page = who.go(path)
            name = path.split("/", 3)[3].replace("/", "-")[:24]
            look(who, f"en-{'phone' if who is phone else 'desk'}-{name}")
            said = page.locator("body").inner_text()
            assert page.locator("html").get_attribute("lang") == "en"
            assert not WIDE.search(said), (path, WIDE.findall(said))
            title = page.title().rsplit(" · ", 1)[0]
            assert not WIDE.search(title), (path, title)
            is_named = any(str(one) in path for one in (notice, places["unit"]))  # the title is what somebody typed
            assert is_named or not CHINESE.search(title), (path, title)
    office.go(paths[0])
    office.press("中文")
    silent(walk)


def issue(walk: Walk) -> str:
    """A rectification notice to a street, from the page."""
    office = walk.who("office")
    page = office.go(f"{walk.root}/notices/new")
    page.select_option("#f-kind", label="整改通知单")
    page.check(f"input[name=unit][value='{walk.streets[1]}']")
    page.fill("#f-title", "农贸市场环境卫生")
    page.fill("#f-demand", "三日内清运完毕并答复")
    page.fill("#f-due", f"{TODAY + timedelta(days=3)}T10:00")
    look(office, "notice-form")
    office.press("发出")
    expect(page.locator("main")).to_contain_text("演练区二街道")
    look(office, "notice")
    return page.url.split("/notices/")[1].split("?")[0]
