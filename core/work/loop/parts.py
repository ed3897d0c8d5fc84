"""The parts of a finding (责任分工): who leads, who helps with what, and the place that co-signs.

A part is never deleted: a unit that is out of it has ``ended_at``, and comes back in the same row.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.roles import ANSWER
from core.work.tables import Finding, Part
from tenants.access import Actor, reach
from tenants.models import Unit


def parts_in_force(session: Session, finding: Finding) -> list[Part]:
    """The parts that stand, the leading one first."""
    query = select(Part).where(Part.finding_id == finding.id, Part.ended_at.is_(None))
    return list(session.scalars(query.order_by(Part.leading.desc(), Part.kind, Part.unit_id)))


def lead_of(session: Session, finding: Finding) -> Part | None:
    """The leading part; None for what was reported and has no owner yet."""
    return next((part for part in parts_in_force(session, finding) if part.leading), None)


def give_lead(session: Session, finding: Finding, unit_id: UUID, person_id: UUID | None, now: datetime) -> None:
    """Let a unit lead: in the line, or as the place when it is the place's own unit; who led before is out of it."""
    standing = parts_in_force(session, finding)
    for part in standing:
        if part.leading and part.unit_id != unit_id:
            part.leading, part.state, part.ended_at = False, "informed", now
        elif part.unit_id == unit_id and part.kind == "assist":
            part.ended_at = now
    lead = next((part for part in standing if part.unit_id == unit_id and part.kind == "line"), None)
    if lead is None:
        lead = _row(session, finding, "line", unit_id)
    lead.leading, lead.state, lead.ended_at, lead.done_at = True, "open", None, None
    lead.assignee_id = person_id or (lead.assignee_id if lead in standing else None)
    if unit_id != finding.unit_id and not any(p.kind == "place" and p.ended_at is None for p in standing):
        place = _row(session, finding, "place", finding.unit_id)
        place.state, place.ended_at = "informed", None
    for part in standing:
        if part.kind == "place" and part.unit_id == unit_id:
            part.ended_at = now  # it leads now, and is not informed beside itself
    session.flush()


def move_place_part(session: Session, finding: Finding, unit_id: UUID, now: datetime, *, is_led: bool) -> UUID | None:
    """Let another unit be the place that is informed (属地); gives the one that was, None when there was none.

    The unit that leads is not informed beside itself, and what is in trusted hands alone stays there.
    """
    old = next((part for part in parts_in_force(session, finding) if part.kind == "place"), None)
    if old is not None and old.unit_id == unit_id:
        return unit_id
    if old is not None:
        old.ended_at = now
    if not (is_led or finding.restricted):
        place = _row(session, finding, "place", unit_id)
        place.leading, place.state, place.ended_at, place.done_at = False, "informed", None, None
    session.flush()
    return old.unit_id if old else None


def settle_lead(session: Session, finding: Finding, state: str, now: datetime | None = None) -> None:
    """Mark the leading part open or done."""
    lead = lead_of(session, finding)
    if lead is not None:
        lead.state, lead.done_at = state, now


def add_part(
    session: Session, finding: Finding, unit: Unit, asked: str, person_id: UUID | None, due_on: date | None = None
) -> Part:
    """Ask a unit to help (协办), by a day of its own if one is said. Raises InvalidInput when it leads, or has an open part already."""
    for part in parts_in_force(session, finding):
        if part.unit_id == unit.id and (part.leading or (part.kind == "assist" and part.state == "open")):
            remedy = N_("请选另一个单位")
            raise InvalidInput(faults=[Fault(N_("这个单位已经在办"), "unit", value=unit.name, remedy=remedy)])
    part = _row(session, finding, "assist", unit.id)
    part.state, part.asked, part.due_on, part.assignee_id = "open", asked, due_on, person_id
    part.done_at, part.ended_at = None, None
    session.flush()
    return part


def end_part(session: Session, finding: Finding, unit: Unit, now: datetime) -> Part:
    """Take a helping unit out of it. Raises InvalidInput when it has no such part."""
    for part in parts_in_force(session, finding):
        if part.kind == "assist" and part.unit_id == unit.id:
            part.ended_at = now
            session.flush()
            return part
    remedy = N_("请从协办单位中选一个")
    raise InvalidInput(faults=[Fault(N_("这个单位没有协办任务"), "unit", value=unit.name, remedy=remedy)])


def finish_part(
    session: Session,
    actor: Actor | None,
    finding: Finding,
    unit_id: UUID | None,
    now: datetime,
    *,
    kind: str = "assist",
) -> Part:
    """Mark the actor's own part done, or co-signed for the place; ``unit_id`` says which when he has several.

    Raises Conflict when there is none of his that is open.
    """
    part = _own_part(session, actor, finding, unit_id, now, kind)
    part.state, part.done_at = ("done" if kind == "assist" else "cosigned"), now
    session.flush()
    return part


def decline_part(session: Session, actor: Actor | None, finding: Finding, unit_id: UUID | None, now: datetime) -> Part:
    """Give the actor's own helping part back (退回协办). Raises as :func:`finish_part`."""
    part = _own_part(session, actor, finding, unit_id, now, "assist")
    part.state, part.done_at, part.ended_at = "declined", None, now
    session.flush()
    return part


def _own_part(
    session: Session, actor: Actor | None, finding: Finding, unit_id: UUID | None, now: datetime, kind: str
) -> Part:
    wanted = [part for part in parts_in_force(session, finding) if part.kind == kind and not part.leading]
    if kind == "assist":
        wanted = [part for part in wanted if part.state == "open"]
    own = _own(session, actor, wanted, now)
    chosen = [part for part in own if unit_id is None or part.unit_id == unit_id]
    if not chosen:
        raise Conflict(N_("没有您单位要完成的部分"))
    return chosen[0]


def open_helpers(session: Session, finding: Finding) -> list[str]:
    """The names of the helping units that have not finished."""
    query = (
        select(Unit.name)
        .join(Part, (Part.tenant_id == Unit.tenant_id) & (Part.unit_id == Unit.id))
        .where(Part.finding_id == finding.id, Part.kind == "assist", Part.state == "open", Part.ended_at.is_(None))
        .order_by(Unit.pinyin)
    )
    return list(session.scalars(query))


def _own(session: Session, actor: Actor | None, parts: list[Part], now: datetime) -> list[Part]:
    if actor is None or not parts:
        return parts
    units = reach(actor, ANSWER, local_day(now))
    mine = set(session.scalars(select(Unit.id).where(Unit.id.in_([p.unit_id for p in parts]), Unit.id.in_(units))))
    return [part for part in parts if part.unit_id in mine]


def _row(session: Session, finding: Finding, kind: str, unit_id: UUID) -> Part:
    """The row of a unit's part, new or from before."""
    key = {"finding_id": finding.id, "kind": kind, "unit_id": unit_id}
    part = session.scalars(select(Part).filter_by(**key)).first()
    if part is None:
        part = Part(**key, hidden=finding.hidden)
        session.add(part)
    return part
