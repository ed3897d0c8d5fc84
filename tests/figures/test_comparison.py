"""The city's comparison: ranks, ties, volume, corrections, missing districts; only what was addressed to it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.errors import Forbidden
from core.figures.comparison import MINIMUM_VISITS, ComparisonRow, compare, received_periods
from core.figures.exports import comparison_csv, csv_lines, safe_cell
from core.figures.grants import give_grant
from core.figures.matrices import comparison_trend, matrix
from core.figures.periods import parse_period
from core.figures.publishing import publish
from tenants.access import Actor, TenantRef
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.build import CIVILIZED, FOOD, Made, at, make, visit

MONTH = parse_period("2026-10")
NOW = at(date(2026, 11, 3))
FIRST = date(2026, 10, 1)


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


@pytest.fixture
def bureau(wall: Wall, city: TenantRef) -> Actor:
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    return add_actor(wall, city, "bureau", root)


def district(
    wall: Wall,
    city: TenantRef,
    name: str,
    passed: int,
    failed: int,
    *,
    month: date = FIRST,
    made: Made | None = None,
    detail: str = "indicators",
    sends: bool = True,
) -> Made:
    """A district whose fire lanes passed and failed so many times in a month, published to the city."""
    made = made or make(wall, CIVILIZED, name=name, upper_id=city.id)
    with made.district.session(wall) as session:
        give_grant(session, made.office, city, CIVILIZED.key, detail, date(2026, 1, 1))
        for n in range(passed + failed):
            answers = {"fire_lane_open": {"yes": n < passed}}
            visit(session, made, ["housing_estate"], answers, day=month + timedelta(days=n % 27))
        if sends:
            period = parse_period(f"{month:%Y-%m}")
            publish(session, made.office, CIVILIZED, CIVILIZED.edition, period, now=NOW)
        session.commit()
    return made


def rows_of(wall: Wall, city: TenantRef, actor: Actor | None, key: str = "2026-10") -> dict[str, ComparisonRow]:
    with wall.open(city.id) as session:
        return {r.district_name: r for r in compare(session, actor, CIVILIZED.key, parse_period(key))}


def test_ranks_ties_volume_and_the_missing(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    district(wall, city, "甲区", 30, 0)
    district(wall, city, "乙区", 36, 4)
    district(wall, city, "丙区", 45, 5)
    district(wall, city, "丁区", 24, 6)
    district(wall, city, "戊区", 29, 0)
    district(wall, city, "己区", 30, 0, sends=False)
    district(wall, bare_tenant(wall, kind="city", name="别的市"), "外市区", 40, 0)
    found = rows_of(wall, city, bureau)
    assert [list(found)[n] for n in (0, 3, 4, 5)] == ["甲区", "丁区", "戊区", "己区"]
    assert {name: r.rank for name, r in found.items()} == {
        "甲区": 1,
        "乙区": 2,
        "丙区": 2,
        "丁区": 4,
        "戊区": None,
        "己区": None,
    }
    best = found["甲区"]
    # CIV-G2 3 of 3 and CIV-F2 6 of 6 points: 9 of 100 are assessed
    assert (best.percent, best.coverage, best.percent_of_all) == (Decimal("100.00"), Decimal("9.00"), Decimal("9.00"))
    assert (best.earned, best.assessed, best.total, best.gap) == (9, 9, 100, 91)
    # 90 %: G2 (90-70)/25 x 3 = 2.40, F2 5.40
    assert found["乙区"].percent == found["丙区"].percent == Decimal("86.67")
    assert (best.visits, best.sites, len(best.seal), best.unranked) == (30, 1, 12, "")
    assert (found["戊区"].unranked, found["戊区"].percent, found["戊区"].visits) == (
        "low_volume",
        Decimal("100.00"),
        29,
    )
    assert (found["己区"].unranked, found["己区"].percent) == ("not_published", None)
    assert MINIMUM_VISITS == 30


def test_the_order_is_rank_then_shown_then_missing(wall: Wall, city: TenantRef) -> None:
    district(wall, city, "未发布区", 1, 0, sends=False)
    district(wall, city, "次数少区", 1, 0)
    district(wall, city, "第二区", 27, 3)
    district(wall, city, "第一区", 30, 0)
    assert list(rows_of(wall, city, None)) == ["第一区", "第二区", "次数少区", "未发布区"]


def test_previous_rank_and_latest_correction(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    up = district(wall, city, "上升区", 27, 3, month=date(2026, 9, 1))
    down = district(wall, city, "下降区", 30, 0, month=date(2026, 9, 1))
    district(wall, city, "", 30, 0, made=up)
    district(wall, city, "", 27, 3, made=down)
    found = rows_of(wall, city, bureau)
    assert [(n, r.rank, r.previous_rank) for n, r in found.items()] == [("上升区", 1, 2), ("下降区", 2, 1)]
    with up.district.session(wall) as session:
        for n in range(9):
            visit(session, up, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=FIRST + timedelta(days=n))
        (_, sent) = publish(session, up.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW, reason="补录")
        session.commit()
        seal = sent.sha256
    found = rows_of(wall, city, bureau)
    assert [(n, r.rank) for n, r in found.items()] == [("下降区", 1), ("上升区", 2)]
    assert (found["上升区"].is_correction, found["上升区"].sha256, found["上升区"].visits) == (True, seal, 39)
    with wall.open(city.id) as session:
        assert [p.key for p in received_periods(session, bureau)] == ["2026-10", "2026-09"]
        periods, series = comparison_trend(session, bureau, CIVILIZED.key, "month", MONTH.start, count=3)
    assert [p.key for p in periods] == ["2026-08", "2026-09", "2026-10"]
    values = {s.district_name: s.values for s in series}
    assert values["下降区"] == (None, Decimal("100.00"), Decimal("86.67"))


def test_matrix_shows_only_what_was_granted(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    full = district(wall, city, "全量区", 30, 0)
    some = district(wall, city, "分项区", 27, 3, detail="categories")
    bare = district(wall, city, "总分区", 24, 6, detail="totals")
    with wall.open(city.id) as session:
        found = matrix(session, bureau, CIVILIZED.key, MONTH)
        heads = matrix(session, bureau, CIVILIZED.key, MONTH, level="category")
    ids = [m.district.ref.id for m in (full, some, bare)]
    assert [c.tenant_id for c in found.columns] == ids
    by_code = {r.code: r for r in found.rows}
    assert len(by_code) == 35
    assert set(by_code["CIV-G2"].cells) == {ids[0]}
    cell = by_code["CIV-G2"].cells[ids[0]]
    assert (cell.value, cell.earned, cell.possible, cell.percent, cell.n) == (100, 3, 3, 100, 30)
    missing = by_code["CIV-D1"].cells[ids[0]]
    assert (missing.status, missing.percent, missing.possible) == ("not_assessed", None, 4)
    assert missing.reason_zh.startswith("来源：")
    assert set(next(r for r in heads.rows if r.code == "G").cells) == set(ids[:2])


def test_a_forged_slug_overwrites_nobody(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    honest = district(wall, city, "老实区", 30, 0)
    forger = district(wall, city, "冒名区", 24, 6, sends=False)
    ref = honest.district.ref
    forged = replace(forger.district.ref, slug=ref.slug, name=ref.name)
    with forger.district.session(wall) as session:
        publish(session, None, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW, issuer=forged)
        session.commit()
    with wall.open(city.id) as session:
        rows = compare(session, bureau, CIVILIZED.key, MONTH)
        cells = next(r for r in matrix(session, bureau, CIVILIZED.key, MONTH).rows if r.code == "CIV-G2").cells
        (_, series) = comparison_trend(session, bureau, CIVILIZED.key, "month", MONTH.start, count=1)
    assert [(r.tenant_id, r.district_slug, r.rank, r.percent) for r in rows] == [
        (ref.id, ref.slug, 1, Decimal("100.00")),
        (forged.id, ref.slug, 2, rows[1].percent),
    ]
    assert rows[1].percent is not None
    assert rows[1].percent < 100
    assert (cells[ref.id].value, cells[forged.id].value) == (100, 80)
    assert {s.tenant_id: s.values for s in series} == {ref.id: (rows[0].percent,), forged.id: (rows[1].percent,)}


def test_other_campaigns_and_other_roles(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    made = district(wall, city, "甲区", 30, 0)
    with wall.open(city.id) as session:
        assert compare(session, bureau, FOOD.key, MONTH) == []
        assert [r.campaign for r in compare(session, bureau, None, MONTH)] == [CIVILIZED.key]
    with made.district.session(wall) as session, pytest.raises(Forbidden):
        compare(session, made.office, CIVILIZED.key, MONTH)
    with made.district.session(wall) as session:
        assert compare(session, None, CIVILIZED.key, MONTH) == []


def test_csv_opens_in_a_spreadsheet_and_runs_nothing(wall: Wall, city: TenantRef, bureau: Actor) -> None:
    district(wall, city, "=HYPERLINK(1)", 30, 0)
    district(wall, city, "未发布区", 1, 0, sends=False)
    with wall.open(city.id) as session:
        rows = compare(session, bureau, CIVILIZED.key, MONTH)
    for english in (False, True):
        body = "".join(comparison_csv(rows, MONTH, english=english))
        assert body.startswith("\ufeff")
        assert body.count("\ufeff") == 1
        lines = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
        assert len({len(line) for line in lines[:-1]}) == 1
        assert lines[1][2] == "'=HYPERLINK(1)"
        assert lines[1][4:8] == ["1", "", "100.00", "9.00"]
        assert lines[1][18] == rows[0].seal
        assert lines[2][20] == ("not published" if english else "本期未发布")
        assert str(MINIMUM_VISITS) in lines[-1][0]


@pytest.mark.parametrize(
    ("value", "said"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("-1", "'-1"), (-1, "-1"), (Decimal("2.50"), "2.50"), (None, ""), ("甲", "甲")],
)
def test_cells(value: object, said: str) -> None:
    assert safe_cell(value) == said
    assert list(csv_lines([[value, "z"]]))[1] == f"{said},z\r\n"
