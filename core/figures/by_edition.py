"""Scores by the edition in force (按在用版本计分): each period by the one of its first day, a shadow beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.figures.frames import SliceKey
from core.figures.model import CampaignScore
from core.figures.periods import Period, containing
from core.figures.scores import score_slices
from core.work.editions.in_force import editions_for, shadow_of
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Break:
    """Where a series changes its edition (版本更替): at the period of this index another edition scores than before."""

    index: int
    period: Period
    before: Edition
    after: Edition


@dataclass(frozen=True, slots=True)
class Shadow:
    """The score of the shadow edition beside the one in force (影子版本得分); never ranked, never published."""

    score: CampaignScore
    source: str


def score_in_force(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    periods: tuple[Period, ...],
    units: tuple[UUID, ...] = (),
    *,
    cut_off: datetime | None = None,
) -> dict[SliceKey, CampaignScore]:
    """Score several disjoint periods, each by the edition in force on its first day; keys as of ``score_slices``."""
    chosen = editions_for(session, campaign, [period.start for period in periods])
    found: dict[SliceKey, CampaignScore] = {}
    for edition in dict.fromkeys(chosen):
        places = [n for n, one in enumerate(chosen) if one is edition or one.sha256 == edition.sha256]
        mine = tuple(periods[n] for n in places)
        part = score_slices(session, actor, campaign, edition, mine, units, cut_off=cut_off)
        found |= {(unit, places[n]): score for (unit, n), score in part.items()}
    return found


def breaks_in(session: ScopedSession, campaign: Campaign, periods: tuple[Period, ...]) -> tuple[Break, ...]:
    """Where the edition changes within a series of periods, oldest first; charts and tables mark it."""
    chosen = editions_for(session, campaign, [period.start for period in periods])
    return tuple(
        Break(n, periods[n], chosen[n - 1], chosen[n])
        for n in range(1, len(chosen))
        if chosen[n].sha256 != chosen[n - 1].sha256
    )


def break_after(period: Period, day: date) -> Period:
    """The first period of a kind that an edition scores which comes into force on a day: the one that begins then or next."""
    return period if period.start >= day else containing(period.kind, period.end + timedelta(days=1))


def score_shadow(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime,
) -> Shadow | None:
    """The period's score by the shadow edition, from the same visits; None when none runs by the end of the period."""
    found = shadow_of(session, campaign, period.end)
    if found is None:
        return None
    units = () if unit_id is None else (unit_id,)
    slices = score_slices(session, actor, campaign, found.edition, (period,), units, cut_off=cut_off)
    return Shadow(slices[unit_id, 0], found.source)
