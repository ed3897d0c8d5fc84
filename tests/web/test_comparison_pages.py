"""The city's other pages: leagues, breaks, the matrix, one sealed figure, two districts, tiles; all from the address."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from core.app import create_app
from core.databases import Urls
from core.figures.grants import give_grant
from core.settings import Settings
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
        return bare_tenant(self.wall, name=name, city_id=self.ref.id)


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
    made = make(wall, CIVILIZED, name="未报区", city_id=city.ref.id)
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
    assert "未报区" not in plain(city.bureau.get(f"{city.c}/due?state=in_time")).split("应报日 ", 1)[1]
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
