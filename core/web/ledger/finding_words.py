"""Words of findings on the pages (问题用词): states with their tones, working time left, categories, what a step leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from flask_babel import gettext
from sqlalchemy.orm import Session

from core.errors import N_, SanchengError
from core.request import house
from core.web.errors import say
from core.web.words import begin_large, by_locale, counted
from core.work.calendar import load_calendar
from core.work.desk.finding_filters import VIEWS
from core.work.desk.findings import FindingRow
from core.work.intake.sources import SOURCES
from core.work.loop import states
from core.work.loop.states import (
    ALL_OUTCOMES,
    CLOSED_STATES,
    ON_SPOT,
    REJECT_REASONS,
    RETURN_REASONS,
    STATES,
    WITH_UNIT,
)
from core.work.loop.step_input import SEVERITIES
from core.work.loop.transitions import OPEN, TRANSITIONS

GOOD = ("fixed", ON_SPOT)  # outcomes that are shown as verified
DAY = timedelta(hours=24)  # one working day
VIEW_TITLES: Mapping[str, str] = MappingProxyType(
    dict(zip(VIEWS, (N_("问题清单"), N_("整改清单"), N_("责任清单")), strict=True))
)
TONES: Mapping[str, str] = MappingProxyType(
    {
        states.REPORTED: "waiting",
        states.ACCEPTED: "next",
        states.REJECTED: "neutral",
        states.DISPATCHED: "waiting",
        states.RETURNED: "soon",
        states.TAKEN: "active",
        states.RECTIFYING: "active",
        states.EXTENSION_ASKED: "next",
        states.PARKING_ASKED: "next",
        states.PARKED: "held",
        states.ANSWERED: "next",
        states.CLOSED: "verified",
        states.STABLE: "verified",
        states.CANCELLED: "neutral",
        states.MERGED: "neutral",
        states.HELD: "held",
    }
)
PARTS: Mapping[str, str] = MappingProxyType({"line": N_("条线"), "place": N_("属地"), "assist": N_("协办")})
PART_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "informed": (N_("已告知"), "neutral"),
        "open": (N_("办理中"), "active"),
        "done": (N_("已完成"), "verified"),
        "cosigned": (N_("已会签"), "verified"),
        "declined": (N_("已退回"), "neutral"),
    }
)
SEVERITY_TONES: Mapping[str, str] = MappingProxyType({"ordinary": "neutral", "serious": "soon", "urgent": "overdue"})


@dataclass(frozen=True, slots=True)
class Left:
    """The working time that is left (剩余工作时间), in words and as a tone."""

    text: str
    tone: str


def say_state(code: str) -> str:
    """A state in the reader's language."""
    return gettext(STATES[code].title_zh) if code in STATES else code


def tone_of(row: FindingRow) -> str:
    """The tone of a row's state: red when overdue, green only when it was found fixed."""
    if row.overdue:
        return "overdue"
    if row.state in CLOSED_STATES and row.outcome not in GOOD:
        return "neutral"
    return TONES.get(row.state, "neutral")


def say_outcome(code: str | None) -> str:
    """What a closed finding ended in."""
    return gettext(ALL_OUTCOMES[code].title_zh) if code in ALL_OUTCOMES else code or ""


def say_severity(code: str) -> str:
    """How serious it is."""
    return gettext(SEVERITIES[code][0]) if code in SEVERITIES else code


def say_source(code: str) -> str:
    """Where it came from."""
    return gettext(SOURCES[code].title_zh) if code in SOURCES else code


def say_reason(verb: str, code: str) -> str:
    """Why it was returned or rejected."""
    known = {"return": RETURN_REASONS, "reject": REJECT_REASONS}.get(verb, {})
    return gettext(known[code][0]) if code in known else code


def say_verb(verb: str) -> str:
    """A step of the history; the first one is the finding itself."""
    if verb == OPEN:
        return gettext("发现")
    return gettext(TRANSITIONS[verb].title_zh) if verb in TRANSITIONS else verb


def say_title(row: FindingRow) -> str:
    """The finding's title in the reader's language."""
    return by_locale(row.title, begin_large(row.title_en))


def say_refusal(error: SanchengError) -> str:
    """A refusal of the ledger; the names of states and steps in it are translated too."""
    named = {one.title_zh for one in (*STATES.values(), *TRANSITIONS.values())}
    params = {
        key: gettext(value) if isinstance(value, str) and value in named else value
        for key, value in error.params.items()
    }
    return say(type(error)(error.message, **params))


def say_span(span: timedelta) -> str:
    """Working time in words, its two largest parts; 24 hours are one working day."""
    minutes = max(int(span.total_seconds() // 60), 1)
    days, hours = divmod(minutes // 60, 24)
    parts = [counted("%(n)s 个工作日", n=days)] if days else []
    parts += [gettext("%(hours)s 小时", hours=hours)] if hours else []
    return " ".join(parts) or gettext("%(minutes)s 分钟", minutes=minutes)


def say_left(left: timedelta, *, late: bool, soon: timedelta = DAY) -> Left:
    """What is left, or how late it is; amber with less than ``soon`` left, which is the tenant's setting."""
    if late:
        return Left(gettext("超期 %(span)s", span=say_span(-left)) if left else gettext("刚刚超期"), "overdue")
    if not left:
        return Left(gettext("休息日过后就到期"), "soon")
    return Left(gettext("剩 %(span)s", span=say_span(left)), "soon" if left < soon else "neutral")


def time_left(session: Session, rows: Iterable[FindingRow], now: datetime) -> dict[UUID, Left]:
    """The working time left of those rows that wait for their unit (one query)."""
    waiting = [row for row in rows if row.state in WITH_UNIT]
    if not waiting:
        return {}
    calendar = load_calendar(session, min(now, *(row.due_at for row in waiting)))
    return {
        row.id: say_left(calendar.working_time_left(now, row.due_at), late=row.overdue, soon=calendar.amber)
        for row in waiting
    }


def category_options() -> list[tuple[str, str]]:
    """The kinds of defect, in the order of the shared words."""
    found = house().registry.vocabulary.categories.values()
    return [(one.code, by_locale(one.name_zh, begin_large(one.name_en))) for one in found]


def say_category(code: str) -> str:
    """The kind of defect in the reader's language."""
    known = house().registry.vocabulary.categories
    return by_locale(known[code].name_zh, begin_large(known[code].name_en)) if code in known else code


def say_units(row: FindingRow, kind: str) -> str:
    """The units of one kind of part."""
    return gettext("、").join(part.unit_name for part in row.parts if part.kind == kind)


def say_list(words: Sequence[str]) -> str:
    """Several words as one."""
    return gettext("、").join(words)
