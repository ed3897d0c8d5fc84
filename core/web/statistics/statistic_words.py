"""Words and filters of the statistics' pages (统计页用语)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from flask import request
from flask_babel import gettext
from sqlalchemy import select

from core.errors import N_
from core.periods import Period, last_periods, parse_period
from core.request import db, today
from core.web.paging import bad_argument, read_id
from core.web.running import running, title_of
from core.web.scores.periods import say_period
from core.web.words import begin_large, by_locale, listed
from core.work.statistics import words
from core.work.statistics.checks import RatePair, Remark, rate_pairs
from core.work.statistics.grid import TIMELINESS, Asked
from core.work.statistics.measures import MEASURES, plain
from core.work.statistics.steps import STATES
from core.work.tables import Observation, Statistic
from tenants.models import Unit

TONES: Mapping[str, str] = {
    "none": "waiting",
    "draft": "waiting",
    "submitted": "active",
    "returned": "soon",
    "reviewed": "next",
    "locked": "verified",
    "on_time": "active",
    "late": "soon",
    "due": "waiting",
    "missing": "overdue",
    "early": "neutral",
}
VERBS: Mapping[str, str] = {
    "save": N_("存草稿"),
    "submit": N_("上报审核"),
    "return": N_("退回"),
    "review": N_("审核通过"),
    "lock": N_("锁定数据"),
    "correct": N_("更正"),
}
FIELDS: Mapping[str, str] = {
    "numerator": N_("数值"),
    "denominator": N_("分母"),
    "declared_rate": N_("自填百分比"),
    "population_base": N_("人口口径"),
    "population_on": N_("人口日期"),
    "note": N_("依据和说明"),
    "basis": N_("口径"),
    "version": N_("锁定版本"),
}
# What stands beside a number (限定词); what is typed is understood in either language.
_WRITTEN = {"over": N_("{n}余"), "about": N_("约{n}"), "tens_of_thousands": N_("数万"), "at_least": N_("至少{n}")}
PERIODS: Mapping[str, int] = {"month": 12, "quarter": 6, "year": 4}


def say(word: str, table: Mapping[str, str]) -> str:
    """A code in the reader's language; one that is unknown as it is."""
    return gettext(table[word]) if word in table else word


def options(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """All words of a table to choose from."""
    return [(code, gettext(text)) for code, text in table.items()]


def say_name(statistic: Statistic) -> str:
    """A statistic's name in the reader's language."""
    return by_locale(statistic.name_zh, statistic.name_en)


def say_measure(code: str) -> str:
    """A unit of measure in the reader's language."""
    found = MEASURES.get(code)
    return by_locale(found.name_zh, found.name_en) if found else code


def say_number(value: Decimal | None, qualifier: str = "exact") -> str:
    """A number with its qualifier, as it may also be typed: 13000余, 约200; '' for none."""
    if value is None:
        return ""
    return (gettext(_WRITTEN[qualifier]) if qualifier in _WRITTEN else "{n}").format(n=plain(value))


def say_value(row: Observation) -> str:
    """A value as one text: numerator, and denominator where there is one."""
    said = say_number(row.numerator, row.qualifier) or "—"
    return f"{said} / {say_number(row.denominator, row.denominator_qualifier)}" if row.denominator is not None else said


def say_remark(remark: Remark) -> str:
    """What is odd about a value, in the reader's language."""
    return gettext(remark.text).format(**remark.params)


def say_bases(bases: Iterable[str]) -> str:
    """Several bases in one line of the reader's language, large only at its beginning."""
    return begin_large(listed(say(one, words.BASES).lower() for one in bases))


def pairs_here() -> tuple[RatePair, ...]:
    """The rates of the editions in force here."""
    return rate_pairs([(one.key, one.edition) for one in running()])


def read_asked() -> Asked:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    period, owner, unit = said.get("period", "").strip(), said.get("owner", ""), said.get("unit", "")
    state, timeliness = said.get("state", ""), said.get("timeliness", "")
    for name, value, known in (("state", state, ("none", *STATES)), ("timeliness", timeliness, TIMELINESS)):
        if value and value not in known:
            raise bad_argument(name, value)
    return Asked(
        period=parse_period(period) if period else None,
        owner_id=read_id(owner, "owner") if owner else None,
        unit_id=read_id(unit, "unit") if unit else None,
        campaign=said.get("campaign", "").strip()[:40],
        text=said.get("q", "").strip()[:60],
        state=state,
        timeliness=timeliness,
    )


def query_of(asked: Asked) -> dict[str, str]:
    """The filter as arguments of an address."""
    said = {
        "period": asked.period.key if asked.period else "",
        "owner": str(asked.owner_id or ""),
        "unit": str(asked.unit_id or ""),
        "campaign": asked.campaign,
        "q": asked.text,
        "state": asked.state,
        "timeliness": asked.timeliness,
    }
    return {name: value for name, value in said.items() if value}


def period_options(chosen: Period | None) -> list[tuple[str, str]]:
    """The periods that the list offers: months, quarters and years back from today, and the chosen one."""
    offered = [one for kind, count in PERIODS.items() for one in reversed(last_periods(kind, today(), count))]
    if chosen and chosen not in offered:
        offered.insert(0, chosen)
    return [(one.key, say_period(one)) for one in offered]


def owner_options(owners: Iterable[UUID]) -> list[tuple[str, str]]:
    """The units that own a statistic, by name."""
    rows = db().execute(select(Unit.id, Unit.name).where(Unit.id.in_(set(owners))).order_by(Unit.pinyin, Unit.id))
    return [(str(unit_id), name) for unit_id, name in rows]


def campaign_options() -> list[tuple[str, str]]:
    """The campaigns in force."""
    return [(one.key, title_of(one)) for one in running()]


def tables() -> dict[str, object]:
    """What every page of the room says the same way."""
    return {
        "say": say,
        "words": words,
        "tones": TONES,
        "verbs": VERBS,
        "fields": FIELDS,
        "say_name": say_name,
        "say_measure": say_measure,
        "say_number": say_number,
        "say_value": say_value,
        "say_remark": say_remark,
        "say_period": say_period,
        "by_locale": by_locale,
        "say_bases": say_bases,
        "today": today(),
    }
