"""Decides again (重新裁量): what routing says of a finding before and after its severity, category or place was put right.

Both decisions are taken with the rules of the same day, so that only what the correction itself changes is changed: a rule
that came since, or a unit that was named by hand, is left alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns.registry import installed
from core.errors import InvalidInput
from core.work.dispatch.routing import Case, Declared, Place, Route, Router, load_router, owners_at
from core.work.dispatch.routing_trial import declared_of
from core.work.inspection.visit_forms import forms_of_visit
from core.work.tables import Finding, FindingCampaign, FindingItem, Sheet, Site
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Said:
    """What routing asks of a finding (裁量要素): its class and where it is."""

    category: str
    severity: str
    unit_id: UUID
    site_id: UUID | None


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision before and after (重新裁量结果)."""

    before: Route
    after: Route

    @property
    def moves_limit(self) -> bool:
        """Whether the time limit is another one now."""
        return self.before.limit != self.after.limit

    @property
    def moves_owner(self) -> bool:
        """Whether another unit answers now."""
        return self.before.line != self.after.line


def said_of(finding: Finding) -> Said:
    """What a finding says of itself now."""
    return Said(finding.category, finding.severity, finding.unit_id, finding.site_id)


def decide_again(session: Session, actor: Actor, finding: Finding, after: Said, on: date) -> Decided | None:
    """Decide twice: for the finding as it is, and as it shall be (two to five queries); None when nothing declares it.

    A visit's finding goes by what its failed item declares, as long as the category is still the item's.
    """
    before = said_of(finding)
    campaigns = frozenset(
        session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding.id))
    )
    routers: dict[tuple[UUID, UUID | None], Router] = {}
    routes: list[Route] = []
    for said in (before, after):
        declared = _declared(session, finding, said.category, campaigns)
        if declared is None:
            return None
        where = (said.unit_id, said.site_id)
        if where not in routers:
            routers[where] = _router(session, actor, said, {before.category, after.category}, on)
        routes.append(routers[where].decide(Case(said.category, said.severity, campaigns), declared))
    return Decided(*routes)


def _router(session: Session, actor: Actor, said: Said, categories: set[str], on: date) -> Router:
    operator = session.scalar(select(Site.operator_unit_id).where(Site.id == said.site_id)) if said.site_id else None
    owners = owners_at(session, actor, said.unit_id, operator, on)
    return load_router(session, actor, owners, Place(said.site_id), categories, on)


def _declared(session: Session, finding: Finding, category: str, campaigns: Collection[str]) -> Declared | None:
    """What the failed item of the category declares, else the category itself; None for a category nobody knows any more."""
    failed = _failed(session, finding, category) if finding.visit_id else []
    if failed:
        return min(failed, key=lambda one: one.working_days)
    try:
        return declared_of(category, campaigns)
    except InvalidInput:
        return None


def _failed(session: Session, finding: Finding, category: str) -> list[Declared]:
    """The failed items of a category, as the forms of the visit were frozen; those of installed campaigns."""
    items = session.scalars(select(FindingItem).where(FindingItem.finding_id == finding.id)).all()
    wanted = {(one.campaign, one.form, one.item) for one in items}
    known = installed().campaigns
    sheets = [
        sheet
        for sheet in session.scalars(select(Sheet).where(Sheet.visit_id == finding.visit_id))
        if sheet.campaign in known and (sheet.campaign, sheet.form) in {key[:2] for key in wanted}
    ]
    return [
        Declared(item.owner_role, item.working_days, planned.campaign.hq_role)
        for planned in forms_of_visit(session, sheets, list(known.values()))
        for item in planned.form.items
        if (*planned.key, item.code) in wanted and item.category == category
    ]
