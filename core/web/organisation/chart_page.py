"""The chart to look at and to print (组织架构图), and the tree as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, Response, render_template, request

from core import request as asked
from core.request import db, require, require_any, tenant, today
from core.web.organisation.chart_reading import CHART_READERS, Box, read_boxes
from core.web.paging import bad_argument, read_day
from core.web.words import say_kind
from core.work.organisation.chart_export import ALL, chart_rows, write_workbook
from core.work.organisation.reorganising import TREES
from core.work.organisation.units import UNIT_KINDS
from core.work.roles import SEE

blueprint = Blueprint("chart", __name__, url_prefix="/t/<slug>/units")
blueprint.before_request(asked.enter)

# The office first, then sub-headquarters, groups and areas; streets before departments.
ORDER = ("headquarters", "hq", "guidance_group", "work_group", "area", *UNIT_KINDS)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read_grove(fallback: str) -> str:
    """The tree of this address. Raises InvalidInput."""
    said = request.args.get("tree", "") or fallback
    if said not in (*TREES, ALL):
        raise bad_argument("tree", said)
    return said


def by_kind(boxes: Sequence[Box]) -> list[tuple[str, list[Box]]]:
    """Units beside each other by kind, as papers draw them: the office, the groups, the areas."""
    ranked = sorted(boxes, key=lambda box: ORDER.index(box.node.kind) if box.node.kind in ORDER else len(ORDER))
    return [(kind, list(some)) for kind, some in groupby(ranked, key=lambda box: box.node.kind)]


@blueprint.get("/chart")
@require(SEE)
def show() -> str:
    """The chart of one tree as of a day, without the menu, fit for paper."""
    on, people = read_day("on") or today(), request.args.get("people", "1") != "0"
    boxes = {grove: read_boxes(db(), on, grove, people=people) for grove in TREES}
    grove = read_grove("headquarters" if boxes["headquarters"] else "administration")
    return render_template(
        "units/chart.html",
        on=on,
        today=today(),
        people=people,
        grove=grove,
        trees=TREES,
        tops=boxes[grove],
        counts={key: bool(some) for key, some in boxes.items()},
        by_kind=by_kind,
        say_kind=say_kind,
    )


@blueprint.get("/export.xlsx")
@require_any(*sorted(CHART_READERS))
def export() -> Response:
    """The tree as a workbook in the columns of the import."""
    on, grove = read_day("on") or today(), read_grove(ALL)
    answer = Response(write_workbook(chart_rows(db(), on, grove)), content_type=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="units-{tenant().slug}-{on.isoformat()}.xlsx"'
    return answer
