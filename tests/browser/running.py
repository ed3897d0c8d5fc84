"""The real application under a real gunicorn, and a real browser that notes every complaint (浏览器测试的场地)."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from core.assets import ROOT as CHECKOUT
from core.assets import VENDOR, is_built, plan
from core.databases import Urls, clone, drop_database
from tenants.scope import Wall
from tests.conftest import SECRET

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCRIPTS = CHECKOUT / "core" / "web" / "static" / "js"
REQUIRED = "SANCHENG_BROWSER_REQUIRED"
SHOTS = "SANCHENG_SHOTS"


def need_browser() -> None:
    """Skip with the remedy where there is no Chromium or no assets; fail instead where a browser is required."""
    lacking = ""
    if CHROMIUM is None:
        lacking = "no Chromium on PATH; on Debian: apt-get install chromium fonts-noto-cjk"
    elif not is_built(VENDOR, plan(CHECKOUT)):
        lacking = "the front-end assets are not built; run: make setup"
    if lacking and os.environ.get(REQUIRED) == "1":
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)


@dataclass
class House:
    """A served installation of its own (一套在运行的系统)."""

    base: str
    wall: Wall
    urls: Urls
    files: Path


@contextmanager
def served(server: Urls, template: str, folder: Path) -> Iterator[House]:
    """Clone the migrated template and serve it by gunicorn on a free port."""
    name = f"walk_{secrets.token_hex(5)}"
    clone(server.superuser, template, name)
    urls, port = server.for_database(name), free_port()
    environ = {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
        "SANCHENG_DATABASE_URL": urls.app,
        "SANCHENG_SECRET_KEY": SECRET,
        "SANCHENG_INSTANCE": str(folder),
    }
    argv = [sys.executable, "-m", "gunicorn", "core.app:from_environment()", "--bind", f"127.0.0.1:{port}"]
    argv += ["--workers", "1", "--worker-class", "gthread", "--threads", "8", "--no-control-socket", "--timeout", "60"]
    log = folder / "gunicorn.log"
    wall = Wall(urls.app, SECRET)
    with log.open("wb") as out:
        child = subprocess.Popen(argv, env=environ, stdout=out, stderr=out, cwd=CHECKOUT)
        try:
            wait_ready(f"http://127.0.0.1:{port}/readyz", child, log)
            yield House(f"http://127.0.0.1:{port}", wall, urls, folder / "files")
        finally:
            child.terminate()
            child.wait(20)
            wall.dispose()
            drop_database(server.superuser, name)
    said = log.read_text(errors="replace")
    assert "Traceback" not in said, said[-3000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(150):
        if child.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


@dataclass
class Camera:
    """Takes a picture of every step when a folder is given, and keeps what the browser complained of (截图与报错)."""

    complaints: list[str] = field(default_factory=list)
    number: int = 0

    def watch(self, page: Page) -> None:
        page.on("console", lambda said: self._note(page, said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("requestfailed", lambda sent: self._failed(page, sent.url, sent.failure or ""))

    def _note(self, page: Page, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not re.search(r"status of 4(0[1349]|12|22)", text):
            self.complaints.append(f"{page.url}: {kind}: {text}")

    def _failed(self, page: Page, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # a download, or a page left while something was loading
            self.complaints.append(f"{page.url}: {url}: {why}")

    def shoot(self, page: Page, name: str) -> None:
        self.number += 1
        folder = os.environ.get(SHOTS)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{self.number:02d}-{name}.png"), full_page=True)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@dataclass
class Reader:
    """One person with a browser of his own (一个用户)."""

    house: House
    context: BrowserContext
    page: Page
    camera: Camera

    def go(self, path: str) -> Page:
        answer = self.page.goto(self.house.base + path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        return self.page

    def shoot(self, name: str) -> None:
        self.camera.shoot(self.page, name)

    def press(self, button: str) -> None:
        """Press the first visible button of a name and wait for the next page."""
        found = self.page.get_by_role("button", name=button, exact=True)
        chosen = next(one for one in found.all() if one.is_visible())
        with self.page.expect_navigation():
            chosen.click()

    def send(self, selector: str) -> None:
        """Press the button at a place, whatever it is called, and wait for the next page."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()


def reader(house: House, opened: Browser, camera: Camera, width: int = 1440, height: int = 900) -> Reader:
    phone = width < 600
    context = opened.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", has_touch=phone, is_mobile=phone
    )
    page = context.new_page()
    page.set_default_timeout(15000)
    camera.watch(page)
    return Reader(house, context, page, camera)


@contextmanager
def script_page(host: str) -> Iterator[Page]:
    """An empty page at an invented host, for which our own scripts lie at the top: ``import('/formula.js')``."""

    def serve(route: Route) -> None:
        name = route.request.url.removeprefix(host + "/")
        if name.endswith(".js"):
            route.fulfill(content_type="text/javascript", body=(SCRIPTS / Path(name).name).read_text("utf-8"))
        else:
            body = "<!doctype html><title>scripts</title><link rel=icon href='data:,'>"
            route.fulfill(content_type="text/html", body=body)

    need_browser()
    with browser() as opened:
        shown, camera = opened.new_page(), Camera()
        camera.watch(shown)
        shown.route("**/*", serve)
        shown.goto(host + "/")
        yield shown
        assert camera.complaints == []
