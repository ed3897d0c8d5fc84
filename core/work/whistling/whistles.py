"""Whistles (吹哨报到): the one place where a whistle changes - one guarded UPDATE and one line of history, or nothing.

The version that the person saw guards the UPDATE. Called units work side by side, and one's clock is no business of
another's: a called unit's step is stale only when its own call, or the whistle as a whole, moved since it was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from core.errors import NotFound, Stale
from core.work.calendar import local_day
from core.work.journal import record
from core.work.tables import Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_checks import (
    Given,
    check_given,
    check_person,
    check_state,
    check_version,
    choose_call,
    find_move,
)
from core.work.whistling.whistle_notes import tell_step
from core.work.whistling.whistle_rules import load_rules
from core.work.whistling.whistle_sight import acted_for_called, awaited, calls_of, sees_whistle, standing_at
from core.work.whistling.whistle_steps import (
    ACCEPT,
    ARRIVE,
    CALLED,
    CANCEL,
    CONFIRM,
    DECLINE,
    ESCALATED,
    INSTRUCT,
    MOVES,
    ON_SITE,
    OPEN,
    OVERDUE,
    OVERRUN,
    REPORT,
    RESPONDER,
    Move,
    Standing,
)
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Unit
from tenants.scope import ScopedSession


def act(
    session: Session,
    actor: Actor,
    whistle_id: UUID,
    verb: str,
    *,
    version: int,
    unit_id: UUID | None = None,
    note: str = "",
    photo: str = "",
    leader_id: UUID | None = None,
    now: datetime | None = None,
) -> Whistle:
    """Take one step: accept, arrive, report, decline (a called unit), confirm, cancel, escalate (the caller), instruct (a leader).

    ``version`` is the one the person saw; ``unit_id`` says for which called unit he acts when he answers for several;
    ``photo`` is a file's id or SHA-256; ``leader_id`` whom an escalation goes to. Times are the server's. Raises NotFound
    (out of reach), Forbidden (not his), Stale (somebody was faster), Conflict (not now), InvalidInput.
    """
    moment = now or server_now()
    whistle = _find(session, actor, whistle_id, moment)
    move = find_move(verb)
    calls = {call.unit_id: call for call in calls_of(session, whistle.id)}
    standing = stand(session, actor, whistle, calls, moment)
    check_person(move, standing, whistle, calls)
    unit = choose_call(move, standing, calls, unit_id) if move.by == RESPONDER else None
    check_version(session, whistle, version, unit)
    check_state(move, whistle, calls, unit)
    given = check_given(session, whistle, move, Given(unit, note, None, leader_id), photo, moment)
    _take(session, actor, whistle, move, given, moment)
    return whistle


def stand(
    session: Session, actor: Actor, whistle: Whistle, calls: Mapping[UUID, WhistleCall], now: datetime
) -> Standing:
    """How the person stands to this whistle now (two queries)."""
    acted = acted_for_called(session, actor, whistle.id)
    return standing_at(session, actor, whistle, calls, local_day(now), acted=acted)


def escalate_due(session: ScopedSession, now: datetime) -> int:
    """Escalate by the clock what was not attended, and what was not solved, in time, for a job; gives how many.

    Two clocks: the arrival time while a called unit is not there, and the time to be solved by, whoever is there; to both
    the tenant's grace is added. The state guards the first and its own stamp the second: a missed run catches up, a doubled
    one finds nothing, and one that is being acted upon waits.
    """
    limit = now - timedelta(minutes=load_rules(session).grace)
    missing = exists().where(
        WhistleCall.tenant_id == session.tenant_id, WhistleCall.whistle_id == Whistle.id, awaited(WhistleCall)
    )
    absent = (Whistle.state.in_((CALLED, ON_SITE)), Whistle.arrive_by < limit, missing.correlate(Whistle))
    unsolved = (Whistle.state.in_(OPEN), Whistle.solve_by < limit, Whistle.overran_at.is_(None))
    return _escalate(session, OVERDUE, absent, now) + _escalate(session, OVERRUN, unsolved, now)


def _escalate(session: ScopedSession, verb: str, conditions: Sequence[ColumnElement[bool]], now: datetime) -> int:
    """One clock's own step on all that is due for it."""
    due = session.scalars(
        select(Whistle).where(*conditions).order_by(Whistle.arrive_by, Whistle.id).with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    for whistle in due:
        _take(session, None, whistle, MOVES[verb], Given(None, "", None, None), now)
    return len(due)


def _find(session: Session, actor: Actor, whistle_id: UUID, now: datetime) -> Whistle:
    """The whistle, locked for the rest of the transaction: steps of one whistle come one after another."""
    query = select(Whistle).where(Whistle.id == whistle_id, sees_whistle(actor, local_day(now)))
    query = query.with_for_update(of=Whistle)
    whistle = session.scalars(query, execution_options={"populate_existing": True}).first()
    if whistle is None:
        raise NotFound
    return whistle


def _take(session: Session, actor: Actor | None, whistle: Whistle, move: Move, given: Given, now: datetime) -> None:
    """The move itself: the whistle, the call, the history, the audit trail, the notes. ``actor`` None is the clock."""
    before = whistle.state
    target = move.leads[before]
    changed = {"state": target, "changed_at": now} | _changes(whistle, move, given, actor, now)
    done = session.execute(
        update(Whistle)
        .where(
            Whistle.tenant_id == whistle.tenant_id,
            Whistle.id == whistle.id,
            Whistle.version == whistle.version,
            Whistle.state == before,
        )
        .values(**changed, version=whistle.version + 1)
        .returning(Whistle.id)
        .execution_options(synchronize_session=False)
    )
    if done.first() is None:  # cannot be while the row is locked; the guard stands all the same
        raise Stale
    session.refresh(whistle)
    if given.unit_id is not None:
        _stamp_call(session, actor, whistle, move, given, now)
    event = _add_event(session, actor, whistle, move, before, given, now)
    record(
        session,
        actor,
        f"whistle.{move.verb}",
        "whistle",
        whistle.id,
        number=whistle.number,
        version=whistle.version,
    )
    session.flush()
    called = [call.unit_id for call in calls_of(session, whistle.id) if call.declined_at is None]
    by = actor.person_id if actor else None
    tell_step(session, whistle, move.verb, unit=event.unit_name, called=called, by=by, now=now)


def _changes(whistle: Whistle, move: Move, given: Given, actor: Actor | None, now: datetime) -> dict[str, Any]:
    """The columns of the whistle that a move changes besides state, version and time."""
    if move.verb == CONFIRM:
        return {"solved_at": now, "result": given.note}
    if move.verb == CANCEL:
        return {"result": given.note}
    if move.verb == OVERRUN and whistle.state == ESCALATED:  # who leads it already goes on leading it
        return {"overran_at": now}
    if move.leads.get(CALLED) == ESCALATED:
        own = {"overran_at": now} if move.verb == OVERRUN else {}
        return {"escalated_at": now, "leader_id": given.leader_id} | own
    if move.verb == INSTRUCT and actor is not None:
        return {"leader_id": actor.person_id}
    return {}


def _stamp_call(
    session: Session, actor: Actor | None, whistle: Whistle, move: Move, given: Given, now: datetime
) -> None:
    """The clock of one called unit, by the server's time. Who is there has accepted, whether he said so or not."""
    call = session.get_one(WhistleCall, (whistle.tenant_id, whistle.id, given.unit_id))
    if move.verb in (ACCEPT, ARRIVE) and call.accepted_at is None:
        call.accepted_at = now
    if move.verb == ARRIVE:
        call.arrived_at, call.arrived_by = now, actor.name if actor else ""
    if move.verb == REPORT:
        call.solved_at, call.note = now, given.note
    if move.verb == DECLINE:
        call.declined_at, call.note = now, given.note


def _add_event(
    session: Session, actor: Actor | None, whistle: Whistle, move: Move, before: str, given: Given, now: datetime
) -> WhistleEvent:
    """The line of history. The unit is the called one for its own steps, else the caller; a leader speaks for himself."""
    unit = given.unit_id or (None if actor is None or move.verb == INSTRUCT else whistle.caller_unit_id)
    name = session.scalar(select(Unit.name).where(Unit.id == unit)) if unit else ""
    event = WhistleEvent(
        whistle_id=whistle.id,
        version=whistle.version,
        at=now,
        verb=move.verb,
        from_state=before,
        to_state=whistle.state,
        unit_id=unit,
        unit_name=name or "",
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
        note=given.note,
        photo_id=given.photo.id if given.photo else None,
    )
    session.add(event)
    return event
