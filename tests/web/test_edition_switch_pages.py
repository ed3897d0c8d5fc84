"""What people see before and after a switch: the impact beside the confirmation, a shadow with its differences, an own edition's rules."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.databases import Urls
from core.figures.run_tables import ScoreRun
from core.settings import Settings
from core.work.editions.choices import IN_FORCE, SHADOW, choices_of
from core.work.editions.switching import choose_edition
from core.work.tables import EnabledEdition
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.figures.build import SANITARY
from tests.figures.test_editions import NEW, OLD
from tests.web.figure_stage import MONTH, TODAY, plain
from tests.web.test_edition_pages import K, Stage, build, send
from tests.work.test_own_editions import book, put, rich


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


@pytest.fixture
def stage(app: Flask, wall: Wall) -> Stage:
    return build(app, wall)


def choose(stage: Stage, wall: Wall, edition: object, role: str, day: object) -> None:
    with stage.made.district.session(wall) as session:
        choose_edition(session, None, SANITARY, edition, role=role, day=day, today=day)
        session.commit()


def test_the_confirmation_shows_the_impact(stage: Stage, wall: Wall) -> None:
    day = (TODAY + timedelta(days=10)).isoformat()
    page = plain(stage.admin.get(f"{stage.editions}/{NEW.sha256}/switch?role=in_force&day={day}"))
    # Of 140 assessed points the old edition gives 97.12, of 150 the new one 119.92; see test_edition_pages for its parts.
    for said in ("占已评估分：在用版本 69.37%", "占已评估分：这个版本 79.95%", "现有记录能评的分 15.00%"):
        assert said in page, said
    for said in ("拆分 1", "合并 1", "取消 1", "新增 1", "更早的周期仍按当时的版本计分", "逐项看影响"):
        assert said in page, said
    with stage.made.district.session(wall) as session:
        assert choices_of(session, K) == [], "nothing is chosen by looking"
    refused = plain(stage.admin.get(f"{stage.editions}/{NEW.sha256}/switch?role=in_force&day=2020-01-01", 422))
    assert "确认选用" not in refused
    assert "现有记录能评的分" not in refused


def test_a_shadow_is_told_from_the_edition_in_force_with_its_difference(stage: Stage, wall: Wall) -> None:
    choose(stage, wall, NEW, SHADOW, MONTH.start)
    page = stage.office.get(f"{stage.t}/figures?kind=month&period={MONTH.key}&campaign={K}")
    said = plain(page)
    assert f"在用版本 {OLD.title_zh} ： 69.37" in said.replace("：", " ： ").replace("  ", " ")
    assert "相差 +10.58" in said
    assert f"against={OLD.sha256}" in page
    rows = plain(stage.office.get(f"{stage.editions}/{NEW.sha256}?period={MONTH.key}&against={OLD.sha256}"))
    # The road's indicator kept its words; its checklist asks one item more, so the same visit gives more.
    assert "未变 检查表有改动 SAN-301" in rows
    assert "45.69 47.38 +1.69" in rows
    assert "0.00 11.11 +11.11" in rows


def test_a_past_shadow_is_compared_with_the_edition_of_its_time(stage: Stage, wall: Wall) -> None:
    """2025 is in force by now; a month before the switch is 2024's, and 2025 was its shadow."""
    choose(stage, wall, NEW, SHADOW, MONTH.start)
    choose(stage, wall, NEW, IN_FORCE, MONTH.end + timedelta(days=1))
    page = stage.office.get(f"{stage.t}/figures?kind=month&period={MONTH.key}&campaign={K}")
    assert f"{OLD.title_zh}：" in plain(page).replace(" ：", "：")
    assert f"against={OLD.sha256}" in page
    shown = stage.office.get(f"{stage.editions}/{NEW.sha256}?period={MONTH.key}&against={OLD.sha256}")
    assert OLD.title_zh in plain(shown)
    assert f'name="against" value="{OLD.sha256}"' in shown, "another month is compared with the same one"
    stage.office.get(f"{stage.editions}/{NEW.sha256}?against={'0' * 64}", 404)


def test_a_past_period_stays_with_its_edition_after_the_switch(stage: Stage, wall: Wall) -> None:
    """Scores, one indicator, a run and what is to be published of last month: all by 2024, though 2025 is in force today."""
    choose(stage, wall, NEW, IN_FORCE, TODAY)
    q = f"?kind=month&period={MONTH.key}"
    assert "69.37" in plain(stage.office.get(f"{stage.t}/figures{q}&campaign={K}"))
    assert "50.00" in plain(stage.office.get(f"{stage.t}/k/{K}/i/SAN-502{q}"))
    stage.office.get(f"{stage.t}/k/{K}/i/SAN-311{q}", 404)
    stage.office.post(f"{stage.t}/runs", campaign=K, period=MONTH.key, label="上月")
    with stage.made.district.session(wall) as session:
        run = session.scalars(select(ScoreRun)).one()
        assert (run.edition, run.edition_sha256) == (OLD.key, OLD.sha256)


def test_an_own_edition_shows_its_rules_and_comes_out_as_it_went_in(stage: Stage, wall: Wall) -> None:
    check = send(stage, book(rich))
    page = plain(stage.admin.get(check))
    for said in (
        "硬门槛不达标 总分封顶 600.00 分",
        "在用版本：只作标注，不影响总分",
        "一票否决，不计总分、不排名",
        "报告模板 沿用国家卫生城市标准（2024 演示性草案）的",
        "目标值、计分方式",
    ):
        assert said in page, said
    stage.admin.post(check.split("?")[0], role="shadow", day=TODAY.isoformat())
    with stage.made.district.session(wall) as session:
        sha256 = session.scalar(select(EnabledEdition.sha256))
    impact = plain(stage.office.get(f"{stage.editions}/{sha256}?period={MONTH.key}"))
    assert "总分封顶 600.00 分" in impact
    out = stage.office.ask(f"{stage.editions}/{sha256}/workbook.xlsx")
    assert out.headers["Content-Disposition"].endswith('sanitary_city-own_2026.xlsx"')
    sheets = openpyxl.load_workbook(io.BytesIO(out.data))
    assert ("SAN-506", "SAN-506A") in [row[:2] for row in sheets["lineage"].iter_rows(values_only=True)]
    again = plain(stage.admin.get(send(stage, out.data)))
    assert "文件没有问题" in again
    changed = send(stage, book(put("indicators", "SAN-309", "target", 92)))
    assert "这个代码已经用于另一个版本" in plain(stage.admin.get(changed, 422))


def test_a_shipped_edition_uploaded_unchanged_stays_shipped(stage: Stage, wall: Wall) -> None:
    out = stage.admin.ask(f"{stage.editions}/{NEW.sha256}/workbook.xlsx").data
    check = send(stage, out)
    stage.admin.post(check.split("?")[0], role="shadow", day=TODAY.isoformat())
    with stage.made.district.session(wall) as session:
        (row,) = choices_of(session, K)
        assert (row.sha256, row.source) == (NEW.sha256, "shipped")
