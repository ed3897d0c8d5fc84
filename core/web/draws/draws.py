"""Sealed draws on the pages (密封抽样): every commitment ever published, and behind each what it led to once it is revealed."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import NotFound, SanchengError
from core.request import actor, db, house, now, require
from core.web.errors import fault_map, say
from core.web.words import by_locale
from core.work.roles import DIRECT, SEE
from core.work.rounds.drawing import Opened, draw, get_draw, list_draws, opened, reveal

blueprint = Blueprint("draws", __name__, url_prefix="/t/<slug>/draws")
blueprint.before_request(asked.enter)
# Only the office's own steps meet what is hidden.
acting = Blueprint("drawing", __name__, url_prefix="/t/<slug>/draws")
acting.before_request(asked.enter_cleared)


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """Every commitment with its number and time; none can be taken back."""
    return render_template("draws/list.html", rows=list_draws(db()))


@blueprint.get("/<uuid:draw_id>")
@require(SEE)
def show(draw_id: UUID) -> tuple[str, int]:
    """A commitment; once revealed its seed, what was drawn, and the recomputation made at this moment."""
    return _page(draw_id)


@blueprint.get("/<uuid:draw_id>/draw.json")
@require(SEE)
def file(draw_id: UUID) -> Response:
    """What anybody needs to recompute a revealed draw without us."""
    found = opened(db(), draw_id)
    if found is None:
        raise NotFound
    answer = Response(json.dumps(found.as_json(), ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="draw-{found.row.number}.json"'
    return answer


@acting.post("/<uuid:draw_id>/outside")
@require(DIRECT)
def outside(draw_id: UUID) -> AnyResponse | tuple[str, int]:
    """Enter the outside number that was named with the commitment."""
    try:
        draw(db(), actor(), draw_id, outside_value=request.form.get("outside_value", ""), now=now())
    except SanchengError as error:
        return _page(draw_id, error)
    flash(gettext("场外数字已登记，抽样结果已经确定"))
    return redirect(url_for("draws.show", draw_id=draw_id), 303)


@acting.post("/<uuid:draw_id>/reveal")
@require(DIRECT)
def show_seed(draw_id: UUID) -> AnyResponse | tuple[str, int]:
    """Publish the seed."""
    try:
        reveal(db(), actor(), draw_id, now=now())
    except SanchengError as error:
        return _page(draw_id, error)
    flash(gettext("种子已公布，任何人都可以复算"))
    return redirect(url_for("draws.show", draw_id=draw_id), 303)


def _page(draw_id: UUID, error: SanchengError | None = None) -> tuple[str, int]:
    if isinstance(error, NotFound):
        raise error
    row = get_draw(db(), draw_id)
    found = opened(db(), draw_id) if row.revealed_at else None
    page = render_template(
        "draws/one.html",
        row=row,
        found=found,
        strata=_strata(found) if found else [],
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
    )
    return page, error.status if error else 200


def _strata(found: Opened) -> list[tuple[str, int, list[tuple[str, str]]]]:
    """Each stratum in words, how many it held, and what was drawn in order: id and today's name."""
    types = house().registry.vocabulary.site_types
    return [
        (
            by_locale(types[stratum].name_zh, types[stratum].name_en) if stratum in types else stratum,
            len(found.frame[stratum]),
            [(site, found.names.get(site, "")) for site in ids],
        )
        for stratum, ids in found.drawn.items()
    ]
