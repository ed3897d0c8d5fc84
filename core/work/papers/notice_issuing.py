"""Issuing a notice (发文): checked in full first, its number taken last, so that no number is lost and none is given twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select
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
from core.work.tables import Finding, Notice, NoticeAddressee, NoticeEvent, NoticeFinding
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit, UnitPath

KIND = "notice"
LONGEST_TITLE, LONGEST_CLAUSE = 100, 200
MOST_FINDINGS = 200  # in one paper (ours)
MOST_UNITS = 200  # on one paper (ours)
NAMED = 3  # as many units stand in a note by name (ours)
LONGEST = timedelta(days=366)
TOLD = N_("收到{kind} {number}：{title}")
TOLD_DUE = N_("收到{kind} {number}：{title}，{due} 前答复")


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as somebody asks for it (文书草稿), unchecked. ``due_at`` is by when an answer is asked for.

    ``unit_id`` is the first addressee, ``further`` are the others in the paper's order. ``due_days``: that moment was counted in working days from the issue.
    """

    kind: str
    unit_id: UUID | None
    title: str
    demand: str
    clause: str = ""
    due_at: datetime | None = None
    finding_ids: Sequence[UUID] = ()
    due_days: int | None = None
    further: Sequence[UUID] = ()

    @property
    def unit_ids(self) -> list[UUID]:
        """All addressees in the paper's order, each once."""
        return list(dict.fromkeys(one for one in (self.unit_id, *self.further) if one is not None))


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
    """Issue a paper to one or several units under one number (发文). The actor directs each from above (DIRECT).

    A unit that cannot be ordered gets a letter of request only. Raises Forbidden, InvalidInput with every fault: no such
    unit, no demand, a deadline in the past, a finding that is not there or not to be seen.
    """
    on = local_day(now)
    faults: list[Fault] = []
    kind = _kind(draft, faults)
    units = _units(session, draft, on, faults)
    findings = _findings(session, actor, draft.finding_ids, on, faults)
    restricted = any(finding.restricted for finding in findings)
    parties = parties_of(session, actor, [unit.id for unit in units], restricted, on)
    if any(ISSUER not in parties[unit.id] for unit in units):
        raise Forbidden(N_("您的岗位不能给这个单位发文；可由上级创建办发出"))
    if kind is not None and kind.orders:
        text, remedy = N_("指挥部不能指挥这个单位，不能发这种文书"), N_("对不隶属的单位请用商请函")
        faults += [Fault(text, "kind", value=unit.name, remedy=remedy) for unit in units if not unit.commanded]
    checked = _texts(draft, kind, now, faults)
    if faults or not units or kind is None:
        raise InvalidInput(faults=faults)
    sender = _sender(session, actor, units, on)
    return put_notice(session, sender, kind, units, checked, findings, now=now)


def put_notice(
    session: Session,
    sender: Sender,
    kind: NoticeKind,
    units: Sequence[Unit],
    draft: Draft,
    findings: Sequence[Finding],
    *,
    now: datetime,
    notice_id: UUID | None = None,
    escalates: UUID | None = None,
) -> Notice:
    """Write a paper that was checked (落笔): its number, its addressees and findings, its first line, and a note to each addressee."""
    actor = sender.actor
    year = local_day(now).year
    tenant = int(session.tenant_id)  # type: ignore[attr-defined]  # every session of ours is a ScopedSession
    restricted = any(finding.restricted for finding in findings)
    (serial,) = take_serials_of(session, tenant, kind.series(year, restricted=restricted))
    notice = Notice(id=notice_id or new_id(), kind=kind.code, year=year, serial=serial, escalates_id=escalates)
    notice.number, notice.restricted = kind.number(year, serial, restricted=restricted), restricted
    notice.unit_id, notice.unit_name = units[0].id, units[0].name
    notice.title, notice.demand, notice.clause, notice.due_at = draft.title, draft.demand, draft.clause, draft.due_at
    notice.due_days = draft.due_days
    notice.issuer_unit_id, notice.issuer, notice.issued_by = sender.unit_id, sender.unit_name, sender.person
    notice.issued_at = notice.changed_at = now
    session.add(notice)
    session.flush()
    _add_addressees(session, notice, units)
    _add_first_line(session, notice, sender, findings)
    record(
        session,
        actor,
        "notice.issue",
        audit_kind(notice.restricted, KIND),
        notice.id,
        number=notice.number,
        findings=len(findings),
        units=len(units),
    )
    session.flush()
    told = {unit.id: unit.name for unit in units}
    text = TOLD_DUE if notice.due_at else TOLD
    tell_notice(session, notice, text, now, told, but=actor.person_id if actor else None)
    return notice


def _add_addressees(session: Session, notice: Notice, units: Sequence[Unit]) -> None:
    """To whom the paper goes, in its order."""
    key = {"tenant_id": notice.tenant_id, "notice_id": notice.id, "state": ISSUED, "version": 1}
    rows = [key | {"unit_id": unit.id, "unit_name": unit.name, "position": n} for n, unit in enumerate(units, start=1)]
    session.execute(insert(NoticeAddressee), rows)


def _add_first_line(session: Session, notice: Notice, sender: Sender, findings: Sequence[Finding]) -> None:
    """What the paper is about, and the line of its issue."""
    key = {"tenant_id": notice.tenant_id, "notice_id": notice.id}
    if findings:
        session.execute(insert(NoticeFinding), [key | {"finding_id": one.id, "state": one.state} for one in findings])
    line = NoticeEvent(notice_id=notice.id, version=1, at=notice.issued_at, verb=ISSUE, to_state=ISSUED)
    line.person_id = sender.actor.person_id if sender.actor else None
    line.person_name, line.unit_name = sender.person, sender.unit_name
    session.add(line)


def tell_notice(
    session: Session,
    notice: Notice,
    text: str,
    now: datetime,
    units: Mapping[UUID, str],
    *,
    verb: str = ANSWER,
    office: UUID | None = None,
    but: UUID | None = None,
    kind: str = KIND,
) -> int:
    """Leave a note about a notice with the people of some addressees (id -> name), or of the ``office`` that it concerns.

    The names of the units stand in the text.
    """
    paper = KINDS[notice.kind]
    params = {"kind": paper.title_zh, "kind_en": paper.title_en.lower(), "number": notice.number, "title": notice.title}
    params |= named(units.values()) | {"due": deadline_text(notice.due_at) if notice.due_at else ""}
    return tell(
        session,
        unit_ids=[office] if office else list(units),
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


def named(names: Iterable[str]) -> dict[str, str]:
    """Some units as one value of a text, in both languages: all of few, of many the first and the number."""
    said = list(names)
    if len(said) <= NAMED:
        return {"unit": "、".join(said), "unit_en": ", ".join(said)}
    return {"unit": f"{said[0]}等{len(said)}个单位", "unit_en": f"{said[0]} and {len(said) - 1} more units"}


def _units(session: Session, draft: Draft, on: date, faults: list[Fault]) -> list[Unit]:
    """The addressees that are there on a day, in the paper's order."""
    wanted = draft.unit_ids
    if len(wanted) > MOST_UNITS:
        params, remedy = {"most": MOST_UNITS}, N_("最多 {most} 个，请分几份发")
        faults.append(Fault(N_("收文单位过多"), "unit", None, str(len(wanted)), "", remedy, params))
        return []
    found = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted), valid_on(Unit, on)))}
    remedy = N_("请从现有单位中选一个")
    missing = [str(one) for one in wanted if one not in found] or ([] if wanted else [""])
    faults += [Fault(N_("没有选单位"), "unit", value=shown(one), remedy=remedy) for one in missing]
    return [found[one] for one in wanted if one in found]


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
    return replace(draft, title=title, demand=demand, clause=clause)


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


def _sender(session: Session, actor: Actor, units: Sequence[Unit], on: date) -> Sender:
    """The office that issues: of the actor's desks, the nearest one that stands above every addressee, else the highest."""
    covered = func.count()
    row = session.execute(
        select(Unit.id, Unit.name)
        .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.ancestor_id == Unit.id))
        .where(
            UnitPath.unit_id.in_([unit.id for unit in units]),
            UnitPath.ancestor_id.in_(actor.roots(DIRECT)),
            valid_on(UnitPath, on),
        )
        .group_by(Unit.id, Unit.name)
        .order_by(covered.desc(), func.max(UnitPath.depth))
        .limit(1)
    ).one()
    return Sender(row.id, row.name, actor)


__all__ = ["REQUEST", "Draft", "Sender", "issue", "put_notice", "tell_notice"]
