"""Visits (检查) over the API: what is due at a site, submitting, and reading what was submitted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Id, Length, ListOf, Mapping, Moment, OneOf, Text
from core.api.forms import in_hand
from core.api.plan_shapes import PlanShape, shape_plan
from core.api.replies import ListQuery, a_day, cursor_of, here, read_cursor, reply, reply_list, sort_by
from core.api.rooms import READING, WRITING, Room
from core.api.then import ThenQuery, past_day
from core.api.visit_reading import VisitFilter, read_visit, read_visits
from core.api.visit_shapes import (
    BASES,
    SubmittedShape,
    VisitDetail,
    VisitList,
    shape_detail,
    shape_submitted,
    shape_visit,
)
from core.work.inspection import visit_corrections, visits
from core.work.intake.open_before import open_before
from core.work.roles import DIRECT, SEE, VISIT

MOST_FORMS = 100  # that one visit answers (ours)
ENTRIES_SAID = "by a form's sha256: answers to its questions beside the items, repeats as lists, pictures as photos"

room = Room(
    "visits", __name__, description="Visits (检查): one person at one site answers every campaign's forms at once."
)


class VisitQuery(ListQuery, ThenQuery):
    """Which visits (检查筛选)."""

    sort = sort_by("-day", "day")
    site_id = Id()
    unit_id = Id(metadata={"description": "a unit and everything under it"})
    person_id = Id()
    campaign = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})
    basis = ListOf(Text(validate=OneOf(BASES)), load_default=[])
    since = Day(data_key="from")
    until = Day(data_key="to")


class PlanQuery(Body):
    """What is due where (检查方案)."""

    site = Id(required=True)


class NewVisit(Body):
    """A visit to submit (检查提交); answers, photos and notes are by question code."""

    id = Id(required=True, metadata={"description": "made on the device; it is the key of a repetition"})
    site_id = Id(required=True)
    answers = Mapping(required=True, metadata={"example": {"PRO-01": {"yes": True}, "ENV-02": {"n": 7, "m": 9}}})
    photos = Mapping(load_default=dict, metadata={"description": "lists of photo ids or SHA-256"})
    notes = Mapping(load_default=dict)
    severities = Mapping(load_default=dict, metadata={"description": "ordinary, serious or urgent, of what failed"})
    fixed = Mapping(
        load_default=dict, metadata={"description": "lists of photos after, of what was put right on the spot"}
    )
    again = Mapping(load_default=dict, metadata={"description": "the open finding that is still there, by its id"})
    forms = ListOf(
        Text(validate=Length(max=64)),
        load_default=[],
        validate=Length(max=MOST_FORMS),
        metadata={
            "description": "sha256 of the plan's forms that the visit was opened with; they count though others are due"
        },
    )
    entries = Mapping(load_default=dict, metadata={"description": ENTRIES_SAID})
    started_at = Moment(load_default=None, allow_none=True)
    finished_at = Moment(
        load_default=None, allow_none=True, metadata={"description": "by the device; the visit counts on its day"}
    )
    device_now = Moment(
        load_default=None, allow_none=True, metadata={"description": "the device's clock when sending; not compared"}
    )
    note = Text(load_default="", validate=Length(max=2000))
    basis = Text(load_default=None, allow_none=True, validate=OneOf(BASES))


class NewCorrection(Body):
    """A corrected version of a visit (检查更正): every form of it again, and why."""

    id = Id(required=True, metadata={"description": "the new version's, made on the device"})
    answers = Mapping(required=True, metadata={"example": {"PRO-01": {"yes": True}}})
    photos = Mapping(load_default=dict, metadata={"description": "lists of photo ids or SHA-256"})
    notes = Mapping(load_default=dict)
    severities = Mapping(load_default=dict, metadata={"description": "ordinary, serious or urgent, of what failed"})
    entries = Mapping(
        load_default=None, allow_none=True, metadata={"description": ENTRIES_SAID + "; left out: as they were"}
    )
    note = Text(load_default="", validate=Length(max=2000))
    reason = Text(required=True, validate=Length(min=1, max=2000))


@room.get("/visits/plan")
@asked.require(VISIT)
@room.arguments(PlanQuery, location="query")
@room.response(200, PlanShape)
@room.refuses(*READING)
def get_plan(query: dict[str, Any]) -> Response:
    """Show what is due at a site: the forms of all campaigns, each question once"""
    site, plan = visits.due_at_site(asked.db(), asked.actor(), query["site"], in_hand(), asked.today())
    standing = open_before(asked.db(), asked.actor(), site.id, plan, asked.now())
    return reply(shape_plan(site, plan, standing))


@room.post("/visits")
@asked.require(VISIT)
@room.arguments(NewVisit)
@room.response(201, SubmittedShape)
@room.alt_response(200, schema=SubmittedShape, description="The same visit again; nothing was changed", success=True)
@room.refuses(*WRITING)
def submit(body: dict[str, Any]) -> Response:
    """Submit a visit; sent again it changes nothing and is answered alike, another body under its id is 409"""
    made = visits.submit(
        asked.db(), asked.actor(), campaigns=in_hand(), visit_id=body.pop("id"), **body, now=asked.now()
    )
    status = 200 if made.replayed else 201
    return reply(shape_submitted(made.visit), status, Location=here("visits", made.visit.id))


@room.post("/visits/<uuid:visit_id>/corrections")
@asked.require_any(VISIT, DIRECT)
@room.arguments(NewCorrection)
@room.response(201, SubmittedShape)
@room.alt_response(200, schema=SubmittedShape, description="The same correction again; nothing changed", success=True)
@room.refuses(*WRITING)
def correct(body: dict[str, Any], visit_id: UUID) -> Response:
    """Put a corrected version in a visit's place; the old one stays readable, of two at once the second is 409"""
    made = visit_corrections.correct(
        asked.db(),
        asked.actor(),
        visit_id,
        campaigns=in_hand(),
        new_visit_id=body.pop("id"),
        **body,
        now=asked.now(),
    )
    status = 200 if made.replayed else 201
    return reply(shape_submitted(made.visit), status, Location=here("visits", made.visit.id))


@room.get("/visits")
@asked.require(SEE)
@room.arguments(VisitQuery, location="query")
@room.response(200, VisitList)
@room.refuses(*READING)
def list_visits(query: dict[str, Any]) -> Response:
    """List the visits within reach, the latest first"""
    wanted = VisitFilter(
        site_id=query.get("site_id"),
        unit_id=query.get("unit_id"),
        person_id=query.get("person_id"),
        campaigns=tuple(query["campaign"]),
        bases=tuple(query["basis"]),
        since=query.get("since"),
        until=query.get("until"),
        newest_first=query["sort"].startswith("-"),
        area_id=query.get("area_id"),
        as_of=past_day(query),
    )
    size = query["page_size"]
    after = read_cursor(query["cursor"], [a_day, UUID])
    rows = read_visits(asked.db(), asked.actor(), wanted, after, size + 1, asked.today())
    last = rows[size - 1].visit if len(rows) > size else None
    more = cursor_of(last.day, last.id) if last else None
    return reply_list(map(shape_visit, rows[:size]), more)


@room.get("/visits/<uuid:visit_id>")
@asked.require(SEE)
@room.response(200, VisitDetail)
@room.refuses(401, 403, 404)
def get_visit(visit_id: UUID) -> Response:
    """Show one visit with its answers and results"""
    return reply(shape_detail(read_visit(asked.db(), asked.actor(), visit_id, asked.today())))
