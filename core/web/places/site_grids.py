"""A site's grids (点位的网格): one for each partition; shown on the site's page, changed by who keeps the sites."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import NotFound
from core.request import actor, db, require, tenant, today
from core.web.duties.people import indented
from core.web.paging import read_id
from core.work.organisation.grids import end_grid, grids_of, partitions, set_grid
from core.work.organisation.units import tree
from core.work.roles import KEEP_SITES

blueprint = Blueprint("site_grids", __name__, url_prefix="/t/<slug>/sites/<uuid:site_id>/grids")

GRIDS = frozenset({"grid", "community", "village"})


@blueprint.before_request
def enter() -> None:
    """Only districts keep sites."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def read_site_grids(site_id: UUID, *, options: bool) -> dict[str, Any]:
    """What the section of the site's page shows: its grids today, and for keepers what may be chosen."""
    found: dict[str, Any] = {"rows": grids_of(db(), site_id, today()), "partitions": [], "units": []}
    if options:
        nodes = [node for node in tree(db(), today()) if node.kind in GRIDS]
        found["units"] = [(str(node.id), indented(node)) for node in nodes]
        found["partitions"] = partitions(db())
    return found


@blueprint.app_context_processor
def offer() -> dict[str, Any]:
    """Let the section read its own rows."""
    return {"read_site_grids": read_site_grids}


@blueprint.post("")
@require(KEEP_SITES)
def put(site_id: UUID) -> AnyResponse:
    """Let the site lie in a grid from today on."""
    unit = read_id(request.form.get("unit", ""), "unit")
    row = set_grid(db(), actor(), site_id, partition=request.form.get("partition", ""), unit_id=unit, today=today())
    flash(gettext("“%(what)s”的网格今天起已更新", what=row.partition))
    return redirect(url_for("sites.show", site_id=site_id) + "#grids", 303)


@blueprint.post("/end")
@require(KEEP_SITES)
def end(site_id: UUID) -> AnyResponse:
    """Let the site lie in no grid of a partition from today on."""
    said = request.form.get("partition", "")
    end_grid(db(), actor(), site_id, partition=said, today=today())
    flash(gettext("今天起不再划在“%(what)s”的网格里", what=said))
    return redirect(url_for("sites.show", site_id=site_id) + "#grids", 303)
