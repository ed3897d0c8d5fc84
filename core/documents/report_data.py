"""What a monthly report prints (月报数据): texts that are ready, the same for the page and for Word."""

from __future__ import annotations

from dataclasses import dataclass

from core.documents.wording import DASH


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One line of a report, ready to print (报告数值); ``percent`` is earned of assessed, a dash where there is nothing."""

    level: str
    code: str
    category: str
    name_zh: str
    name_en: str
    assessed: bool
    reason_zh: str
    reason_en: str
    numerator: str
    denominator: str
    value: str
    unit: str
    target: str
    earned: str
    assessed_points: str
    possible: str
    lost: str
    percent: str
    n: int

    @property
    def fraction(self) -> str:
        """Numerator / denominator; the number alone for a plain value."""
        return self.numerator if self.denominator == DASH else f"{self.numerator} / {self.denominator}"


@dataclass(frozen=True, slots=True)
class ReportVeto:
    """What rules the district out (否决项), by the code in the seal and its name where the catalogue has one."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ReportEffect:
    """What an entry of the negative list took, ready to print (负面清单影响); ``after`` is a dash under a bar."""

    title: str
    document: str
    kind_zh: str
    kind_en: str
    points: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report prints (报告数据); points and shares are texts with two decimals.

    ``earned`` and the shares are what remains after the ``effects`` of the negative list, ``earned_before`` what was before
    them; when ``barred``, no total counts and the shares are dashes.
    """

    district: str
    district_slug: str
    campaign: str
    title_zh: str
    title_en: str
    kind_zh: str
    kind_en: str
    period_zh: str
    period_en: str
    period_key: str
    sequence: int
    edition: str
    edition_sha256: str
    edition_zh: str
    edition_en: str
    issuer: str
    issuer_en: str
    cut_off: str
    cut_off_en: str
    published_at: str
    published_at_en: str
    published_by: str
    seal: str
    previous_seal: str
    corrects: str
    reason: str
    is_demo: bool
    earned: str
    earned_before: str
    assessed: str
    total: str
    lost: str
    gap: str
    percent: str
    percent_of_all: str
    coverage: str
    visits: int
    sites: int
    findings: dict[str, int]
    on_time_percent: str
    vetoes: tuple[ReportVeto, ...]
    effects: tuple[ReportEffect, ...]
    barred: bool
    categories: tuple[ReportFigure, ...]
    indicators: tuple[ReportFigure, ...]
    losses: tuple[ReportFigure, ...]

    @property
    def assessed_indicators(self) -> tuple[ReportFigure, ...]:
        """The indicators that have a value."""
        return tuple(f for f in self.indicators if f.assessed)

    @property
    def open_indicators(self) -> tuple[ReportFigure, ...]:
        """The indicators that are not assessed, with their reasons."""
        return tuple(f for f in self.indicators if not f.assessed)

    @property
    def site_scores(self) -> tuple[ReportFigure, ...]:
        """Assessed indicators that are mean scores of sites."""
        return tuple(f for f in self.assessed_indicators if f.unit == "score")

    @property
    def rates(self) -> tuple[ReportFigure, ...]:
        """Assessed indicators of any other kind."""
        return tuple(f for f in self.assessed_indicators if f.unit != "score")

    def under(self, *categories: str) -> tuple[ReportFigure, ...]:
        """Assessed indicators under some headings."""
        return tuple(f for f in self.assessed_indicators if f.category in categories)

    def outside(self, *categories: str) -> tuple[ReportFigure, ...]:
        """Assessed indicators under all other headings."""
        return tuple(f for f in self.assessed_indicators if f.category not in categories)
