"""Every page holds together on the smallest phone (页面结构): one heading, a language, names for fields, no sideways scroll.

axe-core is no dependency of ours (an npm package used by tests only); these are the checks that need no such package.

Every page is asked for as every role. The browser opens it when its main part, word for word, or the frame around it (the
menu of the role) was not looked at before: the same words in the same frame are as wide and as well named for everybody, and
three of four answers are the same - above all "not found", which is one page by design (test_leaks).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from core.databases import Urls
from core.request import COOKIE
from tests.browser.running import Camera, browser, need_browser
from tests.conftest import WHOLE, Once
from tests.routes.test_leaks import call_of, methods_of, rules_of, variables_of
from tests.routes.world import World, standing

pytestmark = pytest.mark.browser

WIDTH = 360
# Nearly all that the last three see is seen by others, too; they look where everything is asked for (.ci/run).
WHO = ("administrator", "hq_office", "inspector", "city_bureau", "nobody")
WHO += ("liaison", "leader", "operator") if WHOLE else ()
NO_PAGE = ("/static", "/api/", "/healthz", "/readyz")
# Words of forms and numbers of requests, which are others every time.
FLEETING = re.compile(r'name="csrf_token" value="[^"]*"|[0-9a-f]{32}')
# Parts that htmx puts into the report page: the page around them has the heading, the language and the width.
FRAGMENTS = {
    "/t/<slug>/findings/new/places",
    "/t/<slug>/findings/new/twins",
    "/t/<slug>/rounds/<uuid:round_id>/progress",
}

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
    """The filled world behind an address (可访问的世界), and what of its pages was looked at."""

    world: World
    base: str
    mains: set[str] = field(default_factory=set)
    frames: set[tuple[Any, ...]] = field(default_factory=set)

    def is_new(self, html: str) -> bool:
        """Whether a page has a main part or a frame that no earlier page had; both are remembered."""
        html = FLEETING.sub("", html)
        head, _, rest = html.partition("<main")
        main, _, foot = rest.partition("</main>")
        frame = Frame.of(head + foot) if main else ()
        new = (main or html) not in self.mains or frame not in self.frames
        self.mains.add(main or html)
        self.frames.add(frame)
        return new


class Frame(HTMLParser):
    """The elements around the main part (页面框架), without the addresses and the page's own title in them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    @classmethod
    def of(cls, html: str) -> tuple[Any, ...]:
        parser = cls()
        parser.feed(html)
        return tuple(parser.found)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = {name: value for name, value in attrs if name not in ("href", "action", "value", "aria-current")}
        self.found.append((tag, *sorted(kept.items(), key=str)))
        self.titled = tag == "title"

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.titled:
            self.found.append(data.strip())


@pytest.fixture(scope="module")
def street(server: Urls, once: Once) -> Iterator[Street]:
    need_browser()
    with standing(server, once) as world:
        web = make_server("127.0.0.1", 0, world.app, threaded=True)
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield Street(world, f"http://127.0.0.1:{web.server_port}")
        web.shutdown()
        thread.join(10)
        web.server_close()


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
    faults, shown, looked = [], 0, 0
    for rule in rules_of(street.world):
        if "GET" not in methods_of(rule) or rule.rule.startswith(NO_PAGE):
            continue
        path = call_of(street.world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")).path
        who.fresh()
        with who.client.get(path) as known:
            if known.status_code not in {200, 404, 403} or known.mimetype != "text/html":
                continue
            shown += 1
            if not street.is_new(known.get_data(as_text=True)):
                continue
        answer = page.goto(street.base + path)
        assert answer is not None
        assert answer.status == known.status_code
        whole = rule.rule not in FRAGMENTS or known.status_code != 200
        looked += 1
        faults += [f"{rule.rule} ({known.status_code}): {fault}" for fault in faults_of(page, whole=whole)]
    context.close()
    assert shown > 3
    assert looked
    assert not faults, "\n".join(faults)
    assert not camera.complaints, "\n".join(camera.complaints)


def test_a_page_is_looked_at_unless_the_same_words_stood_in_the_same_frame() -> None:
    """What the rule above leaves out is only what it may."""

    def page(menu: str, main: str) -> str:
        return f"<html><head><title>a</title></head><body><a href='/x'>{menu}</a><main>{main}</main></body></html>"

    seen = Street.__new__(Street)
    seen.mains, seen.frames = set(), set()
    field_of = '<input type="hidden" name="csrf_token" value="{}">'
    assert seen.is_new(page("menu", "<h1>one</h1>" + field_of.format("x")))
    assert not seen.is_new(page("menu", "<h1>one</h1>" + field_of.format("y")))
    assert seen.is_new(page("menu", "<h1>two</h1>"))
    assert seen.is_new(page("another menu", "<h1>two</h1>"))
    assert not seen.is_new(page("another menu", "<h1>two</h1>"))
    assert seen.is_new("<p>a fragment</p>")
    assert not seen.is_new("<p>a fragment</p>")
