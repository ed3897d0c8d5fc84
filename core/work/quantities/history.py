"""The history of a quantity (填报记录): one UPDATE with the expected version, one event and one line of the trail beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Stale
from core.work.journal import record_at
from core.work.quantities.words import STATES
from core.work.tables import QuantityEntry, QuantityEvent
from tenants.access import Actor

OBJECT = "quantity"


def step(
    session: Session,
    actor: Actor | None,
    entry: QuantityEntry,
    verb: str,
    *,
    version: int,
    now: datetime,
    why: str = "",
    **values: Any,
) -> QuantityEntry:
    """Change an entry that still has the version that was read. Raises Stale naming the winner; then nothing is written."""
    session.flush()
    done = session.execute(
        update(QuantityEntry)
        .where(
            QuantityEntry.tenant_id == entry.tenant_id,
            QuantityEntry.id == entry.id,
            QuantityEntry.version == version,
            QuantityEntry.state == entry.state,
        )
        .values(**values, version=version + 1, changed_at=now)
        .returning(QuantityEntry.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(entry)
    if done is None:
        raise _lost(session, entry)
    note_event(session, actor, entry, verb, now=now, note=why)
    return entry


def note_event(
    session: Session, actor: Actor | None, entry: QuantityEntry, verb: str, *, now: datetime, note: str = ""
) -> None:
    """Write what an entry says after a change, and the line of the trail."""
    said = {name: getattr(entry, name) for name in ("version", "value", "low", "high", "qualifier")}
    person = {"person_id": actor.person_id if actor else None, "person_name": actor.name if actor else ""}
    event = QuantityEvent(
        entry_id=entry.id, at=now, verb=verb, to_state=entry.state, note=note[:2000], **said, **person
    )
    session.add(event)
    record_at(session, now, actor, f"quantity.{verb}", OBJECT, entry.id, version=entry.version)
    session.flush()


def _lost(session: Session, entry: QuantityEntry) -> Stale:
    last = session.scalars(
        select(QuantityEvent).where(QuantityEvent.entry_id == entry.id).order_by(QuantityEvent.version.desc()).limit(1)
    ).first()
    message = N_("{who}刚刚改过这一条（现在是“{state}”，第 {version} 版）；请看过后再改")
    who = last.person_name if last and last.person_name else N_("系统")
    return Stale(message, who=who, state=STATES[entry.state], version=entry.version)
