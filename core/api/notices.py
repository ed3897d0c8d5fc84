"""Notices (通知文书) over the API: the list, one in full, issuing, and the steps of its life."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Day, Flag, Id, Length, ListOf, Moment, OneOf, Text
from core.api.notice_shapes import NoticeDetailShape, NoticeList, shape_detail, shape_notice
from core.api.replies import (
    ListQuery,
    a_moment,
    cursor_of,
    etag,
    expected_version,
    here,
    once,
    read_cursor,
    reply,
    reply_list,
)
from core.api.rooms import READING, WRITING, Room
from core.api.then import ThenQuery, past_day
from core.work.loop.step_input import MOST_PHOTOS
from core.work.papers import notices
from core.work.papers.notice_issuing import LONGEST_CLAUSE, LONGEST_TITLE, MOST_FINDINGS, MOST_UNITS, Draft, issue
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_list import BOXES, NoticeFilter, list_notices
from core.work.papers.notice_moves import MOVES, STATES
from core.work.roles import ANSWER, DIRECT, SEE

room = Room(
    "notices",
    __name__,
    description="Notices (通知文书): numbered papers to one or several units, signed for and answered by each.",
)


class NoticeQuery(ListQuery, ThenQuery):
    """Which notices (文书筛选); the newest first."""

    box = Text(load_default="all", validate=OneOf(BOXES), metadata={"description": "in: to sign or answer; out: sent"})
    kind = ListOf(Text(validate=OneOf(tuple(KINDS))), load_default=[], metadata={"description": "repeat for several"})
    state = ListOf(Text(validate=OneOf(tuple(STATES))), load_default=[])
    unit_id = ListOf(Id(), load_default=[], metadata={"description": "units and everything under them"})
    since = Day(metadata={"description": "issued on this day or later"})
    until = Day(metadata={"description": "issued on this day or before"})
    overdue = Flag(load_default=False)
    finding_id = Id()


class NewNotice(Body):
    """A paper to issue (文书草稿) to unit_id, to unit_ids or to both, unit_id first; due_at is by when an answer is asked for."""

    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    unit_id = Id(load_default=None, allow_none=True)
    unit_ids = ListOf(Id(), load_default=[], validate=Length(max=MOST_UNITS))
    title = Text(required=True, validate=Length(min=1, max=LONGEST_TITLE))
    demand = Text(required=True, validate=Length(min=1, max=2000))
    clause = Text(load_default="", validate=Length(max=LONGEST_CLAUSE))
    due_at = Moment(load_default=None, allow_none=True)
    finding_ids = ListOf(Id(), load_default=[], validate=Length(max=MOST_FINDINGS))


class NewNoticeStep(Body):
    """A step to take (文书办理); unit_id is the addressee whose step it is, needed where the asker stands for several."""

    verb = Text(required=True, validate=OneOf(tuple(MOVES)))
    unit_id = Id(load_default=None, allow_none=True)
    note = Text(load_default="", validate=Length(max=2000))
    photos = ListOf(Text(), load_default=[], validate=Length(max=MOST_PHOTOS))


@room.get("/notices")
@asked.require(SEE)
@room.arguments(NoticeQuery, location="query")
@room.response(200, NoticeList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the notices within reach, newest first"""
    wanted = NoticeFilter(
        query["box"],
        query["kind"],
        query["state"],
        query["unit_id"],
        query.get("since"),
        query.get("until"),
        query["overdue"],
        query.get("finding_id"),
        query.get("area_id"),
        past_day(query),
    )
    after, size = read_cursor(query["cursor"], [a_moment, UUID]), query["page_size"]
    place = (after[0], after[1]) if after else None
    rows = list_notices(asked.db(), asked.actor(), wanted, now=asked.now(), after=place, limit=size + 1)
    last = rows[size - 1] if len(rows) > size else None
    return reply_list(map(shape_notice, rows[:size]), cursor_of(last.issued_at, last.id) if last else None)


@room.get("/notices/<uuid:notice_id>")
@asked.require(SEE)
@room.response(200, NoticeDetailShape, headers=ETAG)
@room.refuses(401, 403, 404)
def get_notice(notice_id: UUID) -> Response:
    """Show one notice with its findings, history and the steps that the asker may take now"""
    said = _one(notice_id)
    return reply(said, ETag=etag(said["version"]))


@room.post("/notices")
@asked.require(DIRECT)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewNotice)
@room.response(201, NoticeDetailShape, headers=ETAG)
@room.refuses(*WRITING)
def issue_notice(body: dict[str, Any]) -> Response:
    """Issue a notice to one or several units, under one number

    Its number is given at the end; a repetition with the same Idempotency-Key gets the first answer and no second number.
    """

    def run() -> tuple[int, Any]:
        units = [one for one in (body["unit_id"], *body["unit_ids"]) if one is not None]
        said = {name: value for name, value in body.items() if name != "unit_ids"}
        draft = Draft(**said | {"unit_id": units[0] if units else None, "further": units[1:]})
        return 201, _one(issue(asked.db(), asked.actor(), draft, now=asked.now()).id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"]), "Location": here("notices", made["id"])})


@room.post("/notices/<uuid:notice_id>/actions")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewNoticeStep)
@room.response(200, NoticeDetailShape, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], notice_id: UUID) -> Response:
    """Take a step: read, sign, reply, send_back, close, cancel

    All but cancel are steps of one addressee. If-Match names the version that was seen: without it 428, when somebody was
    faster with the same addressee (cancel: with any) 412 with the ETag that is current.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        notices.act(
            asked.db(),
            asked.actor(),
            notice_id,
            body["verb"],
            version=version,
            note=body["note"],
            photos=body["photos"],
            unit_id=body["unit_id"],
            now=asked.now(),
        )
        return 200, _one(notice_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(notice_id: UUID) -> dict[str, Any]:
    return shape_detail(notices.read_notice(asked.db(), asked.actor(), notice_id, now=asked.now()))
