"""Why this unit (派遣依据): the rule or precedent by which a finding goes where it goes, and what was decided before in such cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from core.request import actor, db, today
from core.web.words import counted
from core.work.desk.finding_detail import Detail
from core.work.dispatch.precedents import PrecedentRow, list_precedents
from core.work.dispatch.routing import PRECEDENT, RULE
from core.work.tables import FindingEvent

MOST_EARLIER = 5  # decisions shown beside an arbitration; all of them are a click away (ours)
DECIDING = frozenset({"arbitrate", "transfer"})


@dataclass(frozen=True, slots=True)
class Basis:
    """Why the unit was chosen (派遣依据): by a precedent or a rule, in words."""

    why: str
    text: str


def read_basis(events: Sequence[FindingEvent]) -> Basis | None:
    """The rule or precedent that named the unit; None when it was named by hand since, or simply declared."""
    found: Basis | None = None
    for event in events:
        said = event.detail.get("route")
        if said:
            found = _basis(said)
        elif "lead_before" in event.detail or event.verb in DECIDING:
            found = None
    return found


def say_route(said: dict[str, object]) -> str:
    """A rule or precedent in words: its reason, and how often the case was sent back before it was decided."""
    reason, returns = str(said.get("reason") or ""), said.get("returns")
    if said.get("why") == RULE:
        return gettext("依派遣规则：%(reason)s", reason=reason) if reason else gettext("依派遣规则")
    text = gettext("依判例：%(reason)s", reason=reason)
    times = counted("裁定前退回 %(n)s 次", n=returns) if returns else ""
    return text + (gettext("（%(times)s）", times=times) if times else "")


def _basis(said: dict[str, object]) -> Basis | None:
    why = str(said.get("why") or "")
    return Basis(why, say_route(said)) if why in (PRECEDENT, RULE) else None


def read_earlier(found: Detail, verb: str) -> list[PrecedentRow]:
    """What was decided before in the finding's category, its own territory first, beside the form that decides again."""
    if verb != "arbitrate":
        return []
    finding = found.finding
    rows = list_precedents(db(), actor(), on=today(), ended=True, category=finding.category)
    return sorted(rows, key=lambda row: row.precedent.territory_id != finding.unit_id)[:MOST_EARLIER]
