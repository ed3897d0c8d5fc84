"""One line of the inbox (待办事项): what waits, where, by when, and the step that comes next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.access import Actor

AT_ONCE = frozenset({"take", "cosign", "sign"})  # steps that ask for nothing: one click, no form
Row = Any  # of the columns that a kind shows


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that waits (待办): what and where, by when, and the step that comes next.

    ``about`` is the kind of object that ``id`` names; ``number`` may be empty; ``code`` is a kind of paper or of doubt where
    it is one, ``unit_id`` the addressee of a paper. ``finding_id`` is the finding behind it, whose campaigns it shares; ``keys`` are its place in the order.
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
