"""The districts by city or province (按市、按省汇总): how many published, the middle, the best and the worst of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.boards import as_percent, read_board
from core.figures.by_territory import DIGITS, METHOD_ZH, LeaguePart, Territory, group
from core.request import db, require, tenant
from core.web.scores.comparison_asked import read_asked
from core.web.scores.figure_words import say_points
from core.web.table_files import send_table
from core.work.roles import COMPARE
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_territory", __name__, url_prefix="/c/<slug>/comparison/territories")

HEADER = (
    *(N_("地区代码"), N_("地区"), N_("授权或发布过的区县"), N_("已发布"), N_("已评估%"), N_("版本"), N_("演示数据"), N_("参加排名")),
    *(N_("中位%"), N_("最好的区县"), N_("最好%"), N_("最好的名次"), N_("最差的区县"), N_("最差%"), N_("最差的名次")),
)  # fmt: skip


@blueprint.before_request
def enter() -> None:
    """Only provinces and the nation have districts of several territories."""
    asked.enter_city()
    if tenant().kind not in DIGITS:
        raise NotFound


def lines_of(territories: Sequence[Territory]) -> list[tuple[Territory, LeaguePart | None]]:
    """One line for each territory and league; a territory where nobody is ranked has one line."""
    return [(one, part) for one in territories for part in (one.leagues or (None,))]


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """The territories of one campaign and period, each leading to its part of the league table."""
    wanted = read_asked()
    board = read_board(db(), wanted.campaign, wanted.choice.period)
    lines = lines_of(group(db(), board, DIGITS[tenant().kind]))
    return render_template(
        "comparison/territories.html",
        wanted=wanted,
        choice=wanted.choice,
        lines=lines,
        several=len({(part.edition, part.is_demo) for _, part in lines if part}) > 1,
        method=[gettext(METHOD_ZH)],
        as_percent=as_percent,
        say_points=say_points,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """The same as CSV."""
    wanted, digits, said = read_asked(), DIGITS[tenant().kind], (gettext("否"), gettext("是"))

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        board = read_board(session, wanted.campaign, wanted.choice.period)
        for one, part in lines_of(group(session, board, digits)):
            place = (one.code, one.name or gettext("没有区划代码"), one.known, one.published, one.assessed)
            if part is None:
                yield (*place, *[""] * 10)
                continue
            ends = [cell for end in (part.best, part.worst) for cell in (end.name, as_percent(end.share), end.rank)]
            yield (*place, part.edition, said[part.is_demo], part.ranked, part.median, *ends)

    name = f"territories-{tenant().slug}-{wanted.stem}"
    return send_table(name, gettext("按地区汇总"), [gettext(word) for word in HEADER], rows)
