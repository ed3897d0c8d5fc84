"""What a question to the records covers (统计口径): some spans of days, the whole district or some units, a cut-off.

One query answers for every span and unit of a frame; a *slice* is one unit (None: the whole district) in one span.
Figures by unit follow the tree valid on the day of the record and the unit stamped on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.figures.periods import Period, day_of
from core.work.organisation.areas import AREA
from core.work.tables import AreaMember, ItemResult, Sheet
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

SliceKey = tuple[UUID | None, int]
Stamp = InstrumentedAttribute[UUID]
Day = InstrumentedAttribute[date] | ColumnElement[date]


@dataclass(frozen=True, slots=True)
class Frame:
    """Disjoint periods, units (none: the whole district) and the moment up to which records count.

    ``results`` and ``sheets`` are the rows that are read: those stored, or as another edition gives them (regrading).
    """

    tenant_id: int
    periods: tuple[Period, ...]
    cut_off: datetime
    units: tuple[UUID, ...] = ()
    has_area: bool = False  # whether one of the units is an area: its records are its members'
    results: Any = ItemResult
    sheets: Any = Sheet
    undated: tuple[int, ...] = ()  # for each period the visits regraded by today's site attributes, for they kept none

    @property
    def slices(self) -> tuple[SliceKey, ...]:
        """Every slice of the frame, units first."""
        return tuple((unit, n) for unit in (self.units or (None,)) for n in range(len(self.periods)))

    @property
    def spans(self) -> tuple[Period, ...]:
        """The periods, none longer than the cut-off allows."""
        return tuple(p.cut(day_of(self.cut_off)) for p in self.periods)


def frame_of(
    session: ScopedSession, periods: tuple[Period, ...], cut_off: datetime, units: tuple[UUID, ...] = ()
) -> Frame:
    """The frame of a question in the session's tenant; looks up whether one of the units is an area (片区)."""
    areas = select(Unit.id).where(Unit.id.in_(units), Unit.kind == AREA).limit(1)
    return Frame(session.tenant_id, periods, cut_off, units, bool(units) and session.scalar(areas) is not None)


def by_day(
    frame: Frame, query: Select[Any], day: InstrumentedAttribute[date], unit: Stamp, site: InstrumentedAttribute[Any]
) -> Select[Any]:
    """Add the columns ``unit`` and ``span`` and the conditions of the frame to a query over dated, stamped rows."""
    inside = [day.between(p.start, p.end) for p in frame.spans]
    query = query.add_columns(case(*((one, n) for n, one in enumerate(inside))).label("span"))
    return _by_unit(frame, query.where(or_(*inside)), unit, site, day)


def by_moment(
    frame: Frame,
    query: Select[Any],
    moment: InstrumentedAttribute[Any],
    unit: Stamp,
    site: InstrumentedAttribute[Any],
) -> Select[Any]:
    """The same over a moment; what lies after the cut-off does not count yet."""
    inside = []
    for period in frame.periods:
        first, after = period.bounds
        inside.append(and_(moment >= first, moment < after))
    query = query.add_columns(case(*((one, n) for n, one in enumerate(inside))).label("span"))
    day = cast(func.timezone("Asia/Shanghai", moment), Date)
    return _by_unit(frame, query.where(or_(*inside), moment <= frame.cut_off), unit, site, day)


def _by_unit(
    frame: Frame,
    query: Select[Any],
    unit: Stamp,
    site: InstrumentedAttribute[Any],
    day: Day,
) -> Select[Any]:
    if not frame.units:
        return query.add_columns(cast(null(), Uuid).label("unit"))
    stood = and_(UnitPath.tenant_id == literal(frame.tenant_id), UnitPath.unit_id == unit, _on(UnitPath, day))
    if frame.has_area:
        return _by_area(frame, query, stood, unit, site, day)
    return (
        query.add_columns(UnitPath.ancestor_id.label("unit"))
        .join(UnitPath, stood)
        .where(UnitPath.ancestor_id.in_(frame.units))
    )


def _by_area(
    frame: Frame,
    query: Select[Any],
    stood: ColumnElement[bool],
    unit: Stamp,
    site: InstrumentedAttribute[Any],
    day: Day,
) -> Select[Any]:
    """The same where some of the units are areas: a record is theirs once, by a member unit above its place or by its site."""
    owner, inner = aliased(Unit), aliased(UnitPath)
    tenant = literal(frame.tenant_id)
    below = select(inner.unit_id).where(inner.tenant_id == tenant, inner.ancestor_id == owner.id, _on(inner, day))
    within = below.correlate(
        owner, *query.get_final_froms()
    )  # an area, and the areas under it; two selects further out
    member = and_(AreaMember.tenant_id == tenant, AreaMember.area_id.in_(within), _on(AreaMember, day))
    under = exists().where(stood, UnitPath.ancestor_id == owner.id)
    by_unit = exists().where(stood, member, AreaMember.unit_id == UnitPath.ancestor_id)
    by_site = exists().where(member, AreaMember.site_id == site)
    theirs = or_(under, by_unit, by_site)
    mine = and_(owner.tenant_id == unit.parent.entity.tenant_id, owner.id.in_(frame.units))
    return query.add_columns(owner.id.label("unit")).join(owner, mine).where(owner.tenant_id == tenant, theirs)


def _on(dated: Any, day: Day) -> ColumnElement[bool]:
    """The condition that a dated row holds on the day of the record."""
    return and_(dated.valid_from <= day, or_(dated.valid_to.is_(None), dated.valid_to > day))
