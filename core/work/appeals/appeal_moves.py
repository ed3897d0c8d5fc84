"""The life of an appeal (申诉流转): its states, who may take which step, and what an upheld one does.

Pages, judgments and documentation read these tables; nobody else spells the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import N_

RAISED, UPHELD, REJECTED, WITHDRAWN = "raised", "upheld", "rejected", "withdrawn"
FINDING, FIGURE = "finding", "figure"
RAISE, WITHDRAW, UPHOLD, REJECT = "raise", "withdraw", "uphold", "reject"
CANCEL, CORRECT, VISIT, ALREADY, RUN = "cancel", "correct", "visit", "already", "run"


@dataclass(frozen=True, slots=True)
class AppealState:
    """A state of an appeal (申诉状态) with its tone on the page."""

    code: str
    title_zh: str
    title_en: str
    tone: str


STATES: Mapping[str, AppealState] = MappingProxyType(
    {
        state.code: state
        for state in (
            AppealState(RAISED, N_("待裁决"), "Waiting for a decision", "waiting"),
            AppealState(UPHELD, N_("申诉成立"), "Upheld", "verified"),
            AppealState(REJECTED, N_("申诉不成立"), "Rejected", "neutral"),
            AppealState(WITHDRAWN, N_("已撤回"), "Withdrawn", "held"),
        )
    }
)
KINDS: Mapping[str, str] = MappingProxyType({FINDING: N_("对问题"), FIGURE: N_("对指标数值")})

# What is done with an appeal -> the state that follows, and how the trail and the history call it.
STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        RAISE: (RAISED, N_("提出申诉")),
        WITHDRAW: (WITHDRAWN, N_("撤回申诉")),
        UPHOLD: (UPHELD, N_("裁决：成立")),
        REJECT: (REJECTED, N_("裁决：不成立")),
    }
)
VERDICTS = (UPHOLD, REJECT)

# What an upheld appeal does at once: its title, and what follows from it.
EFFECTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        CANCEL: (N_("撤销问题"), N_("问题随即撤销，不再扣分，裁决理由写进办理记录")),
        CORRECT: (N_("更正问题"), N_("按下面改动的内容更正，原来的内容留在办理记录里")),
        VISIT: (N_("检查已更正"), N_("关联更正后的检查；得分按更正后的检查计算")),
        ALREADY: (N_("已经办理"), N_("这个问题此前已不予受理、撤销或并案，不再另办")),
        RUN: (N_("重新计分"), N_("立即按现有记录重算这一期并留存，和申诉时的数值对照")),
    }
)
