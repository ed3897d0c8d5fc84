"""Findings (问题) over the API: the three lists, one in full, its counts, and the steps of its life."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Flag, Id, Length, ListOf, OneOf, Text, Whole
from core.api.finding_shapes import FindingDetail, FindingList, shape_detail, shape_finding
from core.api.replies import ListQuery, etag, expected_version, once, reply, reply_list
from core.api.rooms import READING, WRITING, Room
from core.work import finding_detail, findings, ledger, waiting
from core.work.roles import SEE
from core.work.transitions import OUTCOMES, STATES, TRANSITIONS

SORTS = tuple(sign + name for name in findings.SORTS for sign in ("", "-"))
room = Room("findings", __name__, description="Findings (问题): one problem at one place, until it is closed.")


class FindingQuery(ListQuery):
    """Which findings (问题筛选)."""

    view = Text(load_default="problem", validate=OneOf(findings.VIEWS))
    sort = Text(validate=OneOf(SORTS), metadata={"description": "a leading - turns the order round"})
    state = ListOf(Text(validate=OneOf(tuple(STATES))), load_default=[], metadata={"description": "repeat for several"})
    unit_id = ListOf(Id(), load_default=[], metadata={"description": "units and everything under them"})
    category = ListOf(Text(), load_default=[])
    campaign = ListOf(Text(), load_default=[])
    indicator = ListOf(Text(), load_default=[])
    site_id = Id()
    overdue = Flag()
    q = Text(load_default="", validate=Length(max=100), metadata={"description": "part of title, number or site"})


class CountShape(Body):
    """Findings within reach by where they stand (问题统计)."""

    total = Whole(required=True)
    open = Whole(required=True)
    with_unit = Whole(required=True)
    to_check = Whole(required=True)
    overdue = Whole(required=True)
    due_soon = Whole(required=True)
    closed = Whole(required=True)
    reopened = Whole(required=True)


class NewStep(Body):
    """A step to take (办理)."""

    verb = Text(required=True, validate=OneOf(tuple(TRANSITIONS)))
    note = Text(load_default="", validate=Length(max=2000))
    photos = ListOf(Text(), load_default=[], validate=Length(max=20), metadata={"description": "ids or SHA-256"})
    outcome = Text(load_default=None, allow_none=True, validate=OneOf(tuple(OUTCOMES)))


@room.get("/findings")
@asked.require(SEE)
@room.arguments(FindingQuery, location="query")
@room.response(200, FindingList)
@room.refuses(*READING)
def list_findings(query: dict[str, Any]) -> Response:
    """List the findings within reach: problems, rectification or responsibility"""
    page = findings.list_findings(
        asked.db(),
        asked.actor(),
        view=query["view"],
        states=query["state"],
        units=query["unit_id"],
        categories=query["category"],
        campaigns=query["campaign"],
        indicators=query["indicator"],
        site_id=query.get("site_id"),
        overdue=query.get("overdue"),
        text=query["q"],
        cursor=query["cursor"] or None,
        page_size=query["page_size"],
        sort=query.get("sort"),
        now=asked.now(),
    )
    return reply_list(map(shape_finding, page.rows), page.next_cursor)


@room.get("/findings/counts")
@asked.require(SEE)
@room.response(200, CountShape)
@room.refuses(401, 403, 404)
def count_findings() -> Response:
    """Count the findings within reach by where they stand"""
    return reply(asdict(waiting.counts(asked.db(), asked.actor(), now=asked.now())))


@room.get("/findings/<uuid:finding_id>")
@asked.require(SEE)
@room.response(200, FindingDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_finding(finding_id: UUID) -> Response:
    """Show one finding with its parts, history, photos and the steps that the asker may take now"""
    said = _one(finding_id)
    return reply(said, ETag=etag(said["version"]))


@room.post("/findings/<uuid:finding_id>/actions")
@asked.require(SEE)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewStep)
@room.response(200, FindingDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], finding_id: UUID) -> Response:
    """Take a step: take, answer, close, send_back, reopen

    If-Match names the version that was seen: without it 428, when somebody was faster 412 with the ETag that is current.
    A repetition with the same Idempotency-Key gets the first answer.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        ledger.act(asked.db(), asked.actor(), finding_id, body.pop("verb"), version=version, **body, now=asked.now())
        return 200, _one(finding_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(finding_id: UUID) -> dict[str, Any]:
    return shape_detail(finding_detail.detail(asked.db(), asked.actor(), finding_id, now=asked.now()))
