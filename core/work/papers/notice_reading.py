"""Reading one notice (文书详情): its addressees with what the reader may do to each, its findings by unit, its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.papers.notice_kinds import KINDS, NoticeKind
from core.work.papers.notice_leaving import left_findings
from core.work.papers.notice_moves import ADDRESSEE, MOVES, NoticeMove, allowed, fits, is_late, waits_for
from core.work.papers.notice_sight import parties_of, sees_notice, sees_step
from core.work.tables import Finding, Notice, NoticeAddressee, NoticeEvent, NoticeFinding
from tenants.access import Actor
from tenants.models import UnitPath


@dataclass(frozen=True, slots=True)
class Standing:
    """An addressee as the reader finds it (主送单位办理情况): how far it is, what the reader is to it and may do now."""

    row: NoticeAddressee
    parties: frozenset[str]
    allowed: Sequence[NoticeMove]
    overdue: bool

    @property
    def mine(self) -> bool:
        """Whether the reader answers for the unit."""
        return ADDRESSEE in self.parties


@dataclass(frozen=True, slots=True)
class NoticeDetail:
    """Everything on one notice (文书详情). ``others`` counts its findings that the reader does not see.

    ``left`` are the findings that are no longer with the units, with their way; ``gone``: all of them, so that it is not late.
    ``at_issue`` says in which state a finding was when the paper was issued, ``unit_of`` which addressee leads it.
    """

    notice: Notice
    kind: NoticeKind
    findings: Sequence[FindingRow]
    others: int
    events: Sequence[NoticeEvent]
    addressees: Sequence[Standing]
    parties: frozenset[str]
    allowed: Sequence[NoticeMove]
    overdue: bool
    escalates: Notice | None
    escalated_by: Sequence[Notice]
    left: Mapping[UUID, str]
    gone: bool
    at_issue: Mapping[UUID, str | None]
    unit_of: Mapping[UUID, UUID]


def read_notice(session: Session, actor: Actor, notice_id: UUID, *, now: datetime) -> NoticeDetail:
    """One notice within the actor's reach; NotFound otherwise."""
    on = local_day(now)
    seen = sees_notice(actor, on)
    notice = find_notice(session, Notice.id == notice_id, seen)
    if notice is None:
        raise NotFound
    kind = KINDS[notice.kind]
    named = select(NoticeFinding.finding_id, NoticeFinding.state).where(NoticeFinding.notice_id == notice.id)
    at_issue: dict[UUID, str | None] = dict(session.execute(named).all())
    findings = _findings(session, actor, at_issue, now)
    left = left_findings(session, notice, on)
    gone = bool(at_issue) and len(left) == len(at_issue)
    units = standings(session, actor, notice, now=now, gone=gone)
    return NoticeDetail(
        notice=notice,
        kind=kind,
        findings=findings,
        others=len(at_issue) - len(findings),
        events=_events(session, actor, notice, on),
        addressees=units,
        parties=frozenset[str]().union(*(one.parties for one in units)),
        allowed=moves_of(notice, units),
        overdue=is_late(kind, notice.state, notice.due_at, now) and not gone,
        left=left,
        gone=gone and bool(waits_for(kind, notice.state)),
        escalates=find_notice(session, Notice.id == notice.escalates_id, seen) if notice.escalates_id else None,
        escalated_by=session.scalars(
            select(Notice).where(Notice.escalates_id == notice.id, seen).order_by(Notice.issued_at)
        ).all(),
        at_issue={row.id: at_issue[row.id] for row in findings},
        unit_of=_unit_of(session, findings, [one.row.unit_id for one in units], on),
    )


def find_notice(session: Session, *wanted: Any) -> Notice | None:
    """A notice as it stands in the database now."""
    return session.scalars(select(Notice).where(*wanted), execution_options={"populate_existing": True}).first()


def standings(
    session: Session, actor: Actor, notice: Notice, *, now: datetime, gone: bool = False
) -> Sequence[Standing]:
    """The addressees in the paper's order, with what the actor is to each and may do."""
    query = select(NoticeAddressee).where(NoticeAddressee.notice_id == notice.id)
    ordered = query.order_by(NoticeAddressee.position, NoticeAddressee.unit_id)
    rows = session.scalars(ordered, execution_options={"populate_existing": True}).all()
    parties = parties_of(session, actor, [row.unit_id for row in rows], notice.restricted, local_day(now))
    kind = KINDS[notice.kind]
    return [
        Standing(
            row,
            parties[row.unit_id],
            [move for move in allowed(kind, row.state, parties[row.unit_id]) if not move.whole],
            is_late(kind, row.state, notice.due_at, now) and not gone,
        )
        for row in rows
    ]


def moves_of(notice: Notice, units: Sequence[Standing]) -> Sequence[NoticeMove]:
    """The steps that somebody may take now, to one of the addressees or to the whole paper, in the table's order."""
    single = {move.verb for one in units for move in one.allowed}
    return [move for move in MOVES.values() if move.verb in single or (move.whole and may_whole(move, notice, units))]


def may_whole(move: NoticeMove, notice: Notice, units: Sequence[Standing]) -> bool:
    """Whether a step about the whole paper may be taken: its issuer is who directs every addressee."""
    return fits(move, KINDS[notice.kind], notice.state) and all(move.by in one.parties for one in units)


def _findings(session: Session, actor: Actor, ids: Collection[UUID], now: datetime) -> list[FindingRow]:
    """Of some findings those that the actor sees, the most urgent first."""
    if not ids:
        return []
    shown = base_query(actor, Filter(extra=(Finding.id.in_(ids),)), now).order_by(Finding.due_at, Finding.id)
    return rows_of(session, session.execute(shown).all(), now)


def _events(session: Session, actor: Actor, notice: Notice, on: date) -> Sequence[NoticeEvent]:
    """What was done, as far as it concerns the actor: the whole paper's steps, and those of the units in his reach."""
    query = (
        select(NoticeEvent)
        .join(Notice, (Notice.tenant_id == NoticeEvent.tenant_id) & (Notice.id == NoticeEvent.notice_id))
        .where(NoticeEvent.notice_id == notice.id, sees_step(actor, on))
    )
    return session.scalars(query.order_by(NoticeEvent.version)).all()


def _unit_of(session: Session, findings: Sequence[FindingRow], units: Sequence[UUID], on: date) -> dict[UUID, UUID]:
    """Under which addressee each finding stands: the one that leads it or is nearest above its leading unit, if one is."""
    if len(units) == 1:
        return {row.id: units[0] for row in findings}
    leads = {row.id: row.lead.unit_id for row in findings if row.lead}
    query = (
        select(UnitPath.unit_id, UnitPath.ancestor_id)
        .where(UnitPath.unit_id.in_(set(leads.values())), UnitPath.ancestor_id.in_(units), valid_on(UnitPath, on))
        .order_by(UnitPath.depth.desc())
    )
    nearest: dict[UUID, UUID] = dict(session.execute(query).all()) if leads else {}
    return {finding_id: nearest[unit_id] for finding_id, unit_id in leads.items() if unit_id in nearest}


__all__ = ["NoticeDetail", "Standing", "find_notice", "may_whole", "moves_of", "read_notice", "standings"]
