"""What tasks are checked against (任务的依据): units as of a day, people, plans, campaigns, codes - read once for many."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault
from core.work.tables import Plan, PlanLine, Task
from tenants.models import EnabledCampaign, Person, Unit


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around some tasks (任务的依据): units by id with name and days, active people, plans, lines by plan, codes."""

    day: date
    units: Mapping[UUID, tuple[str, date, date | None]]
    people: frozenset[UUID]
    plans: frozenset[UUID]
    lines: Mapping[UUID, UUID]
    campaigns: frozenset[str]
    codes: frozenset[str]

    def unit_name(self, unit: UUID) -> str:
        """A unit's name; '' for one that is not there."""
        return self.units[unit][0] if unit in self.units else ""

    def unit_fault(self, field: str, unit: UUID) -> Fault | None:
        """Why a unit can be given nothing on the day: it is not there, not yet, or no more."""
        if unit not in self.units:
            return Fault(N_("没有这个单位"), field, remedy=N_("请从单位列表中选择"))
        name, since, until = self.units[unit]
        if until is not None and until <= self.day:
            remedy = N_("请选择接替它的单位")
            return Fault(N_("单位已于 {day} 撤销"), field, value=name, remedy=remedy, params={"day": until.isoformat()})
        if since > self.day:
            remedy = N_("请选择现有的单位")
            return Fault(N_("单位自 {day} 起才有"), field, value=name, remedy=remedy, params={"day": since.isoformat()})
        return None


def look_around(
    session: Session,
    day: date,
    *,
    units: Collection[UUID] = (),
    people: Collection[UUID] = (),
    plans: Collection[UUID] = (),
    lines: Collection[UUID] = (),
    codes: Collection[str] = (),
) -> Surroundings:
    """Read what some tasks name (at most six queries, whatever their number)."""
    named = select(Unit.id, Unit.name, Unit.valid_from, Unit.valid_to).where(Unit.id.in_(set(units)))
    running = select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")
    return Surroundings(
        day,
        {row[0]: (row[1], row[2], row[3]) for row in session.execute(named)},
        _found(session, people, select(Person.id).where(Person.state == "active"), Person.id),
        _found(session, plans, select(Plan.id), Plan.id),
        _lines(session, lines),
        frozenset(session.scalars(running)),
        _found(session, codes, select(Task.code), Task.code),
    )


def _found(session: Session, wanted: Collection[Any], query: Any, column: Any) -> frozenset[Any]:
    return frozenset(session.scalars(query.where(column.in_(set(wanted))))) if wanted else frozenset()


def _lines(session: Session, lines: Collection[UUID]) -> dict[UUID, UUID]:
    if not lines:
        return {}
    query = select(PlanLine.id, PlanLine.plan_id).where(PlanLine.id.in_(set(lines)), PlanLine.dropped.is_(False))
    return {row[0]: row[1] for row in session.execute(query)}
