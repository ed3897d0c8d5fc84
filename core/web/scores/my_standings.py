"""A district's own standing (上级公布的名次): every issue of each bureau above it, exactly as published, with its seal recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core.errors import N_
from core.figures.comparison import UNRANKED
from core.figures.issued_standings import received_standings, verify_standings
from core.figures.periods import Period
from core.figures.tables import Standing
from core.request import db, require, tenant
from core.settings import ZONE
from core.web.scores.figure_words import say_points
from core.web.scores.periods import say_period
from core.web.scores.publications import enter
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("my_standings", __name__, url_prefix="/t/<slug>/standings")
blueprint.before_request(enter)


def period_of(one: Standing) -> Period:
    """The period of an issue."""
    return Period(one.period_kind, one.period_start, one.period_end)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """Every standing that a bureau above published, newest first; corrected ones stay."""
    rows = received_standings(db())
    return render_template(
        "standings/mine.html",
        rows=rows,
        breaks=verify_standings(db()),
        corrected=frozenset(one.corrects_sha256 for one in rows),
        unranked=UNRANKED,
        period_of=period_of,
        say_period=say_period,
        say_points=say_points,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export() -> Response:
    """The same as CSV, with the full seals."""
    head = (N_("编号"), N_("创建项目"), N_("周期"), N_("名次"), N_("上期名次"), N_("参加排名"), N_("占已评估分%"))
    tail = (
        N_("区间下限%"),
        N_("区间上限%"),
        N_("最好名次"),
        N_("最差名次"),
        N_("公布时间"),
        N_("封签"),
        N_("更正原因"),
        N_("公布单位"),
    )

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in received_standings(session):
            at = one.issued_at.astimezone(ZONE).isoformat(timespec="seconds")
            place = (one.sequence, by_locale(one.title_zh, one.title_en), period_of(one).key, one.rank)
            told = (one.previous_rank, one.size, one.percent, one.interval_low, one.interval_high, one.best, one.worst)
            yield (*place, *told, at, one.sha256, one.reason, one.city_name)

    return send_table(f"standings-{tenant().slug}", gettext("本区排名"), [gettext(text) for text in head + tail], rows)
