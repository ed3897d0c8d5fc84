"""The unit that a page of scores is about (单位选择): a place or an area in the reader's reach, or nothing for the whole district."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import request

from core.figures.periods import Period, containing
from core.figures.scores import opens_area, reaches_root
from core.request import actor, db, now, today
from core.web.paging import read_id
from core.work.organisation.area_sight import covers_members
from core.work.organisation.areas import AREA, list_areas
from core.work.organisation.units import get_unit, tree
from core.work.roles import SEE
from tenants.access import reach

PLACES = frozenset({"subdistrict", "community", "village"})  # visits and findings are stamped with places only


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """The chosen unit (None: the whole district) and the places to choose from; ``whole`` when all rows may be seen.

    ``opens``: it is an area all of whose members the reader reaches.
    """

    unit_id: UUID | None
    name: str
    offered: tuple[tuple[str, str], ...]
    whole: bool
    is_area: bool = False
    opens: bool = False

    @property
    def shows_rows(self) -> bool:
        """Whether the reader may see the rows behind the figures, not the totals alone."""
        return self.whole or (self.unit_id is not None and (not self.is_area or self.opens))

    @property
    def query(self) -> dict[str, str]:
        """The choice as arguments of an address."""
        return {"unit": str(self.unit_id)} if self.unit_id else {}


def read_unit(period: Period | None = None, cut_off: datetime | None = None, area_id: UUID | None = None) -> UnitChoice:
    """The unit of this address, or the area given when it names none, for a page about a period (this month at first).

    Raises InvalidInput, and NotFound for an unknown one; reach is judged with the score.
    """
    said = request.args.get("unit", "")
    unit_id = read_id(said, "unit") if said else area_id
    mine = set(db().scalars(reach(actor(), SEE, today())))
    span, moment = period or containing("month", today()), cut_off or now()
    offered = tuple(
        (str(node.id), "\u3000" * max(node.depth - 1, 0) + node.name)
        for node in tree(db(), today())
        if node.kind in PLACES and node.id in mine
    )
    offered += area_choices(mine, span)
    chosen = get_unit(db(), unit_id) if unit_id else None
    whole, is_area = reaches_root(db(), actor(), moment), chosen is not None and chosen.kind == AREA
    opens = bool(unit_id and is_area and opens_area(db(), actor(), unit_id, span, moment))
    return UnitChoice(unit_id, chosen.name if chosen else "", offered, whole, is_area, opens)


def area_choices(mine: Collection[UUID], period: Period) -> tuple[tuple[str, str], ...]:
    """The areas whose totals the reader may open in a period: in his own reach, or with all their members in it."""
    return tuple(
        (str(area.id), area.name)
        for area in list_areas(db(), today())
        if area.id in mine or covers_members(db(), actor(), area.id, today(), period.start)
    )
