"""Photos of a round (轮次照片): those of a secret one are shown here alone before its release, and the look is written down."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from core import request as asked
from core.errors import NotFound
from core.request import actor, db, now, require_any, today
from core.web.photos import Finder, picture
from core.work.inspection import photos
from core.work.roles import SEE, VISIT
from core.work.rounds.sealing import note_read, seal
from core.work.rounds.sight import get_round, reads_results

blueprint = Blueprint("round_photos", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>/photos")
blueprint.before_request(asked.enter_cleared)


@blueprint.get("/<ref>")
@require_any(SEE, VISIT)
def show(round_id: UUID, ref: str) -> Response:
    """A photo by its id or SHA-256."""
    return _show(round_id, ref, photos.open_photo)


@blueprint.get("/<ref>/small")
@require_any(SEE, VISIT)
def show_small(round_id: UUID, ref: str) -> Response:
    """The same, 320 px on its longest side."""
    return _show(round_id, ref, photos.thumbnail)


def _show(round_id: UUID, ref: str, find: Finder) -> Response:
    of = get_round(db(), actor(), round_id, today())
    if not reads_results(db(), actor(), of, today()):
        raise NotFound
    with seal(db(), of):
        found = picture(ref, find)
    note_read(db(), actor(), of, "round.photos", now=now())
    return found
