"""Notices as they are worked on (文书办理): read, signed for, answered, checked by each addressee; cancelled as a whole.

One step at a time: the notice's row is locked, the addressee's is changed if nobody else changed it, and the paper follows.
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
from core.work.calendar import ZONE, local_day
from core.work.inspection.photos import find_files
from core.work.journal import record
from core.work.loop.sight import audit_kind
from core.work.loop.step_input import MOST_PHOTOS
from core.work.papers.notes import mark_seen
from core.work.papers.notice_issuing import KIND, tell_notice
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_moves import (
    ADDRESSEE,
    CANCELLED,
    ISSUED,
    MOVES,
    PARTIES,
    READ,
    REPLIED,
    SIGNED,
    STATES,
    NoticeMove,
    fits,
    state_of,
    waits_for,
)
from core.work.papers.notice_reading import (
    NoticeDetail,
    Standing,
    find_notice,
    moves_of,
    read_notice,
    standings,
)
from core.work.papers.notice_sight import sees_notice
from core.work.roles import DIRECT
from core.work.tables import Notice, NoticeAddressee, NoticeEvent
from core.work.wording import read_text, shown
from tenants.access import Actor

TOLD: Mapping[str, str] = {
    "reply": N_("{unit} 已答复 {number}，待核查：{title}"),
    "send_back": N_("{number} 的答复未通过，请重新答复：{title}"),
    "close": N_("{number} 已办结：{title}"),
    "cancel": N_("{number} 已撤销：{title}"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was checked (办理): to one addressee, or to the whole paper when ``unit`` is None."""

    move: NoticeMove
    unit: NoticeAddressee | None
    version: int
    note: str = ""
    files: Sequence[str] = ()


def open_notice(session: Session, actor: Actor, notice_id: UUID, *, now: datetime) -> NoticeDetail:
    """The same as its addressee opens it: from then on it counts as read (已阅) by his units, and so do his notes about it."""
    found = read_notice(session, actor, notice_id, now=now)
    mark_seen(session, actor, KIND, notice_id, now)
    unread = [one.row for one in found.addressees if one.mine and one.row.state == ISSUED]
    for row in unread:  # false when somebody else of the unit opened it at the same moment: then it is read too
        _write(session, actor, found.notice, Step(MOVES["read"], row, found.notice.version), now)
    return read_notice(session, actor, notice_id, now=now) if unread else found


def act(
    session: Session,
    actor: Actor,
    notice_id: UUID,
    verb: str,
    *,
    version: int,
    note: str = "",
    photos: Sequence[str] = (),
    unit_id: UUID | None = None,
    now: datetime,
) -> Notice:
    """Take one step of a notice's life: any verb of MOVES. ``version`` is the one the person saw; a reply takes photos.

    ``unit_id`` is the addressee whose step it is; it may be left out where only one can be meant. Raises NotFound, Forbidden
    (not his to do), Stale (somebody was faster with this addressee), Conflict (its state does not allow it; says what is
    allowed and who may), InvalidInput (no note where one is needed, or several units can be meant).
    """
    notice = find_notice(session, Notice.id == notice_id, sees_notice(actor, local_day(now)))
    if notice is None:
        raise NotFound
    move = _move(verb)
    units = standings(session, actor, notice, now=now)
    unit = None if move.whole else _chosen(units, move, unit_id)
    _check_party(move, units, unit)
    if not _unchanged(notice, unit.row if unit else None, version):
        raise _stale(session, notice, unit.row if unit else None)
    _check_state(notice, move, units, unit)
    faults: list[Fault] = []
    text = read_text(note, "note", faults)
    if move.needs_note and not text:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明情况")))
    files = _files(session, move, photos, faults)
    if faults:
        raise InvalidInput(faults=faults)
    step = Step(move, unit.row if unit else None, version, text, files)
    if not _write(session, actor, notice, step, now):
        raise _stale(session, notice, step.unit)
    _tell(session, actor, notice, step, units, now)
    return notice


def _chosen(units: Sequence[Standing], move: NoticeMove, unit_id: UUID | None) -> Standing:
    """The addressee that a step is meant for: the one named, or the only one that it can be."""
    if unit_id is not None:
        named = [one for one in units if one.row.unit_id == unit_id]
        if not named:
            remedy = N_("请从收文单位中选一个")
            raise InvalidInput(faults=[Fault(N_("文书没有发给这个单位"), "unit", value=str(unit_id), remedy=remedy)])
        return named[0]
    live = [one for one in units if one.row.state != CANCELLED] or units
    his = [one for one in live if move.by in one.parties]
    if len(his) > 1:
        raise InvalidInput(faults=[Fault(N_("没有选单位"), "unit", remedy=N_("请指明是哪个收文单位"))])
    return (his or units)[0]


def _unchanged(notice: Notice, row: NoticeAddressee | None, version: int) -> bool:
    """Whether what the person saw still stands: nobody did anything to this addressee since (of the whole paper: at all)."""
    return version == notice.version if row is None else row.version <= version <= notice.version


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


def _move(verb: str) -> NoticeMove:
    move = MOVES.get(verb)
    if move is None:
        params = {"known": ", ".join(MOVES)}
        raise InvalidInput(
            faults=[Fault(N_("没有这种办理"), "verb", None, shown(verb), "", N_("可填：{known}"), params)]
        )
    return move


def _check_party(move: NoticeMove, units: Sequence[Standing], unit: Standing | None) -> None:
    """Refuse what is not his to do, with who may."""
    his = move.by in unit.parties if unit else all(move.by in one.parties for one in units)
    if not his:
        who = PARTIES[move.by][0]
        raise Forbidden(N_("您的岗位不能对这份文书办理“{verb}”；可由{who}办理"), verb=move.title_zh, who=who)


def _check_state(notice: Notice, move: NoticeMove, units: Sequence[Standing], unit: Standing | None) -> None:
    """Refuse what the state does not allow, with what is allowed now, or who must act first."""
    kind, state = KINDS[notice.kind], unit.row.state if unit else notice.state
    if fits(move, kind, state):
        return
    facts: dict[str, Any] = {"state": STATES[state][0], "verb": move.title_zh}
    may = "、".join(one.title_zh for one in moves_of(notice, [unit] if unit else units))
    if may:
        raise Conflict(N_("文书目前是“{state}”，不能办理“{verb}”；您现在可以办理：{may}"), may=may, **facts)
    waited = waits_for(kind, state)
    if waited:
        who = PARTIES[waited][0]
        raise Conflict(N_("文书目前是“{state}”，不能办理“{verb}”；现在由{who}办理"), who=who, **facts)
    raise Conflict(N_("文书目前是“{state}”，不能办理“{verb}”"), **facts)


def _write(session: Session, actor: Actor, notice: Notice, step: Step, now: datetime) -> bool:
    """The step and its line, under the notice's lock; False, and nothing written, when somebody was faster."""
    session.refresh(notice, with_for_update=True)
    if step.unit is not None:
        session.refresh(step.unit)
    before = step.unit.state if step.unit else notice.state
    if not _unchanged(notice, step.unit, step.version) or before not in step.move.from_states:
        return False
    rows = NoticeAddressee.tenant_id == notice.tenant_id, NoticeAddressee.notice_id == notice.id
    one = () if step.unit is None else (NoticeAddressee.unit_id == step.unit.unit_id,)
    values = {"state": step.move.to_state, "version": notice.version + 1} | _moments(step, now)
    put = update(NoticeAddressee).where(*rows, *one).values(values)
    session.execute(put.execution_options(synchronize_session=False))
    states = session.scalars(select(NoticeAddressee.state).where(*rows)).all()
    notice.state, notice.version, notice.changed_at = state_of(states), notice.version + 1, now
    if step.unit is not None:
        session.refresh(step.unit)
    _add_line(session, actor, notice, step, before, now)
    return True


def _moments(step: Step, now: datetime) -> dict[str, datetime | None]:
    """When the addressee read, signed and answered; an answer without a signature is one too."""
    row, to = step.unit, step.move.to_state
    if row is None:
        return {}
    found: dict[str, datetime | None] = {}
    if to in (READ, SIGNED, REPLIED) and row.read_at is None:
        found["read_at"] = now
    if to in (SIGNED, REPLIED) and row.signed_at is None:
        found["signed_at"] = now
    if to in (SIGNED, REPLIED):
        found["replied_at"] = now if to == REPLIED else None
    return found


def _add_line(session: Session, actor: Actor, notice: Notice, step: Step, before: str, now: datetime) -> None:
    """The line of history and the audit line of a step."""
    move, row = step.move, step.unit
    line = NoticeEvent(notice_id=notice.id, version=notice.version, at=now, verb=move.verb, note=step.note)
    line.from_state, line.to_state = before, move.to_state
    line.person_id, line.person_name = actor.person_id, actor.name
    line.unit_id, line.photos = row.unit_id if row else None, list(step.files)
    line.unit_name = row.unit_name if row and move.by == ADDRESSEE else notice.issuer
    session.add(line)
    session.flush()
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


def _tell(session: Session, actor: Actor, notice: Notice, step: Step, units: Sequence[Standing], now: datetime) -> None:
    """Tell the other side: the issuer of an answer, the addressee of everything else."""
    text = TOLD.get(step.move.verb)
    if text is None:
        return
    rows = [step.unit] if step.unit else [one.row for one in units]
    office = notice.issuer_unit_id if step.move.by == ADDRESSEE else None
    told = {row.unit_id: row.unit_name for row in rows}
    verb = {"verb": DIRECT} if step.move.by == ADDRESSEE else {}
    tell_notice(session, notice, text, now, told, office=office, but=actor.person_id, **verb)


def _stale(session: Session, notice: Notice, row: NoticeAddressee | None) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    session.refresh(notice)
    query = select(NoticeEvent).where(NoticeEvent.notice_id == notice.id)
    if row is not None:
        session.refresh(row)
        query = query.where(NoticeEvent.version == row.version)
    last = session.scalars(query.order_by(NoticeEvent.version.desc()).limit(1)).one()
    return Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=" ".join(filter(None, (last.unit_name, last.person_name))) or N_("系统"),
        when=last.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[row.state if row else notice.state][0],
        version=notice.version,
    )


__all__ = ["NoticeDetail", "act", "open_notice", "read_notice"]
