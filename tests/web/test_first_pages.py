"""What to fix first and what-if on the pages: arithmetic, ticks in the address, files, and who may see the rows."""

from __future__ import annotations

import calendar
import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import load_workbook

from core.app import create_app
from core.databases import Urls
from core.figures.periods import containing
from core.figures.rules import number_text
from core.settings import Settings
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.figures.build import CIVILIZED, SANITARY, Made, at, make, visit
from tests.figures.statistics import lock
from tests.web.figure_stage import MONTH, TODAY, Reader, plain, seat

DAY: date = MONTH.start
PERIOD = f"kind=month&period={MONTH.key}"


@dataclass
class Stage:
    made: Made
    office: Reader
    near: Reader
    key: str
    site: UUID

    @property
    def home(self) -> str:
        return f"/t/{self.made.district.ref.slug}"


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall) -> Stage:
    """An estate with one advert of two: F2 17 of 22 -> 4.64 of 6, A1 0 of 1 -> 0 of 4; in order 6.00 and 4.00."""
    made = make(wall, CIVILIZED, SANITARY)
    district = made.district
    answers = {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 1}}
    with district.session(wall) as session:
        visit(session, made, ["housing_estate"], answers, day=DAY)
        session.commit()
    site = made.sites["housing_estate", district.communities[0]]
    office = seat(app, wall, district.ref, "hq_office", district.root)
    near = seat(app, wall, district.ref, "liaison", district.communities[0])
    return Stage(made, office, near, f"public_adverts@{site}", site)


def test_the_page_prints_the_arithmetic(stage: Stage) -> None:
    page = plain(stage.office.get(f"{stage.home}/first?{PERIOD}"))
    assert "CIV-A1 0/1 → 1/1，0.00 → 4.00，+4.00" in page
    assert "CIV-F2 77.27/1 → 100/1，4.64 → 6.00，+1.36" in page
    assert "+5.36" in page
    assert "不是各行相加" in page
    assert "没有查过：公共厕所" in page
    assert "+5.36" not in plain(stage.office.get(f"{stage.home}/first?{PERIOD}&type=public_toilet"))
    assert "+5.36" not in plain(stage.office.get(f"{stage.home}/first?{PERIOD}&open=1"))
    assert "+5.36" not in plain(stage.office.get(f"{stage.home}/first?{PERIOD}&campaign=sanitary_city"))
    stage.office.get(f"{stage.home}/first?{PERIOD}&campaign=nothing", 422)


def test_files_have_every_line(stage: Stage) -> None:
    answer = stage.office.get(f"{stage.home}/first/export.csv?{PERIOD}")
    rows = list(csv.reader(io.StringIO(answer.removeprefix("\ufeff"))))
    moved = [row for row in rows if row[2] == "可挽回"]
    assert [row[9].split()[0] for row in moved] == ["CIV-A1", "CIV-F2"]
    assert moved[0][-6:] == ["0/1", "1/1", "0.00", "4.00", "4.00", "4"]
    assert moved[1][-1] == "15/11 ≈ 1.3636"
    assert any(row[2] == "未评" and row[9].startswith("SAN-401") and row[14] == "30" for row in rows)
    book = load_workbook(io.BytesIO(stage.office.ask(f"{stage.home}/first/export.xlsx?{PERIOD}").data))
    sheet = [[str(cell.value or "") for cell in row] for row in book.active.iter_rows()]
    assert len(sheet) == len(rows)
    assert sheet[1][-1] == rows[1][-1]


def test_what_if_from_the_address(stage: Stage) -> None:
    """7.64 of 13; with the adverts 13.00 of 13; the air's target taken as reached adds 30 of its own campaign."""
    nothing = plain(stage.office.get(f"{stage.home}/what-if?{PERIOD}"))
    assert "58.77 → 58.77" in nothing
    ticked = stage.office.get(f"{stage.home}/what-if?{PERIOD}&t={stage.key}&i=sanitary_city:SAN-401")
    page = plain(ticked)
    assert "58.77 → 100.00" in page
    assert "7.64 → 13.00" in page
    assert "0.00 → 30.00" in page
    assert ticked.count("checked") == 2
    assert "7.64 → 13.00" in plain(stage.office.get(f"{stage.home}/what-if?{PERIOD}&all=1"))
    stage.office.get(f"{stage.home}/what-if?{PERIOD}&t=%27%3Bdrop", 422)
    stage.office.get(f"{stage.home}/what-if?{PERIOD}" + f"&t={stage.key}" * 201, 422)


def test_rows_are_for_those_who_reach_them(stage: Stage) -> None:
    one, two = stage.made.district.communities
    assert "+5.36" not in stage.near.get(f"{stage.home}/first?{PERIOD}")
    assert "全区的明细只对全区岗位开放" in stage.near.get(f"{stage.home}/what-if?{PERIOD}&all=1")
    assert "+5.36" in stage.near.get(f"{stage.home}/first?{PERIOD}&unit={one}")
    stage.near.get(f"{stage.home}/first?{PERIOD}&unit={two}", 403)
    stage.near.get(f"{stage.home}/first/export.csv?{PERIOD}", 403)
    stage.near.get(f"{stage.home}/first/export.xlsx?{PERIOD}", 403)


def test_items_lost_by_type_and_unit(stage: Stage) -> None:
    page = plain(stage.office.get(f"{stage.home}/lost-items?{PERIOD}"))
    assert "CIV-ESTATE-01" in page
    assert "100.0% 1/1" in page
    assert "居民小区" in page.partition("各类点位")[2]
    assert "CIV-ESTATE-01" not in plain(stage.office.get(f"{stage.home}/lost-items?{PERIOD}&type=public_toilet"))
    rows = list(
        csv.reader(io.StringIO(stage.office.get(f"{stage.home}/lost-items/export.csv?{PERIOD}").lstrip("\ufeff")))
    )
    assert [(row[5], row[7], row[9], row[10]) for row in rows[1:]] == [("CIV-ESTATE-01", "5.00", "1", "1")]
    book = load_workbook(io.BytesIO(stage.office.ask(f"{stage.home}/lost-items/export.xlsx?{PERIOD}").data))
    assert len(list(book.active.iter_rows())) == 2
    stage.near.get(f"{stage.home}/lost-items?{PERIOD}&unit={stage.made.district.communities[1]}", 403)


def test_the_form_warns_before_the_visit(app: Flask, wall: Wall, stage: Stage) -> None:
    """An estate visited today: one advert of two is lost at 1 of 1, here as well; the question is linked."""
    district = stage.made.district
    with district.session(wall) as session:
        visit(session, stage.made, ["housing_estate"], {"public_adverts": {"count": 1}}, day=TODAY)
        session.commit()
    inspector = seat(app, wall, district.ref, "inspector", district.root)
    page = inspector.get(f"{stage.home}/visit/{stage.site}")
    said = page.partition("这里最容易失分")[2].partition("</details>")[0]
    assert 'href="#q-public_adverts"' in said
    assert "本点位 2/2 次" in said


def test_pace_of_the_year(wall: Wall, stage: Stage) -> None:
    """Ten days locked, 8 good: 8 / 10 x the days of the year, short of 300 by the rest."""
    made = stage.made
    with made.district.session(wall) as session:
        for n in range(10):
            day = containing("day", date(TODAY.year - 1, 1, 1) + timedelta(days=n))
            lock(session, made, "days_aqi_le_100", int(n > 1), day, at=at(day.end + timedelta(days=1)))
        session.commit()
    year = TODAY.year - 1
    days = 366 if calendar.isleap(year) else 365
    page = plain(stage.office.get(f"{stage.home}/pace?period={year}"))
    end = number_text(Fraction(8 * days, 10))
    assert f"8 ÷ 已覆盖 10 天 × 全期 {days} 天 = {end}" in page
    assert f"按现在的速度差 {number_text(300 - Fraction(8 * days, 10))}" in page
    chart = stage.office.json(f"{stage.home}/pace/sanitary_city/SAN-401.json?period={year}")
    assert [one["values"][-1] for one in chart["series"]] == [8.0, float(Fraction(3000, days))]
    assert stage.office.json(f"{stage.home}/pace/sanitary_city/SAN-203.json?period={year}")["series"] == []
    stage.office.get(f"{stage.home}/pace/sanitary_city/NOTHING.json?period={year}", 404)
    rows = list(
        csv.reader(io.StringIO(stage.office.get(f"{stage.home}/pace/export.csv?period={year}").lstrip("\ufeff")))
    )
    line = next(row for row in rows if row[3].startswith("SAN-401"))
    assert line[5:10] == ["8", "292", "10", "0", str(days - 10)]
    assert line[12] == "按现在的速度差"


def test_a_tick_answers_with_the_outcome_alone(stage: Stage) -> None:
    """What htmx asks for says what the whole page says, without the list of what may be ticked."""
    address = f"{stage.home}/what-if?{PERIOD}&t={stage.key}"
    whole = stage.office.get(address)
    answer = stage.office.client.get(address, headers={"HX-Request": "true", "HX-Target": "section#outcome"})
    part = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "HX-Target" in answer.headers["Vary"]
    assert "<html" not in part
    assert 'name="t"' not in part

    def outcome(page: str) -> str:
        return plain(page.partition('<section id="outcome"')[2].partition("</section>")[0])

    def brief(page: str) -> str:
        return plain(page.partition('id="outcome-brief"')[2].partition("</p>")[0])

    assert outcome(part) == outcome(whole)
    assert "58.77 → 100.00" in outcome(part)
    assert brief(part) == brief(whole)
    assert "改好 1 件" in brief(part)
    assert 'hx-replace-url="true"' in whole
    assert "改好 1 件" in brief(stage.office.get(f"{address}&type=housing_estate"))


def test_what_if_as_files(stage: Stage) -> None:
    query = f"{PERIOD}&t={stage.key}&i=sanitary_city:SAN-401"
    rows = stage.office.lines(f"{stage.home}/what-if/export.csv?{query}")
    civil = [row[3:] for row in rows if row[2].startswith("全国文明城市")]
    assert civil[0] == ["合计", "58.77%", "100.00%", "7.64", "13.00", "5.36", ""]
    assert [row[0].split()[0] for row in civil[1:]] == ["CIV-A1", "CIV-F2"]
    assert any(row[3].startswith("SAN-401") for row in rows)
    book = load_workbook(io.BytesIO(stage.office.ask(f"{stage.home}/what-if/export.xlsx?{query}").data))
    assert len(list(book.active.iter_rows())) == len(rows)
    stage.near.get(f"{stage.home}/what-if/export.csv?{query}", 403)


FILES = (
    "figures/export",
    "k/civilized_city/indicators",
    "k/civilized_city/i/CIV-F2",
    "publications/export",
    "pace/export",
)


@pytest.mark.parametrize("name", FILES)
def test_every_table_of_figures_has_both_files(stage: Stage, name: str) -> None:
    rows = stage.office.lines(f"{stage.home}/{name}.csv?{PERIOD}")
    book = load_workbook(io.BytesIO(stage.office.ask(f"{stage.home}/{name}.xlsx?{PERIOD}").data))
    sheet = [["" if cell.value is None else str(cell.value) for cell in row] for row in book.active.iter_rows()]
    assert sheet[0] == rows[0]
    assert len(sheet) == len(rows)
