"""What a drive came to (整治汇总): findings, places, quantities of what it binds, rolled up when read and never typed.

Findings go through the reader's sight: what is hidden or restricted is in no number. Of the drive's days: *found* are those
opened from its first day to its last (or today), and of these so many are closed, open and overdue now; *earlier* are older ones
of the same scope that are still open. Dismissed findings (rejected, cancelled, merged) are none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.figures.site_attainment.board import Tally, read_board, whole
from core.figures.site_attainment.ground import read_ground
from core.figures.site_attainment.scope import Scope
from core.work.calendar import ZONE
from core.work.desk.finding_filters import is_overdue
from core.work.loop.sight import sees_finding, sees_visit
from core.work.loop.states import CLOSED_STATES, NOT_CLOSED
from core.work.organisation.areas import in_area
from core.work.places.reaching import reaches_site
from core.work.plans.scope import DriveScope, findings_in, scopes_of, sites_in
from core.work.roles import SEE
from core.work.tables import Finding, Plan, PlanLine, Site, Visit
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class FindingSum:
    """Findings of a scope in a drive's days (问题汇总)."""

    found: int = 0
    closed: int = 0
    open: int = 0
    overdue: int = 0
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Places that a drive binds (覆盖): ``touched`` had a visit or a finding in its days. ``units`` are the units it names."""

    sites: int = 0
    visited: int = 0
    touched: int = 0
    units: int = 0
    units_touched: int = 0


@dataclass(frozen=True, slots=True)
class DriveSum:
    """All of it for a drive (整治汇总); ``attainment`` is by campaign, as the attainment page counts."""

    findings: FindingSum
    coverage: Coverage
    attainment: dict[str, Tally]


def read_drive(session: ScopedSession, actor: Actor, plan: Plan, now: datetime, day: date) -> DriveSum:
    """What a drive and its lines bind, all together, each thing once; lines that were given up bind nothing."""
    given_up = select(PlanLine.id).where(PlanLine.plan_id == plan.id, PlanLine.dropped)
    scopes = scopes_of(plan, set(session.scalars(given_up)))
    findings, coverage = sum_scopes(session, actor, plan, scopes, now, day)
    return DriveSum(findings, coverage, read_attainment(session, actor, plan, scopes, day))


def sum_scopes(
    session: ScopedSession, actor: Actor, plan: Plan, scopes: Sequence[DriveScope], now: datetime, day: date
) -> tuple[FindingSum, Coverage]:
    """Findings and places of some scopes in a plan's days; also the preview of a scope that is not kept yet."""
    return count_findings(session, actor, plan, scopes, now, day), read_coverage(session, actor, plan, scopes, day)


def count_findings(
    session: Session, actor: Actor, plan: Plan, scopes: Sequence[DriveScope], now: datetime, day: date
) -> FindingSum:
    """The findings of some scopes that the actor sees."""
    if not scopes:
        return FindingSum()
    first, after = _days(plan, day)
    is_within = Finding.opened_at >= first
    open_now = Finding.state.in_(NOT_CLOSED)
    counts = (
        is_within,
        is_within & Finding.state.in_(CLOSED_STATES),
        is_within & open_now,
        is_within & is_overdue(now),
        ~is_within & open_now,
    )
    query = select(*(func.count().filter(one) for one in counts)).where(
        findings_in(actor.tenant.id, scopes, day),
        sees_finding(actor, day),
        Finding.hidden.is_(False),
        Finding.opened_at < after,
        Finding.state.in_((*NOT_CLOSED, *CLOSED_STATES)),
        or_(is_within, open_now),
    )
    return FindingSum(*session.execute(query).one())


def read_coverage(session: Session, actor: Actor, plan: Plan, scopes: Collection[DriveScope], day: date) -> Coverage:
    """How many of the places that are bound were touched in the plan's days, as far as the actor sees places and visits."""
    placed = [one for one in scopes if one.has_places]
    if not placed:
        return Coverage()
    visits, findings = _seen_visits(actor, plan, day), _seen_findings(actor, plan, scopes, day)
    visited = select(Visit.id).where(Visit.site_id == Site.id, *visits).correlate(Site).exists()
    found = select(Finding.id).where(Finding.site_id == Site.id, *findings).correlate(Site).exists()
    seen = [] if actor.covers(SEE) else [reaches_site(actor, SEE, day)]
    sites = select(func.count(), func.count().filter(visited), func.count().filter(or_(visited, found)))
    numbers = session.execute(sites.where(sites_in(actor.tenant.id, placed, day), *seen)).one()
    units = sorted({unit for one in placed for unit in one.units})
    touched = sum(_unit_touched(session, actor.tenant.id, unit, day, visits, findings) for unit in units)
    return Coverage(*numbers, len(units), touched)


def _unit_touched(
    session: Session,
    tenant_id: int,
    unit: UUID,
    day: date,
    visits: Sequence[ColumnElement[bool]],
    findings: Sequence[ColumnElement[bool]],
) -> bool:
    """Whether a unit or area that is named had a visit or a finding."""
    visited = select(Visit.id).where(in_area(tenant_id, unit, day, Visit.unit_id, Visit.site_id), *visits).limit(1)
    found = select(Finding.id).where(in_area(tenant_id, unit, day, Finding.unit_id, Finding.site_id), *findings)
    return session.scalar(visited) is not None or session.scalar(found.limit(1)) is not None


def read_attainment(
    session: ScopedSession, actor: Actor, plan: Plan, scopes: Collection[DriveScope], day: date
) -> dict[str, Tally]:
    """How many of the bound sites are up to standard, by campaign (of the drive's own campaign alone, where it has one)."""
    if not any(one.has_places for one in scopes):
        return {}
    seen = [] if actor.covers(SEE) else [reaches_site(actor, SEE, day)]
    ids = list(session.scalars(select(Site.id).where(sites_in(actor.tenant.id, scopes, day), *seen)))
    if not ids:
        return {}
    ground = read_ground(session, today=day, campaign=plan.campaign)
    board = read_board(session, ground, Scope(ids))
    sums = {key: whole(tallies.values()) for key, tallies in board.items()}
    return {key: one for key, one in sums.items() if one.places}


def _days(plan: Plan, day: date) -> tuple[datetime, datetime]:
    """The first moment of a plan's days, and the first after them (or after today)."""
    last = min(plan.ends_on, day) + timedelta(days=1)
    return datetime.combine(plan.starts_on, time(0), ZONE), datetime.combine(last, time(0), ZONE)


def _seen_visits(actor: Actor, plan: Plan, day: date) -> list[ColumnElement[bool]]:
    last = min(plan.ends_on, day)
    return [Visit.day >= plan.starts_on, Visit.day <= last, Visit.hidden.is_(False), sees_visit(actor, day)]


def _seen_findings(actor: Actor, plan: Plan, scopes: Collection[DriveScope], day: date) -> list[ColumnElement[bool]]:
    first, after = _days(plan, day)
    bound = findings_in(actor.tenant.id, scopes, day)
    return [
        Finding.opened_at >= first,
        Finding.opened_at < after,
        Finding.hidden.is_(False),
        bound,
        sees_finding(actor, day),
    ]
