"""What each site got (点位得分): points of a campaign's checklists, visits and findings, for publications by site.

Of a site leaves its name, its unit's name and numbers: no person, no photo, no word of a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, func, select

from core.figures.finding_metrics import own_findings
from core.figures.frames import Frame, by_moment
from core.figures.item_metrics import per_sheet
from core.figures.model import percent
from core.work.loop.transitions import DISMISSED
from core.work.tables import Finding, Site
from tenants.models import Unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class SiteScore:
    """One site visited in a period (受检点位): points are integers of 1/100, ``found`` counts the findings opened there."""

    site_id: UUID
    code: str
    name: str
    unit: str
    earned: int
    possible: int
    visits: int
    found: int

    @property
    def percent(self) -> Decimal | None:
        """Earned of possible points in percent."""
        return percent(self.earned, self.possible)


def site_scores(session: ScopedSession, frame: Frame, campaign: str) -> list[SiteScore]:
    """The sites of a frame of one slice that verified visits scored, by unit and name (two queries)."""
    sheets = per_sheet(frame, campaign)
    sums = (func.sum(sheets.c.earned), func.sum(sheets.c.possible), func.count(sheets.c.visit_id.distinct()))
    at_site = and_(Site.tenant_id == frame.tenant_id, Site.id == sheets.c.site_id)
    in_unit = and_(Unit.tenant_id == frame.tenant_id, Unit.id == Site.unit_id)
    query = (
        select(Site.id, Site.code, Site.name, Unit.name, *sums)
        .select_from(Site)
        .join(Unit, in_unit)
        .join(sheets, at_site)
        .group_by(Site.id, Site.code, Site.name, Unit.name, Unit.pinyin, Site.pinyin)
        .order_by(Unit.pinyin, Unit.name, Site.pinyin, Site.name, Site.id)
    )
    found = _found(session, frame, campaign)
    return [
        SiteScore(key, code or "", name, unit, int(earned), int(possible), visits, found.get(key, 0))
        for key, code, name, unit, earned, possible, visits in session.execute(query)
    ]


def _found(session: ScopedSession, frame: Frame, campaign: str) -> dict[UUID, int]:
    opened = by_moment(frame, own_findings(frame, campaign), Finding.opened_at, Finding.unit_id, Finding.site_id)
    base = opened.where(Finding.state.not_in(DISMISSED), Finding.site_id.is_not(None)).subquery()
    query = select(base.c.site_id, func.count()).group_by(base.c.site_id)
    return {row[0]: row[1] for row in session.execute(query)}
