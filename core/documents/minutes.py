"""Minutes of a meeting as a paper (会议纪要): the same data for the printable page and the Word document.

Official papers are Chinese in every language of the pages; the layout follows GB/T 9704. A point that is about what the reader may
not know keeps its place and loses its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.run import Run
from sqlalchemy.orm import Session

from core.documents.wording import DASH
from core.settings import ZONE
from core.work.calendar import local_day
from core.work.meetings.agenda import Point, points_of
from core.work.meetings.attendance import Attendance, Presence, count_presences, presences
from core.work.meetings.deciding import Decided, decisions_of
from core.work.meetings.kinds import ABSENT, CAME, EXCUSED, MINUTED, PLEDGE, SUBSTITUTE, TIERS, kind_of
from core.work.meetings.minutes import corrections_of
from core.work.tables import Meeting, MeetingEvent
from core.work.tasks.states import STATES as TASK_STATES
from tenants.access import Actor
from tenants.models import Unit

HIDDEN = "（内容不在可见范围内）"
TITLE_FONT, BODY_FONT, HEAD_FONT = "方正小标宋简体", "仿宋_GB2312", "黑体"
RED = RGBColor(0xC0, 0, 0)
POINT_ENDS = {"open": "", "decided": "已议定", "deferred": "下次再议"}


@dataclass(frozen=True, slots=True)
class MinutesLine:
    """One decision of the table (议定事项): what, who, by when, the task's number and how it stands."""

    number: int
    kind: str
    title: str
    who: str
    due: str
    task: str
    state: str


@dataclass(frozen=True, slots=True)
class Minutes:
    """Everything that the paper prints (纪要内容)."""

    head: str
    title: str
    number: str
    kind: str
    facts: tuple[tuple[str, str], ...]
    tally: str
    came: str
    away: str
    spoke: str
    agenda: tuple[str, ...]
    text: tuple[str, ...]
    lines: tuple[MinutesLine, ...]
    corrections: tuple[str, ...]
    unit: str
    day: str
    final: bool
    is_demo: bool


def minutes_of(session: Session, actor: Actor, meeting: Meeting, *, is_demo: bool, now: datetime) -> Minutes:
    """The minutes as their reader may see them."""
    rows = presences(session, meeting.id)
    unit = session.get_one(Unit, (meeting.tenant_id, meeting.unit_id))
    decided = [one for one in decisions_of(session, actor, meeting.id, now) if not one.row.dropped]
    return Minutes(
        head=f"{unit.name}会议纪要",
        title=meeting.title,
        number=meeting.number,
        kind=kind_of(meeting.kind).title,
        facts=_facts(meeting),
        tally=_tally(count_presences(rows)),
        came="、".join(_came(rows)),
        away="、".join(_away(rows)),
        spoke="、".join(_named(one) for one in rows if one.row.speaks),
        agenda=tuple(_agenda(points_of(session, actor, meeting, now))),
        text=tuple(line.strip() for line in meeting.minutes.splitlines() if line.strip()),
        lines=tuple(_line(number, one) for number, one in enumerate(decided, 1)),
        corrections=tuple(_correction(one) for one in corrections_of(session, meeting.id)),
        unit=unit.name,
        day=_day(local_day(meeting.minuted_at) if meeting.minuted_at else meeting.held_on),
        final=meeting.state == MINUTED,
        is_demo=is_demo,
    )


def file_name(paper: Minutes) -> str:
    """The name under which the document is saved."""
    return f"{paper.number}{paper.title}纪要{'' if paper.final else '（未定稿）'}{'（演示数据）' if paper.is_demo else ''}.docx"


def render_minutes(paper: Minutes) -> bytes:
    """The minutes as a Word document; every value is text, never markup."""
    made = Document()
    marks = [mark for mark, is_so in (("演示数据", paper.is_demo), ("未定稿", not paper.final)) if is_so]
    if marks:
        _paragraph(made, " ".join(marks), align=WD_ALIGN_PARAGRAPH.RIGHT, size=12, font=HEAD_FONT, red=True)
    _paragraph(made, paper.head, align=WD_ALIGN_PARAGRAPH.CENTER, size=26, font=TITLE_FONT, red=True)
    _paragraph(made, paper.number, align=WD_ALIGN_PARAGRAPH.CENTER, size=14)
    _paragraph(made, paper.title, align=WD_ALIGN_PARAGRAPH.CENTER, size=20, font=TITLE_FONT)
    for name, value in paper.facts:
        _paragraph(made, f"{name}：{value}")
    _part(made, "到会情况", _presence(paper))
    _part(made, "议程", paper.agenda)
    _part(made, "会议内容", paper.text)
    if paper.lines:
        _paragraph(made, "议定事项", font=HEAD_FONT)
        _table(made, paper.lines)
    for line in paper.corrections:
        _paragraph(made, line)
    _paragraph(made, paper.unit, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _paragraph(made, paper.day, align=WD_ALIGN_PARAGRAPH.RIGHT)
    written = BytesIO()
    made.save(written)
    return written.getvalue()


def _presence(paper: Minutes) -> list[str]:
    said = (("", paper.tally), ("到会：", paper.came), ("请假和缺席：", paper.away), ("交流发言：", paper.spoke))
    return [name + value for name, value in said if value]


def _part(made: Doc, title: str, lines: Sequence[str]) -> None:
    if lines:
        _paragraph(made, title, font=HEAD_FONT)
        for line in lines:
            _paragraph(made, line)


def _table(made: Doc, lines: Iterable[MinutesLine]) -> None:
    head = ("序号", "类别", "事项", "责任单位和责任人", "完成日", "任务编号", "进展")
    table = made.add_table(rows=1, cols=len(head))
    table.style = "Table Grid"
    _row(table.rows[0].cells, head, HEAD_FONT)
    for one in lines:
        said = (str(one.number), one.kind, one.title, one.who, one.due, one.task, one.state)
        _row(table.add_row().cells, said, BODY_FONT)


def _row(cells: Sequence[object], texts: Sequence[str], font: str) -> None:
    for cell, text in zip(cells, texts, strict=True):
        _dress(cell.paragraphs[0].add_run(text), 10.5, font)  # type: ignore[attr-defined]  # a cell of python-docx


def _paragraph(
    made: Doc,
    text: str,
    *,
    align: WD_ALIGN_PARAGRAPH | None = None,
    size: float = 16,
    font: str = BODY_FONT,
    red: bool = False,
) -> None:
    found = made.add_paragraph()
    if align is not None:
        found.alignment = align
    run = found.add_run(text)
    _dress(run, size, font)
    if red:
        run.font.color.rgb = RED


def _dress(run: Run, size: float, font: str) -> None:
    run.font.size = Pt(size)
    run.font.name = font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001 - python-docx names no East Asian font


def _facts(meeting: Meeting) -> tuple[tuple[str, str], ...]:
    clock = f" {meeting.starts_at.astimezone(ZONE):%H:%M}" if meeting.starts_at else ""
    said = (
        ("会议类别", f"{kind_of(meeting.kind).title}（{TIERS.get(meeting.tier, DASH)}）"),
        ("时间", _day(meeting.held_on) + clock),
        ("地点", meeting.place),
        ("主持人", meeting.chair_name),
    )
    return tuple((name, value) for name, value in said if value)


def _tally(counts: Attendance) -> str:
    if not counts.asked:
        return ""
    return f"应到{counts.asked}，实到{counts.came}（其中代会{counts.substitute}），请假{counts.excused}，缺席{counts.absent}。"


def _named(one: Presence) -> str:
    said = "（".join(part for part in (one.unit_name, one.row.name) if part)
    return f"{said}）" if one.unit_name and one.row.name else said


def _came(rows: Iterable[Presence]) -> list[str]:
    return [_named(one) + ("代" if one.row.state == SUBSTITUTE else "") for one in rows if one.row.state in CAME]


def _away(rows: Iterable[Presence]) -> list[str]:
    words = {EXCUSED: "请假", ABSENT: "缺席"}
    return [f"{_named(one)}{words[one.row.state]}" for one in rows if one.row.state in words]


def _agenda(points: Iterable[Point]) -> Iterable[str]:
    for number, point in enumerate(points, 1):
        if point.hidden:
            yield f"{number}．{HIDDEN}"
            continue
        unit = f"（{point.unit_name}）" if point.unit_name and point.unit_name != point.title else ""
        said = "。".join(part for part in (point.item.said.strip("。"), POINT_ENDS.get(point.item.state, "")) if part)
        yield f"{number}．{point.title}{unit}{'：' + said if said else ''}"


def _line(number: int, one: Decided) -> MinutesLine:
    row, task = one.row, one.task
    who = "、".join(part for part in (one.unit_name, one.person_name) if part)
    return MinutesLine(
        number,
        "表态" if row.kind == PLEDGE else "议定",
        row.title,
        who or DASH,
        _day(row.due_on) if row.due_on else DASH,
        task.number if task else DASH,
        TASK_STATES[task.state][0] if task and task.state in TASK_STATES else DASH,
    )


def _correction(event: MeetingEvent) -> str:
    return f"本纪要于{_day(local_day(event.at))}更正：{event.note}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
