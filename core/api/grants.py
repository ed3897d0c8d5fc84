"""Grants (发布授权) over the API: who may receive this district's figures; a withdrawal is a row of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, OneOf, Part, Text
from core.api.replies import ListQuery, cut_list, once, reply
from core.api.rooms import READING, WRITING, Room
from core.errors import N_, Fault, InvalidInput, NotFound
from core.figures import grants
from core.figures.tables import PublicationGrant
from core.work.roles import GRANT
from core.work.tenancy import read_chain
from tenants.access import TenantRef

room = Room(
    "grants",
    __name__,
    description="Grants (发布授权): a district's dated word that a bureau above it may receive figures.",
)


class GrantShape(Body):
    """A grant, or with ``revoked`` its withdrawal (授权)."""

    id = Id(required=True)
    reader_slug = Text(required=True)
    reader_name = Text(required=True)
    campaign = Text(required=True)
    detail = Text(required=True, validate=OneOf(grants.DETAILS))
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)
    revoked = Flag(required=True)
    granted_by = Text(required=True)
    created_at = Moment(required=True)
    in_force = Flag(required=True, metadata={"description": "whether it holds today"})


class GrantList(Body):
    """Every grant and withdrawal, the newest first (授权记录)."""

    items = ListOf(Part(GrantShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class NewGrant(Body):
    """A grant to give (授权内容); ``valid_to`` is the last day, null without end."""

    reader = Text(
        required=True,
        metadata={"description": "the slug of a bureau above the district: its city, province or the nation"},
    )
    campaign = Text(required=True)
    detail = Text(required=True, validate=OneOf(grants.DETAILS))
    valid_from = Day()
    valid_to = Day(load_default=None, allow_none=True)


@room.get("/grants")
@asked.require(GRANT)
@room.arguments(ListQuery, location="query")
@room.response(200, GrantList)
@room.refuses(*READING)
def list_grants(query: dict[str, Any]) -> Response:
    """List every grant and withdrawal of this district"""
    holding = _in_force()
    rows = grants.grant_history(asked.db())
    return cut_list(rows, query, lambda row: shape_grant(row, holding))


@room.post("/grants")
@asked.require(GRANT)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewGrant)
@room.response(201, GrantShape)
@room.refuses(*WRITING)
def give(body: dict[str, Any]) -> Response:
    """Let a bureau above receive a campaign's publications in some detail

    A repetition with the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        made = grants.give_grant(
            asked.db(),
            asked.actor(),
            _reader(body["reader"]),
            body["campaign"],
            body["detail"],
            body.get("valid_from") or asked.today(),
            body["valid_to"],
        )
        return 201, shape_grant(made, _in_force())

    return once(run)


@room.delete("/grants/<uuid:grant_id>")
@asked.require(GRANT)
@room.response(200, GrantShape)
@room.refuses(400, 401, 403, 404)
def withdraw(grant_id: UUID) -> Response:
    """Withdraw what a grant allowed from today on; what was published stays, and so does the grant's row"""
    found = next((row for row in grants.grant_history(asked.db()) if row.id == grant_id), None)
    if found is None:
        raise NotFound
    made = grants.withdraw_grant(asked.db(), asked.actor(), found, asked.today())
    return reply(shape_grant(made, _in_force()))


def _reader(slug: str) -> TenantRef:
    """The bureau of a slug above the district; any other is refused like one that does not exist."""
    with asked.house().wall.platform() as session:
        above = read_chain(session, asked.tenant())
    found = next((one for one in above if one.slug == slug), None)
    if found is None:
        remedy = N_("请填写本区县上级主管部门的代号")
        raise InvalidInput(faults=[Fault(N_("只能授权给上级主管部门"), field="reader", value=slug[:40], remedy=remedy)])
    return found


def _in_force() -> set[UUID]:
    return {row.id for row in grants.grants_in_force(asked.db(), asked.today())}


def shape_grant(row: PublicationGrant, holding: set[UUID]) -> dict[str, Any]:
    """A grant as JSON."""
    plain = GrantShape.names() - {"in_force"}
    return {name: getattr(row, name) for name in plain} | {"in_force": row.id in holding}
