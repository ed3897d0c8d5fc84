"""Which units are asked to a meeting (参会单位): all of the district's, in groups that can be ticked as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask_babel import gettext

from core.request import db, today
from core.web.papers.notice_units import GROUPS, NONE, Offered, UnitGroup
from core.work.organisation.units import tree


def groups_for(ticked: Collection[str], leave: Collection[str] = ()) -> list[UnitGroup]:
    """The units by group with those that are ticked; ``leave`` are asked already. Empty groups are left out."""
    nodes = tree(db(), today())
    names = {node.id: node.name for node in nodes}
    found: dict[str, list[Offered]] = {code: [] for code in GROUPS}
    for node in nodes:
        if str(node.id) in leave or (not node.depth and node.tree == "administration"):
            continue
        code = next((key for key, (_, kinds) in GROUPS.items() if node.kind in kinds), "others")
        above = names.get(node.parent, "") if node.parent and node.depth > 1 and node.tree == "administration" else ""
        found[code].append(Offered(str(node.id), node.name, above))
    return [
        UnitGroup(code, gettext(GROUPS[code][0]), units, sum(unit.id in ticked for unit in units))
        for code, units in found.items()
        if units
    ]


def pick(asked: str, units: Sequence[str]) -> list[str]:
    """The ticked units after a quick pick: all of a group added, or all of it taken away."""
    code = asked.partition(":")[2]
    of_group = [unit.id for group in groups_for(units) if group.code == code for unit in group.units]
    if asked.startswith(NONE):
        return [unit for unit in units if unit not in of_group]
    return list(dict.fromkeys((*units, *of_group)))
