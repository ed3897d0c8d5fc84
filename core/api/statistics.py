"""Statistics (统计填报) over the API: the dictionary, what is entered, entering it, and the steps to the lock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Id, Length, Number, OneOf, PeriodKey, Text
from core.api.replies import ListQuery, cut_list, etag, expected_version, here, once, reply
from core.api.rooms import READING, WRITING, Room
from core.api.statistic_shapes import (
    StatisticList,
    StatisticValueList,
    StatisticValueShape,
    shape_observation,
    shape_statistic,
)
from core.errors import InvalidInput
from core.periods import parse_period
from core.work.enabling import enabled
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.statistics.checks import rate_pairs, remarks_of
from core.work.statistics.dictionary import list_dictionary
from core.work.statistics.entering import LONGEST, Entry, save, submit
from core.work.statistics.grid import TIMELINESS, Asked, lines_of
from core.work.statistics.rates import QUALIFIERS
from core.work.statistics.reading import read_value
from core.work.statistics.reviewing import correct, lock, review, send_back
from core.work.statistics.steps import STATES
from core.work.statistics.writing import read_partial_date

room = Room("statistics", __name__, description="Statistics (统计填报): what departments count, reviewed and locked.")
STEPS = {"submit": submit, "return": send_back, "review": review, "lock": lock, "correct": correct}
WITH_REASON = frozenset({"return", "correct"})


class DictionaryQuery(ListQuery):
    """Which lines (目录筛选); by code."""

    q = Text(load_default="", validate=Length(max=100), metadata={"description": "part of code or name"})


class ObservationQuery(ListQuery):
    """Which values (填报筛选): of a period, without one of the last finished period of each kind."""

    period = PeriodKey(metadata={"description": "2026-11-21, 2026-W47, 2026-11-T3, 2026-11, 2026-Q4, 2026"})
    owner_unit_id = Id()
    state = Text(load_default="", validate=OneOf(("", *STATES)))
    timeliness = Text(load_default="", validate=OneOf(("", *TIMELINESS)))
    q = Text(load_default="", validate=Length(max=100), metadata={"description": "part of code or name"})


class NewObservation(Body):
    """A value to be kept as a draft (填报): numbers as exact text; a missing number is null, never 0."""

    numerator = Number(load_default=None, allow_none=True)
    qualifier = Text(load_default="exact", validate=OneOf(QUALIFIERS))
    denominator = Number(load_default=None, allow_none=True)
    denominator_qualifier = Text(load_default="exact", validate=OneOf(QUALIFIERS))
    declared_rate = Number(load_default=None, allow_none=True, metadata={"description": "a typed rate in percent"})
    population_base = Text(load_default="", validate=Length(max=LONGEST))
    population_on = Text(load_default="", metadata={"description": "as precise as known: 2020, 2020-11, 2020-11-01"})
    note = Text(load_default="", validate=Length(max=LONGEST))


class NewObservationStep(Body):
    """A step to take (办理); reason is needed to return or to correct."""

    verb = Text(required=True, validate=OneOf(tuple(STEPS)))
    reason = Text(load_default="", validate=Length(max=LONGEST))


@room.get("/statistics")
@asked.require(SEE)
@room.arguments(DictionaryQuery, location="query")
@room.response(200, StatisticList)
@room.refuses(*READING)
def list_statistics(query: dict[str, Any]) -> Response:
    """List the dictionary within reach, by code"""
    rows = list_dictionary(asked.db(), asked.actor(), today=asked.today(), text=query["q"])
    return cut_list([row for row, _owner in rows], query, shape_statistic, key=lambda row: row.code)


@room.get("/statistics/observations")
@asked.require(SEE)
@room.arguments(ObservationQuery, location="query")
@room.response(200, StatisticValueList)
@room.refuses(*READING)
def list_observations(query: dict[str, Any]) -> Response:
    """List the values of a period within reach, with what is odd about them"""
    wanted = Asked(
        period=query.get("period"),
        owner_id=query.get("owner_unit_id"),
        text=query["q"],
        state=query["state"],
        timeliness=query["timeliness"],
    )
    lines = lines_of(asked.db(), asked.actor(), wanted, today=asked.today())
    remarks = remarks_of(asked.db(), lines, _pairs())
    rows = [(line, row) for line in lines for row in line.values]
    return cut_list(
        rows, query, lambda one: shape_observation(*one, remarks.get(one[1].id, [])), key=lambda one: one[1].id
    )


@room.get("/statistics/observations/<uuid:observation_id>")
@asked.require(SEE)
@room.response(200, StatisticValueShape, headers=ETAG)
@room.refuses(401, 403, 404)
def get_observation(observation_id: UUID) -> Response:
    """Show one value"""
    said = _one(observation_id)
    return reply(said, ETag=etag(said["version"]))


@room.put("/statistics/<stat_code>/observations/<uuid:unit_id>/<period>/<basis>")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewObservation)
@room.response(200, StatisticValueShape, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def put_observation(body: dict[str, Any], stat_code: str, unit_id: UUID, period: str, basis: str) -> Response:
    """Keep a value as a draft

    If-Match names the version that was seen, "v0" for a value that is not there yet: without it 428, when somebody was
    faster 412. A repetition with the same Idempotency-Key gets the first answer.
    """
    version = expected_version()
    day, precision, fault = read_partial_date(body.pop("population_on"), "population_on")
    if fault is not None:
        raise InvalidInput(faults=[fault])
    given = body | {"population_on": day, "population_precision": precision, "version": version}
    entry = Entry(code=stat_code, unit_id=unit_id, period=parse_period(period), basis=basis, **given)

    def run() -> tuple[int, Any]:
        saved = save(asked.db(), asked.actor(), entry, today=asked.today(), now=asked.now())
        return 200, _one(saved.observation.id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"]), "Location": _where(made)})


@room.post("/statistics/observations/<uuid:observation_id>/actions")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewObservationStep)
@room.response(200, StatisticValueShape, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], observation_id: UUID) -> Response:
    """Take a step: submit, return, review, lock, correct

    If-Match names the version that was seen: without it 428, when somebody was faster 412. A repetition with the same
    Idempotency-Key gets the first answer.
    """
    version, verb = expected_version(), body["verb"]
    given = {"reason": body["reason"]} if verb in WITH_REASON else {}

    def run() -> tuple[int, Any]:
        STEPS[verb](asked.db(), asked.actor(), observation_id, version, **given, today=asked.today(), now=asked.now())
        return 200, _one(observation_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _one(observation_id: UUID) -> dict[str, Any]:
    found = read_value(asked.db(), asked.actor(), observation_id, today=asked.today())
    remarks = remarks_of(asked.db(), [found.line], _pairs())
    return shape_observation(found.line, found.row, remarks.get(observation_id, []))


def _pairs() -> Any:
    """The rates of the editions in force here."""
    return rate_pairs([(one.key, one.edition) for one in enabled(asked.db(), asked.house().registry)])


def _where(made: dict[str, Any]) -> str:
    return here("statistics", "observations", made["id"])
