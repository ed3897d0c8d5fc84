"""Units (责任单位) over the API: the tree as of a day, parents before children."""

from __future__ import annotations

from typing import Any

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Id, ListOf, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, cut_list
from core.api.rooms import READING, Room
from core.work.organisation import units
from core.work.roles import SEE

room = Room(
    "units", __name__, description="Responsibility units (责任单位): the administration and headquarters trees."
)


class UnitShape(Body):
    """One unit as of the day asked for (单位)."""

    id = Id(required=True)
    name = Text(required=True)
    kind = Text(required=True)
    code = Text(required=True, allow_none=True)
    tree = Text(required=True, validate=OneOf(("administration", "headquarters")))
    depth = Whole(required=True)
    parent_id = Id(required=True, allow_none=True)


class UnitList(Body):
    """Units in reading order (单位列表)."""

    items = ListOf(Part(UnitShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class UnitQuery(ListQuery):
    """Which units (单位筛选)."""

    on = Day(metadata={"description": "as of this day; today if left out"})
    kind = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})


@room.get("/units")
@asked.require(SEE)
@room.arguments(UnitQuery, location="query")
@room.response(200, UnitList)
@room.refuses(*READING)
def list_units(query: dict[str, Any]) -> Response:
    """List the units of both trees as of a day"""
    nodes = units.tree(asked.db(), query.get("on") or asked.today())
    wanted = [node for node in nodes if not query["kind"] or node.kind in query["kind"]]
    return cut_list(wanted, query, shape_unit)


def shape_unit(node: units.Node) -> dict[str, Any]:
    """A unit as JSON."""
    return {
        "id": node.id,
        "name": node.name,
        "kind": node.kind,
        "code": node.code,
        "tree": node.tree,
        "depth": node.depth,
        "parent_id": node.parent,
    }
