"""The phone app in the hand (手机端走查): few taps, findings and patrols without signal, conflicts shown, persons kept apart."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect
from sqlalchemy import func, select, update

from core.campaigns.registry import installed
from core.work.calendar import local_day
from core.work.enabling import enabled
from core.work.inspection.visits import due_at_site, submit
from core.work.intake.patrols import start_patrol
from core.work.tables import Finding, Patrol, Site, Visit
from tenants.db import now
from tests.browser.afield import Field, afield, answer_all, stored
from tests.browser.axe import violations
from tests.browser.phone import until
from tests.browser.running import SHOTS
from tests.browser.test_axe import WIDTH, faults_of
from tests.factory import add_actor
from tests.work.pictures import jpeg

__all__ = ["afield"]
pytestmark = pytest.mark.browser

# Whatever a thumb must hit and is lower than 44 px.
SMALL = """() => [...document.querySelectorAll('button, select, a.site, a.button, .tab, label.shutter, label.check')]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 90))"""

ENTRIES = """() => new Promise((done, fail) => {
  const open = indexedDB.open('sancheng-field-' + document.body.dataset.slug);
  open.onerror = fail;
  open.onsuccess = () => {
    const all = open.result.transaction(['outbox']).objectStore('outbox').getAll();
    all.onsuccess = () => { open.result.close(); done(all.result.map(({ id, kind, state, body }) => ({ id, kind, state, body }))); };
  };
})"""


def shoot(page: Page, name: str, width: int = 390) -> None:
    """The page holds together on the smallest phone, axe finds nothing; a picture of it where pictures are asked for."""
    page.set_viewport_size({"width": WIDTH, "height": 844})
    assert faults_of(page, whole=True) == [], name
    # As tall as the page: how far it happens to be scrolled, and so what stands half under a bar, is not the page's doing.
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": max(844, tall + 8)})
    assert violations(page) == [], name
    page.emulate_media(color_scheme="dark")
    assert violations(page, rules=("color-contrast",)) == [], f"{name} in the dark"
    page.emulate_media(color_scheme="light")
    small = page.evaluate(SMALL)
    assert small == [], name
    page.set_viewport_size({"width": 390, "height": 844})
    folder = os.environ.get(SHOTS)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=str(Path(folder) / f"field-{name}-{width}.png"), full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})


def picture(folder: Path, seed: int) -> str:
    path = folder / f"p{seed}.jpg"
    path.write_bytes(jpeg((480, 360), seed=seed))
    return str(path)


def fill(page: Page, field: Field, place: int = 0) -> None:
    page.goto(f"{field.home}#/site/{field.sites[place]}")
    expect(page.locator(".line").first).to_be_visible()
    answer_all(page)


def off(page: Page, field: Field) -> None:
    field.gate.down()
    page.context.set_offline(True)


def on(page: Page, field: Field) -> None:
    field.gate.up()
    page.context.set_offline(False)


def see_outbox(page: Page, field: Field) -> None:
    page.goto(f"{field.home}#/outbox")
    expect(page.locator("#title")).to_have_text("待发")


def test_ten_items_take_less_than_a_minute_and_fifteen_taps(afield: Field, tmp_path: Path) -> None:
    """One thing is wrong, with a photo; the rest passes. The tap on the place is counted, too."""
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    shoot(page, "home", 360)
    off(page, afield)
    began = time.monotonic()
    page.locator("a.site").first.click()
    expect(page.locator(".line")).to_have_count(10)
    page.locator("button.choice.is-bad").first.click()
    taps = 2
    bad = page.locator(".line.is-bad")
    expect(bad).to_have_count(1)
    bad.locator(".shutter input").first.set_input_files(picture(tmp_path, 1))
    expect(bad.locator(".thumbs img")).to_have_count(1)
    taps += 2  # the button, and the camera's own
    taps += answer_all(page)
    expect(page.locator(".tally b")).to_contain_text("10/10 · 问题 1")
    shoot(page, "visit", 360)
    shoot(page, "visit")
    page.locator("#foot button.main").click()
    taps += 1
    until(page, "location.hash.length < 3")
    seconds = time.monotonic() - began
    print(f"ten items: {taps} taps, {seconds:.1f} s by a script")
    assert taps <= 15
    assert seconds < 60
    on(page, afield)
    see_outbox(page, afield)
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    expect(page.locator(".entry")).to_contain_text("立案 1 件")
    shoot(page, "outbox-sent")
    assert stored(afield) == (1, 1, 1)


def test_undo_and_what_is_missing(afield: Field) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    page.locator("a.site").first.click()
    button = page.locator("button.all").first
    group = page.locator("section.group").first
    button.click()
    done = group.locator(".line.is-done").count()
    assert done
    page.get_by_role("button", name="还原").click()
    expect(group.locator(".line.is-done")).to_have_count(0)
    page.locator("#foot button.main").click()
    expect(page.locator(".toast")).to_contain_text("还有 10 题没有答")
    shoot(page, "missing")
    expect(page.locator(".line.is-lacking")).to_have_count(10)
    page.locator(".line .choice").first.click()
    page.get_by_role("button", name="放弃这次填写").click()
    shoot(page, "ask")
    page.get_by_role("button", name="保留").click()
    page.reload()
    expect(page.locator(".line [aria-pressed=true]").first).to_be_visible()


def test_two_people_on_one_phone_do_not_send_for_each_other(afield: Field) -> None:
    other = add_actor(afield.house.wall, afield.district.ref, "inspector", afield.district.root, "检查员乙")
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    fill(page, afield)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    fill_half = page.locator("a.site").nth(1)
    fill_half.click()
    page.locator("button.choice.is-good").first.click()
    page.wait_for_timeout(300)
    afield.let_in(context, other)
    on(page, afield)
    page.goto(f"{afield.home}#/")
    page.reload()
    expect(page.locator(".about")).to_contain_text("检查员乙")
    expect(page.locator("main")).not_to_contain_text("没填完的检查")
    see_outbox(page, afield)
    expect(page.locator("main")).to_contain_text("1 条是 检查员甲 填的，等本人登录后发送")
    expect(page.locator(".entry")).to_have_count(0)
    shoot(page, "outbox-other")
    page.wait_for_timeout(1500)
    assert stored(afield) == (0, 0, 0)
    afield.let_in(context)
    page.reload()
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    page.goto(f"{afield.home}#/")
    expect(page.locator("main")).to_contain_text("没填完的检查")
    with afield.district.session(afield.house.wall) as session:
        assert session.scalars(select(Visit.person_id)).all() == [afield.inspector.person_id]


def test_two_tabs_take_turns_without_locks(afield: Field) -> None:
    """Where the browser has no locks, a lease in the database does the same: each entry is sent once."""
    context = afield.phone.start()
    lacking = ("Navigator.prototype, 'locks'", "ServiceWorkerRegistration.prototype, 'sync'")
    for name in lacking:  # such a browser sends in the background as little as it has locks
        context.add_init_script(f"Object.defineProperty({name}, {{ value: undefined }})")
    afield.let_in(context)
    page = afield.install(context)
    second = afield.phone.page(context)
    second.goto(afield.home)
    until(second, "!!document.body.dataset.ready && !navigator.locks")
    sent: list[str] = []
    for one in (page, second):
        one.on("request", lambda asked: sent.append(asked.url) if asked.url.endswith("/send") else None)
    off(page, afield)
    for place in range(3):
        fill(page, afield, place)
        page.locator("#foot button.main").click()
        until(page, "location.hash.length < 3")
    sent.clear()
    on(page, afield)
    see_outbox(page, afield)
    see_outbox(second, afield)
    expect(page.locator(".dot.is-sent")).to_have_count(3, timeout=40_000)
    assert len(sent) == 3
    assert stored(afield) == (3, 0, 3)


def test_a_conflict_is_shown_with_what_can_be_done(afield: Field, tmp_path: Path) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    for place in range(2):
        fill(page, afield, place)
        page.locator("#foot button.main").click()
        until(page, "location.hash.length < 3")
    first, second = sorted(page.evaluate(ENTRIES), key=lambda one: str(one["id"]))
    take_number(afield, first)
    with afield.district.session(afield.house.wall) as session:
        gone = uuid.UUID(second["body"]["site_id"])
        session.execute(update(Site).where(Site.tenant_id == session.tenant_id, Site.id == gone).values(state="closed"))
        session.commit()
    on(page, afield)
    see_outbox(page, afield)
    expect(page.locator(".dot.is-attention")).to_have_count(2, timeout=40_000)
    shoot(page, "attention")
    taken = page.locator(f"#e-{first['id']}")
    expect(taken).to_contain_text("已经提交过，内容不同")
    taken.get_by_role("button", name="作为新的发送").click()
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    assert stored(afield)[0] == 2
    lost = page.locator(f"#e-{second['id']}")
    expect(lost).to_contain_text("点位已停用")
    with page.expect_download() as saved:
        lost.get_by_role("button", name="存成文件").click()
    assert second["id"] in Path(saved.value.path()).read_text()
    lost.get_by_role("button", name="放弃这一条").click()
    page.get_by_role("alertdialog").get_by_role("button", name="保留").click()
    expect(lost).to_be_visible()
    lost.get_by_role("button", name="放弃这一条").click()
    page.get_by_role("alertdialog").get_by_role("button", name="放弃这一条").click()
    expect(lost).to_have_count(0)


def take_number(afield: Field, entry: dict[str, Any]) -> None:
    """Another visit stands under the number already."""
    with afield.district.session(afield.house.wall) as session:
        campaigns = enabled(session, installed())
        site = uuid.UUID(entry["body"]["site_id"])
        due_at_site(session, afield.inspector, site, campaigns, local_day(now()))
        number = uuid.UUID(entry["id"])
        said = {"answers": entry["body"]["answers"], "note": "别处填的"}
        submit(session, afield.inspector, campaigns=campaigns, visit_id=number, site_id=site, **said, now=now())
        session.commit()


def test_a_refusal_is_mended_and_sent_again(afield: Field) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    fill(page, afield)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    # As a form that was never in force here would be: the server names the fault.
    page.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open('sancheng-field-' + document.body.dataset.slug);
          open.onsuccess = () => {
            const store = open.result.transaction(['outbox'], 'readwrite').objectStore('outbox');
            store.getAll().onsuccess = (event) => {
              const [one] = event.target.result;
              one.body.answers = {};
              store.put(one).onsuccess = () => { open.result.close(); done(); };
            };
          };
        })"""
    )
    on(page, afield)
    see_outbox(page, afield)
    expect(page.locator(".dot.is-attention")).to_have_count(1, timeout=40_000)
    expect(page.locator(".entry")).to_contain_text("一张检查表也没有答")
    page.get_by_role("button", name="打开改正").click()
    expect(page.locator(".tally b")).to_contain_text("10/10")
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    see_outbox(page, afield)
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    assert stored(afield)[0] == 1


def test_a_finding_in_three_taps_and_a_patrol_without_signal(afield: Field, tmp_path: Path) -> None:
    along = add_actor(afield.house.wall, afield.district.ref, "grid_worker", afield.district.root, "网格员丙")
    context = afield.phone.start()
    afield.let_in(context)
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"longitude": 112.5583, "latitude": 37.7368, "accuracy": 15})
    page = afield.install(context)
    off(page, afield)
    page.goto(f"{afield.home}#/patrol")
    shoot(page, "patrol-start")
    page.get_by_label("按姓名找").fill("丙")
    page.get_by_role("button", name="网格员丙").click()
    page.get_by_label("路线（选填）").fill("一路")
    page.locator("#foot button.main").click()
    expect(page.locator("#track")).to_contain_text("已记 1 个位置")
    shoot(page, "patrol")
    page.get_by_role("link", name="随手上报").first.click()
    # Photo, category, send: the place is where the phone is.
    page.locator(".shutter input").first.set_input_files(picture(tmp_path, 7))
    expect(page.locator(".thumbs img")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("误差约 15 米")
    page.locator(".chip").first.click()
    unit = page.get_by_label("所在单位")
    unit.select_option(index=1)
    shoot(page, "find", 360)
    page.locator("#foot button.main").click()
    until(page, "location.hash === '#/patrol'")
    page.goto(f"{afield.home}#/find")
    page.locator(".shutter input").first.set_input_files(picture(tmp_path, 8))
    expect(page.locator(".thumbs img")).to_have_count(1)
    page.get_by_label("发现即处置").check()
    page.locator(".shutter input").nth(1).set_input_files(picture(tmp_path, 9))
    expect(page.locator(".thumbs img")).to_have_count(2)
    page.locator(".chip").nth(1).click()
    shoot(page, "find-fixed")
    page.locator("#foot button.main").click()
    until(page, "location.hash === '#/patrol'")
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    see_outbox(page, afield)
    expect(page.locator(".dot.is-waiting")).to_have_count(5)
    shoot(page, "outbox-waiting")
    on(page, afield)
    page.reload()
    expect(page.locator(".dot.is-sent")).to_have_count(5, timeout=40_000)
    with afield.district.session(afield.house.wall) as session:
        patrol = session.scalars(select(Patrol)).one()
        assert (patrol.route, len(patrol.track), patrol.ended_at is not None) == ("一路", 1, True)
        found = session.scalars(select(Finding).order_by(Finding.number)).all()
        assert {one.patrol_id for one in found} == {patrol.id}
        assert sorted(one.outcome or "" for one in found) == ["", "on_spot"]
        assert session.scalar(select(func.count()).select_from(Finding)) == 2
    assert along.person_id


def test_a_patrol_that_cannot_be_begun_lets_its_findings_go(afield: Field, tmp_path: Path) -> None:
    """Somebody had begun another shift with him meanwhile: that is said, and what was found is sent all the same."""
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    page.goto(f"{afield.home}#/patrol")
    page.get_by_role("button", name="开始巡查").click()
    page.get_by_role("link", name="随手上报").first.click()
    page.locator(".shutter input").first.set_input_files(picture(tmp_path, 11))
    expect(page.locator(".thumbs img")).to_have_count(1)
    page.locator(".chip").first.click()
    page.get_by_label("点位").select_option(index=1)
    page.locator("#foot button.main").click()
    until(page, "location.hash === '#/patrol'")
    with afield.district.session(afield.house.wall) as session:
        start_patrol(session, afield.inspector, unit_id=afield.district.root, members={}, now=now())
        session.commit()
    on(page, afield)
    see_outbox(page, afield)
    start = page.locator(".entry", has_text="开始巡查")
    expect(start).to_contain_text("请先结束那个班次", timeout=40_000)
    expect(page.locator(".entry", has_text="上报：")).to_contain_text("等它的巡查班次先发出")
    start.get_by_role("button", name="放弃这一条").click()
    page.get_by_role("alertdialog").get_by_role("button", name="放弃这一条").click()
    with suppress(Error):  # the browser's own background sync may be faster than the button
        page.get_by_role("button", name="现在发送").click(timeout=3000)
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    with afield.district.session(afield.house.wall) as session:
        assert session.scalars(select(Finding.patrol_id)).all() == [None]


def test_a_plain_connection_says_so_and_leads_to_the_online_form(afield: Field) -> None:
    context = afield.phone.start()
    afield.gate.host = "plain.test"
    afield.let_in(context)
    page = afield.phone.page(context)
    page.goto(afield.home)
    expect(page.locator(".notice")).to_contain_text("不是加密连接")
    assert page.evaluate("isSecureContext") is False
    shoot(page, "plain")
    page.locator("a.site").first.click()
    expect(page.locator("form#visit")).to_be_visible()
