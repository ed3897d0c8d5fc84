"""Where checks of similar sites still wait for somebody (举一反三未查点位): read off visits, reports and ticks as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.loop.states import DISMISSED
from core.work.proofs.sweep_people import walked_by
from core.work.proofs.sweep_reading import OPEN, looked
from core.work.tables import Finding, FindingCampaign, Site, Sweep, SweepSite, Visit
from tenants.access import Actor
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class WaitingSite:
    """A site that a check sends somebody to (待排查点位)."""

    site_id: UUID
    name: str
    unit_name: str
    sweep_id: UUID
    title: str
    due_on: date


def waits_at(tenant_id: int, units: Select[UUID]) -> ColumnElement[bool]:
    """Filter on Sweep: a site in one of the units was not checked yet in any way."""
    here = waiting_sites(units).where(SweepSite.tenant_id == tenant_id)
    # The first site that waits is enough, and is looked for check by check: as EXISTS all sites of all checks would be read.
    first = here.with_only_columns(SweepSite.site_id).limit(1).correlate(Sweep).scalar_subquery()
    return first.is_not(None)


def waiting_sites(units: Select[UUID]) -> Select[Any]:
    """The sites of a check (beside Sweep) in some units that nobody ticked, visited for its question, or reported from."""
    visited = looked().where(Visit.site_id == SweepSite.site_id).correlate(Sweep, SweepSite).exists()
    asked = and_(Sweep.question != "", Finding.question == Sweep.question)
    reported = (
        select(Finding.id)
        .where(
            Finding.tenant_id == SweepSite.tenant_id,
            Finding.site_id == SweepSite.site_id,
            Finding.id != Sweep.finding_id,
            or_(Finding.category == Sweep.category, asked),
            Finding.opened_at > Sweep.created_at,
            Finding.state.not_in(DISMISSED),
        )
        .correlate(Sweep, SweepSite)
        .exists()
    )
    return (
        select(SweepSite.site_id)
        .join(Site, (Site.tenant_id == SweepSite.tenant_id) & (Site.id == SweepSite.site_id))
        .where(
            SweepSite.sweep_id == Sweep.id,
            SweepSite.checked_at.is_(None),
            Site.unit_id.in_(units),
            ~visited,
            ~reported,
        )
    )


def is_sent_to(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Sweep: a site of it waits in the actor's area; a post for one campaign looks for that one's findings only."""
    found: list[ColumnElement[bool]] = []
    for campaign, units in walked_by(actor, on).items():
        here = waits_at(actor.tenant.id, units)
        found.append(and_(_of_campaign(actor, campaign), here) if campaign else here)
    return or_(false(), *found)


def sites_to_see(session: Session, actor: Actor, now: datetime, *, limit: int) -> list[WaitingSite]:
    """The first sites that open checks send the actor to, each once, by the days of the checks (a query for each of those)."""
    on = local_day(now)
    waiting = (
        select(Sweep.id, Sweep.title, Sweep.due_on)
        .join(Finding, (Finding.tenant_id == Sweep.tenant_id) & (Finding.id == Sweep.finding_id))
        .where(Sweep.tenant_id == actor.tenant.id, Sweep.state == OPEN, Finding.restricted.is_(False))
        .where(is_sent_to(actor, on))
        .order_by(Sweep.due_on, Sweep.id)
        .limit(limit)
    )
    found: list[WaitingSite] = []
    for sweep_id, title, due_on in session.execute(waiting).all():
        for campaign, units in walked_by(actor, on).items():
            query = (
                waiting_sites(units)
                .join(Sweep, (Sweep.tenant_id == SweepSite.tenant_id) & (Sweep.id == SweepSite.sweep_id))
                .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
                .where(Sweep.tenant_id == actor.tenant.id, Sweep.id == sweep_id)
                .where(SweepSite.site_id.not_in([one.site_id for one in found]))
                .with_only_columns(Site.id, Site.name, Unit.name)
                .order_by(SweepSite.site_id)  # in the key's order, so that the first ones are found without reading all
                .limit(limit - len(found))
            )
            rows = session.execute(query.where(_of_campaign(actor, campaign)) if campaign else query)
            found += [WaitingSite(*row, sweep_id, title, due_on) for row in rows]
        if len(found) >= limit:
            break
    return found[:limit]


def _of_campaign(actor: Actor, campaign: str) -> ColumnElement[bool]:
    named = select(FindingCampaign.finding_id).where(
        FindingCampaign.tenant_id == actor.tenant.id, FindingCampaign.campaign == campaign
    )
    return Sweep.finding_id.in_(named)
