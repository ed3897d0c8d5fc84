"""The pages' first glance (总览): campaigns side by side, units, trend, where points are lost, what changed.

Everything here is read from :mod:`core.figures.scores`; nothing is computed twice in another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from core.campaigns import Campaign, Edition
from core.figures.by_edition import score_in_force
from core.figures.model import ZERO, CampaignScore, IndicatorFigure, percent
from core.figures.periods import Period, last_periods
from core.figures.scores import score_campaign, score_slices
from core.work.organisation.areas import in_area
from core.work.roles import SEE
from tenants.access import Actor, reach
from tenants.models import Unit
from tenants.scope import ScopedSession

TREND = 9  # ten-day periods shown: a quarter (ours)


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """One campaign beside the others (活动概览) with the period before; ``change`` is in percentage points."""

    score: CampaignScore
    previous: CampaignScore

    @property
    def is_break(self) -> bool:
        """Whether the period before was scored by another edition (版本更替): then the two are not compared."""
        return self.score.edition.sha256 != self.previous.edition.sha256

    @property
    def change(self) -> Decimal | None:
        """How far the share of assessed points moved since the period before; None when either is missing or another edition scored it."""
        if self.is_break:
            return None
        return _difference(self.score.percent_of_assessed, self.previous.percent_of_assessed)


@dataclass(frozen=True, slots=True)
class UnitScore:
    """One unit's score (单位得分)."""

    unit_id: UUID
    name: str
    kind: str
    score: CampaignScore


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One period of a trend (走势)."""

    period: Period
    percent: Decimal | None
    coverage: Decimal | None
    visits: int


@dataclass(frozen=True, slots=True)
class Loss:
    """An indicator that loses assessed points (失分项); ``share`` is its part of all lost points in percent."""

    figure: IndicatorFigure
    lost: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """What moved since the day before (较昨日变化): the score of the period so far, and the day's records."""

    today: CampaignScore
    yesterday: CampaignScore
    indicators: tuple[tuple[IndicatorFigure, IndicatorFigure], ...]

    @property
    def change(self) -> Decimal | None:
        """Percentage points of assessed points gained or lost since yesterday."""
        return _difference(self.today.percent_of_assessed, self.yesterday.percent_of_assessed)

    @property
    def visits(self) -> int:
        """Verified visits that came in since."""
        return self.today.visits - self.yesterday.visits

    @property
    def found(self) -> int:
        """Findings opened since."""
        return self.today.findings["found"] - self.yesterday.findings["found"]

    @property
    def closed(self) -> int:
        """Findings that fell due and were closed since."""
        return self.today.findings["closed"] - self.yesterday.findings["closed"]


def side_by_side(
    session: ScopedSession,
    actor: Actor | None,
    campaigns: Iterable[Campaign],
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime | None = None,
) -> list[CampaignCard]:
    """Each campaign's score with that of the period before; ``campaigns`` as the tenant runs them."""
    units = () if unit_id is None else (unit_id,)
    cards = []
    for one in campaigns:
        pair = (period.previous, period)
        slices = score_in_force(session, actor, one, pair, units, cut_off=cut_off)
        cards.append(CampaignCard(slices[unit_id, 1], slices[unit_id, 0]))
    return cards


def by_unit(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    *,
    kind: str = "subdistrict",
    under: UUID | None = None,
    cut_off: datetime | None = None,
) -> list[UnitScore]:
    """The score of each unit of a kind within the actor's reach, best first, those without data last, then by name."""
    units = units_of(session, actor, kind, under, period.end)
    if not units:
        return []
    ids = tuple(u.id for u in units)
    slices = score_slices(session, actor, campaign, edition, (period,), ids, cut_off=cut_off)
    rows = [UnitScore(u.id, u.name, u.kind, slices[u.id, 0]) for u in units]
    return sorted(rows, key=_best_first)


def trend(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition | None,
    day: date,
    unit_id: UUID | None = None,
    *,
    kind: str = "ten_day",
    count: int = TREND,
    cut_off: datetime | None = None,
) -> list[TrendPoint]:
    """The last periods up to the one that ``day`` lies in, oldest first; a gap stays a gap.

    ``edition`` None: each period by the edition in force at its start.
    """
    periods = last_periods(kind, day, count)
    units = () if unit_id is None else (unit_id,)
    if edition is None:
        slices = score_in_force(session, actor, campaign, periods, units, cut_off=cut_off)
    else:
        slices = score_slices(session, actor, campaign, edition, periods, units, cut_off=cut_off)
    return [
        TrendPoint(period, one.percent_of_assessed, one.coverage, one.visits)
        for n, period in enumerate(periods)
        for one in (slices[unit_id, n],)
    ]


def points_lost(score: CampaignScore, count: int | None = 10) -> list[Loss]:
    """Where assessed points are lost, the dearest first (失分排序)."""
    losing = [(f.lost, f) for f in score.indicators if f.lost]
    losing.sort(key=lambda pair: (-pair[0], pair[1].code))
    whole = score.totals.lost
    return [Loss(f, lost, percent(lost, whole) or ZERO) for lost, f in losing[:count]]


def changed_since_yesterday(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime,
) -> Change:
    """The period's score as of ``cut_off`` against the same a day earlier, with the indicators whose points moved."""
    pair = [
        score_campaign(session, actor, campaign, edition, period, unit_id, cut_off=moment)
        for moment in (cut_off, cut_off - timedelta(days=1))
    ]
    moved = tuple(
        (new, old) for new, old in zip(pair[0].indicators, pair[1].indicators, strict=True) if new.earned != old.earned
    )
    return Change(pair[0], pair[1], moved)


def units_of(session: ScopedSession, actor: Actor | None, kind: str, under: UUID | None, on: date) -> list[Unit]:
    """The units of a kind within the actor's reach on a day, under one of them if given, by name."""
    query = select(Unit).where(
        Unit.kind == kind, Unit.valid_from <= on, or_(Unit.valid_to.is_(None), Unit.valid_to > on)
    )
    if actor is not None:
        query = query.where(Unit.id.in_(reach(actor, SEE, on)))
    if under is not None:
        query = query.where(in_area(session.tenant_id, under, on, Unit.id))
    return list(session.scalars(query.order_by(Unit.pinyin, Unit.id)))


def _best_first(row: UnitScore) -> tuple[bool, Decimal, str]:
    percent = row.score.percent_of_assessed
    return percent is None, -(percent or Decimal(0)), row.name


def _difference(new: Decimal | None, old: Decimal | None) -> Decimal | None:
    return None if new is None or old is None else new - old
