"""One indicator in one unit and period (指标数值): what was verified, beside it what was self-checked and declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from core.campaigns import Indicator
from core.campaigns.arithmetic import half_up
from core.campaigns.trail import Step
from core.figures.strata import Stratum
from core.figures.terms import Plan
from core.work.statistics.observed import Observed


@dataclass(frozen=True, slots=True)
class Sample:
    """A verified share seen in visits (抽查值), shown beside a ledger's figure and never mixed with it."""

    numerator: Fraction
    denominator: Fraction
    n: int

    @property
    def value(self) -> Decimal | None:
        """The share in percent; None when nothing was seen."""
        return half_up(self.numerator / self.denominator * 100) if self.denominator else None


@dataclass(frozen=True, slots=True)
class Track:
    """One indicator on one basis (口径): what was verified, what was checked by oneself, what was only declared.

    ``basis`` is verified, self or declared; ``earned`` what the value would give by the same rule. Tracks are never mixed.
    """

    basis: str
    numerator: Fraction | None
    denominator: Fraction | None
    n: int
    value: Decimal | None
    earned: Decimal | None
    exact: Fraction | None = None


@dataclass(frozen=True, slots=True)
class IndicatorFigure:
    """One indicator in one unit and period (指标数值). ``status`` is assessed or not_assessed; ``n`` counts observations.

    All of it is the verified track; ``tracks`` has each basis that has data, this one among them. ``steps`` is the
    computation, ``exact`` the value without rounding, ``over`` says that a rate exceeds 100 %, ``strata`` are the site types
    of a mean, ``observed`` the statistics by metric, ``decided_by`` is the worst subdistrict where that decides.
    """

    indicator: Indicator
    status: str
    reason_zh: str
    reason_en: str
    numerator: Fraction | None
    denominator: Fraction | None
    value: Decimal | None
    earned: Decimal | None
    possible: Decimal
    n: int
    met: bool | None = None
    breach: bool = False
    sample: Sample | None = None
    plan: Plan | None = field(default=None, repr=False, compare=False)
    tracks: tuple[Track, ...] = ()
    steps: tuple[Step, ...] = field(default=(), repr=False)
    exact: Fraction | None = None
    level: str = ""
    over: bool = False
    strata: tuple[Stratum, ...] = ()
    observed: tuple[tuple[str, Observed], ...] = field(default=(), repr=False)
    decided_by: UUID | None = None

    def track(self, basis: str) -> Track | None:
        """What there is on one basis."""
        return next((one for one in self.tracks if one.basis == basis), None)

    @property
    def gap(self) -> Decimal | None:
        """The self-checked value less the verified one (自查与核查之差); None unless both are known."""
        own, verified = self.track("self"), self.track("verified")
        if own is None or verified is None or own.exact is None or verified.exact is None:
            return None
        return half_up(own.exact - verified.exact)

    @property
    def estimated(self) -> tuple[str, Decimal] | None:
        """What stands in for a missing verified value in an estimate: the basis and the points, self before declared."""
        if self.assessed:
            return None
        found = (self.track(basis) for basis in ("self", "declared"))
        return next(((one.basis, one.earned) for one in found if one is not None and one.earned is not None), None)

    @property
    def code(self) -> str:
        """The indicator's code."""
        return self.indicator.code

    @property
    def name_zh(self) -> str:
        """The indicator's Chinese name."""
        return self.indicator.name_zh

    @property
    def name_en(self) -> str:
        """The indicator's English name."""
        return self.indicator.name_en

    @property
    def category(self) -> str:
        """The code of its heading."""
        return self.indicator.category_code

    @property
    def unit(self) -> str:
        """The unit of the value, such as %."""
        return self.indicator.unit

    @property
    def target(self) -> str:
        """The target as the paper has it, such as '>= 95'."""
        return f"{self.indicator.target_op} {self.indicator.target}"

    @property
    def assessed(self) -> bool:
        """Whether there is a value."""
        return self.status == "assessed"

    @property
    def lost(self) -> Decimal | None:
        """The points not reached; None when not assessed."""
        return None if self.earned is None else self.possible - self.earned
