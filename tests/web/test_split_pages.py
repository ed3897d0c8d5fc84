"""The decomposition on the pages: made in one go, split cell by cell, issued, answered, split anew, tasks, points, files, both languages."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.work.splits.editing import RowWish, save_row
from core.work.splits.portions import portions_of
from core.work.tables import Split, SplitShare, Task
from tenants.models import Unit
from tenants.scope import Wall
from tests.web.desk import Clerk, clerk, content, panels
from tests.work.splitting import DAY, KEY, NOW, Stage, set_up


@dataclass
class Scene:
    stage: Stage
    people: dict[str, Clerk]
    english: Clerk


@pytest.fixture
def scene(app: Flask, wall: Wall) -> Scene:
    stage = set_up(wall)
    people = {key: clerk(app, wall, actor) for key, actor in stage.people.items() if key != "assessor"}
    return Scene(stage, people, clerk(app, wall, stage.people["assessor"], "en"))


def row_of(page: str, code: str) -> tuple[str, str, list[str]]:
    """A clause's id and mark in the matrix, and the names of its cells."""
    found = re.search(rf'<tr id="r-([0-9a-f-]+)"(?:(?!</tr>).)*?>{code}</a>.*?</tr>', page, re.DOTALL)
    assert found, code
    mark = re.search(rf'name="m\.{found[1]}" value="(\w+)"', found[0])
    return found[1], mark[1] if mark else "", re.findall(r'name="(c\.[^"]+)"', found[0])


def test_the_whole_way(scene: Scene, wall: Wall) -> None:
    stage, office, city = scene.stage, scene.people["office"], scene.people["city"]
    assert "还没有分解表" in content(office.read("splits"))
    office.send("splits/new", {"campaign": "nothing"}, 422)
    scene.people["city"].send("splits/new", {"campaign": KEY}, 403)
    made, _ = office.send("splits/new", {"campaign": KEY, "prefill": "1", "copy": "1"}, 303)
    path = "splits/" + made.location.rpartition("/")[2]
    office.send("splits/new", {"campaign": KEY}, 409)
    # Cell by cell: a column for a unit, one cell sent as the page's script would, answered with that row alone.
    page = office.read(f"{path}?col={stage.city}")
    row, mark, cells = row_of(page, "SAN-101")
    cell = next(one for one in cells if one.endswith(str(stage.city)))
    answer = office.client.post(
        f"/t/{office.slug}/{path}/cells",
        data={"csrf_token": office.csrf, f"m.{row}": mark, cell: "１０"},
        headers={"HX-Request": "true"},
    )
    said = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert said.lstrip().startswith("<tr")
    assert "多 10" in said
    wrong = office.client.post(
        f"/t/{office.slug}/{path}/cells",
        data={"csrf_token": office.csrf, f"m.{row}": row_of(said, "SAN-101")[1], cell: "十分"},
        headers={"HX-Request": "true"},
    )
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.get_data(as_text=True)
    # The same without script: the whole page; a row that was overtaken is refused.
    stale, _ = office.send(f"{path}/cells", {f"m.{row}": mark, cell: "5"}, 412)
    assert "刚刚被别人改过" in stale.get_data(as_text=True)
    fresh = row_of(said, "SAN-101")[1]
    late = office.client.post(
        f"/t/{office.slug}/{path}/cells",
        data={"csrf_token": office.csrf, f"m.{row}": mark, cell: "7"},
        headers={"HX-Request": "true"},
    )
    shown = late.get_data(as_text=True)
    assert late.status_code == 412
    assert 'value="○10"' in shown  # who won
    assert "刚刚被别人改过" in shown
    office.send(f"{path}/cells", {f"m.{row}": fresh, cell: "5"}, 303)
    # Issuing says of each clause what it lacks.
    refused = office.read(f"{path}/check")
    assert "多了 5 分" in refused
    assert "没有分给任何单位" in refused
    _, page = office.send(f"{path}/issue", {"version": "1"}, 422)
    assert "SAN-101" in page
    own, _ = office.send(f"{path}/rows", {"code": "自-1", "title": "除四害宣传", "points": "0"}, 303)
    office.send(f"{path}/rows", {"code": "自-1", "title": "除四害宣传", "points": "x"}, 422)
    one = path + "/rows/" + own.location.rpartition("/")[2]
    form = {"mark": re.search(r'name="mark" value="(\w+)"', office.read(one))[1], "lead": "new", "then": "lead"}  # type: ignore[index]  # the page has it
    office.send(one, form | {"add_unit": str(stage.city), "points.new": "七"}, 422)
    office.send(one, form | {"add_unit": str(stage.city), "owner": str(stage.group), "due": "2026年12月1日"}, 303)
    with stage.district.session(wall) as session:
        split = session.scalars(select(Split)).one()
        stage.fill(session, split)
        session.commit()
    office.send(f"{path}/share-out", {"how": "even"}, 303)
    assert "每一条都有一个牵头单位" in office.read(f"{path}/check")
    office.send(f"{path}/issue", {"version": "1", "valid_from": DAY.isoformat()}, 303)
    assert "已印发" in content(office.read(path))
    # A unit accepts one share, sends one back, accepts the rest.
    mine = city.read(path)
    assert "全部接收" in mine
    inbox = city.read("inbox")
    assert "待接收的分工" in inbox
    with stage.district.session(wall) as session:
        share = session.scalars(
            select(SplitShare).where(SplitShare.unit_id == stage.city).order_by(SplitShare.id)
        ).first()
        assert share
        target = f"{path}/rows/{share.row_id}/shares/{share.id}"
        version = str(share.version)
    _, page = city.send(target, {"verb": "return", "version": version, "reason": ""}, 422)
    assert "缺少退回理由" in page
    city.send(target, {"verb": "return", "version": version, "reason": "应由环卫承担"}, 303)
    city.send(target, {"verb": "accept", "version": version}, 412)
    city.send(f"{path}/accept", {}, 303)
    # The office splits it anew; what does not add up is refused and nothing is lost of what was typed.
    assert "被退回" in office.read(path)
    assert "退回待调整的分工" in office.read("inbox")
    back = f"{path}/rows/{share.row_id}"
    page = office.read(back)
    mark = re.search(r'name="mark" value="(\w+)"', page)[1]  # type: ignore[index]  # the page has it
    keep = dict.fromkeys(re.findall(r'name="(keep\.[^"]+)"', page), "1")
    points = {f"points.{name[5:]}": "1" for name in keep}
    lead = {"lead": next(iter(keep))[5:], "mark": mark, "note": "改由环卫牵头", "then": "save"}
    _, page = office.send(back, keep | points | lead, 422)
    assert "还差" in content(page)
    office.send(back, keep | lead | {"then": "even"}, 303)
    assert "重新下发分工" in office.read(back)
    # Tasks, shown and made once.
    shown = content(office.read(f"{path}/tasks?due_on=2027-03-01"))
    assert "件任务" in shown
    office.send(f"{path}/tasks", {"due_on": "2027-03-01"}, 303)
    office.send(f"{path}/tasks", {"due_on": "2027-03-01"}, 409)
    office.send(f"{path}/tasks", {"due_on": "早"}, 422)
    with stage.district.session(wall) as session:
        assert session.scalars(select(Task).where(Task.source == "clause")).all()
    look_around(scene, wall)
    next_issue(scene, wall)
    by_the_group(scene, wall)


def look_around(scene: Scene, wall: Wall) -> None:
    stage = scene.stage
    with stage.district.session(wall) as session:
        split = session.scalars(select(Split).order_by(Split.issue).limit(1)).one()
        path = f"splits/{split.id}"
    for key in ("leader", "sanitation", "inspector"):
        person = scene.people[key]
        assert "第 1 版" in content(person.read("splits"))
        assert "分解矩阵" in panels(person.read(path))
        assert person.read(f"{path}?state=open&q=zzz")
    assert "没有您单位承担的条款" in scene.people["street"].read(path)
    board = scene.people["leader"].read("splits/points")
    assert "占已评估分" in board
    unit = scene.people["leader"].read(f"splits/points/{stage.district.departments['phcc_office']}")
    assert "SAN-101" in unit
    scene.people["street"].read(f"splits/points/{stage.sanitation}", 404)
    for name in ("points.csv", "points.xlsx", "pieces.csv", "pieces.xlsx"):
        assert scene.people["leader"].ask(f"splits/points/{name}").status_code == 200
    english = content(scene.english.read(path))
    assert "SAN-101" in english
    scene.people["office"].read(f"{path}?state=what", 422)


def next_issue(scene: Scene, wall: Wall) -> None:
    stage, office = scene.stage, scene.people["office"]
    made, _ = office.send("splits/new", {"campaign": KEY, "copy": "1"}, 303)
    path = "splits/" + made.location.rpartition("/")[2]
    answer = office.ask(f"{path}/split.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.get_data())).active
    assert sheet
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:3] == ["编号", "条款内容", "分值"]
    assert office.ask(f"{path}/split.csv").status_code == 200
    with stage.district.session(wall) as session:
        street = session.scalars(select(Unit.name).where(Unit.id == stage.district.street)).one()
    rows[1][4:7] = [street, None, None]
    book = openpyxl.Workbook()
    for row in rows[:4]:
        book.active.append(row)  # type: ignore[union-attr]  # a new book has a sheet
    out = io.BytesIO()
    book.save(out)
    office.send(f"{path}/upload", {}, 422)
    sent = office.client.post(
        f"/t/{office.slug}/{path}/upload",
        data={"csrf_token": office.csrf, "file": (io.BytesIO(out.getvalue()), "分解表.xlsx")},
    )
    assert sent.status_code == 303
    check = path + "/upload/" + sent.location.rpartition("/upload/")[2]
    page = content(office.read(check))
    assert street in page
    assert "会改动的" in page
    office.send(check.partition("?")[0], {"name": "分解表.xlsx"}, 303)
    assert street in office.read(path)
    changes = content(office.read(f"{path}/changes"))
    assert street in changes
    assert street in office.ask(f"{path}/changes/changes.csv").get_data(as_text=True)
    assert office.ask(f"{path}/changes/changes.xlsx").status_code == 200
    office.read(f"{path}/changes?against=99", 422)
    office.send(f"{path}/drop", {}, 303)


def by_the_group(scene: Scene, wall: Wall) -> None:
    stage, group = scene.stage, scene.people["group"]
    with stage.district.session(wall) as session:
        split = stage.make(session)
        line = stage.line(session, split)
        wish = RowWish(owner_unit_id=stage.group)
        save_row(
            session, stage.people["office"], split.id, line.row.id, wish, portions_of(line), mark=line.mark, now=NOW
        )
        session.commit()
        path, row = f"splits/{split.id}", UUID(str(line.row.id))
    page = group.read(path)
    _, mark, cells = row_of(page, line.row.code)
    group.send(f"{path}/cells", {f"m.{row}": mark, cells[0]: "*1"}, 303)
    group.send(f"{path}/drop", {}, 403)
    scene.people["street"].read(path, 404)
    scene.people["office"].send(f"{path}/drop", {}, 303)
