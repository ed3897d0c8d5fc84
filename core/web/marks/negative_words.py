"""Words and form fields of the negative list (负面清单用词)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from flask import request

from core.errors import N_
from core.web.paging import bad_argument, read_id
from core.web.words import by_locale
from core.work.marks.negative_input import Event
from core.work.marks.negative_moves import EFFECTS, STATES

TONES: Mapping[str, str] = MappingProxyType({"watched": "soon", "triggered": "overdue", "cleared": "neutral"})
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "campaign": N_("创建项目"),
        "title": N_("事项"),
        "happened_on": N_("发生日期"),
        "effect": N_("影响"),
        "points": N_("分值"),
        "source": N_("来源"),
        "document": N_("依据文件"),
        "behind": N_("相关问题或文书"),
        "unit_id": N_("责任单位"),
        "on": N_("生效日期"),
        "note": N_("说明"),
    }
)
# What a step means, said before it is taken.
CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        "trigger": N_("从生效日起，这一条按所列影响计入得分，并写进发布件和报告。"),
        "dismiss": N_("这一条不再关注，也从未影响得分；记录保留。"),
        "clear": N_("从解除日起，得分不再受影响；已结束的周期和已发布的数据不变。"),
        "withdraw": N_("触发有误时用：这一条回到关注，各期得分都不再受它影响；已发布的数据不变，需要时另行更正。"),
        "correct": N_("只在触发之前更正；原来的内容留在记录里。"),
    }
)


def say_effect(effect: str) -> str:
    """An effect in the reader's language."""
    return by_locale(*EFFECTS[effect]) if effect in EFFECTS else effect


def effect_options() -> list[tuple[str, str]]:
    """The effects to choose from."""
    return [(code, by_locale(*titles)) for code, titles in EFFECTS.items()]


def state_options() -> list[tuple[str, str]]:
    """The states to choose from."""
    return [(code, by_locale(*titles)) for code, titles in STATES.items()]


def read_event() -> Event:
    """What the form says of an event. Raises InvalidInput for a day or an id that no form of ours sends."""
    form = request.form
    unit = form.get("unit_id", "")
    return Event(
        campaign=form.get("campaign", ""),
        title=form.get("title", ""),
        happened_on=read_form_day("happened_on"),
        effect=form.get("effect", ""),
        points=form.get("points", "") or None,
        source=form.get("source", ""),
        document=form.get("document", ""),
        behind=form.get("behind", ""),
        unit_id=read_id(unit, "unit_id") if unit else None,
    )


def read_form_day(name: str) -> date | None:
    """A day of the form; None when it is empty. Raises InvalidInput."""
    said = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise bad_argument(name, said) from None
