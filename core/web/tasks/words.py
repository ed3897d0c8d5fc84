"""Words of the tasks' room (任务用词): states, steps, progress and days in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import get_locale, gettext

from core.errors import SanchengError
from core.web.errors import say_fault
from core.web.words import counted
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import Task, TaskEvent
from core.work.tasks.moves import MOVES
from core.work.tasks.reporting import percent
from core.work.tasks.states import OPEN_STATES, PERCENT, SOURCES, STATES, WAYS, late_days

TONES: Mapping[str, str] = {
    "draft": "neutral",
    "issued": "waiting",
    "returned": "soon",
    "accepted": "active",
    "doing": "active",
    "done": "next",
    "verified": "verified",
    "closed": "verified",
    "cancelled": "held",
}
SOON_DAYS = 3  # the last days are marked (ours)


@dataclass(frozen=True, slots=True)
class Left:
    """How many days are left (剩余天数): in words, with a tone."""

    text: str
    tone: str


def state_of(task: Task) -> tuple[str, str]:
    """A task's state in words, and its tone."""
    return gettext(STATES[task.state][0]), TONES[task.state]


def left_of(task: Task, day: date) -> Left | None:
    """How much time an open task has, or by how much it is late; None when it is over."""
    if task.state not in OPEN_STATES:
        return None
    if late := late_days(task, day):
        return Left(counted("逾期 %(n)s 天", n=late), "overdue")
    left = (task.due_on - day).days
    if left == 0:
        return Left(gettext("今天到期"), "soon")
    return Left(counted("还剩 %(n)s 天", n=left), "soon" if left <= SOON_DAYS else "neutral")


def say_progress(task: Task) -> str:
    """How far a task is: its percentage."""
    return percent(task.progress)


def say_share(progress: int) -> str:
    """A progress in 1/100 % in words."""
    return percent(progress)


def say_number(value: Decimal | None) -> str:
    """A number as people write it; '' for none."""
    return "" if value is None else plain(value)


def say_done(task: Task, done: Decimal) -> str:
    """An amount in the task's unit of measure."""
    return f"{plain(done)} {say_measure(task.measure)}".strip()


def say_amount(task: Task) -> str:
    """Done of target in the task's unit of measure; '' for one that is told in percent or by its parts."""
    if task.way == PERCENT or task.target is None or not task.leaf:
        return ""
    return f"{plain(task.done)}/{plain(task.target)} {say_measure(task.measure)}".strip()


def say_measure(code: str) -> str:
    """A unit of measure in the reader's language."""
    found = MEASURES.get(code)
    if found is None:
        return code
    return found.name_zh if str(get_locale() or "zh").startswith("zh") else found.name_en


def say_source(code: str) -> str:
    """Where a task came from."""
    return gettext(SOURCES[code]) if code in SOURCES else code


def options(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A table of words as the choices of a field; of pairs the first is the Chinese one."""
    return [(code, gettext(one[0] if isinstance(one, tuple) else one)) for code, one in known.items()]


def way_options() -> list[tuple[str, str]]:
    """How progress is told, as choices."""
    return options(WAYS)


def measure_options() -> list[tuple[str, str]]:
    """The units of measure as choices."""
    return [(code, say_measure(code)) for code in MEASURES]


def say_step(verb: str) -> str:
    """What a step of the history is called."""
    if verb == "create":
        return gettext("新建任务")
    if verb == "import":
        return gettext("导入时的进度")
    return gettext(MOVES[verb].title_zh) if verb in MOVES else verb


def event_line(event: TaskEvent, photos: list[Any]) -> dict[str, Any]:
    """A step for the macro ``timeline``."""
    parts = [part for part in (_said(event.detail), event.note) if part]
    tone = "soon" if event.verb in ("return", "send_back") else TONES.get(event.to_state, "neutral")
    return {
        "at": event.at,
        "what": say_step(event.verb),
        "who": event.person_name or gettext("系统"),
        "text": gettext("；").join(parts),
        "tone": tone,
        "photos": [photo.file_id for photo in photos],
    }


def _said(detail: Mapping[str, Any]) -> str:
    """What changed, from and to, as far as a reader can do with it."""
    parts = []
    if isinstance(pair := detail.get("progress"), list):
        parts.append(f"{percent(pair[0])} → {percent(pair[1])}")
    names = {
        "done": gettext("数量"),
        "unit": gettext("单位"),
        "due_on": gettext("期限"),
        "starts_on": gettext("开始日期"),
    }
    names |= {"title": gettext("任务名称"), "weight": gettext("权重"), "target": gettext("目标数量")}
    for name, label in names.items():
        if isinstance(pair := detail.get(name), list):
            parts.append(f"{label} {pair[0] or '—'} → {pair[1] or '—'}")
    if detail.get("wanted"):
        parts.append(gettext("申请延到 %(day)s", day=detail["wanted"]))
    if detail.get("parts"):
        parts.append(counted("分解成 %(n)s 项", n=detail["parts"]))
    if detail.get("workbook"):
        parts.append(gettext("由工作簿导入"))
    if detail.get("late"):
        parts.append(gettext("接收超时"))
    if detail.get("above"):
        parts.append(gettext("随上级任务撤销"))
    return gettext("，").join(parts)


def fault_words(error: SanchengError) -> dict[str, str]:
    """Field -> what is wrong there; the field's own label says which it is."""
    return {fault.field: say_fault(replace(fault, field="")) for fault in error.faults if fault.field}
