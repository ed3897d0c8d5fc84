"""Words and lookups of the decomposition's pages (任务分解用语)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from core.campaigns import Campaign, Indicator
from core.errors import N_, SanchengError
from core.request import db, today
from core.web.errors import say_fault
from core.web.running import running
from core.web.words import by_locale, say_kind
from core.work.dated import valid_on
from core.work.editions.in_force import edition_of
from core.work.splits.carrying import REASONS
from core.work.splits.points import say_hundredths
from core.work.splits.reading import EMPTY, UNEVEN, Line
from core.work.splits.states import (
    ACCEPTED,
    DRAFT,
    ISSUED,
    RETURNED,
    ROLES,
    SHARE_STATES,
    SIGNS,
    STATES,
    STEPS,
)
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import Split
from tenants.access import ROOTS
from tenants.models import Unit

# A clause's state: word and tone.
LINE_WORDS: Mapping[str, tuple[str, str]] = {
    EMPTY: (N_("未分解"), "neutral"),
    UNEVEN: (N_("分值或牵头不对"), "overdue"),
    DRAFT: (N_("已分解"), "active"),
    ISSUED: SHARE_STATES[ISSUED],
    RETURNED: SHARE_STATES[RETURNED],
    ACCEPTED: SHARE_STATES[ACCEPTED],
}
OPEN = "open"  # the filter of clauses that are not in order


def campaigns_here() -> dict[str, Campaign]:
    """The campaigns in force, by key."""
    return {one.key: one for one in running()}


def indicators_of(campaign: Campaign, split: Split) -> dict[str, Indicator]:
    """The indicators of a split's edition, by code."""
    return {one.code: one for one in edition_of(db(), campaign, split.edition_sha256).indicators}


def titles_of(campaign: Campaign, split: Split) -> dict[str, str]:
    """The clauses' titles in the reader's language, where the edition has both."""
    return {code: by_locale(one.name_zh, one.name_en) for code, one in indicators_of(campaign, split).items()}


def unit_choices() -> list[tuple[str, str, str]]:
    """Every unit that stands today but the district itself: id, name and kind, by kind and name."""
    chosen = select(Unit.id, Unit.name, Unit.kind).where(valid_on(Unit, today()), Unit.kind.not_in((*ROOTS, "grid")))
    rows = db().execute(chosen.order_by(Unit.kind, Unit.pinyin, Unit.id))
    return [(str(row[0]), row[1], say_kind(row[2])) for row in rows]


def unit_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of some units."""
    rows = db().execute(select(Unit.id, Unit.name).where(Unit.id.in_(list(ids))))
    return {row[0]: row[1] for row in rows}


def measure_options() -> list[tuple[str, str]]:
    """The units of measure to choose from."""
    return [(code, say_measure(code)) for code in MEASURES]


def say_measure(code: str) -> str:
    """A unit of measure in the reader's language."""
    found = MEASURES.get(code)
    return by_locale(found.name_zh, found.name_en) if found else code


def say_amount(value: Decimal | None, measure: str = "") -> str:
    """An amount with its unit; '' for none."""
    return "" if value is None else f"{plain(value)} {say_measure(measure)}".strip()


def say_gap(gap: int) -> str:
    """What a clause's shares lack, or have too much; '' when they sum."""
    if not gap:
        return ""
    number = say_hundredths(abs(gap))
    return gettext("差 %(n)s", n=number) if gap > 0 else gettext("多 %(n)s", n=number)


def pair(table: Mapping[str, tuple[str, str]], code: str) -> tuple[str, str]:
    """A state's word in the reader's language, and its tone."""
    word, tone = table.get(code, (code, "neutral"))
    return gettext(word), tone


def state_options() -> list[tuple[str, str]]:
    """The states of clauses to filter by; what is not in order yet comes first."""
    return [(OPEN, gettext("没有分好的")), *((code, gettext(word)) for code, (word, _tone) in LINE_WORDS.items())]


# What the fields of a share are called, by the first part of their name.
_SHARE_FIELDS: Mapping[str, str] = {
    "points": N_("分值"),
    "person": N_("责任人"),
    "amount": N_("数量"),
    "due": N_("完成时限"),
    "unit": N_("单位"),
    "role": N_("分工"),
    "c": "",
}


def said_of(error: SanchengError, line: Line, names: Mapping[UUID, str]) -> dict[str, str]:
    """The faults of a clause's form or cells by their field, each naming unit and column instead of an id."""
    return {fault.field: say_fault(replace(fault, field=_place(fault.field, line, names))) for fault in error.faults}


def _place(field: str, line: Line, names: Mapping[UUID, str]) -> str:
    kind, _, rest = field.partition(".")
    if not rest or kind not in _SHARE_FIELDS:
        return field
    known = {str(unit): name for unit, name in names.items()}
    unit = known.get(rest.rpartition(".")[2], "")
    what = gettext(_SHARE_FIELDS[kind]) if _SHARE_FIELDS[kind] else line.row.code
    return f"{what} {unit}".strip()


def tables() -> dict[str, Any]:
    """What every template of these pages needs."""
    return {
        "points": say_hundredths,
        "say_gap": say_gap,
        "say_amount": say_amount,
        "say_measure": say_measure,
        "plain": plain,
        "split_state": lambda code: pair(STATES, code),
        "share_state": lambda code: pair(SHARE_STATES, code),
        "line_state": lambda code: pair(LINE_WORDS, code),
        "role_word": lambda code: gettext(ROLES.get(code, code)),
        "signs": SIGNS,
        "reasons": REASONS,
        "step_word": lambda verb: gettext(STEPS.get(verb, verb)),
    }
