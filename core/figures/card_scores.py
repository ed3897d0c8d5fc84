"""Points of a campaign (考核得分取数) for daily ranks: of assessed points, or of the checklists that were filled in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, func, select

from core.campaigns import Campaign
from core.figures.by_edition import score_in_force
from core.figures.card_findings import VERIFIED, Window
from core.figures.card_subjects import pairs_of
from core.figures.model import cents
from core.figures.periods import Period
from core.work.marks.card_rules import League
from core.work.tables import Sheet, Visit
from tenants.scope import ScopedSession

COUNTS = ("earned", "possible", "visits")


def share_counts(
    session: ScopedSession, campaign: Campaign, ids: Sequence[UUID], window: Window
) -> dict[UUID, dict[str, int]]:
    """Points earned of assessed points, in 1/100, and the visits behind them."""
    if not ids:
        return {}
    period = Period("day", window.first, window.last)
    found = score_in_force(session, None, campaign, (period,), tuple(ids), cut_off=window.cut_off)
    scores = {one: found[one, 0] for one in ids}
    return {
        one: {"earned": cents(s.earned), "possible": cents(s.assessed), "visits": s.visits} for one, s in scores.items()
    }


def checklist_counts(
    session: ScopedSession, league: League, campaign: str, ids: Sequence[UUID], window: Window
) -> dict[UUID, dict[str, int]]:
    """Points earned of points possible on the campaign's checklists (verified visits), in 1/100 (one query)."""
    found = {one: dict.fromkeys(COUNTS, 0) for one in ids}
    if not ids:
        return found
    columns = {"key": Visit.id, "unit": Visit.unit_id, "site": Visit.site_id, "day": Visit.day}
    pairs = pairs_of(league, session.tenant_id, ids, Visit, **columns)
    sums = (func.sum(Sheet.earned), func.sum(Sheet.possible), func.count(Visit.id.distinct()))
    query = (
        select(pairs.c.subject, *sums)
        .join(Visit, and_(Visit.tenant_id == session.tenant_id, Visit.id == pairs.c.record))
        .join(Sheet, and_(Sheet.tenant_id == session.tenant_id, Sheet.visit_id == Visit.id))
        .where(
            Sheet.campaign == campaign,
            Visit.basis == VERIFIED,
            Visit.hidden.is_(False),
            Visit.replaced_at.is_(None),
            Visit.day.between(window.first, window.last),
            Visit.submitted_at < window.cut_off,
        )
        .group_by(pairs.c.subject)
    )
    for subject, earned, possible, visits in session.execute(query):
        found[subject] = {"earned": int(earned or 0), "possible": int(possible or 0), "visits": visits}
    return found
