"""Entering values (填报): the owner's unit drafts and submits; one row, one write, and the winner is named to who was slower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.periods import Period
from core.work.statistics.rates import QUALIFIERS
from core.work.statistics.readiness import missing_of
from core.work.statistics.sight import may_enter, sees_pair
from core.work.statistics.steps import EDITABLE, SAVED, SUBMITTED, note_event
from core.work.statistics.words import BASES
from core.work.statistics.writing import bound_number
from core.work.tables import Observation, Statistic
from tenants.access import ROOTS, Actor
from tenants.db import new_id
from tenants.models import Unit
from tenants.scope import ScopedSession

LONGEST = 500
TYPED = (
    "numerator",
    "denominator",
    "qualifier",
    "denominator_qualifier",
    "declared_rate",
    "population_base",
    "population_on",
    "population_precision",
    "note",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as it is entered (填报行). ``version`` is that of the row it was read from, 0 for a new one."""

    code: str
    unit_id: UUID
    period: Period
    basis: str
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    qualifier: str = "exact"
    denominator_qualifier: str = "exact"
    declared_rate: Decimal | None = None
    population_base: str = ""
    population_on: date | None = None
    population_precision: str = "day"
    note: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of an entry (保存结果)."""

    observation: Observation
    changed: bool


def save(session: ScopedSession, actor: Actor | None, entry: Entry, *, today: date, now: datetime) -> Saved:
    """Keep an entry as a draft (存草稿); what says nothing new changes nothing.

    Raises NotFound for a statistic out of sight, Forbidden, InvalidInput with faults by field, Stale when somebody changed
    the row meanwhile, Conflict when the row is no draft any more or its days are already in another row.
    """
    statistic = _statistic(session, actor, entry, today)
    _judge(session, statistic, entry, today)
    typed = {name: getattr(entry, name) for name in TYPED}
    row = find(session, statistic.id, entry)
    if row is None:
        return Saved(_insert(session, actor, statistic, entry, typed, now), True)
    if all(getattr(row, name) == value for name, value in typed.items()):
        return Saved(row, False)
    if row.state not in EDITABLE:
        raise Conflict(_CLOSED[row.state])
    return Saved(_change(session, actor, row, entry.version, typed, now), True)


_CLOSED = {
    "submitted": N_("这个数已经上报，正在等审核；要修改请先请创建办退回"),
    "reviewed": N_("这个数已经审核；要修改请先请创建办退回"),
    "locked": N_("这个数已经锁定；要改请写明理由，另存一个更正版本"),
}


def submit(
    session: ScopedSession, actor: Actor | None, observation_id: UUID, version: int, *, today: date, now: datetime
) -> Observation:
    """Hand a draft to the HQ office (上报). Raises NotFound, Forbidden, InvalidInput, Stale, Conflict."""
    row = session.get(Observation, (session.tenant_id, observation_id))
    statistic = session.get(Statistic, (session.tenant_id, row.statistic_id)) if row else None
    if row is None or statistic is None or not sees_pair(session, actor, statistic, row.unit_id, today):
        raise NotFound
    if not may_enter(session, actor, statistic, row.unit_id, today):
        raise Forbidden(N_("这个指标由另一个单位填报"))
    if row.state not in EDITABLE:
        raise Conflict(_CLOSED[row.state])
    faults = missing_of(statistic, row)
    if faults:
        raise InvalidInput(faults=faults)
    values = {
        "state": SUBMITTED,
        "submitted_at": now,
        "submitted_by": actor.person_id if actor else None,
        "first_submitted_at": row.first_submitted_at or now,
    }
    moved = move(session, row, version, values, actor, now)
    note_event(session, moved, "submit", actor, now)
    return moved


def find(session: ScopedSession, statistic_id: UUID, entry: Entry) -> Observation | None:
    """The row that an entry is about, if there is one."""
    return session.scalars(
        select(Observation)
        .where(
            Observation.statistic_id == statistic_id,
            Observation.unit_id == entry.unit_id,
            Observation.period_kind == entry.period.kind,
            Observation.period_start == entry.period.start,
            Observation.basis == entry.basis,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()


def move(
    session: ScopedSession, row: Observation, version: int, values: dict[str, Any], actor: Actor | None, now: datetime
) -> Observation:
    """Write a row if it still has the version that was read. Raises Stale naming the winner."""
    stamped = values | {
        "version": version + 1,
        "changed_at": now,
        "changed_by": actor.person_id if actor else None,
        "changed_name": actor.name if actor else "",
    }
    done = session.execute(
        update(Observation)
        .where(
            Observation.tenant_id == session.tenant_id,
            Observation.id == row.id,
            Observation.version == version,
            Observation.state == row.state,
        )
        .values(**stamped)
        .returning(Observation.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    session.refresh(row)
    if done is None:
        raise _lost(row)
    return row


def _lost(row: Observation) -> Stale:
    message = N_("{name}刚刚改过这个数（现在是 {value}，第 {version} 版）；请看过后再改")
    shown = "—" if row.numerator is None else f"{row.numerator:f}"
    return Stale(message, name=row.changed_name or "—", value=shown, version=row.version)


def _statistic(session: ScopedSession, actor: Actor | None, entry: Entry, today: date) -> Statistic:
    found = session.scalars(select(Statistic).where(Statistic.code == entry.code)).one_or_none()
    if found is None or not sees_pair(session, actor, found, entry.unit_id, today):
        raise NotFound
    if not may_enter(session, actor, found, entry.unit_id, today):
        raise Forbidden(N_("这个指标由另一个单位填报"))
    return found


def _judge(session: ScopedSession, statistic: Statistic, entry: Entry, today: date) -> None:
    """Refuse what cannot be meant, with every fault at once; what is merely odd is kept and shown by the checks."""
    faults = list(_faults(statistic, entry))
    if entry.period.start > today:
        faults.append(Fault(N_("这个周期还没有开始"), "period", value=entry.period.key))
    if not _in_scope(session, statistic, entry.unit_id):
        faults.append(Fault(N_("这个单位不填这个指标"), "unit", remedy=N_("请核对填报范围")))
    if faults:
        raise InvalidInput(faults=faults)


def _faults(statistic: Statistic, entry: Entry) -> Sequence[Fault]:
    faults = []
    if entry.basis not in statistic.bases:
        remedy = N_("这个指标可用的口径：{bases}")
        params = {"bases": " / ".join(f"{BASES[one]} ({one})" for one in statistic.bases)}
        faults.append(Fault(N_("口径不对"), "basis", value=entry.basis[:20], remedy=remedy, params=params))
    faults += [
        Fault(N_("请从列出的选项中选择"), name, value=getattr(entry, name)[:20])
        for name in ("qualifier", "denominator_qualifier")
        if getattr(entry, name) not in QUALIFIERS
    ]
    if entry.denominator is not None and not statistic.denominator_measure:
        faults.append(Fault(N_("这个指标没有分母"), "denominator", remedy=N_("分母另有自己的指标，请在那里填")))
    for name in ("numerator", "denominator", "declared_rate"):
        fault = bound_number(getattr(entry, name), name)
        faults += [fault] if fault else []
    if entry.denominator is not None and entry.denominator < 0:
        faults.append(Fault(N_("分母不能小于零"), "denominator", value=f"{entry.denominator:f}"))
    faults += [
        Fault(N_("最多 {most} 个字"), name, params={"most": LONGEST})
        for name in ("note", "population_base")
        if len(getattr(entry, name)) > LONGEST
    ]
    return faults


def _in_scope(session: ScopedSession, statistic: Statistic, unit_id: UUID) -> bool:
    unit = session.get(Unit, (session.tenant_id, unit_id))
    return unit is not None and unit.kind in ((statistic.unit_kind,) if statistic.unit_kind else ROOTS)


def _insert(
    session: ScopedSession,
    actor: Actor | None,
    statistic: Statistic,
    entry: Entry,
    typed: dict[str, Any],
    now: datetime,
) -> Observation:
    # Whoever adds a period to a statistic waits for the other who does: two rows must not cover the same days.
    session.execute(select(Statistic.id).where(Statistic.id == statistic.id).with_for_update())
    _refuse_overlap(session, statistic, entry)
    values = typed | {
        "tenant_id": session.tenant_id,
        "id": new_id(),
        "statistic_id": statistic.id,
        "unit_id": entry.unit_id,
        "period_kind": entry.period.kind,
        "period_start": entry.period.start,
        "period_end": entry.period.end,
        "basis": entry.basis,
        "state": "draft",
        "version": 1,
        "reason": "",
        "changed_by": actor.person_id if actor else None,
        "changed_name": actor.name if actor else "",
        "changed_at": now,
    }
    done = session.execute(
        insert(Observation).values(values).on_conflict_do_nothing().returning(Observation.id)
    ).scalar()
    row = find(session, statistic.id, entry)
    if row is None:
        raise Conflict(N_("别人刚刚更新过"))
    if done is None:
        raise _lost(row)
    note_event(session, row, SAVED, actor, now)
    return row


def _refuse_overlap(session: ScopedSession, statistic: Statistic, entry: Entry) -> None:
    """A month and its days must not both be there: their sum would count the days twice."""
    other = session.scalars(
        select(Observation)
        .where(
            Observation.statistic_id == statistic.id,
            Observation.unit_id == entry.unit_id,
            Observation.basis == entry.basis,
            Observation.period_kind != entry.period.kind,
            Observation.period_start <= entry.period.end,
            Observation.period_end >= entry.period.start,
        )
        .limit(1)
    ).first()
    if other is not None and statistic.combine != "last":
        there = Period(other.period_kind, other.period_start, other.period_end).key
        raise Conflict(N_("这些天已经在周期 {period} 里填过，再填会重复计算；请改那一行"), period=there)


def _change(
    session: ScopedSession, actor: Actor | None, row: Observation, version: int, typed: dict[str, Any], now: datetime
) -> Observation:
    moved = move(session, row, version, typed, actor, now)
    note_event(session, moved, SAVED, actor, now)
    return moved
