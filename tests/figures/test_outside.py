"""Districts outside the installation: imported whole or not at all, kept with their history, ranked only beside."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
import xlsxwriter

from core.errors import Forbidden
from core.figures.boards import read_board
from core.figures.comparison import compare
from core.figures.outside import (
    FIGURES,
    TOTALS,
    OutsideReport,
    import_outside,
    outside_figures,
    outside_now,
    rank_together,
    read_outside,
)
from core.figures.outside_list import Wanted, list_outside, place_of
from core.figures.outside_tables import OutsidePublication
from core.figures.periods import parse_period
from tenants.access import Actor, TenantRef
from tenants.db import now
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor, add_unit, bare_district, bare_tenant
from tests.figures.build import CAMPAIGNS, CIVILIZED
from tests.figures.sent import NEW, send

MONTH = parse_period("2026-10")
PLACE = ("外地区", CIVILIZED.title_zh, "2026-10")
LINE = (*PLACE, NEW[0], "85.5", "95", "100", "60", "12", "外地区网站公报")


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


@pytest.fixture
def bureau(wall: Wall, city: TenantRef) -> Actor:
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    return add_actor(wall, city, "bureau", root)


def history(session: ScopedSession, bureau: Actor) -> list[OutsidePublication]:
    """Everything that was ever imported, read page by page."""
    found: list[OutsidePublication] = []
    after = None
    while rows := list_outside(session, bureau, Wanted(), limit=1, after=after):
        found.append(rows[0].publication)
        after = place_of(rows[0])
    return found


def book(totals: Sequence[Sequence[str]], figures: Sequence[Sequence[str]] = ()) -> bytes:
    """A workbook as the templates make it."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        for layout, rows in ((TOTALS, totals), (FIGURES, figures)):
            sheet = workbook.add_worksheet(layout.titles[0])
            for number, row in enumerate(([column.titles[0] for column in layout.columns], *rows)):
                for place, text in enumerate(row):
                    sheet.write_string(number, place, text)
    return made.getvalue()


def bring(wall: Wall, city: TenantRef, actor: Actor, data: bytes, name: str = "外地.xlsx") -> OutsideReport:
    with wall.open(city.id) as session:
        found = import_outside(session, actor, read_outside(data, name), CAMPAIGNS.values(), now=now())
        session.commit()
        return found


def test_a_workbook_comes_in_with_its_indicators(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    data = book([LINE], [(*PLACE, "CIV-A1", "垃圾分类", "120", "150", "80", "%")])
    report = bring(wall, city, bureau, data)
    assert (report.created, report.faults, report.written) == (1, (), True)
    with wall.open(city.id) as session:
        (one,) = outside_now(session, CIVILIZED.key, MONTH)
        assert (one.district_name, one.earned, one.assessed, one.total, one.visits) == ("外地区", 8550, 9500, 10000, 60)
        assert [(f.code, f.numerator, f.denominator) for f in outside_figures(session, one)] == [("CIV-A1", 120, 150)]
        assert compare(session, bureau, CIVILIZED.key, MONTH) == [], "never among the sealed ones"
    again = bring(wall, city, bureau, data)
    assert (again.created, again.replaced, again.unchanged) == (0, 0, 1)


def test_a_second_import_replaces_and_keeps_the_first(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    bring(wall, city, bureau, book([LINE]))
    report = bring(wall, city, bureau, book([(*LINE[:4], "86", *LINE[5:])]))
    assert report.replaced == 1
    with wall.open(city.id) as session:
        assert [one.earned for one in outside_now(session, CIVILIZED.key, MONTH)] == [8600]
        assert [(one.version, one.earned) for one in history(session, bureau)] == [(2, 8600), (1, 8550)]


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (1, "全国模范城市", "创建项目"),
        (2, "去年", "周期"),
        (4, "-1", "得分"),
        (4, "99", "得分"),
        (4, "85.555", "得分"),
        (6, "many", "总分"),
        (7, "6.5", "检查次数"),
        (9, "", "来源"),
    ],
)
def test_one_fault_and_nothing_is_written(
    wall: Wall, city: TenantRef, bureau: Actor, place: int, value: str, field: str
) -> None:
    bad = [*LINE[:place], value, *LINE[place + 1 :]]
    report = bring(wall, city, bureau, book([("好区", *LINE[1:]), bad]))
    assert [(fault.row, fault.field, fault.where) for fault in report.faults] == [(3, field, "总分")]
    assert not report.written
    with wall.open(city.id) as session:
        assert history(session, bureau) == []


def test_twice_the_same_and_an_indicator_without_its_total(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    loose = ("别的区", *PLACE[1:], "CIV-A1", "垃圾分类", "1", "2", "50", "%")
    report = bring(wall, city, bureau, book([LINE, LINE], [loose]))
    assert sorted((fault.where, fault.row) for fault in report.faults) == [("总分", 3), ("指标", 2)]


def test_a_csv_does_as_well_and_others_may_not(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([[column.titles[0] for column in TOTALS.columns], LINE])
    assert bring(wall, city, bureau, text.getvalue().encode(), "总分.csv").created == 1
    stranger = bare_district(wall)
    clerk = add_actor(wall, stranger.ref, "hq_office", stranger.root)
    with wall.open(city.id) as session, pytest.raises(Forbidden):
        import_outside(session, clerk, read_outside(book([LINE]), "a.xlsx"), CAMPAIGNS.values(), now=now())


def test_ranked_together_only_within_an_edition_and_beside_the_sealed_rank(
    wall: Wall, city: TenantRef, bureau: Actor
) -> None:
    for name, earned in (("甲区", 950), ("乙区", 800)):
        send(wall, city, bare_tenant(wall, name=name, upper_id=city.id), MONTH, earned=earned)
    other = ("旧版外区", *LINE[1:3], "2024", *LINE[4:])
    few = ("次数少外区", *LINE[1:7], "29", *LINE[8:])
    bring(wall, city, bureau, book([LINE, other, few]))
    with wall.open(city.id) as session:
        rows = compare(session, bureau, CIVILIZED.key, MONTH)
        guests = outside_now(session, CIVILIZED.key, MONTH)
        sealed, outside = rank_together(read_board(session, CIVILIZED.key, MONTH), guests)
        assert {row.district_name: (row.rank, sealed[row.tenant_id]) for row in rows} == {
            "甲区": (1, 1),
            "乙区": (2, 3),
        }
        assert {one.district_name: outside.get(one.id) for one in guests} == {
            "外地区": 2,
            "旧版外区": 1,
            "次数少外区": None,
        }
