"""The whole job in a real browser (全程走查): from onboarding a district to its city seeing the ranks change."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from core.campaigns.registry import installed
from core.databases import Urls
from core.figures.grants import give_grant
from core.figures.periods import containing
from core.figures.publishing import publish
from core.settings import ZONE
from core.work.accounts import create_user
from core.work.actors import resolve_actor
from core.work.duties.posts import add_person_with_post
from core.work.enabling import enabled
from core.work.inspection.visits import submit
from core.work.invitations import join
from core.work.onboarding import create_bureau, create_district
from core.work.places.sites import add_site
from core.work.tables import Attachment, Finding, Part, Sheet, Site, Visit
from tenants.access import TenantRef, root_unit
from tenants.accounts import Tenant
from tenants.db import new_id, now
from tenants.models import Person, UnitRole
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.work.market import ALL_GOOD, ANSWERS

pytestmark = pytest.mark.browser

PASSWORD = "a password of the tests"
TODAY = now().astimezone(ZONE).date()
MONTH = containing("month", TODAY)
CAMPAIGN = "sanitary_city"
SLUG = "140302"
MARKET = "走查便民市场"


@pytest.fixture(scope="module")
def house(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as made:
        yield made


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    need_browser()
    with browser() as made:
        yield made


def account(house: House, login: str, ref: TenantRef | None = None, role: str = "", *, operator: bool = False) -> None:
    """An account that is there before the walk begins."""
    with house.wall.platform() as platform:
        user = create_user(platform, login=login, name=f"测试{login}", password=PASSWORD, is_operator=operator)
        platform.flush()
        if ref is not None:
            with house.wall.open(ref.id) as session:
                root = root_unit(session).id
                person = add_person_with_post(
                    session, None, name=f"测试{login}", unit_id=root, role=role, title="", today=TODAY
                )
                session.commit()
                person_id = person.id
            join(platform, ref.id, user, person_id)
        platform.commit()


def log_in(who: Reader, login: str) -> None:
    page = who.go("/login")
    page.fill("#f-login", login)
    page.fill("#f-password", PASSWORD)
    who.press("登录")


def accept(house: House, opened: Browser, camera: Camera, link: str, login: str, name: str, **size: int) -> Reader:
    """Open an invitation link in a browser of one's own and choose name and password."""
    who = reader(house, opened, camera, **size)
    who.page.goto(link)
    who.page.fill("#f-login", login)
    who.page.fill("#f-name", name)
    who.page.fill("#f-password", PASSWORD)
    who.press("加入")
    assert f"/t/{SLUG}/" in who.page.url
    return who


def photo(seed: int) -> dict[str, object]:
    data = io.BytesIO()
    Image.effect_noise((1800, 1200), 40 + seed).convert("RGB").save(data, "JPEG", quality=88)
    return {"name": f"photo{seed}.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


def fill_days(
    house: House, ref: TenantRef, site_id: UUID, person: str, answers: list[Mapping[str, Mapping[str, object]]]
) -> None:
    """More visits of today, through the product's own function."""
    with house.wall.open(ref.id) as session:
        campaigns = enabled(session, installed())
        person_id = session.scalars(select(Person.id).where(Person.name == person)).one()
        actor = resolve_actor(session, ref, person_id, TODAY)
        assert actor
        for said in answers:
            submit(session, actor, campaigns=campaigns, visit_id=new_id(), site_id=site_id, answers=said, now=now())
        session.commit()


def rival(house: House, city: TenantRef) -> None:
    """A second district of the city: half of its visits good, half bad; published already."""
    with house.wall.platform() as platform:
        given = {"name": "邻区", "slug": "linqu", "today": MONTH.start, "upper": city.slug}
        ref = create_district(platform, house.wall.open, campaigns=tuple(installed().campaigns), **given).tenant
    with house.wall.open(ref.id) as session:
        root = root_unit(session).id
        add_person_with_post(
            session, None, name="邻区检查员", unit_id=root, role="inspector", title="", today=MONTH.start
        )
        office = add_person_with_post(
            session, None, name="邻区创建办", unit_id=root, role="hq_office", title="", today=MONTH.start
        )
        site = add_site(
            session,
            None,
            today=MONTH.start,
            name="邻区市场",
            unit_id=root,
            types=("produce_market",),
            address="邻路1号",
        )
        session.commit()
        site_id, office_id = site.id, office.id
    fill_days(house, ref, site_id, "邻区检查员", [ANSWERS, ALL_GOOD] * 16)
    with house.wall.open(ref.id) as session:
        actor = resolve_actor(session, ref, office_id, TODAY)
        for campaign in enabled(session, installed()):
            give_grant(session, None, city, campaign.key, "indicators", MONTH.start, issuer=ref)
            publish(session, actor, campaign, campaign.edition, MONTH, now=now())
        session.commit()


def test_the_whole_walk(house: House, opened: Browser, tmp_path: Path) -> None:
    camera = Camera()
    with house.wall.platform() as platform:
        city = create_bureau(platform, house.wall.open, division="1403", today=MONTH.start).tenant
    account(house, "yunwei", operator=True)
    account(house, "shiji", city, "bureau")
    rival(house, city)

    admin = onboard(house, opened, camera, city)
    enable_three(admin)
    people = invite_people(house, admin)
    add_market(admin)
    grant_city(admin, city)
    admin.go(f"/t/{SLUG}/start")
    admin.shoot("start")

    ref = tenant_of(house, SLUG)
    with house.wall.open(ref.id) as session:
        site_id = session.scalars(select(Site.id).where(Site.name == MARKET)).one()
    inspector = accept(house, opened, camera, people["inspector"], "jiancha", "测试检查员", width=390, height=844)
    submit_visit(house, inspector, ref, site_id)
    fill_days(house, ref, site_id, "测试检查员", [ANSWERS] * 31)

    finding_id = finding_of_sanitation(house, ref)
    liaison = accept(house, opened, camera, people["liaison"], "lianluo", "测试联络员", width=390, height=844)
    answer_finding(liaison, finding_id)
    office = accept(house, opened, camera, people["hq_office"], "chuangban", "测试创建办")
    close_finding(office, finding_id)
    with house.wall.open(ref.id) as session:
        closed = session.get_one(Finding, (ref.id, finding_id))
        assert (closed.state, closed.outcome) == ("closed", "fixed")
        shots = select(func.count()).select_from(Attachment).where(Attachment.finding_id == finding_id)
        assert session.scalar(shots) == 1

    publish_month(office, "first")
    bureau = reader(house, opened, camera)
    log_in(bureau, "shiji")
    before = ranks(bureau, "before")
    assert before == {"邻区": 1, "城区": 2}

    fill_days(house, ref, site_id, "测试检查员", [ALL_GOOD] * 200)
    publish_month(office, "correction", reason="补录本月后半段的检查")
    after = ranks(bureau, "after")
    assert after == {"城区": 1, "邻区": 2}
    one = bureau.page.get_by_role("link", name="城区", exact=True)
    with bureau.page.expect_navigation():
        one.first.click()
    expect(bureau.page.locator("h1")).to_contain_text("城区")
    bureau.shoot("district")
    assert not camera.complaints, "\n".join(camera.complaints)


def tenant_of(house: House, slug: str) -> TenantRef:
    with house.wall.platform() as platform:
        row = platform.scalars(select(Tenant).where(Tenant.slug == slug)).one()
        return TenantRef(row.id, row.slug, row.name, row.kind, row.is_demo, row.code, row.upper_id)


def link_on(page: Page) -> str:
    return page.locator("#once").input_value()


def onboard(house: House, opened: Browser, camera: Camera, city: TenantRef) -> Reader:
    """The operator finds the district by name, previews and creates it; its administrator takes the seat."""
    operator = reader(house, opened, camera)
    log_in(operator, "yunwei")
    page = operator.go("/operator/tenants/new")
    page.fill("#f-q", "阳泉 城区")
    found = page.get_by_role("link", name=re.compile("山西省阳泉市城区")).first
    found.wait_for()
    operator.shoot("onboard-search")
    with page.expect_navigation():
        found.click()
    page.select_option("#f-upper", city.slug)
    page.fill("#f-person", "测试管理员")
    operator.shoot("onboard-form")
    operator.press("预览要建的内容")
    expect(page.locator("body")).to_contain_text("65")
    operator.shoot("onboard-preview")
    operator.press("确认开通")
    expect(page.locator("body")).to_contain_text("已开通城区")
    operator.shoot("onboard-done")
    link = link_on(page)
    return accept(house, opened, camera, link, "guanli", "测试管理员")


def enable_three(admin: Reader) -> None:
    """Each campaign by its own dialog."""
    page = admin.go(f"/t/{SLUG}/campaigns")
    admin.shoot("campaigns-none")
    for number in range(len(installed().campaigns)):
        page.locator("[data-dialog^='on-'], a[href^='#d-on-']").first.click()
        if number == 0:
            admin.shoot("campaigns-dialog")
        admin.press("启用")
    expect(page.locator("main")).to_contain_text("启用 3 个")
    admin.shoot("campaigns-three")


def invite_people(house: House, admin: Reader) -> dict[str, str]:
    """An inspector and an HQ officer for the whole district, a liaison at the sanitation department."""
    ref = tenant_of(house, SLUG)
    with house.wall.open(ref.id) as session:
        root = root_unit(session).id
        cleaners = session.scalars(select(UnitRole.unit_id).where(UnitRole.role == "sanitation")).one()
    wanted = {"inspector": ("测试检查员", root), "hq_office": ("测试创建办", root), "liaison": ("测试联络员", cleaners)}
    links = {}
    for role, (name, unit) in wanted.items():
        page = admin.go(f"/t/{SLUG}/people/new")
        page.fill("#f-name", name)
        page.select_option("#f-unit", str(unit))
        page.check(f"input[name=role][value={role}]")
        admin.shoot(f"person-{role}")
        admin.send("form[action$='/people/new'] .btn-primary")
        links[role] = link_on(page)
        assert "/invite/" in links[role]
    admin.shoot("person-invited")
    return links


def add_market(admin: Reader) -> None:
    """A produce market in a community."""
    page = admin.go(f"/t/{SLUG}/sites/new")
    page.fill("#f-name", MARKET)
    page.evaluate("document.querySelectorAll('#f-types details').forEach(one => { one.open = true })")
    page.check("input[name=types][value=produce_market]")
    value = page.locator("#f-unit_id option", has_text="社区").first.get_attribute("value")
    assert value
    page.select_option("#f-unit_id", value)
    page.fill("#f-address", "走查路1号")
    admin.shoot("site-form")
    admin.send("form.sc-form .btn-primary")
    expect(page.locator("h1")).to_contain_text(MARKET)
    admin.shoot("site")


def grant_city(admin: Reader, city: TenantRef) -> None:
    """The city may receive one campaign's figures, down to the indicators."""
    page = admin.go(f"/t/{SLUG}/settings/grants")
    page.select_option("#f-campaign", CAMPAIGN)
    page.check("input[name=detail][value=indicators]")
    admin.send("form[action$='/settings/grants'] .btn-primary")
    expect(page.locator("main")).to_contain_text(city.name)
    admin.shoot("grant")


def submit_visit(house: House, inspector: Reader, ref: TenantRef, site_id: UUID) -> None:
    """One visit on a phone: every question once, one photo, three campaigns scored."""
    page = inspector.go(f"/t/{SLUG}/visit/{site_id}")
    assert page.locator("fieldset[data-question]").count() == len(ANSWERS)
    inspector.shoot("visit-empty")
    for code, answer in ANSWERS.items():
        give(page, code, answer)
    beside = page.locator("#q-toilet_clean details[data-beside]")
    if beside.get_attribute("open") is None:
        beside.locator("summary").click()
    page.fill("textarea[name='note.toilet_clean']", "地面有污水")
    page.locator("input[name='photo.toilet_clean_file']").set_input_files(photo(1))  # type: ignore[arg-type]
    page.wait_for_selector("input[type=hidden][name='photo.toilet_clean']", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    inspector.shoot("visit-filled")
    inspector.send("footer button[form=visit]")
    expect(page.locator("body")).to_contain_text(re.compile(r"立案\s*10\s*个问题"))
    inspector.shoot("visit-done")
    with house.wall.open(ref.id) as session:
        visit = session.scalars(select(Visit).order_by(Visit.submitted_at.desc()).limit(1)).one()
        sheets = session.scalars(select(Sheet.campaign).where(Sheet.visit_id == visit.id)).all()
        assert set(sheets) == set(installed().campaigns)
        assert session.scalar(select(func.count()).select_from(Attachment).where(Attachment.visit_id == visit.id)) == 1
        assert len(session.scalars(select(Finding.id).where(Finding.visit_id == visit.id)).all()) == 10


def give(page: Page, code: str, answer: Mapping[str, object]) -> None:
    """One answer, by the thumb: labels are pressed, numbers are typed."""
    question = page.locator(f"fieldset#q-{code}")
    if "na" in answer:
        question.get_by_text("不适用", exact=True).click()
    elif "yes" in answer:
        question.locator(f"input[value={'yes' if answer['yes'] else 'no'}] + label").click()
    elif "rating" in answer:
        question.locator(f"input[value='{answer['rating']}'] + label").click()
    else:
        for part, value in answer.items():
            question.locator(f"input[name='a.{code}.{part}']").fill(str(value))


def finding_of_sanitation(house: House, ref: TenantRef) -> UUID:
    """The newest finding that the sanitation department must answer."""
    with house.wall.open(ref.id) as session:
        chosen = (
            select(Finding.id)
            .join(Part, (Part.tenant_id == Finding.tenant_id) & (Part.finding_id == Finding.id))
            .join(UnitRole, (UnitRole.tenant_id == Part.tenant_id) & (UnitRole.unit_id == Part.unit_id))
            .where(Part.leading.is_(True), UnitRole.role == "sanitation", Finding.state == "dispatched")
            .order_by(Finding.opened_at.desc(), Finding.number.desc())
        )
        found = session.scalars(chosen).first()
        assert found is not None, "no finding is the sanitation department's"
        return found


def offer_of(verb: str) -> str:
    """Where a finding's page offers a step: its button, or the link that opens its form."""
    return f"#act button[name=verb][value={verb}], #act a[data-verb~={verb}]"


def open_form(who: Reader, verb: str) -> None:
    """A finding's page shows one form at a time: open the one of a step, with what may be left out."""
    if not who.page.locator(f"#act button[name=verb][value={verb}]").count():
        who.send(f"#act a[data-verb~={verb}]")
    for folded in who.page.locator("#act details.sc-optional:not([open]) > summary").all():
        folded.click()


def answer_finding(liaison: Reader, finding_id: UUID) -> None:
    """The unit's liaison sees what is asked, and answers with a photo."""
    liaison.shoot("liaison-today")
    page = liaison.go(f"/t/{SLUG}/findings/{finding_id}")
    liaison.shoot("finding-asked")
    open_form(liaison, "answer")
    page.locator("#act input[name=photos_file]").set_input_files(photo(2))  # type: ignore[arg-type]
    page.wait_for_selector("input[type=hidden][name=photos]", state="attached")
    page.fill("#f-note", "已经冲洗干净")
    liaison.send("#act button[name=verb][value=answer]")
    expect(page.locator("body")).to_contain_text("已经冲洗干净")
    liaison.shoot("finding-answered")
    assert page.locator(offer_of("close")).count() == 0, "the fixer's own unit cannot close"


def close_finding(office: Reader, finding_id: UUID) -> None:
    """Another party checks and closes."""
    page = office.go(f"/t/{SLUG}/findings/{finding_id}")
    open_form(office, "close")
    page.check("#act input[name=outcome][value=fixed]")
    page.fill("#f-note", "照片属实")
    office.shoot("finding-check")
    office.send("#act button[name=verb][value=close]")
    expect(page.locator("body")).to_contain_text("已整改到位")
    office.shoot("finding-closed")


def publish_month(office: Reader, name: str, reason: str = "") -> None:
    """This month, to the district itself and to its city, after the preview."""
    page = office.go(f"/t/{SLUG}/publications/new?campaign={CAMPAIGN}&kind=month&period={MONTH.key}")
    expect(page.locator("main")).to_contain_text("阳泉市")
    office.shoot(f"publish-{name}")
    if reason:
        page.fill("#f-reason", reason)
    office.send("form[action$='/publications/new'][method=post] .btn-primary")
    assert re.search(r"/publications/[0-9a-f-]{36}", page.url), page.url
    office.shoot(f"published-{name}")


def ranks(bureau: Reader, name: str) -> dict[str, int]:
    """The league table as the city reads it: name and rank."""
    page = bureau.go(f"/c/1403/comparison?campaign={CAMPAIGN}&kind=month&period={MONTH.key}")
    page.wait_for_timeout(1200)  # the charts draw themselves
    bureau.shoot(f"comparison-{name}")
    rows = page.locator("tr[data-href]:has(td.sc-rank b)")
    return {
        rows.nth(n).locator("a.key").inner_text().strip(): int(rows.nth(n).locator("td.sc-rank b").inner_text())
        for n in range(rows.count())
    }
