"""The blank workbook of tasks (任务模板): the columns with hints, an example, and lists of units, plans and words to choose from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

import xlsxwriter
from sqlalchemy import select
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from core.campaigns.registry import Registry
from core.work.dated import valid_on
from core.work.imports.workbook_reading import EXAMPLE
from core.work.imports.workbook_template import write_row
from core.work.plans.plan_list import line_choices, plans_in_force
from core.work.statistics.measures import MEASURES
from core.work.tasks.importing_sheet import MOST_ROWS, TASKS
from core.work.tasks.states import SOURCES
from tenants.models import EnabledCampaign, Unit
from tenants.scope import ScopedSession

_NOTE = "带 * 的列必填；以“示例”开头的行不会导入；空格子不改动已有的内容；看不准的行会退回并写明原因"
_EXAMPLE = {
    "code": "2026-001",
    "name": f"{EXAMPLE}：清理背街小巷卫生死角",
    "requirement": "无积存垃圾、无乱堆乱放",
    "starts_on": "2026-11-01",
    "due_on": "2026-11-30",
    "target": "12",
    "measure": "处",
    "source": "领导交办",
    "weight": "100",
    "progress": "0%",
}
_ROWS = 2000  # rows of the sheet that offer the lists
_LISTS = {"unit": "单位", "measure": "计量单位", "source": "来源", "campaign": "创建项目", "plan": "计划"}


def task_template(session: ScopedSession, today: date, registry: Registry) -> bytes:
    """Make the template as .xlsx, with the district's own units, plans and campaigns in lists."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet(TASKS.titles[0])
        lists = _lists(session, today, registry)
        lengths = _write_lists(book, lists)
        _write_sheet(book, sheet)
        for place, column in enumerate(TASKS.columns):
            named = _LISTS.get(column.code)
            if named and lengths[named]:
                letter = chr(ord("A") + list(lists).index(named))
                source = f"=代码!${letter}$2:${letter}${lengths[named] + 1}"
                # A choice, not a rule: a unit may also be written by its code, or with the one above it.
                offer = {"validate": "list", "source": source, "show_error": False, "ignore_blank": True}
                sheet.data_validation(3, place, 2 + _ROWS, place, offer)
    return buffer.getvalue()


def _write_sheet(book: Workbook, sheet: Worksheet) -> None:
    bold, grey = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"font_color": "#666666"})
    text = book.add_format({"num_format": "@"})
    sheet.set_column(0, len(TASKS.columns) - 1, 16, text)
    sheet.set_column(1, 2, 32, text)
    write_row(sheet, 0, [f"{_NOTE}；一次最多 {MOST_ROWS} 行"], grey)
    write_row(sheet, 1, [f"* {c.titles[0]}" if c.required else c.titles[0] for c in TASKS.columns], bold)
    write_row(sheet, 2, [_EXAMPLE.get(c.code, "") for c in TASKS.columns], grey)
    sheet.freeze_panes(2, 2)
    for place, column in enumerate(TASKS.columns):
        if column.hint:
            sheet.write_comment(1, place, column.hint)


def _lists(session: ScopedSession, today: date, registry: Registry) -> dict[str, Sequence[str]]:
    units = select(Unit.name).where(valid_on(Unit, today)).order_by(Unit.pinyin, Unit.id)
    running = set(session.scalars(select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")))
    plans = [plan.title for plan in plans_in_force(session, today)]
    lines = [f"{one.plan_title}/{one.title}" for one in line_choices(session, today)]
    return {
        "单位": list(session.scalars(units)),
        "计量单位": list(dict.fromkeys(one.name_zh for one in MEASURES.values())),
        "来源": list(SOURCES.values()),
        "创建项目": [one.title_zh for one in registry.campaigns.values() if one.key in running],
        "计划": [*plans, *lines],
    }


def _write_lists(book: Workbook, lists: dict[str, Sequence[str]]) -> dict[str, int]:
    sheet, bold = book.add_worksheet("代码"), book.add_format({"bold": True})
    sheet.set_column(0, len(lists) - 1, 26)
    for place, (title, words) in enumerate(lists.items()):
        sheet.write_string(0, place, title, bold)
        for number, word in enumerate(words, 1):
            sheet.write_string(number, place, word)
    return {title: len(words) for title, words in lists.items()}
