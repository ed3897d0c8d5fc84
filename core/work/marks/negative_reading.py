"""Reads the negative list (读取负面清单): entries by campaign and state, one with its history, what may be done with it.

What is only watched is for those who see the whole district; what was triggered shows in a score, hence to all who see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.calendar import local_day
from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_finding
from core.work.marks.negative_moves import WATCHED, Move, moves_from
from core.work.organisation.areas import in_area
from core.work.papers.notice_sight import sees_notice
from core.work.roles import PUBLISH, SEE
from core.work.tables import Finding, NegativeEntry, NegativeStep, Notice
from tenants.access import Actor, may, root_unit
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with the name of its unit (负面清单条目), '' when it concerns the whole district, and its state on the day shown."""

    row: NegativeEntry
    unit_name: str
    state: str


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """One entry with its history, oldest first, and the moves that the reader may make now (条目详情)."""

    entry: Entry
    steps: Sequence[NegativeStep]
    moves: Sequence[Move]


def entries(
    session: Session,
    actor: Actor,
    *,
    campaign: str = "",
    state: str = "",
    area_id: UUID | None = None,
    as_of: date | None = None,
    now: datetime,
) -> Select[NegativeEntry, str, str]:
    """The entries that the actor may see, the latest event first, with the names of their units and their states.

    ``area_id``: of units that lie in an area; ``as_of``: those that were on the list at the end of a day, ``state`` as it was then.
    """
    on, stood = local_day(now), state_then(actor.tenant.id, as_of)
    query = (
        select(NegativeEntry, Unit.name, stood.label("stood"))
        .outerjoin(Unit, and_(Unit.tenant_id == NegativeEntry.tenant_id, Unit.id == NegativeEntry.unit_id))
        .where(NegativeEntry.tenant_id == actor.tenant.id)
        .order_by(NegativeEntry.happened_on.desc(), NegativeEntry.id.desc())
    )
    if not sees_all(session, actor, on):
        query = query.where(NegativeEntry.triggered_on.is_not(None), stood != WATCHED)
    if campaign:
        query = query.where(NegativeEntry.campaign == campaign)
    if area_id:
        query = query.where(in_area(actor.tenant.id, area_id, as_of or on, NegativeEntry.unit_id))
    if as_of:
        query = query.where(NegativeEntry.created_at < end_of(as_of))
    return query.where(stood == state) if state else query


def state_then(tenant: int, as_of: date | None) -> ColumnElement[Any]:
    """An entry's state at the end of a day, as its history says; the present one without a day."""
    if as_of is None:
        return NegativeEntry.state  # type: ignore[return-value]  # a mapped column is a column
    last = select(NegativeStep.to_state).where(
        NegativeStep.tenant_id == tenant, NegativeStep.entry_id == NegativeEntry.id, NegativeStep.at < end_of(as_of)
    )
    found = last.order_by(NegativeStep.version.desc()).limit(1).correlate(NegativeEntry).scalar_subquery()
    return func.coalesce(found, NegativeEntry.state)


def after(query: Select[NegativeEntry, str, str], happened_on: date, entry_id: UUID) -> Select[NegativeEntry, str, str]:
    """The same list from behind an entry on."""
    return query.where(tuple_(NegativeEntry.happened_on, NegativeEntry.id) < (happened_on, entry_id))


def read_entry(session: Session, actor: Actor, entry_id: UUID, now: datetime) -> EntryDetail:
    """One entry with everything about it. Raises NotFound."""
    found = session.execute(entries(session, actor, now=now).where(NegativeEntry.id == entry_id)).first()
    if found is None:
        raise NotFound
    steps = select(NegativeStep).where(NegativeStep.entry_id == entry_id).order_by(NegativeStep.version)
    entry = Entry(found[0], found[1] or "", found[2])
    mine = keeps(session, actor, entry.row.campaign, local_day(now))
    return EntryDetail(entry, session.scalars(steps).all(), moves_from(entry.row.state) if mine else [])


def behind_of(session: Session, actor: Actor, entry: NegativeEntry, now: datetime) -> tuple[str, UUID] | None:
    """What the event came of, when the actor sees it: "finding" or "notice" and its id."""
    if not entry.behind:
        return None
    on = local_day(now)
    finding = session.scalar(select(Finding.id).where(Finding.number == entry.behind, sees_finding(actor, on)).limit(1))
    if finding is not None:
        return "finding", finding
    notice = session.scalar(select(Notice.id).where(Notice.number == entry.behind, sees_notice(actor, on)).limit(1))
    return ("notice", notice) if notice is not None else None


def keeps(session: Session, actor: Actor, campaign: str, on: date) -> bool:
    """Whether the actor keeps the list of a campaign."""
    return may(session, actor, PUBLISH, root_unit(session).id, on, campaign=campaign)


def sees_all(session: Session, actor: Actor, on: date) -> bool:
    """Whether the actor sees what is only watched."""
    return may(session, actor, SEE, root_unit(session).id, on)
