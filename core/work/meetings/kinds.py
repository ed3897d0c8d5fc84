"""The kinds of meetings (会议类别), one table: what they are called and how often they are usually held, and the words of their rooms.

Kinds and cadences are what the reports name: a dispatch meeting every week, a regular one every month, a promotion one every quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from core.errors import N_
from core.periods import containing

PLANNED, HELD, MINUTED, CANCELLED = "planned", "held", "minuted", "cancelled"
TOOK_PLACE = (HELD, MINUTED)
EXPECTED, PRESENT, SUBSTITUTE, EXCUSED, ABSENT = "expected", "present", "substitute", "excused", "absent"
CAME = (PRESENT, SUBSTITUTE)
DECISION, PLEDGE = "decision", "pledge"
OPEN, DECIDED, DEFERRED = "open", "decided", "deferred"
CADENCES: Mapping[str, str] = MappingProxyType(
    {"week": N_("每周一次"), "month": N_("每月一次"), "quarter": N_("每季度一次"), "": N_("不定期")}
)


@dataclass(frozen=True, slots=True)
class MeetingKind:
    """One kind (会议类别); ``cadence`` is the period in which one is usually held, '' for one held when needed."""

    code: str
    title: str
    title_en: str
    cadence: str = ""


KINDS: Mapping[str, MeetingKind] = MappingProxyType(
    {
        one.code: one
        for one in (
            MeetingKind("dispatch", N_("周调度会"), "Weekly dispatch meeting", "week"),
            MeetingKind("regular", N_("例会"), "Regular meeting", "month"),
            MeetingKind("promotion", N_("推进会"), "Promotion meeting", "quarter"),
            MeetingKind("joint", N_("联席会"), "Joint meeting"),
            MeetingKind("onsite", N_("现场会"), "On-site meeting"),
            MeetingKind("topical", N_("专题会"), "Topical meeting"),
            MeetingKind("committee", N_("常委会、党政会议研究"), "Standing committee session"),
            MeetingKind("training", N_("培训会"), "Training meeting"),
            MeetingKind("kickoff", N_("动员会"), "Kick-off meeting"),
        )
    }
)
TIERS: Mapping[int, str] = MappingProxyType({1: N_("指挥部"), 2: N_("分指挥部"), 3: N_("专班和片区")})
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        PLANNED: (N_("待召开"), "waiting"),
        HELD: (N_("已召开"), "active"),
        MINUTED: (N_("纪要已定稿"), "neutral"),
        CANCELLED: (N_("已取消"), "held"),
    }
)
PRESENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        EXPECTED: (N_("未签到"), "waiting"),
        PRESENT: (N_("到会"), "active"),
        SUBSTITUTE: (N_("代会"), "soon"),
        EXCUSED: (N_("请假"), "neutral"),
        ABSENT: (N_("缺席"), "overdue"),
    }
)
POINTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {OPEN: (N_("未议"), "waiting"), DECIDED: (N_("已议定"), "active"), DEFERRED: (N_("下次再议"), "held")}
)
DECISIONS: Mapping[str, str] = MappingProxyType({DECISION: N_("议定"), PLEDGE: N_("表态")})


def kind_of(code: str) -> MeetingKind:
    """A kind by its code; one left behind by another version reads as itself, held when needed."""
    return KINDS.get(code) or MeetingKind(code, code, code)


def propose_title(kind: str, day: date) -> str:
    """How a meeting is named (会议名称) when nobody names it: 2026年第48周周调度会, 2026年11月例会, 2026年11月23日现场会."""
    known = kind_of(kind)
    if known.cadence == "week":
        year, week, _ = day.isocalendar()
        return f"{year}年第{week}周{known.title}"
    if known.cadence:
        return f"{containing(known.cadence, day).label_zh}{known.title}"
    return f"{day.year}年{day.month}月{day.day}日{known.title}"
