"""The life of a split and of its shares (分解表与分工的状态), and what each step is called; nobody else spells these rules."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.errors import N_

DRAFT, ISSUED, REPLACED, DROPPED = "draft", "issued", "replaced", "dropped"
ACCEPTED, RETURNED = "accepted", "returned"
LEAD, ASSIST = "lead", "assist"

# State -> word and tone.
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DRAFT: (N_("拟订中"), "waiting"),
        ISSUED: (N_("已印发"), "verified"),
        REPLACED: (N_("已被新版代替"), "neutral"),
        DROPPED: (N_("已作废"), "neutral"),
    }
)
SHARE_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DRAFT: (N_("未下发"), "neutral"),
        ISSUED: (N_("待接收"), "waiting"),
        ACCEPTED: (N_("已接收"), "verified"),
        RETURNED: (N_("已退回"), "overdue"),
    }
)
ROLES: Mapping[str, str] = MappingProxyType({LEAD: N_("牵头"), ASSIST: N_("配合")})
SIGNS: Mapping[str, str] = MappingProxyType({LEAD: "●", ASSIST: "○"})

# Verb of an event -> how the history and the trail call it.
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "create": N_("建立分解表"),
        "copy": N_("沿用上一版建立分解表"),
        "change": N_("修改分解项"),
        "add": N_("增加分解项"),
        "remove": N_("删去分解项"),
        "upload": N_("按工作簿修改"),
        "issue": N_("印发分解表"),
        "accept": N_("接收分工"),
        "return": N_("退回分工"),
        "reissue": N_("重新下发分工"),
        "replace": N_("由新版代替"),
        "drop": N_("作废草稿"),
        "tasks": N_("生成任务"),
    }
)
LONGEST_TITLE = 300
LONGEST_CODE = 40
MOST_UNITS = 60  # of one clause (ours)
MOST_ROWS = 2000  # of one table (ours)
MOST_POINTS = 1_000_000_00  # 1/100 points of one clause, far beyond any edition (ours)
