"""Plates on the pages: what anybody reads, reports and follows, what nobody learns, and printing; the list, map and search."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import delete, select, update
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.web.plates.plate_door import REPORTS
from core.work.calendar import local_day
from core.work.places.site_settings import MapSettings, PlateSettings, keep_settings
from core.work.places.sites import change_site
from core.work.plates.plates import issue_plate
from core.work.tables import Audit, CitizenReport, Finding
from tenants.accounts import Tenant, Throttle
from tenants.db import now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_actor, add_site
from tests.web.desk import clerk, content
from tests.web.test_assets import CHROMIUM, FLAGS, browser_test, without_assets, without_chromium
from tests.work.market import ALL_GOOD, send, town
from tests.work.pictures import jpeg

GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": "140105001", "name": "测试街道"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[112.5, 37.8], [112.6, 37.8], [112.6, 37.9], [112.5, 37.8]]],
            },
        }
    ],
}


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


class Scene:
    """A town whose market has a plate and a place, and its office at the desk."""

    def __init__(self, app: Flask, wall: Wall, name: str = "扫码区") -> None:
        self.wall, self.place = wall, town(wall, name)
        day = local_day(now())
        with self.session() as session:
            change_site(
                session, None, self.place.market, today=day, longitude="112.55", latitude="37.86", address="某街 8 号"
            )
            self.code = issue_plate(session, self.place.office, self.place.market, today=day, now=now()).code
            session.commit()
        self.office = clerk(app, wall, self.place.office)
        self.slug = self.place.ref.slug
        self.word = f"{self.slug}-{self.code}"

    def session(self):
        return self.place.district.session(self.wall)


@pytest.fixture
def scene(app: Flask, wall: Wall) -> Scene:
    with wall.platform() as platform:
        platform.execute(delete(Throttle))
        platform.commit()
    return Scene(app, wall)


@pytest.fixture
def anyone(app: Flask) -> FlaskClient:
    return app.test_client()


def read(answer: TestResponse, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[:800]
    return unescape(answer.get_data(as_text=True))


def fill(client: FlaskClient, word: str, **fields: object) -> TestResponse:
    page = read(client.get(f"/p/{word}/report"))
    seal = re.search(r'name="seal" value="([^"]+)"', page)
    assert seal
    typed = {"seal": seal[1], "category": "ENV-LITTER", "what": "垃圾没有收"} | fields
    return client.post(f"/p/{word}/report", data=typed, content_type="multipart/form-data")


def test_anybody_reads_the_card_and_nothing_inside(scene: Scene, anyone: FlaskClient) -> None:
    with scene.session() as session:
        send(session, scene.place, now=now())
        session.commit()
    answer = anyone.get(f"/p/{scene.word}")
    page = read(answer)
    assert "扫码区便民市场" in page
    assert "某街 8 号" in page
    assert "门前三包" in page
    assert "核验" not in page, "the grade is told where the district says so"
    for inside in (
        "检查员",
        "开始检查",
        "看点位卡片",
        "未办结",
        "/t/",
        str(scene.place.market),
        str(scene.place.ref.id) + '"',
    ):
        assert inside not in page, inside
    assert anyone.get(f"/p/{scene.slug}-{scene.code.lower()}").status_code == 200
    assert "tabler" not in page
    assert len(answer.get_data()) < 8_000


def test_the_grade_is_told_when_the_district_says_so(scene: Scene, anyone: FlaskClient) -> None:
    with scene.session() as session:
        keep_settings(session, None, PlateSettings(public_grade=True), version=0, now=now())
        session.commit()
    assert "还没有可以公开的结果" in read(anyone.get(f"/p/{scene.word}"))
    with scene.session() as session:
        send(session, scene.place, ALL_GOOD, now=now())
        session.commit()
    page = read(anyone.get(f"/p/{scene.word}"))
    assert "最近一次核验" in page
    assert "优秀" in page
    assert '<html lang="en">' in read(anyone.get(f"/p/{scene.word}", headers={"Accept-Language": "en"}))


def test_whatever_is_not_good_is_the_same_page(app: Flask, wall: Wall, scene: Scene, anyone: FlaskClient) -> None:
    other = Scene(app, wall, "停用区")
    with wall.platform() as platform:
        platform.execute(update(Tenant).where(Tenant.slug == other.slug).values(state="suspended"))
        platform.commit()
    words = [
        f"{scene.slug}-2222222222",
        f"nowhere-{scene.code}",
        f"{other.slug}-{scene.code}",
        other.word,
        scene.code,
        scene.slug,
        "-",
        f"{scene.word}2",
    ]
    for path in ("", "/report", "/r/222222222222"):
        bodies = {anyone.get(f"/p/{word}{path}").get_data() for word in words}
        assert len(bodies) == 1
        assert {anyone.get(f"/p/{word}{path}").status_code for word in words} == {404}
    unknown = anyone.get(f"/p/{scene.word}/r/222222222222")
    assert (unknown.status_code, unknown.get_data()) == (404, anyone.get("/p/-").get_data())
    known = {scene.office.client.get(f"/p/{word}").get_data() for word in words}
    assert len(known) == 1, "who is logged in learns no more"


def test_a_citizen_reports_and_follows(scene: Scene, anyone: FlaskClient) -> None:
    photo = (io.BytesIO(jpeg(seed=9)), "a.jpg")
    answer = fill(anyone, scene.word, photos=photo, contact="139-1111-2222")
    assert answer.status_code == 303
    page = read(anyone.get(answer.headers["Location"]))
    assert "谢谢，已经收到" in page
    assert "139" not in page
    with scene.session() as session:
        finding = session.scalars(select(Finding)).one()
        assert (finding.state, finding.source) == ("reported", "snapshot")
    desk = scene.office.read(f"findings/{finding.id}")
    assert "139-1111-2222" not in desk
    assert "139-****-2222" in desk
    _answer, told = scene.office.send(f"plates/citizens/{finding.id}", {}, 200)
    assert "139-1111-2222" in told
    assert "这次查看已记入日志" in told
    with scene.session() as session:
        looks = session.scalars(select(Audit.person_id).where(Audit.verb == "citizen.contact")).all()
        assert looks == [scene.place.office.person_id]
    with scene.session() as session:
        session.execute(update(CitizenReport).values(contact=""))
        session.commit()
    scene.office.send(f"plates/citizens/{finding.id}", {}, 404)
    assert "市民（扫码）" in desk
    inspector = scene.place.inspector
    seen = clerk(scene.office.client.application, scene.wall, inspector).read(f"findings/{finding.id}")
    assert "139" not in seen
    assert "市民上报" not in seen
    assert finding.number
    assert finding.number not in page


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(scene: Scene, anyone: FlaskClient) -> None:
    page = read(fill(anyone, scene.word, category="", what="写了半天的话"), 422)
    assert "没有选是什么问题" in page
    assert "写了半天的话" in page
    page = read(fill(anyone, scene.word, photos=(io.BytesIO(b"no photo"), "a.jpg")), 422)
    assert 'id="e-photos"' in page
    assert 'aria-invalid="true"' in page
    with scene.session() as session:
        assert not session.scalars(select(CitizenReport)).all()


def test_the_same_form_twice_gives_the_same_receipt(scene: Scene, anyone: FlaskClient) -> None:
    seal = re.search(r'name="seal" value="([^"]+)"', read(anyone.get(f"/p/{scene.word}/report")))
    assert seal
    typed = {"seal": seal[1], "category": "ENV-LITTER", "what": "同一张表"}
    first, again = (anyone.post(f"/p/{scene.word}/report", data=typed) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]


def test_a_form_of_another_site_or_plate_is_refused(app: Flask, wall: Wall, scene: Scene, anyone: FlaskClient) -> None:
    typed = {"category": "ENV-LITTER", "what": "某"}
    assert anyone.post(f"/p/{scene.word}/report", data=typed | {"seal": "forged"}).status_code == 400
    other = Scene(app, wall, "另区")
    seal = re.search(r'name="seal" value="([^"]+)"', read(anyone.get(f"/p/{other.word}/report")))
    assert seal
    assert anyone.post(f"/p/{scene.word}/report", data=typed | {"seal": seal[1]}).status_code == 400
    crossed = {"Sec-Fetch-Site": "cross-site"}
    assert anyone.post(f"/p/{scene.word}/report", data=typed, headers=crossed).status_code == 400


def test_reports_are_counted_by_address_and_by_plate(scene: Scene, anyone: FlaskClient, wall: Wall) -> None:
    for number in range(REPORTS["address"]):
        assert fill(anyone, scene.word, what=f"第 {number} 件").status_code == 303
    assert fill(anyone, scene.word, what="太多").status_code == 429
    for number in range(REPORTS["plate"] - REPORTS["address"] - 1):
        there = {"REMOTE_ADDR": f"10.0.0.{number}"}
        seal = re.search(r'name="seal" value="([^"]+)"', read(anyone.get(f"/p/{scene.word}/report")))
        assert seal
        typed = {"seal": seal[1], "category": "ENV-LITTER", "what": f"他处 {number}"}
        assert anyone.post(f"/p/{scene.word}/report", data=typed, environ_base=there).status_code == 303
    typed = {"seal": "any", "category": "ENV-LITTER", "what": "某"}
    full = anyone.post(f"/p/{scene.word}/report", data=typed, environ_base={"REMOTE_ADDR": "10.9.9.9"})
    assert full.status_code == 429
    with wall.platform() as platform:
        keys = platform.scalars(select(Throttle.key).where(Throttle.key.startswith("citizen:"))).all()
    assert keys
    assert not any("127.0.0.1" in key or "10.0.0" in key for key in keys)


def test_an_old_plate_says_so_and_takes_nothing(scene: Scene, anyone: FlaskClient) -> None:
    scene.office.send(f"plates/{scene.place.market}", {}, 303)
    page = read(anyone.get(f"/p/{scene.word}"))
    assert "这块门牌已经更换" in page
    assert "随手拍" not in page
    assert anyone.get(f"/p/{scene.word}/report").status_code == 303


def test_who_works_here_gets_buttons_and_is_led_nowhere(app: Flask, scene: Scene) -> None:
    inspector = clerk(app, scene.wall, scene.place.inspector)
    answer = inspector.client.get(f"/p/{scene.word}")
    page = read(answer)
    assert f"/t/{scene.slug}/visit/{scene.place.market}" in page
    assert f"/t/{scene.slug}/sites/{scene.place.market}" in page
    assert fill(inspector.client, scene.word).status_code == 400, "the form's own word is asked for as well"
    stranger = clerk(app, scene.wall, Scene(app, scene.wall, "邻区").place.inspector)
    assert "/t/" not in read(stranger.client.get(f"/p/{scene.word}"))


def test_plates_are_issued_for_a_filter_and_printed(scene: Scene) -> None:
    with scene.session() as session:
        for number in range(9):
            add_site(session, scene.place.district.communities[1], "small_shop", name=f"小店{number}")
        session.commit()
    assert "没有" in content(scene.office.read("plates?q=小店"))
    scene.office.send("plates/issue", {"query": "?q=小店"}, 303)
    sheets = scene.office.read("plates/print?q=小店")
    assert sheets.count('class="pl-plate"') == 9
    assert sheets.count('class="pl-sheet') == 2
    assert scene.office.read("plates/print?q=小店&layout=3x6&person=1").count('class="pl-sheet') == 1
    one = scene.office.read(f"plates/print?site={scene.place.market}")
    assert one.count('class="pl-plate"') == 1
    assert "style=" not in one
    assert scene.office.ask("plates/print?layout=9x9").status_code == 422
    card = scene.office.read(f"sites/{scene.place.market}")
    assert scene.code in card


def test_settings_open_the_policy_for_one_host_only(scene: Scene) -> None:
    plain = scene.office.ask("sites?view=map").headers["Content-Security-Policy"]
    assert "img-src 'self' data: blob:" in plain
    typed = {"version": "0", "tiles": "https://tiles.example.cn/{z}/{x}/{y}.png", "datum": "gcj02"}
    scene.office.send("settings/places/map", typed, 422)
    scene.office.send("settings/places/map", typed | {"attribution": "示例图源"}, 303)
    opened = scene.office.ask("sites?view=map").headers["Content-Security-Policy"]
    assert opened == plain.replace("img-src 'self'", "img-src 'self' https://tiles.example.cn")
    assert scene.office.ask("sites").headers["Content-Security-Policy"] == plain
    shifted = scene.office.ask("sites/map.json").get_json()["marks"][0]["at"]
    assert shifted != [112.55, 37.86]
    edges = ",".join(
        str(one) for one in (shifted[0] - 0.001, shifted[1] - 0.001, shifted[0] + 0.001, shifted[1] + 0.001)
    )
    assert scene.office.ask(f"sites/map.json?box={edges}").get_json()["total"] == 1
    scene.office.send("settings/places/plates", {"version": "0", "contact_days": "0"}, 422)
    scene.office.send("settings/places/plates", {"version": "0", "contact_days": "90", "public_grade": "1"}, 303)
    assert (
        clerk(scene.office.client.application, scene.wall, scene.place.inspector).ask("settings/places").status_code
        == 403
    )


def test_boundaries_are_taken_whole_or_not_at_all(scene: Scene) -> None:
    def upload(body: object) -> TestResponse:
        file = (io.BytesIO(json.dumps(body).encode()), "边界.geojson")
        data = {"csrf_token": scene.office.csrf, "file": file}
        return scene.office.client.post(f"/t/{scene.slug}/settings/places/outlines", data=data)

    assert upload({"type": "FeatureCollection", "features": [{"type": "Feature"}]}).status_code == 422
    assert "data-outlines" not in scene.office.read("sites?view=map")
    assert upload(GEOJSON).status_code == 303
    address = re.search(r'data-outlines="/t/[^/]+/([^"]+)"', scene.office.read("sites?view=map"))
    assert address
    drawn = scene.office.ask(address[1]).get_json(force=True)
    assert drawn["features"][0]["properties"] == {"code": "140105001", "name": "测试街道"}
    assert scene.office.ask(f"sites/outlines/{'0' * 64}.json").status_code == 404


def test_a_phone_finds_places_by_words_and_nearness(scene: Scene) -> None:
    by_name = scene.office.ask("sites/find?q=便民&near=37.861,112.55").get_json()["items"]
    assert [(one["name"], one["metres"]) for one in by_name] == [("扫码区便民市场", 111)]
    assert scene.office.ask("sites/find?near=nonsense").status_code == 422
    assert scene.office.ask("sites/find?q=便民&type=park").get_json() == {"items": [], "next_cursor": None}
    lone = add_actor(scene.wall, scene.place.ref, "liaison", scene.place.district.communities[1])
    app = scene.office.client.application
    assert clerk(app, scene.wall, lone).ask("sites/find?q=便民").get_json()["items"] == []


def test_list_and_map_keep_the_filters(scene: Scene) -> None:
    page = scene.office.read("sites?q=便民&near=37.861,112.55")
    assert "111 米" in page
    assert "view=map" in page
    shown = scene.office.read("sites?q=便民&view=map&type=produce_market")
    assert 'data-map="/t/' in shown
    assert "type=produce_market" in re.search(r'data-map="([^"]+)"', shown)[1]  # type: ignore[index]  # it is there
    assert scene.office.ask("sites?view=globe").status_code == 422
    for bad in ("1,2,3", "a,b,c,d", "3,1,2,2", "nan,0,1,1"):
        assert scene.office.ask(f"sites/map.json?box={bad}").status_code == 422
    for bad in ("0", "99", "x", "-3"):
        assert scene.office.ask(f"sites/map.json?across={bad}").status_code == 422


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@browser_test
@without_chromium
@without_assets
def test_a_printed_plate_is_read_and_the_map_breaks_no_rule(served: str, scene: Scene, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with scene.session() as session:
        keep_settings(session, None, MapSettings(), version=0, now=now())
        session.commit()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        token = scene.office.client.get_cookie("sancheng_login")
        assert token
        context.add_cookies([{"name": "sancheng_login", "value": token.value, "domain": "127.0.0.1", "path": "/"}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(f"{served}/t/{scene.slug}/plates/print?site={scene.place.market}")
        paper = tmp_path / "plates.pdf"
        page.pdf(path=str(paper), prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) == 1, "one sheet is one page"
        page.emulate_media(media="print")
        drawn = Image.open(io.BytesIO(page.locator(".pl-sheet").screenshot()))
        codes = [one.text for one in zxingcpp.read_barcodes(drawn)]
        assert codes == [f"{served}/p/{scene.word}"]
        page.emulate_media(media="screen")
        page.goto(f"{served}/t/{scene.slug}/sites?view=map")
        page.wait_for_selector("#sc-map[data-ready] .leaflet-marker-pane .sc-pin")
        pin = page.locator(".leaflet-marker-pane .sc-pin").first
        assert "扫码区便民市场" in (pin.get_attribute("aria-label") or "")
        pin.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".sc-map-card a")
        href = page.locator(".sc-map-card a").first.get_attribute("href")
        assert href == f"/t/{scene.slug}/sites/{scene.place.market}"
        assert said == [], "no rule of the policy is broken, and nothing is missing"
        browser.close()
