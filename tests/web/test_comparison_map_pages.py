"""The map page: outlines that the bureau's administrator uploaded, its own only; tiles for whom there is none."""

from __future__ import annotations

import io
import json
import re

import pytest
from flask import Flask

from core.app import create_app
from core.databases import Urls
from core.figures.boundaries import keep_boundaries
from core.settings import Settings
from tenants.access import TenantRef
from tenants.db import now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_unit, bare_tenant
from tests.figures.sent import send
from tests.web.figure_stage import MONTH, Reader, plain, seat

Q = f"campaign=civilized_city&kind=month&period={MONTH.key}"


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


def city(app: Flask, wall: Wall, name: str) -> tuple[TenantRef, Reader, Reader]:
    """A city with its reader and its administrator."""
    ref = bare_tenant(wall, kind="city", name=name)
    with wall.open(ref.id) as session:
        root = add_unit(session, "city", name, [])
        session.commit()
    return ref, seat(app, wall, ref, "bureau", root), seat(app, wall, ref, "administrator", root)


def square(code: str, west: float, name: str = "") -> dict[str, object]:
    ring = [[west, 37.0], [west + 1, 37.0], [west + 1, 38.0], [west, 38.0], [west, 37.0]]
    properties = {"code": code, "name": name}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def geojson(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def sent(data: bytes, name: str = "边界.geojson") -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def test_the_administrator_uploads_and_the_map_shows_links(app: Flask, wall: Wall) -> None:
    ref, reader, keeper = city(app, wall, "地图市")
    here, silent, bare = (bare_tenant(wall, name=f"{word}区", upper_id=ref.id) for word in "甲乙丙")
    send(wall, ref, here, MONTH, earned=900)
    send(wall, ref, silent, MONTH.previous, earned=700)
    send(wall, ref, bare, MONTH, earned=800)
    c = f"/c/{ref.slug}/comparison/map"
    page = reader.get(f"{c}?{Q}")
    assert "请本单位的管理员在这里上传区县边界" in page
    assert '<svg class="sc-map"' not in page
    reader.get(f"{c}/boundaries", 403)
    reader.post(f"{c}/boundaries", 403, file=sent(geojson(square(here.slug, 112))))
    assert "还没有边界" in keeper.get(f"{c}/boundaries")
    shapes = (square(here.slug, 112), square(silent.slug, 113), square("999999", 114, "<外区>"))
    keeper.post(f"{c}/boundaries", file=sent(geojson(*shapes)))
    told = plain(keeper.get(f"{c}/boundaries"))
    assert "3 个区县 · 边界.geojson" in told
    assert "其中 1 个代码没有给本单位授权或发布过" in told
    page = reader.get(f"{c}?{Q}")
    drawn = page.split('<svg class="sc-map"', 1)[1].split("</svg>", 1)[0]
    links = re.findall(r'<a href="([^"]+)"><title>([^<]+)</title><path class="(is-\w+)"([^>]*) d="M[^"]+"/>', drawn)
    assert sorted((title, tone, "hatch" in fill) for _, title, tone, fill in links) == [
        ("乙区：未发布", "is-none", True),
        ("甲区：90.00% · 第 1 名", "is-9", False),
    ]
    assert any(f"/comparison/{here.slug}?campaign=civilized_city" in href for href, *_ in links)
    assert '<path class="around"' in drawn
    assert "&lt;外区&gt;" in drawn
    assert "style=" not in drawn
    assert "<script" not in drawn
    tiles = page.split('<ol class="sc-tiles">', 1)[1].split("</ol>", 1)[0]
    assert re.findall(r'class="name">([^<]+)', tiles) == ["丙区"]
    assert len(reader.lines(f"{c}/export.csv?{Q}")) == 4
    narrowed = reader.get(f"{c}?{Q}&q=甲")
    assert len(re.findall(r"<title>[^<]+</title><path class=\"is-", narrowed)) == 1
    assert "sc-tiles" not in narrowed


def test_two_bureaus_do_not_see_each_others_boundaries(app: Flask, wall: Wall) -> None:
    one, _reader, _keeper = city(app, wall, "此市")
    other, reader, keeper = city(app, wall, "彼市")
    district = bare_tenant(wall, name="两头区", upper_id=one.id)
    for ref in (one, other):
        send(wall, ref, district, MONTH)
    with wall.open(one.id) as session:
        keep_boundaries(session, None, geojson(square(district.slug, 112, "此市的形状")), "x.json", now=now())
        session.commit()
    assert '<svg class="sc-map"' not in reader.get(f"/c/{other.slug}/comparison/map?{Q}")
    assert "还没有边界" in keeper.get(f"/c/{other.slug}/comparison/map/boundaries")
    reader.get(f"/c/{one.slug}/comparison/map?{Q}", 404)


def test_a_refused_file_says_where_and_leaves_the_old_one(app: Flask, wall: Wall) -> None:
    ref, _reader, keeper = city(app, wall, "错市")
    c = f"/c/{ref.slug}/comparison/map/boundaries"
    keeper.post(c, file=sent(geojson(square("140105", 112))))
    bad = geojson(square("140105", 112), square("140106", float("nan")))
    page = plain(keeper.post(c, 422, file=sent(bad)).get_data(as_text=True))
    assert "没有保存，请改正后再上传" in page
    assert "2 geometry.coordinates [nan, 37.0] 坐标不对 请用经纬度（度）" in page
    assert "1 个区县 · 边界.geojson" in page
    assert "请选择一个 .geojson 或 .json 文件" in keeper.post(c, 422).get_data(as_text=True)
    keeper.post(c, 422, file=sent(b"not json"))
    keeper.post(c, 413, file=sent(b" " * (10 * 1024 * 1024 + 1)))
    assert "1 个区县 · 边界.geojson" in plain(keeper.get(c))
