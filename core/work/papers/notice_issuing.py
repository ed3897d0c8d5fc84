"""Issuing a notice (发文): checked in full first, its number taken last, so that no number is lost and none is given twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput
from core.work.calendar import deadline_text, local_day
from core.work.dated import valid_on
from core.work.journal import record
from core.work.loop.sight import audit_kind, sees_finding
from core.work.papers.notes import tell
from core.work.papers.notice_kinds import KINDS, REQUEST, NoticeKind
from core.work.papers.notice_moves import ISSUE, ISSUED, ISSUER
from core.work.papers.notice_sight import parties_of
from core.work.roles import ANSWER, DIRECT
from core.work.serials import take_serials_of
from core.work.tables import Finding, Notice, NoticeEvent, NoticeFinding
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit, UnitPath

KIND = "notice"
LONGEST_TITLE, LONGEST_CLAUSE = 100, 200
MOST_FINDINGS = 200  # in one paper (ours)
LONGEST = timedelta(days=366)
TOLD = N_("收到{kind} {number}：{title}")
TOLD_DUE = N_("收到{kind} {number}：{title}，{due} 前答复")


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as somebody asks for it (文书草稿), unchecked. ``due_at`` is by when an answer is asked for.

    ``due_days``: that moment was counted in working days from the issue.
    """

    kind: str
    unit_id: UUID | None
    title: str
    demand: str
    clause: str = ""
    due_at: datetime | None = None
    finding_ids: Sequence[UUID] = ()
    due_days: int | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who stands under the paper (落款): the office and the person; the system has no person."""

    unit_id: UUID | None
    unit_name: str
    actor: Actor | None = None

    @property
    def person(self) -> str:
        """The name below the office's, '' for the system."""
        return self.actor.name if self.actor else ""


def issue(session: Session, actor: Actor, draft: Draft, *, now: datetime) -> Notice:
    """Issue a paper to a unit (发文). The actor directs the unit from above (DIRECT).

    A unit that cannot be ordered gets a letter of request only. Raises Forbidden, InvalidInput with every fault: no such
    unit, no demand, a deadline in the past, a finding that is not there or not to be seen.
    """
    on = local_day(now)
    faults: list[Fault] = []
    kind = _kind(draft, faults)
    unit = find_unit(session, draft.unit_id, on)
    if unit is None:
        value = shown(draft.unit_id or "")
        faults.append(Fault(N_("没有选单位"), "unit", value=value, remedy=N_("请从现有单位中选一个")))
    findings = _findings(session, actor, draft.finding_ids, on, faults)
    restricted = any(finding.restricted for finding in findings)
    if unit is not None and ISSUER not in parties_of(session, actor, unit, restricted, on):
        raise Forbidden(N_("您的岗位不能给这个单位发文；可由上级创建办发出"))
    if unit is not None and kind is not None and kind.orders and not unit.commanded:
        remedy = N_("对不隶属的单位请用商请函")
        faults.append(Fault(N_("指挥部不能指挥这个单位，不能发这种文书"), "kind", value=kind.title_zh, remedy=remedy))
    checked = _texts(draft, kind, now, faults)
    if faults or unit is None or kind is None:
        raise InvalidInput(faults=faults)
    sender = _sender(session, actor, unit, on)
    return put_notice(session, sender, kind, unit, checked, findings, now=now)


def put_notice(
    session: Session,
    sender: Sender,
    kind: NoticeKind,
    unit: Unit,
    draft: Draft,
    findings: Sequence[Finding],
    *,
    now: datetime,
    notice_id: UUID | None = None,
    escalates: UUID | None = None,
) -> Notice:
    """Write a paper that was checked (落笔): its number, its findings, its first line, and a note to the addressee."""
    actor = sender.actor
    year = local_day(now).year
    tenant = int(session.tenant_id)  # type: ignore[attr-defined]  # every session of ours is a ScopedSession
    restricted = any(finding.restricted for finding in findings)
    (serial,) = take_serials_of(session, tenant, kind.series(year, restricted=restricted))
    notice = Notice(id=notice_id or new_id(), kind=kind.code, year=year, serial=serial, escalates_id=escalates)
    notice.number, notice.restricted = kind.number(year, serial, restricted=restricted), restricted
    notice.unit_id, notice.unit_name = unit.id, unit.name
    notice.title, notice.demand, notice.clause, notice.due_at = draft.title, draft.demand, draft.clause, draft.due_at
    notice.due_days = draft.due_days
    notice.issuer_unit_id, notice.issuer, notice.issued_by = sender.unit_id, sender.unit_name, sender.person
    notice.issued_at = notice.changed_at = now
    session.add(notice)
    session.flush()
    _add_first_line(session, notice, sender, findings)
    record(
        session,
        actor,
        "notice.issue",
        audit_kind(notice.restricted, KIND),
        notice.id,
        number=notice.number,
        findings=len(findings),
    )
    session.flush()
    tell_notice(session, notice, TOLD_DUE if notice.due_at else TOLD, now, but=actor.person_id if actor else None)
    return notice


def _add_first_line(session: Session, notice: Notice, sender: Sender, findings: Sequence[Finding]) -> None:
    """What the paper is about, and the line of its issue."""
    key = {"tenant_id": notice.tenant_id, "notice_id": notice.id}
    if findings:
        session.execute(insert(NoticeFinding), [key | {"finding_id": finding.id} for finding in findings])
    line = NoticeEvent(notice_id=notice.id, version=1, at=notice.issued_at, verb=ISSUE, to_state=ISSUED)
    line.person_id = sender.actor.person_id if sender.actor else None
    line.person_name, line.unit_name = sender.person, sender.unit_name
    session.add(line)


def tell_notice(
    session: Session,
    notice: Notice,
    text: str,
    now: datetime,
    *,
    verb: str = ANSWER,
    unit_id: UUID | None = None,
    but: UUID | None = None,
    kind: str = KIND,
) -> int:
    """Leave a note about a notice with the people of its unit, or of another one that it concerns."""
    paper = KINDS[notice.kind]
    params = {"kind": paper.title_zh, "kind_en": paper.title_en.lower(), "number": notice.number, "title": notice.title}
    params |= {"unit": notice.unit_name, "due": deadline_text(notice.due_at) if notice.due_at else ""}
    return tell(
        session,
        unit_ids=[unit_id or notice.unit_id],
        verb=verb,
        kind=kind,
        text=text,
        params=params,
        object_kind=KIND,
        object_id=notice.id,
        now=now,
        restricted=notice.restricted,
        but=but,
    )


def find_unit(session: Session, unit_id: UUID | None, on: date) -> Unit | None:
    """A unit that is there on a day."""
    return session.scalars(select(Unit).where(Unit.id == unit_id, valid_on(Unit, on))).first() if unit_id else None


def _kind(draft: Draft, faults: list[Fault]) -> NoticeKind | None:
    kind = KINDS.get(draft.kind)
    if kind is None:
        params = {"known": ", ".join(KINDS)}
        faults.append(Fault(N_("没有这种文书"), "kind", None, shown(draft.kind), "", N_("可填：{known}"), params))
    return kind


def _texts(draft: Draft, kind: NoticeKind | None, now: datetime, faults: list[Fault]) -> Draft:
    title = read_text(draft.title, "title", faults, LONGEST_TITLE)
    demand = read_text(draft.demand, "demand", faults)
    clause = read_text(draft.clause, "clause", faults, LONGEST_CLAUSE)
    if not title:
        faults.append(Fault(N_("缺少标题"), "title", remedy=N_("请写明是什么事")))
    if not demand:
        faults.append(Fault(N_("缺少要求"), "demand", remedy=N_("请写明要做到什么")))
    if draft.due_at is None and kind is not None and kind.replies:
        faults.append(Fault(N_("缺少期限"), "due_at", remedy=N_("这种文书要写明答复期限")))
    if draft.due_at is not None and not now < draft.due_at <= now + LONGEST:
        value = draft.due_at.isoformat(timespec="minutes")
        faults.append(Fault(N_("期限不对"), "due_at", value=value, remedy=N_("请填现在以后、一年以内的时间")))
    return Draft(draft.kind, draft.unit_id, title, demand, clause, draft.due_at, draft.finding_ids)


def _findings(session: Session, actor: Actor, ids: Iterable[UUID], on: date, faults: list[Fault]) -> Sequence[Finding]:
    """The findings that the paper is about, each one that the actor sees and that is no secret."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_FINDINGS:
        params, remedy = {"most": MOST_FINDINGS}, N_("最多 {most} 件，请分几份发")
        faults.append(Fault(N_("所涉问题过多"), "findings", None, str(len(wanted)), "", remedy, params))
        return ()
    if not wanted:
        return ()
    seen = select(Finding).where(Finding.id.in_(wanted), Finding.hidden.is_(False), sees_finding(actor, on))
    found = {finding.id: finding for finding in session.scalars(seen)}
    missing = [one for one in wanted if one not in found]
    remedy = N_("请从问题清单中选取")
    faults += [Fault(N_("没有这个问题"), "findings", value=str(one), remedy=remedy) for one in missing]
    return [found[one] for one in wanted if one in found]


def _sender(session: Session, actor: Actor, unit: Unit, on: date) -> Sender:
    """The office that issues: of the actor's desks above the unit, the nearest one."""
    row = session.execute(
        select(Unit.id, Unit.name)
        .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.ancestor_id == Unit.id))
        .where(UnitPath.unit_id == unit.id, UnitPath.ancestor_id.in_(actor.roots(DIRECT)), valid_on(UnitPath, on))
        .order_by(UnitPath.depth)
        .limit(1)
    ).one()
    return Sender(row.id, row.name, actor)


__all__ = ["REQUEST", "Draft", "Sender", "find_unit", "issue", "put_notice", "tell_notice"]
