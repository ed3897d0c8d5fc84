"""Appeals (申诉) over the API: the list, one in full, raising one against a finding or a figure, and deciding it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext

from core import request as asked
from core.api.appeal_shapes import AppealDetail, AppealList, Opened, shape_appeal, shape_opened
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Id, Length, ListOf, OneOf, Part, PeriodKey, Text, Whole
from core.api.findings import Changes
from core.api.forms import one_in_force
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
from core.errors import N_, Fault, InvalidInput
from core.figures.appeals import raise_appeal, recompute_alike
from core.figures.runs import LONGEST_LABEL
from core.work.appeals.appeal_list import (
    LATE,
    MINE,
    Wanted,
    events_of,
    find_appeal,
    findings_of,
    list_appeals,
    standing_of,
)
from core.work.appeals.appeal_moves import EFFECTS, KINDS, RAISED, REJECT, RUN, STATES, UPHOLD, VISIT, WITHDRAW
from core.work.appeals.deciding import Carry, Effect, decide, withdraw
from core.work.appeals.finding_effects import Wish, carry_out, correcting_visits, effects_for
from core.work.appeals.raising import MOST_PHOTOS, appeal_finding
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tables import Appeal
from core.work.wording import LONGEST_NOTE

room = Room("appeals", __name__, description="Appeals (申诉) against findings and figures; another party decides.")


class AppealQuery(ListQuery):
    """Which appeals (申诉筛选); the latest first."""

    state = Text(
        load_default="",
        validate=OneOf(("", *STATES, LATE, MINE)),
        metadata={"description": "late: waiting beyond its time; mine: waiting for the asker's decision"},
    )
    kind = Text(load_default="", validate=OneOf(("", *KINDS)))
    campaign = Text(load_default="", validate=Length(max=60))
    unit_id = Id(load_default=None)


class NewAppeal(Body):
    """An appeal to raise (提出申诉): against a finding, or against a figure by campaign, indicator and period."""

    finding_id = Id(load_default=None, allow_none=True)
    campaign = Text(load_default="", validate=Length(max=60))
    indicator = Text(load_default="", validate=Length(max=60))
    period = PeriodKey(load_default=None, allow_none=True)
    figure_unit_id = Id(load_default=None, allow_none=True, metadata={"description": "null: the district's figure"})
    unit_id = Id(load_default=None, allow_none=True, metadata={"description": "who appeals; needed where several may"})
    reason = Text(required=True, validate=Length(min=1, max=LONGEST_NOTE))
    photos = ListOf(
        Text(), load_default=[], validate=Length(max=MOST_PHOTOS), metadata={"description": "ids or SHA-256"}
    )


class NewAppealStep(Body):
    """A step to take (办理). Upholding one against a finding needs an effect, with what that takes; a figure is recomputed."""

    verb = Text(required=True, validate=OneOf((WITHDRAW, UPHOLD, REJECT)))
    note = Text(load_default="", validate=Length(max=LONGEST_NOTE), metadata={"description": "the decision's reasons"})
    effect = Text(load_default="", validate=OneOf(("", *(code for code in EFFECTS if code != RUN))))
    finding_version = Whole(load_default=0, metadata={"description": "the finding's version that was seen"})
    changes = Part(Changes, load_default={}, metadata={"description": "new values, of the effect correct"})
    visit_id = Id(load_default=None, allow_none=True, metadata={"description": "of the effect visit"})


@room.get("/appeals")
@asked.require(SEE)
@room.arguments(AppealQuery, location="query")
@room.response(200, AppealList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the appeals in the asker's sight, the latest first"""
    wanted = Wanted(query["state"], query["kind"], query["campaign"], query["unit_id"])
    size, moment = query["page_size"], asked.now()
    after: Any = read_cursor(query["cursor"], [a_moment, UUID])
    rows = list_appeals(asked.db(), asked.actor(), wanted, now=moment, limit=size + 1, after=after)
    page = rows[:size]
    found = findings_of(asked.db(), page)
    more = cursor_of(page[-1].raised_at, page[-1].id) if len(rows) > size else None
    said = [shape_appeal(one, found.get(one.finding_id) if one.finding_id else None, moment) for one in page]
    return reply_list(said, more)


@room.get("/appeals/<uuid:appeal_id>")
@asked.require(SEE)
@room.response(200, AppealDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_appeal(appeal_id: UUID) -> Response:
    """Show one appeal with its history, what the decision changed, and the steps that the asker may take now"""
    said = _one(appeal_id)
    return reply(said, ETag=etag(said["version"]))


@room.post("/appeals")
@asked.require(ANSWER)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewAppeal)
@room.response(201, AppealDetail, headers=ETAG)
@room.refuses(*WRITING)
def raise_one(body: dict[str, Any]) -> Response:
    """Appeal against a finding or a figure

    A repetition with the same Idempotency-Key gets the first answer. A unit has one open appeal about a thing: 409.
    """

    def run() -> tuple[int, Any]:
        return 201, _one(_raise(body).id)

    return once(run, headers=lambda made: {"Location": here("appeals", made["id"]), "ETag": etag(made["version"])})


def _raise(body: dict[str, Any]) -> Appeal:
    said = {name: body[name] for name in ("unit_id", "reason", "photos")} | {"now": asked.now()}
    if body["finding_id"]:
        if body["campaign"] or body["indicator"] or body["period"]:
            remedy = N_("对问题申诉只填 finding_id；对数值申诉填 campaign、indicator 和 period")
            raise InvalidInput(faults=[Fault(N_("一件申诉只针对一样"), field="finding_id", remedy=remedy)])
        return appeal_finding(asked.db(), asked.actor(), body["finding_id"], **said)
    missing = [name for name in ("campaign", "indicator", "period") if not body[name]]
    if missing:
        remedy = N_("对问题申诉只填 finding_id；对数值申诉填 campaign、indicator 和 period")
        raise InvalidInput(faults=[Fault(N_("缺少这一项"), field=name, remedy=remedy) for name in missing])
    campaign = one_in_force(body["campaign"], body["period"].start)
    code, unit_id = campaign.edition.indicator(body["indicator"]).code, body["figure_unit_id"]
    return raise_appeal(asked.db(), asked.actor(), campaign, campaign.edition, code, body["period"], unit_id, **said)


@room.post("/appeals/<uuid:appeal_id>/actions")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(NewAppealStep)
@room.response(200, AppealDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], appeal_id: UUID) -> Response:
    """Take a step: withdraw, uphold, reject

    If-Match names the version that was seen: without it 428, when somebody was faster 412 with the ETag that is current.
    What the effect of upholding refuses leaves the appeal undecided. A repetition with the same Idempotency-Key gets the
    first answer.
    """
    version, verb = expected_version(), body["verb"]

    def run() -> tuple[int, Any]:
        who, moment = asked.actor(), asked.now()
        if verb == WITHDRAW:
            withdraw(asked.db(), who, appeal_id, version=version, note=body["note"], now=moment)
        else:
            carry = _carry(appeal_id, body) if verb == UPHOLD else None
            given = {"version": version, "text": body["note"], "carry": carry, "now": moment}
            decide(asked.db(), who, appeal_id, verb, **given)
        return 200, _one(appeal_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _carry(appeal_id: UUID, body: dict[str, Any]) -> Carry | None:
    """What upholding does: a figure is computed again; a finding takes the effect that was chosen, None without one."""
    appeal = find_appeal(asked.db(), asked.actor(), appeal_id, asked.now())
    if appeal.finding_id is None:
        return _again
    if not body["effect"]:
        return None
    wish = Wish(body["effect"], body["finding_version"], body["changes"], body["visit_id"])
    return lambda found, said: carry_out(asked.db(), asked.actor(), found, said, wish, asked.now())


def _again(appeal: Appeal, _said: str) -> Effect:
    label = gettext("申诉重算：%(code)s %(unit)s", code=appeal.indicator, unit=appeal.unit_name)[:LONGEST_LABEL]
    return recompute_alike(asked.db(), asked.actor(), appeal, asked.house().registry, label=label, now=asked.now())


def _one(appeal_id: UUID) -> dict[str, Any]:
    session, who, moment = asked.db(), asked.actor(), asked.now()
    appeal = find_appeal(session, who, appeal_id, moment)
    finding = findings_of(session, [appeal]).get(appeal.finding_id) if appeal.finding_id else None
    standing = standing_of(session, who, appeal, moment)
    effects: list[str] = []
    if appeal.state == RAISED and standing.decides:
        effects = effects_for(session, who, finding, moment) if finding else [RUN]
    visits = correcting_visits(session, who, finding, moment) if finding and VISIT in effects else []
    found = Opened(appeal, finding, events_of(session, appeal.id), standing, effects, visits)
    return shape_opened(found, moment)
