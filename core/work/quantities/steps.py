"""Steps of a quantity (工作量办理): verified by another party, withdrawn with a reason, made a part of a declared total."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.quantities.entering import LONGEST, read_reason
from core.work.quantities.history import step
from core.work.quantities.settling import count_merged
from core.work.quantities.sight import get_entry, may_report, standing_at
from core.work.quantities.words import LIVE, REPORTED, VERIFIED, WITHDRAWN
from core.work.tables import QuantityEntry
from core.work.wording import read_text
from tenants.access import Actor
from tenants.scope import ScopedSession


def verify(
    session: ScopedSession, actor: Actor | None, entry_id: UUID, version: int, *, note: str = "", now: datetime
) -> QuantityEntry:
    """Find a quantity in order as another party (核验). Raises NotFound, Forbidden, Conflict, Stale."""
    day = local_day(now)
    entry, kind = get_entry(session, actor, entry_id, day)
    if actor is not None and not standing_at(session, actor, entry, kind, day).verifies:
        raise Forbidden(N_("工作量由另一方核验：填报单位的人和填报的人自己都不能核验"))
    if entry.state != REPORTED:
        raise Conflict(N_("只有已填报、还没有核验的才能核验"))
    faults: list[Fault] = []
    said = read_text(note, "note", faults, LONGEST["note"])
    if faults:
        raise InvalidInput(faults=faults)
    return step(session, actor, entry, "verify", version=version, now=now, why=said, state=VERIFIED)


def withdraw(
    session: ScopedSession, actor: Actor | None, entry_id: UUID, version: int, *, reason: str, now: datetime
) -> QuantityEntry:
    """Withdraw a quantity with a reason (撤回); its row stays. Raises NotFound, Forbidden, Conflict, InvalidInput, Stale."""
    entry = _kept(session, actor, entry_id, now)
    faults: list[Fault] = []
    said = read_reason(reason, faults)
    if faults:
        raise InvalidInput(faults=faults)
    merged = count_merged(session, entry.id)
    if merged:
        raise Conflict(N_("有 {n} 条并入了这一条；请先撤销并入再撤回"), n=merged)
    return step(session, actor, entry, "withdraw", version=version, now=now, why=said, state=WITHDRAWN)


def set_total(
    session: ScopedSession, actor: Actor | None, entry_id: UUID, total_id: UUID | None, version: int, *, now: datetime
) -> QuantityEntry:
    """Make a quantity a part of a declared total (列为分项), or with None a thing of its own again.

    Raises NotFound, Forbidden, Conflict, Stale, and InvalidInput for a total that counts another thing or is a part itself.
    """
    entry = _kept(session, actor, entry_id, now)
    if total_id is None:
        return step(session, actor, entry, "unpart", version=version, now=now, total_id=None)
    faults: list[Fault] = []
    total = _total(session, actor, total_id, now)
    if total is None:
        faults.append(Fault(N_("没有这条合计"), "total", remedy=N_("请从列表里选")))
    elif total.id == entry.id or total.total_id is not None or _has_parts(session, entry.id):
        faults.append(Fault(N_("合计只分一层：分项不能再有分项"), "total", remedy=N_("请选一条不是分项的填报")))
    elif total.measure != entry.measure:
        faults.append(Fault(N_("分项与合计要用同一种计量单位"), "total", remedy=N_("请从列表里选")))
    if faults:
        raise InvalidInput(faults=faults)
    return step(session, actor, entry, "part", version=version, now=now, total_id=total_id)


def _total(session: ScopedSession, actor: Actor | None, total_id: UUID, now: datetime) -> QuantityEntry | None:
    try:
        found = get_entry(session, actor, total_id, local_day(now))[0]
    except NotFound:
        return None
    return found if found.state in LIVE else None


def _has_parts(session: ScopedSession, entry_id: UUID) -> bool:
    return session.scalar(select(QuantityEntry.id).where(QuantityEntry.total_id == entry_id).limit(1)) is not None


def _kept(session: ScopedSession, actor: Actor | None, entry_id: UUID, now: datetime) -> QuantityEntry:
    day = local_day(now)
    entry, kind = get_entry(session, actor, entry_id, day)
    if not may_report(session, actor, kind, entry.unit_id, day):
        raise Forbidden(N_("您的岗位不能替这个单位填报工作量"))
    if entry.state not in LIVE:
        raise Conflict(N_("这一条已经撤回或并入另一条，不能再改"))
    return entry
