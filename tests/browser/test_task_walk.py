"""Tasks in a real browser (任务走查): from the split of ten clauses to the cards of ten days and the leader's page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from core.campaigns.registry import installed
from core.databases import Urls
from core.figures.card_days import close_days
from core.figures.periods import containing
from core.figures.task_figures.places import close_task_days
from core.jobs.turns import take_turn
from core.request import COOKIE
from core.settings import ZONE
from core.work.tables import CardIssue, Meeting, Project, Split, SplitRow, SplitShare, Task, TaskDay
from core.work.tasks.acting import act
from core.work.tasks.importing import TASK_IMPORT
from core.work.tasks.making import TaskWish, create_many
from core.work.tasks.states import DONE_STATES
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.browser.test_ledger_walk import TOO_WIDE, WIDE, photo
from tests.factory import District, add_actor, add_unit, bare_district, come_in

pytestmark = pytest.mark.browser

NAME = "演练区"
TODAY = now().astimezone(ZONE).date()
PERIOD = containing("ten_day", TODAY).previous
SOON = TODAY + timedelta(days=20)
CLAUSES = 10
CAMPAIGN = "food_safety_city"


@dataclass
class Town:
    """A served district of five streets with its people, each with a browser at a desk and one on the road."""

    house: House
    opened: Browser
    camera: Camera
    place: District
    people: dict[str, Actor]
    streets: list[UUID]
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
def town(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        campaigns = {one.key: (one.edition.key, one.edition.sha256) for one in installed().campaigns.values()}
        place = bare_district(house.wall, NAME, campaigns)
        streets = [place.street]
        with place.session(house.wall) as session:
            streets += [add_unit(session, "subdistrict", f"{NAME}{n}街道", [place.root]) for n in "二三四五"]
            session.commit()
        person = partial(add_actor, house.wall, place.ref)
        people = {
            "office": person("hq_office", place.root, "演练创建办"),
            "leader": person("leader", place.root, "演练领导"),
            "market": person("liaison", place.departments["market_regulator"], "演练市场联络员"),
            "cleaners": person("liaison", place.departments["sanitation"], "演练环卫联络员"),
            "judge": person("liaison", place.departments["urban_management"], "演练城管联络员"),
            "street": person("liaison", streets[4], "演练五街联络员"),
        }
        people |= {f"street{n}": person("liaison", unit, f"演练{n}号联络员") for n, unit in enumerate(streets)}
        yield Town(house, opened, Camera(), place, people, streets)


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


def confirm(who: Reader, button: str) -> None:
    """Press a button that asks first, and say yes."""
    who.page.locator("main").get_by_role("link", name=button).or_(
        who.page.locator("main").get_by_role("button", name=button)
    ).first.click()
    asked = who.page.locator("dialog[open]")
    expect(asked).to_be_visible()
    with who.page.expect_navigation():
        asked.get_by_role("button", name=button).click()


def done_well(page: Page) -> None:
    expect(page.locator(".sc-toast.is-success").first).to_be_visible()


def type_cell(page: Page, label: str, text: str) -> None:
    """Type into one cell of the matrix and wait until its row came back."""
    cell = page.get_by_label(label, exact=True)
    with page.expect_response(re.compile(r"/splits/.*/cells")) as answered:
        cell.fill(text)
        cell.press("Tab")
    assert answered.value.ok
    sign = "●" if text.startswith("*") else "○"  # the row that came back says it with a sign: only then it stands there
    expect(page.get_by_label(label, exact=True)).to_have_value(sign + text.removeprefix("*"))


def test_ten_clauses_are_decomposed(town: Town) -> None:
    office = town.who("office")
    page = office.go(f"{town.root}/splits")
    look(office, "splits-none")
    follow(office, "建立分解表")
    page.select_option("#f-campaign", CAMPAIGN)
    page.check("input[name=prefill]")
    office.press("建立分解表")
    look(office, "split-draft")
    helper, lead = f"{NAME}城管", f"{NAME}市场监管"
    led = page.locator("tr[id^=r-]", has=page.locator(f"input[aria-label$='{lead}'][value^='●']"))
    codes = [one.split()[0] for one in led.locator("a.key").all_inner_texts()][:CLAUSES]
    assert len(codes) == CLAUSES
    type_cell(page, f"{codes[0]} {helper}", "0.5")
    expect(page.locator("tr[id^=r-]", has_text=codes[0]).first).to_contain_text("多 0.5")
    page.reload()
    follow(office, "检查并印发")
    expect(page.locator("main")).to_contain_text("有 1 处还不对")
    look(office, "split-refused")
    page.go_back()
    for code in codes:
        whole = page.get_by_label(f"{code} {lead}", exact=True).input_value().removeprefix("●")
        rest = f"{float(whole) - 0.5:g}"
        type_cell(page, f"{code} {lead}", f"*{rest}")
        type_cell(page, f"{code} {helper}", "0.5")
    look(office, "split-shared")
    follow(office, "检查并印发")
    office.press("印发")
    done_well(page)
    look(office, "split-issued")
    with town.rows() as session:
        (split,) = session.scalars(select(Split))
        assert split.state == "issued"
        shares = select(func.sum(SplitShare.points)).where(SplitShare.split_id == split.id)
        points = select(func.sum(SplitRow.points)).where(SplitRow.split_id == split.id)
        assert session.scalar(shares) == session.scalar(points)
    silent(town)
    accept_and_return(town, codes)


def accept_and_return(town: Town, codes: list[str]) -> None:
    """On the phone: a clause is returned with its reason, the rest is accepted at once; the office gives it out again."""
    market = town.who("market", phone=True)
    page = market.go(f"{town.root}/splits")
    follow(market, "标准与责任分解表")
    look(market, "split-phone")
    sheet = page.url
    follow(market, codes[0])
    page.fill("textarea[name=reason]", "应由卫健部门牵头")
    look(market, "split-returning")
    market.press("退回")
    expect(page.locator("main")).to_contain_text("应由卫健部门牵头")
    page.goto(sheet)
    confirm(market, "全部接收")
    look(market, "split-accepted")
    office = town.who("office")
    page = office.go(sheet.removeprefix(town.house.base))
    expect(page.locator("main")).to_contain_text("有 1 条分解项被退回")
    look(office, "split-returned")
    follow(office, codes[0])
    office.press("全归牵头并下发")
    done_well(page)
    with town.rows() as session:
        states = dict(session.execute(select(SplitShare.state, func.count()).group_by(SplitShare.state)).all())
        assert states["accepted"] >= CLAUSES - 1, states
        assert "returned" not in states, states
    make_tasks(town, sheet)


def make_tasks(town: Town, sheet: str) -> None:
    """Accepted shares become tasks, once."""
    office = town.who("office")
    page = office.go(sheet.removeprefix(town.house.base))
    follow(office, "生成任务")
    page.fill("input[name=due_on]", SOON.isoformat())
    office.press("预览")
    look(office, "split-tasks")
    with page.expect_navigation():
        page.get_by_role("button", name="生成并下达 17 件任务").click()
    done_well(page)
    with town.rows() as session:
        made = session.scalars(select(Task).where(Task.source == "clause")).all()
        assert len(made) == 17
        assert {one.state for one in made} == {"issued"}
        assert len({one.source_id for one in made}) == 17
    office.go(sheet.removeprefix(town.house.base))
    page.goto(sheet + "/tasks")
    expect(page.locator("main")).to_contain_text("没有可以生成任务的分工")
    silent(town)


def test_a_workbook_comes_in_and_units_accept_and_return(town: Town) -> None:
    office = town.who("office")
    page = office.go(f"{town.root}/tasks/import")
    look(office, "import-empty")
    page.set_input_files("input[type=file]", workbook())  # type: ignore[arg-type]
    page.check("input[name=issue]")
    office.press("检查文件")
    take_turn(town.house.wall, town.place.ref.id, TASK_IMPORT, now())
    page.reload()
    expect(page.locator("main")).to_contain_text("有 1 行不能写入")
    expect(page.locator("main")).to_contain_text(f"{SOON:%Y}年")
    look(office, "import-tried")
    with page.expect_download() as held:
        page.get_by_role("link", name="下载带原因的工作簿").click()
    answer = load_workbook(io.BytesIO(Path(held.value.path()).read_bytes())).active
    header, *told = [[one.value for one in row] for row in answer.iter_rows(min_row=2)]
    assert header[-2:] == ["原因", "读作"]
    assert told[0][-1] == f"期限：读作 {SOON}（{workbook_day()}）；数量：读作 40（４０）"
    assert told[2][-2].startswith("责任单位：没有这个单位")
    with page.expect_navigation():
        page.get_by_role("button", name="确认写入").click()
    take_turn(town.house.wall, town.place.ref.id, TASK_IMPORT, now())
    page.reload()
    expect(page.locator("main")).to_contain_text("已写入")
    look(office, "import-done")
    follow(office, "看任务")
    look(office, "tasks")
    cleaners = town.who("cleaners", phone=True)
    page = cleaners.go(f"{town.root}/tasks")
    look(cleaners, "tasks-phone")
    follow(cleaners, "清理卫生死角")
    take(cleaners, "return", note="这一片由街道负责")
    page.goto(f"{town.house.base}{town.root}/tasks")
    follow(cleaners, "补齐果皮箱")
    take(cleaners, "accept")
    take(cleaners, "report", done="20", photos=True)
    look(cleaners, "task-phone")
    expect(page.locator("main")).to_contain_text("50%")
    with town.rows() as session:
        states = dict(session.execute(select(Task.title, Task.state).where(Task.code.is_not(None))).all())
        assert states["清理卫生死角"] == "returned"
        assert states["补齐果皮箱"] == "doing"
    silent(town)


def workbook() -> dict[str, object]:
    """Tasks as districts write them: a title above, full-width digits, a Chinese date; one row names no unit that there is."""
    book = Workbook()
    sheet = book.active
    sheet.append(["演练区冲刺任务表"])
    sheet.merge_cells("A1:F1")
    sheet.append(["编号", "任务", "责任单位", "期限", "数量", "单位"])
    sheet.append(["A1", "补齐果皮箱", f"{NAME}环卫", workbook_day(), "４０", "个"])
    sheet.append(["A2", "清理卫生死角", f"{NAME}环卫", SOON, None, None])
    sheet.append(["A3", "没有这个单位的任务", f"{NAME}不存在局", SOON, None, None])
    body = io.BytesIO()
    book.save(body)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "冲刺任务.xlsx", "mimeType": kind, "buffer": body.getvalue()}


def workbook_day() -> str:
    return f"{SOON.year}年{SOON.month}月{SOON.day}日"


def take(who: Reader, verb: str, *, photos: bool = False, **typed: str) -> None:
    """Take one step on a task's page: unfold it, fill it, press its button."""
    page = who.page
    form = page.locator(f"#act form:has(input[name=verb][value={verb}])")
    if not form.is_visible():
        page.locator(f"#act details:has(input[name=verb][value={verb}]) > summary").click()
    for name, text in typed.items():
        form.locator(f"[name={name}]").fill(text)
    if photos:
        form.locator("input[type=file]").first.set_input_files(photo(7))  # type: ignore[arg-type]
        form.locator("input[type=hidden][name=photos]").first.wait_for(state="attached")
    with page.expect_navigation():
        form.locator("button.btn-primary, button.btn-danger").last.click()
    done_well(page)


def test_a_meeting_decides_three_tasks(town: Town) -> None:
    office = town.who("office")
    page = office.go(f"{town.root}/meetings")
    look(office, "meetings-none")
    office.go(f"{town.root}/meetings/new?kind=weekly&on={TODAY}")
    for unit in ("sanitation", "market_regulator"):
        box = page.locator(f"input[name=unit][value='{town.place.departments[unit]}']")
        box.evaluate("one => one.closest('details').open = true")
        box.check()
    look(office, "meeting-form")
    office.press("安排会议")
    office.press("生成议程")
    look(office, "meeting-planned")
    confirm(office, "开会")
    follow(office, "投影")
    look(office, "meeting-wall")
    for number, title in enumerate(("补种绿化带", "更换破损果皮箱", "集中清运一次"), 1):
        page.fill("form.mt-line [name=title]", title)
        page.select_option("form.mt-line [name=unit_id]", str(town.place.departments["sanitation"]))
        page.fill("form.mt-line [name=due_on]", SOON.isoformat())
        office.press("记下")
        expect(page.locator(".mt-decided li")).to_have_count(number)
    expect(page.locator(".mt-decided")).to_contain_text("T2")
    look(office, "meeting-decided")
    page.set_viewport_size({"width": 390, "height": 844})
    look(office, "meeting-wall-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    with town.rows() as session:
        tasks = session.scalars(select(Task).where(Task.source == "meeting")).all()
        assert sorted(one.title for one in tasks) == sorted(("补种绿化带", "更换破损果皮箱", "集中清运一次"))
        (meeting,) = session.scalars(select(Meeting))
    office.go(f"{town.root}/meetings/{meeting.id}")
    page.fill("textarea[name=minutes]", "抓紧办理 下周通报")
    office.press("定稿")
    follow(office, "看纪要")
    for one in tasks:
        expect(page.locator("body")).to_contain_text(str(one.number))
    look(office, "meeting-minutes")
    cleaners = town.who("cleaners", phone=True)
    mine = cleaners.go(f"{town.root}/tasks/slip")
    look(cleaners, "slip")
    expect(mine.locator("main")).to_contain_text("补种绿化带")
    silent(town)


def test_a_project_reaches_acceptance(town: Town) -> None:
    office = town.who("office")
    page = office.go(f"{town.root}/projects/new")
    look(office, "project-form")
    page.check("input[name=kind][value=works]")
    page.fill("[name=title]", "演练后巷提升改造")
    page.select_option("[name=unit_id]", str(town.streets[4]))
    page.select_option("[name=acceptance_unit_id]", str(town.place.departments["urban_management"]))
    page.fill("[name=ends_on]", SOON.isoformat())
    office.send("main form button.btn-primary")
    done_well(page)
    street = town.who("street", phone=True)
    with town.rows() as session:
        (project,) = session.scalars(select(Project))
    home = f"{town.root}/projects/{project.id}"
    mine = street.go(home)
    look(street, "project-draft")
    follow(street, "填工程量清单")
    for place, (title, measure, planned) in enumerate((("道路硬化", "m2", "约300"), ("拆除旱厕", "place", "20"))):
        mine.locator("[name=title]").nth(place).fill(title)
        mine.locator("[name=measure]").nth(place).select_option(measure)
        mine.locator("[name=planned]").nth(place).fill(planned)
    look(street, "project-bill")
    street.press("保存")
    street.go(f"{home}/shares")
    mine.fill("[name=cost]", "200万")
    for place, (payer, amount) in enumerate((("楼院业主", "50万"), ("爱心企业", "50万"), ("区财政", "90万"))):
        mine.locator("[name=payer]").nth(place).fill(payer)
        mine.locator("[name=planned]").nth(place).fill(amount)
    street.press("保存")
    expect(mine.locator("main")).to_contain_text("比总投资 2000000 元少 100000 元")
    look(street, "project-gap")
    mine.locator("[name=planned]").nth(2).fill("100万")
    street.press("保存")
    street.press("启动")
    for number in range(4):
        pass_stage(street)
        expect(mine.locator(".sc-steps li.is-done")).to_have_count(number + 1)
    look(street, "project-phone")
    follow(street, "填报工程量")
    amounts = mine.locator("input[name^='done.']")
    amounts.nth(0).fill("约300")
    amounts.nth(1).fill("20")
    look(street, "project-report")
    street.press("提交填报")
    take_step(street, "finish")
    expect(mine.locator("header .subtitle")).to_contain_text("待验收")
    assert not mine.locator("main summary", has_text="验收通过").count(), "who builds does not accept"
    judge = town.who("judge")
    page = judge.go(home)
    take_step(judge, "accept", note="现场看过 符合要求")
    expect(page.locator("header .subtitle")).to_contain_text("已验收")
    look(judge, "project-accepted")
    take_step(judge, "close")
    with town.rows() as session:
        (project,) = session.scalars(select(Project))
        assert (project.state, project.accepted_by) == ("closed", town.people["judge"].person_id)
    silent(town)


def pass_stage(who: Reader) -> None:
    """Pass the stage that is open, with a photo where it asks for one."""
    page = who.page
    form = page.locator(".sc-steps form:has(input[name=verb][value=stage_pass])")
    page.locator(".sc-steps details:has(input[name=verb][value=stage_pass]) > summary").click()
    form.locator("input[name=confirmed]").check()
    if page.locator(".sc-steps li.is-next").first.inner_text().count("要照片"):
        form.locator("input[type=file]").first.set_input_files(photo(8))  # type: ignore[arg-type]
        form.locator("input[type=hidden][name=photos]").first.wait_for(state="attached")
    with page.expect_navigation():
        form.locator("button.btn-primary").click()


def take_step(who: Reader, verb: str, **typed: str) -> None:
    """Take one step of a project: unfold its form, fill it, press its button."""
    page = who.page
    form = page.locator(f"form:has(input[name=verb][value={verb}])")
    if not form.is_visible():
        page.locator(f"details:has(input[name=verb][value={verb}]) > summary").click()
    for name, text in typed.items():
        form.locator(f"[name={name}]").fill(text)
    with page.expect_navigation():
        form.locator("button.btn-primary").click()
    done_well(page)


def test_daily_ranks_give_the_cards_of_ten_days(town: Town) -> None:
    busy_days(town)
    with town.rows() as session:  # the nightly job
        assert close_task_days(session, now()) >= 10
        session.commit()
    office = town.who("office")
    page = office.go(f"{town.root}/task-ranks?day={PERIOD.end}&league=subdistrict")
    look(office, "task-ranks")
    ranked = page.locator("main tbody tr")
    expect(ranked).to_have_count(5)
    expect(ranked.first).to_contain_text(f"{NAME}一街道")
    expect(ranked.first).to_contain_text("4/4")
    expect(ranked.first).to_contain_text("100.00%")
    expect(ranked.last).to_contain_text(f"{NAME}五街道")
    office.go(f"{town.root}/cards/schemes")
    follow(office, "任务逐日排名、每旬亮牌")
    office.press("保存")
    office.press("开始执行")
    expect(page.locator("header .subtitle")).to_contain_text("执行中")
    with town.rows() as session:
        assert min(close_days(session, installed(), now=now()).values()) >= 8
        session.commit()
    office.go(f"{town.root}/cards")
    office.press("按规则提出")
    look(office, "task-cards")
    expect(page.locator("main")).to_contain_text(f"{NAME}一街道")
    with town.rows() as session:
        cards = session.scalars(select(CardIssue).where(CardIssue.league == "subdistricts")).all()
        best = next(one for one in cards if one.subject_name == f"{NAME}一街道")
        worst = next(one for one in cards if one.subject_name == f"{NAME}五街道")
        assert (best.rank, worst.rank) == (1, 5)
        assert best.colour != worst.colour
        assert {one.period_start for one in cards} == {PERIOD.start}
        days = session.scalars(select(func.count(TaskDay.day.distinct())))
        assert days.one() >= 10
    silent(town)


def busy_days(town: Town) -> None:
    """Four tasks for each street, issued before the ten days; the first street does all of them, the last none."""
    began = datetime.combine(PERIOD.start - timedelta(days=3), time(2), UTC)
    office = town.people["office"]
    with town.rows() as session:
        wishes = [
            TaskWish(f"路面保洁第{n + 1}段", street, SOON, began.date()) for street in town.streets for n in range(4)
        ]
        made = create_many(session, office, wishes, now=began, issue=True)
        for place, street in enumerate(town.streets):
            for task in [one for one in made if one.unit_id == street][place:]:
                at = began + timedelta(days=3)
                act(session, town.people[f"street{place}"], task.id, "finish", version=1, now=at)
        session.commit()


def test_the_leaders_page_shows_it(town: Town) -> None:
    with town.rows() as session:
        tasks = session.scalars(select(Task).where(Task.leaf)).all()
        done = sum(one.state in DONE_STATES for one in tasks)
    leader = town.who("leader", phone=True)
    page = leader.go(f"{town.root}/leader")
    look(leader, "leader")
    main = page.locator("main")
    rate = (Decimal(100 * done) / len(tasks)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    expect(main).to_contain_text(f"{rate}%")
    fresh = sum(one.issued_at > now() - timedelta(days=1) for one in tasks if one.issued_at)
    assert fresh >= 20
    expect(main).to_contain_text(f"新下达 {fresh}")
    silent(town)


ROOMS = (
    *("splits", "splits/{split}", "tasks", "tasks/{task}", "tasks/import", "tasks/slip", "plans", "projects"),
    *("projects/{project}", "quantities", "meetings", "meetings/{meeting}", "meetings/{meeting}/show"),
    *("task-ranks", "appraisals", "leader"),
)


def test_the_same_pages_in_english_and_on_a_phone(town: Town) -> None:
    named = {"split": Split, "task": Task, "project": Project, "meeting": Meeting}
    with town.rows() as session:
        ids = {name: session.scalars(select(kind.id).limit(1)).one() for name, kind in named.items()}
    office, phone = town.who("office"), town.who("office", phone=True)
    paths = [f"{town.root}/{room.format(**ids)}" for room in ROOMS]
    for path in paths:
        phone.go(path)
        look(phone, "zh-phone-" + path.split("/")[3])
    office.go(paths[2])
    office.press("English")
    for who in (office, phone):
        for path in paths:
            page = who.go(path)
            assert page.locator("html").get_attribute("lang") == "en"
            look(who, f"en-{'phone' if who is phone else 'desk'}-{path.split('/')[3]}")
            said = page.locator("body").inner_text()
            # The title of a split is that of a Chinese document, with its punctuation.
            assert "/splits" in path or not WIDE.search(said), (path, WIDE.findall(said))
    office.go(paths[2])
    office.press("中文")
    silent(town)


def silent(town: Town) -> None:
    """Nothing was said on the console, and nothing the policy refused."""
    said, town.camera.complaints = town.camera.complaints, []
    assert not said, "\n".join(said)
