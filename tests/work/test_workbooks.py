"""Onboarding from one workbook: what officials really upload, every bad row named, nothing half-written, twice the same."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from openpyxl import load_workbook
from sqlalchemy import func, select, text

from core.campaigns import installed
from core.errors import Fault, Forbidden, InvalidInput, SanchengError, TooLarge
from core.work.duties.people import list_people
from core.work.duties.posts import add_person_with_post
from core.work.enabling import enable
from core.work.imports.workbook_reading import SITES, read_workbook
from core.work.imports.workbook_template import write_row
from core.work.imports.workbooks import ImportReport, import_workbook, template_workbook
from core.work.organisation.territory import NewUnit, plant
from core.work.organisation.units import tree
from core.work.places.site_lists import list_sites
from core.work.tables import Audit, Site
from tenants.models import Holding, Person, Unit, UnitPath
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, bare_district

TODAY = date(2026, 3, 2)
TABLES = ("unit", "unit_parent", "unit_path", "unit_name", "person", "post", "holding", "site", "site_kind", "audit")
Rows = Sequence[Sequence[object]]

UNITS: Rows = [
    ["单位名称", "上级单位", "单位类型", "单位代码", "代码发布机构"],
    ["第一网格", "新设社区", "网格", "", ""],
    ["新设社区", "新设街道", "社区", "001", "本区编办"],
    ["新设街道", "", "街道", "", ""],
    ["商贸公司", "", "主办单位", "", ""],
]
PEOPLE: Rows = [
    ["姓名", "单位", "角色", "职务", "电话", "创建项目"],
    ["测试甲", "新设街道", "检查员", "网格长", "13800000001", ""],
    ["测试甲", "新设社区", "liaison", "", "１３８０００００００１", ""],
    ["测试乙", "001", "联络员", "", "", ""],
]
PLACES: Rows = [
    ["点位名称", "属地单位", "点位类型", "点位编号", "地址", "主办单位", "经度", "纬度", "长度（米）", "备注"],
    ["某某农贸市场", "新设社区", "农贸市场；公共厕所", "DW-1", "某路1号", "商贸公司", 112.5656, "37.7369", "", "x"],
    ["某某大街", "新设街道", "main_road", "", "", "", "", "", "１,２００", ""],
]


ZONED: Rows = [[*PLACES[0], "区域"], [*PLACES[1], " 核心区 "], [*PLACES[2], ""]]


def book(title_rows: int = 0, **sheets: Rows) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for n in range(title_rows):
                sheet.merge_range(n, 0, n, 5, f"某某区基础信息表（{n}）")
            for i, row in enumerate(rows, title_rows):
                for j, cell in enumerate(row):
                    if cell != "":
                        sheet.write(i, j, cell)
    return buffer.getvalue()


def load(session: ScopedSession, data: bytes, name: str = "开通.xlsx", actor: Any = None, **more: Any) -> ImportReport:
    return import_workbook(session, actor, read_workbook(data, name), today=TODAY, **more)


def dump(session: ScopedSession) -> dict[str, list[str]]:
    return {t: sorted(map(str, session.execute(text(f"SELECT to_jsonb(t) FROM {t} t")).scalars())) for t in TABLES}


def shown(fault: Fault) -> tuple[str, int | None, str, str]:
    assert fault.remedy, fault
    assert "{" not in fault.text()
    return fault.where, fault.row, fault.field, fault.message


def test_the_zone_of_a_site_comes_with_it_and_an_empty_cell_leaves_it(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        load(session, book(单位=UNITS, 人员=PEOPLE, 点位=ZONED))
        zones = dict(session.execute(select(Site.name, Site.zone)).all())
        assert zones == {"某某农贸市场": "核心区", "某某大街": ""}
        again = load(session, book(点位=PLACES))
        assert (again.faults, again.changed["sites"]) == ((), 0)
        moved = load(session, book(点位=[ZONED[0], [*PLACES[1], "外围区"]]))
        assert moved.changed["sites"] == 1
        assert session.scalars(select(Site.zone).where(Site.code == "DW-1")).one() == "外围区"
    assert "区域" in [cell.value for cell in load_workbook(io.BytesIO(template_workbook()))["点位"][2]]


def test_one_workbook_brings_units_people_and_sites(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        report = load(session, book(单位=UNITS, 人员=PEOPLE, 点位=PLACES))
        session.commit()
        assert report.faults == ()
        assert report.written
        assert report.created == {"units": 4, "people": 3, "sites": 2}
        nodes = {n.name: n for n in tree(session, TODAY)}
        assert nodes["第一网格"].parent == nodes["新设社区"].id
        assert (nodes["第一网格"].depth, nodes["新设社区"].code, nodes["商贸公司"].kind) == (3, "001", "operator")
        people = {p.name: p for p in list_people(session, None, on=TODAY)}
        assert {(h.unit_name, h.role, h.title) for h in people["测试甲"].posts} == {
            ("新设街道", "inspector", "网格长"),
            ("新设社区", "liaison", "联络员"),
        }
        assert people["测试甲"].phone == "13800000001"
        sites = {s.name: s for s in list_sites(session, None, today=TODAY).rows}
        market = sites["某某农贸市场"]
        assert (market.types, market.code) == (("produce_market", "public_toilet"), "DW-1")
        assert (market.operator_name, str(market.longitude)) == ("商贸公司", "112.565600")
        assert sites["某某大街"].attrs == {"length_m": 1200}
        verbs = session.scalars(select(Audit.verb)).all()
        assert {v: verbs.count(v) for v in set(verbs)} == {
            "unit.add": 4,
            "person.add": 2,
            "post.add": 2,
            "holding.begin": 3,
            "site.add": 2,
            "workbook.import": 1,
        }


def test_a_second_import_changes_nothing(wall: Wall) -> None:
    district = bare_district(wall)
    data = book(单位=UNITS, 人员=PEOPLE, 点位=PLACES)
    with district.session(wall) as session:
        load(session, data)
        session.commit()
        before = dump(session)
    with district.session(wall) as session:
        again = load(session, data)
        session.commit()
        assert (set(again.created.values()), set(again.changed.values()), again.faults) == ({0}, {0}, ())
        assert again.unchanged == {"units": 4, "people": 3, "sites": 2}
        assert dump(session) == before


def test_a_dry_run_tells_the_same_and_writes_nothing(wall: Wall) -> None:
    district = bare_district(wall)
    data = book(单位=UNITS, 人员=PEOPLE, 点位=PLACES)
    with district.session(wall) as session:
        before = dump(session)
        planned = load(session, data, dry_run=True)
        assert dump(session) == before
        done = load(session, data)
        assert (planned.created, planned.changed) == (done.created, done.changed)
        assert (planned.written, done.written) == (False, True)


def test_changes_are_made_where_a_row_means_something_known(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        load(session, book(单位=UNITS, 人员=PEOPLE, 点位=PLACES))
        session.commit()
        report = load(
            session,
            book(
                单位=[
                    UNITS[0],
                    ["更名社区", "", "社区", "001", "本区编办"],
                    ["新设街道", "", "街道", "009", "本区编办"],
                ],
                人员=[PEOPLE[0], ["测试乙", "001", "联络员", "副主任", "5551234", ""]],
                点位=[PLACES[0], ["改名市场", "更名社区", "农贸市场", "DW-1", "", "", "", "", "", ""]],
            ),
        )
        assert [shown(f) for f in report.faults] == []
        assert report.changed == {"units": 2, "people": 1, "sites": 1}
        session.commit()
        assert session.scalars(select(Unit.name).where(Unit.code == "001")).one() == "更名社区"
        assert session.scalars(select(Unit.code).where(Unit.name == "新设街道")).one() == "009"
        (person,) = list_people(session, None, on=TODAY, text="测试乙")
        assert (person.phone, [h.title for h in person.posts]) == ("5551234", ["副主任"])
        (row,) = list_sites(session, None, today=TODAY, text="改名").rows
        assert (row.types, row.address) == (("produce_market",), "某路1号"), "an empty cell leaves what is known"


@pytest.mark.parametrize("title_rows", [1, 2, 3])
def test_merged_title_rows_above_the_header_are_tolerated(wall: Wall, title_rows: int) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        bad = [*UNITS, ["坏行", "没有的上级", "网格", "", ""]]
        report = load(session, book(title_rows, 单位=bad))
        assert [f.row for f in report.faults] == [title_rows + 6]
        assert load(session, book(title_rows, 单位=UNITS)).created["units"] == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_csv_is_read_in_the_usual_encodings(wall: Wall, encoding: str, mark: str) -> None:
    district = bare_district(wall)
    lines = "\r\n".join(mark.join(str(c) for c in row) for row in UNITS)
    with district.session(wall) as session:
        report = load(session, f"某某区单位表\r\n{lines}\r\n".encode(encoding), "单位.csv")
        assert (report.created["units"], report.faults) == (4, ())


def test_english_headers_and_codes_do_as_well(wall: Wall) -> None:
    district = bare_district(wall)
    data = book(
        units=[["name", "Parent", "kind"], ["New Street", "", "subdistrict"]],
        people=[["name", "unit", "role"], ["Test A", "New Street", "Inspector"]],
        sites=[["name", "unit", "type", "length_m"], ["Main St", "New Street", "main or secondary road", 80.5]],
    )
    with district.session(wall) as session:
        report = load(session, data)
        assert (report.created, report.faults) == ({"units": 1, "people": 1, "sites": 1}, ())
        assert list_sites(session, None, today=TODAY).rows[0].attrs == {"length_m": "80.5"}


def test_a_sheet_of_any_name_is_told_by_its_header(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        report = load(session, book(Sheet1=UNITS, Sheet2=PEOPLE, 随手记=[["今天", "天气"], ["晴", "好"]]))
        assert (report.created["units"], report.created["people"]) == (4, 3)
        assert report.ignored == ("随手记",)


BAD: list[tuple[str, dict[str, Rows], list[tuple[str, int, str, str]]]] = [
    ("missing column", {"单位": [["单位名称", "上级单位"], ["甲", ""]]}, [("单位", 1, "单位类型", "缺少列")]),
    (
        "doubled column",
        {"人员": [["姓名", "单位", "角色", "姓名"], ["甲", "测试区", "联络员", "乙"]]},
        [("人员", 1, "姓名", "列名重复")],
    ),
    (
        "every bad unit row",
        {
            "单位": [
                UNITS[0],
                ["", "", "街道", "", ""],
                ["甲", "", "大街", "", ""],
                ["乙", "没有的街道", "社区", "", ""],
                ["丙", "", "", "", ""],
                ["丁", "", "社区", "77", ""],
                ["戊", "", "社区", "", ""],
                ["戊", "", "社区", "", ""],
                ["测试区一街道", "", "社区", "", ""],
                ["长" * 81, "", "社区", "", ""],
            ]
        },
        [
            ("单位", 2, "单位名称", "不能为空"),
            ("单位", 3, "单位类型", "没有这种单位类型"),
            ("单位", 4, "上级单位", "没有这个单位"),
            ("单位", 5, "单位类型", "不能为空"),
            ("单位", 6, "单位代码", "代码没有发布机构"),
            ("单位", 8, "单位名称", "与第 {first} 行重复"),
            ("单位", 9, "单位类型", "类型与已有单位不同"),
            ("单位", 10, "单位名称", "名称过长"),
        ],
    ),
    (
        "a ring of parents",
        {"单位": [UNITS[0], ["甲", "乙", "社区", "", ""], ["乙", "甲", "社区", "", ""]]},
        [("单位", 2, "上级单位", "没有这个单位"), ("单位", 3, "上级单位", "没有这个单位")],
    ),
    (
        "every bad person row",
        {
            "人员": [
                PEOPLE[0],
                ["", "测试区", "联络员", "", "", ""],
                ["甲", "没有的单位", "联络员", "", "", ""],
                ["乙", "测试区", "书记", "", "", ""],
                ["丙", "测试区", "联络员", "", "电话", ""],
                ["丁", "测试区", "联络员", "", "", "卫生城市"],
                ["戊", "", "", "", "", ""],
                ["己", "测试区", "联络员", "", "", ""],
                ["己", "测试区", "联络员", "", "", ""],
                ["庚", "测试区", "主管部门", "", "", ""],
            ]
        },
        [
            ("人员", 2, "姓名", "不能为空"),
            ("人员", 3, "单位", "没有这个单位"),
            ("人员", 4, "角色", "这里没有这个角色"),
            ("人员", 5, "电话", "电话号码无效"),
            ("人员", 6, "创建项目", "没有启用这个创建项目"),
            ("人员", 7, "角色", "不能为空"),
            ("人员", 7, "单位", "不能为空"),
            ("人员", 9, "姓名", "与第 {first} 行重复"),
            ("人员", 10, "角色", "这里没有这个角色"),
        ],
    ),
    (
        "every bad site row",
        {
            "点位": [
                PLACES[0],
                ["甲", "测试区", "菜市场", "", "", "", "", "", "", ""],
                ["", "测试区", "公园", "", "", "", "", "", "", ""],
                ["乙", "没有的社区", "公园", "", "", "没有的公司", "", "", "", ""],
                ["丙", "测试区", "公园", "", "", "", "37.7", "112.5", "", ""],
                ["丁", "测试区", "主次干道", "", "", "", "", "", "约一千", ""],
                ["戊", "测试区", "公园", "X1", "", "", "", "", "", ""],
                ["己", "测试区", "公园", "X1", "", "", "", "", "", ""],
                ["戊", "测试区", "公园", "X2", "", "", "", "", "", ""],
                ["庚", "", "", "", "", "", "112.5", "", "", ""],
            ]
        },
        [
            ("点位", 2, "点位类型", "没有这种点位类型"),
            ("点位", 3, "点位名称", "不能为空"),
            ("点位", 4, "属地单位", "没有这个单位"),
            ("点位", 4, "主办单位", "没有这个单位"),
            ("点位", 5, "经度", "坐标无效"),
            ("点位", 5, "纬度", "坐标无效"),
            ("点位", 6, "长度（米）", "属性的值无效"),
            ("点位", 8, "点位名称", "与第 {first} 行重复"),
            ("点位", 9, "点位名称", "与第 {first} 行重复"),
            ("点位", 10, "纬度", "经度和纬度要同时填写"),
            ("点位", 10, "点位类型", "不能为空"),
            ("点位", 10, "属地单位", "不能为空"),
        ],
    ),
]


@pytest.mark.parametrize(("sheets", "wanted"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_every_bad_row_is_named_and_nothing_is_written(
    wall: Wall, sheets: dict[str, Rows], wanted: list[tuple[str, int, str, str]]
) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        before = dump(session)
        report = load(session, book(**sheets))
        assert [shown(f) for f in report.faults] == wanted
        assert not report.written
        session.commit()
        assert dump(session) == before


def test_good_rows_may_be_kept(wall: Wall) -> None:
    district = bare_district(wall)
    mixed = {
        "单位": [*UNITS, ["坏", "没有", "网格", "", ""]],
        "人员": [*PEOPLE, ["坏", "没有", "联络员", "", "", ""]],
        "点位": [*PLACES, ["坏", "新设社区", "没有", "", "", "", "", "", "", ""]],
    }
    with district.session(wall) as session:
        report = load(session, book(**mixed), keep_good=True)
        session.commit()
        assert (len(report.faults), report.written) == (3, True)
        assert report.created == {"units": 4, "people": 3, "sites": 2}
        assert session.scalar(select(func.count()).select_from(Site)) == 2
        assert load(session, book(**mixed), keep_good=True).created == {"units": 0, "people": 0, "sites": 0}


def test_units_are_found_by_path_code_and_spoken_name(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        second = NewUnit("另一街道", "subdistrict", district.root)
        twins = [NewUnit("幸福社区居委会", "community", p, None) for p in (district.street, second.id)]
        village = NewUnit("白羊墅村委会", "village", second.id, "140302100213", "国家统计局")
        plant(session, [second, *twins, village], TODAY)
        session.commit()
        head = ["名称", "单位", "类型"]
        rows = [
            ["一号公园", "幸福社区", "公园"],
            ["二号公园", "另一街道／幸福社区", "公园"],
            ["三号公园", "测试区一街道 > 幸福社区居委会", "公园"],
            ["四号公园", "白羊墅村", "公园"],
            ["五号公园", "１４０３０２１００２１３", "公园"],
            ["六号公园", 140302100213, "公园"],
            ["七号公园", "测试区/另一街道/幸福社区", "公园"],
            ["八号公园", "不对街道/幸福社区", "公园"],
        ]
        report = load(session, book(点位=[head, *rows]), keep_good=True)
        assert [(f.row, f.message) for f in report.faults] == [(2, "有多个同名的单位"), (9, "没有这个单位")]
        assert "测试区一街道/幸福社区居委会" in report.faults[0].text()
        found = {s.name: s.unit_id for s in list_sites(session, None, today=TODAY).rows}
        assert found == {
            "二号公园": twins[1].id,
            "三号公园": twins[0].id,
            "四号公园": village.id,
            "五号公园": village.id,
            "六号公园": village.id,
            "七号公园": twins[1].id,
        }


def test_namesakes_are_kept_apart(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        wish = {"unit_id": district.street, "role": "liaison", "title": "", "today": TODAY}
        add_person_with_post(session, None, name="张三三", phone="13800000001", **wish)
        add_person_with_post(session, None, name="李四四", **wish)
        add_person_with_post(session, None, name="李四四", **wish)
        session.commit()
        street = "测试区一街道"
        report = load(
            session,
            book(
                人员=[
                    ["姓名", "单位", "角色", "电话"],
                    ["张三三", street, "联络员", "13800000002"],
                    ["李四四", street, "联络员", ""],
                    ["张三三", "测试区第1社区", "联络员", "13800000003"],
                    ["张三三", "测试区第2社区", "联络员", "13800000001"],
                ]
            ),
            keep_good=True,
        )
        assert [(f.row, f.field) for f in report.faults] == [(2, "电话"), (3, "姓名")]
        assert report.created["people"] == 2
        session.commit()
        assert len(session.scalars(select(Person).where(Person.name == "张三三")).all()) == 2
        first = select(Person.id).where(Person.phone == "13800000001")
        assert len(session.scalars(select(Holding).where(Holding.person_id.in_(first))).all()) == 2


def test_a_post_for_one_campaign_names_it_by_title(wall: Wall) -> None:
    district = bare_district(wall)
    campaign = installed().get("sanitary_city")
    with district.session(wall) as session:
        enable(session, None, campaign, today=TODAY)
        rows = [["姓名", "单位", "角色", "活动"]]
        rows += [
            [f"测试{n}", "测试区", "检查员", said]
            for n, said in enumerate((campaign.title_zh, "Sanitary", campaign.key))
        ]
        assert load(session, book(人员=rows)).faults == ()
        assert {h.campaign for p in list_people(session, None, on=TODAY) for h in p.posts} == {"sanitary_city"}


def test_a_local_administrator_imports_on_his_own_ground_only(wall: Wall) -> None:
    district = bare_district(wall)
    local = add_actor(wall, district.ref, "administrator", district.street)
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    sheets = {
        "单位": [UNITS[0], ["乙网格", "测试区第1社区", "网格", "", ""], ["外部门", "", "部门", "", ""]],
        "人员": [PEOPLE[0], ["甲", "乙网格", "联络员", "", "", ""], ["乙", "测试区", "管理员", "", "", ""]],
        "点位": [["名称", "单位", "类型"], ["内园", "乙网格", "公园"], ["外园", "测试区", "公园"]],
    }
    with district.session(wall) as session:
        report = load(session, book(**sheets), actor=local, keep_good=True)
        assert [(f.where, f.row, f.message) for f in report.faults] == [
            ("单位", 3, "不在您的管辖范围内"),
            ("人员", 3, "不在您的管辖范围内"),
            ("点位", 3, "不在您的管辖范围内"),
        ]
        session.commit()
        assert session.scalars(select(Site.name)).all() == ["内园"]
        assert session.scalar(select(func.count()).select_from(Unit).where(Unit.name == "外部门")) == 0
        with pytest.raises(Forbidden):
            load(session, book(**sheets), actor=inspector)


def test_a_rename_by_code_needs_the_unit_itself(wall: Wall) -> None:
    district = bare_district(wall)
    local = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session:
        for place, code in ((district.communities[0], "11"), (district.departments["cdc"], "12")):
            unit = session.get_one(Unit, (session.tenant_id, place))
            unit.code, unit.code_issuer = code, "本区编办"
        session.commit()
        rows = [["新名社区", "", "社区", "11", "本区编办"], ["新名局", "", "部门", "12", "本区编办"]]
        report = load(session, book(单位=[UNITS[0], *rows]), actor=local, keep_good=True)
        assert [(f.row, f.message) for f in report.faults] == [(3, "不在您的管辖范围内")]
        assert report.changed["units"] == 1
        names = set(session.scalars(select(Unit.name)))
        assert "新名社区" in names
        assert "新名局" not in names


def test_two_imports_at_once_make_one(wall: Wall) -> None:
    district = bare_district(wall)
    data = book(单位=UNITS, 人员=PEOPLE, 点位=PLACES)

    def run(_: int) -> int:
        with district.session(wall) as session:
            report = load(session, data)
            session.commit()
            return report.created["sites"]

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(run, range(3))) == [0, 0, 2]


def test_two_districts_import_for_themselves(wall: Wall) -> None:
    one, two = bare_district(wall), bare_district(wall)
    data = book(单位=UNITS, 人员=PEOPLE, 点位=PLACES)
    with one.session(wall) as session:
        load(session, data)
        session.commit()
    with two.session(wall) as session:
        assert load(session, book(人员=PEOPLE)).faults[0].message == "没有这个单位"
        assert load(session, data).created["units"] == 4
        session.rollback()
        assert session.scalars(select(Site)).all() == []


def bomb(size: int) -> bytes:
    buffer = io.BytesIO(book(单位=UNITS))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/zeros.xml", b"\0" * size)
    return buffer.getvalue()


def lying_bomb() -> bytes:
    data = bytearray(bomb(30_000_000))
    for sign, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(b"xl/media/zeros.xml") if sign == b"PK\x03\x04" else data.rfind(b"xl/media/zeros.xml")
        start = data.rfind(sign, 0, at)
        data[start + place : start + place + 4] = (1000).to_bytes(4, "little")
    return bytes(data)


def far_cell() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        sheet = made.add_worksheet("单位")
        sheet.write(0, 0, "单位名称")
        sheet.write(1_048_575, 16_383, "x")
    return buffer.getvalue()


def wide() -> bytes:
    return book(单位=[[*UNITS[0], *[f"列{n}" for n in range(300)]], ["甲", "", "街道"]])


FILES: list[tuple[str, Any, str, type[SanchengError], str]] = [
    ("utf-16", lambda: "单位名称,单位类型\n甲,街道\n".encode("utf-16"), "单位.csv", InvalidInput, "UTF-16"),
    ("neither", lambda: "单位名称\n甲\n".encode() + b"\xff\xff\xfe", "单位.csv", InvalidInput, "GB18030"),
    ("quote", lambda: '单位名称,单位类型\n"甲,街道\n'.encode(), "单位.csv", InvalidInput, "引号"),
    ("empty", lambda: b"", "单位.csv", InvalidInput, "没有找到可以导入的工作表"),
    ("no such sheet", lambda: book(Sheet1=[["甲", "乙"], ["丙", "丁"]]), "a.xlsx", InvalidInput, "没有找到"),
    ("not a zip", lambda: b"hello", "a.xlsx", InvalidInput, "打不开"),
    ("old xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xlsx", InvalidInput, "打不开"),
    ("cut", lambda: book(单位=UNITS)[:-300], "a.xlsx", InvalidInput, "打不开"),
    ("a zip of something", lambda: zipped("a.txt"), "a.xlsx", InvalidInput, "不是 .xlsx"),
    ("half a workbook", lambda: zipped("xl/workbook.xml"), "a.xlsx", InvalidInput, "打不开"),
    ("word", lambda: b"PK", "a.docx", InvalidInput, "不支持"),
    ("no ending", lambda: b"x", "README", InvalidInput, "不支持"),
    ("too big", lambda: b"x" * 20_000_001, "a.xlsx", TooLarge, "20 MB"),
    ("bomb", lambda: bomb(101_000_000), "a.xlsx", TooLarge, "100 MB"),
    ("lying bomb", lying_bomb, "a.xlsx", InvalidInput, "打不开"),
    ("far cell", far_cell, "a.xlsx", TooLarge, "1048576"),
    ("wide", wide, "a.xlsx", TooLarge, "305"),
    ("rows", lambda: ("单位名称,单位类型\n" + "甲,街道\n" * 100_010).encode(), "单位.csv", TooLarge, "100000"),
    ("one row over", lambda: ("单位名称,单位类型\n" + "甲,街道\n" * 100_001).encode(), "单位.csv", TooLarge, "100001"),
]


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(("make", "name", "kind", "said"), [c[1:] for c in FILES], ids=[c[0] for c in FILES])
def test_what_is_no_workbook_is_refused_with_a_remedy(
    make: Any, name: str, kind: type[SanchengError], said: str
) -> None:
    data = make()
    start = time.perf_counter()
    with pytest.raises(kind) as caught:
        read_workbook(data, name)
    print(f"{time.perf_counter() - start:.2f} s", caught.value.text())
    assert said in caught.value.text()
    assert all(f.remedy for f in caught.value.faults)


def test_ten_to_the_fifth_rows(wall: Wall) -> None:
    district = bare_district(wall)
    lines = "".join(f"点位{n},测试区第{n % 2 + 1}社区,公园,{n}\n" for n in range(100_000))
    data = f"名称,单位,类型,编号\n{lines}".encode()
    with district.session(wall) as session:
        start = time.perf_counter()
        workbook = read_workbook(data, "点位.csv")
        read = time.perf_counter()
        report = import_workbook(session, None, workbook, today=TODAY, dry_run=True)
        print(f"100 000 rows: read {read - start:.1f} s, compared {time.perf_counter() - read:.1f} s")
        assert (report.created["sites"], report.faults) == (100_000, ())


def test_ten_to_the_fifth_bad_rows_are_all_named(wall: Wall) -> None:
    district = bare_district(wall)
    data = ("名称,单位,类型\n" + "点位,没有,没有\n" * 100_000).encode()
    with district.session(wall) as session:
        report = import_workbook(session, None, read_workbook(data, "点位.csv"), today=TODAY)
        assert len({f.row for f in report.faults}) == 100_000
        assert session.scalars(select(Site)).all() == []


def test_how_long_a_real_import_takes(wall: Wall) -> None:
    district = bare_district(wall)
    rows = [[f"点位{n}", f"测试区第{n % 2 + 1}社区", "农贸市场;公园", f"C{n}", f"某路{n}号"] for n in range(3_000)]
    people = [[f"测试{n}", "测试区一街道", "检查员", f"1380000{n:04}"] for n in range(500)]
    data = book(
        点位=[["名称", "单位", "类型", "编号", "地址"], *rows], 人员=[["姓名", "单位", "角色", "电话"], *people]
    )
    with district.session(wall) as session:
        start = time.perf_counter()
        report = load(session, data)
        session.commit()
        print(f"3 000 sites and 500 people: {time.perf_counter() - start:.2f} s")
        assert report.created == {"units": 0, "people": 500, "sites": 3_000}
        start = time.perf_counter()
        assert load(session, data).unchanged == {"units": 0, "people": 500, "sites": 3_000}
        print(f"again: {time.perf_counter() - start:.2f} s")


def test_the_template_is_read_back_and_its_example_is_not_imported(wall: Wall) -> None:
    data = template_workbook()
    workbook = read_workbook(data, "模板.xlsx")
    assert [(s.kind, s.rows, set(s.headers)) for s in workbook.sheets if s.kind == "sites"] == [
        ("sites", (), {c.code for c in SITES.columns})
    ]
    assert (workbook.faults, workbook.ignored) == ((), ())
    sheets = load_workbook(io.BytesIO(data))
    assert sheets.sheetnames == ["单位", "人员", "点位", "代码"]
    assert str(sheets["点位"]["A3"].value).startswith("示例")
    codes = {row[1] for row in sheets["代码"].iter_rows(values_only=True)}
    assert {"produce_market", "subdistrict", "inspector"} <= codes
    district = bare_district(wall)
    with district.session(wall) as session:
        sheets["点位"].append(["新公园", "测试区", "公园"])
        buffer = io.BytesIO()
        sheets.save(buffer)
        report = load(session, buffer.getvalue())
        assert (report.created["sites"], report.faults) == (1, ())


def test_cells_that_look_like_formulas_are_written_as_text() -> None:
    buffer = io.BytesIO()
    said = ["=1+1", "+86", "-1", "@x", "普通"]
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        write_row(made.add_worksheet("a"), 0, said)
    cells = next(load_workbook(io.BytesIO(buffer.getvalue()))["a"].iter_rows())
    assert [(c.value, c.data_type) for c in cells] == [(s, "s") for s in said]


def test_closure_of_imported_units_is_complete(wall: Wall) -> None:
    district: District = bare_district(wall)
    with district.session(wall) as session:
        load(session, book(单位=UNITS))
        grid = session.scalars(select(Unit.id).where(Unit.name == "第一网格")).one()
        paths = select(UnitPath.depth).where(UnitPath.unit_id == grid).order_by(UnitPath.depth)
        assert session.scalars(paths).all() == [0, 1, 2, 3]
