"""The ledger (台账): the one place where a finding changes - one guarded UPDATE and one line of history, or nothing.

The expected version stands in the UPDATE's WHERE clause: of two who act at the same moment one wins, and the other is
told by whom and when it was changed. A naive read-then-write closed 88 of 100 findings twice (design 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.bulk import insert_rows
from core.work.calendar import ZONE, load_calendar, local_day
from core.work.journal import record
from core.work.photos import find_files
from core.work.sight import sees_finding
from core.work.standing import standing_of
from core.work.tables import Attachment, File, Finding, FindingEvent
from core.work.transitions import (
    ANOTHER,
    CLOSE,
    OUTCOMES,
    REOPEN,
    REPLY,
    SEND_BACK,
    STATES,
    TRANSITIONS,
    Standing,
    Transition,
    allowed,
)
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.db import now as server_now
from tenants.models import Unit

MOST_PHOTOS = 20  # with one step (ours)


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a step (办理内容), checked: the note, the photos' files, the outcome."""

    note: str
    files: tuple[File, ...]
    outcome: str | None


def act(
    session: Session,
    actor: Actor,
    finding_id: UUID,
    verb: str,
    *,
    version: int,
    note: str = "",
    photos: Sequence[str] = (),
    outcome: str | None = None,
    now: datetime | None = None,
) -> Finding:
    """Take one step of a finding's life: take, answer, close, send_back, reopen.

    ``version`` is the one the person saw, ``photos`` are file ids or SHA-256, ``outcome`` a key of OUTCOMES. Raises
    NotFound (out of reach), Forbidden (not his to do, or his own unit's work), Stale (somebody was faster), Conflict (the
    state does not allow it), InvalidInput (what the step needs is missing).
    """
    moment = now or server_now()
    finding = _find(session, actor, finding_id, moment)
    step = _step(verb)
    _check_person(step, standing_of(session, actor, finding, local_day(moment)))
    if finding.version != version:
        raise _stale(session, finding)
    if finding.state not in step.from_states:
        title = STATES[finding.state].title_zh
        raise Conflict(N_("问题目前是“{state}”，不能办理“{verb}”"), state=title, verb=step.title_zh)
    given = _check_given(session, step, note, photos, outcome)
    changed = {**_changes(session, finding, step, given, moment), "changed_at": moment}
    if not _update(session, actor, finding, version, changed):
        session.refresh(finding)
        raise _stale(session, finding)
    before = finding.state
    session.refresh(finding)
    _add_event(session, actor, finding, step, before, given, moment)
    record(session, actor, f"finding.{verb}", "finding", finding.id, number=finding.number, version=finding.version)
    session.flush()
    return finding


def steps_for(session: Session, actor: Actor, finding: Finding, now: datetime | None = None) -> list[Transition]:
    """The steps that the person may take at this finding now, for buttons and the API."""
    return allowed(finding.state, standing_of(session, actor, finding, local_day(now or server_now())))


def _find(session: Session, actor: Actor, finding_id: UUID, now: datetime) -> Finding:
    """The finding as it is in the database now, when the actor may see it."""
    query = select(Finding).where(Finding.id == finding_id, sees_finding(actor, local_day(now)))
    finding = session.scalars(query, execution_options={"populate_existing": True}).first()
    if finding is None:
        raise NotFound
    return finding


def _step(verb: str) -> Transition:
    step = TRANSITIONS.get(verb)
    if step is None:
        remedy = N_("可用：{verbs}")
        fault = Fault(N_("没有这种办理"), "verb", None, shown(verb), "", remedy, {"verbs": ", ".join(TRANSITIONS)})
        raise InvalidInput(faults=[fault])
    return step


def _check_person(step: Transition, standing: Standing) -> None:
    if standing.permits(step):
        return
    if step.by == ANOTHER and standing.checks:
        raise Forbidden(standing.own)
    raise Forbidden(N_("您的岗位不能对这个问题办理“{verb}”"), verb=step.title_zh)


def _stale(session: Session, finding: Finding) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    last = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version.desc()).limit(1)
    ).one()
    return Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=" ".join(filter(None, (last.unit_name, last.person_name))),
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[finding.state].title_zh,
        state_code=finding.state,
        version=finding.version,
    )


def _check_given(session: Session, step: Transition, note: str, photos: Sequence[str], outcome: str | None) -> Given:
    """What the step needs and got. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    clean = read_text(note, "note", faults)
    refs = list(dict.fromkeys(str(ref) for ref in photos))
    files = find_files(session, refs)
    remedy = N_("请先上传照片")
    faults += [Fault(N_("没有这张照片"), "photos", None, shown(r), "", remedy) for r in refs if r not in files]
    if step.needs_photo and not refs:
        faults.append(Fault(N_("缺少整改后的照片"), "photos", remedy=N_("请至少附一张照片")))
    if len(refs) > MOST_PHOTOS:
        remedy = N_("最多 {most} 张")
        faults.append(Fault(N_("照片过多"), "photos", None, str(len(refs)), "", remedy, {"most": MOST_PHOTOS}))
    said = outcome or None
    if step.needs_outcome and said not in OUTCOMES:
        remedy = N_("可填：{outcomes}")
        params = {"outcomes": ", ".join(OUTCOMES)}
        faults.append(Fault(N_("请选择销号结论"), "outcome", None, shown(outcome or ""), "", remedy, params))
    if not clean and (step.needs_note or (step.needs_outcome and said in OUTCOMES and OUTCOMES[said].needs_note)):
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明理由")))
    if faults:
        raise InvalidInput(faults=faults)
    return Given(clean, tuple({files[r].id: files[r] for r in refs}.values()), said if step.needs_outcome else None)


def _changes(session: Session, finding: Finding, step: Transition, given: Given, now: datetime) -> Mapping[str, Any]:
    """The columns that a step changes besides state, version and time."""
    if step.verb == REPLY:
        return {"state": step.to_state, "answered_at": now}
    if step.verb == CLOSE:
        return {"state": step.to_state, "closed_at": now, "outcome": given.outcome}
    if step.verb == SEND_BACK:
        return {"state": step.to_state, "answered_at": None}
    if step.verb == REOPEN:
        due = load_calendar(session, now).add_working_days(now, finding.working_days)
        cleared = {"answered_at": None, "closed_at": None, "outcome": None}
        return {"state": step.to_state, "reopened": finding.reopened + 1, "due_at": due} | cleared
    return {"state": step.to_state}


def _update(session: Session, actor: Actor, finding: Finding, version: int, changed: Mapping[str, Any]) -> bool:
    """The guarded UPDATE; False when version or state are no longer what they were."""
    done = session.execute(
        update(Finding)
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.id == finding.id,
            Finding.version == version,
            Finding.state == finding.state,
        )
        .values(**changed, version=version + 1)
        .returning(Finding.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def _add_event(
    session: Session,
    actor: Actor,
    finding: Finding,
    step: Transition,
    before: str,
    given: Given,
    now: datetime,
) -> None:
    """The line of history, with the photos beside it."""
    unit_id = min(actor.roots(step.permission), default=None)
    unit_name = session.scalar(select(Unit.name).where(Unit.id == unit_id)) if unit_id else ""
    detail: dict[str, Any] = {"photos": [str(f.id) for f in given.files]} if given.files else {}
    if given.outcome:
        detail["outcome"] = given.outcome
    if step.new_deadline:
        detail["due_at"] = finding.due_at.isoformat()
    session.add(
        FindingEvent(
            finding_id=finding.id,
            version=finding.version,
            at=now,
            verb=step.verb,
            from_state=before,
            to_state=finding.state,
            person_id=actor.person_id,
            person_name=actor.name,
            unit_id=unit_id,
            unit_name=unit_name or "",
            note=given.note,
            detail=detail,
            hidden=finding.hidden,
        )
    )
    key = {"finding_id": finding.id, "version": finding.version, "created_at": now, "hidden": finding.hidden}
    insert_rows(session, actor, Attachment, [key | {"id": new_id(), "file_id": f.id} for f in given.files])
