"""Sites: lists by keyset within reach, adding and changing with dated types, and what is refused."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

from core.campaigns import Registry, installed
from core.campaigns.terms import SiteType
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.enabling import enable, suspend
from core.work.places.site_attrs import exact_number
from core.work.places.site_lists import get_site, list_sites
from core.work.places.sites import add_site, change_site, site_types
from core.work.tables import Audit, Site, SiteKind
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, bare_district

TODAY = date(2026, 3, 2)
LATER = date(2026, 6, 1)


def plain(session: ScopedSession, district: District, name: str = "某某农贸市场", **more: Any) -> Site:
    wish = {"name": name, "unit_id": district.communities[0], "types": ["produce_market"]} | more
    return add_site(session, None, today=TODAY, **wish)


def faults(error: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    assert all(f.remedy for f in error.value.faults)
    return {f.field for f in error.value.faults}


def test_a_site_is_added_as_given(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        site = add_site(
            session,
            None,
            today=TODAY,
            name="　迎泽大街　东段 ",
            code="ＤＷ-1",
            address="某某路",
            unit_id=district.street,
            operator_unit_id=district.departments["sanitation"],
            types=["main_road", "shopping_street", "main_road"],
            attrs={"length_m": "１,２００", "plate": "A-1", "size": ""},
            longitude="112.5656",
            latitude=37.7369,
        )
        session.commit()
        row = get_site(session, None, site.id, today=TODAY)
        assert (row.name, row.code, site.pinyin) == ("迎泽大街 东段", "DW-1", "ying ze da jie dong duan")
        assert row.types == ("main_road", "shopping_street")
        assert row.attrs == {"length_m": 1200, "plate": "A-1"}
        assert (row.longitude, row.latitude) == (Decimal("112.5656"), Decimal("37.7369"))
        assert row.operator_unit_id == district.departments["sanitation"]
        assert get_site(session, None, site.id, today=TODAY - timedelta(1)).types == ()
        assert session.scalars(select(Audit.verb)).all() == ["site.add"]


@pytest.mark.parametrize(
    ("wish", "bad"),
    [
        ({"name": ""}, {"name"}),
        ({"name": "　"}, {"name"}),
        ({"name": "长" * 81}, {"name"}),
        ({"types": []}, {"types"}),
        ({"types": ["produce_markt", "park"]}, {"types"}),
        ({"unit_id": uuid.uuid4()}, {"unit_id"}),
        ({"operator_unit_id": uuid.uuid4()}, {"operator_unit_id"}),
        ({"attrs": {"length_m": "约100"}}, {"attrs.length_m"}),
        ({"attrs": {"length_m": 0}}, {"attrs.length_m"}),
        ({"attrs": {"length_m": True}}, {"attrs.length_m"}),
        ({"attrs": {"length_m": "1e9"}}, {"attrs.length_m"}),
        ({"attrs": {"class": "四类"}}, {"attrs.class"}),
        ({"attrs": {"running": "也许"}}, {"attrs.running"}),
        ({"attrs": {"frontage_duty": "3.5"}}, {"attrs.frontage_duty"}),
        ({"attrs": {"colour": "red"}}, {"attrs.colour"}),
        ({"longitude": "37.7", "latitude": "112.5"}, {"longitude", "latitude"}),
        ({"longitude": "112.5"}, {"latitude"}),
        ({"name": "", "types": ["x"], "longitude": "0", "latitude": "0"}, {"name", "types", "longitude", "latitude"}),
        ({"state": "gone"}, {"state"}),
    ],
)
def test_every_bad_field_is_named(wall: Wall, wish: dict[str, Any], bad: set[str]) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        with pytest.raises(InvalidInput) as caught:
            plain(session, district, **wish)
        assert faults(caught) == bad
        assert session.scalars(select(Site)).all() == []


def test_twins_are_refused_until_the_first_is_closed(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        first = plain(session, district, code="A1")
        with pytest.raises(Conflict):
            plain(session, district)
        with pytest.raises(Conflict):
            plain(session, district, name="别的市场", code="Ａ1")
        plain(session, district, unit_id=district.communities[1])
        change_site(session, None, first.id, today=TODAY, state="closed")
        assert plain(session, district, code="A1").id != first.id
        with pytest.raises(Conflict):
            change_site(session, None, first.id, today=TODAY, state="active")


def test_types_are_dated(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        site = plain(session, district)
        change_site(session, None, site.id, today=LATER, types=["produce_market", "public_toilet"])
        change_site(session, None, site.id, today=LATER + timedelta(9), types=["public_toilet"])
        session.commit()

        def on(day: date) -> tuple[str, ...]:
            return get_site(session, None, site.id, today=day).types

        assert on(TODAY) == ("produce_market",)
        assert on(LATER) == ("produce_market", "public_toilet")
        assert on(LATER + timedelta(9)) == ("public_toilet",)
        end = LATER + timedelta(9)
        change_site(session, None, site.id, today=end, types=["public_toilet", "park"])
        change_site(session, None, site.id, today=end, types=["public_toilet"])
        change_site(session, None, site.id, today=end, types=["park"])
        assert on(end) == ("park",)
        assert len(session.scalars(select(SiteKind)).all()) == 3


def test_what_is_left_out_stays_and_the_same_changes_nothing(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        site = plain(session, district, address="旧址", attrs={"length_m": 5, "plate": "P1"})
        session.commit()
        change_site(
            session, None, site.id, today=TODAY, name=site.name, types=["produce_market"], attrs={"length_m": "5"}
        )
        session.commit()
        assert len(session.scalars(select(Audit)).all()) == 1
        change_site(session, None, site.id, today=TODAY, address="", attrs={"plate": None, "size": "大"})
        session.commit()
        row = get_site(session, None, site.id, today=TODAY)
        assert (row.name, row.address, row.attrs) == ("某某农贸市场", "", {"length_m": 5, "size": "大"})
        detail = session.scalars(select(Audit.detail).where(Audit.verb == "site.change")).one()
        assert set(detail["changes"]) == {"address", "attrs"}


def test_rights_follow_the_ground(wall: Wall) -> None:
    district = bare_district(wall)
    keeper = add_actor(wall, district.ref, "administrator", district.communities[0])
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    operator = add_actor(wall, district.ref, "liaison", district.departments["sanitation"])
    wish = {"name": "某公园", "types": ["park"], "unit_id": district.communities[0]}
    with district.session(wall) as session:
        site = add_site(session, keeper, today=TODAY, **wish)
        far = plain(session, district, name="远处", unit_id=district.communities[1])
        run = plain(session, district, name="公厕", operator_unit_id=district.departments["sanitation"])
        with pytest.raises(Forbidden):
            add_site(session, inspector, today=TODAY, **(wish | {"name": "另一公园"}))
        with pytest.raises(Forbidden):
            change_site(session, inspector, site.id, today=TODAY, name="改名")
        with pytest.raises(Forbidden):
            change_site(session, keeper, site.id, today=TODAY, unit_id=district.communities[1])
        for unseen in (far.id, uuid.uuid4()):
            with pytest.raises(NotFound) as caught:
                change_site(session, keeper, unseen, today=TODAY, name="改名")
            assert caught.value.text() == "没有找到这个点位"
        assert {r.id for r in list_sites(session, keeper, today=TODAY).rows} == {site.id, run.id}
        assert {r.id for r in list_sites(session, operator, today=TODAY).rows} == {run.id}
        assert get_site(session, operator, run.id, today=TODAY).operator_name.endswith("环卫")
        assert len(list_sites(session, inspector, today=TODAY).rows) == 3


def test_another_districts_site_is_not_found(wall: Wall) -> None:
    one, two = bare_district(wall), bare_district(wall)
    with one.session(wall) as session:
        site = plain(session, one).id
        session.commit()
    with two.session(wall) as session:
        with pytest.raises(NotFound):
            get_site(session, None, site, today=TODAY)
        with pytest.raises(InvalidInput) as caught:
            plain(session, two, unit_id=one.street)
        assert faults(caught) == {"unit_id"}
        assert list_sites(session, None, today=TODAY).rows == ()


def test_pages_by_keyset_hold_each_site_once(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        for n in range(23):
            plain(session, district, name=f"{'同名甲乙丙'[n % 5]}{n}号")
        session.add_all(Site(name="同名", pinyin="tong ming", unit_id=district.street) for _ in range(9))
        session.commit()
        for sort in ("name", "-name", "created", "-created"):
            rows, cursor, pages = [], None, 0
            while True:
                page = list_sites(session, None, today=TODAY, cursor=cursor, page_size=5, sort=sort)
                rows += page.rows
                cursor, pages = page.cursor, pages + 1
                if cursor is None:
                    break
            assert (len(rows), len({r.id for r in rows}), pages) == (32, 32, 7)
            whole = list_sites(session, None, today=TODAY, page_size=200, sort=sort).rows
            assert [r.id for r in whole] == [r.id for r in rows]
            keys = [(session.get_one(Site, (session.tenant_id, r.id)).pinyin, r.id) for r in rows]
            wanted = sorted(keys, key=None if sort.endswith("name") else lambda k: k[1])
            assert keys == (wanted[::-1] if sort.startswith("-") else wanted)


def test_filters(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        market = plain(session, district, address="百花路 100% 号", code="M-1")
        toilet = plain(session, district, name="百花公厕", types=["public_toilet"], unit_id=district.communities[1])
        closed = plain(session, district, name="旧公园", types=["park"])
        change_site(session, None, closed.id, today=TODAY, state="closed")
        session.commit()

        def found(**wish: Any) -> set[uuid.UUID]:
            return {r.id for r in list_sites(session, None, today=TODAY, **wish).rows}

        assert found() == {market.id, toilet.id}
        assert found(state=None) == {market.id, toilet.id, closed.id}
        assert found(types=["public_toilet", "park"]) == {toilet.id}
        assert found(text="百花") == {market.id, toilet.id}
        assert found(text="100%") == {market.id}
        assert found(text="%") == {market.id}
        assert found(text="bai hua") == {toilet.id}
        assert found(text="ｍ-1".upper()) == {market.id}
        assert found(unit_id=district.street) == {market.id, toilet.id}
        assert found(unit_id=district.communities[1]) == {toilet.id}
        assert found(unit_id=district.departments["cdc"]) == set()
        assert {r.id for r in list_sites(session, None, today=TODAY - timedelta(1), types=["park"]).rows} == set()


@pytest.mark.parametrize(
    "wish",
    [
        {"sort": "colour"},
        {"page_size": 0},
        {"page_size": 201},
        {"cursor": "xx"},
        {"cursor": "!!!"},
        {"cursor": "WyJuYW1lIiwgImEiLCAiYiJd"},
        {"cursor": "bnVsbA"},
        {"cursor": "é"},
    ],
)
def test_bad_list_parameters_are_refused(wall: Wall, wish: dict[str, Any]) -> None:
    with bare_district(wall).session(wall) as session, pytest.raises(InvalidInput) as caught:
        list_sites(session, None, today=TODAY, **wish)
    assert faults(caught) == set(wish)


def test_own_types_need_their_campaign(wall: Wall) -> None:
    own = replace(
        installed().get("sanitary_city"),
        key="forest_city",
        short="forest",
        site_types=(SiteType("forest_belt", "林带", "forest belt", "area"),),
    )
    registry = Registry(MappingProxyType({"forest_city": own}))
    district = bare_district(wall)
    with district.session(wall) as session:
        with pytest.raises(InvalidInput):
            plain(session, district, types=["forest_belt"], registry=registry)
        enable(session, None, own, today=TODAY)
        assert "forest_belt" in site_types(session, registry)
        site = plain(session, district, types=["forest_belt"], registry=registry)
        suspend(session, None, "forest_city", today=TODAY)
        assert get_site(session, None, site.id, today=TODAY).types == ("forest_belt",)
        with pytest.raises(InvalidInput):
            plain(session, district, name="另一林带", types=["forest_belt"], registry=registry)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("１２０", Decimal(120)),
        ("1,200", Decimal(1200)),
        ("1，200.5", Decimal("1200.5")),
        (120.0, Decimal(120)),
        (12.5, Decimal("12.5")),
        (7, Decimal(7)),
        ("12,00", None),
        ("约100", None),
        ("100米", None),
        ("1e5", None),
        ("NaN", None),
        (float("inf"), None),
        (None, None),
        (True, None),
        ("", None),
        ("-", None),
    ],
)
def test_numbers_are_read_where_they_are_certain(said: object, number: Decimal | None) -> None:
    assert exact_number(said) == number


def test_how_long_a_page_of_many_takes(wall: Wall) -> None:
    district = bare_district(wall)
    actor = add_actor(wall, district.ref, "inspector", district.root)
    with district.session(wall) as session:
        session.add_all(
            Site(name=f"点位{n}", pinyin=f"dian wei {n:05}", unit_id=district.communities[n % 2]) for n in range(5_000)
        )
        session.commit()
        cursor = None
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            page = list_sites(session, actor, today=TODAY, cursor=cursor)
            taken.append(round((time.perf_counter() - start) * 1000, 1))
            cursor = page.cursor
        print("page of 50 out of 5 000 sites, ms:", taken)
