"""Attainment (点位达标) over the API: places by campaign with their state on either track and what they lack, and the board."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Flag, Id, Length, ListOf, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, cursor_of, hundredths, read_cursor, reply, reply_list
from core.api.rooms import READING, Room
from core.api.then import ThenQuery, past_day
from core.figures.site_attainment.board import Tally, read_board
from core.figures.site_attainment.choosing import Choice, Chosen, Line, choose, read_lines
from core.figures.site_attainment.places import Checked, FormStanding
from core.figures.site_attainment.states import BELOW, BLOCKED, KEY_FAILED, NEVER, STATES, VETOED
from core.work.duties.coverage_posts import Posts
from core.work.places.subjects import SUBJECTS
from core.work.roles import SEE

room = Room("attainment", __name__, description="Attainment (点位达标): computed from visits and findings when read.")
KINDS = ("", *SUBJECTS)
MISSING = ("", BELOW, KEY_FAILED, VETOED, BLOCKED, NEVER)


class CheckShape(Body):
    """The latest check of a form on one track (最近一次)."""

    visit_id = Id(required=True)
    day = Day(required=True)
    earned = Text(required=True)
    possible = Text(required=True)
    attains = Flag(required=True)


class FormStandingShape(Body):
    """One form at a place (检查表达标情况)."""

    form = Text(required=True)
    verified = Flag(required=True)
    self_met = Flag(required=True)
    relapsed = Flag(required=True)
    missing = Text(required=True, validate=OneOf(MISSING))
    self_check = Part(CheckShape, required=True, allow_none=True)
    verified_check = Part(CheckShape, required=True, allow_none=True)
    finding_id = Id(required=True, allow_none=True)


class AttainmentShape(Body):
    """One place in one campaign (点位达标)."""

    site_id = Id(required=True)
    code = Text(required=True, allow_none=True)
    name = Text(required=True)
    unit_id = Id(required=True)
    campaign = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    self_met = Flag(required=True)
    verified = Flag(required=True)
    open_findings = Whole(required=True)
    people = ListOf(Text(), required=True)
    forms = ListOf(Part(FormStandingShape), required=True)


class AttainmentList(Body):
    """Places by name, once a campaign (点位达标清单)."""

    items = ListOf(Part(AttainmentShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class TallyShape(Body):
    """How many places of a subdistrict are up to standard in a campaign (达标数)."""

    campaign = Text(required=True)
    unit_id = Id(required=True, allow_none=True)
    places = Whole(required=True)
    self_met = Whole(required=True)
    verified = Whole(required=True)
    relapsed = Whole(required=True)
    unchecked = Whole(required=True)


class BoardShape(Body):
    """Both tracks side by side, by campaign and subdistrict (达标统计)."""

    percent = Whole(required=True)
    items = ListOf(Part(TallyShape), required=True)


class BoardQuery(ThenQuery):
    """Which places (达标筛选)."""

    of = Text(load_default="", validate=OneOf(KINDS), metadata={"description": "grids or villages; places if left out"})
    type = Text(load_default="", validate=Length(max=60), metadata={"description": "site type"})
    unit_id = Id(metadata={"description": "a unit and everything under it"})
    campaign = Text(load_default="", validate=Length(max=60))
    person = Text(load_default="", validate=Length(max=60), metadata={"description": "part of a holder's name"})
    q = Text(load_default="", validate=Length(max=80), metadata={"description": "part of name, code or pinyin"})


class AttainmentQuery(ListQuery, BoardQuery):
    """Which places, by state too (达标清单筛选)."""

    state = ListOf(Text(validate=OneOf(tuple(STATES))), load_default=[], metadata={"description": "repeat for several"})


def _word(said: object) -> str:
    """A text of a cursor, as the database can take it."""
    if not isinstance(said, str) or "\x00" in said:
        raise ValueError
    return said


def _choose(query: dict[str, Any]) -> Chosen:
    said = (query["of"], query["type"], query.get("unit_id"), query.get("area_id"), query["campaign"])
    choice = Choice(*said, (), query["person"], query["q"], past_day(query))
    return choose(asked.db(), asked.actor(), choice, asked.today())


@room.get("/attainment")
@asked.require(SEE)
@room.arguments(AttainmentQuery, location="query")
@room.response(200, AttainmentList)
@room.refuses(*READING)
def list_attainment(query: dict[str, Any]) -> Response:
    """List places with their state in each campaign, what stands on either track and what is missing"""
    chosen, size = _choose(query), query["page_size"]
    after = read_cursor(query["cursor"], [_word, UUID, _word])
    lines, posts = read_lines(
        asked.db(), asked.actor(), chosen, asked.today(), states=query["state"], after=after, limit=size + 1
    )
    last = lines[size - 1].standing if len(lines) > size else None
    cursor = cursor_of(last.pinyin, str(last.site_id), last.campaign) if last else None
    return reply_list([shape_line(one, posts) for one in lines[:size]], cursor)


@room.get("/attainment/board")
@asked.require(SEE)
@room.arguments(BoardQuery, location="query")
@room.response(200, BoardShape)
@room.refuses(*READING)
def show_board(query: dict[str, Any]) -> Response:
    """Count the places that are up to standard by self-check and by verified visits, by campaign and subdistrict"""
    chosen = _choose(query)
    board = read_board(asked.db(), chosen.ground, chosen.scope)
    items = [shape_tally(key, unit, one) for key, streets in board.items() for unit, one in _ordered(streets)]
    return reply({"percent": chosen.ground.percent, "items": items})


def _ordered(streets: dict[UUID | None, Tally]) -> list[tuple[UUID | None, Tally]]:
    return sorted(streets.items(), key=lambda pair: (pair[0] is None, str(pair[0])))


def shape_tally(campaign: str, unit_id: UUID | None, one: Tally) -> dict[str, Any]:
    """A tally as JSON."""
    sums = {"places": one.places, "self_met": one.self_met, "verified": one.verified, "relapsed": one.relapsed}
    return {"campaign": campaign, "unit_id": unit_id} | sums | {"unchecked": one.states.get("unchecked", 0)}


def shape_line(line: Line, posts: Posts) -> dict[str, Any]:
    """A place in a campaign as JSON."""
    one = line.standing
    faces = [posts.faces[key] for key in line.answer.posts if key in posts.faces] if line.answer else []
    same = ("site_id", "code", "name", "unit_id", "campaign", "state", "open_findings")
    return {name: getattr(one, name) for name in same} | {
        "self_met": one.is_self_met,
        "verified": one.is_verified,
        "people": [name for face in faces for name in face.holders],
        "forms": [shape_form(form) for form in line.forms],
    }


def shape_form(one: FormStanding) -> dict[str, Any]:
    """A form at a place as JSON."""
    checks = {"self_check": _check(one.by_itself), "verified_check": _check(one.by_others)}
    judged = {"verified": one.is_verified, "self_met": one.is_self_met, "relapsed": one.is_relapsed}
    return {"form": one.form, "missing": one.missing, "finding_id": one.finding_id} | judged | checks


def _check(one: Checked | None) -> dict[str, Any] | None:
    if one is None:
        return None
    points = {"earned": hundredths(one.earned), "possible": hundredths(one.possible)}
    return {"visit_id": one.visit_id, "day": one.day, "attains": one.attains} | points
