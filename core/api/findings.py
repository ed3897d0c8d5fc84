"""Findings (问题) over the API: the three lists, one in full, its counts, and the steps of its life."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Day, Flag, Id, Length, ListOf, OneOf, Part, Range, Text, Whole
from core.api.finding_shapes import FindingDetail, FindingList, shape_detail, shape_finding
from core.api.replies import ListQuery, etag, expected_version, once, reply, reply_list
from core.api.rooms import READING, WRITING, Room
from core.work.desk import finding_detail, findings, waiting
from core.work.desk.finding_filters import GROUPS, Filter, check_filter, refuse_bad
from core.work.duties.sponsor_beside import sponsors_beside_findings
from core.work.intake.sources import SOURCES
from core.work.loop import ledger
from core.work.loop.states import REJECT_REASONS, RETURN_REASONS
from core.work.loop.step_input import MOST_DAYS, MOST_PHOTOS, NO, SEVERITIES, YES
from core.work.loop.transitions import OUTCOMES, STATES, TRANSITIONS
from core.work.roles import SEE
from core.work.wording import LONGEST_NOTE

SORTS = tuple(sign + name for name in findings.SORTS for sign in ("", "-"))
room = Room("findings", __name__, description="Findings (问题): one problem at one place, until it is closed.")


class Chosen(Body):
    """Which findings (问题筛选): the filters of a list and of its counts."""

    view = Text(load_default="problem", validate=OneOf(findings.VIEWS))
    state = ListOf(Text(validate=OneOf(tuple(STATES))), load_default=[], metadata={"description": "repeat for several"})
    group = ListOf(Text(validate=OneOf(tuple(GROUPS))), load_default=[], metadata={"description": "states by progress"})
    unit_id = ListOf(Id(), load_default=[], metadata={"description": "units and everything under them"})
    category = ListOf(Text(), load_default=[])
    campaign = ListOf(Text(), load_default=[])
    indicator = ListOf(Text(), load_default=[])
    person_id = ListOf(Id(), load_default=[], metadata={"description": "persons in charge"})
    area_id = ListOf(Id(), load_default=[], metadata={"description": "free areas and their members"})
    source = ListOf(Text(validate=OneOf(tuple(SOURCES))), load_default=[])
    severity = ListOf(Text(validate=OneOf(tuple(SEVERITIES))), load_default=[])
    site_id = Id()
    overdue = Flag()
    returned = Flag(metadata={"description": "was returned by a unit"})
    relapsed = Flag(metadata={"description": "relapsed after it was closed"})
    opened_from = Day()
    opened_to = Day(metadata={"description": "this day included"})
    as_of = Day(metadata={"description": "as it was at the end of this day"})
    q = Text(load_default="", validate=Length(max=100), metadata={"description": "part of title, number or site"})


class FindingQuery(ListQuery, Chosen):
    """Which findings, in which order, from where on."""

    sort = Text(validate=OneOf(SORTS), metadata={"description": "a leading - turns the order round"})


# The API's names of filters that the ledger names in the plural.
PLURALS = {
    "state": "states",
    "group": "groups",
    "unit_id": "units",
    "person_id": "people",
    "area_id": "areas",
    "category": "categories",
    "campaign": "campaigns",
    "indicator": "indicators",
    "source": "sources",
    "severity": "severities",
    "q": "text",
}


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


class Changes(Body):
    """New values of what a correction changes (更正内容)."""

    category = Text()
    title = Text()
    detail = Text()
    severity = Text(validate=OneOf(tuple(SEVERITIES)))
    restricted = Text(validate=OneOf((YES, NO)), metadata={"description": "into the restricted class or out of it"})
    place = Text()
    site_id = Text(metadata={"description": "the site where it really is; empty: at none, then `place` says where"})
    unit_id = Text(metadata={"description": "the territory of a place that is no site"})


class FindingStep(Body):
    """A step to take (办理): its verb, and the fields that it needs and takes; ``allowed`` of a finding names them."""

    verb = Text(required=True, validate=OneOf(tuple(TRANSITIONS)))
    note = Text(load_default="", validate=Length(max=LONGEST_NOTE))
    photos = ListOf(
        Text(), load_default=[], validate=Length(max=MOST_PHOTOS), metadata={"description": "ids or SHA-256"}
    )
    outcome = Text(load_default=None, allow_none=True, validate=OneOf(tuple(OUTCOMES)))
    reason = Text(load_default=None, allow_none=True, validate=OneOf(tuple(RETURN_REASONS | REJECT_REASONS)))
    unit_id = Id(load_default=None, allow_none=True)
    person_id = Id(load_default=None, allow_none=True)
    days = Whole(load_default=None, allow_none=True, validate=Range(min=1, max=MOST_DAYS))
    review_on = Day(load_default=None, allow_none=True)
    due_on = Day(load_default=None, allow_none=True, metadata={"description": "an assisting unit's own day"})
    target_id = Id(load_default=None, allow_none=True, metadata={"description": "the finding into which this one goes"})
    changes = Part(Changes, load_default={}, metadata={"description": "new values of what is corrected"})
    precedent = Flag(load_default=False, metadata={"description": "propose this decision the next time"})
    severity = Text(load_default=None, allow_none=True, validate=OneOf(tuple(SEVERITIES)))
    leader = Text(load_default="", metadata={"description": "whose written instruction the office files"})
    said_on = Day(load_default=None, allow_none=True, metadata={"description": "the day on that paper"})


def chosen_of(query: dict[str, Any]) -> Filter:
    """The ledger's filter of a query."""
    own = {PLURALS.get(name, name): value for name, value in query.items() if name in _FILTERS}
    return Filter(**own)


_FILTERS = frozenset(Chosen().fields)


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
        chosen_of(query),
        cursor=query["cursor"] or None,
        page_size=query["page_size"],
        sort=query.get("sort"),
        now=asked.now(),
    )
    near = sponsors_beside_findings(asked.db(), page.rows)
    return reply_list((shape_finding(row, near[row.id]) for row in page.rows), page.next_cursor)


@room.get("/findings/counts")
@asked.require(SEE)
@room.arguments(Chosen, location="query")
@room.response(200, CountShape)
@room.refuses(*READING)
def count_findings(query: dict[str, Any]) -> Response:
    """Count the findings within reach by where they stand, those of a filter if one is given"""
    wanted = chosen_of(query)
    refuse_bad(check_filter(wanted))
    return reply(asdict(waiting.counts(asked.db(), asked.actor(), wanted, now=asked.now())))


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
@room.arguments(FindingStep)
@room.response(200, FindingDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], finding_id: UUID) -> Response:
    """Take a step of the finding's life: any verb of the ledger's table, with the fields that it needs and takes

    If-Match names the version that was seen: without it 428, when somebody was faster 412 with the ETag that is current.
    A repetition with the same Idempotency-Key gets the first answer. A state that does not allow the step is 409 with the
    state, the steps that are allowed instead and who is waited for.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        given = {name: value for name, value in body.items() if name != "verb"}
        ledger.act(asked.db(), asked.actor(), finding_id, body["verb"], version=version, **given, now=asked.now())
        return 200, _one(finding_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(finding_id: UUID) -> dict[str, Any]:
    found = finding_detail.detail(asked.db(), asked.actor(), finding_id, now=asked.now())
    return shape_detail(found, sponsors_beside_findings(asked.db(), [found.row])[finding_id])
