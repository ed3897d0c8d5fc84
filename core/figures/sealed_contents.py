"""Reading what a period's copies are cut from (发布内容取数): the score with its interval, units, sites, warnings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, select

from core.campaigns import Campaign, Edition
from core.figures.frames import frame_of
from core.figures.leagues import Ranked, unit_league
from core.figures.periods import Period, day_of
from core.figures.regrading import regraded
from core.figures.scores import score_campaign
from core.figures.sealed_rows import LEVELS, SITE, UNIT, Contents
from core.figures.site_scores import site_scores
from core.figures.site_sums import read_intervals
from core.figures.warnings import warnings_of
from core.work.tables import Sheet
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession

PLACES, OFFICES = "subdistrict", "department"


def read_contents(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    now: datetime,
    tenant: str,
    detail: str,
) -> Contents:
    """Everything that a publication in some detail says; ``tenant`` is the district's slug, of which the seeds are made."""
    score = score_campaign(session, None, campaign, edition, period, cut_off=now)
    frame = frame_of(session, (period,), now)
    levels = LEVELS[detail]
    return Contents(
        score,
        read_intervals(session, frame, {(None, 0): score}, tenant)[None, 0],
        _units(session, campaign, edition, period, now, tenant) if UNIT in levels else (),
        tuple(site_scores(session, regraded(session, frame, campaign, edition), campaign.key))
        if SITE in levels
        else (),
        tuple(warnings_of(session, actor, score, day_of(now))),
    )


def _units(
    session: ScopedSession, campaign: Campaign, edition: Edition, period: Period, now: datetime, tenant: str
) -> tuple[Ranked, ...]:
    """The subdistricts as they are ranked, and apart from them the departments in whose places something was seen."""
    found: list[Ranked] = []
    for kind in (PLACES, *((OFFICES,) if _is_seen(session, OFFICES, campaign, period) else ())):
        wanted = {"tenant": tenant, "cut_off": now, "kind": kind, "look_back": False}
        rows = unit_league(session, None, campaign, edition, period, **wanted)
        found += [one for one in rows if kind == PLACES or one.row.score.visits]
    return tuple(found)


def _is_seen(session: ScopedSession, kind: str, campaign: Campaign, period: Period) -> bool:
    """Whether a place of some kind of unit was visited at all."""
    query = select(Sheet.visit_id).join(Unit, and_(Unit.tenant_id == session.tenant_id, Unit.id == Sheet.unit_id))
    mine = (Sheet.campaign == campaign.key, Sheet.day.between(period.start, period.end), Unit.kind == kind)
    return session.scalar(query.where(*mine).limit(1)) is not None
