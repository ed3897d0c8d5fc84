"""Finding the unit that a cell means (单位识别): by code, by name, by a path such as 小店街道/杜家寨社区."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault
from core.work.dated import valid_on
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import narrow, tidy
from tenants.access import Actor, reach
from tenants.models import Unit, UnitParent
from tenants.scope import ScopedSession

_STEPS = re.compile(r"\s*[/／>＞→]\s*")
_SUFFIX = re.compile(r"(居委会|居民委员会|(?<=村)民委员会|(?<=村)委会|办事处)$")


@dataclass(slots=True)
class Place:
    """A unit that stands, or that this workbook is about to add."""

    id: UUID
    name: str
    kind: str
    code: str | None
    parent: UUID | None
    tree: str = "administration"


def short_name(name: str) -> str:
    """A unit's name as people say it (简称): 杜家寨社区居委会 is 杜家寨社区, 白羊墅村委会 is 白羊墅村."""
    return _SUFFIX.sub("", name)


def mark_of(unit_id: UUID) -> str:
    """What stands for exactly one unit where a cell would name it, for rows that this program makes itself."""
    return f"#{unit_id}"


class Gazetteer:
    """All standing units by code and by name (单位名录), and those that the workbook adds."""

    def __init__(self, session: ScopedSession, actor: Actor | None, today: date) -> None:
        self.places: dict[UUID, Place] = {}
        self._by_mark: dict[str, Place] = {}
        self._by_code: dict[str, Place] = {}
        self._by_name: dict[str, list[Place]] = {}
        self._by_short: dict[str, list[Place]] = {}
        self._reach: dict[str, set[UUID]] = {}
        self._session, self._actor, self._today = session, actor, today
        parents = select(UnitParent.unit_id, UnitParent.parent_id).where(valid_on(UnitParent, today))
        above = dict(session.execute(parents).all())
        for unit in session.scalars(select(Unit).where(valid_on(Unit, today))):
            self.add(Place(unit.id, unit.name, unit.kind, unit.code, above.get(unit.id), unit.tree))

    def add(self, place: Place) -> None:
        """Take a unit into the book."""
        self.places[place.id] = place
        self._by_mark[mark_of(place.id)] = place
        if place.code:
            self._by_code.setdefault(place.code, place)
        self.call(place, place.name)

    def call(self, place: Place, name: str) -> None:
        """Let a unit be found by a name; one that this workbook renames answers to both."""
        self._by_name.setdefault(name, []).append(place)
        self._by_short.setdefault(short_name(name), []).append(place)

    def coded(self, code: str) -> Place | None:
        """The unit of a code."""
        return self._by_code.get(code)

    def under(self, parent: UUID, name: str) -> Place | None:
        """The one unit of a name directly under another; the spoken short form is enough when it is certain."""
        here = [p for p in self._by_name.get(name, []) if p.parent == parent]
        near = here or [p for p in self._by_short.get(short_name(name), []) if p.parent == parent]
        return near[0] if len(near) == 1 else None

    def find(self, said: str) -> list[Place]:
        """The units that a text may mean: one is certain, more are ambiguous."""
        if (exact := self._by_mark.get(said)) is not None:
            return [exact]
        if (coded := self._by_code.get(narrow(said))) is not None:
            return [coded]
        steps = [tidy(s) for s in _STEPS.split(said) if tidy(s)]
        if not steps:
            return []
        found = self._by_name.get(steps[-1]) or self._by_short.get(short_name(steps[-1]), [])
        return [p for p in found if self._lies_under(p, steps[:-1])]

    def _lies_under(self, place: Place, steps: list[str]) -> bool:
        above = place.parent
        for step in reversed(steps):
            while above is not None and short_name(self.places[above].name) != short_name(step):
                above = self.places[above].parent
            if above is None:
                return False
            above = self.places[above].parent
        return True

    def resolve(self, sheet: Sheet, row: SheetRow, column: str, faults: list[Fault]) -> Place | None:
        """The unit that a cell names; unknown and ambiguous ones become a fault."""
        said = row.cells[column]
        found = self.find(said)
        if len(found) == 1:
            return found[0]
        if found:
            params = {"paths": "；".join(self.path(p) for p in found[:3])}
            remedy = N_("请写成“上级/名称”或填代码，例如：{paths}")
            faults.append(sheet.fault(row, column, N_("有多个同名的单位"), remedy, said, **params))
        else:
            remedy = N_("请核对名称，或先在“单位”表里加上这个单位")
            faults.append(sheet.fault(row, column, N_("没有这个单位"), remedy, said))
        return None

    def path(self, place: Place) -> str:
        """A unit's name with its parent's, as a cell may say it."""
        return f"{self.places[place.parent].name}/{place.name}" if place.parent in self.places else place.name

    def allows(self, verb: str, place: Place) -> bool:
        """Whether the actor's posts cover a unit; one that is about to be added counts as its parent."""
        if self._actor is None:
            return True
        if verb not in self._reach:
            self._reach[verb] = set(self._session.scalars(reach(self._actor, verb, self._today)))
        unit_id: UUID | None = place.id
        while unit_id is not None:
            if unit_id in self._reach[verb]:
                return True
            unit_id = self.places[unit_id].parent
        return False

    def permit(self, verb: str, place: Place, sheet: Sheet, row: SheetRow, column: str, faults: list[Fault]) -> None:
        """Note a fault when the actor's posts do not cover the unit."""
        if not self.allows(verb, place):
            remedy = N_("请由管辖这个单位的管理员导入")
            faults.append(sheet.fault(row, column, N_("不在您的管辖范围内"), remedy, place.name))
