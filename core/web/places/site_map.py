"""Places for a map and a phone (点位地图与查找): JSON of what is in view, of what is sought, and the outlines beneath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask_babel import gettext

from core import request as asked
from core.errors import NotFound
from core.figures.site_attainment.states import STATES
from core.figures.site_outlines import read_outlines
from core.request import actor, db, now, require_any, tenant, today
from core.web.paging import bad_argument
from core.web.places.site_attained import Shown, read_coloured, say_dots, with_campaign
from core.web.places.site_filter import Filter, attained_only, chosen_sites, read_filter, read_page, standings
from core.web.places.site_words import campaign_titles, say_types
from core.web.places.visit_links import visitable
from core.web.words import counted, listed
from core.work.places.datum import shown_in, told_in
from core.work.places.site_map import ACROSS, USUAL, Box, Mark, read_view
from core.work.places.site_settings import MapSettings, read_settings
from core.work.roles import SEE, VISIT

blueprint = Blueprint("site_map", __name__, url_prefix="/t/<slug>/sites")
blueprint.before_request(asked.enter)

FOUND = 20  # sites of one answer to a phone (ours)


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), content_type="application/json")


@blueprint.get("/find")
@require_any(SEE, VISIT)
def find() -> Response:
    """What is sought, best match and nearest first; the filters of the list, and ``near=latitude,longitude``."""
    wanted = read_filter()
    page = read_page(db(), actor(), wanted, request.args.get("cursor") or None, today(), FOUND)
    near = standings(db(), actor(), [row.id for row in page.rows], today(), now())
    items = [
        {
            "id": row.id,
            "name": row.name,
            "code": row.code,
            "address": row.address,
            "unit": row.unit_name,
            "types": row.types,
            "types_text": say_types(row.types),
            "longitude": _plain(row.longitude),
            "latitude": _plain(row.latitude),
            "metres": row.metres,
            "last_visit": near[row.id].last_visit,
            "open_findings": near[row.id].open_findings,
        }
        for row in page.rows
    ]
    return _json({"items": items, "next_cursor": page.cursor})


def _plain(degrees: Any) -> float | None:
    return None if degrees is None else float(degrees)


@blueprint.get("/map.json")
@require_any(SEE, VISIT)
def show() -> Response:
    """What is in view, or all of it: sites one by one while they are few, else cells; degrees as the tiles need them."""
    settings, _version = read_settings(db(), MapSettings, tenant().id)
    box = _read_box(request.args.get("box", ""), settings.datum)

    def shown(longitude: float, latitude: float) -> list[float]:
        return [round(one, 6) for one in shown_in(settings.datum, longitude, latitude)]

    wanted = read_filter()
    if wanted.is_coloured:
        return _json(_coloured(wanted, box, shown))
    narrowed = attained_only(db(), actor(), wanted, today())
    view = read_view(db(), actor(), chosen_sites(db(), actor(), wanted, today(), narrowed), box, now(), _read_across())
    marks = [_mark(one, shown) for one in view.marks]
    _offer_visits(marks)
    return _json({"bounds": _bounds(view.box, shown), "total": view.total, "summed": view.is_summed, "marks": marks})


def _bounds(box: Box | None, shown: Shown) -> list[float] | None:
    return [*shown(box.west, box.south), *shown(box.east, box.north)] if box else None


def _coloured(wanted: Filter, box: Box | None, shown: Shown) -> dict[str, Any]:
    """The same coloured by attainment: named marks while they are few, else dots."""
    view = read_coloured(db(), actor(), with_campaign(wanted, campaign_titles(db())), box, today())
    said = {"bounds": _bounds(view.box, shown), "total": view.total, "summed": view.few is None, "marks": []}
    if view.box is None:
        return said
    if view.few is None:
        return said | say_dots(view, shown)
    marks = [_mark(one, shown) for one in read_view(db(), actor(), view.few, view.box, now()).marks]
    for mark in marks:
        state = view.states[mark["id"]]
        mark |= {"tone": state, "words": listed([gettext(STATES[state][0]), mark["words"]])}
    _offer_visits(marks)
    return said | {"marks": marks}


def _offer_visits(marks: Sequence[dict[str, Any]]) -> None:
    """Say of each named mark whether the reader may inspect there."""
    may = visitable([mark["id"] for mark in marks if "id" in mark])
    for mark in marks:
        if mark.get("id") in may:
            mark["visit"] = True


def _mark(one: Mark, shown: Callable[[float, float], list[float]]) -> dict[str, Any]:
    """A mark with its place as drawn, and what it says in words."""
    counts = {"at": shown(one.longitude, one.latitude), "sites": one.sites, "open": one.open, "late": one.late}
    tone = "late" if one.late else "open" if one.open else "clear"
    waits = [gettext("未办结 %(n)s", n=one.open)] + ([gettext("超期 %(n)s", n=one.late)] if one.late else [])
    if one.site_id is None:
        return counts | {"tone": tone, "words": listed([counted("%(n)s 个点位", n=one.sites), *waits])}
    words = listed(waits) if one.open else gettext("没有未办结的问题")
    tone = "closed" if one.state != "active" else tone
    return counts | {"tone": tone, "id": one.site_id, "name": one.name, "words": words}


def _read_across() -> int:
    """How many cells the screen has room for. Raises InvalidInput."""
    said = request.args.get("across", str(USUAL))
    if not (said.isascii() and said.isdigit() and ACROSS[0] <= int(said[:4]) <= ACROSS[1]):
        raise bad_argument("across", said)
    return int(said)


def _read_box(said: str, datum: str) -> Box | None:
    """What is in view as west,south,east,north in the degrees of the tiles. Raises InvalidInput."""
    if not said:
        return None
    try:
        west, south, east, north = (float(part) for part in said.split(","))
    except ValueError:
        raise bad_argument("box", said) from None
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    if not inside:
        raise bad_argument("box", said)
    return Box(*told_in(datum, west, south), *told_in(datum, east, north))


@blueprint.get("/outlines/<sha256>.json")
@require_any(SEE, VISIT)
def show_outlines(sha256: str) -> Response:
    """The outlines beneath the map, by their content: a browser asks once."""
    body = read_outlines(db(), sha256)
    if body is None:
        raise NotFound
    answer = Response(body, content_type="application/geo+json")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer
