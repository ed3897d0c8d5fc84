"""Publications (发布件) over the API: what was sealed and sent, what would leave now, and publishing a period."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Length, ListOf, OneOf, PeriodKey, Text
from core.api.forms import one_in_force
from core.api.publication_shapes import (
    PreviewShape,
    PublicationDetail,
    PublicationList,
    SentShape,
    shape_effects,
    shape_figures,
    shape_preview,
    shape_publication,
)
from core.api.replies import ListQuery, cut_list, once, placed, reply
from core.api.rooms import READING, WRITING, Room
from core.figures import publishing, shelf
from core.figures.seals import seal_of
from core.work.roles import COMPARE, PUBLISH, SEE

room = Room("publications", __name__, description="Publications (发布件): a period's figures, sealed and addressed.")


class PublicationQuery(ListQuery):
    """Which publications (发布件筛选)."""

    copies = Text(
        load_default="own",
        validate=OneOf(("own", "sent")),
        metadata={"description": "the district's own copies, or every copy that it sent"},
    )
    campaign = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})


class PublishBody(Body):
    """What to publish (发布内容); a period that was published before needs a reason: it is a correction."""

    campaign = Text(required=True)
    period = PeriodKey(required=True)
    reason = Text(load_default="", validate=Length(max=500))


class PreviewQuery(Body):
    """What would be published (预览条件)."""

    campaign = Text(required=True)
    period = PeriodKey(required=True)


@room.get("/publications")
@asked.require_any(SEE, PUBLISH, COMPARE)
@room.arguments(PublicationQuery, location="query")
@room.response(200, PublicationList)
@room.refuses(*READING)
def list_publications(query: dict[str, Any]) -> Response:
    """List what this tenant published, the newest first"""
    read = shelf.own_publications if query["copies"] == "own" else shelf.sent_publications
    rows = [row for row in read(asked.db()) if not query["campaign"] or row.campaign in query["campaign"]]
    return cut_list(rows, query, shape_publication)


@room.get("/publications/preview")
@asked.require(PUBLISH)
@room.arguments(PreviewQuery, location="query")
@room.response(200, PreviewShape)
@room.refuses(*READING)
def preview(query: dict[str, Any]) -> Response:
    """Show exactly what would leave now, and to whom; nothing is written"""
    campaign = one_in_force(query["campaign"])
    found = publishing.preview(asked.db(), asked.actor(), campaign, query["period"], now=asked.now())
    return reply(shape_preview(found))


@room.get("/publications/<uuid:publication_id>")
@asked.require_any(SEE, PUBLISH, COMPARE)
@room.response(200, PublicationDetail)
@room.refuses(401, 403, 404)
def get_publication(publication_id: UUID) -> Response:
    """Show a publication that this tenant sent or received, with its figures"""
    row = shelf.find_publication(asked.db(), publication_id)
    figures = shelf.figures_of(asked.db(), row)
    holds = seal_of(row, figures) == row.sha256
    shown = shape_figures(shelf.shown_figures(asked.db(), asked.actor(), figures, asked.today()))
    return reply(shape_publication(row) | {"seal_holds": holds, "figures": shown, "effects": shape_effects(figures)})


@room.post("/publications")
@asked.require(PUBLISH)
@room.doc(parameters=[REPEATABLE])
@room.arguments(PublishBody)
@room.response(201, SentShape)
@room.refuses(*WRITING)
def publish(body: dict[str, Any]) -> Response:
    """Seal a period's figures and send them to every reader with a grant

    A repetition with the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        campaign = one_in_force(body["campaign"], body["period"].start)
        sent = publishing.publish(
            asked.db(),
            asked.actor(),
            campaign,
            campaign.edition,
            body["period"],
            now=asked.now(),
            reason=body["reason"],
        )
        return 201, {"id": sent[0].id, "copies": [*map(shape_publication, sent)]}

    return once(run, headers=placed("publications"))
