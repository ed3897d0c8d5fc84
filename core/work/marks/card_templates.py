"""Schemes to start from (亮牌办法范本): three that districts run, as data; copied, then changed to the place's own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from core.errors import N_


def _card(code: str, label: str, label_en: str, meaning: str, meaning_en: str, **give: Any) -> dict[str, Any]:
    return {
        "code": code,
        "label": label,
        "label_en": label_en,
        "meaning": meaning,
        "meaning_en": meaning_en,
        "tone": code,
        "give": give,
    }


# S0-11, S0-12: ranked every day, a card every ten days, areas and departments apart.
TEN_DAYS: dict[str, Any] = {
    "title": "逐日排名、每旬亮牌",
    "title_en": "Daily ranks, a card every ten days",
    "period": "ten_day",
    "basis": "ranks",
    "daily": "findings",
    "measure": "on_time_rate",
    "window": "period",
    "leagues": [
        {"key": "areas", "title": "片区组", "title_en": "Areas", "kinds": ["area"]},
        {"key": "subdistricts", "title": "街道组", "title_en": "Subdistricts", "kinds": ["subdistrict"]},
        {"key": "departments", "title": "部门组", "title_en": "Departments", "kinds": ["department", "hq"]},
    ],
    "colours": [
        _card("red", "红牌", "Red card", "工作领先，通报表扬", "Leads the league; praised", top=1),
        _card("yellow", "黄牌", "Yellow card", "位次靠后，提醒", "Falls behind; reminded", ranks=[4, 5]),
        _card(
            "black", "黑牌", "Black card", "本旬末位，通报并说明情况", "Last of the period; explains itself", bottom=1
        ),
    ],
    "eligibility": {"volume": 1, "days": 3},
    "ties": "in",
    "small": {"under": 5, "worst": 0},
    "streaks": [{"colour": "yellow", "periods": 3, "to": "black"}],
    "vetoes": [],
    "sponsors": True,
}
# S0-11, S0-12, S0-23: the same by completed tasks.
TASK_DAYS: dict[str, Any] = TEN_DAYS | {
    "title": "任务逐日排名、每旬亮牌",
    "title_en": "Daily ranks by tasks, a card every ten days",
    "daily": "progress",
    "measure": "task_rate",
    "eligibility": {"volume": 3, "days": 3},
}
# S1-27: shops, red is praise.
SHOPS: dict[str, Any] = {
    "title": "商户红黄黑评比（红为最好）",
    "title_en": "Shop cards (red is best)",
    "period": "month",
    "basis": "findings",
    "measure": "found",
    "window": "period",
    "leagues": [{"key": "shops", "title": "沿街商户", "title_en": "Street shops", "site_types": ["frontage_shop"]}],
    "colours": [
        _card("red", "红牌", "Red card", "没有发现问题，表扬", "No problem found; praised", at_most=0),
        _card("yellow", "黄牌", "Yellow card", "有所松懈，限期改进", "Slipping; to improve", at_most=2),
        _card("black", "黑牌", "Black card", "问题突出，上门督促", "Serious faults; visited", above=2),
    ],
    "eligibility": {"volume": 0, "days": 0},
    "ties": "in",
    "small": {"under": 0, "worst": 0},
    "streaks": [{"colour": "red", "periods": 3, "mark": "连续文明商户", "mark_en": "model shop, again and again"}],
    "vetoes": [],
    "sponsors": False,
}
# The last ones of each month, and whoever breaks a red line.
LAST_ONES: dict[str, Any] = {
    "title": "黑牌末位通报",
    "title_en": "A black card for the last ones",
    "period": "month",
    "basis": "findings",
    "measure": "on_time_rate",
    "window": "period",
    "leagues": [
        {"key": "subdistricts", "title": "街道（镇、乡）", "title_en": "Subdistricts", "kinds": ["subdistrict"]},
        {"key": "departments", "title": "部门", "title_en": "Departments", "kinds": ["department", "hq"]},
    ],
    "colours": [
        _card("green", "绿牌", "Green card", "按期办结，达到要求", "On time as demanded", at_least=95),
        _card("white", "白牌", "White card", "不表扬、不批评", "Neither praised nor blamed", rest=True),
        _card(
            "black",
            "黑牌",
            "Black card",
            "末位且未达到 90%，约谈",
            "Last and under 90 %; summoned",
            bottom_share=10,
            below=90,
        ),
    ],
    "eligibility": {"volume": 5, "days": 0},
    "ties": "out",
    "small": {"under": 5, "worst": 1},
    "streaks": [],
    "vetoes": [{"effect": "bar", "colour": "black"}],
    "sponsors": True,
}

TEMPLATES: Mapping[str, tuple[str, dict[str, Any]]] = MappingProxyType(
    {
        "ten_days": (N_("逐日排名、每旬亮牌（区级常用）"), TEN_DAYS),
        "task_days": (N_("任务逐日排名、每旬亮牌"), TASK_DAYS),
        "shops": (N_("商户红黄黑评比，红为最好（街道常用）"), SHOPS),
        "last_ones": (N_("黑牌末位通报（每月）"), LAST_ONES),
    }
)
