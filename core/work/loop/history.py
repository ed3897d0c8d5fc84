"""The history of a finding (办理记录): one line for each step, in the step's own transaction, and what it replays to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core.work.loop.parties import PERMISSIONS, RESUMES, STAYS
from core.work.loop.step import Step
from core.work.loop.transitions import OPEN, SEEN_AGAIN, TRANSITIONS
from core.work.tables import Attachment, FindingEvent
from tenants.db import new_id
from tenants.models import Unit

# Steps after which a leader's order (领导交办) waits for its report back anew, and the report itself.
ROUNDS = frozenset({"answer", "send_back", "reopen", "relapse", "restore", "report_back"})
SYSTEM_NAME = ""  # the system has no name in a line; the reader sees a line without a person


def add_event(step: Step, before: str, facts: Mapping[str, Any]) -> FindingEvent:
    """Write the line of a step that was just taken, with its photos beside it."""
    finding, given, actor = step.finding, step.given, step.actor
    detail: dict[str, Any] = {key: value for key, value in facts.items() if value is not None}
    if given.files:
        detail["photos"] = [str(f.id) for f in given.files]
    detail["due_at"] = finding.due_at.isoformat()
    unit_id = min((root for party in step.transition.by for root in _roots(step, party)), default=None)
    event = FindingEvent(
        finding_id=finding.id,
        version=finding.version,
        at=step.now,
        verb=step.transition.verb,
        from_state=before,
        to_state=finding.state,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else SYSTEM_NAME,
        unit_id=unit_id,
        unit_name=(step.session.scalar(select(Unit.name).where(Unit.id == unit_id)) or "") if unit_id else "",
        note=given.note,
        detail=detail,
        hidden=finding.hidden,
    )
    step.session.add(event)
    if given.files:
        key = {"finding_id": finding.id, "version": finding.version, "created_at": step.now, "hidden": finding.hidden}
        tenant = {"tenant_id": finding.tenant_id, "visit_id": None, "question": ""}
        rows = [tenant | key | {"id": new_id(), "file_id": f.id} for f in given.files]
        step.session.execute(insert(Attachment), rows)
    return event


def _roots(step: Step, party: str) -> Iterable[UUID]:
    return step.actor.roots(PERMISSIONS[party]) if step.actor and PERMISSIONS[party] else ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a history says of a finding (回放结果)."""

    state: str
    version: int
    due_at: datetime | None
    lead: UUID | None
    returns: int
    reopened: int
    relapsed: int
    outcome: str | None
    told: bool = False  # whether this round's answer was reported back to the leader who ordered it
    seen_again: int = 0


class BrokenHistory(ValueError):
    """A history that no sequence of legal steps could have written."""


def replay(events: Iterable[FindingEvent]) -> Replayed:
    """Read a finding's state off its history alone, from the first line on.

    Raises BrokenHistory for a gap in the versions, a step that its state did not allow, or a state that it did not lead to.
    """
    state, version, came_from = "", 0, ""
    facts: dict[str, Any] = {"due_at": None, "lead": None, "outcome": None, "told": False}
    counted = {"returns": 0, "reopened": 0, "relapsed": 0, "seen_again": 0}
    for event in events:
        version += 1
        if event.version != version or (version > 1 and event.from_state != state):
            raise BrokenHistory(f"line {event.version}: expected version {version} after {state!r}")
        if version > 1:
            came_from = _check_step(event, state, came_from)
        elif event.verb != OPEN:
            raise BrokenHistory("the first line does not open the finding")
        state = event.to_state
        _gather(event, facts, counted)
    return Replayed(state, version, **(facts | counted))


def _check_step(event: FindingEvent, state: str, came_from: str) -> str:
    """Judge one line; gives where a merged or held finding would go back to."""
    step = TRANSITIONS.get(event.verb)
    if step is None or state not in step.from_states:
        raise BrokenHistory(f"line {event.version}: {event.verb} from {state}")
    wanted = {STAYS: state, RESUMES: came_from}.get(step.to_state, step.to_state)
    if event.to_state != wanted:
        raise BrokenHistory(f"line {event.version}: {event.verb} led to {event.to_state}, not {wanted}")
    return state if event.verb in ("merge", "hold") else came_from


def _gather(event: FindingEvent, facts: dict[str, Any], counted: dict[str, int]) -> None:
    detail = event.detail
    if "due_at" in detail:
        facts["due_at"] = datetime.fromisoformat(detail["due_at"])
    if "lead" in detail:
        facts["lead"] = UUID(detail["lead"])
    if event.verb in ("reopen", "relapse"):
        facts["outcome"] = None
    if "outcome" in detail:
        facts["outcome"] = detail["outcome"]
    if event.verb in ROUNDS:
        facts["told"] = event.verb == "report_back"
    counted["returns"] += event.verb == "return"
    counted["reopened"] += event.verb in ("reopen", "relapse")
    counted["relapsed"] += event.verb == "relapse"
    counted["seen_again"] += event.verb == SEEN_AGAIN
