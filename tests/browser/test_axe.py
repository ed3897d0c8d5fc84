"""Every page holds together on the smallest phone and for everybody (页面结构与无障碍): no sideways scroll, and axe finds nothing.

One heading, a language and names for fields are asked of every page here; axe-core (see axe.py) is asked about every other
page whose structure no earlier one had, at 360 px, in part at 1440 px in the dark theme and in English. SANCHENG_TEST_WHOLE=1
(.ci/run) asks it about every page that is opened, in all of these.

Every page is asked for as every role. The browser opens it when its main part, word for word, or the frame around it (the
menu of the role) was not looked at before: the same words in the same frame are as wide and as well named for everybody, and
three of four answers are the same - above all "not found", which is one page by design (test_leaks).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from core.databases import Urls
from core.request import COOKIE
from core.web.proofs.link_door import COOKIE as LINK
from tests.browser.axe import need_axe, violations
from tests.browser.running import Camera, browser, need_browser
from tests.conftest import WHOLE, Once
from tests.routes.test_leaks import call_of, methods_of, rules_of, variables_of
from tests.routes.world import World, standing

pytestmark = pytest.mark.browser

WIDTH, WIDE = 360, 1440
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
    outlines: set[tuple[str, ...]] = field(default_factory=set)
    looks: int = 0

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

    def afresh(self) -> Street:
        """The same street for somebody who has seen nothing of it."""
        return Street(self.world, self.base)

    def has_new_parts(self, html: str) -> bool:
        """Whether an element stands where none of its kind stood before, on whatever page; all are remembered."""
        found = Outline.of(html)
        new = not found <= self.outlines
        self.outlines |= found
        return new


# Elements without an end of their own.
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "use", "rect", "path", "line", "circle"}


class Outline(HTMLParser):
    """Where elements stand (结构轮廓): each with the two around it, by tags, classes and the names of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.way: list[tuple[str, str]] = []
        self.found: set[tuple[str, ...]] = set()

    @classmethod
    def of(cls, html: str) -> set[tuple[str, ...]]:
        parser = cls()
        parser.feed(html)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        names = " ".join(sorted(name for name in known if not name.startswith("data-")))
        one = f"{tag}.{known.get('class') or ''}[{known.get('role') or known.get('type') or ''}]({names})"
        self.found.add((*(said for _, said in self.way[-2:]), one))
        if tag not in VOID:
            self.way.append((tag, one))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == open_tag for open_tag, _ in self.way):
            while self.way.pop()[0] != tag:
                pass


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
    need_axe()
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
    need_axe()
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


@contextmanager
def walker(street: Street, opened: Browser, name: str) -> Iterator[Page]:
    """The phone of somebody of the world."""
    who = street.world.askers[name]
    context = opened.new_context(
        viewport={"width": WIDTH, "height": 740},
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        reduced_motion="reduce",
    )
    if who.cookie:
        context.add_cookies([{"name": COOKIE, "value": who.cookie, "url": street.base}])
    yield context.new_page()
    context.close()


def walk(street: Street, page: Page, name: str, every: int = 1) -> Iterator[tuple[str, bool, str]]:
    """Open every page of somebody that is another one: its rule and status, whether it is a whole page, and its text."""
    who = street.world.askers[name]
    pages = (rule for rule in rules_of(street.world) if "GET" in methods_of(rule) and not rule.rule.startswith(NO_PAGE))
    for rule in islice(pages, 0, None, every):
        path = call_of(street.world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")).path
        who.fresh()
        who.client.delete_cookie(LINK, path=f"/h/{street.world.a.ref.slug}")  # the browser went through no such door
        with who.client.get(path) as known:
            if known.status_code not in {200, 404, 403} or known.mimetype != "text/html":
                continue
            html = known.get_data(as_text=True)
        if not street.is_new(html):
            continue
        answer = page.goto(street.base + path)
        assert answer is not None
        assert answer.status == known.status_code
        whole = rule.rule not in FRAGMENTS or known.status_code != 200
        yield f"{rule.rule} ({known.status_code})", whole, html


def seen_wide(page: Page, *, whole: bool) -> list[str]:
    """What axe finds when the open page is on a wide screen in the dark theme."""
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.emulate_media(color_scheme="dark")
    found = violations(page, whole=whole)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTH, "height": 740})
    return [f"wide and dark: {one}" for one in found]


def looked_at(street: Street, page: Page, html: str, *, whole: bool) -> list[str]:
    """What is wrong with an open page; axe is asked about every other new structure, one time in four on the wide screen."""
    faults = faults_of(page, whole=whole)
    if WHOLE:
        return faults + violations(page, whole=whole) + seen_wide(page, whole=whole)
    if not street.has_new_parts(html):
        return faults
    street.looks += 1
    if street.looks % 2:
        return faults
    return faults + (violations if street.looks % 8 else seen_wide)(page, whole=whole)


@pytest.mark.parametrize("name", WHO)
def test_every_page_stands_on_a_small_phone(street: Street, opened: Browser, name: str) -> None:
    camera, faults, looked = Camera(), list[str](), 0
    with walker(street, opened, name) as page:
        camera.watch(page)
        for where, whole, html in walk(street, page, name):
            looked += 1
            faults += [f"{where}: {fault}" for fault in looked_at(street, page, html, whole=whole)]
    assert looked > 3
    assert not faults, "\n".join(faults)
    assert not camera.complaints, "\n".join(camera.complaints)


@pytest.mark.parametrize("name", WHO[:4] if WHOLE else ("hq_office",))
def test_pages_stand_in_english(street: Street, opened: Browser, name: str) -> None:
    """English words are longer: the pages hold together with them, too (in part: one address in eight)."""
    mine, faults, looked = street.afresh(), list[str](), 0
    who = street.world.askers[name]
    with in_english(street.world, who.user_id), walker(street, opened, name) as page:
        for where, whole, _ in walk(mine, page, name, every=1 if WHOLE else 8):
            looked += 1
            found = faults_of(page, whole=whole) + violations(page, whole=whole)
            faults += [f"{where}: {fault}" for fault in found]
    assert looked > 3
    assert not faults, "\n".join(faults)


@contextmanager
def in_english(world: World, user_id: UUID | None) -> Iterator[None]:
    """Somebody reads English for a while."""
    world.super.execute("UPDATE app_user SET locale = 'en' WHERE id = %s", [user_id])
    yield
    world.super.execute("UPDATE app_user SET locale = 'zh' WHERE id = %s", [user_id])


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


def test_a_structure_is_new_where_an_element_stands_as_none_did() -> None:
    """What axe is not asked about in `make test` is only what it was asked about already."""
    seen = Street.__new__(Street)
    seen.outlines = set()
    assert seen.has_new_parts("<main><p class='a'>one</p></main>")
    assert not seen.has_new_parts("<main><p class='a'>two</p><p class='a'>three</p></main>")
    assert seen.has_new_parts("<main><p class='b'>two</p></main>")
    assert seen.has_new_parts("<main><p class='a' aria-label='x'>two</p></main>")
    assert seen.has_new_parts("<main><p class='a'><img src='x'></p></main>")
    assert seen.has_new_parts("<p class='a'>outside</p>")
    assert not seen.has_new_parts("<main><p class='b'>four</p></main><p class='a'></p>")


def test_axe_sees_what_is_wrong(opened: Browser) -> None:
    """A page with faults of each sort is found out."""
    page = opened.new_page()
    page.set_content(
        "<title>a</title><h1>b</h1><h4>c</h4><img src='x'><p style='color:#aaa;background:#fff'>pale</p><input>"
    )
    found = {one.split()[1] for one in violations(page)}
    page.close()
    assert {"image-alt", "color-contrast", "label", "html-has-lang", "heading-order", "landmark-one-main"} <= found
