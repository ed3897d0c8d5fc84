"""Units of one kind ranked against each other (单位排名): never areas against departments, equal values share a rank.

A rank stands with its interval and with the ranks that the intervals allow: units that cannot be told apart say so. A unit
below the minimum volume shows how many visits it has, and no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.errors import N_
from core.figures.comparison import BARRED, LOW_VOLUME, NOTHING_ASSESSED, RANKED
from core.figures.frames import frame_of
from core.figures.intervals import MINIMUM_CLUSTERS, REPLICATES, Interval, rank_ranges, same_as_above
from core.figures.normalising import Residents, per_residents, per_site, read_residents
from core.figures.overview import UnitScore, units_of
from core.figures.periods import Period
from core.figures.scores import score_slices
from core.figures.site_sums import read_intervals
from tenants.access import Actor
from tenants.scope import ScopedSession

MINIMUM_VISITS = 5  # a unit with fewer verified visits shows its n alone and is not ranked (ours)

# How a league is ranked, as it is printed beside every table; {n} and {sites} are the numbers above.
METHOD_ZH = N_(
    "名次按占已评估分的数值排（两位小数，相同并列）。区间是对点位的重抽样（{n} 次，取中间 95%，种子由区县、项目、版本、周期和单位算出）；"
    "点位少于 {sites} 个不画区间。区间重叠的单位不可区分，名次范围写明可能的最好和最差名次。检查不足 {visits} 次只列次数。"
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A unit's score with its rank (名次) and interval; ``unranked`` is '' or says why it has none.

    ``best`` and ``worst`` are the ranks that the intervals of the league allow, ``same_as_above`` whether it cannot be told
    from the one above it, ``before`` its rank in the period before.
    """

    row: UnitScore
    rank: int | None
    unranked: str
    interval: Interval | None = None
    best: int | None = None
    worst: int | None = None
    same_as_above: bool = False
    before: int | None = None
    residents: Residents | None = None

    @property
    def id(self) -> UUID:
        """The unit's id."""
        return self.row.unit_id

    @property
    def share(self) -> Decimal | None:
        """The share of assessed points; None when so few visits stand behind it that it is not shown."""
        return None if self.unranked == LOW_VOLUME else self.row.score.percent_of_assessed

    @property
    def low(self) -> Decimal | None:
        """The lower end of the interval in per cent; None with a value that is not shown."""
        return self.interval.low if self.interval and self.share is not None else None

    @property
    def high(self) -> Decimal | None:
        """The upper end of the interval in per cent."""
        return self.interval.high if self.interval and self.share is not None else None

    @property
    def found_per_site(self) -> Decimal | None:
        """Findings for each site visited (每个受检点位的问题数)."""
        score = self.row.score
        return None if self.unranked == LOW_VOLUME else per_site(score.findings["found"], score.sites)

    @property
    def found_per_residents(self) -> Decimal | None:
        """Findings for 10 000 residents, where their number is verified and locked (每万人问题数)."""
        return per_residents(self.row.score.findings["found"], self.residents)


def unit_league(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    *,
    tenant: str,
    cut_off: datetime,
    kind: str = "subdistrict",
    under: UUID | None = None,
    look_back: bool = True,
) -> list[Ranked]:
    """The units of a kind within the actor's reach, ranked with intervals and their ranks of the period before.

    ``tenant`` is the district's slug, of which the seed is made; ``look_back`` False leaves the earlier ranks out.
    """
    units = units_of(session, actor, kind, under, period.end)
    if not units:
        return []
    ids = tuple(one.id for one in units)
    spans = (period, period.previous) if look_back else (period,)
    slices = score_slices(session, actor, campaign, edition, spans, ids, cut_off=cut_off)
    rows, *before = ([UnitScore(u.id, u.name, u.kind, slices[u.id, n]) for u in units] for n in range(len(spans)))
    frame = frame_of(session, (period,), cut_off, ids)
    intervals = read_intervals(session, frame, {(u, 0): slices[u, 0] for u in ids}, tenant)
    return rank(
        rows,
        {unit: one for (unit, _), one in intervals.items() if unit is not None},
        {one.id: one.rank for earlier in before for one in rank(earlier)},
        read_residents(session, period, cut_off, ids),
    )


def rank(
    rows: Sequence[UnitScore],
    intervals: Mapping[UUID, Interval | None] | None = None,
    before: Mapping[UUID, int | None] | None = None,
    residents: Mapping[UUID, Residents] | None = None,
) -> list[Ranked]:
    """Competition ranks over the shares as printed: 1 + how many are strictly better; who has none comes last."""
    whys = [_why_not(row) for row in rows]
    shares = [row.score.percent_of_assessed or Decimal(0) for row in rows]
    counted = [share for share, why in zip(shares, whys, strict=True) if why == RANKED]
    found = [
        Ranked(
            row,
            1 + sum(other > share for other in counted) if why == RANKED else None,
            why,
            (intervals or {}).get(row.unit_id),
            before=(before or {}).get(row.unit_id),
            residents=(residents or {}).get(row.unit_id),
        )
        for row, share, why in zip(rows, shares, whys, strict=True)
    ]
    ordered = sorted(found, key=lambda one: (one.rank is None, one.rank or 0, one.row.name))
    return ordered if intervals is None else _told_apart(ordered)


def _told_apart(rows: Sequence[Ranked]) -> list[Ranked]:
    """The ranked rows, which come first, with the ranks that their intervals allow."""
    ranked = [one for one in rows if one.rank is not None]
    bounds = [(one.interval.low, one.interval.high) if one.interval else None for one in ranked]
    ranges = rank_ranges(bounds)
    told = [
        replace(one, best=best, worst=worst, same_as_above=same)
        for one, (best, worst), same in zip(ranked, ranges, same_as_above(bounds), strict=True)
    ]
    return [*told, *rows[len(ranked) :]]


def method_numbers() -> dict[str, int]:
    """The numbers that METHOD_ZH names."""
    return {"n": REPLICATES, "sites": MINIMUM_CLUSTERS, "visits": MINIMUM_VISITS}


def _why_not(row: UnitScore) -> str:
    if row.score.barred:
        return BARRED
    if row.score.percent_of_assessed is None:
        return NOTHING_ASSESSED
    return LOW_VOLUME if row.score.visits < MINIMUM_VISITS else RANKED
