"""Judging values (审核与锁定): the HQ office returns with a reason, reviews and locks; only what is locked feeds scores.

Who handed a value in does not review or lock it (ours): a second pair of eyes is what makes it verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.work.statistics.entering import move
from core.work.statistics.readiness import missing_of
from core.work.statistics.sight import may_enter, may_judge, sees_pair
from core.work.statistics.steps import DRAFT, LOCKED, RETURNED, REVIEWED, SUBMITTED, note_event
from core.work.statistics.writing import clean_text
from core.work.tables import LockedValue, Observation, Statistic
from tenants.access import Actor
from tenants.scope import ScopedSession

Judged = Callable[..., Observation]


def send_back(
    session: ScopedSession,
    actor: Actor | None,
    observation_id: UUID,
    version: int,
    *,
    reason: str,
    today: date,
    now: datetime,
) -> Observation:
    """Return a value to its owner with a reason (退回). Raises NotFound, Forbidden, InvalidInput, Conflict, Stale."""
    row, _statistic = _judged(session, actor, observation_id, today)
    said = _reason(reason)
    _expect(row, (SUBMITTED, REVIEWED))
    moved = move(session, row, version, {"state": RETURNED, "reason": said}, actor, now)
    note_event(session, moved, "return", actor, now, note=said)
    return moved


def review(
    session: ScopedSession, actor: Actor | None, observation_id: UUID, version: int, *, today: date, now: datetime
) -> Observation:
    """Find a value in order (审核通过). Raises NotFound, Forbidden, Conflict, Stale."""
    row, _statistic = _judged(session, actor, observation_id, today)
    _expect(row, (SUBMITTED,))
    _refuse_own(actor, row)
    moved = move(session, row, version, {"state": REVIEWED}, actor, now)
    note_event(session, moved, "review", actor, now)
    return moved


def lock(
    session: ScopedSession, actor: Actor | None, observation_id: UUID, version: int, *, today: date, now: datetime
) -> Observation:
    """Lock a reviewed value (锁定): it enters the scores from now on. Raises NotFound, Forbidden, Conflict, Stale."""
    row, statistic = _judged(session, actor, observation_id, today)
    _expect(row, (REVIEWED,))
    _refuse_own(actor, row)
    faults = missing_of(statistic, row)
    if faults:
        raise InvalidInput(faults=faults)
    moved = move(session, row, version, {"state": LOCKED, "locked_at": now}, actor, now)
    session.add(_locked(session, moved, actor, now))
    note_event(session, moved, "lock", actor, now, note=moved.reason)
    return moved


def correct(
    session: ScopedSession,
    actor: Actor | None,
    observation_id: UUID,
    version: int,
    *,
    reason: str,
    today: date,
    now: datetime,
) -> Observation:
    """Open a locked value for a correction with a reason (更正): the locked version counts until the new one is locked."""
    row, statistic = _seen(session, actor, observation_id, today)
    if not may_enter(session, actor, statistic, row.unit_id, today):
        raise Forbidden(N_("这个指标由另一个单位填报"))
    said = _reason(reason)
    _expect(row, (LOCKED,))
    moved = move(session, row, version, {"state": DRAFT, "reason": said}, actor, now)
    note_event(session, moved, "correct", actor, now, note=said)
    return moved


def judge_many(
    session: ScopedSession,
    actor: Actor,
    step: Judged,
    chosen: Iterable[tuple[UUID, int]],
    *,
    today: date,
    now: datetime,
) -> tuple[int, list[tuple[UUID, SanchengError]]]:
    """One step for many values: those that cannot take it are named, the others take it. Gives how many did, and the refusals."""
    done, refused = 0, []
    for observation_id, version in chosen:
        try:
            step(session, actor, observation_id, version, today=today, now=now)
            done += 1
        except SanchengError as error:
            refused.append((observation_id, error))
    return done, refused


def _seen(
    session: ScopedSession, actor: Actor | None, observation_id: UUID, today: date
) -> tuple[Observation, Statistic]:
    row = session.get(Observation, (session.tenant_id, observation_id), populate_existing=True)
    statistic = session.get(Statistic, (session.tenant_id, row.statistic_id)) if row else None
    if row is None or statistic is None or not sees_pair(session, actor, statistic, row.unit_id, today):
        raise NotFound
    return row, statistic


def _judged(
    session: ScopedSession, actor: Actor | None, observation_id: UUID, today: date
) -> tuple[Observation, Statistic]:
    row, statistic = _seen(session, actor, observation_id, today)
    if not may_judge(session, actor, statistic, today):
        raise Forbidden(N_("审核和锁定由创建办办理"))
    return row, statistic


def _expect(row: Observation, states: tuple[str, ...]) -> None:
    if row.state not in states:
        raise Conflict(_NOW[row.state])


_NOW = {
    DRAFT: N_("这个数还是草稿，没有上报"),
    RETURNED: N_("这个数已经退回，等填报单位重新上报"),
    SUBMITTED: N_("这个数还没有审核"),
    REVIEWED: N_("这个数已经审核"),
    LOCKED: N_("这个数已经锁定；要改请写明理由，另存一个更正版本"),
}


def _refuse_own(actor: Actor | None, row: Observation) -> None:
    if actor is not None and row.submitted_by == actor.person_id:
        raise Forbidden(N_("自己上报的数要由另一个人审核和锁定"))


def _reason(text: str) -> str:
    said, fault = clean_text(text, "reason")
    if fault is not None:
        raise InvalidInput(faults=[Fault(fault.message, "reason", remedy=N_("请写明理由"), params=fault.params)])
    return said


def _locked(session: ScopedSession, row: Observation, actor: Actor | None, now: datetime) -> LockedValue:
    last = session.scalar(
        select(func.coalesce(func.max(LockedValue.number), 0)).where(LockedValue.observation_id == row.id)
    )
    said: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "numerator",
            "denominator",
            "qualifier",
            "denominator_qualifier",
            "declared_rate",
            "population_base",
            "population_on",
            "population_precision",
            "note",
            "reason",
        )
    }
    return LockedValue(
        observation_id=row.id,
        number=int(last or 0) + 1,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
        locked_at=now,
        **said,
    )
