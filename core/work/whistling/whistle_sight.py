"""Who sees a whistle, and how a person stands to it (吹哨可见范围与办理身份)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.roles import ANSWER, DIRECT, LEAD, REPORT, SEE
from core.work.tables import File, Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_steps import (
    ACCEPTED,
    DECLINED,
    DONE,
    MOVES,
    PRESENT,
    RESPONDER,
    WAITING,
    Progress,
    Standing,
)
from tenants.access import Actor, reach
from tenants.models import UnitPath

# Who whistles is a place: an area, street, village, community or grid. Departments are called (ours).
CALLER_KINDS = frozenset({"subdistrict", "community", "village", "grid", "area"})


def sees_whistle(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Whistle: its caller, its place or a called unit lies in the actor's reach."""
    units = reach(actor, SEE, on)
    call = exists().where(
        WhistleCall.tenant_id == actor.tenant.id, WhistleCall.whistle_id == Whistle.id, WhistleCall.unit_id.in_(units)
    )
    return or_(Whistle.caller_unit_id.in_(units), Whistle.unit_id.in_(units), call.correlate(Whistle))


def sees_whistle_photo(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on File: the photo came with a step of a whistle that the actor sees."""
    tenant = actor.tenant.id
    found = exists().where(
        WhistleEvent.tenant_id == tenant,
        WhistleEvent.photo_id == File.id,
        Whistle.tenant_id == tenant,
        Whistle.id == WhistleEvent.whistle_id,
        sees_whistle(actor, on),
    )
    return found.correlate(File)


def calling_units(session: Session, actor: Actor, on: date) -> frozenset[UUID]:
    """The units for which the actor may whistle, whatever their kind: his ANSWER reaches them, or he reports there."""
    return frozenset(session.scalars(reach(actor, ANSWER, on))) | actor.roots(REPORT)


def stage_of(call: WhistleCall) -> str:
    """How far a called unit has come."""
    if call.declined_at:
        return DECLINED
    if call.solved_at:
        return DONE
    return PRESENT if call.arrived_at else ACCEPTED if call.accepted_at else WAITING


def progress_of(call: WhistleCall) -> Progress:
    """How far a called unit has come, and whether it was asked only."""
    return Progress(stage_of(call), call.requested)


def awaited(call: type[WhistleCall]) -> ColumnElement[bool]:
    """Filter on a call: the unit is not there and has not declined either."""
    return and_(call.arrived_at.is_(None), call.declined_at.is_(None))


def calls_of(session: Session, whistle_id: UUID) -> Sequence[WhistleCall]:
    """The calls of a whistle as they are in the database now."""
    query = select(WhistleCall).where(WhistleCall.whistle_id == whistle_id).order_by(WhistleCall.unit_id)
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def standing_at(
    session: Session, actor: Actor, whistle: Whistle, called: Iterable[UUID], on: date, *, acted: bool
) -> Standing:
    """Judge one person at one whistle on a day (one query). ``acted``: he took a called unit's step before.

    For the caller acts who whistled, whose ANSWER reaches the calling unit, or who may report at that very unit.
    """
    units = set(called)
    above = _above(session, {whistle.caller_unit_id, *units, *(duty.unit_id for duty in actor.duties)}, on)
    answering, leading = actor.roots(ANSWER), actor.roots(LEAD) | actor.roots(DIRECT)
    caller = above[whistle.caller_unit_id]
    return Standing(
        calls=whistle.person_id == actor.person_id
        or bool(answering & caller)
        or whistle.caller_unit_id in actor.roots(REPORT),
        responds=frozenset(unit for unit in units if answering & above[unit]),
        leads=bool(leading & caller),
        helped=acted or any(units & above[duty.unit_id] for duty in actor.duties),
    )


def acted_for_called(session: Session, actor: Actor, whistle_id: UUID) -> bool:
    """Whether the actor took a called unit's step at this whistle."""
    verbs = [move.verb for move in MOVES.values() if move.by == RESPONDER]
    found = select(WhistleEvent.version).where(
        WhistleEvent.whistle_id == whistle_id,
        WhistleEvent.verb.in_(verbs),
        WhistleEvent.person_id == actor.person_id,
    )
    return session.scalar(found.limit(1)) is not None


def _above(session: Session, units: set[UUID], on: date) -> dict[UUID, set[UUID]]:
    """Each unit's ancestors on a day, itself included (one query)."""
    found: dict[UUID, set[UUID]] = {unit: {unit} for unit in units}
    rows = session.execute(
        select(UnitPath.unit_id, UnitPath.ancestor_id).where(UnitPath.unit_id.in_(units), valid_on(UnitPath, on))
    )
    for unit_id, ancestor_id in rows:
        found[unit_id].add(ancestor_id)
    return found
