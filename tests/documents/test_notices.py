"""Notices as papers: the template is the one that is built, every value stands in it escaped, pictures where they are there."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document

from core.documents.notices import Paper, PaperLine, file_name, render_notice
from tenants.db import new_id
from tests.documents import build_notice
from tests.work.pictures import jpeg

PAPER = Paper(
    head="演示区",
    title="整改通知单",
    number="整改〔2026〕第17号",
    addressees=("演示街道",),
    subject="市场卫生",
    opening="现就市场卫生有关事宜通知如下。涉及你单位的问题如下：",
    lines=(),
    others=0,
    demand=("立即整改 <b>&{{ d.number }}", "书面答复"),
    clause="",
    closing="请于2026年11月24日 17:00前书面答复整改情况。",
    issuer="演示区",
    day="2026年11月22日",
    person="张三",
    cancelled=False,
    is_demo=False,
)


def text_of(data: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(data)).paragraphs)


def line(number: int, photo: bool = False) -> PaperLine:
    photo_id = new_id() if photo else None
    return PaperLine(
        number, f"2026-0000{number}", f"问题<{number}>", "一号院", "2026年11月24日 10:00", new_id(), photo_id
    )


def test_every_value_stands_in_the_document_as_it_is() -> None:
    text = text_of(render_notice(PAPER, {}))
    for said in (
        PAPER.head,
        PAPER.title,
        PAPER.number,
        "演示街道：",
        PAPER.opening,
        *PAPER.demand,
        PAPER.closing,
        PAPER.day,
    ):
        assert said in text
    assert "（签发人：张三）" in text
    assert "{%" not in text
    assert "依据" not in text
    assert "另有" not in text
    assert Document(io.BytesIO(render_notice(PAPER, {}))).tables == []


def test_findings_are_rows_with_their_pictures(tmp_path: Path) -> None:
    picture = tmp_path / "small"
    picture.write_bytes(jpeg((64, 48)))
    lines = (line(1, photo=True), line(2), line(3, photo=True))
    paper = replace(PAPER, lines=lines, others=2, clause="《条例》第三条")
    assert lines[0].photo_id
    data = render_notice(paper, {lines[0].photo_id: picture})
    document = Document(io.BytesIO(data))
    (table,) = document.tables
    assert [row.cells[2].text for row in table.rows] == ["问题", "问题<1>", "问题<2>", "问题<3>"]
    assert [row.cells[5].text for row in table.rows[1:]] == ["", "—", "—"], "a lost file is a dash"
    assert len(document.inline_shapes) == 1
    assert "另有 2 件问题" in text_of(data)
    assert "依据：《条例》第三条" in text_of(data)


def test_demo_and_cancelled_papers_say_so_on_every_page() -> None:
    for changed, mark in (({"is_demo": True}, "演示数据"), ({"cancelled": True}, "已撤销")):
        document = Document(io.BytesIO(render_notice(replace(PAPER, **changed), {})))
        assert mark in document.sections[0].header.paragraphs[0].text
    assert file_name(PAPER) == "整改〔2026〕第17号整改通知单（演示街道）.docx"
    assert "演示数据" in file_name(replace(PAPER, is_demo=True))


def test_the_shipped_template_is_the_one_that_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_notice, "PATH", tmp_path / "notice.docx")
    built = build_notice.build()
    shipped = Path(__file__).parents[2] / "core" / "documents" / "notice.docx"

    def body(path: Path) -> bytes:
        return zipfile.ZipFile(path).read("word/document.xml")

    assert body(built) == body(shipped)
