"""Lists doubts about closings (疑点清单), with the photos that raised them and where else these were used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.sight import sees_finding, sees_visit
from core.work.tables import Finding, Signal, Site, Visit
from tenants.access import Actor
from tenants.models import Unit, UnitPath

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show (筛选); empty means everything. ``unit_id`` stands for its subtree; ``until`` is the first moment after."""

    kind: str = ""
    state: str = ""
    unit_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    finding_id: UUID | None = None
    signal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """One doubt in a list (疑点), with its finding, its place and the unit that led when it was raised."""

    signal: Signal
    finding: Finding
    place: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class Use:
    """Where else a photo was used (另一处使用): a finding or a visit that the reader may see, else neither and no photo."""

    file_id: UUID | None = None
    finding: Finding | None = None
    visit: Visit | None = None


def list_doubts(
    session: Session,
    actor: Actor,
    wanted: Filter | None = None,
    *,
    now: datetime,
    after: tuple[datetime, UUID] | None = None,
    size: int = 50,
) -> list[DoubtRow]:
    """Doubts about findings that the actor sees, newest first; one more than ``size`` if there are more (one query)."""
    asked, day = wanted or Filter(), local_day(now)
    query = (
        select(Signal, Finding, func.coalesce(Site.name, Finding.place), Unit.name)
        .join(Finding, (Finding.tenant_id == Signal.tenant_id) & (Finding.id == Signal.finding_id))
        .outerjoin(Site, (Site.tenant_id == Finding.tenant_id) & (Site.id == Finding.site_id))
        .outerjoin(Unit, (Unit.tenant_id == Signal.tenant_id) & (Unit.id == Signal.unit_id))
        .where(Signal.tenant_id == actor.tenant.id, sees_finding(actor, day))
    )
    for column, value in (
        (Signal.kind, asked.kind),
        (Signal.state, asked.state),
        (Signal.finding_id, asked.finding_id),
        (Signal.id, asked.signal_id),
    ):
        if value:
            query = query.where(column == value)
    if asked.unit_id is not None:
        under = select(UnitPath.unit_id).where(
            UnitPath.tenant_id == actor.tenant.id, UnitPath.ancestor_id == asked.unit_id, valid_on(UnitPath, day)
        )
        query = query.where(Signal.unit_id.in_(under))
    if asked.since is not None:
        query = query.where(Signal.raised_at >= asked.since)
    if asked.until is not None:
        query = query.where(Signal.raised_at < asked.until)
    if after is not None:
        query = query.where(tuple_(Signal.raised_at, Signal.id) < after)
    rows = session.execute(query.order_by(Signal.raised_at.desc(), Signal.id.desc()).limit(size + 1))
    return [DoubtRow(signal, finding, place or "", unit or "") for signal, finding, place, unit in rows]


def uses_of(session: Session, actor: Actor, signals: Iterable[Signal], now: datetime) -> dict[UUID, list[Use]]:
    """Where else the photos of some doubts were used, as far as the actor sees it (two queries)."""
    said = {signal.id: _uses(signal.body) for signal in signals}
    day = local_day(now)
    findings = _known(one["finding"] for uses in said.values() for one in uses)
    visits = _known(one["visit"] for uses in said.values() for one in uses)
    seen_findings = {
        f.id: f for f in session.scalars(select(Finding).where(Finding.id.in_(findings), sees_finding(actor, day)))
    }
    seen_visits = {v.id: v for v in session.scalars(select(Visit).where(Visit.id.in_(visits), sees_visit(actor, day)))}
    return {signal_id: [_use(one, seen_findings, seen_visits) for one in uses] for signal_id, uses in said.items()}


def _uses(body: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    found: Sequence[Mapping[str, str]] = body.get("uses") or ()
    return found


def _known(ids: Iterable[str]) -> set[UUID]:
    return {UUID(one) for one in ids if one}


def _use(said: Mapping[str, str], findings: Mapping[UUID, Finding], visits: Mapping[UUID, Visit]) -> Use:
    finding = findings.get(UUID(said["finding"])) if said["finding"] else None
    visit = visits.get(UUID(said["visit"])) if said["visit"] else None
    if finding is None and visit is None:
        return Use()
    return Use(UUID(said["file"]) if said.get("file") else None, finding, visit)
