"""Reading one value (查看填报值): its line with the values beside it, and the steps that the reader may take now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true, tuple_

from core.errors import NotFound
from core.periods import Period
from core.work.statistics.grid import Line, Pair, due_on, timeliness_of
from core.work.statistics.sight import may_enter, may_judge, pairs_seen, sees_pair
from core.work.statistics.steps import EDITABLE, LOCKED, REVIEWED, SUBMITTED
from core.work.tables import Observation, Statistic
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Found:
    """One value with its line and the steps that are open (可办理)."""

    row: Observation
    line: Line
    steps: tuple[str, ...]


def read_value(session: ScopedSession, actor: Actor, observation_id: UUID, *, today: date) -> Found:
    """One value. Raises NotFound for one that does not exist or is out of the reader's sight."""
    row = session.get(Observation, (session.tenant_id, observation_id), populate_existing=True)
    statistic = session.get(Statistic, (session.tenant_id, row.statistic_id)) if row else None
    if row is None or statistic is None or not sees_pair(session, actor, statistic, row.unit_id, today):
        raise NotFound
    period = Period(row.period_kind, row.period_start, row.period_end)
    chosen = select(Unit.id, Unit.name).where(Unit.id.in_((row.unit_id, statistic.owner_unit_id)))
    names = {unit.id: unit.name for unit in session.execute(chosen)}
    pair = Pair(statistic, row.unit_id, names[row.unit_id], names[statistic.owner_unit_id])
    before = session.scalars(
        select(Observation).where(
            Observation.statistic_id == row.statistic_id,
            Observation.unit_id == row.unit_id,
            Observation.period_kind == period.kind,
            Observation.period_start == period.previous.start,
        )
    ).all()
    standing = timeliness_of(statistic, period, [row], today)
    line = Line(pair, period, (row,), tuple(before), standing, due_on(statistic, period))
    return Found(row, line, _steps(session, actor, statistic, row, today))


def _steps(
    session: ScopedSession, actor: Actor, statistic: Statistic, row: Observation, today: date
) -> tuple[str, ...]:
    """The steps that would not be refused for who asks; whether the numbers are whole is said when one is taken."""
    enters = may_enter(session, actor, statistic, row.unit_id, today)
    judges = may_judge(session, actor, statistic, today)
    other = row.submitted_by != actor.person_id
    open_steps = {
        "submit": enters and row.state in EDITABLE,
        "review": judges and other and row.state == SUBMITTED,
        "lock": judges and other and row.state == REVIEWED,
        "return": judges and row.state in (SUBMITTED, REVIEWED),
        "correct": enters and row.state == LOCKED,
    }
    return tuple(step for step, is_open in open_steps.items() if is_open)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which values that wait (待审核筛选): of an owner, a period, a state of the two."""

    owner_id: UUID | None = None
    period: Period | None = None
    state: str = ""


def waiting_lines(session: ScopedSession, actor: Actor, *, today: date, wanted: Waiting | None = None) -> list[Line]:
    """What was handed in and is not locked yet (待审核), within reach; the one that waits longest first."""
    chosen = wanted or Waiting()
    owner = Unit.__table__.alias("owner")
    rows = session.execute(
        select(Observation, Statistic, Unit.name, owner.c.name)
        .join(Statistic, and_(Statistic.tenant_id == Observation.tenant_id, Statistic.id == Observation.statistic_id))
        .join(Unit, and_(Unit.tenant_id == Observation.tenant_id, Unit.id == Observation.unit_id))
        .join(owner, and_(owner.c.tenant_id == Statistic.tenant_id, owner.c.id == Statistic.owner_unit_id))
        .where(
            Observation.state.in_((chosen.state,) if chosen.state else (SUBMITTED, REVIEWED)),
            Statistic.owner_unit_id == chosen.owner_id if chosen.owner_id else true(),
            _in_period(chosen.period),
            pairs_seen(session, actor, Observation.unit_id, today),
        )
        .order_by(Observation.submitted_at, Observation.id)
    ).all()
    before = _before(session, [row[0] for row in rows])
    lines = []
    for row, statistic, unit, owned in rows:
        period = Period(row.period_kind, row.period_start, row.period_end)
        last = before.get((row.statistic_id, row.unit_id, period.previous.start, row.basis), ())
        standing = timeliness_of(statistic, period, [row], today)
        pair = Pair(statistic, row.unit_id, unit, owned)
        lines.append(Line(pair, period, (row,), tuple(last), standing, due_on(statistic, period)))
    return lines


def _in_period(period: Period | None) -> ColumnElement[bool]:
    if period is None:
        return true()
    return and_(Observation.period_kind == period.kind, Observation.period_start == period.start)


def _before(session: ScopedSession, rows: Sequence[Observation]) -> Mapping[Any, list[Observation]]:
    """The values of the periods before, by statistic, unit, start and basis."""
    spans = {
        (row.period_kind, Period(row.period_kind, row.period_start, row.period_end).previous.start) for row in rows
    }
    found: dict[Any, list[Observation]] = {}
    if spans:
        known = select(Observation).where(
            Observation.statistic_id.in_({row.statistic_id for row in rows}),
            tuple_(Observation.period_kind, Observation.period_start).in_(spans),
        )
        for one in session.scalars(known):
            found.setdefault((one.statistic_id, one.unit_id, one.period_start, one.basis), []).append(one)
    return found
