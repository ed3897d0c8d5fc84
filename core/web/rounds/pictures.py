"""Photos of a round (轮次照片): those of a secret one are shown here alone before its release, and the look is written down."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from core import request as asked
from core.errors import NotFound
from core.request import actor, db, now, require_any, today
from core.web.photos import Finder, keep_sent, picture
from core.work.inspection import photos
from core.work.roles import DIRECT, SEE, VISIT
from core.work.rounds.clearance import hold_round
from core.work.rounds.round_visits import shows_photo
from core.work.rounds.sealing import note_read, seal
from core.work.rounds.sight import get_round

blueprint = Blueprint("round_photos", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>/photos")
blueprint.before_request(asked.enter_cleared)


@blueprint.post("")
@require_any(VISIT, DIRECT)
def upload(round_id: UUID) -> Response:
    """Keep one photo for a correction; of a secret round it is hidden from its arrival on."""
    of = get_round(db(), actor(), round_id, today())
    return keep_sent(lambda: of.id if hold_round(db(), of.id).hidden else None)


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
    with seal(db(), of):
        known = photos.find_files(db(), [ref]).get(ref)
        if known is None or not shows_photo(db(), actor(), of, known, today()):
            raise NotFound
        found = picture(ref, find)
    note_read(db(), actor(), of, "round.photos", now=now())
    return found
