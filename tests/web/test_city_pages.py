"""The city's pages: only what districts published to it, ranked with ties, and each district as far as its grant goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask

from core.figures.comparison import MINIMUM_VISITS, compare
from core.figures.exports import comparison_csv
from core.figures.grants import give_grant
from core.figures.periods import Period
from core.figures.publishing import publish
from tenants.access import TenantRef
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, make, visit
from tests.web.figure_stage import MONTH, TODAY, Reader, cells_of, plain, seat

KEY = MONTH.key


@dataclass
class City:
    ref: TenantRef
    c: str
    bureau: Reader


@pytest.fixture
def city(app: Flask, wall: Wall) -> City:
    ref = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(ref.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    return City(ref, f"/c/{ref.slug}/comparison", seat(app, wall, ref, "bureau", root))


def district(
    wall: Wall,
    city: City,
    name: str,
    passed: int,
    failed: int = 0,
    *,
    detail: str = "indicators",
    period: Period = MONTH,
    sends: bool = True,
    made: Made | None = None,
) -> Made:
    """A district whose fire lanes passed and failed so many times in a period, granted and published to the city."""
    made = made or make(wall, CIVILIZED, name=name, upper_id=city.ref.id)
    with made.district.session(wall) as session:
        give_grant(session, made.office, city.ref, CIVILIZED.key, detail, TODAY - timedelta(days=99))
        for n in range(passed + failed):
            answers = {"fire_lane_open": {"yes": n < passed}}
            visit(session, made, ["housing_estate"], answers, day=period.start + timedelta(days=n % 27))
        if sends:
            publish(session, made.office, CIVILIZED, CIVILIZED.edition, period, now=now())
        session.commit()
    return made


def rows_of(page: str) -> list[str]:
    """The lines of the league table, in words."""
    body = page.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    return [plain(line).strip() for line in body.split("</tr>") if "<td" in line]


def test_the_league_table(wall: Wall, city: City) -> None:
    district(wall, city, "乙区", 36, 4)
    district(wall, city, "甲区", 30)
    district(wall, city, "丙区", 45, 5, detail="totals")
    district(wall, city, "丁区", 24, 6, detail="categories")
    district(wall, city, "次数少区", 5)
    district(wall, city, "未发布区", 30, sends=False)
    page = city.bureau.get(city.c)
    lines = rows_of(page)
    names = [re.search(r"\S+区", line)[0] for line in lines]  # type: ignore[index]
    assert names[0] == "甲区"
    assert set(names[1:3]) == {"乙区", "丙区"}
    assert names[3:] == ["丁区", "次数少区", "未发布区"]
    assert [line.split()[0] for line in lines] == ["1", "2", "2", "4", "—", "—"]
    assert "100.00% 9.00% 9.00 / 9.00 30 / 1 91.00 分" in lines[0]
    assert "检查次数不足，不参加排名" in lines[4]
    assert "本期未发布" in lines[5]
    assert "%" not in lines[5]
    third = next(line for line in lines if "丙区" in line)
    assert "86.67%" in third
    assert "只授权到总分" in third
    assert "整项未评：" in lines[0]
    assert "只读各区县授权并发布的得分" in page
    assert f"检查不足 {MINIMUM_VISITS} 次" in page
    with wall.open(city.ref.id) as session:
        first = compare(session, None, CIVILIZED.key, MONTH)[0]
    assert first.seal in page
    assert str(first.publication_id) not in page


def test_the_period_before_and_corrections(wall: Wall, city: City) -> None:
    up = district(wall, city, "上升区", 27, 3, period=MONTH.previous)
    down = district(wall, city, "下降区", 30, period=MONTH.previous)
    district(wall, city, "", 30, made=up)
    district(wall, city, "", 27, 3, made=down)
    lines = rows_of(city.bureau.get(f"{city.c}?kind=month&period={KEY}"))
    assert [line.split()[:4] for line in lines] == [["1", "上期", "2", "上升区"], ["2", "上期", "1", "下降区"]]
    with up.district.session(wall) as session:
        for n in range(9):
            visit(session, up, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=MONTH.start + timedelta(n))
        publish(session, up.office, CIVILIZED, CIVILIZED.edition, MONTH, now=now(), reason="补录漏报")
        session.commit()
    lines = rows_of(city.bureau.get(city.c))
    assert ["下降区" in line for line in lines] == [True, False]
    assert "更正件" in lines[1]
    page = city.bureau.get(f"{city.c}/{up.district.ref.slug}")
    assert "补录漏报" in page
    assert "已被更正" in page
    assert "重新计算，与封签相同" in page


def test_the_file_is_the_table(wall: Wall, city: City) -> None:
    district(wall, city, "=甲区", 30)
    district(wall, city, "未发布区", 1, sends=False)
    answer = city.bureau.ask(f"{city.c}/export.csv?campaign=civilized_city&period={KEY}")
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.get_data(as_text=True)
    with wall.open(city.ref.id) as session:
        assert text == "".join(comparison_csv(compare(session, None, CIVILIZED.key, MONTH), MONTH))
    lines = cells_of(text)
    assert [line[2] for line in lines[1:3]] == ["'=甲区", "未发布区"]


def test_charts_draw_the_same_numbers(wall: Wall, city: City) -> None:
    full = district(wall, city, "甲区", 30)
    district(wall, city, "乙区", 27, 3, detail="categories")
    district(wall, city, "次数少区", 3, detail="totals")
    charts = f"{city.c}/charts"
    ranking = city.bureau.json(f"{charts}/ranking.json?period={KEY}")
    rows = ranking["rows"]
    assert [(r["name"], r["rank"], r["text"], r["n"], r["coverage"], r["self"]) for r in rows] == [  # type: ignore[attr-defined]
        ("甲区", 1, "100.00", 30, 0.09, True),
        ("乙区", 2, "86.67", 30, 0.09, True),
        ("次数少区", None, "100.00", 3, 0.09, False),
    ]
    assert rows[0]["href"].startswith(f"{city.c}/{full.district.ref.slug}?")  # type: ignore[index]
    heads = city.bureau.json(f"{charts}/matrix.json?period={KEY}")
    assert heads["columns"] == ["甲区", "乙区"]
    assert [name.split()[0] for name in heads["rows"]] == ["F", "G"]  # type: ignore[attr-defined]
    own = city.bureau.json(f"{charts}/matrix.json?period={KEY}&level=indicator")
    assert own["columns"] == ["甲区"]
    assert [cell[2] for cell in own["cells"]] == [100.0, 100.0]  # type: ignore[attr-defined]
    assert "level" in city.bureau.get(f"{charts}/matrix.json?level=secret", 422)
    trend = city.bureau.json(f"{charts}/trend.json?period={KEY}")
    assert trend["kind"] == "trend"
    assert {s["name"]: s["values"][-1] for s in trend["series"]}["乙区"] == 86.67  # type: ignore[attr-defined]
    one = city.bureau.json(f"{charts}/trend.json?period={KEY}&district={full.district.ref.slug}")
    assert [s["name"] for s in one["series"]] == ["甲区"]  # type: ignore[attr-defined]
    for n in range(5):
        district(wall, city, f"另外{n}区", 3, sends=n > 3)
    many = city.bureau.json(f"{charts}/trend.json?period={KEY}")
    assert many["kind"] == "matrix"
    assert many["rows"][:2] == ["甲区", "乙区"]  # type: ignore[index]
    assert many["columns"][-1] == KEY  # type: ignore[index]


@pytest.mark.parametrize(
    ("detail", "heads", "members"), [("totals", False, False), ("categories", True, False), ("indicators", True, True)]
)
def test_a_district_as_far_as_its_grant_goes(wall: Wall, city: City, detail: str, heads: bool, members: bool) -> None:
    made = district(wall, city, "甲区", 30, detail=detail)
    page = plain(city.bureau.get(f"{city.c}/{made.district.ref.slug}"))
    indicator = CIVILIZED.edition.indicator("CIV-G2")
    assert "100.00 % 9.00 / 9.00 分" in page
    assert (indicator.category_zh in page, indicator.name_zh in page) == (heads, members)
    assert ("只授权到总分" in page) is not heads
    assert "第 1 名" in page


def test_a_district_that_did_not_publish_is_listed_without_numbers(wall: Wall, city: City) -> None:
    district(wall, city, "甲区", 30)
    made = district(wall, city, "未发布区", 31, sends=False)
    page = plain(city.bureau.get(f"{city.c}/{made.district.ref.slug}?period={KEY}"))
    assert "没有发布这一期" in page
    assert "31" not in page.split("未发布区", 1)[1]


def test_a_forged_slug_leads_to_its_owner(wall: Wall, city: City) -> None:
    honest = district(wall, city, "老实区", 30)
    forger = district(wall, city, "冒名区", 24, 6, sends=False)
    forged = replace(forger.district.ref, slug=honest.district.ref.slug, name="老实区")
    with forger.district.session(wall) as session:
        publish(session, None, CIVILIZED, CIVILIZED.edition, MONTH, now=now(), issuer=forged)
        session.commit()
    assert len(rows_of(city.bureau.get(city.c))) == 2
    page = plain(city.bureau.get(f"{city.c}/{honest.district.ref.slug}"))
    assert "100.00 % 9.00 / 9.00 分" in page
    assert "冒名区" not in page


def test_strangers_are_not_found(app: Flask, wall: Wall, city: City) -> None:
    made = district(wall, city, "甲区", 30)
    other = bare_tenant(wall, kind="city", name="别的市")
    stranger = make(wall, CIVILIZED, name="外市区", upper_id=other.id)
    unknown = city.bureau.ask(f"{city.c}/no-such-district", 404).data
    assert city.bureau.ask(f"{city.c}/{stranger.district.ref.slug}", 404).data == unknown
    assert city.bureau.ask(f"/c/{other.slug}/comparison", 404).data == unknown
    assert city.bureau.ask(f"{city.c}?campaign=no_such_campaign", 404).data == unknown
    assert city.bureau.ask(f"/t/{city.ref.slug}/figures", 404).data == unknown
    assert city.bureau.ask(f"/t/{city.ref.slug}/publications", 404).data == unknown
    office = seat(app, wall, made.district.ref, "hq_office", made.district.root)
    assert office.ask(city.c, 404).data == unknown
    assert office.ask(f"/c/{made.district.ref.slug}/comparison", 404).data == unknown
    with wall.open(city.ref.id) as session:
        root = add_unit(session, "department", "市信息科", [])
        session.commit()
    clerk = seat(app, wall, city.ref, "administrator", root)
    for path in ("", "/export.csv", "/charts/ranking.json", f"/{made.district.ref.slug}"):
        clerk.ask(f"{city.c}{path}", 403)


def test_before_anything_arrives(city: City) -> None:
    page = city.bureau.get(city.c)
    assert "还没有收到任何区县的发布" in page
    assert len(cells_of(city.bureau.get(f"{city.c}/export.csv"))) == 2
