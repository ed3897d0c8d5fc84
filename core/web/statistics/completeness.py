"""How complete and timely the statistics are (完整率): by unit and period, what is missing by name, and the same as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core.errors import N_
from core.periods import Period, containing, last_periods
from core.request import actor, db, require, today
from core.web import district
from core.web.exports import stream_csv
from core.web.scores.periods import say_period
from core.web.statistics.statistic_words import owner_options, query_of, read_asked, tables
from core.web.workbook_answers import send_xlsx
from core.work.roles import SEE
from core.work.statistics.completeness import completeness, missing_rows, whole
from core.work.statistics.grid import Asked, pairs_of
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("statistic_completeness", __name__, url_prefix="/t/<slug>/statistics/completeness")
blueprint.before_request(district.enter)

SHOWN = 20
OFFERED = {"year": 3, "quarter": 6, "month": 12}
HEAD = (
    *(N_("填报单位"), N_("周期"), N_("应报"), N_("按时"), N_("迟报"), N_("缺报")),
    *(N_("还在期限内"), N_("已锁定")),
)


def _span(asked: Asked) -> Period:
    """The days within which periods end: those of the chosen period, by default this year's."""
    return asked.period or containing("year", today())


def _all_kinds(asked: Asked) -> Asked:
    """The same without the period, which here is a span of days and no frequency."""
    return replace(asked, period=None)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """Units by periods, and what is missing."""
    asked = read_asked()
    span, rest = _span(asked), _all_kinds(asked)
    standings = completeness(db(), actor(), span.start, span.end, today=today(), asked=rest)
    missing = missing_rows(db(), actor(), span.start, span.end, today=today(), asked=rest)
    offered = [one for kind, count in OFFERED.items() for one in reversed(last_periods(kind, today(), count))]
    pairs = pairs_of(db(), actor(), Asked(), today=today())
    return render_template(
        "statistics/completeness.html",
        asked=asked,
        query=query_of(asked),
        span=span,
        standings=standings,
        tally=whole(standings),
        missing=missing[:SHOWN],
        lacking=len(missing),
        periods=[(one.key, say_period(one)) for one in ([span] if span not in offered else []) + offered],
        owners=owner_options(pair.statistic.owner_unit_id for pair in pairs),
        any_pairs=bool(pairs),
        **tables(),
    )


@blueprint.get("/completeness.csv")
@require(SEE)
def export_csv() -> Response:
    """The table as CSV."""
    return stream_csv(
        f"completeness-{today()}.csv", [gettext(t) for t in HEAD], _reader(read_asked(), actor(), today())
    )


@blueprint.get("/completeness.xlsx")
@require(SEE)
def export_xlsx() -> Response:
    """The table as a workbook."""
    head = [gettext(title) for title in HEAD]
    reader = _reader(read_asked(), actor(), today())
    return send_xlsx(f"completeness-{today()}.xlsx", gettext("完整率"), head, reader)


def _reader(asked: Asked, who: Actor, day: date) -> Callable[[ScopedSession], Iterator[Sequence[object]]]:
    span = _span(asked)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in completeness(session, who, span.start, span.end, today=day, asked=_all_kinds(asked)):
            tally = one.tally
            counts = (tally.due, tally.on_time, tally.late, tally.missing, tally.waiting, tally.locked)
            yield (one.owner, one.period.key, *counts)

    return rows
