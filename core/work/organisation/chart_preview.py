"""What a proposed chart would move (调整预览): units opened, closed, renamed, moved, and everything that goes to heirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.work.calendar import local_day
from core.work.organisation.burdens import Burden, burdens
from core.work.organisation.chart_drafts import Seat, fate_words
from core.work.organisation.closure import parents_on
from core.work.organisation.part_shares import open_parts, shares_of
from core.work.organisation.reorganising import Sheet
from core.work.organisation.reorganising_effect import Outcome, outcome_of
from core.work.organisation.units import Node
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Passing:
    """What one unit passes on (移交明细): to whom, who is the heir, what hangs on it, its open findings by receiver."""

    unit: Node
    word: str
    targets: tuple[str, ...]
    heir: str
    burden: Burden
    findings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shift:
    """A unit that gets another name or parent (更名、调整隶属)."""

    unit: Node
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole of it (调整预览)."""

    opened: tuple[tuple[Seat, str], ...]
    shifts: tuple[Shift, ...]
    passing: tuple[Passing, ...]
    counts: Mapping[str, int]
    total: Burden


def preview(session: ScopedSession, actor: Actor | None, sheet: Sheet, now: datetime) -> Preview:
    """What a draft without faults would do today; findings that the actor may see are counted alone."""
    on, root = local_day(now), root_unit(session)
    outcome = outcome_of(sheet.draft, sheet.standing, root.id)
    hanging = burdens(session, actor, outcome.shares, on)
    names = {seat.unit_id: seat.name for seat in sheet.draft.seats.values()} | {root.id: root.name}
    parents = parents_on(session, on) | dict(outcome.parents)
    given: dict[UUID, dict[UUID, int]] = {}
    parts = open_parts(session, actor, outcome.shares, now)
    for (unit, target), findings in shares_of(parts, outcome.shares, parents).items():
        given.setdefault(unit, {})[target] = len(findings)
    passing = tuple(
        _passing(sheet, outcome, unit, names, hanging.of(unit), given.get(unit, {})) for unit in outcome.shares
    )
    total = Burden()
    for one in passing:
        if one.unit.id in outcome.heirs:
            total.add(one.burden)
    above = {
        seat.key: names.get(sheet.draft.seats[seat.parent].unit_id, "") if seat.parent else root.name
        for seat in outcome.opened
    }
    opened = tuple((seat, above[seat.key]) for seat in outcome.opened)
    return Preview(opened, tuple(_shifts(sheet, outcome, names)), passing, outcome.counts(), total)


def _passing(
    sheet: Sheet, outcome: Outcome, unit: UUID, names: Mapping[UUID, str], burden: Burden, given: Mapping[UUID, int]
) -> Passing:
    share = outcome.shares[unit]
    word = fate_words(sheet.draft, [unit])[unit]
    targets = tuple(names[one] for one in share.targets)
    found = {names[one]: number for one, number in given.items()}
    return Passing(sheet.standing[unit], word, targets, names[share.heir], burden, found)


def _shifts(sheet: Sheet, outcome: Outcome, names: Mapping[UUID, str]) -> list[Shift]:
    chosen = dict.fromkeys((*outcome.names, *outcome.moved))
    moved = set(outcome.moved)
    return [
        Shift(
            sheet.standing[unit],
            outcome.names.get(unit, ""),
            names.get(outcome.parents[unit], "") if unit in moved else "",
        )
        for unit in chosen
    ]
