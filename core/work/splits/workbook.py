"""The split as the district's customary workbook (分解表工作簿): one row a clause, written out and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from core.work.imports.workbook_reading import Column, Layout, SheetRow, Workbook, read_workbook
from core.work.names import narrow
from core.work.splits.points import say_hundredths
from core.work.splits.reading import Line, Table
from core.work.splits.states import LEAD
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import SplitShare

SPLITS = Layout(
    "splits",
    ("责任分解", "标准与责任分解表", "分解表", "任务分解", "splits"),
    (
        Column("code", ("编号", "指标代码", "条款编号", "代码"), True, "测评指标的代码，或自定条款的编号"),
        Column("title", ("条款内容", "测评内容", "指标", "内容")),
        Column("points", ("分值", "分数")),
        Column("owner", ("牵头组", "责任组", "工作组")),
        Column("lead", ("牵头单位", "责任单位"), hint="只写一个"),
        Column("assists", ("配合单位", "协办单位"), hint="几个用顿号隔开"),
        Column("shares", ("各单位分值", "分值分配"), hint="例：环卫中心：3；城管局：1；留空时全归牵头单位"),
        Column("person", ("责任人",), hint="只写姓名是牵头单位的；也可写 单位：姓名；单位：姓名"),
        Column("due", ("完成时限", "时限", "完成时间")),
        Column("amount", ("数量", "目标数量")),
        Column("measure", ("计量单位",)),
        Column("amounts", ("各单位数量",), hint="例：环卫中心：20；城管局：10"),
        Column("days", ("各单位时限",), hint="和总时限不同的才写"),
        Column("requirement", ("工作要求", "要求")),
    ),
)
LAYOUTS: Mapping[str, Layout] = {SPLITS.kind: SPLITS}
HEAD = tuple(column.titles[0] for column in SPLITS.columns)
BETWEEN, NAMED = "；", "："
_JOINED = frozenset({"assists", "shares", "person", "amounts", "days"})


def rows_of(table: Table) -> Iterator[tuple[str, ...]]:
    """The rows of a table as the workbook has them."""
    for line in table.lines:
        said = _row(table, line)
        yield tuple(said.get(column.code, "") for column in SPLITS.columns)


def _row(table: Table, line: Line) -> dict[str, str]:
    row = line.row
    lead = next((share for share in line.shares if share.role == LEAD), None)
    helping = [share for share in line.shares if share is not lead]
    return {
        "code": row.code,
        "title": row.title,
        "points": say_hundredths(row.points),
        "owner": table.name(row.owner_unit_id),
        "lead": table.name(lead.unit_id) if lead else "",
        "assists": "、".join(table.name(share.unit_id) for share in helping),
        "shares": _each(table, line, lambda share: say_hundredths(share.points)),
        "person": _each(table, line, lambda share: table.people.get(share.person_id, "") if share.person_id else ""),
        "due": _day(row.due_on),
        "amount": _number(row.amount),
        "measure": MEASURES[row.measure].name_zh if row.measure in MEASURES else row.measure,
        "amounts": _each(table, line, lambda share: _number(share.amount)),
        "days": _each(table, line, lambda share: _day(share.due_on)),
        "requirement": row.requirement,
    }


def _each(table: Table, line: Line, say: Callable[[SplitShare], str]) -> str:
    """What each unit has, as 单位：值；单位：值; those without are left out."""
    pairs = [(table.name(share.unit_id), say(share)) for share in line.shares]
    return BETWEEN.join(f"{name}{NAMED}{said}" for name, said in pairs if said)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def read_split_file(data: bytes, filename: str) -> Workbook:
    """Read the file; cells merged down a column hold for each of their rows. Raises InvalidInput and TooLarge."""
    return read_workbook(data, filename, LAYOUTS, spread=True)


def joined_rows(rows: tuple[SheetRow, ...]) -> list[SheetRow]:
    """Rows that follow one another under one code (合并单元格) as one: lists are joined, else the first that says something holds."""
    found: list[SheetRow] = []
    for row in rows:
        code = narrow(row.cells.get("code", ""))
        if found and code and narrow(found[-1].cells["code"]) == code:
            found[-1] = SheetRow(found[-1].number, _joined(found[-1].cells, row.cells))
        else:
            found.append(SheetRow(row.number, {**row.cells, "code": code}))
    return found


def _joined(first: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    said = {**more, **first}
    for column in _JOINED & first.keys() & more.keys():
        if more[column] not in first[column].split(BETWEEN):
            said[column] = first[column] + BETWEEN + more[column]
    return said
