"""Takes an appeal back, or decides it (申诉裁决): one guarded UPDATE, its line of history and its effect together, or nothing.

The expected version stands in the UPDATE's WHERE clause: of two who decide at the same moment one wins, and the other is
told by whom it was decided. What an upheld appeal does is carried out in the same transaction; when that is refused,
nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.work.appeals.appeal_list import find_appeal, standing_of
from core.work.appeals.appeal_moves import RAISED, STATES, STEPS, UPHOLD, VERDICTS, WITHDRAW
from core.work.appeals.appeal_notes import tell_appellant, tell_deciders
from core.work.calendar import ZONE
from core.work.journal import record
from core.work.loop.sight import audit_kind
from core.work.tables import Appeal, AppealEvent, Finding
from core.work.wording import read_text, shown
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Effect:
    """What was done (裁决结果): a code of EFFECTS, the finding, visit or run in which it shows, and what differs since."""

    code: str
    id: UUID | None = None
    outcome: dict[str, Any] = field(default_factory=dict)


Carry = Callable[[Appeal, str], Effect]  # carries an upheld appeal out, given the words of the decision


def withdraw(session: Session, actor: Actor, appeal_id: UUID, *, version: int, note: str = "", now: datetime) -> Appeal:
    """Take an appeal back, for the unit that raised it.

    Raises NotFound, Forbidden, Stale (decided meanwhile, by whom), Conflict, InvalidInput.
    """
    appeal = find_appeal(session, actor, appeal_id, now)
    if not standing_of(session, actor, appeal, now).withdraws:
        raise Forbidden(N_("申诉由提出的单位撤回"))
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if faults:
        raise InvalidInput(faults=faults)
    _claim(session, appeal, version, {"state": STEPS[WITHDRAW][0]})
    _add_event(session, actor, appeal, WITHDRAW, said, now, {})
    tell_deciders(session, appeal, WITHDRAW, now=now, by=actor.person_id)
    return appeal


def decide(
    session: Session,
    actor: Actor,
    appeal_id: UUID,
    verdict: str,
    *,
    version: int,
    text: str,
    carry: Carry | None = None,
    now: datetime,
) -> Appeal:
    """Uphold or reject an appeal; ``carry`` does at once what an upheld one brings.

    Raises NotFound, Forbidden (only who directs above the unit decides, and no party of it), Stale (decided meanwhile, by
    whom), Conflict, InvalidInput; and whatever the effect refuses.
    """
    appeal = find_appeal(session, actor, appeal_id, now)
    if not standing_of(session, actor, appeal, now).decides:
        raise Forbidden(N_("申诉由申诉单位上级的创建办裁决；申诉单位的人和提出人不能裁决"))
    said = _checked(verdict, text, carry)
    changed = {"state": STEPS[verdict][0], "decision": said, "decided_by": actor.name, "decided_at": now}
    _carry_through(session, actor, appeal, verdict, version, changed, carry, now)
    tell_appellant(session, appeal, verdict, now=now, by=actor.person_id)
    return appeal


def _carry_through(
    session: Session,
    actor: Actor,
    appeal: Appeal,
    verdict: str,
    version: int,
    changed: dict[str, Any],
    carry: Carry | None,
    now: datetime,
) -> None:
    """The decision with its effect; what the effect refuses leaves everything as it was, also for the page that says so."""
    said = changed["decision"]
    try:
        with session.begin_nested():
            _claim(session, appeal, version, changed)
            effect = carry(appeal, said) if carry and verdict == UPHOLD else Effect("")
            appeal.effect, appeal.effect_id, appeal.outcome = effect.code, effect.id, effect.outcome
            detail = {"effect": effect.code, "effect_id": str(effect.id)} if effect.code else {}
            _add_event(session, actor, appeal, verdict, said, now, detail)
    except SanchengError:
        session.expire_all()
        raise


def _checked(verdict: str, text: str, carry: Carry | None) -> str:
    """The words of the decision. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    said = read_text(text, "text", faults)
    if not said and not faults:
        faults.append(Fault(N_("缺少裁决理由"), "text", remedy=N_("请写明核实了什么、为什么这样裁决")))
    if verdict not in VERDICTS:
        faults.append(Fault(N_("请选择裁决"), "verdict", value=shown(verdict), remedy=N_("请选择成立或不成立")))
    elif verdict == UPHOLD and carry is None:
        faults.append(Fault(N_("请选择成立后怎么办"), "effect", remedy=N_("请从列出的办法中选一种")))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def _claim(session: Session, appeal: Appeal, version: int, changed: dict[str, Any]) -> None:
    """The guarded UPDATE. Raises Stale when somebody was faster, Conflict when it is over."""
    if appeal.version != version:
        raise _stale(session, appeal)
    if appeal.state != RAISED:
        raise Conflict(N_("这件申诉目前是“{state}”，不能再办理"), state=STATES[appeal.state].title_zh)
    done = session.execute(
        update(Appeal)
        .where(
            Appeal.tenant_id == appeal.tenant_id,
            Appeal.id == appeal.id,
            Appeal.version == version,
            Appeal.state == RAISED,
        )
        .values(**changed, version=version + 1)
        .returning(Appeal.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(appeal)
    if done is None:
        raise _stale(session, appeal)


def _stale(session: Session, appeal: Appeal) -> Stale:
    """Somebody was faster: who, when, and what became of it."""
    last = session.scalars(
        select(AppealEvent).where(AppealEvent.appeal_id == appeal.id).order_by(AppealEvent.version.desc()).limit(1)
    ).one()
    return Stale(
        N_("{who}已于 {when} 办理：这件申诉现在是“{state}”。请刷新后再看"),
        who=last.person_name,
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[appeal.state].title_zh,
        version=appeal.version,
    )


def _add_event(
    session: Session, actor: Actor, appeal: Appeal, verb: str, note: str, now: datetime, detail: dict[str, Any]
) -> None:
    session.add(
        AppealEvent(
            appeal_id=appeal.id,
            version=appeal.version,
            at=now,
            verb=verb,
            from_state=RAISED,
            to_state=appeal.state,
            person_id=actor.person_id,
            person_name=actor.name,
            note=note,
            detail=detail,
        )
    )
    finding = session.get(Finding, (appeal.tenant_id, appeal.finding_id)) if appeal.finding_id else None
    kind = audit_kind(finding is not None and finding.restricted, "appeal")
    record(session, actor, f"appeal.{verb}", kind, appeal.id, unit=appeal.unit_name, version=appeal.version)
    session.flush()
