"""Reporting (随手上报) over the API: one finding without a form, and what it may repeat."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, REPEATABLE
from core.api.fields import Body, Flag, Id, Length, ListOf, Mapping, Moment, Number, OneOf, Part, Range, Text, Whole
from core.api.finding_shapes import PartShape
from core.api.replies import ListQuery, etag, here, once, reply
from core.api.rooms import READING, WRITING, Room
from core.work.desk.findings import parts_of
from core.work.dispatch.category_sets import groups_of
from core.work.intake.duplicates import Candidate, candidates
from core.work.intake.report_input import ReportBody
from core.work.intake.reporting import Reported, enter, own_campaigns
from core.work.intake.sources import REPORTABLE
from core.work.loop.states import STATES
from core.work.loop.step_input import SEVERITIES
from core.work.roles import DIRECT, LEAD, REPORT, SEE
from core.work.tables import Finding, FindingEvent
from tenants.db import new_id

room = Room("reporting", __name__, description="Reporting (上报): findings without a form, and what they may repeat.")
ALL_OUTCOMES = ("on_spot", "fixed", "cannot_fix", "not_a_problem")


class NewReport(Body):
    """A finding to report (上报内容): at a site, or at a free place whose unit is named or told by the nearest site."""

    id = Id(metadata={"description": "made on the device; it is the key of a repetition"})
    source = Text(load_default="snapshot", validate=OneOf(REPORTABLE))
    category = Text(required=True)
    site_id = Id(load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    place = Text(load_default="", validate=Length(max=200))
    longitude = Number(load_default=None, allow_none=True)
    latitude = Number(load_default=None, allow_none=True)
    title = Text(load_default="", validate=Length(max=200))
    detail = Text(load_default="", validate=Length(max=2000))
    severity = Text(load_default="ordinary", validate=OneOf(tuple(SEVERITIES)))
    photos = ListOf(Text(), load_default=[], validate=Length(max=20), metadata={"description": "ids or SHA-256"})
    fixed = ListOf(
        Text(),
        load_default=None,
        allow_none=True,
        validate=Length(max=20),
        metadata={"description": "photos after it was put right on the spot; then it is closed at once"},
    )
    campaigns = ListOf(Text(), load_default=[], validate=Length(max=20))
    restricted = Flag(load_default=False)
    patrol_id = Id(load_default=None, allow_none=True)
    asked_by = Text(load_default="", validate=Length(max=60))
    due_at = Moment(load_default=None, allow_none=True)
    priority = Flag(load_default=None, allow_none=True)
    lead_unit_id = Id(load_default=None, allow_none=True)
    merge_into = Id(load_default=None, allow_none=True, metadata={"description": "a finding that this one repeats"})


class ReportedShape(Body):
    """What a report led to (上报结果); route says why the leading unit was chosen, when more than the declared rule spoke."""

    id = Id(required=True)
    number = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    source = Text(required=True)
    category = Text(required=True)
    severity = Text(required=True)
    title = Text(required=True)
    title_en = Text(required=True)
    site_id = Id(required=True, allow_none=True)
    unit_id = Id(required=True)
    place = Text(required=True)
    working_days = Whole(required=True)
    opened_at = Moment(required=True)
    due_at = Moment(required=True)
    outcome = Text(required=True, allow_none=True, validate=OneOf(ALL_OUTCOMES))
    merged_into = Id(required=True, allow_none=True)
    duplicate_of = Id(required=True, allow_none=True)
    parts = ListOf(Part(PartShape), required=True)
    route = Mapping(required=True)


# What the answer says under the same name as the finding's row. The name is judged first: of a finding, "parts" would be read.
SAME = [name for name in ReportedShape.names() if name not in ("parts", "route") and hasattr(Finding, name)]
NEW_PART = {"assignee": "", "asked": "", "due_on": None}  # of a part that nobody has touched yet


class TwinQuery(ListQuery):
    """What a report may repeat (疑似重复查询): category with a site, or with longitude and latitude."""

    sort = Text(load_default="", validate=OneOf(("",)))
    category = Text(required=True)
    site_id = Id()
    longitude = Number()
    latitude = Number()
    metres = Whole(validate=Range(min=1, max=2000), metadata={"description": "the tenant's own without it"})
    hours = Whole(validate=Range(min=1, max=720), metadata={"description": "the tenant's own without it"})


class TwinShape(Body):
    """A finding that may be the same (疑似重复)."""

    id = Id(required=True)
    number = Text(required=True, allow_none=True)
    category = Text(required=True)
    title = Text(required=True)
    title_en = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    place = Text(required=True)
    unit_name = Text(required=True)
    opened_at = Moment(required=True)
    metres = Whole(required=True, allow_none=True)
    same_site = Flag(required=True)
    same_category = Flag(required=True)


class TwinList(Body):
    """Findings that may be the same (疑似重复清单), the likeliest first."""

    items = ListOf(Part(TwinShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class CategoryGroupShape(Body):
    """One group of a set (分组)."""

    name = Text(required=True)
    categories = ListOf(Text(), required=True)


class CategorySetShape(Body):
    """A tenant's own grouping of the shared categories (分类口径)."""

    id = Id(required=True)
    name = Text(required=True)
    groups = ListOf(Part(CategoryGroupShape), required=True)


class CategorySetList(Body):
    """The sets in use (在用口径)."""

    items = ListOf(Part(CategorySetShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


@room.post("/findings")
@asked.require_any(REPORT, DIRECT, LEAD)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewReport)
@room.response(201, ReportedShape, headers=ETAG)
@room.alt_response(200, schema=ReportedShape, description="The same report again; nothing was changed", success=True)
@room.refuses(*WRITING)
def report(body: dict[str, Any]) -> Response:
    """Report a finding; sent again it changes nothing and is answered alike, another body under its id is 409

    A repetition with the same Idempotency-Key gets the first answer. Who directs the work there dispatches at once.
    """
    named = body.pop("id", None)
    key = named or new_id()

    def run() -> tuple[int, Any]:
        done = enter(asked.db(), asked.actor(), _body(body), key, asked.now(), is_new=named is None)
        return (200 if done.replayed else 201), _shape(done)

    def headers(made: dict[str, Any]) -> dict[str, str]:
        return {"ETag": etag(made["version"]), "Location": here("findings", made["id"])}

    return once(run, headers=headers)


@room.get("/findings/duplicates")
@asked.require_any(REPORT, DIRECT, SEE)
@room.arguments(TwinQuery, location="query")
@room.response(200, TwinList)
@room.refuses(*READING)
def list_twins(query: dict[str, Any]) -> Response:
    """List what a report of this category at this place may repeat, the likeliest first; at most page_size"""
    longitude, latitude = query.get("longitude"), query.get("latitude")
    rows = candidates(
        asked.db(),
        asked.actor(),
        category=query["category"],
        site_id=query.get("site_id"),
        point=_point(longitude, latitude),
        metres=query.get("metres"),
        within=timedelta(hours=query["hours"]) if "hours" in query else None,
        limit=query["page_size"],
        now=asked.now(),
    )
    return reply({"items": [_twin(one) for one in rows], "next_cursor": None})


@room.get("/category-sets")
@asked.require(SEE)
@room.response(200, CategorySetList)
@room.refuses(401, 403, 404)
def list_sets() -> Response:
    """List the tenant's own groupings of the shared categories"""
    rows = [
        {"id": one.id, "name": one.name, "groups": [CategoryGroupShape.pick(group) for group in one.groups]}
        for one in groups_of(asked.db())
    ]
    return reply({"items": rows, "next_cursor": None})


def _body(said: dict[str, Any]) -> ReportBody:
    lists = {name: tuple(said[name]) for name in ("photos", "campaigns")}
    lists["campaigns"] = lists["campaigns"] or own_campaigns(asked.actor())
    fixed = None if said["fixed"] is None else tuple(said["fixed"])
    return ReportBody(**said | lists | {"fixed": fixed})


def _point(longitude: Decimal | None, latitude: Decimal | None) -> tuple[Decimal, Decimal] | None:
    if longitude is None or latitude is None or abs(longitude) > 180 or abs(latitude) > 90:
        return None
    return longitude, latitude


def _shape(done: Reported) -> dict[str, Any]:
    """The finding as it stands, with the reasons of its first line of history."""
    finding, opened = done.finding, done.opening
    if opened is None:
        opened = asked.db().get_one(FindingEvent, (finding.tenant_id, finding.id, 1)).detail
        rows = parts_of(asked.db(), [finding.id]).get(finding.id, ())
        parts = [PartShape.pick(part) for part in rows]
    else:
        parts = [NEW_PART | part | {"unit_name": done.units[part["unit_id"]].name} for part in done.parts]
    return {name: getattr(finding, name) for name in SAME} | {
        "duplicate_of": opened.get("duplicate_of"),
        "parts": parts,
        "route": opened.get("route", {}),
    }


def _twin(one: Candidate) -> dict[str, Any]:
    finding = one.finding
    same: dict[str, UUID | str | datetime | None] = {
        name: getattr(finding, name) for name in ("id", "number", "category", "title", "title_en", "state", "opened_at")
    }
    told = {name: getattr(one, name) for name in ("place", "unit_name", "metres", "same_site", "same_category")}
    return same | told
