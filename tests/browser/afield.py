"""A district, an inspector and his phone (现场手机的场地), for the tests of the phone app."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from sqlalchemy import delete, func, select

from core.campaigns.registry import installed
from core.databases import Urls
from core.request import COOKIE
from core.work.tables import Attachment, Audit, Visit
from tenants.access import Actor
from tenants.accounts import LoginSession
from tests.browser.phone import Gate, Phone, phone, until
from tests.browser.running import House, need_browser, served
from tests.factory import District, add_actor, add_site, bare_district, come_in

SITES = 30

HASHES = """() => new Promise((done, fail) => {
  const open = indexedDB.open('sancheng-field-' + document.body.dataset.slug);
  open.onerror = fail;
  open.onsuccess = () => {
    const all = open.result.transaction(['photos']).objectStore('photos').getAll();
    all.onsuccess = async () => {
      const found = [];
      for (const one of all.result) {
        const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', one.bytes));
        found.push([...sum].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
      }
      open.result.close();
      done(found);
    };
  };
})"""


@dataclass
class Field:
    """A district with back streets that one form of ten items is for, its inspector, and his phone."""

    house: House
    gate: Gate
    district: District
    inspector: Actor
    sites: list[UUID]
    phone: Phone

    @property
    def home(self) -> str:
        return f"{self.gate.base}/t/{self.district.ref.slug}/field/"

    def let_in(self, context: BrowserContext, who: Actor | None = None) -> None:
        """Give the browser a login, as the login page does."""
        token, _ = come_in(self.house.wall, who or self.inspector)
        until = time.time() + 86400
        context.add_cookies([{"name": COOKIE, "value": token, "url": self.gate.base, "expires": until}])

    def end_logins(self) -> None:
        with self.house.wall.platform() as session:
            session.execute(delete(LoginSession))
            session.commit()

    def install(self, context: BrowserContext) -> Page:
        """Open the app once with signal, until it can start without."""
        page = self.phone.page(context)
        page.goto(self.home)
        expect(page.locator("a.site").first).to_be_visible()
        until(page, "navigator.serviceWorker.controller !== null")
        return page


@pytest.fixture
def afield(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    need_browser()
    civilized = installed().campaigns["civilized_city"]
    folder = tmp_path_factory.mktemp("phone")
    with (
        served(server, template, tmp_path_factory.mktemp("instance")) as house,
        sync_playwright() as play,
        phone(play, folder) as one,
    ):
        edition = civilized.edition
        district = bare_district(house.wall, "示例区", {civilized.key: (edition.key, edition.sha256)})
        with district.session(house.wall) as session:
            sites = [
                add_site(session, district.communities[n % 2], "back_street", name=f"示例巷{n + 1:02d}")
                for n in range(SITES)
            ]
            session.commit()
        inspector = add_actor(house.wall, district.ref, "inspector", district.root, "检查员甲")
        gate = Gate(int(house.base.rsplit(":", 1)[1]))
        yield Field(house, gate, district, inspector, sites, one)
        gate.down()
        assert not one.complaints, one.complaints


def answer_all(page: Page) -> int:
    """Answer a checklist as an inspector would where all is right; gives the taps."""
    taps = 0
    for button in page.locator("button.all").all():
        button.click()
        taps += 1
    for line in page.locator(".line:not(.is-done)").all():
        good = line.locator("button.choice.is-good")
        if good.count():
            good.first.click()
            taps += 1
        else:
            line.locator("input[type=number]").first.fill("9")
            taps += 2  # into the field, and one figure
    expect(page.locator(".line:not(.is-done)")).to_have_count(0)
    return taps


def stored(afield: Field) -> tuple[int, int, int]:
    """Visits, photos at visits, and submissions in the log."""
    with afield.district.session(afield.house.wall) as session:
        visits = session.scalar(select(func.count()).select_from(Visit))
        photos = session.scalar(select(func.count()).select_from(Attachment).where(Attachment.visit_id.is_not(None)))
        sent = session.scalar(select(func.count()).select_from(Audit).where(Audit.verb == "visit.submit"))
    return visits or 0, photos or 0, sent or 0
