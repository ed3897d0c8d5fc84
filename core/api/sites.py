"""Sites (点位) over the API: listing, adding and changing the places that are assessed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Id, Length, ListOf, Mapping, Number, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, once, placed, reply, reply_list
from core.api.rooms import READING, WRITING, Room
from core.api.then import ThenQuery, past_day
from core.work.organisation.areas import sites_in_area
from core.work.places import site_lists, sites
from core.work.places.site_search import read_point, usual_sort
from core.work.roles import KEEP_SITES, SEE

room = Room("sites", __name__, description="Sites (点位): places of one or more site types.")


class SiteShape(Body):
    """One site with the types it has today (点位)."""

    id = Id(required=True)
    code = Text(required=True, allow_none=True)
    name = Text(required=True)
    address = Text(required=True)
    zone = Text(required=True)
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    operator_unit_id = Id(required=True, allow_none=True)
    operator_name = Text(required=True)
    types = ListOf(Text(), required=True)
    state = Text(required=True, validate=OneOf(sites.STATES))
    attrs = Mapping(required=True)
    longitude = Number(required=True, allow_none=True)
    latitude = Number(required=True, allow_none=True)
    metres = Whole(
        required=True, allow_none=True, metadata={"description": "from ``near``; null when it or the place is unknown"}
    )


class SiteList(Body):
    """Sites (点位列表)."""

    items = ListOf(Part(SiteShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class SiteQuery(ListQuery, ThenQuery):
    """Which sites (点位筛选)."""

    sort = Text(
        load_default=None,
        validate=OneOf(site_lists.SORTS),
        metadata={"description": "name unless near is given: then match with q, near without; a leading - turns round"},
    )
    near = Text(
        load_default="",
        validate=Length(max=40),
        metadata={"description": "where you stand: latitude,longitude in WGS-84; adds metres and orders by them"},
    )
    type = ListOf(Text(), load_default=[], metadata={"description": "site type; repeat for several"})
    unit_id = Id(metadata={"description": "a unit and everything under it"})
    q = Text(
        load_default="",
        validate=Length(max=80),
        metadata={"description": "part of name, code, address, pinyin or its initials"},
    )
    state = Text(load_default="active", validate=OneOf((*sites.STATES, "any")))


class SiteChange(Body):
    """What to change; a field left out stays, null empties it where that is possible (点位内容)."""

    name = Text()
    code = Text(allow_none=True)
    address = Text()
    zone = Text(
        metadata={"description": "the district's own word for how strictly the place is kept; rules may ask for it"}
    )
    unit_id = Id()
    operator_unit_id = Id(allow_none=True)
    types = ListOf(Text(), validate=Length(max=20))
    attrs = Mapping(metadata={"description": "declared attributes; null removes one"})
    longitude = Number(allow_none=True)
    latitude = Number(allow_none=True)
    state = Text(validate=OneOf(sites.STATES))


class NewSite(SiteChange):
    """A site to add: name, unit and at least one type are needed (新增点位)."""

    name = Text(required=True)
    unit_id = Id(required=True)
    types = ListOf(Text(), required=True, validate=Length(min=1, max=20))


@room.get("/sites")
@asked.require(SEE)
@room.arguments(SiteQuery, location="query")
@room.response(200, SiteList)
@room.refuses(*READING)
def list_sites(query: dict[str, Any]) -> Response:
    """List the sites within reach"""
    as_of, area, near = past_day(query), query.get("area_id"), read_point(query["near"])
    page = site_lists.list_sites(
        asked.db(),
        asked.actor(),
        today=asked.today(),
        types=query["type"],
        unit_id=query.get("unit_id"),
        text=query["q"],
        state=None if query["state"] == "any" else query["state"],
        also=[sites_in_area(asked.db().tenant_id, area, as_of or asked.today())] if area else [],
        as_of=as_of,
        cursor=query["cursor"],
        page_size=query["page_size"],
        sort=usual_sort(query["sort"], query["q"], near),
        near=near,
    )
    return reply_list(map(shape_site, page.rows), page.cursor)


@room.get("/sites/<uuid:site_id>")
@asked.require(SEE)
@room.response(200, SiteShape)
@room.refuses(401, 403, 404)
def get_site(site_id: UUID) -> Response:
    """Show one site"""
    return reply(_one(site_id))


@room.post("/sites")
@asked.require(KEEP_SITES)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewSite)
@room.response(201, SiteShape)
@room.refuses(*WRITING)
def add_site(body: dict[str, Any]) -> Response:
    """Add a site

    A repetition with the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        registry = asked.house().registry
        made = sites.add_site(asked.db(), asked.actor(), today=asked.today(), registry=registry, **body)
        return 201, _one(made.id)

    return once(run, headers=placed("sites"))


@room.patch("/sites/<uuid:site_id>")
@asked.require(KEEP_SITES)
@room.arguments(SiteChange)
@room.response(200, SiteShape)
@room.refuses(*WRITING)
def change_site(body: dict[str, Any], site_id: UUID) -> Response:
    """Change a site; nothing is deleted, a site is closed"""
    registry = asked.house().registry
    sites.change_site(asked.db(), asked.actor(), site_id, today=asked.today(), registry=registry, **body)
    return reply(_one(site_id))


def _one(site_id: UUID) -> dict[str, Any]:
    return shape_site(site_lists.get_site(asked.db(), asked.actor(), site_id, today=asked.today()))


def shape_site(row: site_lists.SiteRow) -> dict[str, Any]:
    """A site as JSON."""
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "address": row.address,
        "zone": row.zone,
        "unit_id": row.unit_id,
        "unit_name": row.unit_name,
        "operator_unit_id": row.operator_unit_id,
        "operator_name": row.operator_name,
        "types": row.types,
        "state": row.state,
        "attrs": row.attrs,
        "longitude": row.longitude,
        "latitude": row.latitude,
        "metres": row.metres,
    }
