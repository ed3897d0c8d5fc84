"""What changed between two issues of a split (两版对照): clause by clause and unit by unit, renumbered clauses followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.errors import N_
from core.work.splits.points import say_hundredths
from core.work.splits.portions import Portion, portions_of
from core.work.splits.reading import Line
from core.work.splits.states import ROLES
from core.work.statistics.measures import plain
from core.work.tables import SplitRow

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KINDS: Mapping[str, tuple[str, str]] = {
    ADDED: (N_("新增"), "verified"),
    REMOVED: (N_("删去"), "overdue"),
    CHANGED: (N_("改动"), "waiting"),
}
# What may differ of a clause or a share, and how it is called.
FIELDS: Mapping[str, str] = {
    "code": N_("编号"),
    "title": N_("内容"),
    "requirement": N_("工作要求"),
    "points": N_("分值"),
    "owner_unit_id": N_("牵头组"),
    "amount": N_("数量"),
    "measure": N_("计量单位"),
    "due_on": N_("完成时限"),
    "role": N_("分工"),
    "person_id": N_("责任人"),
}
_OF_ROW = ("code", "title", "requirement", "points", "owner_unit_id", "amount", "measure", "due_on")
_OF_SHARE = ("role", "points", "person_id", "amount", "due_on")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is another now (改动): of the clause (``unit_id`` None) or of a unit's share; ids are said by the reader."""

    field: str
    was: object
    now: object
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that is not the same (差异): new, gone, or changed in these points; units that came and went."""

    kind: str
    code: str
    title: str
    steps: tuple[Step, ...] = ()
    came: tuple[Portion, ...] = ()
    went: tuple[Portion, ...] = ()


def compare(old: Sequence[Line], new: Sequence[Line], codes: Mapping[str, tuple[str, str]]) -> list[Difference]:
    """The clauses that differ, in the order of the new table, those that are gone last; ``codes`` follow renumbered ones."""
    before: dict[str, Line] = {}
    gone: list[Line] = []
    fresh = {line.row.code for line in new}
    for line in old:
        code, _why = codes.get(line.row.code, (line.row.code, ""))
        if code in fresh and code not in before:
            before[code] = line
        else:
            gone.append(line)
    found = [_difference(before.get(line.row.code), line) for line in new]
    found += [_whole(REMOVED, line) for line in gone]
    return [one for one in found if one is not None]


def _whole(kind: str, line: Line) -> Difference:
    portions = tuple(portions_of(line))
    came, went = (portions, ()) if kind == ADDED else ((), portions)
    return Difference(kind, line.row.code, line.row.title, came=came, went=went)


def _difference(old: Line | None, new: Line) -> Difference | None:
    if old is None:
        return _whole(ADDED, new)
    fields = [(name, getattr(old.row, name), getattr(new.row, name)) for name in _OF_ROW]
    return difference(new.row, fields, portions_of(old), portions_of(new))


def difference(
    row: SplitRow, fields: Iterable[tuple[str, object, object]], old: Sequence[Portion], new: Sequence[Portion]
) -> Difference | None:
    """What is another in one clause: its own fields (name, was, is) and its shares; None when nothing is."""
    was, now = {one.unit_id: one for one in old}, {one.unit_id: one for one in new}
    steps = [Step(*said) for said in fields]
    for unit_id in [unit for unit in now if unit in was]:
        pair = was[unit_id], now[unit_id]
        steps += [Step(name, getattr(pair[0], name), getattr(pair[1], name), unit_id) for name in _OF_SHARE]
    moved = tuple(step for step in steps if step.was != step.now)
    came = tuple(one for unit, one in now.items() if unit not in was)
    went = tuple(one for unit, one in was.items() if unit not in now)
    return Difference(CHANGED, row.code, row.title, moved, came, went) if moved or came or went else None


def say_value(field: str, value: object, names: Mapping[UUID, str]) -> str:
    """One side of a change in words (Chinese source texts for roles); '' for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, UUID):
        return names.get(value, "")
    if field == "points" and isinstance(value, int):
        return say_hundredths(value)
    if field == "role":
        return ROLES.get(str(value), str(value))
    return plain(value) if field == "amount" else str(value)  # type: ignore[arg-type]  # an amount is a Decimal
