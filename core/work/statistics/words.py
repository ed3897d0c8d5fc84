"""The words of statistics (统计用语): bases, qualifiers, states and timeliness, in both languages, as data."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import N_

BASES: Mapping[str, str] = {"self": N_("自评"), "verified": N_("核验"), "declared": N_("申报")}
QUALIFIERS: Mapping[str, str] = {
    "exact": N_("准确"),
    "over": N_("余"),
    "about": N_("约"),
    "tens_of_thousands": N_("数万"),
    "at_least": N_("至少"),
}
STATES: Mapping[str, str] = {
    "none": N_("未填"),
    "draft": N_("草稿"),
    "submitted": N_("已上报"),
    "returned": N_("退回待改"),
    "reviewed": N_("已审核"),
    "locked": N_("已锁定"),
}
TIMELINESS: Mapping[str, str] = {
    "on_time": N_("按时"),
    "late": N_("迟报"),
    "due": N_("待报"),
    "missing": N_("缺报"),
    "early": N_("未到期"),
}
FREQUENCIES: Mapping[str, str] = {
    "day": N_("每日"),
    "week": N_("每周"),
    "ten_day": N_("每旬"),
    "month": N_("每月"),
    "quarter": N_("每季度"),
    "year": N_("每年"),
}
COMBINES: Mapping[str, str] = {"sum": N_("各期相加"), "mean": N_("各期平均"), "last": N_("取最近一期")}


def code_named(text: str, words: Mapping[str, str]) -> str:
    """The code that a cell means: the code itself or its Chinese word; the text as it is when it is neither."""
    said = text.strip()
    return next((code for code, word in words.items() if said in (code, word)), said)
