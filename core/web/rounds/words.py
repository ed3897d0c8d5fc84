"""Words of the rounds on the pages (轮次用词): kinds, modes, sources, states and steps in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_, SanchengError
from core.web.errors import say_fault
from core.web.words import listed
from core.work.rounds.kinds import KINDS, MODES, SOURCES, STATES, kind_of
from core.work.rounds.recurring import EVERY, WORKING, Recurrence
from core.work.tables import RoundEvent

WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))
WEEKS: Mapping[int, str] = MappingProxyType(
    {1: N_("第一周"), 2: N_("第二周"), 3: N_("第三周"), 4: N_("第四周"), 5: N_("第五周"), -1: N_("最后一周")}
)
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "create": N_("建立轮次"),
        "edit": N_("修改轮次"),
        "open": N_("开始这一轮"),
        "close": N_("结束检查"),
        "cancel": N_("取消轮次"),
        "release": N_("解密"),
        "team": N_("编组"),
        "team_end": N_("撤销检查组"),
        "line": N_("设置线路"),
        "line_end": N_("撤销线路"),
        "sites": N_("加入点位"),
        "order": N_("调整顺序"),
        "move": N_("调整线路"),
        "drop": N_("去掉点位"),
        "back": N_("恢复点位"),
        "sampling": N_("设置抽样方案"),
        "commit": N_("公布抽样承诺"),
        "draw": N_("按抽样结果加入点位"),
        "plan": N_("由周期计划生成"),
    }
)


def say_kind(code: str) -> str:
    """A kind's name; an unknown one as it is written."""
    return gettext(kind_of(code).title) if code in KINDS else code


def say_mode(code: str) -> str:
    """Announced or secret."""
    return gettext(MODES[code]) if code in MODES else code


def say_source(code: str) -> str:
    """Who inspects."""
    return gettext(SOURCES[code]) if code in SOURCES else code


def state_of(code: str) -> tuple[str, str]:
    """A state's word and tone."""
    word, tone = STATES.get(code, (code, "neutral"))
    return gettext(word), tone


def options(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A table of words as the choices of a filter; of pairs the word comes first."""
    return [(code, gettext(one[0] if isinstance(one, tuple) else one)) for code, one in known.items()]


def kind_options(codes: Iterator[str] | None = None) -> list[tuple[str, str]]:
    """The kinds as the choices of a filter."""
    return [(code, say_kind(code)) for code in (codes or iter(KINDS))]


def say_step(verb: str) -> str:
    """What a step of a round's history is called."""
    return gettext(STEPS[verb]) if verb in STEPS else verb


def event_line(event: RoundEvent) -> dict[str, Any]:
    """A step for the macro ``timeline``."""
    said = event.detail
    parts = [str(said[name]) for name in ("team", "line", "stratum") if said.get(name)]
    if said.get("added"):
        parts.append(gettext("新加点位：%(n)s", n=said["added"]))
    if said.get("stops"):
        parts.append(gettext("点位：%(n)s", n=said["stops"]))
    if event.note:
        parts.append(event.note)
    return {"at": event.at, "what": say_step(event.verb), "who": event.person_name, "text": gettext("，").join(parts)}


def say_rule(rule: Recurrence) -> str:
    """A recurrence in one line: 每月第二周，周一、周四开始，每轮 2 天."""
    parts = [gettext(EVERY.get(rule.every, rule.every))]
    if rule.every == "nth_week":
        parts.append(gettext(WEEKS.get(rule.week, "")))
    if rule.every in ("week", "nth_week"):
        parts.append(listed(gettext(WEEKDAYS[day]) for day in sorted(rule.weekdays)))
    elif rule.every != "day":
        parts.append(gettext("第 %(n)s 天开始", n=rule.day))
    if rule.days:
        parts.append(gettext("每轮天数：%(n)s", n=rule.days))
    elif rule.every != "day":
        parts.append(gettext("到本期末"))
    if rule.working:
        parts.append(gettext(WORKING[rule.working]))
    return gettext("，").join(part for part in parts if part)


def fault_words(error: SanchengError) -> dict[str, str]:
    """Field -> what is wrong there; the field's own label says which it is."""
    return {fault.field: say_fault(replace(fault, field="")) for fault in error.faults if fault.field}


def days_of(first: date, last: date) -> list[date]:
    """The days from one to another, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
