"""Sites by attainment: the filter of the list and its file, the map coloured by it, its legend, thousands of dots, who may go and check."""

from __future__ import annotations

import csv
import io
import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from core.figures.site_attainment.picking import pick_places, sites_standing
from core.web.places.site_attained import ORDER
from core.work.calendar import local_day
from core.work.places.sites import change_site
from core.work.tables import Site
from tenants.db import now
from tenants.scope import Wall
from tests.bench.places import lay_shops
from tests.factory import add_actor, add_site
from tests.web.desk import Clerk, clerk, content
from tests.web.test_assets import CHROMIUM, FLAGS, browser_test, without_assets, without_chromium
from tests.work.market import ALL_GOOD, Town, send, town

FOOD = "food_safety_city"


class Scene:
    """A market that three campaigns check, verified yesterday; a shop that nobody checked; a park that the food campaign does not ask."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.app, self.wall, self.place = app, wall, town(wall, "着色区")
        self.day = local_day(now())
        units = self.place.district.communities
        with self.session() as session:
            self.shop = add_site(session, units[1], "small_caterer", name="没查过的小餐馆")
            self.park = add_site(session, units[0], "park", name="着色公园")
            spots = {self.place.market: "112.55", self.shop: "112.56", self.park: "112.57"}
            for site, east in spots.items():
                change_site(session, None, site, today=self.day, longitude=east, latitude="37.86")
            send(session, self.place, now=now(), answers=ALL_GOOD)
            session.commit()
        self.office = clerk(app, wall, self.place.office)
        self.inspector = clerk(app, wall, self.place.inspector)

    def session(self):
        return self.place.district.session(self.wall)

    def marks(self, who: Clerk, **said: str) -> dict[str, dict]:
        asked = "&".join(
            f"{key}={quote(value)}" for key, value in ({"view": "map", "colour": "attained"} | said).items()
        )
        return {one["name"]: one for one in who.ask(f"sites/map.json?{asked}").get_json()["marks"]}


@pytest.fixture
def scene(app: Flask, wall: Wall) -> Scene:
    return Scene(app, wall)


def market_of(place: Town) -> str:
    return "着色区便民市场"


def lines_of(scene: Scene, query: str) -> list[dict[str, str]]:
    said = scene.office.ask(f"sites/export.csv{query}").get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(said.lstrip("\ufeff"))))


def test_the_list_and_its_file_can_be_narrowed_by_attainment(scene: Scene) -> None:
    read = scene.office.read
    assert market_of(scene.place) in read("sites?attained=verified")
    assert "没查过的小餐馆" not in content(read("sites?attained=verified"))
    unchecked = content(read(f"sites?attained=unchecked&campaign={FOOD}"))
    assert "没查过的小餐馆" in unchecked
    assert "着色公园" not in unchecked, "the food campaign asks nothing in a park"
    assert "着色公园" in content(read("sites?attained=unchecked"))
    assert scene.office.ask("sites?attained=fine").status_code == 422
    assert scene.office.ask("sites?colour=red").status_code == 422
    before = (scene.day - timedelta(days=1)).isoformat()
    assert market_of(scene.place) not in content(read(f"sites?attained=verified&as_of={before}"))
    lines = lines_of(scene, "?attained=verified")
    assert [one["名称"] for one in lines] == [market_of(scene.place)]
    assert "国家食品安全示范城市 核验达标" in lines[0]["达标状态"]
    assert len(lines_of(scene, "")) == 3


def test_the_map_is_coloured_in_one_campaign_and_its_legend_counts(scene: Scene) -> None:
    marks = scene.marks(scene.office, campaign=FOOD)
    assert {name: one["tone"] for name, one in marks.items()} == {
        market_of(scene.place): "verified",
        "没查过的小餐馆": "unchecked",
    }
    assert "核验达标" in marks[market_of(scene.place)]["words"]
    assert scene.marks(scene.office, campaign=FOOD, attained="unchecked").keys() == {"没查过的小餐馆"}
    page = scene.office.read(f"sites?view=map&colour=attained&campaign={FOOD}")
    legend = re.search(r'class="sc-shades".*?</nav>', page, re.DOTALL)
    assert legend
    counted = re.findall(r"(核验达标|还没查过|达标后反弹|全部)\s*<b class=\"num\">(\d+)</b>", legend[0])
    assert dict(counted) == {"全部": "2", "核验达标": "1", "还没查过": "1", "达标后反弹": "0"}
    assert "attained=unchecked" in legend[0]
    narrowed = scene.office.read(f"sites?view=map&colour=attained&campaign={FOOD}&attained=unchecked&q=小餐馆")
    legend = re.search(r'class="sc-shades".*?</nav>', narrowed, re.DOTALL)
    assert legend
    assert re.findall(r"(核验达标|全部)\s*<b class=\"num\">(\d+)</b>", legend[0]) == [("全部", "1"), ("核验达标", "0")]


def test_only_who_may_visit_is_offered_to_go_there(scene: Scene) -> None:
    assert all(one["visit"] for one in scene.marks(scene.inspector, campaign=FOOD).values())
    leader = clerk(scene.app, scene.wall, add_actor(scene.wall, scene.place.ref, "leader", scene.place.district.root))
    assert not any("visit" in one for one in scene.marks(leader, campaign=FOOD).values())
    plain = scene.inspector.ask("sites/map.json").get_json()["marks"]
    assert {one["name"]: one.get("visit", False) for one in plain}["没查过的小餐馆"]


def test_states_are_told_to_whoever_sees_the_place(scene: Scene) -> None:
    liaison = add_actor(scene.wall, scene.place.ref, "liaison", scene.place.district.communities[1])
    with scene.session() as session:
        mine = {one.site_id for one in pick_places(session, liaison, scene.day)}
        assert mine == {scene.shop}
        assert sites_standing(session, liaison, scene.day, states=["verified"]) == []
        assert sites_standing(session, None, scene.day, states=["verified"], campaign=FOOD) == [scene.place.market]


def many(scene: Scene, count: int) -> None:
    with scene.session() as session:
        lay_shops(session, scene.place.district.communities, count)
        session.commit()


def test_a_view_of_many_is_told_in_numbers(scene: Scene) -> None:
    many(scene, 700)
    said = scene.office.ask(f"sites/map.json?view=map&colour=attained&campaign={FOOD}").get_json()
    assert (said["total"], said["marks"], said["summed"]) == (702, [], True)
    assert len(said["dots"]) == 3 * 702
    states = [ORDER[code] for code in said["dots"][2::3]]
    assert (states.count("verified"), states.count("unchecked")) == (1, 701)
    with scene.session() as session:
        east = sorted(float(one) for one in session.scalars(select(Site.longitude).where(Site.id != scene.park)))
    shown = sorted(said["corner"][0] + one / said["grain"] for one in said["dots"][::3])
    assert all(abs(one - other) < 1e-4 for one, other in zip(shown, east, strict=True))
    few = scene.office.ask(f"sites/map.json?view=map&colour=attained&campaign={FOOD}&attained=verified").get_json()
    assert [one["name"] for one in few["marks"]] == [market_of(scene.place)]


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@browser_test
@without_chromium
@without_assets
def test_dots_and_marks_in_a_browser(served: str, scene: Scene, tmp_path: Path) -> None:
    """Many places are shapes on one canvas, few are buttons; no rule of the policy is broken, nothing scrolls sideways."""
    from playwright.sync_api import sync_playwright

    many(scene, 700)
    home = f"{served}/t/{scene.place.ref.slug}/sites?view=map&colour=attained&campaign={FOOD}"
    shots = Path(os.environ.get("SHOTS") or tmp_path)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        token = scene.inspector.client.get_cookie("sancheng_login")
        assert token
        context.add_cookies([{"name": "sancheng_login", "value": token.value, "domain": "127.0.0.1", "path": "/"}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(home)
        page.wait_for_selector("#sc-map[data-ready]")
        canvas = page.locator("canvas.sc-map-dots")
        assert canvas.get_attribute("data-dots") == "702"
        assert page.evaluate(PAINTED) > 1000, "the canvas bears shapes"
        assert "点太密" in page.locator("[data-map-told]").inner_text()
        page.screenshot(path=str(shots / "map-dots.png"))
        page.goto(f"{home}&attained=verified")
        page.wait_for_selector("#sc-map[data-ready] .leaflet-marker-pane .sc-pin.is-verified svg")
        pin = page.locator(".leaflet-marker-pane .sc-pin").first
        assert "核验达标" in (pin.get_attribute("aria-label") or "")
        pin.focus()
        page.keyboard.press("Enter")
        go = page.locator(".sc-map-card .btn")
        go.wait_for()
        assert go.get_attribute("href") == f"/t/{scene.place.ref.slug}/visit/{scene.place.market}"
        page.screenshot(path=str(shots / "map-pin.png"))
        for width in (360, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(home)
            page.wait_for_selector("#sc-map[data-ready]")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.screenshot(path=str(shots / f"map-{width}.png"))
        assert said == [], "no rule of the policy is broken, and nothing is missing"
        browser.close()


PAINTED = """() => {
  const canvas = document.querySelector('canvas.sc-map-dots');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let seen = 0;
  for (let n = 3; n < data.length; n += 4) if (data[n]) seen += 1;
  return seen;
}"""
