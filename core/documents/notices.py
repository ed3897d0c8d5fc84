"""A notice as a paper (文书): the same data for the printable page and the Word document, text ready to print.

Official papers are Chinese in every language of the pages; the layout follows GB/T 9704.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from core.documents.wording import DASH, deadline_text
from core.settings import ZONE
from core.work.desk.findings import FindingRow
from core.work.papers.notice_kinds import REQUEST
from core.work.papers.notice_moves import CANCELLED
from core.work.papers.notices import NoticeDetail

TEMPLATE = "notice.docx"
PICTURE = Mm(32)
MOST_PICTURES = 40  # in one document: 40 small pictures are about 1 MB (ours)


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One finding in the paper's table (问题明细)."""

    number: int
    code: str
    title: str
    place: str
    due: str
    finding_id: UUID
    photo_id: UUID | None


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that the paper prints (文书内容)."""

    head: str
    title: str
    number: str
    addressee: str
    subject: str
    opening: str
    lines: tuple[PaperLine, ...]
    others: int
    demand: tuple[str, ...]
    clause: str
    closing: str
    issuer: str
    day: str
    person: str
    cancelled: bool
    is_demo: bool


def paper_of(found: NoticeDetail, photos: Mapping[UUID, UUID], *, is_demo: bool) -> Paper:
    """The paper of a notice as its reader may see it; ``photos`` is finding -> file."""
    notice, kind = found.notice, found.kind
    asking = kind.code == REQUEST
    you = "贵单位" if asking else "你单位"
    lines = tuple(_line(number, row, photos.get(row.id)) for number, row in enumerate(found.findings, 1))
    listed = f"涉及{you}的问题如下：" if lines else ""
    return Paper(
        head=notice.issuer,
        title=kind.title_zh,
        number=notice.number,
        addressee=notice.unit_name,
        subject=notice.title,
        opening=f"现就{notice.title}有关事宜{'函商' if asking else '通知'}如下。{listed}",
        lines=lines,
        others=found.others,
        demand=tuple(line.strip() for line in notice.demand.splitlines() if line.strip()),
        clause=notice.clause,
        closing=_closing(notice.due_at, asking=asking, replies=kind.replies),
        issuer=notice.issuer,
        day=_day(notice.issued_at),
        person=notice.issued_by or DASH,
        cancelled=notice.state == CANCELLED,
        is_demo=is_demo,
    )


def render_notice(paper: Paper, pictures: Mapping[UUID, Path]) -> bytes:
    """The paper as a Word document, every value escaped; ``pictures`` is file -> a small picture's path."""
    template = DocxTemplate(BytesIO(files("core.documents").joinpath(TEMPLATE).read_bytes()))
    rows = [_row(template, line, pictures) for line in paper.lines]
    template.render({"d": paper, "rows": rows}, autoescape=True)
    written = BytesIO()
    template.save(written)
    return written.getvalue()


def file_name(paper: Paper) -> str:
    """The name under which the document is saved: number, kind and unit."""
    mark = "（演示数据）" if paper.is_demo else ""
    return f"{paper.number}{paper.title}（{paper.addressee}）{mark}.docx"


def _row(template: DocxTemplate, line: PaperLine, pictures: Mapping[UUID, Path]) -> dict[str, Any]:
    path = pictures.get(line.photo_id) if line.photo_id and line.number <= MOST_PICTURES else None
    with_picture = InlineImage(template, str(path), width=PICTURE) if path else DASH
    return {"line": line, "photo": with_picture}


def _line(number: int, row: FindingRow, photo: UUID | None) -> PaperLine:
    place = row.site_name or row.unit_name
    return PaperLine(number, row.number or DASH, row.title, place, deadline_text(row.due_at), row.id, photo)


def _closing(due: datetime | None, *, asking: bool, replies: bool) -> str:
    if due is None:
        return ""
    if asking:
        return f"请于{deadline_text(due)}前函复。"
    return f"请于{deadline_text(due)}前{'书面答复整改情况' if replies else '办理完毕'}。"


def _day(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日"
