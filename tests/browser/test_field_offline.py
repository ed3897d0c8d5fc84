"""Thirty visits without signal (离线三十检): queued with sixty photos, the browser killed, the login over, then sent once each."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from core.work.calendar import local_day
from core.work.tables import File, Finding, Visit
from tenants.db import now
from tests.browser.afield import HASHES, SITES, Field, afield, answer_all, stored
from tests.browser.phone import until
from tests.work.pictures import jpeg

__all__ = ["afield"]
pytestmark = pytest.mark.browser
PHOTOS = 60


def add_photos(page: Page, pictures: list[Path]) -> None:
    line = page.locator(".line").first
    for n, picture in enumerate(pictures, 1):
        line.locator(".shutter input").first.set_input_files(str(picture))
        expect(line.locator(".thumbs img")).to_have_count(n)


def visit(page: Page, home: str, site: UUID, pictures: list[Path]) -> None:
    page.goto(f"{home}#/site/{site}")
    expect(page.locator(".line").first).to_be_visible()
    answer_all(page)
    add_photos(page, pictures)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")


def expect_waiting(page: Page, home: str, count: int) -> None:
    page.goto(f"{home}#/outbox")
    expect(page.locator(".entry:has(.dot:not(.is-sent))")).to_have_count(count, timeout=15_000)


def test_thirty_visits_with_sixty_photos_leave_once(afield: Field, tmp_path: Path) -> None:
    pictures = []
    for n in range(PHOTOS):
        picture = tmp_path / f"{n}.jpg"
        picture.write_bytes(jpeg((480, 360), seed=n))
        pictures.append(picture)
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)

    afield.gate.down()
    context.set_offline(True)
    page.reload()
    until(page, "!!document.body.dataset.ready")
    ready = int(page.evaluate("document.body.dataset.ready"))
    print(f"interactive offline after {ready} ms")
    assert ready < 10_000
    for n, site in enumerate(afield.sites):
        visit(page, afield.home, site, pictures[2 * n : 2 * n + 2])
    expect_waiting(page, afield.home, SITES)
    hashes = page.evaluate(HASHES)
    assert len(set(hashes)) == PHOTOS
    # One more is begun and only half done when the browser dies.
    page.goto(f"{afield.home}#/site/{afield.sites[0]}")
    page.locator("button.choice.is-bad").first.click()
    page.wait_for_timeout(300)

    afield.phone.kill()
    afield.end_logins()
    context = afield.phone.start()
    page, second = afield.phone.page(context), afield.phone.page(context)
    expect_waiting(page, afield.home, SITES)  # still without signal, started from what the phone keeps
    page.goto(f"{afield.home}#/site/{afield.sites[0]}")
    expect(page.locator("button.choice.is-bad[aria-pressed=true]")).to_have_count(1)
    afield.gate.up()
    second.goto(f"{afield.home}#/outbox")
    page.goto(f"{afield.home}#/outbox")
    for one in (page, second):
        one.reload()
        link = one.get_by_role("link", name="重新登录")
        expect(link).to_have_attribute("href", f"/login?next=%2Ft%2F{afield.district.ref.slug}%2Ffield%2F%23%2Foutbox")
    assert stored(afield) == (0, 0, 0)

    afield.let_in(context)
    began = time.monotonic()
    page.reload()
    second.reload()
    expect(page.locator(".dot.is-sent")).to_have_count(SITES, timeout=120_000)
    print(f"{SITES} visits and {PHOTOS} photos sent in {time.monotonic() - began:.1f} s")
    expect(page.locator(".dot:not(.is-sent)")).to_have_count(0)
    assert stored(afield) == (SITES, PHOTOS, SITES)
    with afield.district.session(afield.house.wall) as session:
        originals = set(session.scalars(select(File.original_sha256)))
        assert originals == set(hashes)
        assert set(session.scalars(select(Visit.day))) == {local_day(now())}
        assert session.scalar(select(func.count()).select_from(Finding)) == 0
    assert page.evaluate(HASHES) == [], "what was sent takes no room any more"
