"""One whistle in full (吹哨详情): the called units with their clocks, the history, and what the reader may do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.tables import Finding, Site, Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_list import WhistleRow, row_of, rows_query
from core.work.whistling.whistle_notes import Leader, leaders_of
from core.work.whistling.whistle_sight import acted_for_called, stage_of, standing_at
from core.work.whistling.whistle_steps import DECLINED, ESCALATE, OPEN, Offer, Progress, Standing, offers
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Person, Unit


@dataclass(frozen=True, slots=True)
class CallRow:
    """One called unit with its three clocks (应哨单位); ``commanded`` False means it was asked, not ordered (商请)."""

    unit_id: UUID
    unit_name: str
    commanded: bool
    stage: str
    accepted_at: datetime | None
    arrived_at: datetime | None
    arrived_by: str
    declined_at: datetime | None
    solved_at: datetime | None
    note: str
    late: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything on one whistle (吹哨详情). ``finding`` only when the reader may see it: its id and its number or title."""

    row: WhistleRow
    whistle: Whistle
    person: str
    leader: str
    territory: str
    site: tuple[UUID, str] | None
    finding: tuple[UUID, str] | None
    calls: Sequence[CallRow]
    events: Sequence[WhistleEvent]
    standing: Standing
    offers: Sequence[Offer]
    leaders: Sequence[Leader]


def detail(session: Session, actor: Actor, whistle_id: UUID, *, now: datetime | None = None) -> Detail:
    """One whistle with its calls, history and what the reader may do now. Raises NotFound."""
    moment = now or server_now()
    day = local_day(moment)
    found = session.execute(
        rows_query(actor, moment).where(Whistle.id == whistle_id), execution_options={"populate_existing": True}
    ).first()
    if found is None:
        raise NotFound
    row, whistle = row_of(*found, moment), found[0]
    calls = _calls(session, whistle, moment)
    called = {call.unit_id: Progress(call.stage, not call.commanded) for call in calls}
    acted = acted_for_called(session, actor, whistle.id)
    standing = standing_at(session, actor, whistle, called, day, acted=acted)
    offered = offers(whistle.state, called, standing)
    events = session.scalars(
        select(WhistleEvent).where(WhistleEvent.whistle_id == whistle.id).order_by(WhistleEvent.version)
    ).all()
    escalates = any(offer.move.verb == ESCALATE for offer in offered)
    return Detail(
        row=row,
        whistle=whistle,
        person=session.scalar(select(Person.name).where(Person.id == whistle.person_id)) or "",
        leader=(session.scalar(select(Person.name).where(Person.id == whistle.leader_id)) if whistle.leader_id else "")
        or "",
        territory=session.scalar(select(Unit.name).where(Unit.id == whistle.unit_id)) or "",
        site=_site(session, whistle),
        finding=_finding(session, actor, whistle, moment),
        calls=calls,
        events=events,
        standing=standing,
        offers=offered,
        leaders=leaders_of(session, whistle.caller_unit_id, day) if escalates else (),
    )


def _calls(session: Session, whistle: Whistle, now: datetime) -> list[CallRow]:
    """The called units by name; late is who came late, or is missing after the time, but not who declined a request."""
    rows = session.execute(
        select(WhistleCall, Unit.name)
        .join(Unit, and_(Unit.tenant_id == WhistleCall.tenant_id, Unit.id == WhistleCall.unit_id))
        .where(WhistleCall.whistle_id == whistle.id)
        .order_by(Unit.pinyin, Unit.id),
        execution_options={"populate_existing": True},
    )
    return [
        CallRow(
            unit_id=call.unit_id,
            unit_name=name,
            commanded=not call.requested,
            stage=stage_of(call),
            accepted_at=call.accepted_at,
            arrived_at=call.arrived_at,
            arrived_by=call.arrived_by,
            declined_at=call.declined_at,
            solved_at=call.solved_at,
            note=call.note,
            late=stage_of(call) != DECLINED and (call.arrived_at or _end_of(whistle, now)) > whistle.arrive_by,
        )
        for call, name in rows
    ]


def _end_of(whistle: Whistle, now: datetime) -> datetime:
    """Until when a missing unit was waited for: what is over waits for nobody."""
    return now if whistle.state in OPEN else whistle.changed_at


def _site(session: Session, whistle: Whistle) -> tuple[UUID, str] | None:
    if whistle.site_id is None:
        return None
    return whistle.site_id, session.scalar(select(Site.name).where(Site.id == whistle.site_id)) or ""


def _finding(session: Session, actor: Actor, whistle: Whistle, now: datetime) -> tuple[UUID, str] | None:
    """The finding behind the whistle, for those who may see it."""
    if whistle.finding_id is None:
        return None
    query = select(Finding.number, Finding.title).where(
        Finding.id == whistle.finding_id, sees_finding(actor, local_day(now))
    )
    row = session.execute(query).first()
    return (whistle.finding_id, " ".join(filter(None, row))) if row else None
