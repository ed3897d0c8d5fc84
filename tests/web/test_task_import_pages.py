"""The pages of importing tasks: template, upload, trial, confirmation, progress without a script, the workbook with reasons, who may."""

import io
import zipfile

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.jobs.turns import take_turn
from core.work.tables import Task, TaskImport
from core.work.tasks.importing import TASK_IMPORT
from tenants.db import now
from tenants.scope import Wall
from tests.factory import District, add_actors, bare_district
from tests.web.desk import Clerk, clerk, content

HEAD = "编号,任务,责任单位,期限\n"


class Room:
    """An office, a liaison and another district's office before the pages."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.wall = wall
        self.home: District = bare_district(wall, name="页面区")
        roles = [("hq_office", self.home.root, ""), ("liaison", self.home.street, "")]
        self.office, self.liaison = (clerk(app, wall, one) for one in add_actors(wall, self.home.ref, roles))
        other = bare_district(wall, name="别的区")
        self.stranger = clerk(app, wall, add_actors(wall, other.ref, [("hq_office", other.root, "")])[0])
        self.english = clerk(app, wall, add_actors(wall, self.home.ref, [("hq_office", self.home.root, "")])[0], "en")

    def upload(
        self, body: str | bytes, name: str = "任务.csv", status: int = 303, who: Clerk | None = None, **more: str
    ) -> str:
        data = body.encode() if isinstance(body, str) else body
        answer, page = (who or self.office).send("tasks/import", {"file": (io.BytesIO(data), name)} | more, status)
        return answer.headers["Location"].split(f"{self.home.ref.slug}/")[1] if status == 303 else page

    def work(self) -> None:
        take_turn(self.wall, self.home.ref.id, TASK_IMPORT, now())

    def codes(self) -> set[str | None]:
        with self.home.session(self.wall) as session:
            return set(session.scalars(select(Task.code)))


@pytest.fixture(scope="module")
def room(app: Flask, wall: Wall) -> Room:
    return Room(app, wall)


def test_the_way_from_file_to_tasks(room: Room) -> None:
    assert "还没有导入过" in room.office.read("tasks/import")
    where = room.upload(HEAD + "P-1,第一项,页面区一街道,2026年12月31日\nP-2,第二项,没有的单位,2026-12-31\n")
    waiting = room.office.read(where)
    assert "等待检查" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "已处理 0 行，共 2 行" in content(waiting)
    room.work()
    tried = room.office.read(where)
    assert "hx-trigger" not in tried
    assert "没有这个单位" in tried
    assert "请核对名称" in tried
    assert "2026年12月31日" in tried
    assert "确认写入 1 项" in content(tried)
    assert "P-1" not in room.codes()
    room.office.send(where, {}, 303)
    assert "正在导入" in room.office.read(where)
    room.office.send(where, {}, 303)
    assert "不能确认" in room.office.read(where)
    room.work()
    done = content(room.office.read(where))
    assert "已导入" in done
    assert "有 1 行退回" in done
    assert "看任务" in done
    assert room.codes() >= {"P-1"}
    sheet = openpyxl.load_workbook(io.BytesIO(room.office.ask(f"{where}/answer.xlsx").data)).active
    assert [cell.value for cell in sheet[1]] == ["编号", "任务", "责任单位", "期限", "原因", "读作"]
    assert [cell.value for cell in sheet[3]][:5] == [
        "P-2",
        "第二项",
        "没有的单位",
        "2026-12-31",
        "责任单位：没有这个单位（没有的单位）。请核对名称，或先在“组织”里加上这个单位",
    ]
    assert "任务.csv" in room.office.read("tasks/import")


def test_nobody_else_sees_it(room: Room) -> None:
    where = room.upload(HEAD + "Q-1,一项,页面区一街道,2026-12-31\n")
    room.work()
    import_id = where.rsplit("/", 1)[1]
    for path in ("tasks/import", where, f"{where}/answer.xlsx", "tasks/import/template.xlsx"):
        assert room.liaison.ask(path).status_code == 403
    for path in (f"tasks/import/{import_id}", f"tasks/import/{import_id}/answer.xlsx"):
        assert room.stranger.ask(path).status_code == 404
    room.stranger.send(f"tasks/import/{import_id}", {}, 404)
    room.liaison.send(f"tasks/import/{import_id}", {}, 403)
    assert "Q-1" not in room.codes()


def test_the_older_files_are_forgotten_when_a_newer_one_is_done(room: Room) -> None:
    first = room.upload(HEAD + "O-1,一项,没有的单位,2026-12-31\n")
    second = room.upload(HEAD + "O-2,一项,页面区一街道,2026-12-31\n")
    room.work()
    room.office.send(second, {}, 303)
    room.work()
    assert room.office.ask(f"{first}/answer.xlsx").status_code == 404
    assert "下载带原因的工作簿" not in room.office.read(first)
    with room.home.session(room.wall) as session:
        kept = session.scalars(select(TaskImport.id).where(TaskImport.body.is_not(None))).all()
    assert [str(one) for one in kept] == [second.rsplit("/", 1)[1]]


@pytest.mark.parametrize(
    ("name", "body", "more", "said"),
    [
        ("a.pdf", "x", {}, "不支持这种文件"),
        ("a.csv", "姓名,电话\n甲,1\n", {}, "没有找到可以导入的工作表"),
        ("a.xlsx", b"PK\x03\x04", {}, "工作簿打不开"),
        ("a.csv", HEAD, {}, "表里没有任务"),
        ("a.csv", HEAD + "X,甲,乙,2026-12-31\n", {"year": "26"}, "年份不对"),
        ("a.csv", HEAD + "X,甲,乙,2026-12-31\n", {"plan": "0197b1a0-0000-7000-8000-000000000000"}, "没有这个计划"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once_and_the_form_is_kept(
    room: Room, name: str, body: str | bytes, more: dict[str, str], said: str
) -> None:
    page = room.upload(body, name, 422, **more)
    assert said in page
    assert not more.get("year") or 'value="26"' in page


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_parsed(room: Room) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
        package.writestr("xl/worksheets/sheet1.xml", b"0" * 101_000_000)
    assert len(out.getvalue()) < 200_000
    assert "展开后超过 100 MB" in room.upload(out.getvalue(), "bomb.xlsx", 413)
    far = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.title = "任务"
    book.active["A1"], book.active["XFD1048576"] = "任务", "x"
    book.save(far)
    assert "行数过多" in room.upload(far.getvalue(), "far.xlsx", 413)
    assert room.upload("", "无.csv", 422)


def test_the_template_is_taken_in_again_once_filled(room: Room) -> None:
    book = openpyxl.load_workbook(io.BytesIO(room.office.ask("tasks/import/template.xlsx").data))
    sheet = book["任务"]
    assert sheet["B2"].value == "* 任务"
    assert "页面区一街道" in [cell.value for cell in book["代码"]["A"]]
    assert [one.formula1 for one in sheet.data_validations.dataValidation if "D4" in one.sqref] == [
        f"代码!$A$2:$A${len([c for c in book['代码']['A'] if c.value])}"
    ]
    for place, value in {"A4": "T-1", "B4": "按模板填的", "D4": "页面区一街道", "H4": "2026-12-31"}.items():
        sheet[place] = value
    out = io.BytesIO()
    book.save(out)
    where = room.upload(out.getvalue(), "模板.xlsx")
    room.work()
    assert "确认写入 1 项" in content(room.office.read(where)), "the example row is not brought in"


def test_english(room: Room) -> None:
    where = room.upload(HEAD + "N-1,一项,没有的单位,2026-12-31\n", who=room.english)
    room.work()
    for path in ("tasks/import", where):
        assert '<html lang="en"' in room.english.read(path)
