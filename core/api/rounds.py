"""Rounds (检查轮次) over the API: the list, one, its progress and results, planning one and leading it on.

The API never meets a secret round before its release, whoever asks: those are planned and walked in the rounds room and in
the field room alone.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Day, Id, Length, ListOf, OneOf, Part, Range, Text, Whole
from core.api.replies import (
    ListQuery,
    a_day,
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
from core.api.round_shapes import (
    ProgressShape,
    ResultsShape,
    RoundList,
    RoundShape,
    shape_progress,
    shape_results,
    shape_round,
)
from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.calendar import load_calendar
from core.work.enabling import enabled
from core.work.roles import ANSWER, DIRECT, SEE, VISIT
from core.work.rounds.kinds import KINDS, SECRET_MODE, SELF, SOURCES, STATES, VERIFIED, kind_of
from core.work.rounds.lines import add_line
from core.work.rounds.planning import (
    LONGEST_CRITERIA,
    LONGEST_NOTE,
    LONGEST_TITLE,
    Wish,
    cancel_round,
    close_round,
    create,
    open_round,
)
from core.work.rounds.progress import read_progress
from core.work.rounds.result_lines import AREA, by_item, by_site, by_unit
from core.work.rounds.results import change, look_at, totals
from core.work.rounds.round_list import WHEN, RoundFilter, get_row, list_rounds
from core.work.rounds.sight import get_round, reads_results, stops_in_view
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import LONGEST_NAME, add_team
from core.work.tables import Round

room = Room(
    "rounds", __name__, description="Rounds (检查轮次): who visits which sites with which forms, in which days."
)
VERBS = ("open", "close", "cancel")


class RoundQuery(ListQuery):
    """Which rounds (轮次筛选); the latest beginning first, those under way and to come the earliest first."""

    kind = Text(load_default="", validate=OneOf(("", *KINDS)))
    state = Text(load_default="", validate=OneOf(("", *STATES)))
    source = Text(load_default="", validate=OneOf(("", *SOURCES)))
    when = Text(load_default="", validate=OneOf(("", *WHEN)))
    unit_id = Id(load_default=None)
    plan_id = Id(load_default=None)
    since = Day(load_default=None, data_key="from")
    until = Day(load_default=None, data_key="to")
    q = Text(load_default="", validate=Length(max=80), metadata={"description": "part of the title"})


class ResultsQuery(Body):
    """Which results (结果口径): the basis is the kind's own by default."""

    basis = Text(load_default="", validate=OneOf(("", SELF, VERIFIED)))
    level = Text(load_default="subdistrict", validate=OneOf(("subdistrict", "community", AREA)))


class NewRoundTeam(Body):
    """A team with the line that it walks (编组): visits_min and visits_max for each of its sites."""

    name = Text(required=True, validate=Length(max=LONGEST_NAME))
    members = ListOf(Id(), load_default=[])
    leader = Id(load_default=None, allow_none=True)
    visits_min = Whole(load_default=1, validate=Range(1, 99))
    visits_max = Whole(
        load_default=None, allow_none=True, validate=Range(1, 99), metadata={"description": "visits_min by default"}
    )
    sites = ListOf(Id(), load_default=[])


class NewRound(Body):
    """An announced round to be made as a draft (安排轮次); source and weight (1/100) are the kind's unless given.

    Kinds that are secret by nature are refused: they are planned in the rounds room alone.
    """

    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    title = Text(required=True, validate=Length(max=LONGEST_TITLE))
    unit_id = Id(required=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    source = Text(load_default="")
    weight = Whole(load_default=None, allow_none=True)
    campaigns = ListOf(Text(), load_default=[])
    forms = ListOf(Text(), load_default=[])
    criteria = Text(load_default="", validate=Length(max=LONGEST_CRITERIA))
    teams = ListOf(Part(NewRoundTeam), load_default=[])


class NewRoundStep(Body):
    """A step to take (办理); a note is needed to cancel."""

    verb = Text(required=True, validate=OneOf(VERBS))
    note = Text(load_default="", validate=Length(max=LONGEST_NOTE))


@room.get("/rounds")
@asked.require_any(SEE, VISIT)
@room.arguments(RoundQuery, location="query")
@room.response(200, RoundList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the announced and released rounds in view"""
    size, after = query.pop("page_size"), read_cursor(query.pop("cursor"), [a_day, UUID])
    wanted = RoundFilter(text=query.pop("q"), **query)
    on, where = asked.today(), (after[0], after[1]) if after else None
    rows = list_rounds(asked.db(), asked.actor(), wanted, on=on, after=where, size=size)
    page = rows[:size]
    last = page[-1].round if len(rows) > size else None
    return reply_list(map(shape_round, page), cursor_of(last.starts_on.isoformat(), str(last.id)) if last else None)


@room.post("/rounds")
@asked.require_any(DIRECT, ANSWER)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewRound)
@room.response(201, RoundShape, headers=ETAG)
@room.refuses(*WRITING)
def make(body: dict[str, Any]) -> Response:
    """Make a round as a draft, with its teams, lines and sites

    Secret rounds are made in the rounds room alone. A repetition with the same Idempotency-Key gets the first answer.
    """
    if kind_of(body["kind"]).mode == SECRET_MODE:
        remedy = N_("请在轮次页安排暗访，或另选类别")
        raise InvalidInput(faults=[Fault(N_("暗访不能从接口安排"), "kind", value=body["kind"], remedy=remedy)])

    def run() -> tuple[int, Any]:
        teams = body.pop("teams")
        known = [one.key for one in enabled(asked.db(), asked.house().registry)]
        wish = Wish(
            **{**body, "mode": "announced", "campaigns": tuple(body["campaigns"]), "forms": tuple(body["forms"])}
        )
        of = create(asked.db(), asked.actor(), wish, now=asked.now(), known_campaigns=known)
        for one in teams:
            _staff(of, one)
        return 201, shape_round(get_row(asked.db(), of))

    return once(run, headers=lambda made: {"ETag": etag(made["version"]), "Location": here("rounds", made["id"])})


def _staff(of: Round, said: dict[str, Any]) -> None:
    """A team, the line of its name, and the sites on it."""
    session, actor, now = asked.db(), asked.actor(), asked.now()
    people = {"members": said["members"], "leader": said["leader"]}
    team = add_team(session, actor, of.id, version=of.version, name=said["name"], now=now, **people)
    visits = {"visits_min": said["visits_min"], "visits_max": said["visits_max"] or said["visits_min"]}
    line = add_line(session, actor, of.id, version=of.version, name=said["name"], team_id=team.id, now=now, **visits)
    if said["sites"]:
        add_sites(session, actor, of.id, version=of.version, sites=said["sites"], line_id=line.id, now=now)


@room.get("/rounds/<uuid:round_id>")
@asked.require_any(SEE, VISIT)
@room.response(200, RoundShape, headers=ETAG)
@room.refuses(401, 403, 404)
def get_one(round_id: UUID) -> Response:
    """Show one round"""
    of = get_round(asked.db(), asked.actor(), round_id, asked.today())
    return reply(shape_round(get_row(asked.db(), of)), ETag=etag(of.version))


@room.post("/rounds/<uuid:round_id>/actions")
@asked.require_any(DIRECT, ANSWER)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewRoundStep)
@room.response(200, RoundShape, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], round_id: UUID) -> Response:
    """Take a step: open, close, cancel

    If-Match names the version that was seen: without it 428, when somebody was faster 412. A repetition with the same
    Idempotency-Key gets the first answer.
    """
    version, verb, note = expected_version(), body["verb"], body["note"]

    def run() -> tuple[int, Any]:
        session, actor, now = asked.db(), asked.actor(), asked.now()
        if verb == "open":
            of = open_round(session, actor, round_id, version=version, now=now)
        elif verb == "close":
            of = close_round(session, actor, round_id, version=version, now=now, note=note)
        else:
            of = cancel_round(session, actor, round_id, version=version, now=now, note=note)
        return 200, shape_round(get_row(session, of))

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


@room.get("/rounds/<uuid:round_id>/progress")
@asked.require_any(SEE, VISIT)
@room.response(200, ProgressShape)
@room.refuses(401, 403, 404)
def get_progress(round_id: UUID) -> Response:
    """Show how far a round has come, by team, line and stop"""
    session, actor, on = asked.db(), asked.actor(), asked.today()
    of = get_round(session, actor, round_id, on)
    within = stops_in_view(session, actor, of, on)
    return reply(shape_progress(read_progress(session, of, on, load_calendar(session, asked.now()), within)))


@room.get("/rounds/<uuid:round_id>/results")
@asked.require_any(SEE, VISIT)
@room.arguments(ResultsQuery, location="query")
@room.response(200, ResultsShape)
@room.refuses(*READING)
def get_results(query: dict[str, Any], round_id: UUID) -> Response:
    """Show what a round came to, by item, unit and site

    A source whose results the asker does not read yet answers 404.
    """
    session, actor, on = asked.db(), asked.actor(), asked.today()
    of = get_round(session, actor, round_id, on)
    if not reads_results(session, actor, of, on):
        raise NotFound
    look = look_at(session, actor, of, on, query["basis"])
    header = totals(look)
    lines = (by_item(look), by_unit(look, query["level"]), by_site(look))
    return reply(shape_results(look.basis, header, change(look, header), lines))
