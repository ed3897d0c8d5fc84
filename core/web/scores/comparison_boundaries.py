"""Uploading the outlines of the districts (上传区县边界): a GeoJSON file, taken whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from core import request as asked
from core.errors import Fault, InvalidInput, TooLarge
from core.figures.boundaries import BIGGEST, PROPERTIES, keep_boundaries, read_boundaries, unknown_codes
from core.request import actor, db, now, require
from core.web.errors import say
from core.work.roles import ADMINISTER, COMPARE

blueprint = Blueprint("comparison_boundaries", __name__, url_prefix="/c/<slug>/comparison/map/boundaries")
blueprint.before_request(asked.enter_city)

SHOWN = 200  # faults and codes on the page (ours)


def _page(said: str = "", faults: Sequence[Fault] = (), status: int = 200) -> tuple[str, int]:
    kept = read_boundaries(db())
    unknown = unknown_codes(db(), kept.outlines)
    page = render_template(
        "comparison/boundaries.html",
        kept=kept,
        unknown=unknown[:SHOWN],
        strangers=len(unknown),
        said=said,
        faults=faults[:SHOWN],
        bad=len(faults),
        shorten=lambda text, params: gettext(text).format(**params) if params else gettext(text),
        most=BIGGEST // 1024 // 1024,
        properties=PROPERTIES,
        may_compare=actor().has(COMPARE),
    )
    return page, status


@blueprint.get("")
@require(ADMINISTER)
def show() -> tuple[str, int]:
    """What is shown now, which of its codes nobody here has, and the form for another file."""
    return _page()


@blueprint.post("")
@require(ADMINISTER)
def upload() -> Response | tuple[str, int]:
    """Keep another file; every fault is named by feature and property."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(gettext("请选择一个 .geojson 或 .json 文件"), status=422)
    name = file.filename[-120:].replace("\x00", "")
    try:
        kept = keep_boundaries(db(), actor(), file.stream.read(BIGGEST + 1), name, now=now())
    except (InvalidInput, TooLarge) as error:
        return _page(say(error), error.faults, error.status)
    flash(gettext("已保存 %(n)s 个区县的边界", n=len(kept.outlines)))
    return redirect(url_for("comparison_boundaries.show"), 303)
