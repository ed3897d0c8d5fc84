"""Quick findings of a round, and illustrations (轮次里的随手上报、示范图): both without signal, the one as secret as its round."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from core.work.calendar import local_day
from core.work.rounds.planning import Wish, create, open_round
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import add_team
from core.work.tables import File, Finding, FindingEvent
from tenants.db import now
from tests.browser.afield import Field, afield
from tests.browser.phone import until
from tests.browser.test_field_walk import off, on, picture, see_outbox, shoot
from tests.factory import add_actor

__all__ = ["afield"]
pytestmark = pytest.mark.browser

KEPT = "async () => (await (await caches.open(`pictures-${document.body.dataset.slug}`)).keys()).length"


def open_secret(afield: Field) -> UUID:
    """A secret round that is open, with the inspector in its team and the first site as its stop."""
    district, moment = afield.district, now()
    office = replace(add_actor(afield.house.wall, district.ref, "hq_office", district.root), cleared=True)
    day = local_day(moment)
    wish = Wish("ten_day_secret", "旬暗访", district.root, day, day + timedelta(days=5))
    with afield.house.wall.open(district.ref.id, cleared=True) as session:
        made = create(session, office, wish, now=moment)
        add_sites(session, office, made.id, version=made.version, sites=afield.sites[:1], now=moment)
        people = [afield.inspector.person_id]
        add_team(session, office, made.id, version=made.version, name="一组", members=people, now=moment)
        open_round(session, office, made.id, version=made.version, now=moment)
        session.commit()
        return made.id


def test_what_is_seen_in_a_secret_round_arrives_hidden_and_says_when(afield: Field, tmp_path: Path) -> None:
    round_id = open_secret(afield)
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    page.locator("a.site", has_text="暗访").click()
    expect(page.locator(".line").first).to_be_visible()
    page.get_by_role("link", name="检查表以外的问题，随手上报").click()
    expect(page.get_by_label("记在哪一轮")).to_have_value(str(round_id))
    expect(page.locator("main")).to_contain_text("暗访轮次解密之前")
    began = datetime.fromtimestamp(int(time.time()), tz=now().tzinfo)
    page.locator(".shutter input").first.set_input_files(picture(tmp_path, 5))
    expect(page.locator(".thumbs img")).to_have_count(1)
    page.locator(".chip").first.click()
    shoot(page, "find-round", 360)
    page.wait_for_timeout(2000)
    taken = now()
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    on(page, afield)
    see_outbox(page, afield)
    expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
    with afield.district.session(afield.house.wall) as session:
        assert session.scalar(select(func.count()).select_from(Finding)) == 0
        assert session.scalar(select(func.count()).select_from(File)) == 0
    with afield.house.wall.open(afield.district.ref.id, cleared=True) as session:
        found = session.scalars(select(Finding)).one()
        assert (found.round_id, found.hidden, found.number) == (round_id, True, None)
        assert session.scalars(select(File.sealed_for)).one() == round_id
        first = session.scalars(select(FindingEvent)).one()
        assert began - timedelta(seconds=2) <= datetime.fromisoformat(first.detail["taken_at"]) <= taken


def test_illustrations_are_there_without_signal(afield: Field) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    for _ in range(200):
        if page.evaluate(KEPT):
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(1000)
    assert page.evaluate(KEPT) > 0
    off(page, afield)
    page.reload()
    page.goto(f"{afield.home}#/site/{afield.sites[0]}")
    expect(page.locator(".figure img").first).to_be_visible()
    page.locator(".figure").last.scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('.figure img')].every((one) => one.complete && one.naturalWidth > 0)")
    page.locator(".figure").first.click()
    shown = page.get_by_role("dialog")
    expect(shown.locator("img")).to_be_visible()
    shoot(page, "figure", 360)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
