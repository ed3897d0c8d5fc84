"""The city's other pages: leagues, breaks, the matrix, one sealed figure, two districts, tiles; all from the address."""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from core.app import create_app
from core.databases import Urls
from core.figures.grants import give_grant
from core.figures.outside import TOTALS
from core.settings import Settings
from core.web.scores import comparison_due, comparison_outside, comparison_pair, comparison_shown
from tenants.access import TenantRef
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_unit, bare_tenant
from tests.figures.build import CIVILIZED, make
from tests.figures.sent import NEW, OLD, Figure, send
from tests.web.figure_stage import MONTH, Reader, cells_of, plain, seat

Q = f"campaign=civilized_city&kind=month&period={MONTH.key}"
FIGURES = (
    Figure("A", "80.00", level="category"),
    Figure("CIV-A1", "80.00", 120, 150, category="A", self_value="95.50"),
    Figure("CIV-A2", None, category="A"),
)


@dataclass
class Stage:
    """A city with its bureau's reader, and a maker of districts."""

    wall: Wall
    ref: TenantRef
    bureau: Reader

    @property
    def c(self) -> str:
        return f"/c/{self.ref.slug}/comparison"

    def district(self, name: str) -> TenantRef:
        return bare_tenant(self.wall, name=name, upper_id=self.ref.id)


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


@pytest.fixture
def city(app: Flask, wall: Wall) -> Stage:
    ref = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(ref.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    return Stage(wall, ref, seat(app, wall, ref, "bureau", root))


def book_of(data: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def test_leagues_never_mix_editions_nor_the_demonstration(wall: Wall, city: Stage) -> None:
    send(wall, city.ref, city.district("新版甲区"), MONTH, earned=900, interval=("85", "95"))
    send(wall, city.ref, city.district("新版乙区"), MONTH, earned=880, interval=("83", "93"))
    send(wall, city.ref, city.district("旧版区"), MONTH, earned=700, edition=OLD)
    send(wall, city.ref, city.district("演示区"), MONTH, earned=950, is_demo=True)
    page = city.bureau.get(f"{city.c}?{Q}")
    lines = [plain(line).strip() for line in page.split("<tbody>", 1)[1].split("</tbody>", 1)[0].split("</tr>")]
    assert [line.split()[0] for line in lines if line and not line.startswith("版本")] == ["1", "1", "2", "1"]
    assert [line for line in lines if line.startswith("版本")] == ["版本 2024", "版本 2026", "版本 2026（演示数据）"]
    assert "可能 1–2" in lines[3]
    assert "85.00–95.00%" in lines[3]
    assert "与上一名不可区分" in lines[4]
    assert "与上一名不可区分" not in lines[3]


def test_warnings_and_the_gap_of_the_self_check(wall: Wall, city: Stage) -> None:
    told = [{"code": "late", "count": str(n), "due": "14"} for n in (2, 3, 4)]
    send(wall, city.ref, city.district("提示区"), MONTH, warnings=told, figures=FIGURES)
    page = plain(city.bureau.get(f"{city.c}?{Q}"))
    assert "统计填报逾期 2 项（应报 14 项）" in page
    assert "还有 1 条提示" in page
    assert "+15.50 最大 CIV-A1 +15.50" in page


def test_a_line_is_cut_where_the_edition_changed(wall: Wall, city: Stage) -> None:
    changed, kept = city.district("换版区"), city.district("未换区")
    for ref in (changed, kept):
        send(wall, city.ref, ref, MONTH.previous, edition=OLD if ref is changed else NEW)
        send(wall, city.ref, ref, MONTH)
    page = plain(city.bureau.get(f"{city.c}?{Q}"))
    assert "换版区：" in page
    assert "起按 2026 计分，之前按 2024" in page
    chart = city.bureau.json(f"{city.c}/charts/trend.json?{Q}")
    last = len(chart["periods"]) - 1  # type: ignore[arg-type]
    assert chart["breaks"] == [{"at": last, "text": "换版区 2024 → 2026"}]
    assert {one["name"]: one["cuts"] for one in chart["series"]} == {"换版区": [last], "未换区": []}  # type: ignore[attr-defined]
    chosen = city.bureau.json(f"{city.c}/charts/trend.json?{Q}&district={kept.slug}&district=nobody")
    assert [one["name"] for one in chosen["series"]] == ["未换区"]  # type: ignore[attr-defined]
    assert chosen["breaks"] == []
    assert "计分，之前按" not in plain(city.bureau.get(f"{city.c}?{Q}&district={kept.slug}"))


def test_the_matrix_opens_the_sealed_figure(wall: Wall, city: Stage) -> None:
    full, silent = city.district("详细区"), city.district("总分区")
    sealed = send(wall, city.ref, full, MONTH, figures=FIGURES)
    send(wall, city.ref, silent, MONTH, detail="totals")
    page = city.bureau.get(f"{city.c}/matrix?{Q}&level=indicator")
    link = f"{city.c}/{full.slug}/figures/CIV-A1?{Q}".replace("&", "&amp;")
    assert link in page
    assert "没有授权到这一层，不在表里： 总分区" in plain(page)
    assert "is-8" in page
    figure = plain(city.bureau.get(f"{city.c}/{full.slug}/figures/CIV-A1?{Q}"))
    assert "120 ÷ 150 = 80.00%" in figure
    assert "自查值 95.50%" in figure
    assert sealed.sha256[:12] in figure
    assert "详细区只授权“到指标”：再往下（到单位、到点位）没有送出" in figure
    assert "由下面 2 项指标合计" in plain(city.bureau.get(f"{city.c}/{full.slug}/figures/A?{Q}"))
    city.bureau.get(f"{city.c}/{full.slug}/figures/CIV-Z9?{Q}", 404)
    city.bureau.get(f"{city.c}/{silent.slug}/figures/CIV-A1?{Q}", 404)
    city.bureau.get(f"{city.c}/matrix?{Q}&level=sites", 422)
    assert "总分区只授权“只有总分”" in plain(city.bureau.get(f"{city.c}/{silent.slug}?{Q}"))
    lines = cells_of(city.bureau.get(f"{city.c}/matrix.csv?{Q}&level=indicator"))
    assert lines[1][:8] == ["CIV-A1", "项目CIV-A1", "详细区", full.slug, "assessed", "120", "150", "80.00"]
    book = book_of(city.bureau.ask(f"{city.c}/matrix.xlsx?{Q}&level=indicator").data)
    assert [str(cell) for cell in book[1][:4]] == lines[1][:4]


def test_two_districts_side_by_side(wall: Wall, city: Stage) -> None:
    left, right = city.district("左区"), city.district("右区")
    send(wall, city.ref, left, MONTH, figures=FIGURES)
    send(wall, city.ref, right, MONTH.previous, figures=(Figure("CIV-A1", "70.50", 141, 200),), edition=OLD)
    there = f"left={left.slug}&right={right.slug}"
    page = plain(city.bureau.get(f"{city.c}/pair?{Q}&{there}"))
    assert "右区没有发布这一期" in page
    there += f"&right_period={MONTH.previous.key}"
    page = plain(city.bureau.get(f"{city.c}/pair?{Q}&{there}"))
    assert "两边不是同一个版本的计分规则" in page
    assert "两边不是同一个周期" in page
    assert "80.00% 120 / 150 70.50% 141 / 200 +9.50" in page
    lines = {line[0]: line for line in cells_of(city.bureau.get(f"{city.c}/pair/export.csv?{Q}&{there}"))}
    assert lines["CIV-A1"][-1] == "9.50"
    assert lines["CIV-A2"][-1] == ""
    book = book_of(city.bureau.ask(f"{city.c}/pair/export.xlsx?{Q}&{there}").data)
    assert [row[0] for row in book] == list(lines)
    same = plain(city.bureau.get(f"{city.c}/pair?{Q}&left={left.slug}&right={left.slug}"))
    assert "两边不是" not in same
    city.bureau.get(f"{city.c}/pair?{Q}&left=nobody", 404)


def test_tiles_carry_their_numbers_as_texts(wall: Wall, city: Stage) -> None:
    send(wall, city.ref, city.district("图块区"), MONTH, earned=955, figures=FIGURES)
    send(wall, city.ref, city.district("上月区"), MONTH.previous)
    page = city.bureau.get(f"{city.c}/map?{Q}")
    assert "示意图，非行政区划边界" in page
    assert "<script" not in page.split("sc-tiles", 1)[1].split("</ol>", 1)[0]
    assert "图块区 95.50% 第 1 名" in plain(page)
    assert "上月区 未发布 本期未发布" in plain(page)
    assert "图块区 80.00%" in plain(city.bureau.get(f"{city.c}/map?{Q}&heading=A"))
    city.bureau.get(f"{city.c}/map?{Q}&heading=ZZ", 404)
    lines = cells_of(city.bureau.get(f"{city.c}/map/export.csv?{Q}"))
    assert {line[0]: line[3] for line in lines[1:]} == {"图块区": "95.50", "上月区": ""}


def test_the_league_table_as_a_workbook(wall: Wall, city: Stage) -> None:
    send(wall, city.ref, city.district("=甲区"), MONTH, earned=900, interval=("85.5", "95"))
    book = book_of(city.bureau.ask(f"{city.c}/export.xlsx?{Q}").data)
    line = dict(zip(book[0], book[1], strict=True))
    assert (line["区县"], line["占已评估分%"], line["区间下限%"]) == ("=甲区", "90.00", "85.5")


def test_the_due_calendar_reminds_a_district_on_its_own_pages(app: Flask, wall: Wall, city: Stage) -> None:
    made = make(wall, CIVILIZED, name="未报区", upper_id=city.ref.id)
    with made.district.session(wall) as session:
        give_grant(session, made.office, city.ref, CIVILIZED.key, "totals", MONTH.start)
        session.commit()
    office = seat(app, wall, made.district.ref, "hq_office", made.district.root)
    pages = (f"/t/{made.district.ref.slug}/", f"/t/{made.district.ref.slug}/publications")
    bad = city.bureau.post(f"{city.c}/due/terms", 422, campaign="civilized_city", kind="month", days_after="x")
    assert "天数应在 0 到 366 之间" in bad.get_data(as_text=True)
    city.bureau.post(f"{city.c}/due/terms", campaign="civilized_city", kind="month", days_after="0")
    page = plain(city.bureau.get(f"{city.c}/due"))
    assert "提醒 1 个区县" in page
    none = plain(city.bureau.get(f"{city.c}/due?state=in_time"))
    assert "没有符合条件的区县" in none
    assert "未报区" not in none
    assert len(cells_of(city.bureau.get(f"{city.c}/due/export.csv?state=in_time"))) == 1
    assert not any("测试市提醒" in office.get(path) for path in pages)
    what = {"campaign": "civilized_city", "period": MONTH.key}
    city.bureau.post(f"{city.c}/due/reminders", **what)
    assert "未发布 1 个 · 已提醒 1 个" in plain(city.bureau.get(f"{city.c}/due"))
    again = city.bureau.post(f"{city.c}/due/reminders", 422, **what)
    assert "已经提醒过一次" in again.get_data(as_text=True)
    assert all("测试市提醒" in office.get(path) for path in pages)
    liaison = seat(app, wall, made.district.ref, "liaison", made.district.root)
    assert "测试市提醒" not in liaison.get(pages[0])
    lines = cells_of(city.bureau.get(f"{city.c}/due/export.csv"))
    assert {line[1]: bool(line[-1]) for line in lines[1:]}[MONTH.key]
    assert {line[3] for line in lines[1:]} == {"未报区"}


def test_outside_districts_carry_their_mark_everywhere(wall: Wall, city: Stage) -> None:
    send(wall, city.ref, city.district("本地区"), MONTH, earned=800)
    sheet = city.bureau.ask(f"{city.c}/outside/template.xlsx")
    head = [str(cell) for cell in book_of(sheet.data)[0]]
    line = ["外地区", CIVILIZED.title_zh, MONTH.key, NEW[0], "90", "100", "100", "60", "9", "=公报"]
    text = "\n".join(",".join(row) for row in (head, line))

    def give(said: str, status: int) -> str:
        return city.bureau.post(f"{city.c}/outside", status, file=(io.BytesIO(said.encode()), "总分.csv")).get_data(
            as_text=True
        )

    bad = plain(give(text.replace("90", "ninety"), 422))
    assert "没有写入任何一行" in bad
    assert "2 得分 ninety" in bad
    assert "外地区" not in plain(city.bureau.get(f"{city.c}?{Q}"))
    give(text, 303)
    assert "外地区 外部导入" in plain(city.bureau.get(f"{city.c}/outside"))
    page = plain(city.bureau.get(f"{city.c}?{Q}"))
    assert "外地区 外部导入 版本 2026" in page
    assert "一起排：" not in page
    mixed = plain(city.bureau.get(f"{city.c}?{Q}&outside=1"))
    assert "和外部导入的一起排：第 2 名" in mixed
    lines = cells_of(city.bureau.get(f"{city.c}/outside/export.csv"))
    assert lines[1][0] == "外部导入"
    assert lines[1][11] == "'=公报"
    assert "外地区" not in city.bureau.get(f"{city.c}/export.csv?{Q}")
    city.bureau.post(f"{city.c}/outside", 422)


def turned(page: str) -> str:
    """The address of the next page, as the page links it; '' on the last one."""
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def walk(city: Stage, address: str, names: re.Pattern[str]) -> list[str]:
    """What the pages from an address on show, each name once a page, in their order."""
    found: list[str] = []
    path = address.partition("?")[0]
    while address:
        page = city.bureau.get(address)
        found += dict.fromkeys(names.findall(plain(page)))
        address = f"{path}{turned(page)}" if turned(page) else ""
    return found


def test_the_due_calendar_is_read_page_by_page(wall: Wall, city: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_due, "ROWS", 2)
    for n in range(5):
        made = make(wall, CIVILIZED, name=f"应报{n}区", upper_id=city.ref.id)
        with made.district.session(wall) as session:
            give_grant(session, made.office, city.ref, CIVILIZED.key, "totals", MONTH.start)
            session.commit()
    city.bureau.post(f"{city.c}/due/terms", campaign="civilized_city", kind="month", days_after="0")
    first = f"{city.c}/due?campaign=civilized_city&state=overdue&due={MONTH.key}"
    assert sorted(walk(city, first, re.compile(r"应报\d区"))) == [f"应报{n}区" for n in range(5)]
    page = plain(city.bureau.get(first))
    assert "共 5 条，本页 2 条" in page
    assert "0/5 已发布" in page, "the heading counts them all"
    assert "提醒 5 个区县" in page, "and so does the button"
    assert len(cells_of(city.bureau.get(f"{city.c}/due/export.csv?state=overdue&due={MONTH.key}"))) == 6
    assert "没有符合条件的区县" in plain(city.bureau.get(f"{city.c}/due?due=1999-01"))
    for wrong in ("state=gone", "cursor=YQ", "cursor=YR9iH2M", "due=x"):
        city.bureau.ask(f"{city.c}/due?{wrong}", status=422)


def test_imports_are_read_page_by_page(city: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_outside, "ROWS", 2)
    head = ",".join(column.titles[0] for column in TOTALS.columns)
    for earned in ("80", "81"):
        rows = [f"外{n}区,{CIVILIZED.title_zh},{MONTH.key},2026,{earned},90,100,40,9,公报" for n in range(3)]
        said = "\n".join([head, *rows])
        city.bureau.post(f"{city.c}/outside", file=(io.BytesIO(said.encode()), "总分.csv"))
    found = walk(city, f"{city.c}/outside", re.compile(r"外\d区"))
    assert sorted(found) == sorted([f"外{n}区" for n in range(3)] * 2)
    counting = f"{city.c}/outside?counting=1&campaign=civilized_city&of={MONTH.key}"
    assert sorted(walk(city, counting, re.compile(r"外\d区"))) == [f"外{n}区" for n in range(3)]
    assert "已被后来的导入取代" in plain(city.bureau.get(f"{city.c}/outside?q=外1"))
    assert len(cells_of(city.bureau.get(f"{city.c}/outside/export.csv?q=外1"))) == 3
    assert "没有符合条件的导入" in plain(city.bureau.get(f"{city.c}/outside?of=1999-01"))
    for wrong in ("cursor=YQ", "cursor=eB94", "of=x"):
        city.bureau.ask(f"{city.c}/outside?{wrong}", status=422)


def test_pages_of_the_table_are_the_table_and_its_file(
    wall: Wall, city: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_shown, "SIZE", 3)
    monkeypatch.setattr(comparison_shown.read_shown, "__defaults__", (3,))
    for number in range(8):
        ref = city.district(f"第{number}区")
        told = [{"code": "late", "count": "1", "due": "9"}] if number == 4 else []
        send(wall, city.ref, ref, MONTH, earned=700 + number // 2, visits=9 if number == 7 else 100, warnings=told)
    send(wall, city.ref, city.district("旧版区"), MONTH, edition=OLD)
    send(wall, city.ref, city.district("未发区"), MONTH.previous)
    lines = cells_of(city.bureau.get(f"{city.c}/export.csv?{Q}"))[1:-1]
    path, seen = f"{city.c}?{Q}", []
    while path:
        page = city.bureau.get(path)
        body = page.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
        seen += [re.sub(r"<.*", "", one) for one in re.findall(r'<a class="key"[^>]*>([^<]+)', body)]
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = f"{city.c}{found[1].replace('&amp;', '&')}" if found else ""
    assert seen == [line[2] for line in lines]
    assert len(seen) == 10
    last = city.bureau.get(f"{city.c}?{Q}&start=9999")
    assert "共 10 条，本页 1 条" in plain(last)
    assert 'rel="prev"' in last
    city.bureau.get(f"{city.c}?{Q}&start=0", 422)
    city.bureau.get(f"{city.c}?{Q}&start=x", 422)
    first = plain(city.bureau.get(f"{city.c}?{Q}"))
    assert "已发布 9 / 10" in first
    assert "版本 2026： 7 个参加排名，最高 70.30%，中位 70.10%，最低 70.00%" in first


def test_the_table_is_narrowed_and_ranks_stay_those_of_the_whole(wall: Wall, city: Stage) -> None:
    for name, earned in (("甲一区", 950), ("甲二区", 940), ("乙一区", 930)):
        told = [{"code": "late", "count": "1", "due": "9"}] if name == "甲二区" else []
        send(wall, city.ref, city.district(name), MONTH, earned=earned, warnings=told)
    send(wall, city.ref, city.district("未发区"), MONTH.previous)

    def names(more: str) -> list[str]:
        return [line[2] for line in cells_of(city.bureau.get(f"{city.c}/export.csv?{Q}&{more}"))[1:-1]]

    assert names("q=一区") == ["甲一区", "乙一区"]
    assert [line[4] for line in cells_of(city.bureau.get(f"{city.c}/export.csv?{Q}&q=乙"))[1:-1]] == ["3"]
    assert names("state=missing") == ["未发区"]
    assert names("state=warned") == ["甲二区"]
    assert names(f"league={NEW[1][:12]}") == ["甲一区", "甲二区", "乙一区"]
    assert names("league=nothing") == []
    page = city.bureau.get(f"{city.c}?{Q}&q=乙")
    assert "甲一区" not in page.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    assert "没有符合条件的区县" in city.bureau.get(f"{city.c}?{Q}&q=没有")
    city.bureau.get(f"{city.c}?{Q}&state=odd", 422)
    assert "甲一区" in plain(city.bureau.get(f"{city.c}?{Q}&add=甲一区")).split("已选 1 个区县", 1)[1]
    assert [one["name"] for one in city.bureau.json(f"{city.c}/charts/ranking.json?{Q}&q=乙")["rows"]] == ["乙一区"]  # type: ignore[attr-defined]


def test_an_indicator_ranks_the_districts(wall: Wall, city: Stage) -> None:
    best = city.district("甲区")
    second, third = sorted((city.district("乙区"), city.district("丙区")), key=lambda one: one.slug)
    for ref, now, before in ((best, "96.00", "70.00"), (second, "80.00", "90.00"), (third, "80.00", None)):
        figures = (Figure("CIV-A1", now, 80, 100),)
        if before:
            send(wall, city.ref, ref, MONTH.previous, figures=(Figure("CIV-A1", before, 7, 10),))
        send(wall, city.ref, ref, MONTH, figures=figures)
    send(wall, city.ref, city.district("未评区"), MONTH, figures=(Figure("CIV-A1", None),))
    send(wall, city.ref, city.district("演示区"), MONTH, figures=(Figure("CIV-A1", "99.00", 99, 100),), is_demo=True)
    here = f"{city.c}/indicator/CIV-A1"
    assert here in city.bureau.get(f"{city.c}/matrix?{Q}&level=indicator")
    page = city.bureau.get(f"{here}?{Q}")
    lines = [plain(line).strip() for line in page.split("<tbody>", 1)[1].split("</tbody>", 1)[0].split("</tr>")]
    assert lines[1].startswith("1 上期 2 甲区 96.00% 80 / 100 100")
    assert lines[1].endswith("70.00%")
    assert lines[2].startswith(f"2 上期 1 {second.name} 80.00%")
    assert lines[3].startswith(f"2 {third.name} 80.00%")
    assert [line for line in lines if line.startswith(("版本", "没有"))] == [
        "版本 2026",
        "版本 2026（演示数据）",
        "没有参加排名",
    ]
    assert "未评区 未评或未送出" in lines[-2]
    assert "目标 ≥ 95%" in plain(page)
    assert "n 不到 100" not in page
    upward = city.bureau.get(f"{here}?{Q}&order=less")
    assert upward.index("乙区") < upward.index("甲区")
    book = book_of(city.bureau.ask(f"{here}/export.xlsx?{Q}").data)
    lines = cells_of(city.bureau.get(f"{here}/export.csv?{Q}"))
    assert [line[2:7] for line in lines[1:4]] == [
        ["甲区", best.slug, "1", "2", "96.00"],
        [second.name, second.slug, "2", "1", "80.00"],
        [third.name, third.slug, "2", "", "80.00"],
    ]
    assert [str(row[2]) for row in book] == [line[2] for line in lines]
    city.bureau.get(f"{city.c}/indicator/CIV-Z9?{Q}", 404)
    city.bureau.get(f"{here}?{Q}&least=7", 422)
    city.bureau.get(f"{here}?{Q}&order=odd", 422)


def test_of_many_districts_a_pair_is_found_by_name(wall: Wall, city: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_pair, "FEW", 2)
    refs = [city.district(name) for name in ("鼓楼区", "鼓楼区", "玄武区")]
    for ref in refs:
        send(wall, city.ref, ref, MONTH)
    both = f"left={refs[2].slug}&right={refs[2].slug}"
    assert "玄武区 2026" in plain(city.bureau.get(f"{city.c}/pair?{Q}&left={refs[0].slug}&left_name=玄武"))
    page = city.bureau.get(f"{city.c}/pair?{Q}&{both}&right_name=鼓楼区")
    assert "叫“鼓楼区”的有 2 个，请选一个" in page
    assert {ref.slug for ref in refs[:2]} == set(re.findall(r'href="\?[^"]*;right=([^"&]+)"', page))
    assert "没有叫“月球区”的区县" in city.bureau.get(f"{city.c}/pair?{Q}&left_name=月球区")
