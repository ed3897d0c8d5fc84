"""A site's grids (点位的网格): one for each partition; shown on the site's page, changed by who keeps the sites."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import InvalidInput, NotFound
from core.request import actor, db, require, tenant, today
from core.web.duties.people import indented
from core.web.errors import say_fault
from core.web.paging import read_id
from core.web.words import counted
from core.work.organisation.grids import end_grid, grids_of, partitions, set_grid, set_grids
from core.work.organisation.units import tree
from core.work.roles import KEEP_SITES

blueprint = Blueprint("site_grids", __name__, url_prefix="/t/<slug>/sites/<uuid:site_id>/grids")
many = Blueprint("grid_bulk", __name__, url_prefix="/t/<slug>/sites/grids")

GRIDS = frozenset({"grid", "community", "village"})


@blueprint.before_request
@many.before_request
def enter() -> None:
    """Only districts keep sites."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def read_site_grids(site_id: UUID, *, options: bool, on: date | None = None) -> dict[str, Any]:
    """What the section of the site's page shows: its grids on a day, and for keepers what may be chosen."""
    found: dict[str, Any] = {"rows": grids_of(db(), site_id, on or today()), "partitions": [], "units": []}
    return found | grid_form() if options else found


def grid_form() -> dict[str, Any]:
    """What a form that puts sites into a grid offers: the partitions in use, and the units that may be grids."""
    nodes = [node for node in tree(db(), today()) if node.kind in GRIDS]
    return {"partitions": partitions(db()), "units": [(str(node.id), indented(node)) for node in nodes]}


@many.post("")
@require(KEEP_SITES)
def put_many() -> AnyResponse:
    """Let the ticked sites of the list lie in a grid from today on: all of them, or none when one is refused."""
    form = request.form
    sites = [read_id(one, "site") for one in form.getlist("site")]
    wish = {"partition": form.get("partition", ""), "unit_id": read_id(form.get("unit", ""), "unit")}
    back = url_for("sites.show_list", **dict(parse_qsl(form.get("query", "").lstrip("?"))))
    try:
        count = set_grids(db(), actor(), sites, today=today(), **wish)
    except InvalidInput as error:
        db().rollback()
        flash(gettext("；").join(say_fault(fault) for fault in error.faults), "error")
        return redirect(back, 303)
    flash(counted("已把 %(n)s 个点位划入网格，今天起生效", n=count))
    return redirect(back, 303)


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
