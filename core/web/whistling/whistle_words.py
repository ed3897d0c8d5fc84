"""Words of whistles on the pages (吹哨用词): states with their tones, the running clock, what a step leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_, SanchengError
from core.web.errors import say
from core.web.words import counted
from core.work.tables import WhistleEvent
from core.work.whistling import whistle_steps as steps
from core.work.whistling.whistle_detail import CallRow
from core.work.whistling.whistle_list import WhistleRow
from core.work.whistling.whistle_steps import MOVES, PARTIES, STAGES, STATES

SOON = timedelta(minutes=15)  # before the arrival time the clock turns amber (ours)
TONES: Mapping[str, str] = MappingProxyType(
    {
        steps.CALLED: "waiting",
        steps.ON_SITE: "active",
        steps.ESCALATED: "soon",
        steps.SOLVED: "verified",
        steps.CANCELLED: "neutral",
    }
)
STAGE_TONES: Mapping[str, str] = MappingProxyType(
    {
        steps.WAITING: "waiting",
        steps.ACCEPTED: "next",
        steps.PRESENT: "active",
        steps.DONE: "active",
        steps.DECLINED: "held",
    }
)
CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        steps.ACCEPT: N_("告诉吹哨单位：已经收到，正在赶来。"),
        steps.ARRIVE: N_("到场时间以服务器收到的时间为准，可附一张现场照片。"),
        steps.REPORT: N_("写明本单位做了什么；是否解决由吹哨单位确认。"),
        steps.DECLINE: N_("写明不能到场的理由；告诉吹哨单位，不计入迟到。"),
        steps.CONFIRM: N_("确认后这次吹哨办结，不能再改。"),
        steps.CANCEL: N_("撤销后应哨单位不必再来；不计入到场统计。"),
        steps.ESCALATE: N_("提级后上级领导收到提醒；应哨单位仍可继续报到。"),
        steps.INSTRUCT: N_("批示记入办理记录，吹哨单位和应哨单位都会收到提醒。"),
    }
)
DONE: Mapping[str, str] = MappingProxyType(
    {
        steps.ACCEPT: N_("已接哨 %(number)s"),
        steps.ARRIVE: N_("已报到 %(number)s，到场时间已记录"),
        steps.REPORT: N_("已报告 %(number)s 本单位部分办完，等吹哨单位确认"),
        steps.DECLINE: N_("已婉拒商请 %(number)s，吹哨单位已收到提醒"),
        steps.CONFIRM: N_("吹哨 %(number)s 已确认解决"),
        steps.CANCEL: N_("吹哨 %(number)s 已撤销"),
        steps.ESCALATE: N_("吹哨 %(number)s 已提级，领导已收到提醒"),
        steps.INSTRUCT: N_("批示已记入吹哨 %(number)s"),
    }
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock in words (计时): what it says now, its tone, and until when it runs, so that a script can go on counting."""

    text: str
    tone: str
    until: datetime | None = None


def say_state(code: str) -> str:
    """A state in the reader's language."""
    return gettext(STATES[code].title_zh) if code in STATES else code


def tone_of(row: WhistleRow) -> str:
    """The tone of a row's state: red while somebody is missing after the time."""
    return "overdue" if row.late else TONES.get(row.state, "neutral")


def say_verb(verb: str) -> str:
    """A step of the history; the first one is the whistle itself."""
    if verb == steps.BLOW:
        return gettext("吹哨")
    return gettext(MOVES[verb].title_zh) if verb in MOVES else verb


def say_stage(call: CallRow) -> str:
    """How far a called unit has come."""
    return gettext(STAGES[call.stage])


def stage_tone(call: CallRow) -> str:
    """The tone of a called unit: red when it is missing or came late."""
    return "overdue" if call.late else STAGE_TONES[call.stage]


def say_minutes(span: timedelta) -> str:
    """A span by the clock in words: minutes, or hours and minutes, or days and hours."""
    minutes = int(span.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return gettext("%(days)s 天 %(hours)s 小时", days=hours // 24, hours=hours % 24)
    if hours and not rest:
        return gettext("%(hours)s 小时", hours=hours)
    if hours:
        return gettext("%(hours)s 小时 %(minutes)s 分钟", hours=hours, minutes=rest)
    return gettext("%(minutes)s 分钟", minutes=minutes)


def arrival_clock(row: WhistleRow, now: datetime) -> Clock:
    """The clock of the arrival: running while somebody is missing, else what came of it."""
    if row.state == steps.CANCELLED:
        return Clock(gettext("已撤销"), "neutral")
    if not row.expected:
        return Clock(gettext("商请均被婉拒"), "soon" if row.state in steps.OPEN else "neutral")
    if row.arrived == row.expected:
        return Clock(gettext("应哨单位已到齐"), "neutral")
    if row.state not in steps.OPEN:
        return Clock(counted("%(n)s 个单位没有到场", n=row.expected - row.arrived), "neutral")
    left = row.arrive_by - now
    if left >= timedelta(0):
        tone = "soon" if left < SOON else "neutral"
        return Clock(gettext("距到场时限 %(span)s", span=say_minutes(left)), tone, row.arrive_by)
    return Clock(gettext("到场时限已过 %(span)s", span=say_minutes(-left)), "overdue", row.arrive_by)


def clock_words() -> dict[str, str]:
    """The sentences with which the script goes on counting."""
    return {
        "left": gettext("距到场时限 %(span)s", span="{span}"),
        "late": gettext("到场时限已过 %(span)s", span="{span}"),
        "m": gettext("%(minutes)s 分钟", minutes="{m}"),
        "h": gettext("%(hours)s 小时", hours="{h}"),
        "hm": gettext("%(hours)s 小时 %(minutes)s 分钟", hours="{h}", minutes="{m}"),
    }


def since_call(row: WhistleRow, at: datetime | None) -> str:
    """How long after the call something happened, in whole minutes."""
    return gettext("%(span)s后", span=say_minutes(at - row.called_at)) if at else ""


def say_refusal(error: SanchengError) -> str:
    """A refusal of the ledger; the states, steps and parties named in it are translated too."""
    params = dict(error.params)
    for name in ("state", "verb", "who"):
        if isinstance(params.get(name), str):
            params[name] = gettext(params[name]) if params[name] else ""
    if "verbs" in params:
        moves = [MOVES[verb] for verb in params["verbs"]]
        words = [gettext("%(step)s（%(who)s）", step=gettext(m.title_zh), who=gettext(PARTIES[m.by])) for m in moves]
        params["allowed"] = gettext("、").join(words) or gettext("无")
    return say(type(error)(error.message, **params))


def read_history(events: Sequence[WhistleEvent]) -> list[dict[str, Any]]:
    """The history as the timeline shows it, newest first."""
    return [
        {
            "at": event.at,
            "what": say_verb(event.verb),
            "who": " ".join(filter(None, (event.unit_name, event.person_name))) or gettext("系统"),
            "text": " · ".join(filter(None, (event.note, gettext("附照片") if event.photo_id else ""))),
            "tone": TONES.get(event.to_state, "neutral"),
        }
        for event in reversed(events)
    ]
