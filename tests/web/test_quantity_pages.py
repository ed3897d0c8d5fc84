"""The quantities' pages (工作量页): every figure of five reports entered and printed again, the board, the dictionary, the workbook."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.work.calendar import local_day
from core.work.quantities.entering import QuantityWish, enter
from core.work.quantities.kinds import KindWish, add_kind
from core.work.quantities.reading import Asked, list_entries
from core.work.quantities.steps import set_total
from core.work.statistics.measures import MEASURES, find_measure
from core.work.tables import QuantityEntry, QuantityKind
from tenants.db import now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import District, add_actors, add_unit, bare_district
from tests.web.desk import Clerk, clerk, content
from tests.work.report_figures import STATED, Stated

KINDS = ("task-count", "quantity", "registry-size")
# The unit's word of a report where it is not the word of ours that it means first.
MEANT = {"sets": "ensemble", "cases": "incident"}
WORDS_ZH = {"exact": "{n}", "over": "{n}余", "approx": "约{n}", "tens": "数十", "tens_of_thousands": "数万"}
WORDS_EN = {
    "exact": "{n}",
    "over": "over {n}",
    "approx": "about {n}",
    "tens": "dozens of",
    "tens_of_thousands": "tens of thousands of",
}
WORD_NAMES = {"exact": "准确", "over": "余", "approx": "约", "tens": "数十", "tens_of_thousands": "数万"}
TYPED = {"exact": "{n}", "over": "{n}多", "approx": "约{n}", "tens": "{n}", "tens_of_thousands": "{n}"}
INPUTS = ("环卫出动人员", "出动人员", "专业车辆", "出动车辆")


@dataclass
class Stage:
    """A district in which the five reports were entered, one unit a report."""

    place: District
    wall: Wall
    office: Clerk
    mate: Clerk
    english: Clerk
    units: dict[str, UUID] = field(default_factory=dict)
    entries: dict[str, UUID] = field(default_factory=dict)

    def entry(self, figure: str) -> QuantityEntry:
        with self.place.session(self.wall) as session:
            found = session.get(QuantityEntry, (session.tenant_id, self.entries[figure]))
            assert found is not None
            return found


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


def flow_of(stated: Stated) -> str:
    if stated.kind == "registry-size":
        return "stock"
    return "input" if stated.name in INPUTS else "output"


def measure_of(stated: Stated) -> str:
    return MEANT.get(stated.unit) or find_measure(stated.unit).code


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall) -> Stage:
    place = bare_district(wall)
    with place.session(wall) as session:
        names = sorted({(one.report, one.district) for one in STATED})
        units = {report: add_unit(session, "subdistrict", name, [place.root]) for report, name in names}
        session.commit()
    people = add_actors(wall, place.ref, [("hq_office", place.root, "")] * 3)
    office, mate = (clerk(app, wall, one) for one in people[:2])
    made = Stage(place, wall, office, mate, clerk(app, wall, people[2], "en"), units)
    with place.session(wall) as session:
        kinds: dict[tuple[str, str], UUID] = {}
        for stated in STATED:
            key = (stated.name, measure_of(stated))
            if key not in kinds:
                wish = KindWish(f"k{len(kinds):03}", stated.name, key[1], flow_of(stated))
                kinds[key] = add_kind(session, people[0], wish, now=now()).id
            wish_of = QuantityWish(
                kind_id=kinds[key],
                unit_id=units[stated.report],
                amount=TYPED[stated.qualifier].format(n=stated.value),
                scope=stated.scope,
                period=stated.period,
                basis="declared",
                document=f"汇报{stated.report}",
                note=stated.id,
            )
            made.entries[stated.id] = enter(session, people[0], wish_of, now=now()).id
        for part in ("S4-F009", "S4-F010", "S4-F011", "S4-F012"):
            set_total(session, people[0], made.entries[part], made.entries["S4-F008"], 1, now=now())
        session.commit()
    return made


# ---- every figure is printed again ----


def rows_of(clerk_: Clerk) -> dict[UUID, str]:
    """What the pages of the list say of each entry, by its id, all pages turned."""
    found: dict[UUID, str] = {}
    path = "quantities"
    while True:
        page = clerk_.read(path)
        for row in re.findall(r"<tr data-href=.*?</tr>", page, re.DOTALL):
            key = re.search(r"quantities/([0-9a-f-]{36})", row)
            assert key is not None
            found[UUID(key[1])] = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip()
        following = re.search(r'rel="next" href="\?([^"]+)"', page)
        if following is None:
            return found
        path = f"quantities?{following[1]}"


def printed(stated: Stated, words: dict[str, str], unit: str) -> str:
    return words[stated.qualifier].format(n=stated.value.removesuffix(".0")).replace(" ", "") + unit.replace(" ", "")


def test_every_figure_is_entered_and_printed_again_by_the_page(stage: Stage) -> None:
    for clerk_, words, name in ((stage.office, WORDS_ZH, "name_zh"), (stage.english, WORDS_EN, "name_en")):
        shown = rows_of(clerk_)
        for stated in STATED:
            row = shown[stage.entries[stated.id]]
            unit = getattr(MEASURES[measure_of(stated)], name)
            assert row.replace(" ", "").startswith(printed(stated, words, unit)), (stated, row)
            assert stated.scope in row
            assert stated.period in row
            assert stated.district in row
            assert f"汇报{stated.report}" in row


def test_every_figure_is_printed_again_by_both_exports(stage: Stage) -> None:
    text = stage.office.ask("quantities/quantities.csv").get_data(as_text=True).removeprefix("\ufeff")
    workbook = openpyxl.load_workbook(io.BytesIO(stage.office.ask("quantities/quantities.xlsx").get_data()))
    sheet = [[str(cell or "") for cell in row] for row in workbook.active.iter_rows(values_only=True)]
    for head, *rows in (list(csv.reader(io.StringIO(text))), sheet):
        named = {row[head.index("备注说明")]: dict(zip(head, row, strict=True)) for row in rows}
        assert len(named) == len(STATED)
        for stated in STATED:
            row = named[stated.id]
            words = WORDS_ZH[stated.qualifier].format(n=stated.value.removesuffix(".0"))
            unit = MEASURES[measure_of(stated)].name_zh
            assert (row["数量"], row["限定词"]) == (words, WORD_NAMES[stated.qualifier]), stated
            assert (row["计量单位"], row["范围"], row["期间"]) == (unit, stated.scope, stated.period)
            assert (row["科目"], row["填报单位"]) == (stated.name, stated.district)
            number = "" if stated.value.startswith("数") else stated.value
            assert row["准确数字"] == number


def test_what_has_no_number_is_unknown_and_never_nought(stage: Stage) -> None:
    for figure in ("S0-F024", "S1-F013"):
        entry = stage.entry(figure)
        assert (entry.value, entry.low, entry.high) == (None, None, None)
    assert stage.entry("S0-F052").value == Decimal("968447.06")


def test_the_figures_are_those_of_the_reports() -> None:
    """The facts of this test against the reports' own table, where it lies beside the checkout."""
    table = Path(__file__).parents[3] / "shared" / "domain" / "report_figures.tsv"
    if not table.exists():
        pytest.skip("the table of the reports' figures does not lie beside this checkout")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] in KINDS]
    names = ("id", "district", "campaign", "subject_zh", "value", "unit", "qualifier", "period", "kind")
    assert [tuple(row[name] for name in names) for row in rows] == [tuple(one) for one in STATED]


# ---- the known contradictions warn ----


def test_3182_against_3121_shows_the_gap(stage: Stage) -> None:
    page = content(stage.office.read(f"quantities/{stage.entries['S4-F008']}"))
    assert "4 个分项合计 3121 家，比申报数少 61（1.92%）" in page
    assert "61 (1.92%)" in content(stage.english.read(f"quantities/{stage.entries['S4-F008']}"))
    listed = rows_of(stage.office)[stage.entries["S4-F008"]]
    assert "少 61（1.92%）" in listed


def test_2770_and_6570_under_one_heading_are_asked_about(stage: Stage) -> None:
    page = content(stage.office.read("quantities/doubles?q=拆除私搭乱建"))
    assert "两个范围：是互不重复，还是有重叠？" in page
    assert "2770" in page
    assert "6570" in page
    listed = rows_of(stage.office)
    for figure in ("S3-F017", "S3-F036"):
        assert "两个范围" in listed[stage.entries[figure]]
    kind = stage.entry("S3-F017").kind_id
    board = content(stage.office.read(f"quantities?kind={kind}"))
    assert "2 条填报，合计9340 个" in board
    assert "1 对疑似重复" in board


def test_5700_metres_and_5700_trips_look_copied(stage: Stage) -> None:
    for figure in ("S3-F027", "S3-F033"):
        page = content(stage.office.read(f"quantities/{stage.entries[figure]}"))
        assert "同一文件里不同计量单位的数字相同：可能抄错" in page
        assert "合并" not in page.partition("疑似重复")[2].partition("经过")[0]
    assert "5700" in content(stage.office.read("quantities/doubles"))


# ---- pages ----


def test_inputs_and_outputs_stand_apart(stage: Stage) -> None:
    page = stage.office.read("quantities?flow=input")
    assert "出动人员" in page
    assert "清运垃圾" not in page.partition("<main")[2].partition("<tbody")[2]
    heads = re.findall(r"<h2>([^<]+)", stage.office.read("quantities?document=汇报S3"))
    assert heads[:2] == ["投入", "产出"]


def test_a_quantity_is_entered_corrected_verified_and_withdrawn(stage: Stage) -> None:
    kind = stage.entry("S3-F023").kind_id
    form = {"kind": str(kind), "unit": str(stage.place.street), "amount": "2300多人", "basis": "self"}
    _answer, page = stage.office.send("quantities/new", form, 422)
    assert "计量单位不对" in page
    assert 'value="2300多人"' in page
    _answer, page = stage.office.send("quantities/new", form | {"kind": "", "amount": "2300多"}, 422)
    assert "请选择科目" in page
    answer, _page = stage.office.send("quantities/new", form | {"amount": "2300多", "period": "2026-10"}, 303)
    where = answer.location.partition(f"/t/{stage.office.slug}/")[2]
    assert "2300余人次" in content(stage.office.read(where)).replace(" ", "")
    stage.office.send(where, {"verb": "verify", "version": "1"}, 403)
    stage.mate.send(where, {"verb": "verify", "version": "1", "note": "现场看过"}, 303)
    assert "现场看过" in stage.office.read(where)
    _answer, page = stage.office.send(where, {"verb": "correct", "version": "2", "amount": "2400", "reason": ""}, 422)
    assert "请写明理由" in page
    more = {"verb": "correct", "version": "2", "amount": "2400", "reason": "漏报一组", "basis": "self"}
    stage.office.send(where, more, 303)
    _answer, page = stage.office.send(where, more | {"amount": "2500"}, 412)
    assert "刚刚改过这一条" in page
    stage.office.send(where, {"verb": "withdraw", "version": "3", "reason": "不属于本月"}, 303)
    assert "不属于本月" in stage.office.read(where)
    assert where.rpartition("/")[2] not in stage.office.read("quantities?q=环卫")


def test_candidates_are_settled_on_the_page_and_taken_back(stage: Stage) -> None:
    first, second = stage.entries["S3-F017"], stage.entries["S3-F036"]
    where = f"quantities/{first}"
    _answer, page = stage.office.send(where, {"verb": "disjoint", "other": str(second), "reason": ""}, 422)
    assert "请写明理由" in page
    stage.office.send(where, {"verb": "disjoint", "other": str(second), "reason": "市容与社区分开统计"}, 303)
    page = content(stage.office.read(where))
    assert "互不重复：市容与社区分开统计" in page
    stage.office.send(where, {"verb": "undo", "other": str(second)}, 303)
    stage.office.send(where, {"verb": "merge", "other": str(second), "keep": "other"}, 303)
    assert "已并入：" in content(stage.office.read(where))
    stage.office.send(where, {"verb": "undo", "other": str(second)}, 303)
    assert stage.entry("S3-F017").state == "reported"


def test_the_dictionary_is_taken_over_changed_and_retired(app: Flask, wall: Wall) -> None:
    place = bare_district(wall)
    office, liaison = (
        clerk(app, wall, one)
        for one in add_actors(wall, place.ref, [("hq_office", place.root, ""), ("liaison", place.street, "")])
    )
    assert "去建科目" in office.read("quantities")
    liaison.send("quantities/kinds/starter", {}, 403)
    office.send("quantities/kinds/starter", {}, 303)
    assert "清运垃圾" in office.read("quantities/kinds?q=清运")
    _answer, page = office.send("quantities/kinds", {"code": "waste_removed", "name_zh": "垃圾", "measure": "t"}, 422)
    assert "请从列出的选项中选择" in page
    wish = {"code": "trees", "name_zh": "补植树木", "measure": "tree", "flow": "output"}
    office.send("quantities/kinds", wish, 303)
    _answer, page = office.send("quantities/kinds", wish, 409)
    assert "已经用于另一个科目" in page
    with place.session(wall) as session:
        row = session.scalars(select(QuantityKind).where(QuantityKind.code == "trees")).one()
    where = f"quantities/kinds/{row.id}"
    office.send(where, wish | {"name_zh": "补植行道树", "version": "1"}, 303)
    office.send(where, wish | {"name_zh": "补植行道树", "version": "1"}, 412)
    office.send(where, {"verb": "retired", "version": "2"}, 303)
    assert "已停用" in office.read("quantities/kinds?q=trees")
    assert "补植行道树" not in office.read("quantities/new")
    csv_text = office.ask("quantities/kinds/kinds.csv").get_data(as_text=True)
    assert "trees,补植行道树,,产出,株,,已停用" in csv_text


def test_a_workbook_is_checked_marked_and_entered(stage: Stage) -> None:
    rows = [("科目", "填报单位", "数量", "期间"), ("边沟清淤护坡", "锦州市古塔区", "７００余", "2026-10")]
    rows += [("边沟清淤护坡", "锦州市古塔区", "很长", "2026-10"), ("没有的", "锦州市古塔区", "3", "")]
    text = "\n".join(",".join(row) for row in rows)
    data: dict[str, Any] = {"file": (io.BytesIO(text.encode()), "工作量填报.csv")}
    answer, _page = stage.office.send("quantities/import", data, 303)
    where = answer.location.partition(f"/t/{stage.office.slug}/")[2]
    page = content(stage.office.read(where))
    assert "不是数量" in page
    assert "没有这个科目" in page
    assert "700余" in page
    path, _mark, query = where.partition("?")
    marked = openpyxl.load_workbook(io.BytesIO(stage.office.ask(f"{path}/marked?{query}").get_data())).active
    told = [[str(cell or "") for cell in row] for row in marked.iter_rows(values_only=True)]
    assert told[0][4:] == ["原因", "读作"]
    assert "700余" in told[1][5]
    assert "不是数量" in told[2][4]
    assert "没有这个科目" in told[3][4]
    name = "工作量填报.csv"
    stage.office.send(path, {"name": name}, 422)
    stage.office.send(path, {"name": name, "keep_good": "1"}, 303)
    with stage.place.session(stage.wall) as session:
        lines = list_entries(session, None, Asked(text="边沟"), today=local_day(now()))
        assert [str(line.entry.value) for line in lines] == ["5700", "700"]


def test_who_reports_for_a_unit_sees_its_quantities_only(stage: Stage, app: Flask, wall: Wall) -> None:
    person = add_actors(wall, stage.place.ref, [("liaison", stage.units["S4"], "")])[0]
    desk = clerk(app, wall, person)
    shown = rows_of(desk)
    assert stage.entries["S4-F008"] in shown
    assert stage.entries["S3-F017"] not in shown
    desk.read(f"quantities/{stage.entries['S3-F017']}", 404)
