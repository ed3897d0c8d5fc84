"""Day by day on the page: counts, units in reach, the target of an indicator, both files, and bad addresses."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from flask import Flask
from openpyxl import load_workbook

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.figures.build import CIVILIZED, SANITARY, Made, at, finding, make, visit
from tests.web.figure_stage import MONTH, Reader, plain, seat

PERIOD = f"kind=month&period={MONTH.key}"


@dataclass
class Stage:
    made: Made
    office: Reader
    near: Reader

    @property
    def home(self) -> str:
        return f"/t/{self.made.district.ref.slug}/days"


@pytest.fixture(scope="module")
def stage(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Two visits on the first and one on the second day of last month, a finding that was closed a day later."""
    app: Flask = create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)
    made = make(wall, CIVILIZED, SANITARY)
    one, two = made.district.communities
    first, second = MONTH.start, MONTH.start.replace(day=2)
    with made.district.session(wall) as session:
        good, bad = {"fire_lane_open": {"yes": True}}, {"fire_lane_open": {"yes": False}}
        seen = visit(session, made, ["housing_estate"], good, day=first, unit=one)
        visit(session, made, ["housing_estate"], bad, day=first, unit=two)
        visit(session, made, ["housing_estate"], good, day=second, unit=two)
        given = {"opened": at(first), "due": at(second, 18), "closed": at(second), "visit_id": seen, "unit": one}
        finding(session, made, [], **given, campaigns=[CIVILIZED])
        session.commit()
    office = seat(app, wall, made.district.ref, "hq_office", made.district.root)
    return Stage(made, office, seat(app, wall, made.district.ref, "liaison", one))


def test_the_page_counts_and_links(stage: Stage) -> None:
    page = stage.office.get(f"{stage.home}?{PERIOD}")
    said = plain(page)
    assert "其中 2 次没有不合格项" in said
    assert "66.67% 2/3" in said.replace("66.67 %", "66.67%") or "2/3" in said
    assert f"{stage.made.district.ref.slug}/days/export.csv" in page
    assert f"{stage.made.district.ref.slug}/days/export.xlsx" in page
    chart = stage.office.json(f"{stage.home}/counts.json?{PERIOD}")
    assert [one["values"][:2] for one in chart["series"]] == [[2, 1], [1, 0], [0, 1]]
    rate = stage.office.json(f"{stage.home}/rate.json?{PERIOD}")["series"][0]
    assert rate["values"][:3] == [50.0, 100.0, None]
    assert rate["n"][:3] == [2, 1, 0]
    assert "days" in stage.office.get(f"/t/{stage.made.district.ref.slug}/figures?{PERIOD}")


def test_files_have_every_day_and_unit(stage: Stage) -> None:
    rows = stage.office.lines(f"{stage.home}/export.csv?{PERIOD}")
    first = MONTH.start.isoformat()
    assert [(row[0], row[1], *row[4:11]) for row in rows[1:3]] == [
        (first, "全区", "2", "1", "2", "1", "50", "1", "0"),
        (f"{first[:8]}02", "全区", "1", "1", "1", "1", "100", "0", "1"),
    ]
    street = [row for row in rows if row[1].endswith("一街道")]
    assert [row[4] for row in street] == ["2", "1"]
    book = load_workbook(io.BytesIO(stage.office.ask(f"{stage.home}/export.xlsx?{PERIOD}").data))
    assert len(list(book.active.iter_rows())) == len(rows)
    months = stage.office.lines(f"{stage.home}/export.csv?{PERIOD}&by=month")
    assert [row[:2] + row[4:5] for row in months[1:2]] == [[MONTH.key, "全区", "3"]]
    year = stage.office.lines(f"{stage.home}/export.csv?kind=year&period={MONTH.start.year}")
    assert year[1][0] == MONTH.key


def test_an_indicator_stands_beside_its_target(stage: Stage) -> None:
    page = stage.office.get(f"{stage.home}?{PERIOD}")
    offered = [
        part.partition('"')[0]
        for part in page.partition('name="indicator"')[2].partition("</select>")[0].split('value="')
    ]
    codes = [code for code in offered if code.startswith("CIV-")]
    assert codes
    chart = stage.office.json(f"{stage.home}/rate.json?{PERIOD}&indicator={codes[0]}")
    assert chart["series"][0]["name"] == codes[0]
    assert chart["target"] is not None
    assert codes[0] in plain(stage.office.get(f"{stage.home}?{PERIOD}&indicator={codes[0]}"))
    other = stage.office.get(f"{stage.home}?{PERIOD}&campaign=sanitary_city&indicator={codes[0]}")
    assert "sanitary_city" in other
    stage.office.get(f"{stage.home}?{PERIOD}&indicator=NOTHING", 422)


def test_reach_and_bad_addresses(stage: Stage) -> None:
    one, two = stage.made.district.communities
    assert "2/3" in plain(stage.near.get(f"{stage.home}?{PERIOD}"))
    assert [row[1] for row in stage.near.lines(f"{stage.home}/export.csv?{PERIOD}")[1:]] == ["全区", "全区"]
    assert "1/1" in plain(stage.near.get(f"{stage.home}?{PERIOD}&unit={one}"))
    stage.near.get(f"{stage.home}?{PERIOD}&unit={two}", 403)
    stage.near.get(f"{stage.home}/export.csv?{PERIOD}&unit={two}", 403)
    stage.near.get(f"{stage.home}/counts.json?{PERIOD}&unit={two}", 403)
    for wrong in ("by=hour", "basis=declared", "campaign=nothing", "unit=x"):
        stage.office.get(f"{stage.home}?{PERIOD}&{wrong}", 422)
    assert "这一期还没有检查" in stage.office.get(f"{stage.home}?kind=month&period=2020-01")
    assert "自查" in stage.office.get(f"{stage.home}?{PERIOD}&basis=self")
