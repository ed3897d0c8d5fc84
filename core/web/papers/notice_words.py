"""Words of notices on the pages (文书用词): kinds, states, steps, and what each step leads to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_, SanchengError
from core.web.errors import say
from core.web.words import by_locale
from core.work.papers.escalating import TITLES
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_leaving import WAYS
from core.work.papers.notice_moves import (
    CANCELLED,
    CLOSED,
    ISSUE,
    ISSUED,
    MOVES,
    PARTIES,
    READ,
    REPLIED,
    SIGNED,
    STATES,
)
from core.work.tables import NoticeEvent

TONES: Mapping[str, str] = MappingProxyType(
    {ISSUED: "next", READ: "next", SIGNED: "active", REPLIED: "soon", CLOSED: "done", CANCELLED: "neutral"}
)
SUBJECTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {text: re.compile(re.escape(text).replace(r"\{count\}", r"(\d+)")) for text in TITLES}
)
CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        "sign": N_("签收表示已经收到；签收人和时间记入办理记录。"),
        "reply": N_("答复后由发文的创建办核查；没有签收的同时视为签收。"),
        "send_back": N_("收文单位会收到提醒，重新答复。"),
        "close": N_("办结后不能再改。"),
        "cancel": N_("撤销后编号不再使用，收文单位会收到提醒。"),
    }
)
DONE: Mapping[str, str] = MappingProxyType(
    {
        "sign": N_("已签收 %(number)s"),
        "reply": N_("已答复 %(number)s，等创建办核查"),
        "send_back": N_("已退回 %(number)s，请对方重新答复"),
        "close": N_("%(number)s 已办结"),
        "cancel": N_("%(number)s 已撤销，编号不再使用"),
    }
)


def say_subject(title: str, *, by_system: bool) -> str:
    """The subject of a paper: what the ladder wrote in the reader's language, what people wrote as it is."""
    for text, shape in SUBJECTS.items() if by_system else ():
        if found := shape.fullmatch(title):
            return gettext(text).format(count=found[1])
    return title


def say_kind(code: str) -> str:
    """A kind of paper in the reader's language."""
    return by_locale(KINDS[code].title_zh, KINDS[code].title_en) if code in KINDS else code


def say_state(code: str) -> str:
    """A state in the reader's language."""
    return gettext(STATES[code][0]) if code in STATES else code


def say_way(code: str) -> str:
    """How a finding left the unit of a notice."""
    return gettext(WAYS[code])


def say_units(names: Sequence[str]) -> str:
    """To whom a paper goes, in short: the one unit, or the first and how many there are."""
    if len(names) < 2:
        return names[0] if names else ""
    return gettext("%(first)s等 %(n)s 个单位", first=names[0], n=len(names))


def say_verb(verb: str) -> str:
    """A step of the history."""
    if verb == ISSUE:
        return gettext("发出")
    return gettext(MOVES[verb].title_zh) if verb in MOVES else verb


def tone_of(state: str, overdue: bool) -> str:
    """The tone of a state: red when an answer is late."""
    return "overdue" if overdue else TONES.get(state, "neutral")


def say_refusal(error: SanchengError) -> str:
    """A refusal with the names of states, steps and parties in it translated too."""
    named = {title for title, _ in (*STATES.values(), *PARTIES.values())} | {m.title_zh for m in MOVES.values()}
    params = {key: gettext(value) if value in named else value for key, value in error.params.items()}
    return say(type(error)(error.message, **params))


def read_history(events: Sequence[NoticeEvent]) -> list[dict[str, Any]]:
    """The history as the timeline shows it, newest first."""
    return [
        {
            "at": event.at,
            "what": say_verb(event.verb),
            "who": " ".join(filter(None, (event.unit_name, event.person_name))) or gettext("系统"),
            "text": event.note,
            "photos": event.photos,
            "tone": TONES.get(event.to_state, "neutral"),
        }
        for event in reversed(events)
    ]
