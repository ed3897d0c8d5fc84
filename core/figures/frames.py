"""What a question to the records covers (统计口径): some spans of days, the whole district or some units, a cut-off.

One query answers for every span and unit of a frame; a *slice* is one unit (None: the whole district) in one span.
Figures by unit follow the tree valid on the day of the record and the unit stamped on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, case, cast, func, literal, null, or_
from sqlalchemy.orm import InstrumentedAttribute

from core.figures.periods import Period, day_of
from tenants.models import UnitPath

SliceKey = tuple[UUID | None, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """Disjoint periods, units (none: the whole district) and the moment up to which records count."""

    tenant_id: int
    periods: tuple[Period, ...]
    cut_off: datetime
    units: tuple[UUID, ...] = ()

    @property
    def slices(self) -> tuple[SliceKey, ...]:
        """Every slice of the frame, units first."""
        return tuple((unit, n) for unit in (self.units or (None,)) for n in range(len(self.periods)))

    @property
    def spans(self) -> tuple[Period, ...]:
        """The periods, none longer than the cut-off allows."""
        return tuple(p.cut(day_of(self.cut_off)) for p in self.periods)


def by_day(
    frame: Frame, query: Select[Any], day: InstrumentedAttribute[date], unit: InstrumentedAttribute[UUID]
) -> Select[Any]:
    """Add the columns ``unit`` and ``span`` and the conditions of the frame to a query over dated, stamped rows."""
    inside = [day.between(p.start, p.end) for p in frame.spans]
    query = query.add_columns(case(*((one, n) for n, one in enumerate(inside))).label("span"))
    return _by_unit(frame, query.where(or_(*inside)), unit, day)


def by_moment(
    frame: Frame, query: Select[Any], moment: InstrumentedAttribute[Any], unit: InstrumentedAttribute[UUID]
) -> Select[Any]:
    """The same over a moment; what lies after the cut-off does not count yet."""
    inside = []
    for period in frame.periods:
        first, after = period.bounds
        inside.append(and_(moment >= first, moment < after))
    query = query.add_columns(case(*((one, n) for n, one in enumerate(inside))).label("span"))
    day = cast(func.timezone("Asia/Shanghai", moment), Date)
    return _by_unit(frame, query.where(or_(*inside), moment <= frame.cut_off), unit, day)


def _by_unit(
    frame: Frame,
    query: Select[Any],
    unit: InstrumentedAttribute[UUID],
    day: InstrumentedAttribute[date] | ColumnElement[date],
) -> Select[Any]:
    if not frame.units:
        return query.add_columns(cast(null(), Uuid).label("unit"))
    stood = and_(
        UnitPath.tenant_id == literal(frame.tenant_id),
        UnitPath.unit_id == unit,
        UnitPath.valid_from <= day,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > day),
    )
    return (
        query.add_columns(UnitPath.ancestor_id.label("unit"))
        .join(UnitPath, stood)
        .where(UnitPath.ancestor_id.in_(frame.units))
    )
