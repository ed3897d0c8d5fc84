"""Sums of patrol shifts on the page and as CSV (巡查汇总): by unit, person, day or month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, request
from flask_babel import gettext

from core.errors import N_
from core.request import actor, db, today
from core.web.exports import stream_csv
from core.web.paging import bad_argument
from core.work.intake.patrol_sums import SUMS, UNIT, sum_patrols
from core.work.intake.patrols import PatrolFilter
from tenants.scope import ScopedSession

MOST_SUMS = 100
HEAD = {"unit": N_("单位"), "person": N_("人员"), "day": N_("日期"), "month": N_("月份")}


def read_by() -> str:
    """What the address adds up by. Raises InvalidInput."""
    said = request.args.get("by", "") or UNIT
    if said not in SUMS:
        raise bad_argument("by", said)
    return said


def sums_of(wanted: PatrolFilter) -> dict[str, Any]:
    """What the panel of sums shows."""
    by = read_by()
    lines = sum_patrols(db(), actor(), wanted, by=by, on=today(), limit=MOST_SUMS + 1)
    return {
        "by": by,
        "sums": lines[:MOST_SUMS],
        "sums_more": len(lines) > MOST_SUMS,
        "sum_tabs": SUMS,
        "sum_head": HEAD[by],
    }


def export_sums(wanted: PatrolFilter) -> Response:
    """The same sums, all of them, as CSV."""
    by, who, on = read_by(), actor(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for line in sum_patrols(session, who, wanted, by=by, on=on):
            yield line.title, line.shifts, line.fixed, line.passed_on, line.fixed + line.passed_on

    head = (HEAD[by], N_("班次数"), N_("当场处置"), N_("转交"), N_("问题合计"))
    return stream_csv(f"patrol-sums-{by}-{on.isoformat()}.csv", [gettext(text) for text in head], rows)
