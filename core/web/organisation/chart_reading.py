"""Reads units for their pages (单位与架构): one unit's card as of a day, and the chart as boxes to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.work.dated import valid_on
from core.work.organisation.areas import AREA, areas_of
from core.work.organisation.burdens import Burden, burdens
from core.work.organisation.chart_export import holders_on
from core.work.organisation.grids import list_grid_sites
from core.work.organisation.lineage import Kin, forebears, successors
from core.work.organisation.units import Node, former_names, get_unit, tree
from core.work.roles import ADMINISTER, DIRECT, LEAD
from core.work.tables import Site
from tenants.access import Actor
from tenants.models import Unit, UnitName, UnitParent, UnitRole
from tenants.scope import ScopedSession

CHART_READERS = frozenset({ADMINISTER, DIRECT, LEAD})  # who reads the tree as a table: the office and the leaders
SHOWN_SITES = 100

Holders = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit as of a day (单位卡片); ``above`` is None for the tenant's own unit, ``stands`` whether it is there that day."""

    unit: Unit
    name: str
    above: Unit | None
    stands: bool
    former: Sequence[UnitName]
    before: Sequence[Kin]
    after: Sequence[Kin]
    holders: Holders
    children: Sequence[Node]
    areas: Sequence[Unit]
    roles: Sequence[str]
    burden: Burden
    grid_sites: Sequence[Site]


def read_unit_card(session: ScopedSession, actor: Actor, unit_id: UUID, on: date, today: date) -> UnitCard:
    """One unit as of a day; what hangs on it is of today. Raises NotFound."""
    unit = get_unit(session, unit_id)
    former = former_names(session, unit.id)
    name = next((row.name for row in former if row.valid_from <= on < row.valid_to), unit.name)
    link = select(UnitParent.parent_id).where(UnitParent.unit_id == unit.id, valid_on(UnitParent, on))
    parent_id = session.scalars(link).first()
    roles = select(UnitRole.role).where(UnitRole.unit_id == unit.id, valid_on(UnitRole, on)).order_by(UnitRole.role)
    return UnitCard(
        unit=unit,
        name=name,
        above=get_unit(session, parent_id) if parent_id else None,
        stands=unit.valid_from <= on and (unit.valid_to is None or unit.valid_to > on),
        former=former,
        before=forebears(session, unit.id),
        after=successors(session, unit.id),
        holders=holders_on(session, on, [unit.id]).get(unit.id, ()),
        children=[node for node in tree(session, on) if node.parent == unit.id],
        areas=areas_of(session, on, unit_id=unit.id) if unit.kind != AREA else (),
        roles=session.scalars(roles).all(),
        burden=burdens(session, actor, [unit.id], today).of(unit.id),
        grid_sites=list_grid_sites(session, unit.id, on)[:SHOWN_SITES] if unit.kind == "grid" else (),
    )


@dataclass(frozen=True, slots=True)
class Box:
    """A unit in the printed chart (架构图方框) with those under it."""

    node: Node
    holders: Holders
    children: list[Box] = field(default_factory=list)


def read_boxes(session: ScopedSession, on: date, grove: str, *, people: bool) -> list[Box]:
    """The chart of a tree on a day, from the top; the headquarters' tops without the district above them."""
    nodes: list[Node] = [node for node in tree(session, on) if node.tree == grove]
    held: Mapping[UUID, Holders] = holders_on(session, on, [node.id for node in nodes]) if people else {}
    boxes: dict[UUID, Box] = {}
    tops: list[Box] = []
    for node in nodes:
        box = boxes[node.id] = Box(node, held.get(node.id, ()))
        above = boxes.get(node.parent) if node.parent else None
        (above.children if above else tops).append(box)
    return tops
