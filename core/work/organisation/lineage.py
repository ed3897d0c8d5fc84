"""Where units came from and what became of them (机构沿革): split, merged, succeeded, renamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from core.errors import N_
from core.work.dated import valid_on
from core.work.organisation.closure import chain_of, parents_on
from core.work.tables import UnitLineage
from tenants.models import Unit
from tenants.scope import ScopedSession

KINDS: Mapping[str, str] = {"split": N_("分设"), "merge": N_("并入"), "succeed": N_("承接"), "rename": N_("更名")}


@dataclass(frozen=True, slots=True)
class Kin:
    """A unit before or after another (前身、后继), with the day and the way."""

    unit_id: UUID
    name: str
    on: date
    kind: str
    reorganisation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Descent:
    """One line of the lineage (沿革): out of which unit came which, how."""

    from_id: UUID
    to_id: UUID
    kind: str


def forebears(session: ScopedSession, unit_id: UUID) -> list[Kin]:
    """The units that a unit came out of (前身), the earliest first."""
    return _kin(session, UnitLineage.from_id, UnitLineage.to_id == unit_id)


def successors(session: ScopedSession, unit_id: UUID) -> list[Kin]:
    """What became of a unit (后继), the earliest first."""
    return _kin(session, UnitLineage.to_id, UnitLineage.from_id == unit_id)


def _kin(session: ScopedSession, other: InstrumentedAttribute[UUID], condition: ColumnElement[bool]) -> list[Kin]:
    rows = session.execute(
        select(Unit.id, Unit.name, UnitLineage.on, UnitLineage.kind, UnitLineage.reorganisation_id)
        .join(UnitLineage, (Unit.tenant_id == UnitLineage.tenant_id) & (Unit.id == other))
        .where(condition, UnitLineage.from_id != UnitLineage.to_id)
        .order_by(UnitLineage.on, Unit.pinyin)
    )
    return [Kin(*row) for row in rows]


def write_lineage(
    session: ScopedSession, lines: Sequence[Descent], on: date, reorganisation_id: UUID | None = None
) -> None:
    """Write lines of the lineage; one that stands already is left alone."""
    if lines:
        rows = [
            {"tenant_id": session.tenant_id, "from_id": line.from_id, "to_id": line.to_id, "on": on}
            | {"kind": line.kind, "reorganisation_id": reorganisation_id}
            for line in lines
        ]
        session.execute(insert(UnitLineage).on_conflict_do_nothing(), rows)


def living_heirs(session: ScopedSession, units: Iterable[UUID], on: date) -> dict[UUID, UUID]:
    """The unit that answers for each closed unit on a day: the nearest above it in the closure that still stands.

    A closed unit stands under its heir there (:mod:`core.work.organisation.closure`).
    """
    parents, wanted = parents_on(session, on), list(units)
    chains = {unit: chain_of(unit, parents)[1:] for unit in wanted}
    above = {one for chain in chains.values() for one in chain}
    living = set(session.scalars(select(Unit.id).where(Unit.id.in_(above), valid_on(Unit, on)))) if above else set()
    found = {unit: next((one for one in chain if one in living), None) for unit, chain in chains.items()}
    return {unit: heir for unit, heir in found.items() if heir is not None}
