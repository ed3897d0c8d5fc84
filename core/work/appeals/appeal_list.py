"""Reads appeals (申诉清单): one, its history, those about a thing, and the list with its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from core.errors import N_, NotFound
from core.work.appeals.appeal_moves import FIGURE, FINDING, RAISED
from core.work.appeals.appeal_sight import answers_appeal, decides_appeal, of_campaign, sees_appeal
from core.work.calendar import local_day
from core.work.tables import Appeal, AppealEvent, Finding
from tenants.access import Actor

LATE = "late"  # of the filter on states: waiting beyond the day by which it was to be decided
MINE = "mine"  # those that wait for the reader


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is asked for (申诉筛选): a state (or late, or mine), a kind of thing, a campaign, a unit."""

    state: str = ""
    kind: str = ""
    campaign: str = ""
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person may do with an appeal (申诉办理): take it back, decide it."""

    withdraws: bool
    decides: bool


def find_appeal(session: Session, actor: Actor, appeal_id: UUID, now: datetime) -> Appeal:
    """One appeal as it is in the database now. Raises NotFound for one that the actor may not know of."""
    query = select(Appeal).where(Appeal.id == appeal_id, sees_appeal(actor, local_day(now)))
    found = session.scalars(query, execution_options={"populate_existing": True}).first()
    if found is None:
        raise NotFound(N_("没有找到这件申诉"))
    return found


def standing_of(session: Session, actor: Actor, appeal: Appeal, now: datetime) -> Standing:
    """How the actor stands to an appeal, whatever its state (one query)."""
    on = local_day(now)
    row = session.execute(
        select(answers_appeal(actor, on), decides_appeal(actor, on)).where(
            Appeal.tenant_id == actor.tenant.id, Appeal.id == appeal.id
        )
    ).one()
    return Standing(bool(row[0]), bool(row[1]))


def events_of(session: Session, appeal_id: UUID) -> Sequence[AppealEvent]:
    """An appeal's history, the first step first."""
    return session.scalars(
        select(AppealEvent).where(AppealEvent.appeal_id == appeal_id).order_by(AppealEvent.version)
    ).all()


def appeals_about(session: Session, actor: Actor, about: str, now: datetime) -> Sequence[Appeal]:
    """The appeals about one thing that the actor sees, the latest first."""
    seen = sees_appeal(actor, local_day(now))
    return session.scalars(select(Appeal).where(Appeal.about == about, seen).order_by(Appeal.raised_at.desc())).all()


def list_appeals(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    now: datetime,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[Appeal]:
    """The appeals in the actor's sight, the latest first; ``after`` is moment and id of the last one of the page before."""
    query = _wanted(select(Appeal).where(sees_appeal(actor, local_day(now))), actor, wanted, now)
    if after is not None:
        query = query.where(tuple_(Appeal.raised_at, Appeal.id) < tuple_(*after))
    return session.scalars(query.order_by(Appeal.raised_at.desc(), Appeal.id.desc()).limit(limit)).all()


def _wanted(query: Select[Appeal], actor: Actor, wanted: Wanted, now: datetime) -> Select[Appeal]:
    if wanted.state == LATE:
        query = query.where(Appeal.state == RAISED, Appeal.due_at < now)
    elif wanted.state == MINE:
        query = query.where(Appeal.state == RAISED, decides_appeal(actor, local_day(now)))
    elif wanted.state:
        query = query.where(Appeal.state == wanted.state)
    if wanted.kind == FINDING:
        query = query.where(Appeal.finding_id.is_not(None))
    elif wanted.kind == FIGURE:
        query = query.where(Appeal.finding_id.is_(None))
    if wanted.campaign:
        query = query.where(of_campaign(actor.tenant.id, wanted.campaign))
    return query.where(Appeal.unit_id == wanted.unit_id) if wanted.unit_id else query


def findings_of(session: Session, appeals: Sequence[Appeal]) -> Mapping[UUID, Finding]:
    """The findings that appeals are about, by id (one query)."""
    wanted = {one.finding_id for one in appeals if one.finding_id}
    rows = session.scalars(select(Finding).where(Finding.id.in_(wanted))) if wanted else ()
    return {one.id: one for one in rows}
