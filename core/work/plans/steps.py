"""Steps of a plan (计划步骤): one UPDATE with the expected version in its WHERE, one line of history, one of the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput, Stale
from core.work.calendar import local_day
from core.work.journal import record
from core.work.plans.kinds import ACTIVE, CANCELLED, CLOSED, DRAFT
from core.work.plans.sight import to_change
from core.work.tables import Plan, PlanEvent
from core.work.wording import read_text
from tenants.access import Actor

KIND = "plan"
LONGEST_NOTE = 300
# From which states a step may be taken, and where it leads to.
MOVES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "activate": ((DRAFT,), ACTIVE),
    "close": ((ACTIVE,), CLOSED),
    "reopen": ((CLOSED,), ACTIVE),
    "cancel": ((DRAFT, ACTIVE), CANCELLED),
}
NEEDS_NOTE = ("cancel", "reopen")


def step(
    session: Session,
    actor: Actor,
    of: Plan,
    verb: str,
    *,
    version: int,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Plan:
    """Take a step: raise the version, write history and trail. Raises Stale for a lost race."""
    session.flush()
    before = of.state
    changed = session.execute(
        update(Plan)
        .where(Plan.id == of.id, Plan.version == version, Plan.state == before)
        .values(version=Plan.version + 1, changed_at=now, **(values or {}))
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a cursor's result
        raise Stale
    session.refresh(of)
    note_step(session, actor, of, verb, now=now, before=before, note=note, detail=detail)
    return of


def note_step(
    session: Session,
    actor: Actor,
    of: Plan,
    verb: str,
    *,
    now: datetime,
    before: str | None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of a plan's history and of the trail."""
    said = dict(detail or {})
    session.add(
        PlanEvent(
            plan_id=of.id,
            version=of.version,
            at=now,
            verb=verb,
            from_state=before,
            to_state=of.state,
            person_id=actor.person_id,
            person_name=actor.name,
            note=note,
            detail=said,
        )
    )
    record(session, actor, f"plan.{verb}", KIND, of.id, **said)
    session.flush()


def move(
    session: Session, actor: Actor, plan_id: UUID, verb: str, *, version: int, now: datetime, note: str = ""
) -> Plan:
    """Put a plan in force, close it, open it again or call it off; the last two with a reason.

    Raises InvalidInput, NotFound, Forbidden, Conflict, Stale.
    """
    faults: list[Fault] = []
    said = read_text(note, "note", faults, LONGEST_NOTE)
    if verb not in MOVES:
        faults.append(Fault(N_("选项无效"), "verb", value=verb[:20], remedy=N_("请从列表里选")))
    elif verb in NEEDS_NOTE and not said:
        faults.append(Fault(N_("缺少这一项"), "note", remedy=N_("请填写原因")))
    if faults:
        raise InvalidInput(faults=faults)
    states, to = MOVES[verb]
    of = to_change(session, actor, plan_id, local_day(now), states=states)
    return step(session, actor, of, verb, version=version, now=now, values={"state": to}, note=said)
