"""Settles doubts about closings (疑点核实): by a person, with a note, never by the fixer's own unit; nothing follows by itself."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.journal import record
from core.work.loop.sight import audit_kind, sees_finding
from core.work.roles import CHECK, DIRECT
from core.work.tables import Finding, Part, Signal
from core.work.wording import read_text, shown
from tenants.access import Actor, may
from tenants.models import UnitPath
from tenants.scope import ScopedSession

OPEN = "open"
VERDICTS: dict[str, tuple[str, str]] = {
    "explained": (N_("有合理说明"), "Explained"),
    "confirmed": (N_("属实"), "Confirmed"),
}
STATES: dict[str, tuple[str, str]] = {OPEN: (N_("待核实"), "Open")} | VERDICTS


def settle_doubt(
    session: ScopedSession, actor: Actor, signal_id: UUID, verdict: str, *, note: str, now: datetime
) -> Signal:
    """Say what a doubt turned out to be (核实疑点): ``explained`` or ``confirmed``, with a note. It changes nothing else.

    Raises NotFound, Forbidden (no check there, or the fixer's own unit), Conflict (settled already, by whom), InvalidInput.
    """
    day = local_day(now)
    found = session.scalars(
        select(Signal).where(Signal.id == signal_id).with_for_update(), execution_options={"populate_existing": True}
    ).first()
    seen = select(Finding).where(Finding.id == found.finding_id, sees_finding(actor, day)) if found else None
    finding = session.scalars(seen).first() if seen is not None else None
    if found is None or finding is None:
        raise NotFound
    if reason := why_not_settle(session, actor, finding, found.unit_id, day):
        raise Forbidden(reason)
    if found.state != OPEN:
        raise Conflict(N_("这个疑点已由{who}核实为“{state}”"), who=found.person_name, state=STATES[found.state][0])
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if verdict not in VERDICTS:
        params = {"known": ", ".join(VERDICTS)}
        faults.append(Fault(N_("请选择核实结果"), "verdict", None, shown(verdict), "", N_("可填：{known}"), params))
    if not said and not faults:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明理由")))
    if faults:
        raise InvalidInput(faults=faults)
    found.state, found.note, found.person_name, found.settled_at = verdict, said, actor.name, now
    record(session, actor, f"doubt.{verdict}", audit_kind(finding.restricted), finding.id, doubt=found.kind)
    session.flush()
    return found


def why_not_settle(session: Session, actor: Actor, finding: Finding, unit_id: UUID | None, day: date) -> str:
    """Why the actor may not settle a doubt about a finding; '' when he may. ``unit_id`` led when it was raised."""
    if not any(may(session, actor, verb, finding.unit_id, day) for verb in (CHECK, DIRECT)):
        return N_("您的岗位不能核实这个疑点；可由核查或派遣的人办理")
    leads = select(Part.unit_id).where(
        Part.tenant_id == actor.tenant.id, Part.finding_id == finding.id, Part.leading, Part.ended_at.is_(None)
    )
    own = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.unit_id.in_([duty.unit_id for duty in actor.duties]),
        or_(UnitPath.ancestor_id == unit_id, UnitPath.ancestor_id.in_(leads)),
        valid_on(UnitPath, day),
    )
    inside = session.scalar(own.limit(1)) is not None
    return N_("牵头整改的是您所在的单位，须由另一方核实") if inside else ""
