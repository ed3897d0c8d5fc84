"""Districts outside the installation (系统外区县) over the API: what was imported, and importing a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Flag, Id, Length, ListOf, Moment, Number, Part, PeriodKey, Text, Whole
from core.api.problems import WrongMedia
from core.api.replies import ListQuery, a_moment, cursor_of, hundredths, once, read_cursor, reply_list
from core.api.rooms import READING, WRITING, Room
from core.errors import N_, InvalidInput
from core.figures.outside import import_outside, read_outside, refuse_empty, share_of
from core.figures.outside_list import OutsideRow, Wanted, figures_of, list_outside, place_of
from core.figures.outside_tables import OutsideFigure
from core.figures.periods import Period
from core.work.roles import COMPARE

room = Room(
    "outside", __name__, description="Figures of districts that do not use this system (系统外区县).", city=True
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {XLSX: "xlsx", "text/csv": "csv"}
BOOK = {"type": "string", "format": "binary"}


class OutsideFigureShape(Body):
    """One indicator of an import (外部导入指标), as the paper has it."""

    code = Text(required=True)
    name = Text(required=True)
    numerator = Number(required=True, allow_none=True)
    denominator = Number(required=True, allow_none=True)
    value = Number(required=True, allow_none=True)
    unit = Text(required=True)


class OutsideShape(Body):
    """One district's totals of a period (外部导入); ``counts`` is false when a later import took its place."""

    id = Id(required=True)
    campaign = Text(required=True)
    period = PeriodKey(required=True)
    district_name = Text(required=True)
    edition = Text(required=True)
    version = Whole(required=True, metadata={"description": "the how manieth import of this district and period"})
    counts = Flag(required=True)
    percent = Number(required=True, allow_none=True)
    earned = Number(required=True)
    assessed = Number(required=True)
    total = Number(required=True)
    visits = Whole(required=True)
    sites = Whole(required=True)
    source = Text(required=True)
    file_name = Text(required=True)
    imported_by = Text(required=True)
    imported_at = Moment(required=True)
    figures = ListOf(Part(OutsideFigureShape), required=True, allow_none=True)


class OutsideList(Body):
    """Imports (外部导入清单)."""

    items = ListOf(Part(OutsideShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class OutsideQuery(ListQuery):
    """Which imports (导入筛选); the latest first."""

    campaign = Text(load_default="", validate=Length(max=60))
    period = PeriodKey(load_default=None)
    q = Text(load_default="", validate=Length(max=60), metadata={"description": "part of the district's name"})
    counting = Flag(load_default=False, metadata={"description": "without those whose place a later one took"})
    figures = Flag(load_default=False, metadata={"description": "with the indicators of each"})


class ImportShape(Body):
    """What an import did (导入结果), in districts and periods; ``ignored`` are sheets and columns that were left out."""

    created = Whole(required=True)
    replaced = Whole(required=True)
    unchanged = Whole(required=True)
    ignored = ListOf(Text(), required=True)


@room.get("/comparison/outside")
@asked.require(COMPARE)
@room.arguments(OutsideQuery, location="query")
@room.response(200, OutsideList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List what was imported of districts outside the installation, the latest first"""
    wanted = Wanted(query["campaign"], query["period"], query["q"], replaced=not query["counting"])
    size = query["page_size"]
    after: Any = read_cursor(query["cursor"], [a_moment, UUID])
    rows = list_outside(asked.db(), asked.actor(), wanted, limit=size + 1, after=after)
    page = rows[:size]
    figures = figures_of(asked.db(), page) if query["figures"] else None
    said = [shape_outside(one, None if figures is None else figures.get(one.publication.id, ())) for one in page]
    return reply_list(said, cursor_of(*place_of(page[-1])) if len(rows) > size else None)


@room.post("/comparison/outside")
@asked.require(COMPARE)
@room.doc(
    parameters=[REPEATABLE],
    requestBody={"required": True, "content": {kind: {"schema": BOOK} for kind in ENDINGS}},
)
@room.response(201, ImportShape)
@room.refuses(*WRITING)
def import_one() -> Response:
    """Import a workbook or CSV, sent as the body itself: all of it, or with one fault nothing

    A district and period again is a new version, which takes the old one's place; equal ones change nothing. Each fault
    names sheet, row, column, value and remedy. A repetition with the same Idempotency-Key gets the first answer.
    """
    ending = ENDINGS.get(request.mimetype)
    if ending is None:
        raise WrongMedia(N_("请发送 .xlsx 或 .csv 文件本身，并写明 Content-Type"))
    data = request.get_data(cache=True)

    def run() -> tuple[int, Any]:
        book = read_outside(data, f"api.{ending}")
        campaigns = asked.house().registry.campaigns.values()
        report = import_outside(asked.db(), asked.actor(), book, campaigns, now=asked.now())
        if not report.written:
            raise InvalidInput(faults=report.faults)
        refuse_empty(report)
        return 201, ImportShape.pick(report) | {"ignored": list(report.ignored)}

    return once(run)


def shape_outside(row: OutsideRow, figures: Sequence[OutsideFigure] | None) -> dict[str, Any]:
    """An import as JSON; the indicators are null where they were not asked for."""
    one = row.publication
    period = Period(one.period_kind, one.period_start, one.period_end)
    points = {name: hundredths(getattr(one, name)) for name in ("earned", "assessed", "total")}
    same = OutsideShape.names() - {"period", "counts", "percent", "figures", *points}
    said = {name: getattr(one, name) for name in same} | points
    said |= {"period": period.key, "counts": row.counts, "percent": share_of(one)}
    return OutsideShape.arrange(
        said | {"figures": None if figures is None else [OutsideFigureShape.pick(f) for f in figures]}
    )
