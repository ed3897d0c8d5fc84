"""The list of notices (文书清单): to sign or answer, sent out by the reader's desk, or all within his reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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
from core.work.papers.notice_moves import ISSUED, READ, SIGNED, WAITING, is_late, state_of, waits_for
from core.work.papers.notice_sight import answers_for, directs_to, goes_to, sees_notice
from core.work.papers.notice_then import states_then, stood_in, waited
from core.work.tables import Notice, NoticeAddressee, NoticeFinding
from tenants.access import Actor
from tenants.models import UnitPath

Box = Literal["in", "out", "all"]
BOXES: tuple[Box, ...] = ("in", "out", "all")


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """What to show (文书筛选). ``units`` stand for their subtrees; ``since`` and ``until`` are days of issue, both included.

    With ``as_of`` the list is as it was at the end of that day: which papers there were, and how far each addressee was.
    """

    box: Box = "all"
    kinds: Sequence[str] = ()
    states: Sequence[str] = ()
    units: Sequence[UUID] = ()
    since: date | None = None
    until: date | None = None
    overdue: bool = False
    finding_id: UUID | None = None
    area_id: UUID | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """A unit to which a paper goes, with how far it is (主送单位)."""

    unit_id: UUID
    unit_name: str
    state: str
    read_at: datetime | None = None
    signed_at: datetime | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One line of the list (文书清单行). ``unit_id`` and ``unit_name`` are the first of the addressees."""

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
    addressees: Sequence[Addressee] = ()

    @property
    def signed(self) -> int:
        """How many addressees have signed for it."""
        return sum(one.signed_at is not None for one in self.addressees)


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
    if wanted.as_of is not None:
        return _as_they_were(session, actor.tenant.id, rows, clocks.end_of(wanted.as_of))
    gone = gone_of(session, [notice.id for notice, _ in rows], actor.tenant.id, local_day(now))
    units = addressees_of(session, [notice.id for notice, _ in rows])
    return [row_of(notice, count, now, gone=notice.id in gone, units=units[notice.id]) for notice, count in rows]


def _as_they_were(session: Session, tenant: int, rows: Sequence[Any], until: datetime) -> list[NoticeRow]:
    """The rows as their histories tell of a moment; whether findings had left is not known any more."""
    ids = [notice.id for notice, _ in rows]
    units, states = addressees_of(session, ids), states_then(session, tenant, ids, until)
    found = []
    for notice, count in rows:
        then = [_unit_then(one, states[notice.id, one.unit_id], until) for one in units[notice.id]]
        state = state_of(one.state for one in then)
        late = is_late(KINDS[notice.kind], state, notice.due_at, until)
        row = row_of(notice, count, until, units=then)
        found.append(replace(row, state=state, overdue=late))
    return found


def _unit_then(one: Addressee, state: str, until: datetime) -> Addressee:
    read_at, signed_at, replied_at = (
        at if at and at < until else None for at in (one.read_at, one.signed_at, one.replied_at)
    )
    return replace(one, state=state, read_at=read_at, signed_at=signed_at, replied_at=replied_at)


def addressees_of(session: Session, notice_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Addressee]]:
    """To whom some papers go, each in the paper's order (one query)."""
    found: dict[UUID, list[Addressee]] = {notice_id: [] for notice_id in notice_ids}
    if found:
        query = select(NoticeAddressee).where(NoticeAddressee.notice_id.in_(notice_ids))
        for row in session.scalars(query.order_by(NoticeAddressee.position, NoticeAddressee.unit_id)):
            found[row.notice_id].append(Addressee(*(getattr(row, name) for name in Addressee.__dataclass_fields__)))
    return found


def rows_query(actor: Actor, now: datetime) -> Select[Notice, int]:
    """Notices within reach with the number of their findings."""
    counted = (
        select(func.count())
        .where(NoticeFinding.tenant_id == actor.tenant.id, NoticeFinding.notice_id == Notice.id)
        .correlate(Notice)
        .scalar_subquery()
    )
    return select(Notice, counted).where(Notice.tenant_id == actor.tenant.id, sees_notice(actor, local_day(now)))


def row_of(
    notice: Notice, findings: int, now: datetime, *, gone: bool = False, units: Sequence[Addressee] = ()
) -> NoticeRow:
    """A line of the list; ``gone``: its findings have left its units, so that it is not late."""
    same = {name: getattr(notice, name) for name in _SAME}
    kind = KINDS[notice.kind]
    late = is_late(kind, notice.state, notice.due_at, now) and not gone
    over = gone and bool(waits_for(kind, notice.state))
    return NoticeRow(**same, findings=findings, overdue=late, gone=over, addressees=units)


_OWN = ("findings", "overdue", "gone", "addressees")
_SAME = tuple(name for name in NoticeRow.__dataclass_fields__ if name not in _OWN)


def waits_for_addressee(row: type[Notice | NoticeAddressee] = Notice) -> ColumnElement[bool]:
    """Filter on Notice: an addressee has not signed for it, or an answer is asked for and has not come.

    With NoticeAddressee the same of that one, beside its Notice.
    """
    replying = [kind.code for kind in KINDS.values() if kind.replies]
    return or_(row.state.in_((ISSUED, READ)), and_(row.state == SIGNED, Notice.kind.in_(replying)))


def conditions(actor: Actor, wanted: NoticeFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on Notice."""
    on = local_day(now)
    found = _timed(actor.tenant.id, wanted, now)
    if wanted.box == "in":
        found.append(goes_to(actor.tenant.id, _waits(actor.tenant.id, wanted), answers_for(actor, on)))
    if wanted.box == "out":
        found.append(goes_to(actor.tenant.id, directs_to(actor, on)))
    if wanted.kinds:
        found.append(Notice.kind.in_(wanted.kinds))
    if wanted.since:
        found.append(Notice.issued_at >= clocks.start_of(wanted.since))
    if wanted.until:
        found.append(Notice.issued_at < clocks.end_of(wanted.until))
    return [*found, *_addressed(actor, wanted, wanted.as_of or on)]


REPLYING = tuple(kind.code for kind in KINDS.values() if kind.replies)


def _timed(tenant: int, wanted: NoticeFilter, now: datetime) -> list[ColumnElement[bool]]:
    """What a step changes: states and lateness, now or at the end of the past day."""
    found: list[ColumnElement[bool]] = []
    if wanted.as_of is None:
        if wanted.states:
            found.append(Notice.state.in_(wanted.states))
        if wanted.overdue:
            found += [Notice.due_at < now, waits_for_addressee(), Notice.kind.in_(REPLYING)]
            found.append(~is_gone(tenant, local_day(now)))
        return found
    until = clocks.end_of(wanted.as_of)
    found.append(Notice.issued_at < until)
    if wanted.states:
        found.append(stood_in(tenant, until, wanted.states))
    if wanted.overdue:
        found += [Notice.due_at < until, Notice.kind.in_(REPLYING), stood_in(tenant, until, WAITING)]
    return found


def _waits(tenant: int, wanted: NoticeFilter) -> ColumnElement[bool]:
    """Condition on NoticeAddressee beside its Notice: it is waited for, or was on the past day."""
    if wanted.as_of is None:
        return waits_for_addressee(NoticeAddressee)
    return waited(tenant, clocks.end_of(wanted.as_of), REPLYING)


def _addressed(actor: Actor, wanted: NoticeFilter, on: date) -> list[ColumnElement[bool]]:
    """To whom, and about what."""
    found: list[ColumnElement[bool]] = []
    tenant, unit = actor.tenant.id, NoticeAddressee.unit_id
    if wanted.units:
        found.append(goes_to(tenant, unit.in_(_under(actor, wanted.units, on))))
    if wanted.area_id:
        found.append(goes_to(tenant, in_area(tenant, wanted.area_id, on, unit)))
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
