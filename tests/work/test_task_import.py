"""Tasks from a workbook: what is certain is read and said, what is not comes back with its reason, and twice is once."""

import io
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import func, select

from core.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.jobs import task_imports
from core.jobs.turns import take_turn
from core.work.tables import Note, Plan, PlanLine, Task, TaskAssist, TaskEvent, TaskImport, TaskReport
from core.work.tables.charts import UnitLineage
from core.work.tasks.acting import act
from core.work.tasks.importing import TASK_IMPORT, confirm, get_import, keep
from core.work.tasks.importing_answer import answer_workbook, unpack_told
from core.work.tasks.importing_sheet import Options
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Person, Unit, UnitName
from tenants.scope import Wall
from tests.factory import District, add_actors, bare_district

NOW = datetime.fromisoformat("2026-11-02T09:00:00+08:00")
HEAD = ("编号", "任务", "要求", "责任单位", "配合单位", "责任人", "开始", "期限", "数量", "单位", "来源", "创建项目")
HEAD += ("计划/条线", "上级编号", "权重", "进度")


@dataclass
class World:
    """A district with an office, a liaison, a plan, a renamed unit, one that is gone, and one merely renamed by its chart."""

    wall: Wall
    home: District
    office: Actor
    liaison: Actor
    plan: UUID
    line: UUID

    def book(self, *rows: dict[str, Any], title: bool = True) -> bytes:
        """A workbook as offices send it: a merged title above the header."""
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
            sheet, day = book.add_worksheet("任务"), book.add_format({"num_format": "yyyy-mm-dd"})
            if title:
                sheet.merge_range(0, 0, 0, len(HEAD) - 1, "2026 年重点任务分解表")
            for place, name in enumerate(HEAD):
                sheet.write_string(int(title), place, name)
            for number, row in enumerate(rows, int(title) + 1):
                for name, value in row.items():
                    sheet.write(number, HEAD.index(name), value, day if isinstance(value, date) else None)
        return out.getvalue()

    def row(self, code: str | None, name: str, **more: Any) -> dict[str, Any]:
        """A row that is accepted as it is."""
        found = {"任务": name, "责任单位": "导入区一街道", "期限": "2026-12-31"} | more
        return ({"编号": code} if code else {}) | found

    def send(self, data: bytes, *, name: str = "任务.xlsx", **options: Any) -> UUID:
        """Send it and let it be tried."""
        with self.home.session(self.wall) as session:
            made = keep(session, self.office, name=name, data=data, options=Options(**options), now=NOW).id
            session.commit()
        take_turn(self.wall, self.home.ref.id, TASK_IMPORT, NOW)
        return made

    def confirm(self, import_id: UUID) -> None:
        """Confirm it and let it be written."""
        with self.home.session(self.wall) as session:
            confirm(session, self.office, import_id, now=NOW)
            session.commit()
        take_turn(self.wall, self.home.ref.id, TASK_IMPORT, NOW)

    def bring(self, *rows: dict[str, Any], **options: Any) -> tuple[dict[str, int], list[Fault], list[Fault]]:
        """Send, try, confirm; the counts, the faults and the remarks."""
        sent = self.send(self.book(*rows), **options)
        tried = self.said(sent)
        self.confirm(sent)
        assert self.said(sent)[0] == tried[0], "the trial and the deed differ"
        return self.said(sent)

    def said(self, import_id: UUID) -> tuple[dict[str, int], list[Fault], list[Fault]]:
        """What an import says now."""
        with self.home.session(self.wall) as session:
            row = session.scalars(select(TaskImport).where(TaskImport.id == import_id)).one()
            assert row.state in ("tried", "finished"), (row.state, row.result)
            told = unpack_told(row.answer)
            counts = {name: row.result[name] for name in ("created", "changed", "same", "refused")}
            return counts, list(told.faults()), list(told.remarks())

    def task(self, code: str) -> Task:
        """The task of a number."""
        with self.home.session(self.wall) as session:
            return session.scalars(select(Task).where(Task.code == code)).one()

    def count(self, table: type[Any]) -> int:
        """How many rows a table has here."""
        with self.home.session(self.wall) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture(scope="module")
def world(wall: Wall) -> World:
    home = bare_district(wall, name="导入区", campaigns={"sanitary_city": ("2022", "0" * 64)})
    office, liaison = add_actors(
        wall,
        home.ref,
        [("hq_office", home.root, "演示数据甲"), ("liaison", home.street, "演示数据乙")],
    )
    plan, line = new_id(), new_id()
    with home.session(wall) as session:
        days = {"starts_on": date(2026, 10, 1), "ends_on": date(2027, 3, 31)}
        session.add(
            Plan(id=plan, number="P1", kind="drive", title="冬季攻坚", unit_id=home.root, state="active", **days)
        )
        session.flush()
        session.add(PlanLine(id=line, plan_id=plan, title="环境卫生"))
        first = home.communities[0]
        session.add(UnitName(unit_id=first, name="旧名社区", valid_from=date(2020, 1, 1), valid_to=date(2024, 1, 1)))
        gone = [
            Unit(kind="community", name=name, valid_from=date(2020, 1, 1), valid_to=date(2025, 1, 1))
            for name in ("撤掉社区", "改称社区", "没了社区")
        ]
        session.add_all([*gone, Person(name="重名者", phone="13900000001"), Person(name="重名者", phone="13900000002")])
        session.flush()
        kinds = zip(gone[:2], ("merge", "rename"), strict=True)
        session.add_all(
            UnitLineage(from_id=one.id, to_id=home.communities[1], on=date(2025, 1, 1), kind=kind)
            for one, kind in kinds
        )
        session.commit()
    return World(wall, home, office, liaison, plan, line)


def test_a_workbook_makes_tasks_and_twice_is_once(world: World) -> None:
    rows = [
        world.row("A-1", "全区环境整治", 权重=50, 要求="清理卫生死角", 配合单位="导入区第1社区、导入区第2社区"),
        world.row(
            "A-2", "清理沟渠", 上级编号="A-1", 数量="１，２００", 单位="延长米", 责任人="演示数据乙", 来源="领导交办"
        ),
        world.row("A-3", "补种行道树", 上级编号="A-2", 期限=date(2026, 12, 1), 数量=300, 创建项目="sanitary_city"),
        world.row(None, "没有编号的任务", **{"计划/条线": "冬季攻坚/环境卫生"}),
    ]
    counts, faults, remarks = world.bring(*reversed(rows))
    assert (counts, faults) == ({"created": 4, "changed": 0, "same": 0, "refused": 0}, [])
    assert {(one.field, one.value, one.params["meant"]) for one in remarks} == {("数量", "１，２００", "1200")}
    top, middle, low = (world.task(code) for code in ("A-1", "A-2", "A-3"))
    assert (top.parent_id, middle.parent_id, low.parent_id) == (None, top.id, middle.id)
    assert (middle.way, middle.target, middle.measure, middle.source) == (
        "quantity",
        Decimal(1200),
        "linear_m",
        "leader",
    )
    assert (low.way, low.target, low.campaign, low.leaf, top.leaf) == (
        "count",
        Decimal(300),
        "sanitary_city",
        True,
        False,
    )
    assert (top.weight, top.requirement, top.state, middle.person_id) == (
        50,
        "清理卫生死角",
        "draft",
        world.liaison.person_id,
    )
    with world.home.session(world.wall) as session:
        helping = set(session.scalars(select(TaskAssist.unit_id).where(TaskAssist.task_id == top.id)))
        bare = session.scalars(select(Task).where(Task.title == "没有编号的任务")).one()
    assert helping == set(world.home.communities)
    assert (bare.plan_id, bare.line_id) == (world.plan, world.line)
    events = world.count(TaskEvent)
    counts, faults, _ = world.bring(*rows)
    assert (counts, faults) == ({"created": 0, "changed": 0, "same": 4, "refused": 0}, [])
    assert world.count(TaskEvent) == events
    assert world.task("A-1").version == top.version


def test_what_differs_is_changed_and_an_empty_cell_changes_nothing(world: World) -> None:
    first = [world.row("B-1", "甲", 要求="一"), world.row("B-2", "乙", 配合单位="导入区第1社区")]
    world.bring(*first)
    again = [world.row("B-1", "甲", 要求="二", 期限="2026-12-20"), world.row("B-2", "乙", 配合单位="导入区第2社区")]
    counts, _, _ = world.bring(*again, world.row("B-3", "丙"))
    assert counts == {"created": 1, "changed": 2, "same": 0, "refused": 0}
    task = world.task("B-1")
    assert (task.requirement, task.due_on, task.first_due_on, task.version) == (
        "二",
        date(2026, 12, 20),
        date(2026, 12, 20),
        2,
    )
    with world.home.session(world.wall) as session:
        event = session.scalars(select(TaskEvent).where(TaskEvent.task_id == task.id, TaskEvent.version == 2)).one()
        other = world.task("B-2")
        assert list(session.scalars(select(TaskAssist.unit_id).where(TaskAssist.task_id == other.id))) == [
            world.home.communities[1]
        ]
    assert event.detail == {"requirement": ["一", "二"], "due_on": ["2026-12-31", "2026-12-20"], "workbook": True}
    counts, _, _ = world.bring({"编号": "B-1", "任务": "甲", "责任单位": "导入区一街道", "期限": "2026-12-20"})
    assert counts["same"] == 1


CERTAIN = [
    ("2026年11月5日", date(2026, 11, 5)),
    ("2026.11.5", date(2026, 11, 5)),
    ("2026/11/5", date(2026, 11, 5)),
    ("２０２６－１１－０５", date(2026, 11, 5)),
    ("20261105", date(2026, 11, 5)),
    (46331, date(2026, 11, 5)),
    (date(2026, 11, 5), date(2026, 11, 5)),
    ("11月5日", date(2026, 11, 5)),
    ("3月5日", date(2027, 3, 5)),
]


def test_days_in_every_certain_writing_are_read_and_said(world: World) -> None:
    rows = [
        world.row(f"D-{n}", "某日前完成", 期限=said, 开始="2026-11-01", **{"计划/条线": "冬季攻坚"})
        for n, (said, _) in enumerate(CERTAIN)
    ]
    counts, faults, remarks = world.bring(*rows)
    assert (counts["created"], faults) == (len(CERTAIN), [])
    assert [world.task(f"D-{n}").due_on for n in range(len(CERTAIN))] == [day for _, day in CERTAIN]
    assert len(remarks) == len(CERTAIN) - 1, "a day of the spreadsheet's own needs no remark"


def test_units_by_other_names_are_found_and_those_that_are_gone_name_their_heirs(world: World) -> None:
    said = {
        "导入区 一街　道": True,
        "旧名社区": True,
        "改称社区": True,
        "撤掉社区": False,
        "没了社区": False,
        "哪里社区": False,
    }
    rows = [world.row(f"U-{n}", "某单位的任务", 责任单位=name) for n, name in enumerate(said)]
    counts, faults, remarks = world.bring(*rows)
    assert (counts["created"], counts["refused"]) == (3, 3)
    assert [one.params["meant"] for one in remarks] == ["导入区一街道", "导入区第1社区", "导入区第2社区"]
    assert [(one.message, one.params["names"]) for one in faults] == [
        ("这个单位已经撤并", "导入区第2社区"),
        ("这个单位已经撤销", ""),
        ("没有这个单位", ""),
    ]
    assert all((one.where, one.field) == ("任务", "责任单位") and one.remedy for one in faults)
    assert [one.row for one in faults] == [6, 7, 8]


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"期限": "11月底"}, "期限", "日期写法无效"),
    ({"期限": "11月5日"}, "期限", "日期没有写年份"),
    ({"期限": "2026-02-30"}, "期限", "日期写法无效"),
    ({"期限": ""}, "期限", "缺少这一项"),
    ({"开始": "2027-01-01"}, "开始", "开始日期晚于截止日期"),
    ({"数量": "约200"}, "数量", "不是数字"),
    ({"数量": "1,2,00"}, "数量", "不是数字"),
    ({"数量": "0"}, "数量", "目标量不对"),
    ({"数量": "2.5", "单位": "户"}, "数量", "这个单位按整数计"),
    ({"数量": "2", "单位": "光年"}, "单位", "没有这个计量单位"),
    ({"数量": "5吨", "单位": "户"}, "数量", "数量里的单位和计量单位不同"),
    ({"单位": "户"}, "数量", "有计量单位而没有数量"),
    ({"进度": "120%"}, "进度", "进度超过 100%"),
    ({"进度": "-3"}, "进度", "不是百分比"),
    ({"进度": "33.333%"}, "进度", "百分比最多两位小数"),
    ({"责任人": "没有的人"}, "责任人", "没有这个人"),
    ({"责任人": "重名者"}, "责任人", "有多个同名的人"),
    ({"责任人": "演示数据甲、演示数据乙"}, "责任人", "一项任务一个责任人"),
    ({"配合单位": "导入区一街道"}, "配合单位", "牵头单位不能同时是配合单位"),
    ({"来源": "天上"}, "来源", "没有这种任务来源"),
    ({"创建项目": "forest_city"}, "创建项目", "没有启用这个创建"),
    ({"计划/条线": "不存在的计划"}, "计划/条线", "没有这个计划或条线"),
    ({"上级编号": "没有"}, "上级编号", "没有这个上级任务"),
    ({"权重": "0"}, "权重", "数字不在范围内"),
]


def test_what_is_not_certain_comes_back_with_sheet_row_column_and_remedy(world: World) -> None:
    rows = [world.row(f"X-{n}", "有问题的任务") | more for n, (more, _, _) in enumerate(BAD)]
    before = world.count(Task)
    counts, faults, _ = world.bring(*rows, world.row("X-ok", "没有问题的任务"))
    assert counts == {"created": 1, "changed": 0, "same": 0, "refused": len(BAD)}
    assert [(one.row, one.field, one.message) for one in faults] == [
        (n, column, message) for n, (_, column, message) in enumerate(BAD, 3)
    ]
    assert all(one.where == "任务" and one.remedy for one in faults)
    assert world.count(Task) == before + 1


def test_families_in_one_file(world: World) -> None:
    counts, faults, _ = world.bring(
        world.row("F-1", "上级", 期限="2026-11-20"),
        world.row("F-2", "晚于上级", 上级编号="F-1", 期限="2026-11-21"),
        world.row("F-3", "在它下面", 上级编号="F-2", 期限="2026-11-10"),
        world.row("F-4", "圈一", 上级编号="F-5"),
        world.row("F-5", "圈二", 上级编号="F-4"),
        world.row("F-6", "挂在圈上", 上级编号="F-5"),
        world.row("F-7", "自己", 上级编号="F-7"),
        world.row("F-1", "重复"),
        world.row(None, "一样的"),
        world.row(None, "一样的"),
    )
    assert counts == {"created": 2, "changed": 0, "same": 0, "refused": 8}
    assert [(one.row, one.message) for one in faults] == [
        (4, "截止日期晚于上级任务"),
        (5, "上级任务所在的第 {at} 行没有被接受"),
        (6, "上级编号绕成了一圈"),
        (7, "上级编号绕成了一圈"),
        (8, "上级任务所在的第 {at} 行没有被接受"),
        (9, "上级编号是它自己"),
        (10, "编号和第 {at} 行重复"),
        (12, "和第 {at} 行是同一项任务"),
    ]


def test_a_parents_new_day_and_its_childrens_are_judged_together(world: World) -> None:
    world.bring(
        world.row("G-1", "上级", 期限="2026-11-20"), world.row("G-2", "下级", 上级编号="G-1", 期限="2026-11-20")
    )
    counts, faults, _ = world.bring(
        world.row("G-1", "上级", 期限="2026-12-20"),
        world.row("G-2", "下级", 上级编号="G-1", 期限="2026-12-10"),
        world.row("G-3", "新下级", 上级编号="G-1", 期限="2026-12-15"),
    )
    assert (counts["changed"], counts["created"], faults) == (2, 1, [])
    counts, faults, _ = world.bring(world.row("G-1", "上级", 期限="2026-11-15"))
    assert [(one.field, one.message, one.params["due"]) for one in faults] == [
        ("期限", "期限早于下级任务", "2026-12-15")
    ]


def test_issued_at_once_with_how_far_they_are(world: World) -> None:
    notes = world.count(Note)
    counts, faults, remarks = world.bring(
        world.row("I-0", "上级"),
        world.row("I-1", "三成", 进度=0.3, 上级编号="I-0"),
        world.row("I-2", "做完", 进度="100%", 上级编号="I-0"),
        world.row("I-3", "四十处", 进度="１０％", 数量="40", 单位="处"),
        world.row("I-4", "没动"),
        issue=True,
    )
    assert (counts["created"], faults) == (5, [])
    assert [one.params["meant"] for one in remarks if one.field == "进度"] == ["30%", "10%"]
    parent, some, whole, places, none = (world.task(f"I-{n}") for n in range(5))
    assert [(one.state, one.progress) for one in (some, whole, places, none)] == [
        ("doing", 3000),
        ("done", 10000),
        ("doing", 1000),
        ("issued", 0),
    ]
    assert (places.done, parent.progress, parent.number is not None) == (Decimal(4), 6500, True)
    with world.home.session(world.wall) as session:
        reports = session.scalars(select(TaskReport).where(TaskReport.task_id == some.id)).all()
        assert [(one.sequence, one.progress) for one in reports] == [(1, 3000)]
    assert world.count(Note) == notes + 1, "one note to a unit, whatever the number"
    with world.home.session(world.wall) as session:
        checked = act(session, world.office, whole.id, "verify", version=whole.version, now=NOW)
        assert checked.state == "verified"
        act(session, world.liaison, none.id, "accept", version=none.version, now=NOW)
        session.commit()
    counts, faults, _ = world.bring(
        world.row("I-2", "做完了", 上级编号="I-0"),
        world.row("I-4", "没动", 责任单位="导入区第1社区"),
        world.row("I-1", "改个名", 上级编号="I-0"),
    )
    assert counts == {"created": 0, "changed": 1, "same": 0, "refused": 2}
    assert [(one.field, one.message) for one in faults] == [("任务", "任务已是“{state}”"), ("责任单位", "任务已经下达")]


def test_an_extension_outlives_the_old_workbook(world: World) -> None:
    rows = [world.row("E-1", "要延期", 期限="2026-11-20")]
    world.bring(*rows, issue=True)
    with world.home.session(world.wall) as session:
        task = world.task("E-1")
        changes = {"due_on": date(2026, 12, 5)}
        act(session, world.office, task.id, "change", version=task.version, now=NOW, changes=changes, note="延期")
        session.commit()
    counts, _, _ = world.bring(*rows, issue=True)
    assert counts["same"] == 1
    assert world.task("E-1").due_on == date(2026, 12, 5)


def test_the_same_workbook_comes_back_with_a_column_of_reasons(world: World) -> None:
    rows = [
        world.row("R-1", "好的", 期限=date(2026, 12, 1), 数量=12.5, 单位="吨"),
        world.row("R-2", "坏的", 期限="年底"),
        world.row("R-3", "=1+1", 责任单位="旧名社区"),
    ]
    data = world.book(*rows)
    sent = world.send(data)
    with world.home.session(world.wall) as session:
        row = session.scalars(select(TaskImport).where(TaskImport.id == sent)).one()
        answer = answer_workbook(row.body or b"", row.name, unpack_told(row.answer), Fault.text)
    sheet = openpyxl.load_workbook(io.BytesIO(answer))["任务"]
    assert [cell.value for cell in sheet[2]][-3:] == ["进度", "原因", "读作"]
    assert sheet["A1"].value == "2026 年重点任务分解表"
    assert (sheet["H3"].value, sheet["I3"].value) == (datetime(2026, 12, 1), 12.5)
    assert [sheet.cell(n, 17).value for n in (3, 4, 5)] == [
        None,
        "任务 第4行 期限：日期写法无效（年底）。请写成 2026-11-01；没有确切日子的（月底、长期）请定一天",
        None,
    ]
    assert "读作 导入区第1社区" in sheet.cell(5, 18).value
    assert (sheet["B5"].value, sheet["B5"].data_type) == ("=1+1", "s")
    sheet["H4"] = "2026-12-31"
    out = io.BytesIO()
    sheet.parent.save(out)
    assert world.said(world.send(out.getvalue()))[0] == {"created": 3, "changed": 0, "same": 0, "refused": 0}


def test_a_worker_that_is_lost_midway_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [world.row(f"K-{n}", f"第 {n} 项", 进度="20%") for n in range(7)]
    sent = world.send(world.book(*rows), issue=True)
    monkeypatch.setattr("core.work.tasks.importing_writing.PART", 3)
    monkeypatch.setattr("core.work.tasks.importing.PART", 3)
    written, whole = [], task_imports.write_next

    def lost(session: Any, writing: Any, *, now: datetime) -> None:
        if len(written) == 1:
            raise KeyboardInterrupt
        written.append(writing.start)
        whole(session, writing, now=now)

    monkeypatch.setattr(task_imports, "write_next", lost)
    with pytest.raises(KeyboardInterrupt):
        world.confirm(sent)
    with world.home.session(world.wall) as session:
        row = session.scalars(select(TaskImport).where(TaskImport.id == sent)).one()
        assert (row.state, row.rows_done, row.result["written"]["created"]) == ("writing", 3, 3)
    monkeypatch.setattr(task_imports, "write_next", whole)
    take_turn(world.wall, world.home.ref.id, TASK_IMPORT, NOW)
    assert world.said(sent)[0] == {"created": 7, "changed": 0, "same": 0, "refused": 0}
    with world.home.session(world.wall) as session:
        codes = session.scalars(select(Task.code).where(Task.code.like("K-%"))).all()
        reports = session.scalar(
            select(func.count())
            .select_from(TaskReport)
            .join(Task, Task.id == TaskReport.task_id)
            .where(Task.code.like("K-%"))
        )
    assert (sorted(codes), reports) == ([f"K-{n}" for n in range(7)], 7)


def test_a_job_that_breaks_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ValueError

    monkeypatch.setattr(task_imports, "try_import", broken)
    sent = world.send(world.book(world.row("Z-1", "不会有")))
    with world.home.session(world.wall) as session:
        row = session.scalars(select(TaskImport).where(TaskImport.id == sent)).one()
        assert (row.state, row.result["error"]) == ("failed", "导入时出了差错，已经记录；请再试一次")


def test_who_may(world: World) -> None:
    data = world.book(world.row("W-1", "不许"))
    with world.home.session(world.wall) as session:
        with pytest.raises(Forbidden):
            keep(session, world.liaison, name="a.xlsx", data=data, options=Options(), now=NOW)
        sent = keep(session, world.office, name="a.xlsx", data=data, options=Options(), now=NOW).id
        with pytest.raises(NotFound):
            get_import(session, world.liaison, sent)
        with pytest.raises(Conflict):
            confirm(session, world.office, sent, now=NOW)


def test_files_that_are_no_workbook_of_tasks_are_refused_before_they_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, other = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(empty, {"in_memory": True}) as book:
        book.add_worksheet("任务").write_row(0, 0, HEAD)
    with xlsxwriter.Workbook(other, {"in_memory": True}) as book:
        book.add_worksheet("花名册").write_row(0, 0, ("姓名", "电话"))
    monkeypatch.setattr("core.work.tasks.importing_sheet.MOST_ROWS", 2)
    many = world.book(*[world.row(f"M-{n}", "太多") for n in range(3)])
    missing = "任务,期限\n没有责任单位,2026-12-31\n".encode()
    said = {}
    for name, data in {
        "a.xlsx": empty.getvalue(),
        "b.xlsx": other.getvalue(),
        "c.xlsx": many,
        "d.csv": missing,
        "e.xlsx": b"PK\x03\x04",
    }.items():
        with world.home.session(world.wall) as session, pytest.raises(InvalidInput) as caught:
            keep(session, world.office, name=name, data=data, options=Options(), now=NOW)
        said[name] = (caught.value.faults[0].message, bool(caught.value.faults[0].remedy))
    assert said == {
        "a.xlsx": ("表里没有任务", True),
        "b.xlsx": ("没有找到可以导入的工作表", True),
        "c.xlsx": ("行数过多：{rows} 行", True),
        "d.csv": ("缺少列", True),
        "e.xlsx": ("工作簿打不开", True),
    }


def test_cells_merged_down_a_column_hold_for_each_row_and_csv_is_read_too(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("任务")
        sheet.write_row(0, 0, ("编号", "任务", "责任单位", "期限"))
        for n in range(3):
            sheet.write_row(n + 1, 0, (f"V-{n}", f"第 {n} 项"))
            sheet.write_string(n + 1, 3, "2026-12-31")
        sheet.merge_range(1, 2, 3, 2, "导入区一街道")
    assert world.said(world.send(out.getvalue()))[0]["created"] == 3
    text = "编号,任务,责任单位,期限\nC-1,一,导入区一街道,2026-12-31\nC-2,二,,2026-12-31\n"
    sent = world.send(text.encode("gb18030"), name="任务.csv")
    counts, faults, _ = world.said(sent)
    assert (counts["created"], [(one.row, one.field) for one in faults]) == (1, [(3, "责任单位")])
    with world.home.session(world.wall) as session:
        row = session.scalars(select(TaskImport).where(TaskImport.id == sent)).one()
        answer = answer_workbook(row.body or b"", row.name, unpack_told(row.answer), Fault.text)
    assert openpyxl.load_workbook(io.BytesIO(answer)).active["E3"].value.endswith("请填写这一格")
