"""Notices as they are worked on (文书办理): read, signed for, answered, checked, cancelled - one guarded UPDATE each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import ZONE, local_day
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.inspection.photos import find_files
from core.work.journal import record
from core.work.loop.sight import audit_kind
from core.work.loop.step_input import MOST_PHOTOS
from core.work.papers.notes import mark_seen
from core.work.papers.notice_issuing import KIND, tell_notice
from core.work.papers.notice_kinds import KINDS, NoticeKind
from core.work.papers.notice_leaving import left_findings
from core.work.papers.notice_moves import (
    ADDRESSEE,
    ISSUED,
    ISSUER,
    MOVES,
    PARTIES,
    STATES,
    NoticeMove,
    allowed,
    fits,
    is_late,
    waits_for,
)
from core.work.papers.notice_sight import parties_of, sees_notice
from core.work.roles import DIRECT
from core.work.tables import Finding, Notice, NoticeEvent, NoticeFinding
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.models import Unit

TOLD: Mapping[str, str] = {
    "reply": N_("{unit} 已答复 {number}，待核查：{title}"),
    "send_back": N_("{number} 的答复未通过，请重新答复：{title}"),
    "close": N_("{number} 已办结：{title}"),
    "cancel": N_("{number} 已撤销：{title}"),
}


@dataclass(frozen=True, slots=True)
class NoticeDetail:
    """Everything on one notice (文书详情). ``others`` counts its findings that the reader does not see.

    ``left`` are the findings that are no longer with the unit, with their way; ``gone``: all of them, so that it is not late.
    """

    notice: Notice
    kind: NoticeKind
    findings: Sequence[FindingRow]
    others: int
    events: Sequence[NoticeEvent]
    parties: frozenset[str]
    allowed: Sequence[NoticeMove]
    overdue: bool
    escalates: Notice | None
    escalated_by: Sequence[Notice]
    left: Mapping[UUID, str]
    gone: bool


def read_notice(session: Session, actor: Actor, notice_id: UUID, *, now: datetime) -> NoticeDetail:
    """One notice within the actor's reach; NotFound otherwise."""
    on = local_day(now)
    notice = _find(session, Notice.id == notice_id, sees_notice(actor, on))
    if notice is None:
        raise NotFound
    kind = KINDS[notice.kind]
    about = select(NoticeFinding.finding_id).where(
        NoticeFinding.tenant_id == notice.tenant_id, NoticeFinding.notice_id == notice.id
    )
    shown_to = base_query(actor, Filter(extra=(Finding.id.in_(about),)), now).order_by(Finding.due_at, Finding.id)
    rows = rows_of(session, session.execute(shown_to).all(), now)
    total = session.scalar(select(func.count()).select_from(about.subquery())) or 0
    events = select(NoticeEvent).where(NoticeEvent.notice_id == notice.id).order_by(NoticeEvent.version)
    parties = _parties(session, actor, notice, now)
    seen = sees_notice(actor, on)
    left = left_findings(session, notice, on)
    gone = bool(total) and len(left) == total
    return NoticeDetail(
        notice=notice,
        kind=kind,
        findings=rows,
        others=total - len(rows),
        events=session.scalars(events).all(),
        parties=parties,
        allowed=allowed(kind, notice.state, parties),
        overdue=is_late(kind, notice.state, notice.due_at, now) and not gone,
        left=left,
        gone=gone and bool(waits_for(kind, notice.state)),
        escalates=_find(session, Notice.id == notice.escalates_id, seen) if notice.escalates_id else None,
        escalated_by=session.scalars(
            select(Notice).where(Notice.escalates_id == notice.id, seen).order_by(Notice.issued_at)
        ).all(),
    )


def open_notice(session: Session, actor: Actor, notice_id: UUID, *, now: datetime) -> NoticeDetail:
    """The same as its addressee opens it: from then on it counts as read (已阅), and so do his notes about it."""
    found = read_notice(session, actor, notice_id, now=now)
    mark_seen(session, actor, KIND, notice_id, now)
    if found.notice.state != ISSUED or ADDRESSEE not in found.parties:
        return found
    if _write(session, actor, found.notice, MOVES["read"], found.notice.version, "", now):
        return read_notice(session, actor, notice_id, now=now)
    session.refresh(found.notice)  # somebody else of the unit opened it at the same moment
    return read_notice(session, actor, notice_id, now=now)


def act(
    session: Session,
    actor: Actor,
    notice_id: UUID,
    verb: str,
    *,
    version: int,
    note: str = "",
    photos: Sequence[str] = (),
    now: datetime,
) -> Notice:
    """Take one step of a notice's life: any verb of MOVES. ``version`` is the one the person saw; a reply takes photos.

    Raises NotFound, Forbidden (not his to do), Stale (somebody was faster), Conflict (its state does not allow it; says what
    is allowed and who may), InvalidInput (no note where one is needed).
    """
    notice = _find(session, Notice.id == notice_id, sees_notice(actor, local_day(now)))
    if notice is None:
        raise NotFound
    move = _move(verb)
    parties = _parties(session, actor, notice, now)
    if notice.version != version:
        raise _stale(session, notice)
    _check(notice, move, parties)
    faults: list[Fault] = []
    text = read_text(note, "note", faults)
    if move.needs_note and not text:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明情况")))
    files = _files(session, move, photos, faults)
    if faults:
        raise InvalidInput(faults=faults)
    if not _write(session, actor, notice, move, version, text, now, files):
        session.refresh(notice)
        raise _stale(session, notice)
    _tell(session, actor, notice, move, now)
    return notice


def _files(session: Session, move: NoticeMove, photos: Sequence[str], faults: list[Fault]) -> list[str]:
    """The ids of the photos that came with a step, as far as it takes any."""
    refs = list(dict.fromkeys(photos)) if move.photos else []
    files = find_files(session, refs)
    remedy = N_("请先上传照片")
    faults += [Fault(N_("没有这张照片"), "photos", None, shown(r), "", remedy) for r in refs if r not in files]
    if len(refs) > MOST_PHOTOS:
        remedy = N_("最多 {most} 张")
        faults.append(Fault(N_("照片过多"), "photos", None, str(len(refs)), "", remedy, {"most": MOST_PHOTOS}))
    return list(dict.fromkeys(str(files[r].id) for r in refs if r in files))


def _find(session: Session, *wanted: Any) -> Notice | None:
    return session.scalars(select(Notice).where(*wanted), execution_options={"populate_existing": True}).first()


def _move(verb: str) -> NoticeMove:
    move = MOVES.get(verb)
    if move is None:
        params = {"known": ", ".join(MOVES)}
        raise InvalidInput(
            faults=[Fault(N_("没有这种办理"), "verb", None, shown(verb), "", N_("可填：{known}"), params)]
        )
    return move


def _parties(session: Session, actor: Actor, notice: Notice, now: datetime) -> frozenset[str]:
    unit = session.get(Unit, (notice.tenant_id, notice.unit_id))
    return frozenset() if unit is None else parties_of(session, actor, unit, notice.restricted, local_day(now))


def _check(notice: Notice, move: NoticeMove, parties: frozenset[str]) -> None:
    """Refuse what is not his, or what the state does not allow, with what is allowed now and who may."""
    if move.by not in parties:
        who = PARTIES[move.by][0]
        raise Forbidden(N_("您的岗位不能对这份文书办理“{verb}”；可由{who}办理"), verb=move.title_zh, who=who)
    kind = KINDS[notice.kind]
    if fits(move, kind, notice.state):
        return
    facts: dict[str, Any] = {"state": STATES[notice.state][0], "verb": move.title_zh}
    may = "、".join(one.title_zh for one in allowed(kind, notice.state, parties))
    if may:
        raise Conflict(N_("文书目前是“{state}”，不能办理“{verb}”；您现在可以办理：{may}"), may=may, **facts)
    waited = waits_for(kind, notice.state)
    if waited:
        who = PARTIES[waited][0]
        raise Conflict(N_("文书目前是“{state}”，不能办理“{verb}”；现在由{who}办理"), who=who, **facts)
    raise Conflict(N_("文书目前是“{state}”，不能办理“{verb}”"), **facts)


def _write(
    session: Session,
    actor: Actor,
    notice: Notice,
    move: NoticeMove,
    version: int,
    note: str,
    now: datetime,
    files: Sequence[str] = (),
) -> bool:
    """The guarded UPDATE and its line; False when somebody was faster."""
    before = notice.state
    done = session.execute(
        update(Notice)
        .where(
            Notice.tenant_id == notice.tenant_id,
            Notice.id == notice.id,
            Notice.version == version,
            Notice.state == before,
        )
        .values(state=move.to_state, version=version + 1, changed_at=now)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    if done.first() is None:
        return False
    session.refresh(notice)
    line = NoticeEvent(notice_id=notice.id, version=notice.version, at=now, verb=move.verb, note=note)
    line.from_state, line.to_state = before, move.to_state
    line.person_id, line.person_name = actor.person_id, actor.name
    line.photos = list(files)
    line.unit_name = notice.unit_name if move.by == ADDRESSEE else notice.issuer
    session.add(line)
    record(
        session,
        actor,
        f"notice.{move.verb}",
        audit_kind(notice.restricted, KIND),
        notice.id,
        number=notice.number,
        version=notice.version,
    )
    session.flush()
    return True


def _tell(session: Session, actor: Actor, notice: Notice, move: NoticeMove, now: datetime) -> None:
    """Tell the other side: the issuer of an answer, the addressee of everything else."""
    text = TOLD.get(move.verb)
    if text is None:
        return
    if move.by == ISSUER:
        tell_notice(session, notice, text, now, but=actor.person_id)
    else:
        tell_notice(session, notice, text, now, verb=DIRECT, unit_id=notice.issuer_unit_id, but=actor.person_id)


def _stale(session: Session, notice: Notice) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    query = select(NoticeEvent).where(NoticeEvent.notice_id == notice.id)
    last = session.scalars(query.order_by(NoticeEvent.version.desc()).limit(1)).one()
    return Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=" ".join(filter(None, (last.unit_name, last.person_name))) or N_("系统"),
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[notice.state][0],
        version=notice.version,
    )
