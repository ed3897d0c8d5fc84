"""The ledger (台账): the one place where a finding changes - one guarded UPDATE and one line of history, or nothing.

The expected version stands in the UPDATE's WHERE clause: of two who act at the same moment one wins, and the other is
told by whom and when it was changed. A naive read-then-write closed 88 of 100 findings twice (design 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import ZONE, local_day
from core.work.counting.marking import days_of, mark_findings
from core.work.journal import record, sealed
from core.work.loop.announcing import announce
from core.work.loop.effects import carry_out
from core.work.loop.history import add_event
from core.work.loop.mass_steps import move_parts, note_handover
from core.work.loop.sight import audit_kind, sees_finding
from core.work.loop.standing import THE_SYSTEM, standing_of
from core.work.loop.states import ANOTHER, STATES
from core.work.loop.step import Step
from core.work.loop.step_input import MOST_PHOTOS, Asked, check_given
from core.work.loop.transitions import PARTIES, TRANSITIONS, Standing, Transition, allowed
from core.work.proofs.doubts import look_at
from core.work.proofs.recheck_drop import drop_rechecks
from core.work.proofs.recheck_due import refuse_while_due, without_looks
from core.work.tables import Finding, FindingEvent, Visit
from core.work.wording import shown
from tenants.access import Actor
from tenants.db import now as server_now

__all__ = [
    "MOST_PHOTOS",
    "act",
    "act_by_system",
    "check_person",
    "check_state",
    "move_parts",
    "note_handover",
    "steps_for",
]


def act(
    session: Session,
    actor: Actor,
    finding_id: UUID,
    verb: str,
    *,
    version: int,
    now: datetime | None = None,
    **asked: Any,
) -> Finding:
    """Take one step of a finding's life (办理): any verb of TRANSITIONS, with the fields of :class:`Asked` that it takes.

    ``version`` is the one the person saw. Raises NotFound (out of reach), Forbidden (not his to do, or his own unit's work),
    Stale (somebody was faster), Conflict (the state does not allow it; says what is allowed and who may), InvalidInput (what
    the step needs is missing).
    """
    moment = now or server_now()
    day = local_day(moment)
    finding = _find(session, finding_id, sees_finding(actor, day))
    step = _step(verb)
    if finding.version != version:
        raise _stale(session, finding)
    standing = standing_of(session, actor, finding, day)
    check_person(step, standing)
    check_state(finding, step, standing)
    refuse_while_due(session, finding, step)
    return _take(session, actor, finding, step, Asked(**asked), moment)


def act_by_system(
    session: Session,
    finding_id: UUID,
    verb: str,
    *,
    now: datetime,
    version: int | None = None,
    person: Actor | None = None,
    line: Mapping[str, str] | None = None,
    **asked: Any,
) -> Finding:
    """Take a step that belongs to the product's own clockwork (系统办理): a job, a switch, a re-inspection, a correction.

    ``version`` None takes the finding as it is; ``person`` is who set it going, judged elsewhere and named in the history;
    ``line`` is the key and values of what the product itself says (:mod:`core.work.loop.system_lines`).
    Raises as :func:`act`.
    """
    finding = _find(session, finding_id)
    step = _step(verb)
    if version is not None and finding.version != version:
        raise _stale(session, finding)
    check_person(step, THE_SYSTEM)
    check_state(finding, step, THE_SYSTEM)
    return _take(session, person, finding, step, Asked(**asked), now, line)


def steps_for(session: Session, actor: Actor, finding: Finding, now: datetime | None = None) -> list[Transition]:
    """The steps that the person may take at this finding now, for buttons and the API."""
    standing = standing_of(session, actor, finding, local_day(now or server_now()))
    return without_looks(session, finding, allowed(finding.state, standing, finding.source))


def _take(
    session: Session,
    actor: Actor | None,
    finding: Finding,
    transition: Transition,
    asked: Asked,
    now: datetime,
    line: Mapping[str, str] | None = None,
) -> Finding:
    """Check what was given, carry the step out, write the guarded UPDATE and the line of history, tell who should know."""
    given = check_given(session, transition, asked, local_day(now))
    step = Step(session, actor, finding, transition, given, now)
    before, version, stood = finding.state, finding.version, days_of(finding)
    changed, facts = carry_out(step)
    if not _update(session, finding, version, before, changed | {"changed_at": now}):
        session.refresh(finding)
        raise _stale(session, finding)
    session.refresh(finding)
    add_event(step, before, facts | {"line": line})
    mark_findings(session, finding.tenant_id, [finding], stood)
    detail = {"number": finding.number, "version": finding.version}
    with sealed(session, _secret_round(session, finding)):
        record(session, actor, f"finding.{transition.verb}", audit_kind(finding.restricted), finding.id, **detail)
    session.flush()
    look_at(step)
    drop_rechecks(step, before)
    announce(step, before)
    return finding


def _find(session: Session, finding_id: UUID, *seen: Any) -> Finding:
    """The finding as it is in the database now, when it may be seen; its row is ours until the end of the transaction."""
    query = select(Finding).where(Finding.id == finding_id, *seen).with_for_update(of=Finding)
    finding = session.scalars(query, execution_options={"populate_existing": True}).first()
    if finding is None:
        raise NotFound
    return finding


def _secret_round(session: Session, finding: Finding) -> UUID | None:
    """The round until whose release the trail says nothing of this finding."""
    if not finding.hidden or finding.round_id is not None:
        return finding.round_id if finding.hidden else None
    return session.scalar(select(Visit.round_id).where(Visit.id == finding.visit_id))


def _step(verb: str) -> Transition:
    step = TRANSITIONS.get(verb)
    if step is None:
        remedy = N_("可用：{verbs}")
        fault = Fault(N_("没有这种办理"), "verb", None, shown(verb), "", remedy, {"verbs": ", ".join(TRANSITIONS)})
        raise InvalidInput(faults=[fault])
    return step


def check_person(step: Transition, standing: Standing) -> None:
    """Refuse who may not take the step at all (Forbidden), with why or who may."""
    if standing.permits(step):
        return
    if ANOTHER in step.by and standing.checks:
        raise Forbidden(standing.own)
    message = N_("您的岗位不能对这个问题办理“{verb}”；可由{who}办理")
    raise Forbidden(message, verb=step.title_zh, who=PARTIES[step.by[0]][0])


def check_state(finding: Finding, step: Transition, standing: Standing) -> None:
    """Refuse what the state does not allow, with what is allowed now and who is waited for."""
    if finding.state in step.from_states and step.source in ("", finding.source):
        return
    state = STATES[finding.state]
    steps = allowed(finding.state, standing, finding.source)
    may = "、".join(one.title_zh for one in steps)
    facts: dict[str, Any] = {"state": state.title_zh, "verb": step.title_zh, "may": may}
    facts |= {"state_code": state.code, "allowed": [one.verb for one in steps], "waits_for": state.waits_for}
    if may:
        raise Conflict(N_("问题目前是“{state}”，不能办理“{verb}”；您现在可以办理：{may}"), **facts)
    if state.waits_for:
        who = PARTIES[state.waits_for][0]
        raise Conflict(N_("问题目前是“{state}”，不能办理“{verb}”；现在由{who}办理"), who=who, **facts)
    raise Conflict(N_("问题目前是“{state}”，不能办理“{verb}”"), **facts)


def _stale(session: Session, finding: Finding) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    last = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version.desc()).limit(1)
    ).one()
    return Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=" ".join(filter(None, (last.unit_name, last.person_name))) or N_("系统"),
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[finding.state].title_zh,
        state_code=finding.state,
        version=finding.version,
    )


def _update(session: Session, finding: Finding, version: int, before: str, changed: Mapping[str, Any]) -> bool:
    """The guarded UPDATE; False when version or state are no longer what they were."""
    done = session.execute(
        update(Finding)
        .where(
            Finding.tenant_id == finding.tenant_id,
            Finding.id == finding.id,
            Finding.version == version,
            Finding.state == before,
        )
        .values(**changed, version=version + 1)
        .returning(Finding.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None
