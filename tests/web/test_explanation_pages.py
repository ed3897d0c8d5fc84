"""The page of one indicator: numbers with their people, every step, the target spelled out, and the bases apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_unit
from tests.figures.build import CIVILIZED, SANITARY, Made, at, make, visit
from tests.figures.statistics import lock
from tests.web.figure_stage import MONTH, Reader, plain, seat

WHEN = at(MONTH.end + timedelta(days=1))


@dataclass
class Stage:
    made: Made
    t: str
    office: Reader
    liaison: Reader


def lay(wall: Wall, made: Made) -> None:
    """Treated waste on three bases, vaccinations of two subdistricts, and conduct in parks and a hall."""
    day = MONTH.start + timedelta(days=2)
    with made.district.session(wall) as session:
        lock(session, made, "waste_treated", 900, MONTH, at=WHEN, note="环卫月报第9号")
        lock(session, made, "waste_collected", 1000, MONTH, at=WHEN)
        for basis, value in (("self", 980), ("declared", 1030)):
            lock(session, made, "waste_treated", value, MONTH, basis=basis, at=WHEN)
            lock(session, made, "waste_collected", 1000, MONTH, basis=basis, at=WHEN)
        other = add_unit(session, "subdistrict", "测试区二街道", [made.district.root])
        for unit, done in ((made.district.street, 95), (other, 89)):
            lock(session, made, "children_vaccinated", done, MONTH, unit=unit, at=WHEN)
            lock(session, made, "children_due", 100, MONTH, unit=unit, at=WHEN)
        lock(session, made, "sewage_treated", 88, MONTH, basis="self", at=WHEN)
        lock(session, made, "sewage_discharged", 100, MONTH, basis="self", at=WHEN)
        for _ in range(3):
            visit(session, made, ["park"], {"square_conduct": {"count": 2}}, day=day)
        visit(session, made, ["service_hall"], {"no_smoking": {"yes": False}}, day=day)
        session.commit()


@pytest.fixture(scope="module")
def stage(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    app: Flask = create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)
    made = make(wall, CIVILIZED, SANITARY)
    lay(wall, made)
    district = made.district
    office = seat(app, wall, district.ref, "hq_office", district.root)
    liaison = seat(app, wall, district.ref, "liaison", district.communities[0])
    return Stage(made, f"/t/{district.ref.slug}", office, liaison)


def page(reader: Reader, stage: Stage, campaign: str, code: str) -> str:
    return plain(reader.get(f"{stage.t}/k/{campaign}/i/{code}?period={MONTH.key}"))


def test_locked_values_stand_with_their_people(stage: Stage) -> None:
    text = page(stage.office, stage, "sanitary_city", "SAN-306")
    for said in (
        "统计 waste_treated",
        "核验 · 第 1 版",
        "环卫月报第9号",
        "填报 经手人1",
        "审核 经手人3",
        "锁定 经手人4",
    ):
        assert said in text, said
    assert "数值 = waste_treated / waste_collected * 100 = 900 / 1000 * 100 = 90" in text
    assert "四舍五入到两位小数：12.50" in text
    assert "目标：不低于 100" in text


def test_bases_stand_apart(stage: Stage) -> None:
    text = page(stage.office, stage, "sanitary_city", "SAN-306")
    assert "其他口径" in text
    for said in ("自评", "98.00%", "申报", "103.00%", "自评比核验 +8.00"):
        assert said in text, said
    catalogue = plain(stage.office.get(f"{stage.t}/k/sanitary_city/?period={MONTH.key}"))
    assert "含自评和申报的估分" in catalogue
    assert "其中 1 项没有核验" in catalogue


def test_the_worst_subdistrict_is_named(stage: Stage) -> None:
    text = page(stage.office, stage, "sanitary_city", "SAN-706")
    assert "测试区二街道：89" in text
    assert "按最差的街道评定，不按平均数" in text


def test_site_types_show_their_weights(stage: Stage) -> None:
    text = page(stage.office, stage, "civilized_city", "CIV-D3")
    assert "点位类型 公园：180 ÷ 3 次检查 = 60" in text
    assert "2 类点位的平均：30" in text
    assert "点位类型 政务大厅，权重 2" in text


def test_rows_stay_with_those_who_reach_them(stage: Stage) -> None:
    text = page(stage.liaison, stage, "sanitary_city", "SAN-306")
    assert "经手人" not in text
    assert "四舍五入到两位小数" not in text
    assert "测试区二街道：89" not in page(stage.liaison, stage, "sanitary_city", "SAN-706")
    assert "全区的明细只对全区岗位开放" in text


def test_the_export_holds_the_locked_values(stage: Stage) -> None:
    _head, *lines = stage.office.lines(f"{stage.t}/k/sanitary_city/i/SAN-306.csv?period={MONTH.key}")
    assert [(line[1], line[4], line[5]) for line in lines] == [("填报", "900", "0"), ("填报", "0", "1000")]
