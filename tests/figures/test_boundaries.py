"""A bureau's outlines of its districts: taken whole or not at all, told by feature, drawn so that neighbours still meet."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select

from core.demo.boundary_scenes import LABEL, lay_boundaries, patchwork
from core.errors import Forbidden, InvalidInput, TooLarge
from core.figures.boundaries import BIGGEST, keep_boundaries, read_boundaries, unknown_codes
from core.figures.outlines import COARSEST, LONGEST, draw_outlines
from core.work.tables import Audit, Definition
from tenants.access import Actor, TenantRef
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.sent import send
from tests.web.figure_stage import MONTH

SQUARE = [[112.0, 37.0], [113.0, 37.0], [113.0, 38.0], [112.0, 38.0], [112.0, 37.0]]
HOLE = [[112.4, 37.4], [112.6, 37.4], [112.6, 37.6], [112.4, 37.6], [112.4, 37.4]]
BOW = [[112.0, 37.0], [113.0, 38.0], [113.0, 37.0], [112.0, 38.0], [112.0, 37.0]]
DOT = [[112.0, 37.0]] * 4


def feature(code: object = "140105", rings: Any = None, kind: str = "Polygon", **more: object) -> dict[str, Any]:
    coordinates = [SQUARE] if rings is None else rings
    return {"properties": {"code": code, **more}, "geometry": {"type": kind, "coordinates": coordinates}}


def file_of(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def bureau(wall: Wall, name: str = "测试市", role: str = "administrator") -> tuple[TenantRef, Actor]:
    ref = bare_tenant(wall, kind="city", name=name)
    with wall.open(ref.id) as session:
        root = add_unit(session, "city", name, [])
        session.commit()
    return ref, add_actor(wall, ref, role, root)


def test_an_upload_is_kept_by_content_with_its_line_in_the_log(wall: Wall) -> None:
    ref, actor = bureau(wall)
    data = file_of(
        feature(name="甲区"), feature(140106, [BOW], adcode=1), feature("140107000000", [[SQUARE]], "MultiPolygon")
    )
    with wall.open(ref.id) as session:
        assert not read_boundaries(session).outlines
        kept = keep_boundaries(session, actor, data, "边界.geojson", now=now())
        session.commit()
    assert list(kept.outlines) == ["140105", "140106", "140107"]
    assert kept.names == {"140105": "甲区"}
    with wall.open(ref.id) as session:
        keep_boundaries(session, actor, file_of(feature()), "另一份.json", now=now())
        keep_boundaries(session, actor, data, "边界.geojson", now=now())
        session.commit()
        assert read_boundaries(session).outlines == kept.outlines
        assert session.scalar(select(func.count()).select_from(Definition).where(Definition.kind == "boundaries")) == 2
        lines = session.scalars(select(Audit).where(Audit.verb == "boundaries.keep").order_by(Audit.id)).all()
        assert [line.detail["districts"] for line in lines] == [3, 1, 3]
        assert lines[0].person_id == actor.person_id
        assert unknown_codes(session, kept.outlines) == ["140105", "140106", "140107"]


def test_what_somebody_published_is_no_unknown_code(wall: Wall) -> None:
    ref, _actor = bureau(wall)
    district = bare_tenant(wall, name="甲区", upper_id=ref.id)
    send(wall, ref, district, MONTH)
    with wall.open(ref.id) as session:
        assert unknown_codes(session, [district.slug, "999999"]) == ["999999"]


@pytest.mark.parametrize(
    ("bad", "place", "value"),
    [
        (feature(rings=[[[math.nan, 37.0], *SQUARE]]), "geometry.coordinates", "[nan, 37.0]"),
        (feature(rings=[[[112.0, math.inf], *SQUARE]]), "geometry.coordinates", "[112.0, inf]"),
        (feature(rings=[[["112", "37"], *SQUARE]]), "geometry.coordinates", "['112', '37']"),
        (feature(rings=[[[True, False], *SQUARE]]), "geometry.coordinates", "[True, False]"),
        (feature(rings=[[[500000.0, 4100000.0], *SQUARE]]), "geometry.coordinates", "[500000.0, 4100000.0]"),
        (feature(rings=[[10**400, 37.0], *SQUARE]), "geometry.coordinates", None),
        (feature(rings=[[112.0], *SQUARE]), "geometry.coordinates", None),
        (feature(rings=[]), "geometry.coordinates", "[]"),
        (feature(rings=[[]]), "geometry.coordinates", "[]"),
        (feature(rings={"a": 1}), "geometry.coordinates", None),
        (feature(kind="Point"), "geometry.type", "Point"),
        ({"properties": {"code": "140105"}, "geometry": None}, "geometry.type", "null"),
        (feature(code=None), "properties.code", ""),
        (feature(code=1.5), "properties.code", "1.5"),
        (feature(code="\ud800"), "properties.code", ""),
        (feature(code="<b>"), "properties.code", "<b>"),
        ({"geometry": {}}, "properties.code", ""),
        (7, "features", "7"),
    ],
)
def test_a_fault_names_its_feature_property_value_and_remedy(
    wall: Wall, bad: object, place: str, value: str | None
) -> None:
    ref, actor = bureau(wall)
    with wall.open(ref.id) as session, pytest.raises(InvalidInput) as caught:
        keep_boundaries(session, actor, file_of(feature(), bad), "x.json", now=now())
    (fault,) = caught.value.faults
    assert (fault.row, fault.field) == (2, place)
    assert value is None or fault.value == value
    assert fault.remedy
    with wall.open(ref.id) as session:
        assert not read_boundaries(session).outlines


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"type":"FeatureCollection","features":[]}',
        b'{"type":"Feature"}',
    ],
)
def test_what_is_no_feature_collection_is_refused(wall: Wall, data: bytes) -> None:
    ref, actor = bureau(wall)
    with wall.open(ref.id) as session, pytest.raises(InvalidInput):
        keep_boundaries(session, actor, data, "x.json", now=now())


def test_too_large_and_who_may_not(wall: Wall) -> None:
    ref, actor = bureau(wall)
    _other, reader = bureau(wall, role="bureau")
    with wall.open(ref.id) as session:
        with pytest.raises(TooLarge):
            keep_boundaries(session, actor, b" " * (BIGGEST + 1), "x.json", now=now())
        with pytest.raises(Forbidden):
            keep_boundaries(session, reader, file_of(feature()), "x.json", now=now())


@pytest.mark.parametrize("rings", [[SQUARE, HOLE], [BOW], [DOT], [DOT, SQUARE], [SQUARE, SQUARE]])
def test_holes_crossings_and_dots_are_drawn(rings: Any) -> None:
    (outline,) = draw_outlines({"a": rings}).values()
    assert re.fullmatch(r"(M-?\d+ ?-?\d+l[-\d ]+z)+", outline.path)
    assert outline.bounds[0] < outline.bounds[2]
    assert outline.bounds[1] < outline.bounds[3]


def test_a_name_stands_inside_and_not_in_the_hole() -> None:
    (outline,) = draw_outlines({"a": [SQUARE, HOLE]}).values()
    assert outline.room > 0
    left, top, right, bottom = outline.bounds
    x, y = (outline.x - left) / (right - left), (outline.y - top) / (bottom - top)
    assert 0 < x < 1
    assert 0 < y < 1
    assert not (0.4 < x < 0.6 and 0.4 < y < 0.6)


def test_longitude_counts_as_the_cosine_of_the_middle_latitude() -> None:
    at_sixty = [(10.0, 59.0), (14.0, 59.0), (14.0, 61.0), (10.0, 61.0)]
    (outline,) = draw_outlines({"a": [at_sixty]}).values()
    left, top, right, bottom = outline.bounds
    assert abs((right - left) - (bottom - top)) <= 1


def test_neighbours_meet_and_a_nation_stays_small() -> None:
    codes = [f"{100000 + n}" for n in range(30)]
    rings = patchwork(codes)
    assert rings == patchwork(codes)
    outlines = draw_outlines(dict(zip(codes, ([ring] for ring in rings), strict=True)))
    borders: dict[frozenset[tuple[float, float]], int] = {}
    for ring in rings:
        for pair in pairwise(ring):
            borders[frozenset(pair)] = borders.get(frozenset(pair), 0) + 1
    assert set(borders.values()) == {1, 2}
    assert sum(1 for n in borders.values() if n == 2) > len(codes) * 16
    assert all(one.room > 0 for one in outlines.values())
    fine = [(math.cos(n / 800) * (1 + n % 2 / 50), math.sin(n / 800)) for n in range(5027)]
    many = {f"{k}": [[(x + k % 10 * 2, y + k // 10 * 2) for x, y in fine]] for k in range(40)}
    drawn = draw_outlines(many)
    widest = max(one.bounds[2] for one in drawn.values())
    assert sum(len(one.path) for one in drawn.values()) <= LONGEST or widest <= COARSEST


def test_the_demo_lays_made_up_borders_once_and_says_so(wall: Wall) -> None:
    city, _actor = bureau(wall)
    province, _other = bureau(wall)
    for _ in range(2):
        lay_boundaries(wall, {"1401": city, "14": province}, now=now())
    for ref, least in ((city, 10), (province, 110)):
        with wall.open(ref.id) as session:
            kept = read_boundaries(session)
            assert session.scalar(select(func.count()).where(Audit.verb == "boundaries.keep")) == 1
        assert kept.label == LABEL == "演示边界"
        assert kept.names["140105"] == "小店区"
        assert len(kept.outlines) >= least
        assert sum(len(one.path) for one in kept.outlines.values()) < LONGEST
