"""The figures of a copy (发布件数值行): headings with their indicators, units, sites, effects, as far as its detail goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.figures.intervals import Interval, wilson
from core.figures.leagues import Ranked
from core.figures.model import CampaignScore, CategoryFigure, IndicatorFigure, Totals, as_decimal, cents
from core.figures.sealed_effects import effect_figures
from core.figures.site_scores import SiteScore
from core.figures.tables import Publication, PublishedFigure
from tenants.db import new_id

UNIT, SITE = "unit", "site"
FULL = "indicators"
# What leaves in each detail, from the least to the most; each holds what stands before it.
LEVELS: dict[str, tuple[str, ...]] = {
    "totals": (),
    "categories": ("category",),
    FULL: ("category", "indicator"),
    "units": ("category", "indicator", UNIT),
    "sites": ("category", "indicator", UNIT, SITE),
}


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a period's copies are cut from (发布内容)."""

    score: CampaignScore
    interval: Interval | None = None
    units: tuple[Ranked, ...] = ()
    sites: tuple[SiteScore, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()


def figure_rows(contents: Contents, row: Publication, detail: str) -> Iterator[PublishedFigure]:
    """The figures of a copy in the order of the catalogue, each heading before its indicators, then units, sites, effects."""
    position = 0
    for position, values in enumerate(_values(contents, LEVELS[detail]), 1):
        yield PublishedFigure(
            id=new_id(),
            reader_id=row.reader_id,
            tenant_id=row.tenant_id,
            publication_id=row.id,
            period_start=row.period_start,
            position=position,
            **values,
        )
    yield from effect_figures(contents.score.effects, row, position)


def _values(contents: Contents, levels: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    score = contents.score
    for category in score.categories if "category" in levels else ():
        yield _category(category)
        if "indicator" in levels:
            yield from (_indicator(one) for one in score.indicators if one.category == category.code)
    if UNIT in levels:
        yield from (_unit(one, n) for n, one in enumerate(contents.units, 1))
    if SITE in levels:
        yield from (_site(one, n) for n, one in enumerate(contents.sites, 1))


def _points(totals: Totals) -> dict[str, int | None]:
    earned = cents(totals.earned) if totals.assessed else None
    return {"earned": earned, "assessed": cents(totals.assessed), "possible": cents(totals.total)}


def _status(assessed: object) -> str:
    return "assessed" if assessed else "not_assessed"


def _category(one: CategoryFigure) -> dict[str, Any]:
    return {
        "level": "category",
        "code": one.code,
        "category": "",
        "name_zh": one.name_zh,
        "name_en": one.name_en,
        "status": _status(one.totals.assessed),
        "reason": "",
        "reason_en": "",
        "value": one.totals.percent_of_assessed,
        "unit": "%",
        "target": "",
        "n": one.n,
        **_points(one.totals),
    }


def _indicator(one: IndicatorFigure) -> dict[str, Any]:
    low, high = _rate_interval(one) or (None, None)
    return {
        "level": "indicator",
        "code": one.code,
        "category": one.category,
        "name_zh": one.name_zh,
        "name_en": one.name_en,
        "status": one.status,
        "reason": one.reason_zh,
        "reason_en": one.reason_en,
        "numerator": None if one.numerator is None else as_decimal(one.numerator),
        "denominator": None if one.denominator is None else as_decimal(one.denominator),
        "value": one.value,
        "unit": one.unit,
        "target": one.target,
        "earned": None if one.earned is None else cents(one.earned),
        "assessed": cents(one.possible) if one.assessed else 0,
        "possible": cents(one.possible),
        "n": one.n,
        "interval_low": low,
        "interval_high": high,
        "self_value": _beside(one, "self"),
        "declared_value": _beside(one, "declared"),
    }


def _beside(one: IndicatorFigure, basis: str) -> Decimal | None:
    """What there is on another basis than the verified one."""
    track = one.track(basis)
    return track.value if track else None


def _rate_interval(one: IndicatorFigure) -> tuple[Decimal, Decimal] | None:
    """Wilson's interval of a rate of cases; None for what is no count of a count."""
    if one.unit != "%" or one.numerator is None or one.denominator is None or not one.assessed:
        return None
    parts = (one.numerator, one.denominator)
    whole = all(part.denominator == 1 for part in parts) and one.value == _rate(*parts)
    return wilson(int(parts[0]), int(parts[1])) if whole else None


def _rate(over: Fraction, under: Fraction) -> Decimal | None:
    return Totals(as_decimal(over), as_decimal(under), as_decimal(under)).percent_of_assessed


def _unit(one: Ranked, number: int) -> dict[str, Any]:
    """A unit's score; of too few visits only how many there were."""
    score, shown = one.row.score, one.share is not None
    return {
        "level": UNIT,
        "code": f"UNIT-{number:03d}",
        "category": one.row.kind,
        "name_zh": one.row.name,
        "name_en": one.row.name,
        "status": _status(shown),
        "reason": one.unranked,
        "reason_en": one.unranked,
        "numerator": Decimal(score.findings["found"]) if shown else None,
        "denominator": Decimal(score.sites),
        "value": one.share,
        "unit": "%",
        "target": "",
        "earned": cents(score.earned) if shown else None,
        "assessed": cents(score.assessed) if shown else 0,
        "possible": cents(score.total),
        "n": score.visits,
        "interval_low": one.low,
        "interval_high": one.high,
    }


def _site(one: SiteScore, number: int) -> dict[str, Any]:
    return {
        "level": SITE,
        "code": one.code or f"SITE-{number:04d}",
        "category": one.unit,
        "name_zh": one.name,
        "name_en": one.name,
        "status": _status(one.possible),
        "reason": "",
        "reason_en": "",
        "numerator": Decimal(one.found),
        "denominator": Decimal(1),
        "value": one.percent,
        "unit": "%",
        "target": "",
        "earned": one.earned,
        "assessed": one.possible,
        "possible": one.possible,
        "n": one.visits,
    }


def of_level(figures: Iterable[PublishedFigure], level: str) -> list[PublishedFigure]:
    """The figures of one level in their order."""
    return [one for one in figures if one.level == level]
