"""Writes the template of notices (core/documents/notice.docx) from words and a table; for maintainers:

``python -m tests.documents.build_notice`` from the repository's root, then look at the result in a word processor.
The layout follows the usual form of official papers (GB/T 9704): red head, red rule, title 22 pt, body 仿宋 16 pt.
"""

from __future__ import annotations

from pathlib import Path

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm

from tests.documents.build_templates import BODY, HEAD, TITLE, cell, paragraph, write

PATH = Path(__file__).parents[2] / "core" / "documents" / "notice.docx"
COLUMNS = (
    ("序号", 1.2, "{{ r.line.number }}"),
    ("问题编号", 2.6, "{{ r.line.code }}"),
    ("问题", 4.6, "{{ r.line.title }}"),
    ("地点", 2.6, "{{ r.line.place }}"),
    ("整改期限", 2.4, "{{ r.line.due }}"),
    ("照片", 3.6, "{{ r.photo }}"),
)
BY_UNIT = (
    ("序号", 1.2, "{{ r.line.number }}"),
    ("问题编号", 2.6, "{{ r.line.code }}"),
    ("问题", 3.8, "{{ r.line.title }}"),
    ("地点", 2.4, "{{ r.line.place }}"),
    ("整改期限", 2.2, "{{ r.line.due }}"),
    ("截至{{ d.since }}", 1.8, "{{ r.line.state }}"),
    ("照片", 3.0, "{{ r.photo }}"),
)


def rule(target) -> None:
    """A red line under a paragraph."""
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", "C00000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    target._p.get_or_add_pPr().append(borders)


def table(document, columns=COLUMNS, rows="rows") -> None:
    """The findings, one a row."""
    made = document.add_table(rows=4, cols=len(columns))
    made.style, made.alignment, made.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    cell(made.rows[1].cells[0], "{%tr for r in " + rows + " %}")
    cell(made.rows[3].cells[0], "{%tr endfor %}")
    for n, (title, width, value) in enumerate(columns):
        cell(made.rows[0].cells[n], title, bold=True)
        cell(made.rows[2].cells[n], value, left="title" in value or "place" in value)
        for row in made.rows:
            row.cells[n].width = Cm(width)
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in made.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def build() -> Path:
    """Write the template."""
    document = Document()
    document.core_properties.author, document.core_properties.comments = "三城", ""
    document.core_properties.title = "通知文书"
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.2), Cm(2.2)
    mark = section.header.paragraphs[0]
    mark.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    write(
        mark.add_run("{% if d.is_demo %}演示数据{% endif %}{% if d.cancelled %}　已撤销{% endif %}"), HEAD, 12, red=True
    )
    paragraph(document, "{{ d.head }}", TITLE, 26, centre=True, red=True)
    paragraph(document, "{{ d.title }}", TITLE, 22, centre=True)
    rule(paragraph(document, "{{ d.number }}", "楷体_GB2312", 16, centre=True))
    paragraph(document, "{{ d.addressee }}：", indent=False)
    paragraph(document, "{{ d.opening }}")
    paragraph(document, "{%p if rows %}")
    table(document)
    paragraph(document, "{%p endif %}")
    paragraph(document, "{%p if d.tally %}")
    paragraph(document, "{{ d.tally }}")
    paragraph(document, "{%p endif %}")
    paragraph(document, "{%p for part in parts %}")
    paragraph(document, "{{ part.heading }}", HEAD, 16)
    table(document, BY_UNIT, "part.rows")
    paragraph(document, "{%p endfor %}")
    paragraph(document, "{%p if d.others %}")
    paragraph(document, "另有 {{ d.others }} 件问题，由有关单位另行掌握。")
    paragraph(document, "{%p endif %}")
    paragraph(document, "{%p for line in d.demand %}")
    paragraph(document, "{{ line }}")
    paragraph(document, "{%p endfor %}")
    paragraph(document, "{%p if d.clause %}")
    paragraph(document, "依据：{{ d.clause }}")
    paragraph(document, "{%p endif %}")
    paragraph(document, "{%p if d.closing %}")
    paragraph(document, "{{ d.closing }}")
    paragraph(document, "{%p endif %}")
    paragraph(document, "")
    for text in ("{{ d.issuer }}", "{{ d.day }}"):
        paragraph(document, text, BODY, 16, indent=False).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph(document, "（签发人：{{ d.person }}）", BODY, 14)
    document.save(PATH)
    return PATH


if __name__ == "__main__":
    print(build())
