"""One line of the inbox (待办事项): what waits, where, by when, and the step that comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.periods import containing
from core.work.loop.clocks import end_of
from core.work.statistics.steps import SUBMITTED
from core.work.statistics.waiting import say_bundle
from tenants.access import Actor

AT_ONCE = frozenset({"take", "cosign", "sign"})  # steps that ask for nothing: one click, no form
Row = Any  # of the columns that a kind shows


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that waits (待办): what and where, by when, and the step that comes next.

    ``about`` is the kind of object that ``id`` names; ``number`` may be empty; ``code`` is a kind of paper or of doubt, or
    a period, where it is one, ``unit_id`` the addressee of a paper. ``finding_id`` is the finding behind it, whose campaigns it shares; ``keys`` are its place in the order.
    """

    about: str
    id: UUID
    title: str
    place: str
    step: str
    title_en: str = ""
    number: str = ""
    code: str = ""
    version: int = 0
    due_at: datetime | None = None
    late: bool = False
    finding_id: UUID | None = None
    campaigns: tuple[str, ...] = ()
    keys: tuple[Any, ...] = ()
    unit_id: UUID | None = None

    @property
    def at_once(self) -> bool:
        """Whether one click does it."""
        return self.step in AT_ONCE


def of_appeal(row: Row, _actor: Actor, now: datetime) -> Duty:
    """An appeal against a finding or a figure that waits for its decision (待裁决的申诉)."""
    appeal, finding = row
    facts = appeal.facts
    title, english = (finding.title, finding.title_en) if finding else (facts["name_zh"], facts["name_en"])
    number = (finding.number or "") if finding else appeal.indicator
    about = Duty("appeal", appeal.id, title, appeal.unit_name, "decide_appeal", english, number)
    about = replace(about, version=appeal.version, due_at=appeal.due_at, late=appeal.due_at < now)
    return replace(about, finding_id=appeal.finding_id, campaigns=(appeal.campaign,) if appeal.campaign else ())


def of_due_numbers(row: Row, _actor: Actor, now: datetime) -> Duty:
    """Numbers that are asked of a unit by one day (待报统计): ``code`` is their period, ``unit_id`` set where it is the unit's own row."""
    unit, own, name, kind, start, due_on, count, zh, english, campaigns = row
    due = end_of(due_on)
    title, title_en = say_bundle(zh, english, count)
    about = Duty("numbers", unit, title, name, "hand_in", title_en, code=containing(kind, start).key)
    about = replace(about, due_at=due, late=due < now, campaigns=_named(campaigns))
    return about if own else replace(about, unit_id=unit)


def of_returned_number(row: Row, _actor: Actor, _now: datetime) -> Duty:
    """A value that came back with a reason (退回待改的统计)."""
    value, statistic, name = row
    period = containing(value.period_kind, value.period_start).key
    title, title_en = say_bundle(statistic.name_zh, statistic.name_en, 1)
    about = Duty("number", value.id, title, name, "mend", title_en, statistic.code, period)
    return replace(about, version=value.version, unit_id=value.unit_id, campaigns=_named([statistic.campaign]))


def of_judged_numbers(row: Row, _actor: Actor, _now: datetime) -> Duty:
    """Values of one owner and period that wait for the same step (待审核锁定的统计)."""
    unit, name, kind, start, state, count, zh, english, campaigns = row
    title, title_en = say_bundle(zh, english, count)
    step = "review" if state == SUBMITTED else "lock"
    about = Duty("judging", unit, title, name, step, title_en, code=containing(kind, start).key)
    return replace(about, campaigns=_named(campaigns))


def _named(campaigns: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(one for one in campaigns if one))
