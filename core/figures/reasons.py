"""Why an indicator is not assessed (未评估原因), in both languages: it travels in sealed publications, so it is no page text.

Missing is not zero: a figure without a source, or without a single observation, gives no points and costs none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.campaigns import IndicatorScore, Metric
from core.campaigns.attainment import (
    NO_DATA,
    NO_LEVEL,
    NO_MEAN,
    NO_PARTS,
    NO_PREVIOUS,
    NO_PREVIOUS_RISE,
    NO_SIZE,
    NO_TARGET,
    ZERO_DENOMINATOR,
)
from core.figures.terms import FindingTerm, Plan, RecheckTerm


class Reason(NamedTuple):
    """One sentence in Chinese and English."""

    zh: str
    en: str


ASSESSED = Reason("", "")
NO_VISITS = Reason("本期没有相关的核查记录", "no verified visit answered it in this period")
NO_FINDINGS = Reason("本期没有到期的问题", "no finding fell due in this period")
NO_EXACT_RATE = Reason(
    "分子和分母都只是约数或下限，得不出准确的比率", "both numbers are rounded or lower bounds: there is no exact rate"
)
NO_RECHECKS = Reason("本期没有回头看复查", "no closed finding was re-inspected in this period")

_SOURCES = {
    "items": Reason("检查项", "checklist items"),
    "findings": Reason("问题台账", "the ledger of findings"),
    "sites": Reason("点位登记", "register of sites"),
    "records": Reason("台账登记", "ledger records"),
    "statistics": Reason("部门填报", "figures entered by departments"),
    "survey": Reason("问卷或回访", "surveys and follow-up calls"),
    "sampling": Reason("抽检监测", "sampling and monitoring"),
}
_SCORING = {
    NO_DATA: "data missing",
    ZERO_DENOMINATOR: "the denominator is zero",
    NO_MEAN: "the own five-year mean is missing, so there is no target",
    NO_PREVIOUS: "the target is not reached and the previous value is missing",
    NO_PREVIOUS_RISE: "the target is not reached and the previous value is missing",
    NO_SIZE: "the target depends on the city's size, and the population is missing",
    NO_PARTS: "the worst subdistrict decides, and values by subdistrict are missing",
    NO_LEVEL: "the density level is missing",
    NO_TARGET: "the target is no number and no reference is given",
}


def unfed_reason(metrics: Iterable[Metric]) -> Reason:
    """Names each number that has no source yet, and where it will come from."""
    listed = list(metrics)
    zh = "；".join(f"{m.definition_zh}（{_SOURCES[m.source].zh}）" for m in listed)
    en = "; ".join(f"{m.definition_en} ({_SOURCES[m.source].en})" for m in listed)
    return Reason(f"来源：{zh}", f"source: {en}")


def empty_reason(plan: Plan) -> Reason:
    """Nothing was observed: no visit, no finding due, or no re-inspection."""
    if any(isinstance(t, RecheckTerm) for t in plan.terms):
        return NO_RECHECKS
    return NO_FINDINGS if any(isinstance(t, FindingTerm) for t in plan.terms) else NO_VISITS


def scoring_reason(score: IndicatorScore) -> Reason:
    """The reason that the scoring rule itself gives."""
    return Reason(score.reason, _SCORING.get(score.reason, score.reason))
