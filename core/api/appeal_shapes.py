"""Appeals as JSON (申诉的应答结构): a line of the list, and everything on one with what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from core.api.fields import Body, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, PeriodKey, Text, Whole
from core.figures.appeals import period_of
from core.work.appeals.appeal_list import Standing
from core.work.appeals.appeal_moves import (
    EFFECTS,
    FIGURE,
    FINDING,
    KINDS,
    RAISED,
    REJECT,
    RUN,
    STATES,
    STEPS,
    UPHOLD,
    WITHDRAW,
)
from core.work.tables import Appeal, AppealEvent, Finding, Visit


class AppealShape(Body):
    """An appeal in a list (申诉); of a finding its number and title, of a figure its campaign, indicator, period and name."""

    id = Id(required=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    finding_id = Id(required=True, allow_none=True)
    number = Text(required=True, metadata={"description": "of the finding; empty for a figure, or not numbered yet"})
    campaign = Text(required=True)
    indicator = Text(required=True)
    period = PeriodKey(required=True, allow_none=True)
    figure_unit_id = Id(required=True, allow_none=True, metadata={"description": "null: the whole district's figure"})
    name_zh = Text(required=True)
    name_en = Text(required=True)
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    person_name = Text(required=True)
    reason = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    raised_at = Moment(required=True)
    due_at = Moment(required=True)
    late = Flag(required=True, metadata={"description": "waiting beyond the time by which it was to be decided"})
    decision = Text(required=True)
    decided_by = Text(required=True)
    decided_at = Moment(required=True, allow_none=True)
    effect = Text(required=True, validate=OneOf(("", *EFFECTS)))
    effect_id = Id(required=True, allow_none=True, metadata={"description": "the finding, visit or score run"})


class AppealList(Body):
    """Appeals (申诉清单)."""

    items = ListOf(Part(AppealShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class FigureFactsShape(Body):
    """A figure at a moment (申诉的数值); numerator, denominator and value are exact, `7` or `7/3`."""

    numerator = Text(required=True, allow_none=True)
    denominator = Text(required=True, allow_none=True)
    value = Text(required=True, allow_none=True)
    earned = Number(required=True, allow_none=True)
    n = Whole(required=True, allow_none=True)
    total = Number(required=True, allow_none=True, metadata={"description": "points of the whole campaign"})


class AppealEventShape(Body):
    """One step of an appeal (申诉记录)."""

    version = Whole(required=True)
    at = Moment(required=True)
    verb = Text(required=True, validate=OneOf(tuple(STEPS)))
    from_state = Text(required=True, allow_none=True)
    to_state = Text(required=True, validate=OneOf(tuple(STATES)))
    person_name = Text(required=True)
    note = Text(required=True)
    photos = ListOf(Id(), required=True)


class AppealEffectShape(Body):
    """What upholding could do now (成立后的办法); visits are those from which `visit_id` is chosen."""

    effect = Text(required=True, validate=OneOf(tuple(EFFECTS)))
    title = Text(required=True, metadata={"description": "in the asker's language"})
    follows = Text(required=True)
    visits = ListOf(Id(), required=True)


class AppealDetail(AppealShape):
    """Everything on one appeal (申诉详情). ``figure_...`` is null of a finding, ``changed_...`` what a correction changed."""

    finding_version = Whole(required=True, allow_none=True, metadata={"description": "to be sent back by who upholds"})
    figure_before = Part(FigureFactsShape, required=True, allow_none=True)
    figure_after = Part(FigureFactsShape, required=True, allow_none=True)
    points = Number(required=True, allow_none=True, metadata={"description": "gained or lost by computing again"})
    changed_before = Mapping(required=True)
    changed_after = Mapping(required=True)
    events = ListOf(Part(AppealEventShape), required=True)
    allowed = ListOf(Text(validate=OneOf((WITHDRAW, UPHOLD, REJECT))), required=True)
    effects = ListOf(Part(AppealEffectShape), required=True, metadata={"description": "for who decides"})


@dataclass(frozen=True, slots=True)
class Opened:
    """What the answer about one appeal is made of (申诉全貌)."""

    appeal: Appeal
    finding: Finding | None
    events: Sequence[AppealEvent]
    standing: Standing
    effects: Sequence[str]
    visits: Sequence[Visit]


def shape_appeal(row: Appeal, finding: Finding | None, now: datetime) -> dict[str, Any]:
    """An appeal in a list as JSON."""
    said = {name: getattr(row, name) for name in AppealShape.names() if hasattr(row, name)}
    about = {
        "kind": FINDING if row.finding_id else FIGURE,
        "number": (finding.number or "") if finding else "",
        "period": period_of(row).key if row.period_start else None,
        "name_zh": finding.title if finding else row.facts.get("name_zh", ""),
        "name_en": finding.title_en if finding else row.facts.get("name_en", ""),
        "late": row.state == RAISED and row.due_at < now,
    }
    return AppealShape.arrange(said | about)


def shape_opened(found: Opened, now: datetime) -> dict[str, Any]:
    """An appeal in full as JSON."""
    row = found.appeal
    points = row.outcome.get("points")
    return shape_appeal(row, found.finding, now) | {
        "finding_version": found.finding.version if found.finding else None,
        "figure_before": None if row.finding_id else _figure(row.facts),
        "figure_after": _figure(row.outcome["after"]) if row.effect == RUN else None,
        "points": points if row.effect == RUN else None,
        "changed_before": _changed(row, "before"),
        "changed_after": _changed(row, "after"),
        "events": [_event(one) for one in found.events],
        "allowed": _allowed(row, found.standing),
        "effects": [_effect(code, found.visits) for code in found.effects],
    }


def _figure(said: AnyMapping[str, Any]) -> dict[str, Any]:
    exact = {name: _exact(said.get(name)) for name in ("numerator", "denominator", "value", "earned", "total")}
    return FigureFactsShape.arrange(exact | {"n": said.get("n")})


def _exact(value: Any) -> str | None:
    return None if value is None else str(value).removesuffix("/1")


def _changed(row: Appeal, when: str) -> dict[str, str]:
    """What a correction changed, a name a value; a figure has none."""
    said = {} if row.effect == RUN else row.outcome.get(when, {})
    return {name: str(value if value is not None else "") for name, value in said.items()}


def _event(one: AppealEvent) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in AppealEventShape.names() - {"photos"}}
    return AppealEventShape.arrange(said | {"photos": list(one.detail.get("photos", ()))})


def _allowed(row: Appeal, standing: Standing) -> list[str]:
    if row.state != RAISED:
        return []
    return ([WITHDRAW] if standing.withdraws else []) + ([UPHOLD, REJECT] if standing.decides else [])


def _effect(code: str, visits: Sequence[Visit]) -> dict[str, Any]:
    title, follows = EFFECTS[code]
    chosen = [one.id for one in visits] if code == "visit" else []
    return {"effect": code, "title": gettext(title), "follows": gettext(follows), "visits": chosen}
