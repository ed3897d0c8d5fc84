"""The league of units on its page and in its files: rank, interval, ranks allowed, n, and the method beside it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from core.figures.leagues import unit_league
from tenants.scope import Wall
from tests.factory import add_unit
from tests.figures.build import CIVILIZED, Made, at, fill, make, visit
from tests.web.figure_stage import MONTH, Reader, plain, seat


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    found = make(wall, CIVILIZED)
    fill(wall, found, first=MONTH.start, days=20, per_day=6)
    with found.district.session(wall) as session:
        street = add_unit(session, "subdistrict", "人少街道", [found.district.root])
        home = add_unit(session, "community", "人少社区", [street, found.district.root])
        visit(session, found, ["housing_estate"], {"fire_lane_open": {"yes": True}}, day=MONTH.start, unit=home)
        session.commit()
    return found


@pytest.fixture(scope="module")
def office(app: Flask, wall: Wall, made: Made) -> Reader:
    return seat(app, wall, made.district.ref, "hq_office", made.district.root)


def league(wall: Wall, made: Made, kind: str) -> list[Any]:
    with made.district.session(wall) as session:
        moment = at(MONTH.end + timedelta(days=2))
        return unit_league(
            session, None, CIVILIZED, CIVILIZED.edition, MONTH, tenant=made.district.ref.slug, cut_off=moment, kind=kind
        )


def test_the_page_says_interval_range_and_method(wall: Wall, made: Made, office: Reader) -> None:
    page = plain(office.get(f"/t/{made.district.ref.slug}/unit-ranking?period={MONTH.key}&league=community"))
    rows = [one for one in league(wall, made, "community") if one.rank]
    assert len(rows) == 2
    for one in rows:
        assert one.row.name in page
        assert f"{one.low}–{one.high}%" in page
    assert ("与上一名不可区分" in page) == any(one.same_as_above for one in rows)
    assert "400 次" in page
    assert "每点位问题数＝" in page


def test_few_visits_show_their_number_alone(made: Made, office: Reader) -> None:
    path = f"/t/{made.district.ref.slug}/unit-ranking"
    lines = office.lines(f"{path}/export.csv?period={MONTH.key}")
    assert lines[0][3:7] == ["单位", "名次", "上期名次", "占已评估分%"]
    (few,) = (line for line in lines if line[3:4] == ["人少街道"])
    assert few[4:13] == [""] * 9
    assert few[13] == "1"
    assert "检查次数不足" in few[-1]
    assert "重抽样" in lines[-2][0]
    page = office.get(f"{path}?period={MONTH.key}")
    assert "100.00%" not in page.split("人少街道", 1)[1].split("</tr>")[0]


def test_the_workbook_has_the_same_rows(made: Made, office: Reader) -> None:
    path = f"/t/{made.district.ref.slug}/unit-ranking"
    lines = office.lines(f"{path}/export.csv?period={MONTH.key}&league=community")
    sheet = load_workbook(BytesIO(office.ask(f"{path}/export.xlsx?period={MONTH.key}&league=community").data)).active
    assert sheet is not None
    cells = [[str(value) if value is not None else "" for value in row] for row in sheet.iter_rows(values_only=True)]
    assert [row[: len(lines[0])] for row in cells] == [line + [""] * (len(lines[0]) - len(line)) for line in lines]


def test_departments_are_no_league(made: Made, office: Reader) -> None:
    page = office.get(f"/t/{made.district.ref.slug}/unit-ranking?league=department", 422)
    assert "department" in page


def test_the_figures_page_ranks_the_same_way(wall: Wall, made: Made, office: Reader) -> None:
    page = plain(office.get(f"/t/{made.district.ref.slug}/figures?period={MONTH.key}"))
    first = league(wall, made, "subdistrict")[0]
    assert f"{first.low}–{first.high}%" in page
