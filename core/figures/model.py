"""What a score is made of (得分): figures of indicators, totals of categories and of the campaign, vetoes.

Numerators and denominators stay exact fractions; points are Decimal with two decimals. "Of assessed points" and "of all
points" stand side by side and are never mixed in one ranking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.campaigns.arithmetic import exact, half_up
from core.figures.figure import IndicatorFigure, Sample, Track
from core.figures.periods import Period

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Totals:
    """Points of some indicators (合计): earned and possible of those assessed, and of all."""

    earned: Decimal
    assessed: Decimal
    total: Decimal

    @property
    def percent_of_assessed(self) -> Decimal | None:
        """Earned of assessed points in percent (占已评估分); None when nothing is assessed."""
        return percent(self.earned, self.assessed)

    @property
    def percent_of_all(self) -> Decimal | None:
        """Earned of all points in percent (占总分)."""
        return percent(self.earned, self.total)

    @property
    def coverage(self) -> Decimal | None:
        """Assessed of all points in percent (覆盖率)."""
        return percent(self.assessed, self.total)

    @property
    def lost(self) -> Decimal:
        """Assessed points that were not reached (失分)."""
        return self.assessed - self.earned


@dataclass(frozen=True, slots=True)
class CategoryFigure:
    """One heading of the assessment system with its points (测评项目得分)."""

    code: str
    name_zh: str
    name_en: str
    totals: Totals
    n: int


@dataclass(frozen=True, slots=True)
class Veto:
    """What rules a district out (否决): a broken hard gate, a key group under 70 % of its points, or a barring event."""

    kind: str
    code: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class EffectLine:
    """What one entry of the negative list, or a veto by the edition's policy, does to a total (影响), with its document.

    ``entry_id`` is None for the policy's.
    ``effect`` is deduct, cap or bar, ``points`` what is deducted or the ceiling; ``after`` is None under a bar.
    """

    entry_id: UUID | None
    title: str
    document: str
    source: str
    happened_on: date
    triggered_on: date
    effect: str
    points: Decimal
    before: Decimal
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class CampaignScore:
    """A campaign's score in one unit (None: the district) and period (活动得分), as of ``cut_off``.

    ``totals`` are those of the indicators; ``earned`` and the shares are what remains after the ``effects`` of the negative
    list. Under a bar there is no share, hence no rank. ``undated`` visits of the period (in the whole district) were scored
    anew by today's site attributes, for they are from before a visit kept those of its day.
    """

    campaign: Campaign
    edition: Edition
    period: Period
    unit_id: UUID | None
    cut_off: datetime
    indicators: tuple[IndicatorFigure, ...]
    categories: tuple[CategoryFigure, ...]
    totals: Totals
    vetoes: tuple[Veto, ...]
    visits: int
    sites: int
    findings: dict[str, int]
    effects: tuple[EffectLine, ...] = ()
    undated: int = 0

    @property
    def barred(self) -> bool:
        """Whether an event of the negative list, or a veto by the edition's policy, rules the district out (一票否决)."""
        return any(line.after is None for line in self.effects)

    @property
    def earned(self) -> Decimal:
        """Points earned, after what the negative list and the edition's veto policy take."""
        standing = [line.after for line in self.effects if line.after is not None]
        return standing[-1] if standing else self.totals.earned

    @property
    def estimate(self) -> Totals:
        """The same with self-checked and declared values where nothing was verified (含自评和申报的估分); never ranked."""
        stand_in = [(f, f.estimated) for f in self.indicators]
        more = sum((one[1] for _, one in stand_in if one is not None), ZERO)
        assessed = sum((f.possible for f, one in stand_in if one is not None), ZERO)
        return Totals(self.totals.earned + more, self.totals.assessed + assessed, self.totals.total)

    @property
    def estimated(self) -> tuple[str, ...]:
        """The codes of the indicators that only the estimate has."""
        return tuple(f.code for f in self.indicators if f.estimated is not None)

    @property
    def assessed(self) -> Decimal:
        """Points of the indicators that were assessed."""
        return self.totals.assessed

    @property
    def total(self) -> Decimal:
        """All points of the edition."""
        return self.totals.total

    @property
    def coverage(self) -> Decimal | None:
        """Assessed of all points in percent."""
        return self.totals.coverage

    @property
    def percent_of_assessed(self) -> Decimal | None:
        """Earned of assessed points in percent; None under a bar."""
        return None if self.barred else percent(self.earned, self.assessed)

    @property
    def percent_of_all(self) -> Decimal | None:
        """Earned of all points in percent; None under a bar."""
        return None if self.barred else percent(self.earned, self.total)

    def indicator(self, code: str) -> IndicatorFigure:
        """The figure of one indicator; NotFound when the edition has none of that code."""
        wanted = self.edition.indicator(code)
        return next(f for f in self.indicators if f.indicator is wanted)


def total_of(figures: Iterable[IndicatorFigure]) -> Totals:
    """The points of some figures."""
    listed = list(figures)
    return Totals(
        sum((f.earned for f in listed if f.earned is not None), ZERO),
        sum((f.possible for f in listed if f.assessed), ZERO),
        sum((f.possible for f in listed), ZERO),
    )


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A share in percent with two decimals; None of nothing."""
    return half_up(exact(part) / exact(whole) * 100) if whole else None


def as_decimal(value: Fraction) -> Decimal:
    """A numerator or denominator as it is stored: exact, or six decimals half-up where it has no end."""
    scaled = half_up(value * 10_000).scaleb(-4)
    return Decimal(int(value)) if value.denominator == 1 else scaled.normalize()


def cents(points: Decimal) -> int:
    """Points as an integer of 1/100."""
    return int(half_up(exact(points) * 100))


__all__ = [
    "ZERO",
    "CampaignScore",
    "CategoryFigure",
    "EffectLine",
    "IndicatorFigure",
    "Sample",
    "Totals",
    "Track",
    "Veto",
    "as_decimal",
    "cents",
    "percent",
    "total_of",
]
