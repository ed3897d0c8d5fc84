"""The list of notices (文书清单): to sign or answer, sent out by the reader's desk, or all within his reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop import clocks
from core.work.organisation.areas import in_area
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_leaving import gone_of, is_gone
from core.work.papers.notice_moves import ISSUED, READ, REPLIED, SIGNED, is_late, waits_for
from core.work.papers.notice_sight import is_addressee, is_issuer, sees_notice
from core.work.roles import ANSWER, DIRECT
from core.work.tables import Notice, NoticeFinding
from tenants.access import Actor
from tenants.models import UnitPath

Box = Literal["in", "out", "all"]
BOXES: tuple[Box, ...] = ("in", "out", "all")


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """What to show (文书筛选). ``units`` stand for their subtrees; ``since`` and ``until`` are days of issue, both included."""

    box: Box = "all"
    kinds: Sequence[str] = ()
    states: Sequence[str] = ()
    units: Sequence[UUID] = ()
    since: date | None = None
    until: date | None = None
    overdue: bool = False
    finding_id: UUID | None = None
    area_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One line of the list (文书清单行)."""

    id: UUID
    number: str
    kind: str
    unit_id: UUID
    unit_name: str
    title: str
    due_at: datetime | None
    state: str
    version: int
    restricted: bool
    issuer: str
    issued_by: str
    issued_at: datetime
    findings: int
    overdue: bool
    gone: bool = False


def list_notices(
    session: Session,
    actor: Actor,
    wanted: NoticeFilter,
    *,
    now: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 51,
) -> list[NoticeRow]:
    """Rows of the list, the newest first (one query); ``after`` is time of issue and id of the last row of the page before."""
    query = rows_query(actor, now).where(*conditions(actor, wanted, now))
    if after is not None:
        query = query.where(tuple_(Notice.issued_at, Notice.id) < after)
    found = session.execute(query.order_by(Notice.issued_at.desc(), Notice.id.desc()).limit(limit))
    rows = found.all()
    gone = gone_of(session, [notice.id for notice, _ in rows], actor.tenant.id, local_day(now))
    return [row_of(notice, count, now, gone=notice.id in gone) for notice, count in rows]


def rows_query(actor: Actor, now: datetime) -> Select[Notice, int]:
    """Notices within reach with the number of their findings."""
    counted = (
        select(func.count())
        .where(NoticeFinding.tenant_id == actor.tenant.id, NoticeFinding.notice_id == Notice.id)
        .correlate(Notice)
        .scalar_subquery()
    )
    return select(Notice, counted).where(Notice.tenant_id == actor.tenant.id, sees_notice(actor, local_day(now)))


def row_of(notice: Notice, findings: int, now: datetime, *, gone: bool = False) -> NoticeRow:
    """A line of the list; ``gone``: its findings have left its unit, so that it is not late."""
    same = {name: getattr(notice, name) for name in _SAME}
    kind = KINDS[notice.kind]
    late = is_late(kind, notice.state, notice.due_at, now) and not gone
    return NoticeRow(**same, findings=findings, overdue=late, gone=gone and bool(waits_for(kind, notice.state)))


_SAME = tuple(name for name in NoticeRow.__dataclass_fields__ if name not in ("findings", "overdue", "gone"))


def waits_for_addressee() -> ColumnElement[bool]:
    """Filter on Notice: not yet signed for, or an answer is asked for and has not come."""
    replying = [kind.code for kind in KINDS.values() if kind.replies]
    return or_(Notice.state.in_((ISSUED, READ)), and_(Notice.state == SIGNED, Notice.kind.in_(replying)))


def to_handle(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Notice: it waits for the actor - to be signed for or answered, or his desk is to check the answer."""
    found: list[ColumnElement[bool]] = []
    if actor.has(ANSWER):
        found.append(and_(waits_for_addressee(), is_addressee(actor, on)))
    if actor.has(DIRECT):
        found.append(and_(Notice.state == REPLIED, is_issuer(actor, on)))
    return or_(*found) if found else Notice.id.is_(None)


def conditions(actor: Actor, wanted: NoticeFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on Notice."""
    on = local_day(now)
    found: list[ColumnElement[bool]] = []
    if wanted.box == "in":
        found += [waits_for_addressee(), is_addressee(actor, on)]
    if wanted.box == "out":
        found.append(is_issuer(actor, on))
    if wanted.kinds:
        found.append(Notice.kind.in_(wanted.kinds))
    if wanted.states:
        found.append(Notice.state.in_(wanted.states))
    if wanted.since:
        found.append(Notice.issued_at >= clocks.start_of(wanted.since))
    if wanted.until:
        found.append(Notice.issued_at < clocks.end_of(wanted.until))
    if wanted.overdue:
        replying = [kind.code for kind in KINDS.values() if kind.replies]
        found += [Notice.due_at < now, waits_for_addressee(), Notice.kind.in_(replying)]
        found.append(~is_gone(actor.tenant.id, on))
    return [*found, *_addressed(actor, wanted, on)]


def _addressed(actor: Actor, wanted: NoticeFilter, on: date) -> list[ColumnElement[bool]]:
    """To whom, and about what."""
    found: list[ColumnElement[bool]] = []
    if wanted.units:
        found.append(Notice.unit_id.in_(_under(actor, wanted.units, on)))
    if wanted.area_id:
        found.append(in_area(actor.tenant.id, wanted.area_id, on, Notice.unit_id))
    if wanted.finding_id:
        found.append(_about(actor, wanted.finding_id))
    return found


def _under(actor: Actor, units: Sequence[UUID], on: date) -> Select[Any]:
    return select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id, UnitPath.ancestor_id.in_(units), valid_on(UnitPath, on)
    )


def _about(actor: Actor, finding_id: UUID) -> ColumnElement[bool]:
    return Notice.id.in_(
        select(NoticeFinding.notice_id).where(
            NoticeFinding.tenant_id == actor.tenant.id, NoticeFinding.finding_id == finding_id
        )
    )
