"""Reports (报告) over the API: one for each of the district's own publications, as a Word document."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Id, ListOf, Moment, Part, Text, Whole
from core.api.forms import in_force, one_in_force
from core.api.replies import ListQuery, cut_list, here
from core.api.rooms import READING, Room
from core.documents.monthly import monthly_report
from core.documents.word import WORD_TYPE, file_name, render_docx, sealed_edition
from core.errors import NotFound
from core.figures import shelf
from core.figures.tables import Publication
from core.work.roles import SEE

BINARY = {"type": "string", "format": "binary"}
room = Room("reports", __name__, description="Reports (报告), each made from one sealed publication alone.")


class ReportShape(Body):
    """A report that can be had (报告); its id is the publication's."""

    id = Id(required=True)
    campaign = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    edition = Text(required=True)
    period = Text(required=True)
    period_start = Day(required=True)
    period_end = Day(required=True)
    cut_off = Moment(required=True)
    sequence = Whole(required=True)
    sha256 = Text(required=True)
    published_at = Moment(required=True)
    word = Text(required=True, metadata={"description": "where the Word document lies"})


class ReportList(Body):
    """Reports, the newest first (报告列表)."""

    items = ListOf(Part(ReportShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class ReportQuery(ListQuery):
    """Which reports (报告筛选)."""

    campaign = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})


@room.get("/reports")
@asked.require(SEE)
@room.arguments(ReportQuery, location="query")
@room.response(200, ReportList)
@room.refuses(*READING)
def list_reports(query: dict[str, Any]) -> Response:
    """List the reports of the campaigns in force, the newest first"""
    wanted = query["campaign"]
    running = {one.key: one for one in in_force() if not wanted or one.key in wanted}
    rows = [row for row in shelf.own_publications(asked.db()) if row.campaign in running]
    return cut_list(
        [row for row in rows if sealed_edition(asked.db(), running[row.campaign], row)], query, shape_report
    )


@room.get("/reports/<uuid:report_id>.docx")
@asked.require(SEE)
@room.response(200, BINARY, content_type=WORD_TYPE)
@room.refuses(401, 403, 404)
def get_word(report_id: UUID) -> Response:
    """Show a report as a Word document; its numbers are those of the publication"""
    row = shelf.find_publication(asked.db(), report_id)
    campaign = one_in_force(row.campaign)
    edition = sealed_edition(asked.db(), campaign, row)
    if edition is None:
        raise NotFound
    data = monthly_report(asked.db(), row, edition)
    made = Response(render_docx(campaign, edition, data), content_type=WORD_TYPE)
    made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name(data))}"
    return made


def shape_report(row: Publication) -> dict[str, Any]:
    """A report as JSON."""
    computed = {"period": shelf.period_of(row).key, "word": here("reports", f"{row.id}.docx")}
    return {name: getattr(row, name) for name in ReportShape.names() - computed.keys()} | computed
