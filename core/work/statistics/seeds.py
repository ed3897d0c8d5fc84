"""From the metrics of the enabled editions to lines of the dictionary (统计目录初始化): who counts what, how often, in what.

Units of measure and the way several periods make one are ours, by the metric's name; the district may change both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from core.campaigns import Edition, Indicator, Metric
from core.work.statistics.codes import SOURCES, code_of

ROW = "figure"
VERIFIED, SELF, DECLARED = "verified", "self", "declared"
BASES = (SELF, VERIFIED, DECLARED)
# A day counted each day would be asked thirty times for one number: what is asked more often is asked by the month (ours).
FREQUENCIES = {"year": "year", "yearly": "year", "quarter": "quarter", "quarterly": "quarter", "seasonal": "quarter"}
MONTH = "month"
# What the metrics count, by their names; all else counts items (个).
MEASURES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "resident_population",
            "urban_resident_population",
            "volunteers_registered",
            "volunteers_active",
            "posts_filled",
        ),
        "person",
    ),
    **dict.fromkeys(
        ("children_vaccinated", "children_due", "live_births", "infant_deaths", "people_exercising", "people_surveyed"),
        "person",
    ),
    **dict.fromkeys(("residents_literate", "residents_surveyed"), "person"),
    **dict.fromkeys(("days_aqi_le_100", "days_valid"), "d"),
    **dict.fromkeys(("street_length_meeting_hours", "street_length_total"), "km"),
    **dict.fromkeys(("green_cover_area", "built_up_area"), "km2"),
    **dict.fromkeys(("waste_treated", "waste_collected", "medical_waste_disposed", "medical_waste_generated"), "t"),
    **dict.fromkeys(("sewage_treated", "sewage_discharged"), "m3"),
    **dict.fromkeys(("samples_met", "samples_taken", "samples_passed"), "sample"),
    **dict.fromkeys(("samples_tested", "produce_passed", "produce_tested", "failed_due"), "batch"),
    **dict.fromkeys(("movements_compliant", "movements_observed"), "person_time"),
    **dict.fromkeys(
        ("facility_rate", "indoor_rate", "room_rate", "breeding_rate", "egg_rate", "trace_rate"), "percent"
    ),
    **dict.fromkeys(("path_index", "dip_index", "landing_index", "per_room"), "index"),
    **dict.fromkeys(("minors_system_score", "satisfaction_sum"), "point"),
    "failed_followed_up_on_time": "batch",
    "park_green_area": "m2",
    "cases_reported": "case",
    "appraisal_weight": "percent",
    "budget_met": "yes_no",
}
# What stands at a day instead of adding up over days: the latest value counts.
STANDING = frozenset(
    {
        "resident_population",
        "urban_resident_population",
        "volunteers_registered",
        "volunteers_active",
        "stations_required",
        "street_length_total",
        "street_length_meeting_hours",
        "green_cover_area",
        "built_up_area",
        "park_green_area",
        "posts_filled",
        "posts_approved",
        "enterprises_declared",
        "enterprises_with_hazard",
        "negative_events",
        "accidents",
        "incidents",
        "falsifications",
    }
)
AT_END = "period end"  # a selector that counts what is there when the period ends
POPULATIONS = frozenset({"resident_population", "urban_resident_population"})
LIMITS: Mapping[str, tuple[Decimal | None, Decimal | None]] = {
    "percent": (Decimal(0), Decimal(100)),
    "yes_no": (Decimal(0), Decimal(1)),
}


@dataclass(slots=True)
class Seed:
    """A line that an edition asks for (目录行): everything but the unit, which the district's own roles decide."""

    code: str
    name_zh: str
    name_en: str
    measure: str
    role: str
    unit_kind: str
    frequency: str
    combine: str
    bases: list[str]
    asked_by: list[dict[str, str]] = field(default_factory=list)

    @property
    def campaigns(self) -> frozenset[str]:
        """The campaigns that ask for it."""
        return frozenset(one["campaign"] for one in self.asked_by)


def seeds_of(editions: Iterable[tuple[str, Edition]]) -> dict[str, Seed]:
    """What some editions, named with their campaigns, ask to be entered; each code once."""
    found: dict[str, Seed] = {}
    for campaign, edition in editions:
        for metric, indicator in _asked(edition):
            code = code_of(metric, indicator.code)
            seed = found.setdefault(code, _seed(code, metric, indicator))
            asked = {"campaign": campaign, "edition": edition.sha256, "indicator": indicator.code}
            seed.asked_by.append(asked | {"metric": metric.name, "source": metric.source})
    return found


def _asked(edition: Edition) -> Iterator[tuple[Metric, Indicator]]:
    for metric in edition.metrics:
        if metric.row == ROW and metric.source in SOURCES:
            for code in metric.indicators:
                yield metric, edition.indicator(code)


def _seed(code: str, metric: Metric, indicator: Indicator) -> Seed:
    given = dict(metric.selector)
    counted = metric.source == "statistics"
    return Seed(
        code=code,
        name_zh=metric.definition_zh or metric.name,
        name_en=_english(metric),
        measure=MEASURES.get(metric.name, "piece"),
        role=given.get("role", "") or indicator.lead_role,
        unit_kind=given.get("by", ""),
        frequency=FREQUENCIES.get(given.get("period", "") or indicator.frequency, MONTH),
        combine=_combine(metric),
        bases=list(BASES) if counted else [DECLARED],
    )


def _english(metric: Metric) -> str:
    """The English definition; five surveys are called "that survey" beside their indicators, here each by its name."""
    survey = dict(metric.selector).get("survey", "").replace("_", " ")
    return (metric.definition_en or metric.name).replace("that survey", f"the {survey} survey" if survey else "it")


def _combine(metric: Metric) -> str:
    if metric.name in STANDING or AT_END in dict(metric.selector).get("where", ""):
        return "last"
    return "mean" if metric.aggregate == "mean" else "sum"
