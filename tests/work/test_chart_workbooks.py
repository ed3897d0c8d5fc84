"""Charts from workbooks: the headquarters of the reports twice the same, a new chart into a draft, out and in again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.errors import InvalidInput
from core.work.imports.workbook_reading import read_workbook
from core.work.imports.workbooks import import_workbook
from core.work.organisation.chart_drafts import fate_words
from core.work.organisation.chart_export import NEW_CHART, chart_rows, draft_rows, header, write_workbook
from core.work.organisation.reorganising import approve, import_chart, open_sheet, propose
from core.work.organisation.units import add_unit, tree
from core.work.tables import Reorganisation
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, bare_district
from tests.work.test_charts import TODAY, closure_on, recomputed
from tests.work.test_workbooks import book

Rows = Sequence[Sequence[object]]
HEAD = ["序号", "上级", "名称", "类型", "职务", "姓名"]
# 一办五组六片区: one office, five groups, six areas; two heads lead together.
ONE_FIVE_SIX: Rows = [
    HEAD,
    [1, "", "创建指挥部", "总指挥部", "政委", "测试书记"],
    [2, "", "创建指挥部", "总指挥部", "总指挥", "测试区长"],
    [3, "创建指挥部", "办公室", "办公室", "主任", "测试甲、测试乙"],
    *([n + 4, "创建指挥部", f"{word}组", "工作组", "组长", f"组长{word}"] for n, word in enumerate("宣建市食督")),
    [9, "创建指挥部", "督组", "组", "联络员", "联络督"],
    *([n + 10, "创建指挥部", f"{word}片区", "片区", "片长", f"片长{word}"] for n, word in enumerate("东西南北中新")),
]
# 1+11+7: one headquarters, eleven guidance groups, seven task forces.
ONE_ELEVEN_SEVEN: Rows = [
    HEAD,
    *([n + 2, "联创指挥部", f"第{n}督导指导组", "督导指导组", "组长", f"督导{n}"] for n in range(1, 12)),
    *([n + 13, "联创指挥部", f"{word}专班", "专班", "", ""] for n, word in enumerate("甲乙丙丁戊己庚")),
    [1, "", "联创指挥部", "指挥部", "指挥长", "测试指挥"],
]


def shape(session: ScopedSession) -> list[tuple[str, str, str, str]]:
    nodes = {n.id: n for n in tree(session, TODAY)}
    found = [(n.name, n.kind, nodes[n.parent].name) for n in nodes.values() if n.parent and n.tree == "headquarters"]
    return sorted((*one, "") for one in found)


@pytest.mark.parametrize(
    ("rows", "units", "people"),
    [(ONE_FIVE_SIX, {"headquarters": 1, "hq": 1, "work_group": 5, "area": 6}, 2 + 2 + 5 + 1 + 6),
     (ONE_ELEVEN_SEVEN, {"headquarters": 1, "guidance_group": 11, "work_group": 7}, 11 + 1)],
)  # fmt: skip
def test_a_headquarters_is_brought_in_and_twice_is_once(
    wall: Wall, rows: Rows, units: dict[str, int], people: int
) -> None:
    with bare_district(wall).session(wall) as session:
        workbook = read_workbook(book(指挥部=rows), "指挥部.xlsx")
        report = import_workbook(session, None, workbook, today=TODAY, dry_run=True)
        assert (report.faults, report.written, shape(session)) == ((), False, [])
        report = import_workbook(session, None, workbook, today=TODAY)
        assert (report.created["units"], report.created["people"]) == (sum(units.values()), people)
        session.commit()
        kinds = select(Unit.kind, func.count()).where(Unit.tree == "headquarters").group_by(Unit.kind)
        assert dict(session.execute(kinds).all()) == units
        before = (shape(session), session.scalar(select(func.count()).select_from(Holding)))
        again = import_workbook(session, None, workbook, today=TODAY)
        assert (again.faults, set(again.created.values()), set(again.changed.values())) == ((), {0}, {0})
        assert (shape(session), session.scalar(select(func.count()).select_from(Holding))) == before
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


def test_people_named_beside_a_unit_hold_posts_there(wall: Wall) -> None:
    with bare_district(wall).session(wall) as session:
        import_workbook(session, None, read_workbook(book(单位=ONE_FIVE_SIX), "x.xlsx"), today=TODAY)
        chosen = (
            select(Person.name, Post.title, Post.role)
            .join(Holding, Holding.person_id == Person.id)
            .join(Post, Post.id == Holding.post_id)
            .join(Unit, Unit.id == Post.unit_id)
        )
        assert set(session.execute(chosen.where(Unit.name == "督组")).all()) == {
            ("组长督", "组长", "leader"),
            ("联络督", "联络员", "liaison"),
        }
        office = select(Post.id).join(Unit, Unit.id == Post.unit_id).where(Unit.name == "办公室")
        assert len(session.scalars(office).all()) == 1, "one post, two holders"


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (["", "督查组", "宫殿", "", ""], "类型", "没有这种单位类型"),
        (["没有的指挥部", "督查组", "组", "", ""], "上级", "没有这个单位"),
        (["", "", "组", "组长", "测试甲"], "名称", "不能为空"),
        (["", "督查组", "组", "长" * 61, "测试甲"], "职务", "职务名称过长"),
        (["", "督查组", "组", "组长", "甲" * 41], "姓名", "名称过长"),
        (["", "宣传组", "组", "", ""], "名称", "与第 {first} 行重复"),
        (["", "宣传组", "片区", "片长", "测试甲"], "名称", "与第 {first} 行重复"),
    ],
)
def test_a_bad_row_is_named_with_its_remedy_and_nothing_is_written(
    wall: Wall, row: list[str], column: str, message: str
) -> None:
    rows: Rows = [["上级", "名称", "类型", "职务", "姓名"], ["", "宣传组", "工作组", "", ""], row]
    with bare_district(wall).session(wall) as session:
        report = import_workbook(session, None, read_workbook(book(单位=rows), "x.xlsx"), today=TODAY)
        assert (report.written, shape(session)) == (False, [])
        fault = report.faults[0]
        assert (fault.field, fault.row, fault.where) == (column, 3, "单位")
        assert fault.remedy
        assert message.split("{", maxsplit=1)[0] in fault.message or message == "名称过长"


def test_the_chart_goes_out_and_comes_in_unchanged(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        import_workbook(session, None, read_workbook(book(单位=ONE_FIVE_SIX), "x.xlsx"), today=TODAY)
        add_unit(session, None, name="=1+1组", kind="work_group", today=TODAY)
        for grove in ("headquarters", ""):
            data = write_workbook(chart_rows(session, TODAY, grove))
            report = import_workbook(session, None, read_workbook(data, "架构.xlsx"), today=TODAY)
            assert (report.faults, set(report.created.values()), set(report.changed.values())) == ((), {0}, {0})
            assert report.unchanged["units"] == len(chart_rows_by_unit(session, grove))
        assert chart_rows(session, SINCE - timedelta(1)) == []


def chart_rows_by_unit(session: ScopedSession, grove: str) -> set[UUID]:
    return {n.id for n in tree(session, TODAY) if n.parent and (not grove or n.tree == grove)}


# ---- a new chart into a draft ----


def begin(session: ScopedSession, grove: str = "headquarters") -> Reorganisation:
    return propose(session, None, title="指挥机构调整", grove=grove, effective_on=TODAY, today=TODAY)


def bring(session: ScopedSession, row: Reorganisation, rows: Rows) -> Reorganisation:
    workbook = read_workbook(book(单位=rows), "新架构.xlsx")
    return import_chart(session, None, row.id, workbook, version=row.version, today=TODAY)


def test_a_new_chart_is_read_with_what_comes_from_what(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        import_workbook(session, None, read_workbook(book(单位=ONE_FIVE_SIX), "x.xlsx"), today=TODAY)
        row = begin(session)
        new: Rows = [
            ["上级", "名称", "类型", "原单位"],
            ["", "创建指挥部", "指挥部", ""],
            ["创建指挥部", "综合协调办公室", "办公室", "办公室"],
            ["创建指挥部", "宣传督查组", "工作组", "宣组；督组"],
            ["创建指挥部", "建组", "工作组", ""],
            ["创建指挥部", "市场一组", "工作组", "市组"],
            ["市场一组", "市场二组", "工作组", "市组"],
            ["创建指挥部", "新成立组", "工作组", ""],
            *(["创建指挥部", f"{word}片区", "片区", ""] for word in "东西南北"),
            ["创建指挥部", "中片区", "片区", "创建指挥部/中片区、新片区"],
        ]
        bring(session, row, new)
        sheet = open_sheet(session, row, TODAY)
        words = fate_words(sheet.draft, sheet.standing)
        said = {sheet.standing[unit].name: word for unit, word in words.items()}
        assert said == {
            "创建指挥部": "kept",
            "办公室": "renamed",
            "宣组": "merged",
            "督组": "merged",
            "建组": "kept",
            "市组": "split",
            "食组": "lost",
            "东片区": "kept",
            "西片区": "kept",
            "南片区": "kept",
            "北片区": "kept",
            "中片区": "kept",
            "新片区": "merged",
        }
        assert [(f.message, f.value) for f in sheet.faults] == [("没有说明这个单位的去向", "食组")]
        with pytest.raises(InvalidInput) as lost:
            approve(session, None, row.id, version=row.version, today=TODAY)
        assert lost.value.faults[0].value == "食组"
        bring(session, row, [*new, ["创建指挥部", "食安办", "组", "食组"]])
        approve(session, None, row.id, version=row.version, today=TODAY)
        session.commit()
        names = [name for name, *_ in shape(session)]
        assert {"综合协调办公室", "宣传督查组", "市场二组", "食安办"} <= set(names)
        assert not {"办公室", "宣组", "新片区", "食组"} & set(names)
        holders = (
            select(Person.name).join(Holding, Holding.person_id == Person.id).join(Post, Post.id == Holding.post_id)
        )
        merged = holders.join(Unit, Unit.id == Post.unit_id).where(
            Unit.name == "宣传督查组", Holding.valid_to.is_(None)
        )
        assert set(session.scalars(merged)) == {"组长宣", "组长督", "联络督"}
        assert closure_on(session, TODAY) == recomputed(session, TODAY)


@pytest.mark.parametrize(
    ("rows", "column", "message"),
    [
        ([["", "甲组", "组", "不存在组"]], "原单位", "没有这个单位"),
        ([["没有", "甲组", "组", ""]], "上级", "没有这个上级单位"),
        ([["", "甲组", "宫殿", ""]], "类型", "没有这种单位类型"),
        ([["甲组", "乙组", "组", ""], ["乙组", "甲组", "组", ""]], "上级", "单位不能隶属于它自己的下级"),
        ([["", "甲组", "组", ""], ["", "甲组", "组", ""]], "名称", "与第 {first} 行重复"),
        ([["", "", "组", ""]], "名称", "不能为空"),
    ],
)
def test_a_bad_new_chart_leaves_the_draft_as_it_was(wall: Wall, rows: Rows, column: str, message: str) -> None:
    with bare_district(wall).session(wall) as session:
        add_unit(session, None, name="旧组", kind="work_group", today=SINCE)
        row = begin(session)
        before = row.body
        with pytest.raises(InvalidInput) as bad:
            bring(session, row, [["上级", "名称", "类型", "原单位"], *rows])
        assert (bad.value.faults[0].field, bad.value.faults[0].message) == (column, message)
        assert bad.value.faults[0].row
        assert bad.value.faults[0].remedy
        assert (row.body, row.version) == (before, 1)


def test_the_administration_tree_goes_out_is_changed_and_comes_in(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        row = begin(session, "administration")
        sheet = open_sheet(session, row, TODAY)
        rows = draft_rows(sheet.draft, sheet.standing)
        assert write_workbook(rows, NEW_CHART)
        bring(session, row, [header(NEW_CHART), *rows])
        assert not open_sheet(session, row, TODAY).changes
        changed = [
            [
                up,
                "合并社区" if name.endswith("第1社区") else name,
                kind,
                "测试区第1社区；测试区第2社区" if name.endswith("第1社区") else old,
            ]
            for up, name, kind, old in rows
            if not name.endswith("第2社区")
        ]
        bring(session, row, [header(NEW_CHART), *changed])
        approve(session, None, row.id, version=row.version, today=TODAY)
        communities = [n.name for n in tree(session, TODAY) if n.kind == "community"]
        assert communities == ["合并社区"]
        names = {n.name for n in tree(session, TODAY - timedelta(1)) if n.kind == "community"}
        assert names == {"测试区第1社区", "测试区第2社区"}
