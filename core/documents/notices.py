"""A notice as a paper (文书): the same data for the printable page and the Word document, text ready to print.

Official papers are Chinese in every language of the pages; the layout follows GB/T 9704. A circular (通报), and whatever goes
to several units, lists its problems unit by unit, with the state of each when it was issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from core.documents.wording import DASH, deadline_text
from core.settings import ZONE
from core.work.desk.findings import FindingRow
from core.work.loop.states import CLOSED_STATES, NOT_CLOSED, STATES
from core.work.papers.notice_kinds import CIRCULAR, REQUEST
from core.work.papers.notice_moves import CANCELLED
from core.work.papers.notices import NoticeDetail

TEMPLATE = "notice.docx"
PICTURE = Mm(32)
DIGITS = "零一二三四五六七八九"
REST = "其他"
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
    state: str = DASH


@dataclass(frozen=True, slots=True)
class PaperPart:
    """The problems of one addressee (分单位问题清单): its heading, and its lines."""

    heading: str
    lines: tuple[PaperLine, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that the paper prints (文书内容). ``parts`` are the same lines by unit, of papers that list them so."""

    head: str
    title: str
    number: str
    addressees: tuple[str, ...]
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
    parts: tuple[PaperPart, ...] = ()
    tally: str = ""
    since: str = ""

    @property
    def addressee(self) -> str:
        """To whom it goes (主送), as the paper says it."""
        return "、".join(self.addressees)


def paper_of(found: NoticeDetail, photos: Mapping[UUID, UUID], *, is_demo: bool) -> Paper:
    """The paper of a notice as its reader may see it; ``photos`` is finding -> file."""
    notice, kind = found.notice, found.kind
    asking = kind.code == REQUEST
    many = len(found.addressees) > 1
    you = "有关单位" if many else "贵单位" if asking else "你单位"
    by_unit = many or kind.code == CIRCULAR
    ordered = _by_unit(found) if by_unit else [("", found.findings)]
    numbers = count(1)
    parts = tuple(
        PaperPart(name, tuple(_line(next(numbers), row, photos.get(row.id), found) for row in rows))
        for name, rows in ordered
    )
    lines = tuple(line for part in parts for line in part.lines)
    listed = f"涉及{you}的问题如下：" if lines else ""
    return Paper(
        head=notice.issuer,
        title=kind.title_zh,
        number=notice.number,
        addressees=tuple(one.row.unit_name for one in found.addressees),
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
        parts=tuple(_headed(parts)) if by_unit else (),
        tally=_tally(found) if by_unit else "",
        since=_month_day(notice.issued_at),
    )


def render_notice(paper: Paper, pictures: Mapping[UUID, Path]) -> bytes:
    """The paper as a Word document, every value escaped; ``pictures`` is file -> a small picture's path."""
    template = DocxTemplate(BytesIO(files("core.documents").joinpath(TEMPLATE).read_bytes()))
    rows = [] if paper.parts else [_row(template, line, pictures) for line in paper.lines]
    parts = [
        {"heading": part.heading, "rows": [_row(template, line, pictures) for line in part.lines]}
        for part in paper.parts
    ]
    template.render({"d": paper, "rows": rows, "parts": parts}, autoescape=True)
    written = BytesIO()
    template.save(written)
    return written.getvalue()


def file_name(paper: Paper) -> str:
    """The name under which the document is saved: number, kind and unit, of several the first and how many."""
    mark = "（演示数据）" if paper.is_demo else ""
    first, *further = paper.addressees
    to = f"{first}等{len(further) + 1}个单位" if further else first
    return f"{paper.number}{paper.title}（{to}）{mark}.docx"


def _by_unit(found: NoticeDetail) -> list[tuple[str, list[FindingRow]]]:
    """The findings under their addressees, in the paper's order; last what none of them leads."""
    names = [(one.row.unit_id, one.row.unit_name) for one in found.addressees]
    grouped = [(name, [row for row in found.findings if found.unit_of.get(row.id) == key]) for key, name in names]
    rest = [row for row in found.findings if row.id not in found.unit_of]
    return [(name, rows) for name, rows in (*grouped, (REST, rest)) if rows]


def _headed(parts: Iterable[PaperPart]) -> Iterator[PaperPart]:
    """The parts with their numbered headings: 一、某街道（3件）."""
    for number, part in enumerate(parts, 1):
        yield PaperPart(f"{chinese(number)}、{part.heading}（{len(part.lines)}件）", part.lines)


def chinese(number: int) -> str:
    """A whole number from 1 to 999 in Chinese, as headings count."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{DIGITS[hundreds]}百" if hundreds else ""
    if hundreds and rest and not tens:
        said += "零"
    if tens:
        said += ("" if tens == 1 and not hundreds else DIGITS[tens]) + "十"  # 十一, but 一百一十
    return said + (DIGITS[ones] if ones else "")


def _tally(found: NoticeDetail) -> str:
    """How many problems stand on the paper and how far they were when it was issued; '' without any, or on older papers."""
    states = [found.at_issue.get(row.id) for row in found.findings]
    if not states or None in states:
        return ""
    closed, still = (sum(state in group for state in states) for group in (CLOSED_STATES, NOT_CLOSED))
    over = len(states) - closed - still
    said = f"截至{_day(found.notice.issued_at)}，所列问题{len(states)}件，已销号{closed}件，未销号{still}件"
    return said + (f"，不再办理{over}件。" if over else "。")


def _row(template: DocxTemplate, line: PaperLine, pictures: Mapping[UUID, Path]) -> dict[str, Any]:
    path = pictures.get(line.photo_id) if line.photo_id and line.number <= MOST_PICTURES else None
    with_picture = InlineImage(template, str(path), width=PICTURE) if path else DASH
    return {"line": line, "photo": with_picture}


def _line(number: int, row: FindingRow, photo: UUID | None, found: NoticeDetail) -> PaperLine:
    place = row.site_name or row.unit_name
    state = found.at_issue.get(row.id)
    said = STATES[state].title_zh if state in STATES else DASH
    return PaperLine(number, row.number or DASH, row.title, place, deadline_text(row.due_at), row.id, photo, said)


def _closing(due: datetime | None, *, asking: bool, replies: bool) -> str:
    if due is None:
        return ""
    if asking:
        return f"请于{deadline_text(due)}前函复。"
    return f"请于{deadline_text(due)}前{'书面答复整改情况' if replies else '办理完毕'}。"


def _day(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def _month_day(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local.month}月{local.day}日"
