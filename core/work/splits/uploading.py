"""Takes a workbook of a split in (分解表上传): dry run with row-numbered faults and every difference, then all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.imports.unit_names import UnitNames
from core.work.imports.workbook_cells import Notes, certain_day, certain_number, day_in, number_in
from core.work.imports.workbook_reading import Sheet, SheetRow, Workbook
from core.work.names import narrow, tidy
from core.work.splits.checking import ground_of
from core.work.splits.comparing import Difference, difference
from core.work.splits.editing import RowWish
from core.work.splits.points import read_hundredths, say_hundredths
from core.work.splits.portions import MOST_AMOUNT, Portion, faults_of_portions, portions_of, write_portions
from core.work.splits.reading import Line, lines_of
from core.work.splits.sight import Sight, sight_of
from core.work.splits.states import ASSIST, DRAFT, LEAD
from core.work.splits.steps import keep_event, lock_split
from core.work.splits.workbook import joined_rows
from core.work.statistics.measures import find_measure
from core.work.tables import Split
from tenants.access import Actor
from tenants.models import Holding, Person, Post, UnitPath
from tenants.scope import ScopedSession

_BETWEEN = re.compile(r"[;；\n]+")
_OF_ROW = ("requirement", "owner_unit_id", "amount", "measure", "due_on")


@dataclass(frozen=True, slots=True)
class Taken:
    """One clause as the file wants it (拟改分解项)."""

    line: Line
    wish: RowWish
    portions: tuple[Portion, ...]
    difference: Difference


@dataclass(slots=True)
class Report:
    """What an upload did, or would do (上传结果): differences by clause, those left alone, faults, and readings to be looked at."""

    taken: list[Taken] = field(default_factory=list)
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    written: bool = False


def take_workbook(
    session: ScopedSession, actor: Actor, split_id: UUID, workbook: Workbook, *, now: datetime, dry_run: bool = True
) -> Report:
    """Check a workbook against a draft, and take it when ``dry_run`` is off and nothing is wrong. The caller commits.

    A clause that the file does not name stays as it is; so does what its columns leave out. Raises NotFound, Conflict.
    """
    split = lock_split(session, actor, split_id, DRAFT, now=now)
    notes = Notes(list(workbook.faults))
    reader = _Reader(session, actor, split, notes, local_day(now))
    report = Report(ignored=workbook.ignored)
    for sheet in workbook.of("splits"):
        for row in joined_rows(sheet.rows):
            before = len(notes.faults)
            taken = reader.read(sheet, row)
            if taken is None:
                report.unchanged += len(notes.faults) == before
            else:
                report.taken.append(taken)
    report.faults = tuple(sorted(notes.faults, key=lambda fault: fault.row or 0))
    report.remarks = tuple(notes.remarks)
    if not dry_run and report.taken and not report.faults:
        _write(session, actor, split, report, reader.sight, now)
    return report


def _write(session: ScopedSession, actor: Actor, split: Split, report: Report, sight: Sight, now: datetime) -> None:
    for one in report.taken:
        row = one.line.row
        owner = one.wish.owner_unit_id if sight.directs else row.owner_unit_id
        for name in _OF_ROW:
            setattr(row, name, getattr(one.wish, name))
        row.owner_unit_id = owner
        write_portions(session, one.line, one.portions, issued=False, now=now)
    codes = [one.line.row.code for one in report.taken]
    keep_event(session, actor, split, "upload", now, detail={"changed": len(codes), "codes": codes[:200]})
    report.written = True


class _Reader:
    """Reads rows against the table as it stands (逐行比对)."""

    def __init__(self, session: ScopedSession, actor: Actor, split: Split, notes: Notes, today: date) -> None:
        self.session, self.notes, self.today = session, notes, today
        self.lines = {line.row.code: line for line in lines_of(session, split.id)}
        self.sight = sight_of(session, actor, split.campaign, today)
        self.names = UnitNames(session, None, today)
        self.seen: set[str] = set()
        self._people: dict[tuple[UUID, str], list[UUID]] = {}
        self._told: set[tuple[int, str, str]] = set()

    def read(self, sheet: Sheet, row: SheetRow) -> Taken | None:
        """One clause as the file wants it; None when it is as it was, or when something is wrong with it."""
        before = len(self.notes.faults)
        line = self._line(sheet, row)
        if line is None:
            return None
        self._check_points(sheet, row, line)
        wish, portions = self._wish(sheet, row, line), self._portions(sheet, row, line)
        if len(self.notes.faults) > before:
            return None
        fields = [(name, getattr(line.row, name), getattr(wish, name)) for name in _OF_ROW]
        found = difference(line.row, fields, portions_of(line), portions)
        if found is None:
            return None
        if not self.sight.edits(line.row) or (wish.owner_unit_id != line.row.owner_unit_id and not self.sight.directs):
            self._refuse(sheet, row, "code", N_("这一条由别的组分解"), N_("请把这一行恢复原样，或删去"), line.row.code)
            return None
        self._check(sheet, row, portions)
        return None if len(self.notes.faults) > before else Taken(line, wish, tuple(portions), found)

    def _refuse(
        self, sheet: Sheet, row: SheetRow, column: str, message: str, remedy: str, value: str, **more: Any
    ) -> None:
        self.notes.refuse(sheet, row, column, message, remedy, value, **more)

    def _line(self, sheet: Sheet, row: SheetRow) -> Line | None:
        code = row.cells.get("code", "")
        line = self.lines.get(code)
        if not code:
            self._refuse(sheet, row, "code", N_("没有编号"), N_("请填测评指标的代码；合计和标题行请删去"), "")
        elif line is None:
            self._refuse(sheet, row, "code", N_("分解表里没有这个编号"), N_("自定条款请先在分解表里增加，再上传"), code)
        elif code in self.seen:
            self._refuse(sheet, row, "code", N_("编号重复"), N_("同一条请写在相邻的行，或合并成一行"), code)
            return None
        self.seen.add(code)
        return line

    def _check_points(self, sheet: Sheet, row: SheetRow, line: Line) -> None:
        said = row.cells.get("points", "")
        faults: list[Fault] = []
        if said and (read_hundredths(said, "points", faults) != line.row.points or faults):
            params = {"points": say_hundredths(line.row.points)}
            self._refuse(sheet, row, "points", N_("分值和测评体系不同"), N_("应为 {points}，请不要改"), said, **params)

    def _wish(self, sheet: Sheet, row: SheetRow, line: Line) -> RowWish:
        """What the clause says beside its shares; a column that the file does not have stays as it is, an empty cell empties."""
        old = RowWish(**{name: getattr(line.row, name) for name in _OF_ROW})
        changed: dict[str, Any] = {}
        if "owner" in sheet.headers:
            place = self.names.unit_in(sheet, row, "owner", self.notes)
            changed["owner_unit_id"] = place.id if place else None
        if "due" in sheet.headers:
            changed["due_on"] = day_in(sheet, row, "due", self.notes)
        if "amount" in sheet.headers:
            changed["amount"] = self._amount(sheet, row, number_in(sheet, row, "amount", self.notes))
        if "measure" in sheet.headers:
            changed["measure"] = self._measure(sheet, row)
        if "requirement" in sheet.headers:
            changed["requirement"] = row.cells.get("requirement", "")
        wish = replace(old, **changed)
        if wish.amount is not None and not wish.measure:
            self._refuse(sheet, row, "amount", N_("数量没有计量单位"), N_("请填计量单位"), row.cells.get("amount", ""))
        return wish

    def _amount(self, sheet: Sheet, row: SheetRow, value: Decimal | None) -> Decimal | None:
        if value is not None and not 0 < value <= MOST_AMOUNT:
            self._refuse(sheet, row, "amount", N_("数量不对"), N_("请填大于 0 的数，或留空"), row.cells["amount"])
        return value

    def _measure(self, sheet: Sheet, row: SheetRow) -> str:
        said = narrow(row.cells.get("measure", ""))
        try:
            return find_measure(said).code if said else ""
        except InvalidInput as error:
            for fault in error.faults:
                self._refuse(sheet, row, "measure", fault.message, fault.remedy, said)
            return ""

    def _portions(self, sheet: Sheet, row: SheetRow, line: Line) -> list[Portion]:
        """The units of the row with their points, people, amounts and days, the lead first."""
        if not {"lead", "assists"} & sheet.headers.keys():
            return portions_of(line)
        lead = self.names.unit_in(sheet, row, "lead", self.notes)
        helping = [
            one for one in self.names.units_in(sheet, row, "assists", self.notes) if lead is None or one.id != lead.id
        ]
        roles = ({lead.id: LEAD} if lead else {}) | {one.id: ASSIST for one in helping}
        points = self._points(sheet, row, line, roles)
        kept = {one.unit_id: one for one in portions_of(line)}
        found = [
            replace(kept.get(unit, Portion(unit)), unit_id=unit, role=role, points=points.get(unit, 0))
            for unit, role in roles.items()
        ]
        return [self._more(sheet, row, one, roles) for one in found]

    def _points(self, sheet: Sheet, row: SheetRow, line: Line, roles: Mapping[UUID, str]) -> dict[UUID, int]:
        """Points by unit; where the file shares none out, units keep theirs, or the lead has all, which is remarked."""
        if not row.cells.get("shares"):
            kept = {share.unit_id: share.points for share in line.shares}
            if kept.keys() == roles.keys() or not roles:
                return kept
            lead = next(iter(roles))
            name = self.names.book.places[lead].name
            self.notes.remark(sheet, row, "shares", "", f"{name}：{say_hundredths(line.row.points)}")
            return {lead: line.row.points}
        found: dict[UUID, int] = {}
        for unit, said in self._each(sheet, row, "shares", roles):
            faults: list[Fault] = []
            found[unit] = read_hundredths(said, "shares", faults)
            for fault in faults:
                self._refuse(sheet, row, "shares", fault.message, fault.remedy, said)
        return found

    def _more(self, sheet: Sheet, row: SheetRow, one: Portion, roles: Mapping[UUID, str]) -> Portion:
        """A unit's person, amount and day, of the columns that the file has."""
        changed: dict[str, Any] = {}
        if "person" in sheet.headers:
            said = dict(self._each(sheet, row, "person", roles)).get(one.unit_id, "")
            changed["person_id"] = self._person(sheet, row, one.unit_id, said) if said else None
        if "amounts" in sheet.headers:
            said = dict(self._each(sheet, row, "amounts", roles)).get(one.unit_id, "")
            changed["amount"] = certain_number(narrow(said)) if said else None
            if said and changed["amount"] is None:
                self._refuse(sheet, row, "amounts", N_("不是数字"), N_("请填准确的数字"), said)
        if "days" in sheet.headers:
            said = dict(self._each(sheet, row, "days", roles)).get(one.unit_id, "")
            changed["due_on"] = certain_day(narrow(said)) if said else None
            if said and changed["due_on"] is None:
                self._refuse(sheet, row, "days", N_("日期写法无效"), N_("请写成 2026-11-01"), said)
        return replace(one, **changed)

    def _each(self, sheet: Sheet, row: SheetRow, column: str, roles: Mapping[UUID, str]) -> Iterable[tuple[UUID, str]]:
        """What a cell says of each unit: 单位：值；单位：值; a value alone is the lead's. Other units' become faults."""
        for part in (one.strip() for one in _BETWEEN.split(row.cells.get(column, "")) if one.strip()):
            name, colon, said = part.rpartition("：") if "：" in part else part.rpartition(":")
            if not colon and roles:
                yield next(iter(roles)), said
                continue
            place = self.names.meaning(name.strip()).place if colon else None
            if place is not None and place.id in roles:
                yield place.id, said.strip()
            elif (fault := (row.number, column, part)) not in self._told:
                self._told.add(fault)
                remedy = N_("请写成 单位：值，单位要在牵头或配合单位里")
                self._refuse(sheet, row, column, N_("看不出是哪个单位的"), remedy, part)

    def _person(self, sheet: Sheet, row: SheetRow, unit_id: UUID, said: str) -> UUID | None:
        found = self._holders(unit_id, tidy(said))
        if len(found) == 1:
            return found[0]
        message = N_("有多个同名的人") if found else N_("责任人不在该单位任职")
        self._refuse(sheet, row, "person", message, N_("请在分解项页面上选人，或留空"), said)
        return None

    def _holders(self, unit_id: UUID, name: str) -> list[UUID]:
        """People of a name with a post at a unit or under it; each pair is asked once."""
        if (unit_id, name) not in self._people:
            query = (
                select(Person.id)
                .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
                .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
                .join(UnitPath, (UnitPath.tenant_id == Post.tenant_id) & (UnitPath.unit_id == Post.unit_id))
                .where(UnitPath.ancestor_id == unit_id, Person.name == name, Person.state == "active")
                .where(valid_on(Holding, self.today), valid_on(UnitPath, self.today))
                .distinct()
            )
            self._people[unit_id, name] = list(self.session.scalars(query))
        return self._people[unit_id, name]

    def _check(self, sheet: Sheet, row: SheetRow, portions: Sequence[Portion]) -> None:
        """What the page would refuse of these shares, too."""
        ground = ground_of(
            self.session, (one.unit_id for one in portions), (one.person_id for one in portions), self.today
        )
        columns = {
            "unit": "assists",
            "role": "lead",
            "person": "person",
            "amount": "amounts",
            "due": "days",
            "units": "assists",
        }
        for fault in faults_of_portions(portions, ground, lambda _one, what: what):
            column = columns.get(fault.field, "code")
            self._refuse(sheet, row, column, fault.message, fault.remedy, fault.value, **fault.params)
