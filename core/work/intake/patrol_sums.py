"""Patrol shifts added up (巡查汇总): by unit, by person, by day or month - shifts, what was fixed at once, what was handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import ZONE
from core.work.intake.patrols import PatrolFilter, shifts_wanted
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED, ON_SPOT
from core.work.tables import Finding, Patrol, PatrolMember
from core.work.wording import shown
from tenants.access import Actor
from tenants.models import Person, Unit

UNIT, PERSON, DAY, MONTH = "unit", "person", "day", "month"
SUMS: Mapping[str, str] = {UNIT: N_("按单位"), PERSON: N_("按人员"), DAY: N_("按日"), MONTH: N_("按月")}
_WRITTEN = {DAY: "YYYY-MM-DD", MONTH: "YYYY-MM"}


@dataclass(frozen=True, slots=True)
class PatrolSum:
    """One line (汇总行): of a unit, a person or a period; ``key`` is the id, or the period as in ``title``."""

    key: str
    title: str
    shifts: int
    fixed: int
    passed_on: int


def sum_patrols(
    session: Session, actor: Actor, wanted: PatrolFilter, *, by: str, on: date, limit: int | None = None
) -> list[PatrolSum]:
    """Add the shifts of a filter up (one query): units and people by their number of shifts, periods the latest first.

    A person's line has every shift that he walked along, so that a joint shift stands in the line of each; findings are
    counted as in the list. Raises InvalidInput for an unknown ``by``.
    """
    if by not in SUMS:
        fault = Fault(N_("没有这种汇总"), "by", None, shown(by), "", N_("可填：{known}"), {"known": ", ".join(SUMS)})
        raise InvalidInput(faults=[fault])
    conditions = shifts_wanted(actor, wanted, on)
    counts = _counts(actor, conditions, on)
    shifts = func.count()
    fixed, passed_on = (func.coalesce(func.sum(column), 0) for column in (counts.c.fixed, counts.c.passed_on))
    query, key, title = _keyed(by, shifts, fixed, passed_on)
    query = (
        query.outerjoin(counts, counts.c.patrol_id == Patrol.id)
        .where(Patrol.tenant_id == actor.tenant.id, *conditions)
        .group_by(key, title)
        .order_by(*((title.desc(),) if by in _WRITTEN else (shifts.desc(), title, key)))
        .limit(limit)
    )
    return [PatrolSum(str(k), t, n, int(f), int(p)) for k, t, n, f, p in session.execute(query)]


def _keyed(by: str, *numbers: ColumnElement[Any]) -> tuple[Select[Any], Any, Any]:
    """The shifts with the key and title of their line."""
    if by == UNIT:
        query = select(Unit.id, Unit.name, *numbers).select_from(Patrol)
        return query.join(Unit, and_(Unit.tenant_id == Patrol.tenant_id, Unit.id == Patrol.unit_id)), Unit.id, Unit.name
    if by == PERSON:
        walks = and_(PatrolMember.tenant_id == Patrol.tenant_id, PatrolMember.patrol_id == Patrol.id)
        who = and_(Person.tenant_id == PatrolMember.tenant_id, Person.id == PatrolMember.person_id)
        query = select(Person.id, Person.name, *numbers).select_from(Patrol).join(PatrolMember, walks)
        return query.join(Person, who), Person.id, Person.name
    local = func.timezone(ZONE.key, Patrol.started_at)
    period = func.to_char(local, _WRITTEN[by]).label("period")
    return select(period, period.label("title"), *numbers).select_from(Patrol), period, period


def _counts(actor: Actor, conditions: list[ColumnElement[bool]], on: date) -> Any:
    """What the reader sees of each shift, as in the list of shifts."""
    fixed = func.count().filter(Finding.outcome == ON_SPOT)
    ids = select(Patrol.id).where(Patrol.tenant_id == actor.tenant.id, *conditions)
    return (
        select(Finding.patrol_id, fixed.label("fixed"), (func.count() - fixed).label("passed_on"))
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.patrol_id.in_(ids),
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, on),
        )
        .group_by(Finding.patrol_id)
        .subquery()
    )
