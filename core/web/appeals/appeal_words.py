"""Words of appeals on the pages (申诉用词): what it is about, in which state it is, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext

from core.errors import N_
from core.figures.appeals import period_of
from core.web.ledger.finding_words import say_severity
from core.web.scores.periods import say_period
from core.web.words import by_locale
from core.work.appeals.appeal_list import LATE, MINE
from core.work.appeals.appeal_moves import EFFECTS, FIGURE, FINDING, KINDS, STATES, STEPS
from core.work.tables import Appeal, Finding

NUMBERS: Mapping[str, str] = {
    "numerator": N_("分子"),
    "denominator": N_("分母"),
    "value": N_("数值"),
    "earned": N_("得分"),
    "n": "n",
    "total": N_("这一期总得分"),
}
FIELDS: Mapping[str, str] = {
    "category": N_("类别"),
    "title": N_("问题"),
    "detail": N_("详细描述"),
    "severity": N_("严重程度"),
    "place": N_("位置"),
}


def say_state(state: str) -> str:
    """A state in the reader's language."""
    return gettext(STATES[state].title_zh)


def say_kind(appeal: Appeal) -> str:
    """What kind of thing it is about."""
    return gettext(KINDS[FINDING if appeal.finding_id else FIGURE])


def say_what(appeal: Appeal, finding: Finding | None) -> str:
    """The thing itself: the finding's title, or the indicator's name."""
    if finding is not None:
        return by_locale(finding.title, finding.title_en)
    return by_locale(appeal.facts["name_zh"], appeal.facts["name_en"])


def say_which(appeal: Appeal, finding: Finding | None) -> str:
    """What tells it from others: the finding's number, or code and period."""
    if finding is not None:
        return finding.number or gettext("未编号")
    return f"{appeal.indicator} · {say_period(period_of(appeal))}"


def lead_to(appeal: Appeal) -> str:
    """The page of the thing that it is about."""
    if appeal.finding_id:
        return url_for("finding.show", finding_id=appeal.finding_id)
    unit = {"unit": str(appeal.figure_unit_id)} if appeal.figure_unit_id else {}
    period = {"kind": appeal.period_kind, "period": period_of(appeal).key}
    return url_for("indicators.show", campaign=appeal.campaign, code=appeal.indicator, **period, **unit)


def say_effect(effect: str) -> str:
    """What an upheld appeal did; '' for none."""
    return gettext(EFFECTS[effect][0]) if effect in EFFECTS else effect


def say_step(verb: str) -> str:
    """A step of its history."""
    return gettext(STEPS[verb][1])


def state_options() -> list[tuple[str, str]]:
    """What the list can be narrowed to."""
    found = [(MINE, gettext("等我裁决")), (LATE, gettext("超过裁决期限"))]
    return found + [(code, say_state(code)) for code in STATES]


def kind_options() -> list[tuple[str, str]]:
    """The kinds of thing."""
    return [(code, gettext(title)) for code, title in KINDS.items()]


def compare_figure(appeal: Appeal) -> list[tuple[str, str, str]]:
    """The figure as it was appealed against and as it was computed anew, a number a line; the second '' before that."""
    after = appeal.outcome.get("after", {})
    return [(gettext(label), _number(appeal.facts, name), _number(after, name)) for name, label in NUMBERS.items()]


def _number(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return "" if value is None else str(value).removesuffix("/1")


def say_difference(appeal: Appeal) -> str:
    """The points that the figure gained or lost by the new computation, with their sign; '' for none."""
    points = Decimal(appeal.outcome.get("points", 0))
    return f"{points:+.2f}" if points else ""


def compare_finding(appeal: Appeal) -> list[tuple[str, str, str]]:
    """What a correction changed, a field a line."""
    before, after = appeal.outcome.get("before", {}), appeal.outcome.get("after", {})
    return [
        (gettext(FIELDS.get(name, name)), _value(name, before.get(name)), _value(name, value))
        for name, value in after.items()
        if name in FIELDS
    ]


def _value(name: str, value: Any) -> str:
    said = str(value or "")
    return say_severity(said) if name == "severity" and said else said


def read_uuid(text: str) -> UUID | None:
    """An id out of a form; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
