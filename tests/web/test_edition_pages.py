"""The pages of editions, walked with the real application: the list, the impact report, a switch, a district's own upload."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import timedelta

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from core.work.editions.choices import IN_FORCE, SHADOW, choices_of
from core.work.editions.switching import choose_edition
from core.work.enabling import freeze, suspend
from core.work.tables import Definition, EnabledEdition
from tenants.scope import Wall
from tests.figures.build import CIVILIZED, SANITARY, Made, make
from tests.figures.test_editions import FIRST, NEW, OLD, ROAD, SALON, SECOND, seen
from tests.web.figure_stage import MONTH, TODAY, Reader, cells_of, plain, seat
from tests.work.test_own_editions import CASES, book, put

K = "sanitary_city"


@dataclass
class Stage:
    made: Made
    t: str
    admin: Reader
    office: Reader
    liaison: Reader

    @property
    def editions(self) -> str:
        return f"{self.t}/campaigns/{K}/editions"

    @property
    def own(self) -> str:
        return f"{self.t}/campaigns/{K}/own-edition"


def build(app: Flask, wall: Wall) -> Stage:
    """A district with two salons and a road seen last month and the month before."""
    made = make(wall, SANITARY, CIVILIZED)
    with made.district.session(wall) as session:
        for campaign in (SANITARY, CIVILIZED):
            freeze(session, campaign, campaign.edition)
        for month in (MONTH.previous, MONTH):
            for n, answers in enumerate((FIRST, SECOND)):
                seen(session, made, SALON, answers, month.start + timedelta(days=n))
            road = ROAD | {"pavement_tactile_faults": {"count": 0}}
            seen(session, made, ("main_road",), road, month.start + timedelta(days=4))
        session.commit()
    ref, root = made.district.ref, made.district.root
    admin, office = (seat(app, wall, ref, role, root) for role in ("administrator", "hq_office"))
    liaison = seat(app, wall, ref, "liaison", made.district.communities[0])
    return Stage(made, f"/t/{ref.slug}", admin, office, liaison)


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall) -> Stage:
    return build(app, wall)


@pytest.fixture
def fresh(app: Flask, wall: Wall) -> Stage:
    return build(app, wall)


def count(stage: Stage, wall: Wall, table: type) -> int:
    with stage.made.district.session(wall) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_campaigns_page_leads_to_its_editions(stage: Stage) -> None:
    assert f'href="{stage.editions}"' in stage.admin.get(f"{stage.t}/campaigns/{K}")
    page = plain(stage.office.get(stage.editions))
    assert "国家卫生城市标准（2024 演示性草案）" in page
    assert "国家卫生城市标准（2025 演示性修订草案）" in page
    assert "征求意见稿" in page
    assert "今天在用" in page


def test_the_impact_report_says_what_is_covered_and_what_is_new(stage: Stage) -> None:
    page = plain(stage.office.get(f"{stage.editions}/{NEW.sha256}?period={MONTH.key}"))
    # Assessed by the new edition: SAN-301 (55), SAN-502 (25), SAN-504 (60), SAN-311 (10) of 1000.
    assert "现有记录能评的分 15.00 %" in page
    assert "150.00 分，共 1000.00 分" in page
    for text in ("拆分", "合并", "取消", "计算公式", "目标值", "SAN-605A", "SAN-ROAD-13", "测试区城管", "测试区一街道"):
        assert text in page, text
    assert "0.00 11.11" in page
    assert "系统推测" not in page


def test_the_report_as_csv_and_as_a_workbook(stage: Stage) -> None:
    lines = cells_of(stage.office.get(f"{stage.editions}/{NEW.sha256}/impact.csv?period={MONTH.key}"))
    assert lines[0][:4] == ["变化", "原指标", "新指标", "名称"]
    by_code = {line[2]: line for line in lines[1:]}
    assert len(lines) == 1 + 41
    assert by_code["SAN-502"][4:] == ["计算公式", "已定", "25", "25", "0.00", "11.11", "是"]
    assert by_code["SAN-605A SAN-605B"][:2] == ["拆分", "SAN-605"]
    assert by_code["SAN-605A SAN-605B"][6:8] == ["30", "30"]
    assert by_code[""][1] == "SAN-506"
    answer = stage.office.ask(f"{stage.editions}/{NEW.sha256}/impact.xlsx?period={MONTH.key}")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert [[str(c or "") for c in row] for row in sheet.iter_rows(values_only=True)] == lines


def test_a_switch_is_shown_then_confirmed_then_taken_back(fresh: Stage, wall: Wall) -> None:
    day = (TODAY + timedelta(days=40)).isoformat()
    address = f"{fresh.editions}/{NEW.sha256}/switch"
    page = plain(fresh.admin.get(f"{address}?role=in_force&day={day}"))
    assert "更早的周期仍按当时的版本计分" in page
    assert "确认选用" in page
    assert count(fresh, wall, EnabledEdition) == 0
    fresh.admin.post(address, role="in_force", day=day)
    listing = fresh.admin.get(fresh.editions)
    assert "尚未开始" in plain(listing)
    (withdraw,) = re.findall(r'action="([^"]+/withdraw)"', listing)
    assert "withdraw" not in fresh.office.get(fresh.editions)
    fresh.office.post(withdraw, 403)
    fresh.admin.post(withdraw)
    with fresh.made.district.session(wall) as session:
        assert choices_of(session, K) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [("role=in_force&day=2020-01-01", "启用日期已经过去"), ("role=shadow&day=2020-01-01", "启用日期已经过去")],
)
def test_a_bad_day_is_said_beside_the_field(stage: Stage, query: str, said: str) -> None:
    page = plain(stage.admin.get(f"{stage.editions}/{NEW.sha256}/switch?{query}", 422))
    assert said in page
    assert "确认选用" not in page


def test_what_is_in_force_is_not_chosen_again(stage: Stage) -> None:
    assert "已经是在用版本" in stage.admin.get(f"{stage.editions}/{OLD.sha256}/switch", 409)


@pytest.mark.parametrize("query", ["role=official", "day=tomorrow"])
def test_nonsense_in_the_address_is_refused(stage: Stage, query: str) -> None:
    stage.admin.get(f"{stage.editions}/{NEW.sha256}/switch?{query}", 422)


def test_a_shadow_stands_beside_and_is_not_published(fresh: Stage, wall: Wall) -> None:
    with fresh.made.district.session(wall) as session:
        choose_edition(session, None, SANITARY, NEW, role=SHADOW, day=MONTH.start, today=MONTH.start)
        session.commit()
    page = plain(fresh.office.get(f"{fresh.t}/figures?kind=month&period={MONTH.key}&campaign={K}"))
    assert "影子版本 国家卫生城市标准（2025 演示性修订草案）" in page
    assert "不排名、不发布" in page
    ranking = fresh.office.get(f"{fresh.t}/figures/export.csv?period={MONTH.key}")
    assert "11.11" not in ranking


def test_pages_follow_the_edition_of_the_period_and_the_trend_breaks(fresh: Stage, wall: Wall) -> None:
    with fresh.made.district.session(wall) as session:
        choose_edition(session, None, SANITARY, NEW, role=IN_FORCE, day=MONTH.start, today=MONTH.start)
        session.commit()
    before = plain(fresh.office.get(f"{fresh.t}/k/{K}/?kind=month&period={MONTH.previous.key}"))
    after = plain(fresh.office.get(f"{fresh.t}/k/{K}/?kind=month&period={MONTH.key}"))
    assert "SAN-506" in before
    assert "SAN-311" not in before
    assert "SAN-311" in after
    assert "SAN-506" not in after
    fresh.office.get(f"{fresh.t}/k/{K}/i/SAN-311?kind=month&period={MONTH.key}")
    fresh.office.get(f"{fresh.t}/k/{K}/i/SAN-311?kind=month&period={MONTH.previous.key}", 404)
    chart = fresh.office.json(f"{fresh.t}/figures/trend.json?kind=month&period={MONTH.key}&campaign={K}")
    assert chart["breaks"] == [{"at": len(chart["periods"]) - 1, "text": f"改用{NEW.title_zh}"}]
    both = fresh.office.json(f"{fresh.t}/figures/trend.json?kind=month&period={MONTH.key}")
    cuts = {one["name"]: one["cuts"] for one in both["series"]}
    assert cuts == {CIVILIZED.title_zh: [], SANITARY.title_zh: [len(both["periods"]) - 1]}, (
        "only the one that changed is cut"
    )
    one = fresh.office.json(f"{fresh.t}/k/{K}/i/SAN-502/trend.json?kind=month&period={MONTH.key}")
    assert one["series"][0]["values"][-2:] == [50.0, 83.33]
    assert [b["at"] for b in one["breaks"]] == [len(one["periods"]) - 1]
    new = fresh.office.json(f"{fresh.t}/k/{K}/i/SAN-311/trend.json?kind=month&period={MONTH.key}")
    assert new["series"][0]["values"] == [None, 100.0]
    card = plain(fresh.office.get(f"{fresh.t}/figures?kind=month&period={MONTH.key}&campaign={K}"))
    assert "从这一期起改用国家卫生城市标准（2025 演示性修订草案），不和上一期比" in card


def send(stage: Stage, data: bytes, name: str = "本区.xlsx", who: Reader | None = None) -> str:
    """Upload a workbook and give the address of its check."""
    answer = (who or stage.admin).post(stage.own, file=(io.BytesIO(data), name))
    return answer.headers["Location"]


def test_an_own_edition_goes_from_template_to_shadow(fresh: Stage, wall: Wall) -> None:
    template = fresh.admin.ask(f"{fresh.own}/template.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(template.data)).sheetnames[:3] == ["edition", "indicators", "metrics"]
    check = send(fresh, book(put("indicators", "SAN-309", "target", 92)))
    kept = count(fresh, wall, Definition)
    page = plain(fresh.admin.get(check))
    for text in ("本区自定版本", "文件没有问题", "目标值", "SAN-309", "样例得分", "25.00 / 50.00"):
        assert text in page, text
    assert (count(fresh, wall, Definition), count(fresh, wall, EnabledEdition)) == (kept, 0)
    fresh.admin.post(check.split("?")[0], role="shadow", day=TODAY.isoformat(), name="本区.xlsx")
    assert "本区自定版本" in plain(fresh.admin.get(fresh.editions))
    with fresh.made.district.session(wall) as session:
        (row,) = choices_of(session, K)
        assert (row.role, row.source, row.edition) == (SHADOW, "private", "own_2026")
    fresh.admin.get(check, 404)


def test_a_faulty_own_edition_names_its_faults_and_stores_nothing(fresh: Stage, wall: Wall) -> None:
    check = send(fresh, book(CASES["an unknown role"][0]))
    before = count(fresh, wall, Definition)
    page = plain(fresh.admin.get(check, 422))
    assert re.search(r"indicators 2 lead_role phcc 没有这个职责角色 请改用已有的代码", page)
    fresh.admin.post(check.split("?")[0], 422, role="shadow", day=TODAY.isoformat())
    assert (count(fresh, wall, Definition), count(fresh, wall, EnabledEdition)) == (before, 0)


def test_a_bad_day_keeps_the_upload(fresh: Stage, wall: Wall) -> None:
    check = send(fresh, book())
    page = plain(fresh.admin.post(check.split("?")[0], 422, role="in_force", day="2020-01-01").get_data(as_text=True))
    assert "启用日期已经过去" in page
    assert count(fresh, wall, EnabledEdition) == 0
    fresh.admin.get(check)


def test_what_is_no_workbook_is_said(stage: Stage) -> None:
    stage.admin.post(stage.own, 422)
    assert "工作簿" in plain(stage.admin.get(send(stage, b"no zip"), 422))


def test_only_administrators_change_and_upload(stage: Stage) -> None:
    address = f"{stage.editions}/{NEW.sha256}/switch"
    for who in (stage.office, stage.liaison):
        who.get(address, 403)
        who.post(address, 403, role="shadow", day=TODAY.isoformat())
        who.get(stage.own, 403)
        who.post(stage.own, 403)
        assert "上传本区版本" not in who.get(stage.editions)


def test_unknown_editions_and_suspended_campaigns_are_not_found(fresh: Stage, wall: Wall) -> None:
    fresh.admin.get(f"{fresh.editions}/{'0' * 64}", 404)
    fresh.admin.get(f"{fresh.editions}/{CIVILIZED.edition.sha256}", 404)
    fresh.admin.get(f"{fresh.t}/campaigns/food_safety_city/editions", 404)
    with fresh.made.district.session(wall) as session:
        suspend(session, None, K, today=TODAY)
        session.commit()
    fresh.admin.get(fresh.editions, 404)


def test_another_districts_own_edition_is_not_found(fresh: Stage, app: Flask, wall: Wall) -> None:
    check = send(fresh, book())
    fresh.admin.post(check.split("?")[0], role="shadow", day=TODAY.isoformat())
    with fresh.made.district.session(wall) as session:
        sha256 = session.scalar(select(EnabledEdition.sha256))
    fresh.admin.get(f"{fresh.editions}/{sha256}")
    other = build(app, wall)
    other.admin.get(f"{other.editions}/{sha256}", 404)


def test_pages_speak_english(stage: Stage) -> None:
    stage.liaison.post("/language", 302, locale="en", next="/")
    for path in (stage.editions, f"{stage.editions}/{NEW.sha256}"):
        assert NEW.title_en in stage.liaison.get(path)
    stage.liaison.post("/language", 302, locale="zh", next="/")
