"""A re-inspection that is due comes first (回头看优先): who has it says what was found there, nobody beside it.

A sample's result would else vanish: a step taken directly would drop the re-inspection, and let those in who handled the
finding, whom the draw excludes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict
from core.work.loop.parties import Transition
from core.work.loop.states import CLOSED_STATES
from core.work.tables import Finding, Recheck
from tenants.models import Person

LOOKS = frozenset({"confirm_stable", "relapse"})  # what a re-inspection says


def refuse_while_due(session: Session, finding: Finding, step: Transition) -> None:
    """Refuse to say beside a re-inspection that is due what it is to say. Raises Conflict naming who has it."""
    if step.verb not in LOOKS:
        return
    due = (
        select(Recheck, Person.name)
        .outerjoin(Person, (Person.tenant_id == Recheck.tenant_id) & (Person.id == Recheck.person_id))
        .where(Recheck.tenant_id == finding.tenant_id, Recheck.finding_id == finding.id, Recheck.state == "due")
        .order_by(Recheck.due_on, Recheck.id)
    )
    if (row := session.execute(due.limit(1)).first()) is None:
        return
    found, name = row
    facts: dict[str, Any] = {"due": found.due_on.isoformat(), "recheck": str(found.id)}
    if name:
        raise Conflict(N_("这个问题已安排{who}在 {due} 前回头看，结果请在回头看里填写"), who=name, **facts)
    raise Conflict(N_("这个问题已安排在 {due} 前回头看，结果请在回头看里填写"), **facts)


def without_looks(session: Session, finding: Finding, steps: Sequence[Transition]) -> list[Transition]:
    """The steps that are left while a re-inspection is due (one query, for closed findings alone)."""
    if finding.state not in CLOSED_STATES or not any(step.verb in LOOKS for step in steps):
        return list(steps)
    due = select(Recheck.id).where(
        Recheck.tenant_id == finding.tenant_id, Recheck.finding_id == finding.id, Recheck.state == "due"
    )
    waits = session.scalar(due.limit(1)) is not None
    return [step for step in steps if not (waits and step.verb in LOOKS)]
