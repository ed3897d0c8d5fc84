"""Every page holds together on the smallest phone (页面结构): one heading, a language, names for fields, no sideways scroll.

axe-core is no dependency of ours (an npm package used by tests only); these are the checks that need no such package.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from core.databases import Urls
from core.request import COOKIE
from tests.browser.running import Camera, browser, need_browser
from tests.routes.test_leaks import call_of, methods_of, rules_of, variables_of
from tests.routes.world import World, build, tear_down

pytestmark = pytest.mark.browser

WIDTH = 360
WHO = ("administrator", "hq_office", "inspector", "liaison", "leader", "city_bureau", "operator", "nobody")
NO_PAGE = ("/static", "/api/", "/healthz", "/readyz")
# Parts that htmx puts into the report page: the page around them has the heading, the language and the width.
FRAGMENTS = {"/t/<slug>/findings/new/places", "/t/<slug>/findings/new/twins"}

LOOK = """() => {
  const named = e => e.labels?.length || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.title;
  const fields = [...document.querySelectorAll('input:not([type=hidden]):not([type=submit]), select, textarea')];
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  const said = e => (e.innerText || e.textContent || '').trim() || e.getAttribute('aria-label') || e.title
    || e.querySelector('img[alt]:not([alt=""]), svg[aria-label]');
  const seen = e => e.getClientRects().length > 0;
  return {
    h1: document.querySelectorAll('h1').length,
    lang: document.documentElement.lang,
    title: document.title.trim(),
    main: document.querySelectorAll('main').length,
    wide: document.documentElement.scrollWidth,
    unnamed: fields.filter(e => !named(e)).map(e => e.outerHTML.slice(0, 100)),
    mute: [...document.querySelectorAll('button, a[href]')].filter(e => seen(e) && !said(e)).map(e => e.outerHTML.slice(0, 100)),
    twice: [...new Set(ids.filter((id, n) => ids.indexOf(id) !== n))],
    noAlt: [...document.querySelectorAll('img:not([alt])')].map(e => e.outerHTML.slice(0, 80)),
    scopeless: [...document.querySelectorAll('thead th:not([scope])')].map(e => e.outerHTML.slice(0, 80)),
  };
}"""


@dataclass
class Street:
    """The filled world behind an address (可访问的世界)."""

    world: World
    base: str


@pytest.fixture(scope="module")
def street(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    need_browser()
    world = build(server, template, tmp_path_factory.mktemp("files"))
    web = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield Street(world, f"http://127.0.0.1:{web.server_port}")
    web.shutdown()
    thread.join(10)
    web.server_close()
    tear_down(world)


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    need_browser()
    with browser() as made:
        yield made


def frame_faults(found: dict[str, Any]) -> list[str]:
    """What is wrong with the frame of a page: heading, language, title, main part, width."""
    faults = []
    if found["h1"] != 1:
        faults.append(f"{found['h1']} headings h1")
    if not found["lang"]:
        faults.append("no lang")
    if not found["title"]:
        faults.append("no title")
    if found["main"] != 1:
        faults.append(f"{found['main']} main")
    if found["wide"] > WIDTH:
        faults.append(f"scrolls sideways: {found['wide']} px")
    return faults


def faults_of(page: Page, *, whole: bool) -> list[str]:
    """What is wrong with the page that is open; a fragment (not `whole`) has no frame of its own."""
    found = page.evaluate(LOOK)
    faults = frame_faults(found) if whole else []
    for name, what in (
        ("unnamed", "field without a name"),
        ("mute", "button or link without words"),
        ("twice", "id twice"),
        ("noAlt", "image without alt"),
        ("scopeless", "column heading without scope"),
    ):
        faults += [f"{what}: {one}" for one in found[name][:3]]
    return faults


@pytest.mark.parametrize("name", WHO)
def test_every_page_stands_on_a_small_phone(street: Street, opened: Browser, name: str) -> None:
    who, camera = street.world.askers[name], Camera()
    context = opened.new_context(
        viewport={"width": WIDTH, "height": 740}, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    if who.cookie:
        context.add_cookies([{"name": COOKIE, "value": who.cookie, "url": street.base}])
    page = context.new_page()
    camera.watch(page)
    faults, shown = [], 0
    for rule in rules_of(street.world):
        if "GET" not in methods_of(rule) or rule.rule.startswith(NO_PAGE):
            continue
        path = call_of(street.world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")).path
        known = context.request.head(street.base + path, max_redirects=0)
        if known.status not in {200, 404, 403} or not known.headers.get("content-type", "").startswith("text/html"):
            continue
        page.goto(street.base + path)
        whole = rule.rule not in FRAGMENTS or known.status != 200
        shown += 1
        faults += [f"{rule.rule} ({known.status}): {fault}" for fault in faults_of(page, whole=whole)]
    context.close()
    assert shown > 3
    assert not faults, "\n".join(faults)
    assert not camera.complaints, "\n".join(camera.complaints)
