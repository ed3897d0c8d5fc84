"""Settling candidates (重复认定): two entries are declared disjoint, or one stands for both; either can be taken back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput
from core.work.calendar import local_day
from core.work.journal import record_at
from core.work.quantities.entering import read_reason
from core.work.quantities.ground import pair_of, verdicts_of
from core.work.quantities.history import OBJECT, step
from core.work.quantities.sight import get_entry, may_report
from core.work.quantities.words import LIVE, MERGED, REPORTED
from core.work.tables import QuantityEntry, QuantityEvent, QuantityPair
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession


def declare_disjoint(
    session: ScopedSession, actor: Actor | None, first_id: UUID, second_id: UUID, *, reason: str, now: datetime
) -> QuantityPair:
    """Say with a reason that two entries cover different things (认定互不重复). Raises NotFound, Forbidden, InvalidInput, Conflict."""
    first, second = _both(session, actor, first_id, second_id, now)
    faults: list[Fault] = []
    said = read_reason(reason, faults)
    if faults:
        raise InvalidInput(faults=faults)
    _refuse_settled(session, first, second)
    return _keep(session, actor, first, second, "disjoint", said, now)


def merge(
    session: ScopedSession, actor: Actor | None, keep_id: UUID, other_id: UUID, *, reason: str = "", now: datetime
) -> QuantityPair:
    """Let one entry stand for both (合并): the other keeps its row and leaves the sums.

    Raises NotFound, Forbidden, and Conflict for two kinds, for what is withdrawn or merged already, and for a settled pair.
    """
    keep, other = _both(session, actor, keep_id, other_id, now)
    if keep.kind_id != other.kind_id or keep.measure != other.measure:
        raise Conflict(N_("两条的科目或计量单位不同，不能合并"))
    faults: list[Fault] = []
    said = "" if not reason.strip() else read_reason(reason, faults)
    if faults:
        raise InvalidInput(faults=faults)
    _refuse_settled(session, keep, other)
    step(session, actor, other, "merge", version=other.version, now=now, why=said, state=MERGED, merged_into_id=keep.id)
    return _keep(session, actor, keep, other, "merged", said, now)


def take_back(
    session: ScopedSession, actor: Actor | None, first_id: UUID, second_id: UUID, *, now: datetime
) -> QuantityPair:
    """Take the last declaration of two entries back (撤销认定): a merged one stands for itself again.

    Raises NotFound, Forbidden, and Conflict when nothing was declared.
    """
    first, second = _both(session, actor, first_id, second_id, now, live=False)
    last = verdicts_of(session, [first.id]).get(pair_of(first.id, second.id))
    if last is None or last.verdict == "open":
        raise Conflict(N_("这两条没有认定可以撤销"))
    for one, other in ((first, second), (second, first)):
        if last.verdict == "merged" and one.state == MERGED and one.merged_into_id == other.id:
            back = _state_before(session, one)
            step(session, actor, one, "unmerge", version=one.version, now=now, state=back, merged_into_id=None)
    return _keep(session, actor, first, second, "open", "", now)


def count_merged(session: ScopedSession, entry_id: UUID) -> int:
    """How many entries were merged into this one."""
    chosen = select(func.count()).where(QuantityEntry.merged_into_id == entry_id, QuantityEntry.state == MERGED)
    return session.scalar(chosen) or 0


def _both(
    session: ScopedSession,
    actor: Actor | None,
    first_id: UUID,
    second_id: UUID,
    now: datetime,
    *,
    live: bool = True,
) -> tuple[QuantityEntry, QuantityEntry]:
    """Both entries, locked in one order so that two people settling at once follow each other."""
    day: date = local_day(now)
    if first_id == second_id:
        raise Conflict(N_("请选择两条不同的填报"))
    rows = {}
    for entry_id in sorted((first_id, second_id)):
        entry, kind = get_entry(session, actor, entry_id, day, lock=True)
        if not may_report(session, actor, kind, entry.unit_id, day):
            raise Forbidden(N_("两条填报的单位都归您管，才能认定"))
        if live and entry.state not in LIVE:
            raise Conflict(N_("这一条已经撤回或并入另一条，不能再改"))
        rows[entry_id] = entry
    return rows[first_id], rows[second_id]


def _refuse_settled(session: ScopedSession, first: QuantityEntry, second: QuantityEntry) -> None:
    last = verdicts_of(session, [first.id]).get(pair_of(first.id, second.id))
    if last is not None and last.verdict != "open":
        raise Conflict(N_("{who}已经认定过这两条；要改请先撤销认定"), who=last.person_name or N_("系统"))


def _state_before(session: ScopedSession, entry: QuantityEntry) -> str:
    """The state that an entry had when it was merged."""
    chosen = (
        select(QuantityEvent.to_state)
        .where(QuantityEvent.entry_id == entry.id, QuantityEvent.to_state.in_(LIVE))
        .order_by(QuantityEvent.version.desc())
        .limit(1)
    )
    return session.scalar(chosen) or REPORTED


def _keep(
    session: ScopedSession,
    actor: Actor | None,
    first: QuantityEntry,
    second: QuantityEntry,
    verdict: str,
    reason: str,
    now: datetime,
) -> QuantityPair:
    one, other = pair_of(first.id, second.id)
    row = QuantityPair(
        id=new_id(),
        first_id=one,
        second_id=other,
        verdict=verdict,
        reason=reason,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
        at=now,
    )
    session.add(row)
    record_at(session, now, actor, f"quantity.pair.{verdict}", OBJECT, one, other=str(other))
    session.flush()
    return row
