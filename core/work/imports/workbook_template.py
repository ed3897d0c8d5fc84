"""The blank onboarding workbook (开通工作簿模板): three sheets with an example row each, and the codes that are allowed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from core.campaigns.terms import SiteType
from core.campaigns.vocabulary import load_vocabulary
from core.work.imports.workbook_reading import EXAMPLE, LAYOUTS, Layout
from core.work.organisation.units import UNIT_KINDS
from core.work.places.site_attrs import ATTRS
from core.work.roles import ROLES

_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "units": {"name": f"{EXAMPLE}：某某社区", "parent": "某某街道", "kind": "社区"},
    "people": {
        "name": f"{EXAMPLE}：王某某",
        "unit": "某某街道",
        "role": "检查员",
        "title": "网格员",
        "phone": "03511234567",
    },
    "sites": {
        "name": f"{EXAMPLE}：某某农贸市场",
        "unit": "某某街道/某某社区",
        "types": "农贸市场;公共厕所",
        "code": "DW-001",
        "address": "某某路 1 号",
        "zone": "核心区",
        "grids": "社区网格：某某社区一网格",
        "longitude": "112.565600",
        "latitude": "37.736900",
    },
}
_NOTE = "带 * 的列必填；以“示例”开头的行不会导入；空格子不改动已有的内容"


def template_workbook(site_types: Mapping[str, SiteType] | None = None) -> bytes:
    """Make the template as .xlsx (模板); ``site_types`` defaults to the shared ones."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        bold, grey = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"font_color": "#666666"})
        text = book.add_format({"num_format": "@"})
        for layout in LAYOUTS.values():
            sheet = book.add_worksheet(layout.titles[0])
            sheet.set_column(0, len(layout.columns) - 1, 18, text)
            write_row(sheet, 0, [_NOTE], grey)
            write_row(sheet, 1, [f"* {c.titles[0]}" if c.required else c.titles[0] for c in layout.columns], bold)
            write_row(sheet, 2, _example(layout), grey)
            sheet.freeze_panes(2, 1)
            for place, column in enumerate(layout.columns):
                if column.hint:
                    sheet.write_comment(1, place, column.hint)
        codes = book.add_worksheet("代码")
        codes.set_column(0, 3, 26)
        for number, row in enumerate(_codes(load_vocabulary().site_types if site_types is None else site_types)):
            write_row(codes, number, row, bold if number == 0 else None)
    return buffer.getvalue()


def write_row(sheet: Worksheet, number: int, cells: Iterable[str], form: object = None) -> None:
    """Write a row of texts: a cell that starts with = + - or @ stays text and never becomes a formula."""
    for place, cell in enumerate(cells):
        sheet.write_string(number, place, cell, form)


def _example(layout: Layout) -> list[str]:
    given = _EXAMPLES[layout.kind]
    return [given.get(column.code, "") for column in layout.columns]


def _codes(site_types: Mapping[str, SiteType]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("用在", "代码", "中文", "英文")]
    rows += [("单位类型", code, title, code.replace("_", " ")) for code, title in UNIT_KINDS.items()]
    rows += [("角色", role.code, role.title_zh, role.title_en) for role in ROLES.values()]
    rows += [("点位类型", t.code, t.name_zh, t.name_en) for t in site_types.values()]
    for attr in ATTRS.values():
        rows += [(attr.title_zh, choice, choice, "") for choice in attr.choices]
    return rows
