"""What an upheld appeal does to its finding (申诉对问题的结果): an existing step of the ledger, or the visit that mended it.

The step is judged as if it had been taken on the finding's own page: who decides must direct the finding's place as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.appeals.appeal_moves import ALREADY, CANCEL, CORRECT, VISIT
from core.work.appeals.deciding import Effect
from core.work.calendar import local_day
from core.work.loop.ledger import act, steps_for
from core.work.loop.sight import sees_visit
from core.work.loop.states import DISMISSED
from core.work.tables import Appeal, Finding, FindingEvent, Visit
from core.work.wording import shown
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be done (裁决办法): a code of EFFECTS with what it takes.

    ``seen`` is the version of the finding that the person saw, ``changes`` are a correction's new values by field,
    ``visit_id`` is the correcting visit.
    """

    effect: str
    seen: int = 0
    changes: Mapping[str, str] = field(default_factory=dict)
    visit_id: UUID | None = None


def effects_for(session: Session, actor: Actor, finding: Finding, now: datetime) -> list[str]:
    """What the actor could do with a finding now if the appeal against it is upheld."""
    if finding.state in DISMISSED:
        found = [ALREADY]
    else:
        steps = {step.verb for step in steps_for(session, actor, finding, now)}
        found = [verb for verb in (CANCEL, CORRECT) if verb in steps]
    return [*found, VISIT] if correcting_visits(session, actor, finding, now) else found


def correcting_visits(session: Session, actor: Actor, finding: Finding, now: datetime) -> Sequence[Visit]:
    """The corrected versions of visits that kept or cancelled a finding, the latest first."""
    if finding.visit_id is None:
        return []
    first = session.get(Visit, (finding.tenant_id, finding.visit_id))
    if first is None:
        return []
    same = select(Visit).where(
        Visit.site_id == first.site_id,
        Visit.day == first.day,
        Visit.replaces_id.is_not(None),
        sees_visit(actor, local_day(now)),
    )
    found = [one for one in session.scalars(same) if _came_of(one, finding)]
    return sorted(found, key=lambda one: str(one.summary["correction"]["at"]), reverse=True)


def _came_of(visit: Visit, finding: Finding) -> str:
    """What a corrected visit did with a finding: kept or cancelled it; '' when it has nothing to do with it."""
    said = visit.summary.get("correction", {})
    return next((name for name in ("cancelled", "kept") if str(finding.id) in said.get(name, ())), "")


def carry_out(session: Session, actor: Actor, appeal: Appeal, text: str, wish: Wish, now: datetime) -> Effect:
    """Do it. Raises InvalidInput for what cannot be done, and whatever the ledger refuses (Stale, Conflict, Forbidden)."""
    finding = session.get(Finding, (appeal.tenant_id, appeal.finding_id), populate_existing=True)
    if finding is None:
        raise NotFound
    if wish.effect in (CANCEL, CORRECT):
        return _step(session, actor, finding, text, wish, now)
    if wish.effect == VISIT:
        return _link(session, actor, finding, wish, now)
    if wish.effect == ALREADY:
        if finding.state not in DISMISSED:
            raise Conflict(N_("问题还在办理，请选撤销或更正"))
        return Effect(ALREADY, finding.id, {"to": finding.state})
    remedy = N_("请从列出的办法中选一种")
    raise InvalidInput(faults=[Fault(N_("请选择成立后怎么办"), "effect", None, shown(wish.effect), "", remedy)])


def _step(session: Session, actor: Actor, finding: Finding, text: str, wish: Wish, now: datetime) -> Effect:
    before = finding.state
    given: dict[str, Any] = {"changes": wish.changes} if wish.effect == CORRECT else {}
    done = act(session, actor, finding.id, wish.effect, version=wish.seen, note=text, now=now, **given)
    line = session.get_one(FindingEvent, (done.tenant_id, done.id, done.version))
    said = {name: line.detail[name] for name in ("before", "after") if name in line.detail}
    return Effect(wish.effect, done.id, {"from": before, "to": done.state, "version": done.version} | said)


def _link(session: Session, actor: Actor, finding: Finding, wish: Wish, now: datetime) -> Effect:
    visit = next((v for v in correcting_visits(session, actor, finding, now) if v.id == wish.visit_id), None)
    if visit is None:
        remedy = N_("请先更正检查，再选更正后的那一次")
        raise InvalidInput(
            faults=[Fault(N_("没有选更正后的检查"), "visit", value=shown(wish.visit_id or ""), remedy=remedy)]
        )
    said = visit.summary["correction"]
    return Effect(VISIT, visit.id, {"finding": _came_of(visit, finding), "by": said["by"], "at": said["at"]})
