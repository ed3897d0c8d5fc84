"""A new chart from a workbook (导入新架构): the sheet 单位 lists the units as they shall be, and the old ones they come from.

A row without old units keeps the unit of its name and kind, if there is one, else it is new. One old unit in one row keeps
that unit, under another name perhaps; several old units merge into the row's; an old unit in several rows is split. Old
units that no row names have no fate yet: the draft's page asks for it, and approval is refused until it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from core.errors import N_, Fault, InvalidInput
from core.work.imports.workbook_places import short_name
from core.work.imports.workbook_reading import Sheet, SheetRow, Workbook
from core.work.imports.workbook_units import read_kind
from core.work.names import narrow, tidy
from core.work.organisation.chart_drafts import Draft, Fate, Seat, new_key
from core.work.organisation.chart_editing import MOST_UNITS
from core.work.organisation.units import HEADQUARTERS_KINDS, LONGEST, Node

_BETWEEN = re.compile(r"[、，,;；]")
_STEPS = re.compile(r"\s*[/／>＞→]\s*")


@dataclass(slots=True)
class _Row:
    sheet: Sheet
    row: SheetRow
    name: str
    kind: str
    origins: list[UUID]
    seat: Seat


class _Old:
    """The units that are there now, as a cell may say them: code, name, or path."""

    def __init__(self, standing: Mapping[UUID, Node]) -> None:
        self.standing = standing
        self.by_code = {node.code: node for node in standing.values() if node.code}
        self.by_name: dict[str, list[Node]] = {}
        for node in standing.values():
            for said in {node.name, short_name(node.name)}:
                self.by_name.setdefault(said, []).append(node)

    def find(self, said: str) -> list[Node]:
        """The units that a text may mean."""
        if (coded := self.by_code.get(narrow(said))) is not None:
            return [coded]
        steps = [tidy(step) for step in _STEPS.split(said) if tidy(step)]
        if not steps:
            return []
        found = self.by_name.get(steps[-1]) or self.by_name.get(short_name(steps[-1]), [])
        return [node for node in found if self._under(node, steps[:-1])]

    def _under(self, node: Node, steps: list[str]) -> bool:
        above = self.standing.get(node.parent) if node.parent else None
        for step in reversed(steps):
            while above is not None and short_name(above.name) != short_name(step):
                above = self.standing.get(above.parent) if above.parent else None
            if above is None:
                return False
            above = self.standing.get(above.parent) if above.parent else None
        return True

    def same(self, name: str, kind: str) -> Node | None:
        """The one unit of a name and kind."""
        found = [node for node in self.by_name.get(name, []) if node.name == name and node.kind == kind]
        return found[0] if len(found) == 1 else None


def read_chart(grove: str, workbook: Workbook, standing: Mapping[UUID, Node]) -> Draft:
    """The draft that a workbook asks for. Raises InvalidInput naming every bad row with its column, value and remedy."""
    faults = list(workbook.faults)
    sheets = workbook.of("units")
    if not sheets:
        remedy = N_("请上传有“单位”工作表的文件，可以先下载现行架构再改")
        raise InvalidInput(faults=[Fault(N_("没有“单位”工作表"), "file", where=workbook.filename, remedy=remedy)])
    old = _Old(standing)
    rows = [made for sheet in sheets for row in sheet.rows if (made := _read(grove, sheet, row, old, faults))]
    draft = Draft(grove)
    top = next((node for node in standing.values() if node.parent is None), None)
    if grove == "administration" and top is not None:
        was = (top.name, None)
        draft.seats[str(top.id)] = Seat(str(top.id), top.id, top.name, top.kind, None, was)
        rows = [row for row in rows if top.id not in row.origins and row.name != top.name]
    if not rows and not faults:
        faults.append(Fault(N_("表里没有单位"), "file", where=workbook.filename, remedy=N_("请按模板填写单位")))
    _settle_origins(rows, old)
    _seat(draft, rows, old, faults)
    if len(draft.seats) > MOST_UNITS:
        faults.append(Fault(N_("单位过多"), "file", where=workbook.filename, remedy=N_("一次调整最多 5000 个单位")))
    if faults:
        raise InvalidInput(N_("工作簿有需要改正的地方，草案没有改动"), faults=faults)
    _give_fates(draft, rows, standing)
    return draft


def _read(grove: str, sheet: Sheet, row: SheetRow, old: _Old, faults: list[Fault]) -> _Row | None:
    before, cells = len(faults), row.cells
    name, said = tidy(cells.get("name", "")), cells.get("kind", "")
    kind = read_kind(said)
    if not name or len(name) > LONGEST:
        message = N_("名称过长") if name else N_("不能为空")
        faults.append(sheet.fault(row, "name", message, N_("请填写 80 个字以内的名称"), name))
    origins = _origins(sheet, row, old, faults)
    if not kind and said in {old.standing[one].kind for one in origins}:
        kind = said  # the district's own row
    if not kind:
        remedy = N_("请用代码表里的单位类型，例如 街道、社区、部门")
        faults.append(sheet.fault(row, "kind", N_("没有这种单位类型") if said else N_("不能为空"), remedy, said))
    elif grove == "administration" and kind in HEADQUARTERS_KINDS:
        remedy = N_("请在指挥部的机构调整里导入")
        faults.append(sheet.fault(row, "kind", N_("这种单位只在指挥部树里"), remedy, said))
    seat = Seat(new_key(), None, name, kind, None)
    return _Row(sheet, row, name, kind, origins, seat) if len(faults) == before else None


def _origins(sheet: Sheet, row: SheetRow, old: _Old, faults: list[Fault]) -> list[UUID]:
    found: list[UUID] = []
    for said in (tidy(one) for one in _BETWEEN.split(row.cells.get("origin", "")) if tidy(one)):
        nodes = old.find(said)
        if len(nodes) == 1:
            found.append(nodes[0].id)
        elif nodes:
            paths = "；".join(_path(old.standing, node) for node in nodes[:3])
            remedy = N_("请写成“上级/名称”或填代码，例如：{paths}")
            faults.append(sheet.fault(row, "origin", N_("有多个同名的单位"), remedy, said, paths=paths))
        else:
            remedy = N_("请填这棵树里现有单位的名称或代码")
            faults.append(sheet.fault(row, "origin", N_("没有这个单位"), remedy, said))
    return list(dict.fromkeys(found))


def _path(standing: Mapping[UUID, Node], node: Node) -> str:
    above = standing.get(node.parent) if node.parent else None
    return f"{above.name}/{node.name}" if above else node.name


def _settle_origins(rows: Iterable[_Row], old: _Old) -> None:
    """A row that names no old unit keeps the one of its name and kind, unless another row takes it."""
    rows = list(rows)
    taken = {one for row in rows for one in row.origins}
    for row in rows:
        node = None if row.origins else old.same(row.name, row.kind)
        if node is not None and node.id not in taken:
            row.origins = [node.id]
            taken.add(node.id)


def _kept_by(rows: Iterable[_Row], old: _Old) -> dict[UUID, _Row]:
    """Which row each old unit stays in: the one of its name, else the only row that it goes to, being its only origin."""
    users: dict[UUID, list[_Row]] = {}
    for row in rows:
        for one in row.origins:
            users.setdefault(one, []).append(row)
    kept: dict[UUID, _Row] = {}
    for unit, used in users.items():
        node = old.standing[unit]
        fit = [row for row in used if row.kind == node.kind]
        same = [row for row in fit if row.name == node.name]
        if same:
            kept[unit] = same[0]
        elif len(used) == 1 and fit and fit[0].origins == [unit]:
            kept[unit] = fit[0]
    return kept


def _seat(draft: Draft, rows: list[_Row], old: _Old, faults: list[Fault]) -> None:
    """Give every row its seat, then its parent among the rows."""
    kept = {id(row): unit for unit, row in _kept_by(rows, old).items()}
    by_name: dict[str, list[_Row]] = {}
    for row in rows:
        unit = kept.get(id(row))
        if unit is not None:
            node = old.standing[unit]
            was = (node.name, str(node.parent) if node.parent else None)
            row.seat = Seat(str(unit), unit, row.name, row.kind, None, was)
        draft.seats[row.seat.key] = row.seat
        by_name.setdefault(row.name, []).append(row)
    top = next((seat for seat in draft.seats.values() if draft.tree == "administration" and seat.parent is None), None)
    for row in rows:
        _place(row, by_name, top, faults)
    _refuse_circles(draft, rows, faults)


def _place(row: _Row, by_name: Mapping[str, list[_Row]], top: Seat | None, faults: list[Fault]) -> None:
    seat, said = row.seat, row.row.cells.get("parent", "")
    steps = [tidy(step) for step in _STEPS.split(said) if tidy(step)]
    if not steps or (top is not None and steps == [top.name]):
        seat.parent = top.key if top else None
        return
    found = [r for r in by_name.get(steps[-1], []) if len(steps) == 1 or _says(r, steps[-2])]
    if len(found) == 1:
        seat.parent = found[0].seat.key
    elif found:
        remedy = N_("请写成“上级/名称”")
        faults.append(row.sheet.fault(row.row, "parent", N_("有多个同名的单位"), remedy, said))
    else:
        remedy = N_("上级也要写在这张表里；最上面的单位留空")
        faults.append(row.sheet.fault(row.row, "parent", N_("没有这个上级单位"), remedy, said))


def _says(row: _Row, parent: str) -> bool:
    steps = [tidy(step) for step in _STEPS.split(row.row.cells.get("parent", "")) if tidy(step)]
    return bool(steps) and steps[-1] == parent


def _refuse_circles(draft: Draft, rows: Iterable[_Row], faults: list[Fault]) -> None:
    seen: dict[tuple[str | None, str], int] = {}
    for row in rows:
        chain = draft.above(row.seat.key)
        if draft.seats[chain[-1]].parent is not None:
            said = row.row.cells.get("parent", "")
            remedy = N_("请选另一个上级单位")
            faults.append(row.sheet.fault(row.row, "parent", N_("单位不能隶属于它自己的下级"), remedy, said))
        place = (row.seat.parent, row.name)
        if place in seen:
            remedy, params = N_("请删去其中一行"), {"first": seen[place]}
            faults.append(row.sheet.fault(row.row, "name", N_("与第 {first} 行重复"), remedy, row.name, **params))
        seen.setdefault(place, row.row.number)


def _give_fates(draft: Draft, rows: Iterable[_Row], standing: Mapping[UUID, Node]) -> None:
    targets: dict[UUID, list[str]] = {}
    for row in rows:
        for one in row.origins:
            targets.setdefault(one, []).append(row.seat.key)
    for unit in standing:
        to = targets.get(unit, [])
        own = str(unit)
        if own in draft.seats and to in ([], [own]):
            continue
        draft.fates[unit] = Fate(to, own if own in to else next(iter(to), ""))
