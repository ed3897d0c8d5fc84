"""Warnings that travel with a publication (随发布件的提示): machine codes with numbers, computed from what is published.

They say what a reader should know before he compares: where the self-checked value lies far from the verified one, which
statistics are missing or late, whose parts do not add up to their total. They change no figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from core.errors import N_
from core.figures.model import CampaignScore
from core.figures.stat_warnings import LATE, MISSING, PARTS, statistic_warnings
from tenants.access import Actor
from tenants.scope import ScopedSession

SELF_GAP, RATE_ABOVE = "self_gap", "rate_above_100"
GAP = Decimal(10)  # percentage points between self-check and verification that are worth a word (ours)
WORDS_ZH: dict[str, str] = {
    SELF_GAP: N_("{of}：自查 {self}%，核查 {verified}%，相差 {gap} 个百分点"),
    RATE_ABOVE: N_("{of}：比率 {value}%，超过 100%"),
    PARTS: N_("{name}：分项合计 {sum}，填报总数 {total}，相差 {gap}（{share}%）"),
    LATE: N_("统计填报逾期 {count} 项（应报 {due} 项）"),
    MISSING: N_("统计填报缺报 {count} 项（应报 {due} 项）"),
}


def warnings_of(session: ScopedSession, actor: Actor | None, score: CampaignScore, on: date) -> list[dict[str, Any]]:
    """What should be known beside a score: each a code with its numbers as texts."""
    return [*_gaps(score), *statistic_warnings(session, actor, score, on)]


def _gaps(score: CampaignScore) -> Iterator[dict[str, Any]]:
    for one in score.indicators:
        gap = one.gap
        own, verified = one.track("self"), one.track("verified")
        if gap is not None and own and verified and one.unit == "%" and abs(gap) >= GAP:
            said = {"self": str(own.value), "verified": str(verified.value), "gap": str(gap)}
            yield {"code": SELF_GAP, "of": one.code, **said}
        if one.over:
            yield {"code": RATE_ABOVE, "of": one.code, "value": str(one.value)}
