"""Whistles (吹哨报到) over the API: the list, one in full, blowing, the steps, and the figures of a period."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Flag, Id, Length, ListOf, Moment, Number, OneOf, PeriodKey, Text, Whole
from core.api.replies import ListQuery, etag, expected_version, here, once, reply, reply_list
from core.api.rooms import READING, WRITING, Room
from core.api.then import ThenQuery, past_day
from core.api.whistle_shapes import (
    CalledFiguresShape,
    CallerFiguresShape,
    WhistleDetail,
    WhistleFigures,
    WhistleList,
    shape_detail,
    shape_whistle,
)
from core.figures.periods import containing
from core.work.roles import ANSWER, DIRECT, LEAD, REPORT, SEE
from core.work.whistling import whistles
from core.work.whistling.whistle_blowing import LONGEST_MATTER, MOST_UNITS, Wanted, blow
from core.work.whistling.whistle_detail import detail
from core.work.whistling.whistle_figures import called_figures, caller_figures
from core.work.whistling.whistle_list import Filter, list_whistles
from core.work.whistling.whistle_places import LONGEST_PLACE
from core.work.whistling.whistle_steps import CLOCK, MOVES, STATES

room = Room("whistles", __name__, description="Whistles (吹哨报到): an area calls departments to a place; they report.")
VERBS = tuple(move.verb for move in MOVES.values() if move.by != CLOCK)


class WhistleQuery(ListQuery, ThenQuery):
    """Which whistles (吹哨筛选); newest first."""

    state = ListOf(Text(validate=OneOf(tuple(STATES))), load_default=[], metadata={"description": "repeat for several"})
    unit_id = ListOf(
        Id(), load_default=[], metadata={"description": "caller, place or called unit, with what is under"}
    )
    period = PeriodKey(metadata={"description": "blown in 2026-11-21, 2026-W47, 2026-11-T3, 2026-11, 2026-Q4, 2026"})
    late = Flag()
    q = Text(load_default="", validate=Length(max=100), metadata={"description": "part of number, place or matter"})


class FiguresQuery(Body):
    """Which period (周期); this month without one."""

    period = PeriodKey()


class NewWhistle(Body):
    """A whistle to blow (吹哨); a place or a site is needed; minutes and working default to the tenant's rules."""

    caller_unit_id = Id(required=True)
    unit_ids = ListOf(Id(), required=True, validate=Length(min=1, max=MOST_UNITS))
    matter = Text(required=True, validate=Length(min=1, max=LONGEST_MATTER))
    place = Text(load_default="", validate=Length(max=LONGEST_PLACE))
    site_id = Id(load_default=None, allow_none=True)
    longitude = Number(load_default=None, allow_none=True)
    latitude = Number(load_default=None, allow_none=True)
    finding_id = Id(load_default=None, allow_none=True)
    minutes = Whole(load_default=None, allow_none=True)
    working = Flag(load_default=None, allow_none=True, metadata={"description": "count the minutes in working time"})
    solve_by = Moment(load_default=None, allow_none=True)


class NewWhistleStep(Body):
    """A step to take (办理); unit_id when the asker answers for several called units."""

    verb = Text(required=True, validate=OneOf(VERBS))
    unit_id = Id(load_default=None, allow_none=True)
    note = Text(load_default="", validate=Length(max=2000))
    photo = Text(load_default="", metadata={"description": "id or SHA-256"})
    leader_id = Id(load_default=None, allow_none=True)


@room.get("/whistles")
@asked.require(SEE)
@room.arguments(WhistleQuery, location="query")
@room.response(200, WhistleList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the whistles within reach, newest first"""
    since, until = query["period"].bounds if "period" in query else (None, None)
    then = {"area_id": query.get("area_id"), "as_of": past_day(query)}
    page = list_whistles(
        asked.db(),
        asked.actor(),
        Filter(query["state"], query["unit_id"], since, until, query.get("late"), query["q"], **then),
        cursor=query["cursor"] or None,
        page_size=query["page_size"],
        now=asked.now(),
    )
    return reply_list(map(shape_whistle, page.rows), page.next_cursor)


@room.get("/whistles/figures")
@asked.require(SEE)
@room.arguments(FiguresQuery, location="query")
@room.response(200, WhistleFigures)
@room.refuses(*READING)
def get_figures(query: dict[str, Any]) -> Response:
    """Count the whistles of a period by called unit and by caller"""
    period = query.get("period") or containing("month", asked.today())
    since, until = period.bounds
    who, moment = asked.actor(), asked.now()
    called = called_figures(asked.db(), who, since, until, now=moment)
    callers = caller_figures(asked.db(), who, since, until, now=moment)
    return reply(
        {
            "period": period.key,
            "called": [CalledFiguresShape.pick(one) for one in called],
            "callers": [CallerFiguresShape.pick(one) for one in callers],
        }
    )


@room.get("/whistles/<uuid:whistle_id>")
@asked.require(SEE)
@room.response(200, WhistleDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_whistle(whistle_id: UUID) -> Response:
    """Show one whistle with its calls, history and the steps that the asker may take now"""
    said = _one(whistle_id)
    return reply(said, ETag=etag(said["version"]))


@room.post("/whistles")
@asked.require_any(ANSWER, REPORT)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewWhistle)
@room.response(201, WhistleDetail, headers=ETAG)
@room.refuses(*WRITING)
def blow_whistle(body: dict[str, Any]) -> Response:
    """Blow the whistle

    A repetition with the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        made = blow(asked.db(), asked.actor(), Wanted(**body), now=asked.now())
        return 201, _one(made.id)

    return once(run, headers=lambda made: {"Location": here("whistles", made["id"]), "ETag": etag(made["version"])})


@room.post("/whistles/<uuid:whistle_id>/actions")
@asked.require_any(ANSWER, REPORT, LEAD, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewWhistleStep)
@room.response(200, WhistleDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], whistle_id: UUID) -> Response:
    """Take a step: accept, arrive, report, decline, confirm, cancel, escalate, instruct

    If-Match names the version that was seen: without it 428, when somebody was faster 412. A called unit's step stands
    although other called units acted meanwhile. A repetition with the same Idempotency-Key gets the first answer.
    """
    version = expected_version()

    def run() -> tuple[int, Any]:
        whistles.act(asked.db(), asked.actor(), whistle_id, body.pop("verb"), version=version, **body, now=asked.now())
        return 200, _one(whistle_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(whistle_id: UUID) -> dict[str, Any]:
    return shape_detail(detail(asked.db(), asked.actor(), whistle_id, now=asked.now()))
