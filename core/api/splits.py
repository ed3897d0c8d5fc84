"""Splits (任务分解) over the API: the tables, one table's shares, and a unit's answer to its share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Id, Length, OneOf, Text
from core.api.replies import ListQuery, cut_list, etag, expected_version, once, reply
from core.api.rooms import READING, WRITING, Room
from core.api.split_shapes import SplitList, SplitShape, SplitShareList, SplitShareShape, shape_share, shape_split
from core.errors import NotFound
from core.work.enabling import enabled
from core.work.roles import ANSWER, SEE
from core.work.splits.answering import LONGEST_REASON, accept, send_back
from core.work.splits.reading import lines_of, list_splits, read_table, tallies_of
from core.work.splits.sight import find_share
from core.work.splits.states import SHARE_STATES, STATES

room = Room("splits", __name__, description="Task decomposition (任务分解): clauses split over units, with points.")


class SplitQuery(ListQuery):
    """Which splits (分解表筛选); by campaign, the latest issue first."""

    campaign = Text(load_default="", validate=Length(max=60))
    state = Text(load_default="", validate=OneOf(("", *STATES)))


class SplitShareQuery(ListQuery):
    """Which shares (分工筛选); by clause, the lead first."""

    unit_id = Id(load_default=None)
    state = Text(load_default="", validate=OneOf(("", *SHARE_STATES)))


class NewShareAnswer(Body):
    """A unit's answer to its share (接收或退回); a reason is needed to return it."""

    verb = Text(required=True, validate=OneOf(("accept", "return")))
    reason = Text(load_default="", validate=Length(max=LONGEST_REASON))


@room.get("/splits")
@asked.require(SEE)
@room.arguments(SplitQuery, location="query")
@room.response(200, SplitList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the splits of the campaigns in force, by campaign, the latest issue first"""
    keys = [one.key for one in enabled(asked.db(), asked.house().registry)]
    rows = list_splits(asked.db(), asked.actor(), asked.today(), campaigns=keys)
    found = [one for one in rows if query["campaign"] in ("", one.campaign) and query["state"] in ("", one.state)]
    tallies = tallies_of(asked.db(), found)
    return cut_list(found, query, lambda one: shape_split(one, tallies[one.id]), key=lambda one: one.id)


@room.get("/splits/<uuid:split_id>")
@asked.require(SEE)
@room.response(200, SplitShape, headers=ETAG)
@room.refuses(401, 403, 404)
def get_split(split_id: UUID) -> Response:
    """Show one split"""
    split = read_table(asked.db(), asked.actor(), split_id, asked.today()).split
    return reply(shape_split(split, tallies_of(asked.db(), [split])[split.id]), ETag=etag(split.version))


@room.get("/splits/<uuid:split_id>/shares")
@asked.require(SEE)
@room.arguments(SplitShareQuery, location="query")
@room.response(200, SplitShareList)
@room.refuses(*READING, 404)
def list_shares(query: dict[str, Any], split_id: UUID) -> Response:
    """List the shares of a split within reach, by clause"""
    table = read_table(asked.db(), asked.actor(), split_id, asked.today())
    rows = [
        (line, share)
        for line in table.lines
        for share in line.shares
        if query["unit_id"] in (None, share.unit_id) and query["state"] in ("", share.state)
    ]
    return cut_list(rows, query, lambda one: shape_share(*one), key=lambda one: one[1].id)


@room.post("/splits/shares/<uuid:share_id>/answers")
@asked.require(ANSWER)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewShareAnswer)
@room.response(200, SplitShareShape, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def answer_share(body: dict[str, Any], share_id: UUID) -> Response:
    """Accept a share for its unit, or return it with a reason

    If-Match names the version that was seen: without it 428, when somebody was faster 412. A repetition with the same
    Idempotency-Key gets the first answer.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        if body["verb"] == "accept":
            accept(asked.db(), asked.actor(), share_id, version=version, now=asked.now())
        else:
            send_back(asked.db(), asked.actor(), share_id, version=version, reason=body["reason"], now=asked.now())
        return 200, _one(share_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(share_id: UUID) -> dict[str, Any]:
    split, row, share = find_share(asked.db(), asked.actor(), share_id, asked.today())
    line = next((one for one in lines_of(asked.db(), split.id, [row.id])), None)
    if line is None:
        raise NotFound
    return shape_share(line, share)
