"""A new version of the phone app (手机端更新): told of and taken by a tap, with a draft, its photo and an outbox that stay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.assets import ROOT as CHECKOUT
from tests.browser.afield import Field, afield, answer_all, stored
from tests.browser.phone import until
from tests.browser.running import free_port, wait_ready
from tests.browser.test_field_walk import ENTRIES, fill, off, on, picture, see_outbox, shoot, take_number
from tests.conftest import SECRET

__all__ = ["afield"]
pytestmark = pytest.mark.browser

SHELVES = "async () => (await caches.keys()).filter((name) => name.startsWith('field-') && !name.startsWith('field-pictures'))"
VERSION = "document.body.dataset.version"


@contextmanager
def newer(field: Field, folder: Path) -> Iterator[int]:
    """The same district served by a newer version of the app; gives its port."""
    shutil.copytree(CHECKOUT / "core", folder / "core", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("plugins", "tenants", "migrations"):
        (folder / name).symlink_to(CHECKOUT / name)
    style = folder / "core" / "web" / "static" / "field" / "field.css"
    style.write_text(style.read_text() + ".tabs { --newer: 1; }\n")
    port, log = free_port(), folder / "gunicorn.log"
    environ = {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
        "SANCHENG_DATABASE_URL": field.house.urls.app,
        "SANCHENG_SECRET_KEY": SECRET,
        "SANCHENG_INSTANCE": str(field.house.files.parent),
    }
    argv = [sys.executable, "-m", "gunicorn", "core.app:from_environment()", "--bind", f"127.0.0.1:{port}"]
    argv += ["--workers", "1", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
    with log.open("wb") as out:
        child = subprocess.Popen(argv, env=environ, stdout=out, stderr=out, cwd=folder)
        try:
            wait_ready(f"http://127.0.0.1:{port}/readyz", child, log)
            yield port
        finally:
            child.terminate()
            child.wait(20)


def go_over(field: Field, port: int) -> None:
    """From now on the newer version answers at the same address."""
    field.gate.down()
    field.gate.target = port
    field.gate.up()


def test_a_new_version_is_told_and_loses_nothing(afield: Field, tmp_path: Path) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    off(page, afield)
    fill(page, afield)
    page.locator("#foot button.main").click()
    until(page, "location.hash.length < 3")
    (queued,) = page.evaluate(ENTRIES)
    take_number(afield, queued)  # so that it stays in the outbox: somebody has to look at it
    on(page, afield)
    see_outbox(page, afield)
    expect(page.locator(".dot.is-attention")).to_have_count(1, timeout=40_000)
    # A visit is half done when the new version comes.
    page.goto(f"{afield.home}#/site/{afield.sites[1]}")
    page.locator(".line").first.locator(".shutter input").first.set_input_files(picture(tmp_path, 3))
    expect(page.locator(".thumbs img")).to_have_count(1)
    page.locator("button.choice.is-good").nth(1).click()
    old, shelves = page.evaluate(VERSION), page.evaluate(SHELVES)
    assert len(shelves) == 1
    with newer(afield, tmp_path / "newer") as port:
        go_over(afield, port)
        page.evaluate("async () => { await (await navigator.serviceWorker.ready).update(); }")
        line = page.locator("#fresh")
        expect(line).to_have_text("新版本已就绪，点此更新", timeout=30_000)
        # Until it is tapped nothing changes, and without signal the old one starts as before.
        assert page.evaluate(VERSION) == old
        assert page.evaluate(SHELVES) != shelves
        shoot(page, "fresh", 360)
        with page.expect_navigation():
            line.click()
        until(page, "!!document.body.dataset.ready")
        assert page.evaluate(VERSION) != old
        until(page, "navigator.serviceWorker.controller !== null")
        for _ in range(100):
            kept = page.evaluate(SHELVES)
            if len(kept) == 1:
                break
            page.wait_for_timeout(50)
        assert len(kept) == 1
        assert kept != shelves
        expect(page.locator("#fresh")).to_have_count(0)
        # The draft is where it was, with its photo; the outbox is as it was.
        expect(page.locator(".thumbs img")).to_have_count(1)
        expect(page.locator("button.choice[aria-pressed=true]")).to_have_count(1)
        off(page, afield)
        page.reload()
        until(page, "!!document.body.dataset.ready")
        expect(page.locator(".thumbs img")).to_have_count(1)
        answer_all(page)
        page.locator("#foot button.main").click()
        until(page, "location.hash.length < 3")
        on(page, afield)
        see_outbox(page, afield)
        expect(page.locator(".dot.is-sent")).to_have_count(1, timeout=40_000)
        page.locator(f"#e-{queued['id']}").get_by_role("button", name="作为新的发送").click()
        expect(page.locator(".dot.is-sent")).to_have_count(2, timeout=40_000)
        assert stored(afield)[:2] == (3, 1)


def test_another_tab_is_not_disturbed_and_a_calm_start_takes_it(afield: Field, tmp_path: Path) -> None:
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    second = afield.phone.page(context)
    second.goto(f"{afield.home}#/site/{afield.sites[0]}")
    second.locator("button.choice.is-good").first.click()
    old = page.evaluate(VERSION)
    with newer(afield, tmp_path / "newer") as port:
        go_over(afield, port)
        page.evaluate("async () => { await (await navigator.serviceWorker.ready).update(); }")
        expect(page.locator("#fresh")).to_be_visible(timeout=30_000)
        page.reload()  # nothing is being filled in here
        expect(page.locator(f"body:not([data-version='{old}'])[data-ready]")).to_have_count(1)
        assert second.evaluate(VERSION) == old
        expect(second.locator("button.choice[aria-pressed=true]")).to_have_count(1)
        line = second.locator("#fresh")
        expect(line).to_be_visible()
        with second.expect_navigation():
            line.click()
        expect(second.locator(f"body:not([data-version='{old}'])[data-ready]")).to_have_count(1)
        expect(second.locator("button.choice[aria-pressed=true]")).to_have_count(1)


def test_a_version_that_comes_half_changes_nothing(afield: Field, tmp_path: Path) -> None:
    """The signal goes while it is fetched: the old one stays, whole."""
    context = afield.phone.start()
    afield.let_in(context)
    page = afield.install(context)
    old, shelves = page.evaluate(VERSION), page.evaluate(SHELVES)
    with newer(afield, tmp_path / "newer") as port:
        (tmp_path / "newer" / "core" / "web" / "static" / "field" / "home.js").unlink()
        go_over(afield, port)
        page.evaluate("async () => { await (await navigator.serviceWorker.ready).update().catch(() => {}); }")
        page.wait_for_timeout(3000)
        expect(page.locator("#fresh")).to_have_count(0)
        afield.gate.down()
        page.context.set_offline(True)
        page.reload()
        until(page, "!!document.body.dataset.ready")
        assert page.evaluate(VERSION) == old
        assert set(shelves) <= set(page.evaluate(SHELVES))
        expect(page.locator("a.site").first).to_be_visible()
