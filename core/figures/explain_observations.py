"""Locked values behind a figure (填报明细): which observation, whose, who handed it in, reviewed and locked it, and its note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select

from core.work.statistics.observed import Observed
from core.work.tables import LockedValue, Observation, ObservationEvent, Statistic
from tenants.models import Unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class LifeStep:
    """One step in the life of a value (经手): what was done, by whom, when."""

    verb: str
    person: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class ObservationLife:
    """A locked value with its papers (填报值来历). ``metric`` is the name in the formula, ``number`` the locked version."""

    observation_id: UUID
    metric: str
    code: str
    period_kind: str
    period_start: date
    period_end: date
    basis: str
    number: int
    value: Decimal
    qualifier: str
    population_base: str
    population_on: date | None
    note: str
    reason: str
    steps: tuple[LifeStep, ...]


@dataclass(frozen=True, slots=True)
class ObservationPart:
    """A locked value and its share in the figure (填报明细). ``name_zh`` names the statistic, ``unit`` whose it is."""

    version_id: UUID
    name_zh: str
    name_en: str
    unit: str
    share: Fraction
    life: ObservationLife


def observation_parts(session: ScopedSession, metric: str, one: Observed) -> list[ObservationPart]:
    """The locked values that a statistic's value stands on, oldest period first; their shares add up to it."""
    rows = session.execute(
        select(LockedValue, Observation, Statistic, Unit.name)
        .join(
            Observation,
            and_(Observation.tenant_id == LockedValue.tenant_id, Observation.id == LockedValue.observation_id),
        )
        .join(Statistic, and_(Statistic.tenant_id == Observation.tenant_id, Statistic.id == Observation.statistic_id))
        .join(Unit, and_(Unit.tenant_id == Observation.tenant_id, Unit.id == Observation.unit_id))
        .where(LockedValue.tenant_id == session.tenant_id, LockedValue.id.in_(one.versions))
        .order_by(Observation.period_end, LockedValue.id)
    ).all()
    share = Fraction(1, len(rows)) if rows and rows[0][2].combine == "mean" else Fraction(1)
    steps = _steps(session, [row[1].id for row in rows])
    return [_part(row, metric, share, steps) for row in rows]


def _steps(session: ScopedSession, observations: Sequence[UUID]) -> dict[UUID, list[ObservationEvent]]:
    found: dict[UUID, list[ObservationEvent]] = {}
    query = select(ObservationEvent).where(
        ObservationEvent.tenant_id == session.tenant_id, ObservationEvent.observation_id.in_(observations)
    )
    for event in session.scalars(query.order_by(ObservationEvent.version)):
        found.setdefault(event.observation_id, []).append(event)
    return found


def _part(row: Row[Any], metric: str, share: Fraction, steps: dict[UUID, list[ObservationEvent]]) -> ObservationPart:
    value, observation, statistic, unit = row
    life = ObservationLife(
        observation_id=observation.id,
        metric=metric,
        code=statistic.code,
        period_kind=observation.period_kind,
        period_start=observation.period_start,
        period_end=observation.period_end,
        basis=observation.basis,
        number=value.number,
        value=value.numerator,
        qualifier=value.qualifier,
        population_base=value.population_base,
        population_on=value.population_on,
        note=value.note,
        reason=value.reason,
        steps=tuple(
            LifeStep(e.verb, e.person_name, e.at, e.note)
            for e in steps.get(observation.id, ())
            if e.at <= value.locked_at
        ),
    )
    return ObservationPart(
        value.id, statistic.name_zh, statistic.name_en, unit, Fraction(value.numerator) * share, life
    )
