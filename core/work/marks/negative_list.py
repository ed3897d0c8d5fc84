"""The negative list (负面清单): events that cost a campaign points or bar it, each step with its person and document.

Whoever seals the district's figures keeps the list (PUBLISH over the whole district, for the campaign): an entry changes
the campaign's published total. Every step is one UPDATE guarded by version and state, and one line of history.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, Stale
from core.work.calendar import ZONE, local_day
from core.work.journal import record
from core.work.marks.negative_input import Event, check_given, checked_event
from core.work.marks.negative_moves import (
    CLEAR,
    CORRECT,
    MOVES,
    STATES,
    TRIGGER,
    WATCH,
    WATCHED,
    WITHDRAW,
    Move,
    moves_from,
)
from core.work.marks.negative_notes import tell_of
from core.work.permits import require
from core.work.roles import PUBLISH
from core.work.tables import NegativeEntry, NegativeStep
from core.work.wording import shown
from tenants.access import Actor, root_unit
from tenants.db import new_id
from tenants.db import now as server_now


def watch(session: Session, actor: Actor | None, event: Event, *, now: datetime | None = None) -> NegativeEntry:
    """Enter an event to be watched (列入关注); it touches no score yet. Raises Forbidden, InvalidInput with every fault."""
    moment = now or server_now()
    _judge(session, actor, event.campaign, moment)
    entry = NegativeEntry(
        id=new_id(), state=WATCHED, version=1, created_at=moment, **checked_event(session, event, moment)
    )
    session.add(entry)
    session.flush()
    _write_step(session, actor, entry, MOVES[WATCH], "", entry.document, moment)
    return entry


def correct(
    session: Session,
    actor: Actor | None,
    entry_id: UUID,
    event: Event,
    *,
    version: int,
    note: str,
    now: datetime | None = None,
) -> NegativeEntry:
    """Correct what an entry says while it is only watched (更正内容); what counts already is withdrawn first.

    Raises NotFound, Forbidden, Stale, Conflict, InvalidInput.
    """
    moment = now or server_now()
    entry = _find(session, actor, entry_id, CORRECT, version, moment)
    if event.campaign != entry.campaign:
        _judge(session, actor, event.campaign, moment)
    said, _ = check_given(MOVES[CORRECT], note, "", None, entry, local_day(moment))
    return _take(session, actor, entry, MOVES[CORRECT], checked_event(session, event, moment), said, "", moment)


def move(
    session: Session,
    actor: Actor | None,
    entry_id: UUID,
    verb: str,
    *,
    version: int,
    on: date | None = None,
    document: str = "",
    note: str = "",
    now: datetime | None = None,
) -> NegativeEntry:
    """Take one step of MOVES (触发、解除…): ``on`` is the day from which it counts, ``document`` what says so.

    Raises NotFound, Forbidden, Stale (somebody was faster), Conflict (the state does not allow it; says what is allowed),
    InvalidInput (what the step needs is missing, or a day that cannot be).
    """
    moment = now or server_now()
    entry = _find(session, actor, entry_id, verb, version, moment)
    step = MOVES[verb]
    said, paper = check_given(step, note, document, on, entry, local_day(moment))
    changed: dict[str, Any] = {}
    if verb == TRIGGER:
        changed = {"triggered_on": on, "document": paper}
    elif verb == WITHDRAW:
        changed = {"triggered_on": None}
    elif verb == CLEAR:
        changed = {"cleared_on": on}
    taken = _take(session, actor, entry, step, changed, said, paper, moment)
    tell_of(session, actor, taken, verb, moment)
    return taken


def _judge(session: Session, actor: Actor | None, campaign: str, now: datetime) -> None:
    require(session, actor, PUBLISH, root_unit(session).id, local_day(now), campaign=campaign)


def _find(
    session: Session, actor: Actor | None, entry_id: UUID, verb: str, version: int, now: datetime
) -> NegativeEntry:
    """The entry as it is now, when the actor may take the step and nobody was faster."""
    query = select(NegativeEntry).where(NegativeEntry.id == entry_id)
    entry = session.scalars(query, execution_options={"populate_existing": True}).first()
    if entry is None:
        raise NotFound
    _judge(session, actor, entry.campaign, now)
    if verb not in MOVES or verb == WATCH:
        known = ", ".join(v for v in MOVES if v != WATCH)
        raise InvalidInput(
            faults=[Fault(N_("没有这种办理"), "verb", None, shown(verb), "", N_("可用：{verbs}"), {"verbs": known})]
        )
    if entry.version != version:
        raise _stale(session, entry)
    if entry.state != MOVES[verb].from_state:
        message = N_("这一条目前是“{state}”，不能办理“{verb}”；现在可以办理：{may}")
        may = "、".join(one.title_zh for one in moves_from(entry.state)) or "—"
        raise Conflict(message, state=STATES[entry.state][0], verb=MOVES[verb].title_zh, may=may)
    return entry


def _take(
    session: Session,
    actor: Actor | None,
    entry: NegativeEntry,
    step: Move,
    changed: dict[str, Any],
    note: str,
    document: str,
    now: datetime,
) -> NegativeEntry:
    """The guarded UPDATE and its line of history."""
    version = entry.version
    done = session.execute(
        update(NegativeEntry)
        .where(
            NegativeEntry.tenant_id == entry.tenant_id,
            NegativeEntry.id == entry.id,
            NegativeEntry.version == version,
            NegativeEntry.state == step.from_state,
        )
        .values(**changed, state=step.to_state, version=version + 1)
        .returning(NegativeEntry.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(entry)
    if done is None:
        raise _stale(session, entry)
    _write_step(session, actor, entry, step, note, document, now)
    return entry


def _write_step(
    session: Session,
    actor: Actor | None,
    entry: NegativeEntry,
    step: Move,
    note: str,
    document: str,
    now: datetime,
) -> None:
    """One line of history and one of the audit trail."""
    session.add(
        NegativeStep(
            entry_id=entry.id,
            version=entry.version,
            at=now,
            verb=step.verb,
            from_state=step.from_state or None,
            to_state=entry.state,
            person_id=actor.person_id if actor else None,
            person_name=actor.name if actor else "",
            note=note,
            document=document,
        )
    )
    detail = {"campaign": entry.campaign, "version": entry.version}
    record(session, actor, f"negative.{step.verb}", "negative_entry", entry.id, **detail)
    session.flush()


def _stale(session: Session, entry: NegativeEntry) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    latest = select(NegativeStep).where(NegativeStep.entry_id == entry.id).order_by(NegativeStep.version.desc())
    last = session.scalars(latest.limit(1)).one()
    return Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=last.person_name or N_("系统"),
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[entry.state][0],
        state_code=entry.state,
        version=entry.version,
    )


__all__ = ["Event", "correct", "move", "watch"]
