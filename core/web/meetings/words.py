"""Words of the meetings on the pages (会议用词): kinds, states, how a thing stood and stands, steps of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import format_date, gettext

from core.errors import N_, SanchengError
from core.web.errors import say_fault
from core.web.ledger.finding_words import say_state as say_finding_state
from core.web.tasks.words import TONES
from core.web.words import counted, listed
from core.work.meetings.agenda import Standing
from core.work.meetings.kinds import CADENCES, DECISIONS, KINDS, POINTS, PRESENCES, STATES, TIERS, kind_of
from core.work.tables import MeetingEvent
from core.work.tasks.reporting import percent
from core.work.tasks.states import DONE_STATES
from core.work.tasks.states import STATES as TASK_STATES

WHY: Mapping[str, str] = MappingProxyType(
    {
        "last": N_("以前议定，还没有办结"),
        "overdue": N_("任务逾期"),
        "risk": N_("按进度会逾期"),
        "finding": N_("问题超期"),
        "limit": N_("未销号的问题多"),
        "": N_("自拟议题"),
    }
)
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "plan": N_("安排会议"),
        "edit": N_("修改会议"),
        "hold": N_("开会"),
        "cancel": N_("取消会议"),
        "invite": N_("增加参会单位"),
        "uninvite": N_("去掉参会单位"),
        "attend": N_("登记签到"),
        "sign_in": N_("单位签到"),
        "draft": N_("生成议程"),
        "agenda": N_("修改议程"),
        "order": N_("调整议程顺序"),
        "discuss": N_("记录讨论"),
        "decide": N_("记录议定事项"),
        "change_decision": N_("修改议定事项"),
        "drop_decision": N_("撤回议定事项"),
        "task": N_("转为任务"),
        "write": N_("撰写纪要"),
        "minute": N_("纪要定稿"),
        "correct": N_("更正纪要"),
    }
)


def say_kind(code: str) -> str:
    """A kind's name; an unknown one as it is written."""
    return gettext(kind_of(code).title)


def say_tier(tier: int) -> str:
    """A tier's name."""
    return gettext(TIERS[tier]) if tier in TIERS else str(tier)


def say_decision(kind: str) -> str:
    """A decision or a pledge."""
    return gettext(DECISIONS.get(kind, kind))


def say_cadence(code: str) -> str:
    """How often a kind is usually held."""
    return gettext(CADENCES[kind_of(code).cadence])


def state_of(code: str) -> tuple[str, str]:
    """A state's word and tone."""
    return _pair(STATES, code)


def presence_of(code: str) -> tuple[str, str]:
    """An attendance's word and tone."""
    return _pair(PRESENCES, code)


def point_of(code: str) -> tuple[str, str]:
    """How a point ended, its word and tone."""
    return _pair(POINTS, code)


def _pair(known: Mapping[str, tuple[str, str]], code: str) -> tuple[str, str]:
    word, tone = known.get(code, (code, "neutral"))
    return gettext(word), tone


def options(known: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """A table of words as choices; of tuples the word comes first."""
    return [(str(code), gettext(one[0] if isinstance(one, tuple) else one)) for code, one in known.items()]


def kind_options() -> list[tuple[str, str]]:
    """The kinds as choices."""
    return [(code, gettext(kind.title)) for code, kind in KINDS.items()]


def say_state(about: str, code: str) -> str:
    """The state of a task or of a finding."""
    if about == "finding":
        return say_finding_state(code)
    return gettext(TASK_STATES[code][0]) if code in TASK_STATES else code


def say_standing(now: Standing | None) -> tuple[str, str]:
    """How a thing stands now, its words and their tone; ('', '') where there is nothing to say."""
    if now is None:
        return "", ""
    if now.about == "decision":
        return gettext("还没有转为任务"), "waiting"
    if now.about == "unit":
        said = gettext("未销号 %(open)s，其中超期 %(overdue)s", open=now.open, overdue=now.overdue)
        return said, "overdue" if now.overdue else "neutral"
    parts = [say_state(now.about, now.state)]
    if now.about == "task" and now.progress and now.state not in DONE_STATES:
        parts.append(percent(now.progress))
    if now.late:
        parts.append(_late(now.about, now.late))
    tone = TONES.get(now.state, "neutral") if now.about == "task" else "active" if now.state == "closed" else "neutral"
    return gettext("，").join(parts), "overdue" if now.late else tone


def _late(about: str, days: int) -> str:
    """How late it is: findings are 超期, tasks 逾期."""
    return counted("超期 %(n)s 天", n=days) if about == "finding" else counted("逾期 %(n)s 天", n=days)


def say_then(then: Mapping[str, Any]) -> str:
    """How the thing stood when the point was drafted; '' for one's own point."""
    why = then.get("why", "")
    if why == "limit":
        return gettext("当时未销号 %(open)s，其中超期 %(overdue)s", open=then["open"], overdue=then["overdue"])
    parts = [then["meeting"]] if then.get("meeting") else []
    if then.get("state"):
        parts.append(
            gettext("当时%(state)s", state=say_state("finding" if why == "finding" else "task", then["state"]))
        )
    if then.get("progress"):
        parts.append(percent(then["progress"]))
    if then.get("late"):
        parts.append(_late("finding" if why == "finding" else "task", then["late"]))
    if then.get("place"):
        parts.append(then["place"])
    return gettext("，").join(parts)


def say_why(then: Mapping[str, Any]) -> str:
    """Why a point is on the agenda."""
    return gettext(WHY.get(then.get("why", ""), WHY[""]))


def task_address(task_id: UUID) -> str:
    """The page of a task."""
    return url_for("task.show", task_id=task_id)


def lead_to(now: Standing | None) -> str:
    """The page of what a point is about; '' where it is not the reader's to open."""
    if now is None or now.id is None:
        return ""
    if now.about == "finding":
        return url_for("finding.show", finding_id=now.id)
    if now.about == "unit":
        return url_for("findings.show_list", unit=now.id, group="open")
    return task_address(now.id)


def event_line(event: MeetingEvent) -> dict[str, Any]:
    """A step for the macro ``timeline``."""
    said = event.detail
    parts = [gettext("新增议题：%(n)s", n=said["added"])] if said.get("added") else []
    parts += [gettext("单位：%(n)s", n=said["invited"])] if said.get("invited") else []
    parts += [str(said["task"])] if event.verb == "task" and said.get("task") else []
    parts += [event.note] if event.note else []
    what = gettext(STEPS[event.verb]) if event.verb in STEPS else event.verb
    return {"at": event.at, "what": what, "who": event.person_name, "text": gettext("，").join(parts)}


def fault_words(error: SanchengError) -> dict[str, str]:
    """Field -> what is wrong there; the field's own label says which it is."""
    return {fault.field: say_fault(replace(fault, field="")) for fault in error.faults if fault.field}


def say_kinds(pairs: tuple[tuple[str, int], ...]) -> str:
    """Kinds with their numbers in one line."""
    return listed(f"{say_kind(kind)} {n}" for kind, n in pairs)


def say_day(day: date) -> str:
    """A day with its year."""
    said: str = format_date(day, gettext("y年M月d日"))
    return said
