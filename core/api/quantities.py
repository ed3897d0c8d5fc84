"""Quantities (工作量) over the API: the dictionary, reporting, correcting, verifying, and settling what may be double."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import ETAG, IF_MATCH, REPEATABLE
from core.api.fields import Body, Day, Id, Length, OneOf, Text
from core.api.quantity_shapes import (
    CandidateList,
    QuantityDetail,
    QuantityKindList,
    QuantityKindShape,
    QuantityList,
    shape_candidate,
    shape_detail,
    shape_kind,
    shape_quantity,
)
from core.api.replies import (
    ListQuery,
    cursor_of,
    cut_list,
    etag,
    expected_version,
    once,
    placed,
    read_cursor,
    reply,
    reply_list,
)
from core.api.rooms import READING, WRITING, Room
from core.work.enabling import enabled
from core.work.quantities.board import all_candidates
from core.work.quantities.entering import LONGEST, QuantityWish, correct, enter
from core.work.quantities.kinds import KindWish, add_kind, list_kinds
from core.work.quantities.reading import Asked, key_of, list_entries, read_entry
from core.work.quantities.settling import declare_disjoint, merge, take_back
from core.work.quantities.steps import set_total, verify, withdraw
from core.work.quantities.words import BASES, FLOWS, STATES, TYPED_BASES
from core.work.quantities.writing import QUALIFIERS
from core.work.roles import ANSWER, CHECK, DIRECT, SEE

room = Room(
    "quantities",
    __name__,
    description="Quantities (工作量): inputs, outputs, outcomes and stocks, never added across units.",
)
WHERE = {"metadata": {"description": "as written: 2026, 2026-11, 2018 to 2019-10, to 2026-08, or words"}}


class KindQuery(ListQuery):
    """Which kinds (科目筛选); by code."""

    q = Text(load_default="", validate=Length(max=60), metadata={"description": "part of code or name"})
    flow = Text(load_default="", validate=OneOf(("", *FLOWS)))


class NewQuantityKind(Body):
    """A kind to be added (新增科目); measure is a code or a name of a unit of measure."""

    code = Text(required=True, validate=Length(max=80))
    name_zh = Text(required=True, validate=Length(max=80))
    name_en = Text(load_default="", validate=Length(max=80))
    measure = Text(required=True, validate=Length(max=40))
    flow = Text(load_default="output", validate=OneOf(tuple(FLOWS)))
    campaign = Text(load_default="", validate=Length(max=40))


class QuantityQuery(ListQuery):
    """Which entries (工作量筛选): state '' is what stands, all every one; unit_id stands for its subtree."""

    q = Text(load_default="", validate=Length(max=60), metadata={"description": "part of kind, scope or document"})
    flow = Text(load_default="", validate=OneOf(("", *FLOWS)))
    kind_id = Id(load_default=None)
    unit_id = Id(load_default=None)
    plan_id = Id(load_default=None)
    project_id = Id(load_default=None)
    task_id = Id(load_default=None)
    campaign = Text(load_default="", validate=Length(max=40))
    basis = Text(load_default="", validate=OneOf(("", *BASES)))
    state = Text(load_default="", validate=OneOf(("", "all", *STATES)))
    document = Text(load_default="", validate=Length(max=120))
    start = Day(load_default=None)
    end = Day(load_default=None)


class QuantitySaid(Body):
    """What is said of a quantity (填报内容): amount as written, for instance 1400多, 约200, 7-8, 数万, 12.5."""

    amount = Text(required=True, validate=Length(max=60))
    qualifier = Text(load_default="", validate=OneOf(("", *QUALIFIERS)))
    measure = Text(load_default="", validate=Length(max=40), metadata={"description": "'' is the kind's own"})
    scope = Text(load_default="", validate=Length(max=LONGEST["scope"]))
    scope_unit_id = Id(load_default=None, allow_none=True)
    site_id = Id(load_default=None, allow_none=True)
    plan_id = Id(load_default=None, allow_none=True)
    line_id = Id(load_default=None, allow_none=True)
    project_id = Id(load_default=None, allow_none=True)
    task_id = Id(load_default=None, allow_none=True)
    period = Text(load_default="", validate=Length(max=100), **WHERE)
    basis = Text(load_default="self", validate=OneOf(TYPED_BASES))
    document = Text(load_default="", validate=Length(max=LONGEST["document"]))
    note = Text(load_default="", validate=Length(max=LONGEST["note"]))


class NewQuantity(QuantitySaid):
    """A quantity to be reported (填报)."""

    kind_id = Id(required=True)
    unit_id = Id(required=True)


class QuantityCorrection(QuantitySaid):
    """A correction (更正): everything is said anew; kind and unit stay."""

    reason = Text(required=True, validate=Length(max=LONGEST["note"]))


class QuantityStep(Body):
    """A step (办理): total_id of part null ends the relation; other_id is the other entry of a pair, merged into this one."""

    verb = Text(required=True, validate=OneOf(("verify", "withdraw", "part", "disjoint", "merge", "undo")))
    reason = Text(load_default="", validate=Length(max=LONGEST["note"]))
    total_id = Id(load_default=None, allow_none=True)
    other_id = Id(load_default=None, allow_none=True)


@room.get("/quantities/kinds")
@asked.require(SEE)
@room.arguments(KindQuery, location="query")
@room.response(200, QuantityKindList)
@room.refuses(*READING)
def list_quantity_kinds(query: dict[str, Any]) -> Response:
    """List the dictionary of kinds, by code"""
    rows = list_kinds(asked.db(), text=query["q"], flow=query["flow"])
    return cut_list(rows, query, shape_kind, key=lambda row: row.code)


@room.post("/quantities/kinds")
@asked.require(DIRECT)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewQuantityKind)
@room.response(201, QuantityKindShape)
@room.refuses(*WRITING)
def post_quantity_kind(body: dict[str, Any]) -> Response:
    """Add a kind to the dictionary"""
    campaigns = [one.key for one in enabled(asked.db(), asked.house().registry)]

    def run() -> tuple[int, Any]:
        return 201, shape_kind(
            add_kind(asked.db(), asked.actor(), KindWish(**body), now=asked.now(), campaigns=campaigns)
        )

    return once(run)


@room.get("/quantities")
@asked.require(SEE)
@room.arguments(QuantityQuery, location="query")
@room.response(200, QuantityList)
@room.refuses(*READING)
def list_quantities(query: dict[str, Any]) -> Response:
    """List the entries within reach: inputs, outputs, outcomes, stocks, each by kind"""
    size = query["page_size"]
    after = read_cursor(query["cursor"], [int, str, UUID])
    lines = list_entries(
        asked.db(),
        asked.actor(),
        _asked(query),
        today=asked.today(),
        after=after,
        limit=size + 1,  # type: ignore[arg-type]  # the kinds make it so
    )
    cursor = cursor_of(*map(_plain, key_of(lines[size - 1]))) if len(lines) > size else None
    return reply_list([shape_quantity(line) for line in lines[:size]], cursor)


@room.post("/quantities")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewQuantity)
@room.response(201, QuantityDetail, headers=ETAG)
@room.refuses(*WRITING)
def post_quantity(body: dict[str, Any]) -> Response:
    """Report a quantity

    A unit that is not the kind's is refused with the conversion as advice; words without a number stay without one.
    """

    def run() -> tuple[int, Any]:
        made = enter(asked.db(), asked.actor(), QuantityWish(**body), now=asked.now())
        return 201, _one(made.id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"]), **placed("quantities")(made)})


@room.get("/quantities/doubles")
@asked.require(SEE)
@room.arguments(QuantityQuery, location="query")
@room.response(200, CandidateList)
@room.refuses(*READING)
def list_doubles(query: dict[str, Any]) -> Response:
    """List what may have been reported twice or copied wrongly, at most 500 pairs; it blocks nothing"""
    rows = all_candidates(asked.db(), asked.actor(), _asked(query), today=asked.today())
    return cut_list(rows, query, shape_candidate, key=lambda one: f"{one.pair[0]}.{one.pair[1]}")


@room.get("/quantities/<uuid:quantity_id>")
@asked.require(SEE)
@room.response(200, QuantityDetail, headers=ETAG)
@room.refuses(401, 403, 404)
def get_quantity(quantity_id: UUID) -> Response:
    """Show an entry with its parts and what may be double"""
    said = _one(quantity_id)
    return reply(said, ETag=etag(said["version"]))


@room.put("/quantities/<uuid:quantity_id>")
@asked.require_any(ANSWER, DIRECT)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(QuantityCorrection)
@room.response(200, QuantityDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def put_quantity(body: dict[str, Any], quantity_id: UUID) -> Response:
    """Correct an entry with a reason; what was verified is to be verified again"""
    version, reason = expected_version(), body.pop("reason")
    # Kind and unit are those of the entry, whatever a wish says.
    wish = QuantityWish(kind_id=quantity_id, unit_id=quantity_id, **body)

    def run() -> tuple[int, Any]:
        correct(asked.db(), asked.actor(), quantity_id, wish, version, reason=reason, now=asked.now())
        return 200, _one(quantity_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


@room.post("/quantities/<uuid:quantity_id>/actions")
@asked.require_any(ANSWER, DIRECT, CHECK)
@room.doc(parameters=[IF_MATCH, REPEATABLE])
@room.arguments(QuantityStep)
@room.response(200, QuantityDetail, headers=ETAG)
@room.refuses(*WRITING, 412, 428)
def act(body: dict[str, Any], quantity_id: UUID) -> Response:
    """Take a step: verify (another party), withdraw, part of a total, declare two disjoint, merge two, undo that"""
    version = expected_version()

    def run() -> tuple[int, Any]:
        _step(body, quantity_id, version)
        return 200, _one(quantity_id)

    return once(run, headers=lambda made: {"ETag": etag(made["version"])})


def _step(body: dict[str, Any], quantity_id: UUID, version: int) -> None:
    session, actor, moment = asked.db(), asked.actor(), {"now": asked.now()}
    verb, other, reason = body["verb"], body["other_id"] or quantity_id, body["reason"]
    if verb == "verify":
        verify(session, actor, quantity_id, version, note=reason, **moment)
    elif verb == "withdraw":
        withdraw(session, actor, quantity_id, version, reason=reason, **moment)
    elif verb == "part":
        set_total(session, actor, quantity_id, body["total_id"], version, **moment)
    elif verb == "disjoint":
        declare_disjoint(session, actor, quantity_id, other, reason=reason, **moment)
    elif verb == "merge":
        merge(session, actor, quantity_id, other, reason=reason, **moment)
    else:
        take_back(session, actor, quantity_id, other, **moment)


def _asked(query: dict[str, Any]) -> Asked:
    given = {name: value for name, value in query.items() if name not in ("q", "cursor", "page_size")}
    return Asked(text=query["q"], **given)


def _plain(part: Any) -> Any:
    return str(part) if isinstance(part, UUID) else part


def _one(quantity_id: UUID) -> dict[str, Any]:
    found = read_entry(asked.db(), asked.actor(), quantity_id, today=asked.today())
    return shape_detail(found.line, [part.entry.id for part in found.parts], found.gap, found.candidates)
