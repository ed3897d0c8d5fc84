"""The unit that people mean (单位识别): by its name with blanks or full-width signs, by a former name, and what became of one that is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault
from core.work.imports.workbook_cells import Notes
from core.work.imports.workbook_places import Gazetteer, Place, short_name
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import narrow
from core.work.tables import UnitLineage
from tenants.access import Actor
from tenants.models import Unit, UnitName
from tenants.scope import ScopedSession

_BLANK = re.compile(r"\s+")
_LIST = re.compile(r"[、，,;；\n]+")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text stands for: a unit, with a remark where it was written otherwise; or why it stands for none."""

    place: Place | None = None
    remark: str = ""
    message: str = ""
    remedy: str = ""
    names: str = ""


def packed(name: str) -> str:
    """A name without blanks and full-width signs: 小店　街道 办 is 小店街道办."""
    return short_name(_BLANK.sub("", narrow(name)))


class UnitNames:
    """All names that units bear and bore, looked up once for a whole workbook (单位名录)."""

    def __init__(self, session: ScopedSession, actor: Actor | None, today: date) -> None:
        self.book = Gazetteer(session, actor, today)
        self._packed: dict[str, list[Place]] = {}
        for place in self.book.places.values():
            self._packed.setdefault(packed(place.name), []).append(place)
        self._former: dict[str, set[UUID]] = {}
        for unit_id, name in session.execute(select(UnitName.unit_id, UnitName.name)):
            if unit_id in self.book.places:
                self._former.setdefault(packed(name), set()).add(unit_id)
        self._gone: dict[str, list[UUID]] = {}
        for unit_id, name in session.execute(select(Unit.id, Unit.name)):
            if unit_id not in self.book.places:
                self._gone.setdefault(packed(name), []).append(unit_id)
        self._after: dict[UUID, list[tuple[UUID, str]]] = {}
        lines = select(UnitLineage.from_id, UnitLineage.to_id, UnitLineage.kind).order_by(UnitLineage.on)
        for before, after, kind in session.execute(lines):
            if before != after:
                self._after.setdefault(before, []).append((after, kind))
        self._known: dict[str, Meant] = {}

    def meaning(self, said: str) -> Meant:
        """What a text stands for; each text is looked up once."""
        if said not in self._known:
            self._known[said] = self._find(said)
        return self._known[said]

    def _find(self, said: str) -> Meant:
        found = self.book.find(said)
        if len(found) == 1:
            return Meant(found[0])
        name = packed(said)
        found = found or self._packed.get(name, [])
        if len(found) == 1:
            return Meant(found[0], remark=found[0].name)
        if found:
            paths = "；".join(self.book.path(place) for place in found[:3])
            return Meant(
                message=N_("有多个同名的单位"), remedy=N_("请写成“上级/名称”或填代码，例如：{names}"), names=paths
            )
        former = self._former.get(name, set())
        if len(former) == 1:
            place = self.book.places[next(iter(former))]
            return Meant(place, remark=place.name)
        return self._successor(self._gone.get(name, []))

    def _successor(self, gone: list[UUID]) -> Meant:
        """What a unit that is gone tells: a mere new name is certain, anything else must be chosen by people."""
        if not gone:
            return Meant(message=N_("没有这个单位"), remedy=N_("请核对名称，或先在“组织”里加上这个单位"))
        renamed: set[UUID] = set()
        heirs: dict[UUID, str] = {}
        for unit_id in gone:
            for heir, merely in self._heirs(unit_id, merely=True, seen=frozenset()):
                heirs[heir] = self.book.places[heir].name
                renamed |= {heir} if merely else set()
        if len(heirs) == 1 and renamed:
            place = self.book.places[next(iter(heirs))]
            return Meant(place, remark=place.name)
        if heirs:
            names = "、".join(heirs.values())
            return Meant(message=N_("这个单位已经撤并"), remedy=N_("请改填承接它的单位：{names}"), names=names)
        return Meant(message=N_("这个单位已经撤销"), remedy=N_("请改填现在负责的单位"))

    def _heirs(self, unit_id: UUID, *, merely: bool, seen: frozenset[UUID]) -> list[tuple[UUID, bool]]:
        """The standing units after one, each with whether it merely changed its name on the way."""
        found: list[tuple[UUID, bool]] = []
        for after, kind in self._after.get(unit_id, []):
            same = merely and kind == "rename"
            if after in self.book.places:
                found.append((after, same))
            elif after not in seen:
                found += self._heirs(after, merely=same, seen=seen | {unit_id})
        return found

    def unit_in(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes) -> Place | None:
        """The unit that a cell names; None when it is empty or, with a fault, when it names none for certain."""
        said = row.cells.get(column, "")
        return self._named(sheet, row, column, notes, said) if said.strip() else None

    def units_in(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes) -> list[Place]:
        """The units that a cell lists, apart by 、 or a comma; each once."""
        listed = [one.strip() for one in _LIST.split(row.cells.get(column, "")) if one.strip()]
        places = [self._named(sheet, row, column, notes, said) for said in listed]
        return list({place.id: place for place in places if place is not None}.values())

    def _named(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes, said: str) -> Place | None:
        meant = self.meaning(said)
        if meant.place is None:
            notes.refuse(sheet, row, column, meant.message, meant.remedy, said, names=meant.names)
        elif meant.remark:
            notes.remark(sheet, row, column, said, meant.remark)
        return meant.place


def fault_of(meant: Meant, field: str, said: str) -> Fault:
    """The fault of a text that names no unit, for a form's field."""
    return Fault(meant.message, field, value=said[:60], remedy=meant.remedy, params={"names": meant.names})
