"""What the phone app asks and sends (手机端接口): JSON by the same login as the pages, never a page in its place.

A login that is over answers 401 here, not with the way to the login page: the app says so itself and loses nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, jsonify, request

from core import request as asked
from core.errors import N_, Fault, InvalidInput, NotFound, TooLarge
from core.request import actor, db, house, need_login, now, require, require_any
from core.web import photos
from core.web.field.bundle import make_bundle, make_search, make_site, me
from core.web.field.refusals import refuse
from core.web.paging import bad_argument
from core.work.field.packing import Point
from core.work.field.sending import Ask, take
from core.work.forms.fielding import fielded
from core.work.roles import REPORT, VISIT

blueprint = Blueprint("field_data", __name__, url_prefix="/t/<slug>/field")
blueprint.before_request(asked.enter_cleared)
blueprint.register_error_handler(Exception, refuse)
CLOCK = "X-Device-Now"
LONGEST_BODY = 512 * 1024  # no visit of three forms is larger than 100 KB; photos go their own way (ours)

# Photos come by the room that keeps all photos; the address lies here so that whatever opens this room opens it for them.
blueprint.post("/photos")(photos.upload)


@blueprint.get("/session")
@require_any(VISIT, REPORT)
def show_session() -> Response:
    """Who is logged in, and the word that everything sent must carry."""
    return jsonify(me=me(), csrf=need_login().csrf, now=now().isoformat())


@blueprint.get("/bundle")
@require_any(VISIT, REPORT)
def show_bundle() -> Response:
    """What the phone takes along; 304 when it has the same already. ``near`` is longitude and latitude, for the nearest sites."""
    body = make_bundle(_near(request.args.get("near", "")))
    answer = Response(body, content_type="application/json")
    answer.set_etag(hashlib.sha256(body).hexdigest()[:24])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer


@blueprint.get("/sites")
@require(VISIT)
def search() -> Response:
    """Sites by name, pinyin or code, with what is asked there."""
    return jsonify(make_search(request.args.get("q", "")))


@blueprint.get("/sites/<uuid:site_id>")
@require(VISIT)
def show_site(site_id: UUID) -> Response:
    """One site, with what is asked there."""
    found = make_site(site_id)
    if found is None:
        raise NotFound
    return jsonify(found)


@blueprint.post("/send")
@require_any(VISIT, REPORT)
def send() -> Response:
    """Take one entry of the phone's outbox; the same again is answered alike."""
    ask = Ask(db(), actor(), fielded(db(), house().registry), now(), _clock())
    came = take(ask, _body())
    answer = jsonify(kind=came.kind, id=came.id, replayed=came.replayed, **came.said)
    answer.status_code = 200 if came.replayed else 201
    return answer


def _body() -> Any:
    if (request.content_length or 0) > LONGEST_BODY:
        raise TooLarge
    try:
        return orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError:
        remedy = N_("请刷新页面后重新发送")
        raise InvalidInput(faults=[Fault(N_("内容的写法不对"), remedy=remedy)]) from None


def _clock() -> datetime | None:
    """What the phone's clock showed when it sent this. Raises InvalidInput."""
    said = request.headers.get(CLOCK, "")
    if not said:
        return None
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        raise bad_argument(CLOCK, said[:60]) from None


def _near(said: str) -> Point | None:
    """Longitude and latitude. Raises InvalidInput."""
    if not said:
        return None
    try:
        longitude, latitude = (Decimal(part) for part in said.split(","))
        is_on_earth = longitude.is_finite() and latitude.is_finite() and abs(longitude) <= 180 and abs(latitude) <= 90
    except (ValueError, InvalidOperation):
        raise bad_argument("near", said[:60]) from None
    if not is_on_earth:
        raise bad_argument("near", said[:60])
    return longitude, latitude
