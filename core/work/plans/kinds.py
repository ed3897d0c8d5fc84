"""The kinds and states of plans (计划类别): what may carry out what, how long each may be, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import N_

THREE_YEAR, ANNUAL, DRIVE, SPRINT = "three_year", "annual", "drive", "sprint"
DRAFT, ACTIVE, CLOSED, REPLACED, CANCELLED = "draft", "active", "closed", "replaced", "cancelled"
SHOWN = (ACTIVE, CLOSED, REPLACED)  # drafts and what was called off are for those who plan
LIVE = (DRAFT, ACTIVE)
CALENDAR, WORKING = "calendar", "working"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plan (计划类别): what it may carry out, and the most days that it may last (ours)."""

    code: str
    title: str
    above: tuple[str, ...]
    most_days: int


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        one.code: one
        for one in (
            Kind(THREE_YEAR, N_("三年计划"), (), 5 * 366),
            Kind(ANNUAL, N_("年度指引"), (THREE_YEAR,), 400),
            Kind(DRIVE, N_("专项整治"), (THREE_YEAR, ANNUAL, DRIVE), 3 * 366),
            Kind(SPRINT, N_("冲刺"), (THREE_YEAR, ANNUAL, DRIVE), 366),
        )
    }
)
# The word and the tone of its dot.
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DRAFT: (N_("草稿"), "waiting"),
        ACTIVE: (N_("执行中"), "active"),
        CLOSED: (N_("已结束"), "neutral"),
        REPLACED: (N_("已被新版代替"), "held"),
        CANCELLED: (N_("已取消"), "held"),
    }
)
DAYS: Mapping[str, str] = MappingProxyType({CALENDAR: N_("日历日"), WORKING: N_("工作日")})
