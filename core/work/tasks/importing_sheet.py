"""The sheet of tasks (任务工作簿): its columns as offices write them, and its rows read with units, people and plans looked up once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.errors import N_, Fault, InvalidInput
from core.work.imports.workbook_cells import Notes, Span, are_fractions, certain_number, day_in, number_in, share_in
from core.work.imports.workbook_cells import whole_in as whole_number_in
from core.work.imports.workbook_reading import Column, Layout, Sheet, SheetRow, Workbook, read_workbook
from core.work.names import narrow, tidy
from core.work.statistics.measures import Measure, find_measure
from core.work.tasks.importing_names import Names
from core.work.tasks.states import COUNT, PERCENT, QUANTITY
from core.work.tasks.wishes import LONGEST_CODE, MOST_WEIGHT

MOST_ROWS = 50_000  # ours: four years of a large district in one file
TASKS = Layout(
    "tasks",
    ("任务", "tasks"),
    (
        Column("code", ("编号", "任务编号"), hint="本单位自己的编号；再次导入时按编号认出同一项任务"),
        Column("name", ("任务", "任务名称", "任务内容", "工作任务", "重点任务", "工作内容"), True),
        Column("requirement", ("要求", "工作要求", "任务要求", "完成标准", "工作标准")),
        Column("unit", ("责任单位", "牵头单位", "主办单位", "承办单位"), True, "单位名称或代码，见“单位”表"),
        Column("assists", ("配合单位", "协办单位", "协同单位"), hint="几个单位用顿号隔开"),
        Column("person", ("责任人", "负责人"), hint="一个人；同名的写成 姓名（电话）"),
        Column("starts_on", ("开始", "开始日期", "开始时间", "启动时间"), hint="例：2026-11-01；留空为今天"),
        Column("due_on", ("期限", "完成时限", "截止日期", "完成时间", "截止时间", "完成期限"), True, "例：2026-11-30"),
        Column("target", ("数量", "目标量", "任务量"), hint="留空为按百分比报进度"),
        Column("measure", ("单位", "计量单位"), hint="例：处、户、平方米；只填数量不填单位为按件数"),
        Column("source", ("来源", "任务来源"), hint="任务分解、会议议定、领导交办、计划、专项整治、项目、日常安排"),
        Column("campaign", ("创建项目", "创建", "活动"), hint="留空为不属于哪一项创建"),
        Column("plan", ("计划/条线", "计划", "所属计划", "条线"), hint="计划的名称或编号，或写成 计划/条线"),
        Column("parent", ("上级编号", "上级任务编号", "上级任务"), hint="上级任务的编号，可以在同一个文件里"),
        Column("weight", ("权重",), hint="在同一上级任务里的分量，通常为 100"),
        Column("progress", ("进度", "完成进度", "进度%", "进度(%)", "完成率"), hint="导入时已完成多少，例：30%"),
    ),
)
LAYOUTS: Mapping[str, Layout] = {TASKS.kind: TASKS}
# Where the checks of tasks name a field and the sheet a column.
COLUMN_OF = {"title": "name", "unit_id": "unit", "person_id": "person", "plan_id": "plan", "line_id": "plan"}
COLUMN_OF |= {"parent_id": "parent", "way": "target"}
_TAIL = re.compile(r"([+-]?[\d,.]+)\s*(\D.*)", re.ASCII)
_MADE = "auto-"


@dataclass(slots=True)
class Line:
    """One row of the sheet as read (任务行): ``values`` hold what its cells say, ``given`` which columns are filled in.

    ``key`` finds it again at the next import: its own number, or one made of its content. ``faults`` make it refused.
    """

    sheet: Sheet
    row: SheetRow
    key: str
    values: dict[str, Any]
    given: frozenset[str]
    notes: Notes
    parent: str = ""
    progress: int | None = None

    @property
    def faults(self) -> list[Fault]:
        """Why it is refused."""
        return self.notes.faults

    def refuse(self, column: str, message: str, remedy: str, value: str = "", **params: object) -> None:
        """Note why the row is refused, at one of its columns."""
        self.notes.refuse(self.sheet, self.row, column, message, remedy, value, **params)

    def take(self, faults: Iterable[Fault]) -> None:
        """Note the faults that a check of tasks has found, each at its column."""
        for one in faults:
            column = COLUMN_OF.get(one.field, one.field)
            said = self.row.cells.get(column, "") or one.value
            self.refuse(column, one.message, one.remedy, said, **one.params)


@dataclass(frozen=True, slots=True)
class Options:
    """How a workbook is brought in (导入选项): issued at once or not, the plan of rows without one, the year of days without one."""

    issue: bool = False
    plan_id: UUID | None = None
    year: int | None = None

    def stored(self) -> dict[str, Any]:
        """As the import's row keeps it."""
        return {"issue": self.issue, "plan_id": str(self.plan_id) if self.plan_id else None, "year": self.year}


def stored_options(kept: Mapping[str, Any]) -> Options:
    """The options out of an import's row."""
    plan = kept.get("plan_id")
    return Options(bool(kept.get("issue")), UUID(plan) if plan else None, kept.get("year"))


def read_tasks(data: bytes, filename: str) -> Workbook:
    """Read the file (读取任务工作簿). Raises InvalidInput and TooLarge, also for more rows than one import takes."""
    workbook = read_workbook(data, filename, LAYOUTS, spread=True)
    count = count_rows(workbook)
    if workbook.faults:
        raise InvalidInput(faults=workbook.faults)
    if count > MOST_ROWS:
        remedy, params = N_("一次最多导入 {most} 行；请分成几个文件"), {"rows": count, "most": MOST_ROWS}
        raise InvalidInput(
            faults=[Fault(N_("行数过多：{rows} 行"), "file", where=filename, remedy=remedy, params=params)]
        )
    if not count:
        remedy = N_("请在列名下面填写任务，一行一项")
        raise InvalidInput(faults=[Fault(N_("表里没有任务"), "file", where=filename, remedy=remedy)])
    return workbook


def count_rows(workbook: Workbook) -> int:
    """How many rows of tasks a workbook has."""
    return sum(len(sheet.rows) for sheet in workbook.of(TASKS.kind))


def read_lines(workbook: Workbook, names: Names, options: Options) -> list[Line]:
    """All rows of a workbook, read; a row without a number of its own that repeats another is refused."""
    lines: list[Line] = []
    first: dict[str, Line] = {}
    for sheet in workbook.of(TASKS.kind):
        fractions = are_fractions([row.cells.get("progress", "") for row in sheet.rows])
        for row in sheet.rows:
            line = _read(sheet, row, names, options, fractions=fractions)
            before = first.setdefault(line.key, line)
            if before is not line:
                _repeated(line, before)
            lines.append(line)
    return lines


def _repeated(line: Line, before: Line) -> None:
    if line.key.startswith(_MADE):
        remedy = N_("请删去其中一行，或给两行各填一个编号")
        line.refuse("name", N_("和第 {at} 行是同一项任务"), remedy, line.values["title"], at=before.row.number)
    else:
        remedy = N_("每项任务一个编号；请改其中一个")
        line.refuse("code", N_("编号和第 {at} 行重复"), remedy, line.key, at=before.row.number)


def _read(sheet: Sheet, row: SheetRow, names: Names, options: Options, *, fractions: bool | None) -> Line:
    notes = Notes()
    cells = row.cells
    title = tidy(cells.get("name", ""))
    for column in TASKS.columns:
        if column.required and not cells.get(column.code, "").strip():
            notes.refuse(sheet, row, column.code, N_("缺少这一项"), N_("请填写这一格"))
    unit = names.units.unit_in(sheet, row, "unit", notes)
    plan = names.plan_in(sheet, row, "plan", notes, options.plan_id)
    span = _span(names, plan[0], options)
    values: dict[str, Any] = {
        "title": title,
        "requirement": cells.get("requirement", "").strip(),
        "unit_id": unit.id if unit else None,
        "assists": tuple(place.id for place in names.units.units_in(sheet, row, "assists", notes)),
        "person_id": names.person_in(sheet, row, "person", notes, unit.id if unit else None),
        "starts_on": day_in(sheet, row, "starts_on", notes, span),
        "due_on": day_in(sheet, row, "due_on", notes, span),
        "source": names.source_in(sheet, row, "source", notes),
        "campaign": names.campaign_in(sheet, row, "campaign", notes),
        "plan_id": plan[0],
        "line_id": plan[1],
        "weight": whole_number_in(sheet, row, "weight", notes, 1, MOST_WEIGHT),
    } | _amount(sheet, row, notes)
    code = narrow(cells.get("code", ""))
    if len(code) > LONGEST_CODE:
        notes.refuse(sheet, row, "code", N_("编号太长"), N_("最多 {most} 个字"), code, most=LONGEST_CODE)
    given = frozenset(code for code, said in cells.items() if said.strip())
    line = Line(sheet, row, code or _content_key(values), values, given, notes, narrow(cells.get("parent", "")))
    line.progress = share_in(sheet, row, "progress", notes, fractions)
    if line.parent and line.parent == code:
        line.refuse("parent", N_("上级编号是它自己"), N_("请填上级任务的编号，没有就留空"), line.parent)
    return line


def _span(names: Names, plan: UUID | None, options: Options) -> Span | None:
    """The days among which a day without a year lies: those of the plan, else of the year that was chosen."""
    if plan is not None and plan in names.plan_days:
        return names.plan_days[plan]
    return (date(options.year, 1, 1), date(options.year, 12, 31)) if options.year else None


def _content_key(values: Mapping[str, Any]) -> str:
    """What finds a row without a number again: what is done by whom by when, as 48 hexadecimal bits."""
    said = "\x1f".join(str(values[name]) for name in ("title", "unit_id", "starts_on", "due_on", "target", "measure"))
    return _MADE + hashlib.sha256(said.encode()).hexdigest()[:12]


def is_made(key: str | None) -> bool:
    """Whether a task's number was made of its content by an import."""
    return bool(key) and str(key).startswith(_MADE)


def _amount(sheet: Sheet, row: SheetRow, notes: Notes) -> dict[str, Any]:
    """The amount with its unit of measure, which may stand in one cell (1,200平方米); without an amount it goes by percent."""
    measure = _measure(sheet, row, "measure", narrow(row.cells.get("measure", "")), notes)
    said = narrow(row.cells.get("target", ""))
    tail = _TAIL.fullmatch(said)
    if tail is not None and certain_number(said) is None and certain_number(tail[1]) is not None:
        written = _measure(sheet, row, "target", tail[2].strip(), notes)
        if written and measure and written.code != measure.code:
            notes.refuse(sheet, row, "target", N_("数量里的单位和计量单位不同"), N_("请只写一个计量单位"), said)
        measure = measure or written
        if written:
            notes.remark(sheet, row, "target", row.cells["target"], f"{certain_number(tail[1])} {written.name_zh}")
        target: Decimal | None = certain_number(tail[1])
    else:
        target = number_in(sheet, row, "target", notes)
    if measure and target is None and "target" not in row.cells:
        notes.refuse(sheet, row, "target", N_("有计量单位而没有数量"), N_("请填数量，或删去计量单位"), measure.name_zh)
    way = PERCENT if target is None else QUANTITY if measure else COUNT
    return {"target": target, "measure": measure.code if measure else "", "way": way}


def _measure(sheet: Sheet, row: SheetRow, column: str, said: str, notes: Notes) -> Measure | None:
    if not said:
        return None
    try:
        return find_measure(said)
    except InvalidInput as error:
        fault = error.faults[0]
        notes.refuse(sheet, row, column, fault.message, fault.remedy, said)
        return None
