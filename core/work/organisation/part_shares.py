"""Which heir gets which open finding (问题分派): when a unit is split, by the place of the finding, else the heir.

A finding goes to the part of the split in whose territory its place now lies, or to which a rule gives the place or the
site; every other one goes to the heir.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from core.work.loop.ledger import move_parts
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.organisation.closure import chain_of
from core.work.tables import Finding, Part
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Share:
    """How one unit's open findings are shared out (分派规则): the heir, and by site and territory other units."""

    unit_id: UUID
    heir: UUID
    targets: tuple[UUID, ...] = ()
    by_site: Mapping[UUID, UUID] = field(default_factory=dict)
    by_unit: Mapping[UUID, UUID] = field(default_factory=dict)

    @property
    def is_split(self) -> bool:
        """Whether more than one unit takes over."""
        return len(self.targets) > 1

    def target(self, site_id: UUID | None, place: UUID, parents: Mapping[UUID, UUID]) -> UUID:
        """Who gets a finding at a site and place, the nearest rule above the place first."""
        if site_id is not None and site_id in self.by_site:
            return self.by_site[site_id]
        for unit in chain_of(place, parents):
            if unit in self.by_unit:
                return self.by_unit[unit]
            if unit in self.targets:
                return unit
        return self.heir


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A finding that is not closed, with a part at a unit that is reorganised."""

    finding_id: UUID
    unit_id: UUID
    site_id: UUID | None
    place: UUID


def open_parts(session: ScopedSession, actor: Actor | None, units: Collection[UUID], now: datetime) -> list[OpenPart]:
    """The open findings of some units, those that the actor may see if there is one."""
    chosen = (
        select(Part.finding_id, Part.unit_id, Finding.site_id, Finding.unit_id)
        .distinct()
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .where(Part.unit_id.in_(list(units)), Part.ended_at.is_(None), Finding.state.in_(NOT_CLOSED))
    )
    if actor is not None:
        chosen = chosen.where(sees_finding(actor, now.date()))
    return [OpenPart(*row) for row in session.execute(chosen)] if units else []


def count_open(session: ScopedSession, units: Iterable[UUID]) -> int:
    """How many open findings have a part at some units, restricted and hidden ones left out: everybody is shown this number."""
    chosen = (
        select(Part.finding_id)
        .distinct()
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .where(Part.unit_id.in_(list(units)), Part.ended_at.is_(None), Finding.state.in_(NOT_CLOSED))
        .where(Finding.restricted.is_(False), Finding.hidden.is_(False))
    )
    return len(session.scalars(chosen).all())


def shares_of(
    parts: Iterable[OpenPart], shares: Mapping[UUID, Share], parents: Mapping[UUID, UUID]
) -> dict[tuple[UUID, UUID], set[UUID]]:
    """The findings by old unit and the unit that gets them (分派结果)."""
    found: dict[tuple[UUID, UUID], set[UUID]] = {}
    for part in parts:
        target = shares[part.unit_id].target(part.site_id, part.place, parents)
        found.setdefault((part.unit_id, target), set()).add(part.finding_id)
    return found


def move_shares(
    session: ScopedSession,
    actor: Actor | None,
    shares: Mapping[UUID, Share],
    parents: Mapping[UUID, UUID],
    *,
    note: str,
    now: datetime,
) -> int:
    """Hand open parts to who gets them, one line of history each; gives the number of findings that moved.

    What goes to one heir as a whole goes in one call; a unit whose findings are shared out goes target by target.
    """
    whole = {unit: share.heir for unit, share in shares.items() if not share.is_split and share.heir != unit}
    moved = move_parts(session, actor, whole, note=note, now=now) if whole else 0
    split = {unit: share for unit, share in shares.items() if share.is_split}
    given = shares_of(open_parts(session, None, split, now), split, parents)
    for unit in split:
        left = set().union(*(findings for (old, _), findings in given.items() if old == unit))
        for target in (to for old, to in given if old == unit and to != unit):
            left -= given[(unit, target)]
            set_aside(session, unit, left, now, aside=True)
            moved += move_parts(session, actor, {unit: target}, note=note, now=now)
            set_aside(session, unit, left, now, aside=False)
    return moved


def set_aside(session: ScopedSession, unit: UUID, findings: set[UUID], now: datetime, *, aside: bool) -> None:
    """Put the parts that go elsewhere aside while a share moves, inside one transaction, and back (分批移交)."""
    state = Part.ended_at.is_(None) if aside else Part.ended_at == now
    chosen = update(Part).where(Part.unit_id == unit, Part.finding_id.in_(findings), state)
    session.execute(chosen.values(ended_at=now if aside else None).execution_options(synchronize_session="fetch"))
