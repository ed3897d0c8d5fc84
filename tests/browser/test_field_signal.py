"""Sending when the signal returns (恢复信号即发送): by background sync with every page closed, in a hidden tab, and by the clock alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.afield import Field, afield, stored
from tests.browser.phone import until
from tests.browser.test_field_walk import fill, off

__all__ = ["afield"]
pytestmark = pytest.mark.browser

TAGS = "async () => (await navigator.serviceWorker.ready).sync.getTags()"


def queue_one(page: Page, field: Field) -> None:
    fill(page, field)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")


def sync_now(context: BrowserContext, page: Page, field: Field) -> None:
    """What the system does when signal is back: the browser wakes the worker, and no page is open."""
    session = context.new_cdp_session(page)
    known: list[Any] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda said: known.extend(said["registrations"]))
    session.send("ServiceWorker.enable")
    ends = time.monotonic() + 10
    while not any(field.home == one["scopeURL"] for one in known):
        assert time.monotonic() < ends, known
        page.wait_for_timeout(50)
    (number,) = {one["registrationId"] for one in known if one["scopeURL"] == field.home}
    asked = {"origin": field.gate.base, "registrationId": number, "tag": "outbox", "lastChance": False}
    session.send("ServiceWorker.dispatchSyncEvent", asked)


def wait_stored(field: Field, count: int, seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while stored(field)[0] < count:
        assert time.monotonic() < ends, stored(field)
        time.sleep(0.2)


def test_the_worker_sends_when_every_page_is_closed(afield: Field) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    queue_one(page, afield)
    for _ in range(100):  # the browser was asked to see to it
        if "outbox" in page.evaluate(TAGS):
            break
        page.wait_for_timeout(50)
    assert page.evaluate(TAGS) == ["outbox"]
    blank = context.new_page()
    page.close()
    assert [one.url for one in context.pages if "/field/" in one.url] == []
    afield.gate.up()
    context.set_offline(False)
    blank.wait_for_timeout(3000)
    if not stored(afield)[0]:  # this browser waits for its system's word; it is given here
        sync_now(context, blank, afield)
    wait_stored(afield, 1)
    assert stored(afield) == (1, 0, 1)
    page = afield.phone.page(context)
    page.goto(f"{afield.home}#/outbox")
    expect(page.locator(".dot.is-sent")).to_have_count(1)
    assert stored(afield) == (1, 0, 1)


def test_a_tab_behind_another_sends_when_signal_returns(afield: Field) -> None:
    context = afield.phone.start()
    context.add_init_script("Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined })")
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    queue_one(page, afield)
    front = context.new_page()
    front.bring_to_front()
    page.evaluate(
        """() => { Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
        document.dispatchEvent(new Event('visibilitychange')); }"""
    )
    afield.gate.up()
    context.set_offline(False)
    wait_stored(afield, 1)
    assert stored(afield) == (1, 0, 1)


def test_the_clock_sends_where_the_browser_says_nothing(afield: Field) -> None:
    """Many phones say that they are online while nothing goes through: there is no event when it does again."""
    context = afield.phone.start()
    context.add_init_script("Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined })")
    afield.let_in(context)
    page = afield.install(context)
    page.goto(f"{afield.home}#/site/{afield.sites[0]}")
    afield.gate.down()
    queue_one(page, afield)
    assert page.evaluate("navigator.onLine") is True
    page.goto(f"{afield.home}#/outbox")
    expect(page.locator(".entry")).to_contain_text("等待发送")
    page.wait_for_timeout(1000)
    afield.gate.up()
    wait_stored(afield, 1, 90)
    expect(page.locator(".dot.is-sent")).to_have_count(1)
