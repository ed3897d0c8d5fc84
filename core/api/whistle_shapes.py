"""Whistles as JSON (吹哨的应答结构): a line of the list, everything on one, and the figures."""

from __future__ import annotations

from typing import Any

from core.api.fields import Body, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.work.whistling.whistle_detail import Detail
from core.work.whistling.whistle_list import WhistleRow
from core.work.whistling.whistle_steps import STAGES, STATES, Offer


class WhistleShape(Body):
    """A whistle in a list (吹哨); late: open, the arrival time has passed and a called unit is missing."""

    id = Id(required=True)
    number = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    caller_unit_id = Id(required=True)
    caller = Text(required=True)
    place = Text(required=True)
    matter = Text(required=True)
    called_at = Moment(required=True)
    arrive_by = Moment(required=True)
    solve_by = Moment(required=True, allow_none=True)
    solved_at = Moment(required=True, allow_none=True)
    escalated_at = Moment(required=True, allow_none=True)
    called = Whole(required=True)
    accepted = Whole(required=True)
    arrived = Whole(required=True)
    done = Whole(required=True)
    declined = Whole(required=True)
    late = Flag(required=True)


class WhistleList(Body):
    """Whistles (吹哨清单)."""

    items = ListOf(Part(WhistleShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class CallShape(Body):
    """A called unit with its three clocks (应哨单位); commanded is false where it was asked, not ordered."""

    unit_id = Id(required=True)
    unit_name = Text(required=True)
    commanded = Flag(required=True)
    stage = Text(required=True, validate=OneOf(tuple(STAGES)))
    accepted_at = Moment(required=True, allow_none=True)
    arrived_at = Moment(required=True, allow_none=True)
    arrived_by = Text(required=True)
    declined_at = Moment(required=True, allow_none=True)
    solved_at = Moment(required=True, allow_none=True)
    note = Text(required=True)
    late = Flag(required=True)


class WhistleEventShape(Body):
    """One step of a whistle (吹哨记录)."""

    version = Whole(required=True)
    at = Moment(required=True)
    verb = Text(required=True)
    from_state = Text(required=True, allow_none=True)
    to_state = Text(required=True)
    unit_id = Id(required=True, allow_none=True)
    unit_name = Text(required=True)
    person_id = Id(required=True, allow_none=True)
    person_name = Text(required=True)
    note = Text(required=True)
    photo_id = Id(required=True, allow_none=True)


class WhistleStepShape(Body):
    """A step that the asker may take now (可办理); unit_id says at which called unit, null for the caller's and leaders'."""

    verb = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    needs_note = Flag(required=True)
    unit_id = Id(required=True, allow_none=True)
    takes_photo = Flag(required=True)


class WhistleDetail(WhistleShape):
    """Everything on one whistle (吹哨详情); finding_id is null too when the asker may not see the finding."""

    unit_id = Id(required=True)
    site_id = Id(required=True, allow_none=True)
    finding_id = Id(required=True, allow_none=True)
    longitude = Number(required=True, allow_none=True)
    latitude = Number(required=True, allow_none=True)
    result = Text(required=True)
    calls = ListOf(Part(CallShape), required=True)
    events = ListOf(Part(WhistleEventShape), required=True)
    allowed = ListOf(Part(WhistleStepShape), required=True)


class CalledFiguresShape(Body):
    """One called unit in a period (应哨统计); minutes: the median from call to arrival; declined requests count nowhere else."""

    unit_id = Id(required=True)
    unit_name = Text(required=True)
    commanded = Flag(required=True)
    called = Whole(required=True)
    accepted = Whole(required=True)
    arrived = Whole(required=True)
    in_time = Whole(required=True)
    minutes = Whole(required=True, allow_none=True)
    solved = Whole(required=True)
    escalated = Whole(required=True)
    declined = Whole(required=True)


class CallerFiguresShape(Body):
    """One calling area in a period (吹哨统计); in_time: whistles to which every called unit came in time."""

    unit_id = Id(required=True)
    unit_name = Text(required=True)
    called = Whole(required=True)
    calls = Whole(required=True)
    accepted = Whole(required=True)
    arrived = Whole(required=True)
    in_time = Whole(required=True)
    minutes = Whole(required=True, allow_none=True)
    solved = Whole(required=True)
    escalated = Whole(required=True)
    cancelled = Whole(required=True)
    declined = Whole(required=True)


class WhistleFigures(Body):
    """Both tables of a period (吹哨报到统计)."""

    period = Text(required=True)
    called = ListOf(Part(CalledFiguresShape), required=True)
    callers = ListOf(Part(CallerFiguresShape), required=True)


def shape_whistle(row: WhistleRow) -> dict[str, Any]:
    """A whistle in a list as JSON."""
    return WhistleShape.pick(row)


def shape_detail(found: Detail) -> dict[str, Any]:
    """A whistle in full as JSON."""
    whistle = found.whistle
    return shape_whistle(found.row) | {
        "unit_id": whistle.unit_id,
        "site_id": whistle.site_id,
        "finding_id": found.finding[0] if found.finding else None,
        "longitude": whistle.longitude,
        "latitude": whistle.latitude,
        "result": whistle.result,
        "calls": [CallShape.pick(call) for call in found.calls],
        "events": [WhistleEventShape.pick(event) for event in found.events],
        "allowed": [_step(offer) for offer in found.offers],
    }


def _step(offer: Offer) -> dict[str, Any]:
    move = offer.move
    return {
        "verb": move.verb,
        "title_zh": move.title_zh,
        "title_en": move.title_en,
        "needs_note": move.needs_note,
        "unit_id": offer.unit_id,
        "takes_photo": move.takes_photo,
    }
