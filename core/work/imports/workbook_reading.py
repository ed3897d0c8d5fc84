"""Reading an onboarding workbook (开通工作簿): sheets 单位, 人员 and 点位 with their header in Chinese or English.

Title rows above the header, a 序号 column, an example row and sheets of other names are tolerated; a missing or doubled
column is a fault of its sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import N_, Fault, InvalidInput, TooLarge
from core.work.imports.workbook_files import MAX_ROWS, TITLE_ROWS, Grid, open_grids
from core.work.names import narrow
from core.work.places.site_attrs import ATTRS

EXAMPLE = "示例"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet (列): its code, its titles as people write them, the first being the template's."""

    code: str
    titles: tuple[str, ...]
    required: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of sheet (工作表格式): units, people or sites."""

    kind: str
    titles: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def by_title(self) -> Mapping[str, str]:
        """Column codes by every accepted title; the earlier column wins where two share one."""
        return {plain_title(t): c.code for c in reversed(self.columns) for t in (c.code, *c.titles)}


UNITS = Layout(
    "units",
    ("单位", "units"),
    (
        Column("name", ("单位名称", "名称", "单位"), True, "例：小店街道"),
        Column("parent", ("上级单位", "上级", "隶属"), hint="单位名称或代码，留空为本级"),
        Column("kind", ("单位类型", "类型"), True, "见代码表"),
        Column("code", ("单位代码", "代码")),
        Column("code_issuer", ("代码发布机构", "发布机构"), hint="填了代码就要填"),
        Column("post", ("职务",), hint="例：组长；同一单位有几个职务就写几行"),
        Column("person", ("姓名", "负责人"), hint="几个人用顿号隔开"),
        Column("role", ("角色",), hint="见代码表；留空时联络员为联络员，其他为领导"),
        Column("origin", ("原单位", "由哪些单位来"), hint="只用于机构调整：由哪些现有单位来，几个用分号隔开"),
    ),
)
PEOPLE = Layout(
    "people",
    ("人员", "people"),
    (
        Column("name", ("姓名", "人员姓名"), True),
        Column("unit", ("单位", "所在单位", "工作单位"), True, "单位名称或代码"),
        Column("role", ("角色",), True, "见代码表"),
        Column("title", ("职务", "岗位")),
        Column("phone", ("电话", "手机", "手机号", "联系电话")),
        Column("campaign", ("创建项目", "活动"), hint="留空为所有活动"),
        Column("until", ("任职至", "截止日期"), hint="最后一天；外部测评员必填"),
    ),
)
SITES = Layout(
    "sites",
    ("点位", "sites"),
    (
        Column("name", ("点位名称", "名称", "点位"), True),
        Column("unit", ("属地单位", "所属单位", "所在社区", "单位"), True, "单位名称或代码"),
        Column("types", ("点位类型", "类型", "type"), True, "见代码表；多个用分号隔开"),
        Column("code", ("点位编号", "编号")),
        Column("address", ("地址", "位置")),
        Column("zone", ("区域", "zone"), hint="核心区、重点区……派遣规则可以按区域定时限"),
        Column("grids", ("网格", "所在网格"), hint="例：社区网格：某某社区一网格；几种网格用分号隔开"),
        Column("operator", ("主办单位", "经营单位", "主办（经营）单位"), hint="单位名称或代码"),
        Column("longitude", ("经度",)),
        Column("latitude", ("纬度",)),
        *(Column(f"attrs.{a.code}", (a.title_zh, a.code)) for a in ATTRS.values()),
    ),
)
LAYOUTS = MappingProxyType({layout.kind: layout for layout in (UNITS, PEOPLE, SITES)})

_HARMLESS = frozenset({"序号", "备注", "说明", "原因", "读作", "no", "note", "no."})
_CODES = ("代码", "代码表", "填写说明", "codes")  # the template's own further sheets


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet with its number there and its non-empty cells by column code."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A recognised sheet: its kind, its title, the titles of its columns as written, its rows, and the header's row number."""

    kind: str
    title: str
    headers: Mapping[str, str]
    rows: tuple[SheetRow, ...]
    head: int = 1

    def fault(self, row: SheetRow, column: str, message: str, remedy: str, value: str = "", **params: object) -> Fault:
        """A fault in one cell of this sheet, named as the sheet names it."""
        field = self.headers.get(column, column)
        return Fault(message, field, row.number, value[:60], self.title, remedy, dict(params))


@dataclass(frozen=True, slots=True)
class Workbook:
    """An uploaded workbook as read; ``faults`` are those of whole sheets, ``ignored`` names sheets and columns left out."""

    filename: str
    sheets: tuple[Sheet, ...]
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[Sheet, ...]:
        """The sheets of one kind, in order."""
        return tuple(s for s in self.sheets if s.kind == kind)


def plain_title(title: str) -> str:
    """A column or sheet title without marks: ``* 单位名称（必填）`` is 单位名称."""
    said = narrow(title).lower().replace(" ", "")
    return re.sub(r"(\((必填|选填|可选)\))|[*:]", "", said)


def read_workbook(
    data: bytes, filename: str, layouts: Mapping[str, Layout] = LAYOUTS, *, spread: bool = False
) -> Workbook:
    """Read an .xlsx or .csv (读取工作簿) of the given kinds of sheet. Faults inside a sheet are collected in the workbook.

    ``spread`` reads cells merged down a column as said in each of their rows.

    Raises InvalidInput (no such format, wrong encoding, broken file, no sheet to import) and TooLarge (over 20 MB,
    100 MB unpacked or 100 000 rows).
    """
    grids = [g for g in open_grids(data, filename, spread=spread) if any(any(row) for row in g.rows)]
    named = [(layout, g) for g in grids if (layout := _layout_named(g.title, layouts)) is not None]
    others = [g for g in grids if _layout_named(g.title, layouts) is None and plain_title(g.title) not in _CODES]
    if not named:
        named, others = _guess(others, layouts)
    if not named:
        remedy, params = N_("工作表请取名 {sheets}，首行用模板里的列名"), {"sheets": "、".join(_titles(layouts))}
        fault = Fault(N_("没有找到可以导入的工作表"), "file", where=filename, remedy=remedy, params=params)
        raise InvalidInput(faults=[fault])
    faults: list[Fault] = []
    ignored = [g.title for g in others]
    sheets = [_read_sheet(layout, grid, faults, ignored) for layout, grid in named]
    return Workbook(filename, tuple(s for s in sheets if s is not None), tuple(faults), tuple(ignored))


def _titles(layouts: Mapping[str, Layout]) -> list[str]:
    return [layout.titles[0] for layout in layouts.values()]


def _layout_named(title: str, layouts: Mapping[str, Layout]) -> Layout | None:
    said = plain_title(title)
    for layout in layouts.values():
        if said in layout.titles or said in (
            f"{layout.titles[0]}表",
            f"{layout.titles[0]}信息",
            f"{layout.titles[0]}名单",
        ):
            return layout
    return None


def _guess(grids: Sequence[Grid], layouts: Mapping[str, Layout]) -> tuple[list[tuple[Layout, Grid]], list[Grid]]:
    """Tell sheets without a known name by their header: the kind whose columns fit best, all required ones present."""
    found: list[tuple[Layout, Grid]] = []
    rest: list[Grid] = []
    for grid in grids:
        fits = [(_score(layout, grid), layout) for layout in layouts.values()]
        best = max(fits, key=lambda fit: fit[0])
        if best[0] >= 4:
            found.append((best[1], grid))
        else:
            rest.append(grid)
    return found, rest


def _score(layout: Layout, grid: Grid) -> int:
    titles = layout.by_title
    header = grid.rows[_header_index(layout, grid)]
    known = {titles[t] for t in map(plain_title, header) if t in titles}
    required = {c.code for c in layout.columns if c.required}
    return 2 * len(known) + len(required & known) + (20 if required <= known else 0)


def _header_index(layout: Layout, grid: Grid) -> int:
    """The row that looks most like the header; the first one wins a tie."""
    titles = layout.by_title
    counts = [len({titles[t] for t in map(plain_title, row) if t in titles}) for row in grid.rows[: TITLE_ROWS + 1]]
    return counts.index(max(counts))


def _read_sheet(layout: Layout, grid: Grid, faults: list[Fault], ignored: list[str]) -> Sheet | None:
    at = _header_index(layout, grid)
    columns = _columns(layout, grid, at, faults, ignored)
    if columns is None:
        return None
    body = grid.rows[at + 1 :]
    if len(body) > MAX_ROWS:
        remedy = N_("每张表最多 100000 行；请分成几个文件，或删去末尾带格式的空行")
        fault = Fault(N_("行数过多：{rows} 行"), "file", where=grid.title, remedy=remedy, params={"rows": len(body)})
        raise TooLarge(faults=[fault])
    rows = []
    for number, record in enumerate(body, at + 2):
        cells = {code: record[i] for code, i in columns.items() if i < len(record) and record[i]}
        if cells and not cells.get("name", "").startswith(EXAMPLE):
            rows.append(SheetRow(number, cells))
    headers = {code: grid.rows[at][i] for code, i in columns.items()}
    return Sheet(layout.kind, grid.title, headers, tuple(rows), at + 1)


def _columns(layout: Layout, grid: Grid, at: int, faults: list[Fault], ignored: list[str]) -> dict[str, int] | None:
    """The position of each column by code, or None when the header is not usable."""
    titles, header = layout.by_title, grid.rows[at]
    found: dict[str, int] = {}
    before = len(faults)
    for i, title in enumerate(header):
        code = titles.get(plain_title(title))
        if code is None:
            if title and plain_title(title) not in _HARMLESS:
                ignored.append(f"{grid.title}：{title}")
        elif code in found:
            faults.append(Fault(N_("列名重复"), title, at + 1, header[found[code]], grid.title, N_("请删去其中一列")))
        else:
            found[code] = i
    for column in layout.columns:
        if column.required and column.code not in found:
            remedy = N_("请按模板补上这一列")
            faults.append(Fault(N_("缺少列"), column.titles[0], at + 1, where=grid.title, remedy=remedy))
    return found if len(faults) == before else None
