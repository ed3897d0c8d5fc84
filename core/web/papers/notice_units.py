"""To whom a paper goes (选收文单位): the units that the desk may write to, in groups that can be ticked as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask_babel import gettext

from core.errors import N_
from core.request import actor, db, today
from core.work.organisation.units import Node, tree
from core.work.roles import DIRECT
from tenants.access import reach

# Titles of the groups, and the kinds of unit in each; whatever is of none of them stands last.
GROUPS: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "subdistricts": (N_("街道（镇、乡）"), frozenset({"subdistrict"})),
        "departments": (N_("部门和单位"), frozenset({"department", "hq"})),
        "headquarters": (N_("指挥部机构"), frozenset({"headquarters", "work_group", "guidance_group", "area"})),
        "places": (N_("社区、村"), frozenset({"community", "village", "grid"})),
        "others": (N_("其他单位"), frozenset()),
    }
)
ALL, NONE = "all:", "none:"  # what the quick picks send, before the group's code


@dataclass(frozen=True, slots=True)
class Offered:
    """A unit with its box (可选单位): ``above`` is the unit over it, where names alone would not tell."""

    id: str
    name: str
    above: str = ""


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """Units that are ticked together (单位组)."""

    code: str
    title: str
    units: Sequence[Offered]
    ticked: int


def offered_groups(ticked: Collection[str]) -> list[UnitGroup]:
    """The units that the actor directs from above, by group; empty groups are left out."""
    session, who, on = db(), actor(), today()
    nodes = tree(session, on, within=reach(who, DIRECT, on))
    own = {duty.unit_id for duty in who.duties}
    names = {node.id: node.name for node in nodes}
    found: dict[str, list[Offered]] = {code: [] for code in GROUPS}
    for node in nodes:
        if node.depth and node.id not in own:
            found[_group_of(node)].append(_offer(node, names))
    return [
        UnitGroup(code, gettext(GROUPS[code][0]), units, sum(unit.id in ticked for unit in units))
        for code, units in found.items()
        if units
    ]


def pick(asked: str, units: Sequence[str]) -> list[str]:
    """The ticked units after a quick pick: all of a group added, or all of it taken away."""
    code = asked.partition(":")[2]
    of_group = [unit.id for group in offered_groups(units) if group.code == code for unit in group.units]
    if asked.startswith(NONE):
        return [unit for unit in units if unit not in of_group]
    return list(dict.fromkeys((*units, *of_group)))


def _group_of(node: Node) -> str:
    return next((code for code, (_, kinds) in GROUPS.items() if node.kind in kinds), "others")


def _offer(node: Node, names: Mapping[object, str]) -> Offered:
    above = names.get(node.parent, "") if node.depth > 1 and node.tree == "administration" else ""
    return Offered(str(node.id), node.name, above)
