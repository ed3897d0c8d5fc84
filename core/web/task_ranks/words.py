"""Words of the task ranks (任务排名用词): lights with their tones, groups, and the tabs of the room."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from flask import url_for
from flask_babel import gettext

from core.errors import N_
from core.figures.task_figures import pace, places, rates, wall

TONES: Mapping[str, str] = {pace.RED: "overdue", pace.AMBER: "soon", pace.GREEN: "verified", pace.GREY: "neutral"}
BY: Mapping[str, str] = {
    rates.UNIT: N_("按单位"),
    rates.AREAS: N_("按片区"),
    rates.LINE: N_("按条线"),
    rates.CAMPAIGN: N_("按创建项目"),
    rates.PLAN: N_("按计划"),
}


def say_light(code: str) -> tuple[str, str]:
    """A light in words, and its tone."""
    return gettext(pace.TITLES[code]), TONES[code]


def say_group(code: str) -> str:
    """A league as a tab calls it."""
    return gettext(wall.TITLES[code])


def say_why(code: str) -> str:
    """Why a unit has no place."""
    return gettext(places.UNRANKED[code])


def say_percent(value: Decimal | None) -> str:
    """A rate in percent with two decimals, or a dash."""
    return "—" if value is None else f"{value}%"


def method() -> list[str]:
    """How places and lights are made, as printed under every table."""
    return [gettext(line) for line in (*places.METHOD, *pace.RULE)]


def room_tabs(here: str) -> list[dict[str, object]]:
    """The tabs of the room."""
    tabs = (
        ("ranks", N_("任务排名"), "task_ranks.show"),
        ("rates", N_("完成率"), "task_rates.show"),
        ("wall", N_("挂图"), "task_wall.show"),
    )
    return [{"label": gettext(title), "href": url_for(view), "active": key == here} for key, title, view in tabs]
