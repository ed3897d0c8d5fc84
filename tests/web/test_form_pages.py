"""Excel is the designer (表格页面): download, change, upload, see the differences, preview, publish - and what is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from flask import Flask

from core.campaigns import installed
from core.work.forms.versions import versions_of
from tenants.scope import Wall
from tests.factory import add_actor, add_site, bare_district
from tests.web.desk import Clerk, clerk, content

SANITARY = installed().campaigns["sanitary_city"]
CODE = "SAN-ROAD"
MINE = {SANITARY.key: (SANITARY.edition.key, SANITARY.edition.sha256)}
Change = Callable[[openpyxl.Workbook], None]


class Stage:
    """A district with a road, its administrator, office and inspector."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.wall = wall
        self.district = bare_district(wall, campaigns=MINE)
        actors = {
            role: add_actor(wall, self.district.ref, role, self.district.root)
            for role in ("administrator", "hq_office", "inspector")
        }
        self.admin, self.office, self.inspector = (clerk(app, wall, one) for one in actors.values())
        with self.district.session(wall) as session:
            self.site = add_site(session, self.district.communities[0], "main_road")
            session.commit()

    @property
    def form(self) -> str:
        return f"forms/{SANITARY.key}/{CODE}"


@pytest.fixture
def stage(app: Flask, wall: Wall) -> Stage:
    return Stage(app, wall)


def changed(data: bytes, change: Change) -> bytes:
    """A workbook after somebody worked on it."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell(book: openpyxl.Workbook, row: int, title: str):
    sheet = book["survey"]
    column = [one.value for one in sheet[1]].index(title) + 1
    return sheet.cell(row=row, column=column)


def reword(book: openpyxl.Workbook) -> None:
    titles = [one.value for one in book["survey"][1]]
    label = next(t for t in titles if t and str(t).startswith("label") and "English" not in str(t))
    cell(book, 2, label).value = "路面平整（本区说法）"


def hand_in(clerk: Clerk, data: bytes, name: str = "road.xlsx") -> str:
    """Upload a workbook; gives the path of its check."""
    said = {"csrf_token": clerk.csrf, "campaign": SANITARY.key, "file": (io.BytesIO(data), name)}
    answer = clerk.client.post(f"/t/{clerk.slug}/forms/upload", data=said, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.get_data(as_text=True)[-800:]
    return answer.location.removeprefix(f"/t/{clerk.slug}/")


def test_a_form_goes_to_excel_and_back_into_the_inspectors_hand(stage: Stage) -> None:
    listed = stage.office.read("forms")
    assert CODE in listed
    assert "上传表格" not in listed, "only the administrator changes forms"
    shipped = stage.office.ask(f"{stage.form}/form.xlsx").data
    check = hand_in(stage.admin, changed(shipped, reword))
    page = stage.admin.read(check)
    assert "有 1 处不同" in page
    assert "路面平整（本区说法）" in page
    assert "题目文字" in page
    framed = re.search(r'<iframe src="([^"]+)"', page)
    assert framed
    preview = stage.admin.client.get(framed.group(1)).get_data(as_text=True)
    assert "路面平整（本区说法）" in preview
    assert "路面平整（本区说法）" not in stage.inspector.read(f"visit/{stage.site}"), "nothing is published yet"
    where, _, query = check.partition("?")
    _, _ = stage.admin.send(where, {"name": "road.xlsx", "note": "换了说法", "go": "publish"}, 303)
    assert query
    with stage.district.session(stage.wall) as session:
        assert [(row.number, row.state, row.note) for row in versions_of(session, SANITARY.key)] == [
            (1, "published", "换了说法")
        ]
    assert "本区改过" in stage.office.read("forms")
    page = stage.office.read(stage.form)
    assert "第 1 版" in page
    assert "换了说法" in page
    hint = stage.admin.read(f"{stage.form}/preview?version=shipped")
    assert "路面平整（本区说法）" not in hint
    again = hand_in(stage.admin, stage.office.ask(f"{stage.form}/form.xlsx").data)
    assert "完全一样" in stage.admin.read(again)


def test_what_the_edition_scores_is_not_changed_here(stage: Stage) -> None:
    shipped = stage.admin.ask(f"{stage.form}/form.xlsx").data

    def slower(book: openpyxl.Workbook) -> None:
        cell(book, 2, "working_days").value = 99

    check = hand_in(stage.admin, changed(shipped, slower))
    page = stage.admin.read(check, 422)
    assert "改了计分的内容" in page
    assert "上传本区测评体系版本" in page
    assert "发布给检查员" not in page
    stage.admin.send(check.partition("?")[0], {"name": "road.xlsx", "go": "publish"}, 422)
    with stage.district.session(stage.wall) as session:
        assert versions_of(session, SANITARY.key) == []


@pytest.mark.parametrize(("data", "name"), [(b"not a workbook", "x.xlsx"), (b"", "x.csv"), (b"a,b\n1,2\n", "x.csv")])
def test_what_is_no_form_is_refused_in_words(stage: Stage, data: bytes, name: str) -> None:
    check = hand_in(stage.admin, data, name)
    page = stage.admin.read(check, 422)
    assert "这个文件不能用" in page
    assert "须改" in page
    assert stage.admin.client.get(f"/t/{stage.admin.slug}/{check.replace('?', '/preview?')}").status_code == 422


def test_a_draft_waits_is_published_and_taken_back(stage: Stage) -> None:
    shipped = stage.admin.ask(f"{stage.form}/form.xlsx").data
    check = hand_in(stage.admin, changed(shipped, reword)).partition("?")[0]
    stage.admin.send(check, {"name": "road.xlsx", "go": "draft"}, 303)
    assert "有草稿没有发布" in stage.admin.read("forms")
    with stage.district.session(stage.wall) as session:
        [row] = versions_of(session, SANITARY.key)
    stage.office.send(f"{stage.form}/{row.id}/publish", {}, 403)
    stage.admin.send(f"{stage.form}/{row.id}/publish", {}, 303)
    assert "在用" in content(stage.admin.read(stage.form))
    stage.admin.send(f"{stage.form}/{row.id}/end", {}, 303)
    assert "已停用" in stage.admin.read(stage.form)
    stage.admin.send(f"forms/{SANITARY.key}/SAN-SITE/{row.id}/publish", {}, 404)


def test_unknown_forms_and_versions_are_not_found(stage: Stage) -> None:
    for path in (
        f"forms/{SANITARY.key}/NO-SUCH",
        "forms/no_such_city/SAN-ROAD",
        f"{stage.form}/form.xlsx?version=7",
        f"{stage.form}/preview?version=9",
    ):
        assert stage.admin.ask(path).status_code == 404, path
    assert stage.admin.ask(f"{stage.form}/form.xlsx?version=x").status_code == 422


def test_a_question_beside_the_items_is_published_and_asked(stage: Stage) -> None:
    shipped = stage.admin.ask(f"{stage.form}/form.xlsx").data

    def more(book: openpyxl.Workbook) -> None:
        row = book["survey"].max_row + 1
        cell(book, row, "type").value = "text"
        cell(book, row, "name").value = "remark"
        titles = [str(one.value) for one in book["survey"][1]]
        cell(book, row, next(t for t in titles if t.startswith("label"))).value = "现场情况"

    check = hand_in(stage.admin, changed(shipped, more)).partition("?")[0]
    page = stage.admin.read(f"{check}?name=road.xlsx")
    assert "发布给检查员" in page
    assert "存为草稿" in page
    stage.admin.send(check, {"name": "road.xlsx", "go": "publish"}, 303)
    assert "现场情况" in stage.admin.read(f"{stage.form}/preview?version=1")
    assert "现场情况" in stage.inspector.read(f"visit/{stage.site}")
