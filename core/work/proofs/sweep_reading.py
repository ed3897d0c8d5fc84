"""Reads how far checks of similar sites have come (举一反三进度): which sites were checked, how, and what more was found.

A site counts as checked by the first visit there that answered the same question, by a report of the same kind, or by
hand. Findings count as far as the reader sees them; while a check is open everything is read off visits and findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED
from core.work.roles import SEE
from core.work.tables import AnswerRow, Finding, Site, Sweep, SweepSite, Visit
from tenants.access import Actor, reach
from tenants.models import Unit
from tenants.scope import ScopedSession

OPEN = "open"


@dataclass(frozen=True, slots=True)
class SiteProgress:
    """One site of a check (点位进度). ``by_hand`` says who ticked it; ``found`` is what more was found there."""

    site_id: UUID
    site_name: str
    unit_id: UUID
    unit_name: str
    checked_at: datetime | None
    visit_id: UUID | None
    by_hand: str
    note: str
    found: int

    @property
    def done(self) -> bool:
        """Whether it was checked in any way."""
        return self.checked_at is not None


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One check in a list (举一反三), with how many of its sites were checked and what they brought."""

    sweep: Sweep
    finding: Finding | None
    sites: int
    done: int
    found: int


def progress_of(session: Session, sweep: Sweep, *, now: datetime, actor: Actor | None = None) -> list[SiteProgress]:
    """The sites of a check by unit, those within the actor's reach (all without one); two queries."""
    query = (
        select(SweepSite, Site.name, Unit.id, Unit.name)
        .join(Site, (Site.tenant_id == SweepSite.tenant_id) & (Site.id == SweepSite.site_id))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(SweepSite.sweep_id == sweep.id)
        .order_by(Unit.pinyin, Unit.id, Site.pinyin, Site.id)
    )
    if actor is not None:
        query = query.where(Site.unit_id.in_(reach(actor, SEE, local_day(now))))
    rows = session.execute(query).all()
    visits = _first_visits(session, sweep) if sweep.state == OPEN else {}
    findings = _findings(session, sweep, actor, now)
    return [_progress(row, name, unit, unit_name, visits, findings) for row, name, unit, unit_name in rows]


def _progress(
    row: SweepSite,
    name: str,
    unit_id: UUID,
    unit_name: str,
    visits: dict[UUID, tuple[datetime, UUID]],
    findings: dict[UUID, tuple[int, datetime]],
) -> SiteProgress:
    found, first = findings.get(row.site_id, (0, None))
    visited, visit_id = visits.get(row.site_id, (None, row.visit_id))
    checked = min((at for at in (row.checked_at, visited, first) if at is not None), default=None)
    return SiteProgress(row.site_id, name, unit_id, unit_name, checked, visit_id, row.person_name, row.note, found)


def list_sweeps(
    session: ScopedSession,
    actor: Actor,
    *,
    state: str = "",
    finding_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    now: datetime,
    size: int = 50,
) -> list[SweepRow]:
    """Checks whose finding the actor sees or that have a site in his reach, newest first; one more than ``size`` (two queries)."""
    day = local_day(now)
    seen = sees_finding(actor, day)
    query = (
        select(Sweep, Finding, seen)
        .join(Finding, (Finding.tenant_id == Sweep.tenant_id) & (Finding.id == Sweep.finding_id))
        .where(Sweep.tenant_id == session.tenant_id, _sees_sweep(actor, day))
        .order_by(Sweep.created_at.desc(), Sweep.id.desc())
        .limit(size + 1)
    )
    if state:
        query = query.where(Sweep.state == state)
    if finding_id is not None:
        query = query.where(Sweep.finding_id == finding_id)
    if after is not None:
        query = query.where(tuple_(Sweep.created_at, Sweep.id) < after)
    rows = session.execute(query).all()
    tallies = _tallies(session, [sweep.id for sweep, _, _ in rows], actor, now)
    return [
        SweepRow(sweep, finding if visible else None, *tallies.get(sweep.id, (0, 0, 0)))
        for sweep, finding, visible in rows
    ]


def get_sweep(session: ScopedSession, actor: Actor, sweep_id: UUID, now: datetime) -> SweepRow:
    """One check. Raises NotFound."""
    day = local_day(now)
    found = session.execute(
        select(Sweep, Finding, sees_finding(actor, day))
        .join(Finding, (Finding.tenant_id == Sweep.tenant_id) & (Finding.id == Sweep.finding_id))
        .where(Sweep.tenant_id == session.tenant_id, Sweep.id == sweep_id, _sees_sweep(actor, day))
    ).first()
    if found is None:
        raise NotFound
    sweep, finding, visible = found
    tally = _tallies(session, [sweep.id], actor, now).get(sweep.id, (0, 0, 0))
    return SweepRow(sweep, finding if visible else None, *tally)


def open_at_site(session: ScopedSession, actor: Actor, site_id: UUID, now: datetime) -> list[Sweep]:
    """The checks that still wait for one site, soonest first."""
    day = local_day(now)
    rows = session.scalars(
        select(Sweep)
        .join(SweepSite, (SweepSite.tenant_id == Sweep.tenant_id) & (SweepSite.sweep_id == Sweep.id))
        .join(Finding, (Finding.tenant_id == Sweep.tenant_id) & (Finding.id == Sweep.finding_id))
        .where(
            SweepSite.site_id == site_id,
            SweepSite.checked_at.is_(None),
            Sweep.state == OPEN,
            Finding.restricted.is_(False),
            _sees_sweep(actor, day),
        )
        .order_by(Sweep.due_on, Sweep.id)
    ).all()
    waiting = []
    for sweep in rows:
        visited, found = _first_visits(session, sweep, site_id), _findings(session, sweep, actor, now)
        if site_id not in visited and site_id not in found:
            waiting.append(sweep)
    return waiting


def _tallies(
    session: ScopedSession, sweeps: Sequence[UUID], actor: Actor, now: datetime
) -> dict[UUID, tuple[int, int, int]]:
    """Of each check its sites within reach, how many of them are done, and what more was found there (one query)."""
    if not sweeps:
        return {}
    more = (
        _more(actor, now)
        .where(Sweep.id.in_(sweeps))
        .with_only_columns(Sweep.id.label("sweep_id"), Finding.site_id, func.count().label("found"))
        .group_by(Sweep.id, Finding.site_id)
        .subquery()
    )
    visited = looked().where(Visit.site_id == SweepSite.site_id).correlate(Sweep, SweepSite).exists()
    is_done = or_(SweepSite.checked_at.is_not(None), more.c.found.is_not(None), and_(Sweep.state == OPEN, visited))
    rows = session.execute(
        select(SweepSite.sweep_id, func.count(), func.count().filter(is_done), func.coalesce(func.sum(more.c.found), 0))
        .join(Sweep, (Sweep.tenant_id == SweepSite.tenant_id) & (Sweep.id == SweepSite.sweep_id))
        .join(Site, (Site.tenant_id == SweepSite.tenant_id) & (Site.id == SweepSite.site_id))
        .outerjoin(more, (more.c.sweep_id == SweepSite.sweep_id) & (more.c.site_id == SweepSite.site_id))
        .where(
            SweepSite.tenant_id == session.tenant_id,
            SweepSite.sweep_id.in_(sweeps),
            Site.unit_id.in_(reach(actor, SEE, local_day(now))),
        )
        .group_by(SweepSite.sweep_id)
    )
    return {sweep: (sites, done, int(found)) for sweep, sites, done, found in rows}


def _sees_sweep(actor: Actor, day: date) -> ColumnElement[bool]:
    """Condition on Sweep and Finding: the finding is seen, or a site lies in reach and the finding is no restricted one."""
    here = exists().where(
        SweepSite.tenant_id == actor.tenant.id,
        SweepSite.sweep_id == Sweep.id,
        Site.tenant_id == SweepSite.tenant_id,
        Site.id == SweepSite.site_id,
        Site.unit_id.in_(reach(actor, SEE, day)),
    )
    return or_(sees_finding(actor, day), and_(Finding.restricted.is_(False), here.correlate(Sweep)))


def looked() -> Select[Any]:
    """The visits since a check's beginning that answered its question; none where no question is meant."""
    return (
        select(Visit.id)
        .join(AnswerRow, (AnswerRow.tenant_id == Visit.tenant_id) & (AnswerRow.visit_id == Visit.id))
        .where(
            Visit.tenant_id == Sweep.tenant_id,
            Sweep.question != "",
            AnswerRow.question == Sweep.question,
            Visit.submitted_at > Sweep.created_at,
            Visit.replaced_at.is_(None),
        )
    )


def _more(actor: Actor | None, now: datetime) -> Select[Any]:
    """The findings of a check's kind at its sites, from its beginning to its end, that the actor sees (all without one)."""
    asked = and_(Sweep.question != "", Finding.question == Sweep.question)
    return (
        select(Finding.id)
        .join(SweepSite, (SweepSite.tenant_id == Finding.tenant_id) & (SweepSite.site_id == Finding.site_id))
        .join(Sweep, (Sweep.tenant_id == SweepSite.tenant_id) & (Sweep.id == SweepSite.sweep_id))
        .where(
            or_(Finding.category == Sweep.category, asked),
            Finding.id != Sweep.finding_id,
            Finding.restricted.is_(False),
            Finding.opened_at > Sweep.created_at,
            Finding.opened_at <= func.coalesce(Sweep.ended_at, now),
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, local_day(now)) if actor else literal(value=True),
        )
    )


def _first_visits(session: Session, sweep: Sweep, site_id: UUID | None = None) -> dict[UUID, tuple[datetime, UUID]]:
    """The first visit at each site of a check that answered its question, or at one of them."""
    query = (
        looked()
        .join(SweepSite, (SweepSite.tenant_id == Visit.tenant_id) & (SweepSite.site_id == Visit.site_id))
        .where(SweepSite.sweep_id == sweep.id, Sweep.id == sweep.id, Visit.site_id == site_id if site_id else true())
        .with_only_columns(Visit.site_id, Visit.submitted_at, Visit.id)
        .order_by(Visit.submitted_at.desc())
    )
    return {site: (at, visit) for site, at, visit in session.execute(query)}


def _findings(session: Session, sweep: Sweep, actor: Actor | None, now: datetime) -> dict[UUID, tuple[int, datetime]]:
    """How many findings of the kind each site of a check brought, and when the first was opened."""
    query = (
        _more(actor, now)
        .where(Sweep.id == sweep.id)
        .with_only_columns(Finding.site_id, func.count(), func.min(Finding.opened_at))
        .group_by(Finding.site_id)
    )
    return {site: (count, first) for site, count, first in session.execute(query) if site is not None}


def by_unit(sites: Sequence[SiteProgress]) -> list[tuple[str, list[SiteProgress]]]:
    """The sites under the names of their units, in their order."""
    found: dict[UUID, tuple[str, list[SiteProgress]]] = {}
    for one in sites:
        found.setdefault(one.unit_id, (one.unit_name, []))[1].append(one)
    return list(found.values())
