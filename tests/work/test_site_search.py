"""Finding sites: by every part of what they are called, whoever wrote it, in their order, by an index, over many shops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from core.errors import InvalidInput
from core.work.imports.workbook_sites import SitePlan, write_sites
from core.work.names import pinyin_key
from core.work.places.grams import LAST, index_sites
from core.work.places.nearby import find_sites
from core.work.places.site_lists import list_sites
from core.work.places.site_search import read_point, usual_sort
from core.work.places.sites import add_site, change_site
from core.work.tables import Site, SiteGram
from tenants.scope import ScopedSession, Wall
from tests.bench.places import lay_shops
from tests.factory import District, add_actor, bare_district

TODAY = date(2026, 3, 2)
HERE = (Decimal("112.56"), Decimal("37.86"))
CORE = Path(__file__).parents[2] / "core"


@pytest.fixture(scope="module")
def district(wall: Wall) -> District:
    return bare_district(wall)


@pytest.fixture
def session(wall: Wall, district: District) -> Iterator[ScopedSession]:
    with district.session(wall) as opened:
        yield opened
        opened.rollback()


def add(session: ScopedSession, district: District, name: str, **more: object) -> UUID:
    wish = {"name": name, "unit_id": district.communities[0], "types": ["produce_market"]} | more
    return add_site(session, None, today=TODAY, **wish).id  # type: ignore[arg-type]  # the fields of a site


def found(session: ScopedSession, said: str, **more: object) -> list[str]:
    rows = list_sites(session, None, today=TODAY, text=said, **more).rows  # type: ignore[arg-type]  # likewise
    return [row.name for row in rows]


@pytest.mark.parametrize(
    "said",
    [
        *("柳巷", "巷农", "市场", "场", "柳巷农贸市场", "lxnmsc", "lxn", "nmsc", "liuxiang", "nongmao", "LiuXiang"),
        *(
            "liu xiang nong",
            "DW-0042",
            "dw-0042",
            "0042",
            "ＤＷ－００４２",
            "桥头街",
            "街12号",
            "柳巷 桥头街",
            "市场 nm",
        ),
    ],
)
def test_a_site_is_found_by_any_part_of_what_it_is_called(
    session: ScopedSession, district: District, said: str
) -> None:
    add(session, district, "柳巷农贸市场", code="DW-0042", address="桥头街 12 号")
    add(session, district, "别处公园", code="DW-9", address="某某路")
    assert found(session, said) == ["柳巷农贸市场"]


@pytest.mark.parametrize("said", ["柳农", "xiangliu", "市场柳", "00421", "柳巷 公园", "%", "_"])
def test_what_stands_nowhere_finds_nothing(session: ScopedSession, district: District, said: str) -> None:
    add(session, district, "柳巷农贸市场", code="DW-0042", address="桥头街 12 号")
    add(session, district, "别处公园", code="DW-9", address="某某路")
    assert found(session, said) == []


def test_long_words_are_compared_to_the_end(session: ScopedSession, district: District) -> None:
    long = "太原市迎泽区柳巷街道鼓楼社区便民"
    add(session, district, f"{long}甲店")
    add(session, district, f"{long}乙店")
    assert found(session, f"{long}乙") == [f"{long}乙店"]
    assert found(session, "taiyuanshiyingzequ") == [f"{long}甲店", f"{long}乙店"]


def test_the_best_match_comes_first_and_the_nearest_of_equals(session: ScopedSession, district: District) -> None:
    add(session, district, "某某路灯", address="AB街", longitude="112.56", latitude="37.87")
    add(session, district, "某某面馆AB店")
    add(session, district, "安邦店", address="远处", longitude="112.60", latitude="37.90")
    add(session, district, "艾宝店", address="近处", longitude="112.561", latitude="37.86")
    add(session, district, "甲", code="AB")
    add(session, district, "乙", code="AB-1")
    add(session, district, "AB超市")
    order = ["甲", "乙", "AB超市", "艾宝店", "安邦店", "某某面馆AB店", "某某路灯"]
    assert found(session, "ab", sort="match", near=HERE) == order
    near = list_sites(session, None, today=TODAY, text="", sort="near", near=HERE, page_size=3)
    assert [row.name for row in near.rows] == ["艾宝店", "某某路灯", "安邦店"]
    assert near.rows[0].metres == 88
    rest = list_sites(session, None, today=TODAY, text="", sort="near", near=HERE, page_size=3, cursor=near.cursor)
    assert {row.metres for row in rest.rows} == {None}
    assert not {row.id for row in rest.rows} & {row.id for row in near.rows}


def test_a_bad_position_or_none_is_told(session: ScopedSession) -> None:
    assert read_point("37.86，112.56") == HERE
    assert read_point(" ") is None
    for said in ("37.86", "112.56,37.86,1", "a,b", "112.56,1000", "NaN,NaN"):
        with pytest.raises(InvalidInput) as error:
            read_point(said)
        assert error.value.faults[0].field == "near"
    with pytest.raises(InvalidInput):
        list_sites(session, None, today=TODAY, sort="near")
    assert [usual_sort(None, "", None), usual_sort(None, "", HERE), usual_sort(None, "店", HERE)] == [
        "name",
        "near",
        "match",
    ]


def grams(session: ScopedSession) -> set[tuple[UUID, str, int]]:
    return set(session.execute(select(SiteGram.site_id, SiteGram.gram, SiteGram.rank)).all())


def test_every_way_of_writing_keeps_the_parts(session: ScopedSession, district: District) -> None:
    """New, renamed, moved to another address, another code, by hand and by workbook: what is kept is what would be made anew."""
    one = add(session, district, "旧名店", code="A-1", address="旧街")
    change_site(session, None, one, today=TODAY, name="新名店")
    assert (found(session, "旧名"), found(session, "新名")) == ([], ["新名店"])
    change_site(session, None, one, today=TODAY, address="新街", code="B-2")
    assert (found(session, "旧街"), found(session, "a-1"), found(session, "b-2")) == ([], [], ["新名店"])
    values = {"name": "导入店", "pinyin": pinyin_key("导入店"), "unit_id": district.communities[1], "attrs": {}}
    plan = SitePlan(new=[(values, ("produce_market",), {})])
    site = session.get_one(Site, (session.tenant_id, one))
    renamed = {"name": "改名店", "pinyin": pinyin_key("改名店")}
    plan.changes.append((site, renamed, ("produce_market",), {}))
    write_sites(session, None, plan, TODAY)
    assert (found(session, "drd"), found(session, "新名"), found(session, "gmd")) == (["导入店"], [], ["改名店"])
    kept = grams(session)
    index_sites(session, list(session.scalars(select(Site.id))))
    assert grams(session) == kept
    assert kept


def test_nobody_writes_names_past_the_parts() -> None:
    """A new writer of sites shows itself here: it must call index_sites, or write nothing that is sought."""
    wanted = re.compile(r"\binsert\(Site\)|\bupdate\(Site\)|[^a-zA-Z_]Site\(\*\*|[^a-zA-Z_]Site\([a-z_]+=")
    writers = {
        str(path.relative_to(CORE)): path.read_text(encoding="utf-8")
        for path in CORE.rglob("*.py")
        if wanted.search(path.read_text(encoding="utf-8"))
    }
    moves_only = {"work/organisation/succession.py"}  # territory and operator, no name
    assert set(writers) - moves_only == {
        "work/places/sites.py",
        "work/imports/workbook_sites.py",
        "work/places/subjects.py",
        "bench/records.py",
    }
    for name in set(writers) - moves_only:
        assert "index_sites(" in writers[name], name


def test_the_search_reads_an_index(wall: Wall) -> None:
    """Over many shops a two-character word is looked up in order, never sought through all."""
    district = bare_district(wall)
    with district.session(wall) as session:
        lay_shops(session, district.communities, 2_000)
        session.commit()
    with district.session(wall) as session:
        chosen = "SELECT site_id FROM site_gram WHERE tenant_id = :tenant AND gram >= :gram AND gram < :last"
        asked = {"tenant": session.tenant_id, "gram": "面馆", "last": "面馆" + LAST}
        plan = "\n".join(session.scalars(text(f"EXPLAIN {chosen}"), asked))
        assert "pk_site_gram" in plan
        assert re.search(r"Index Cond: .*gram >= .*gram <", plan), plan
        assert "Seq Scan" not in plan
        page = list_sites(session, None, today=TODAY, text="面馆", sort="match", near=HERE)
        assert len(page.rows) == 50
        assert all("面馆" in row.name for row in page.rows)
        office = add_actor(wall, district.ref, "hq_office", district.root)
        assert len(find_sites(session, office, "mianguan", on=TODAY)) == 8


def test_the_migration_fills_the_same_parts(session: ScopedSession, district: District) -> None:
    """What stood before the version came is found as if it were written today: its frozen statement gives the same rows."""
    add(session, district, "柳巷 12 号 AB店（总店）", code="ＤＷ-0042", address="桥头街 12 号")
    kept = grams(session)
    session.execute(delete(SiteGram).where(SiteGram.rank >= 0))
    assert not grams(session)
    version = import_module("migrations.versions.0005_field")
    session.execute(text(version.GRAMS.replace(":tenant", f"{session.tenant_id:d}")))
    assert grams(session) == kept
    assert len(kept) > 20


def test_another_district_is_never_found(wall: Wall, district: District) -> None:
    other = bare_district(wall)
    with other.session(wall) as theirs:
        add(theirs, other, "邻区特有名称店")
        theirs.commit()
    with district.session(wall) as session:
        assert found(session, "邻区特有") == []
        assert not session.scalars(select(SiteGram).where(SiteGram.gram == "邻区特有名称店")).all()
