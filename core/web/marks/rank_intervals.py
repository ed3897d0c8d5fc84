"""Intervals beside daily ranks (逐日排名的区间): of each rate of cases, and the ranks that they allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from flask_babel import gettext

from core.errors import N_
from core.figures.intervals import rank_ranges, same_as_above, wilson
from core.work.marks.card_rules import BY_VALUE, BY_WILSON, FINDINGS, PERCENT
from core.work.marks.card_schemes import Kept
from core.work.marks.ranking_days import Placed

METHODS: Mapping[str, str] = {
    BY_VALUE: N_("排名方法：按数值。"),
    BY_WILSON: N_("排名方法：按 95% 区间的不利端。"),
}
WILSON_ZH = N_("区间是由件数算出的威尔逊区间；名次下的小字是区间允许的名次，区间重叠的不可区分。")


def intervals_of(kept: Kept, places: Sequence[Placed]) -> Mapping[UUID, tuple[Decimal, Decimal]]:
    """The interval of each rate of cases; a score has no cases, and of tasks all are known."""
    if kept.scheme.source != FINDINGS or kept.scheme.measure.unit != PERCENT:
        return {}
    found = {one.subject.id: wilson(one.numerator, one.denominator) for one in places if one.denominator > 0}
    return {key: one for key, one in found.items() if one}


def tell_apart(
    places: Sequence[Placed], intervals: Mapping[UUID, tuple[Decimal, Decimal]], *, more: bool
) -> Mapping[UUID, tuple[tuple[int, int], bool]]:
    """The ranks that the intervals of a league allow each subject, and whether it cannot be told from the one above it."""
    ranked = [one.subject.id for one in places if one.rank is not None]
    if not intervals or not ranked:
        return {}
    bounds = [intervals.get(key) for key in ranked]
    told = zip(rank_ranges(bounds, more=more), same_as_above(bounds), strict=True)
    return dict(zip(ranked, told, strict=True))


def say_method(kept: Kept) -> list[str]:
    """How a scheme ranks and where its intervals come from, as printed beside every table."""
    scheme = kept.scheme
    drawn = scheme.source == FINDINGS and scheme.measure.unit == PERCENT
    return [gettext(METHODS[scheme.method]), *([gettext(WILSON_ZH)] if drawn else [])]
