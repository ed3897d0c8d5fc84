"""What each unit carries and has earned (单位责任分): leagues by kind of unit, one unit explained down to the clause, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.campaigns import Campaign
from core.campaigns.arithmetic import half_up
from core.errors import N_, NotFound
from core.figures.task_figures.unit_points import Board, UnitPoints, unit_points
from core.request import actor, db, require, tenant, today
from core.web import district
from core.web.running import running, running_one, title_of
from core.web.scores.figure_words import say_points
from core.web.scores.periods import Choice, read_dated_period
from core.web.splits.split_words import tables
from core.web.table_files import send_table
from core.web.words import by_locale, say_kind
from core.work.roles import SEE
from core.work.splits.points import say_hundredths
from core.work.splits.reading import list_splits
from core.work.splits.states import ROLES
from tenants.scope import ScopedSession

blueprint = Blueprint("split_points", __name__, url_prefix="/t/<slug>/splits/points")
blueprint.before_request(district.enter)

HEAD = (N_("周期"), N_("创建项目"), N_("单位类型"), N_("单位"), N_("名次"), N_("占已评估分%"), N_("占承担总分%"))
TAIL = (N_("覆盖率%"), N_("得分"), N_("已评估分"), N_("承担分值"), N_("已评条数"), N_("承担条数"))
PIECES = (
    N_("单位"),
    N_("编号"),
    N_("内容"),
    N_("分工"),
    N_("分值"),
    N_("指标得分"),
    N_("指标满分"),
    N_("得分"),
    N_("说明"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for (条件)."""

    campaign: Campaign | None
    choice: Choice

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        return {"campaign": self.campaign.key if self.campaign else ""} | self.choice.query


def read_asked() -> Asked:
    """The campaign and period of this address. Without a campaign the first one that has a table. Raises InvalidInput, NotFound."""
    choice, wanted = read_dated_period(), request.args.get("campaign", "")[:60]
    start = choice.period.start
    if wanted:
        return Asked(running_one(wanted, start), choice)
    campaigns = running(start)
    split = {one.campaign for one in list_splits(db(), actor(), today(), campaigns=[one.key for one in campaigns])}
    first = next((one for one in campaigns if one.key in split), campaigns[0] if campaigns else None)
    return Asked(first, choice)


def read_board(session: ScopedSession, wanted: Asked) -> Board:
    """The leagues that an address asks for, as the reader may see them."""
    campaign, choice = wanted.campaign, wanted.choice
    if campaign is None:
        return Board(None, {})
    return unit_points(session, actor(), campaign, campaign.edition, choice.period, cut_off=choice.cut_off)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The leagues of a campaign and period."""
    wanted = read_asked()
    return render_template(
        "splits/points.html",
        wanted=wanted,
        choice=wanted.choice,
        campaigns=[(one.key, title_of(one)) for one in running()],
        board=read_board(db(), wanted),
        say_points=say_points,
        say_kind=say_kind,
        **tables(),
    )


@blueprint.get("/<uuid:unit_id>")
@require(SEE)
def one(unit_id: UUID) -> str:
    """One unit's points, clause by clause."""
    wanted = read_asked()
    if wanted.campaign is None:
        raise NotFound
    board = read_board(db(), wanted)
    return render_template(
        "splits/points_unit.html",
        wanted=wanted,
        choice=wanted.choice,
        split=board.split,
        row=board.unit(unit_id),
        titles={one.code: by_locale(one.name_zh, one.name_en) for one in wanted.campaign.edition.indicators},
        say_points=say_points,
        say_kind=say_kind,
        by_locale=by_locale,
        half_up=half_up,
        **tables(),
    )


def cells_of(row: UnitPoints) -> Sequence[object]:
    """A unit's cells from its kind on; what is missing stays empty."""
    shares = (row.percent_of_assessed, row.percent_of_all, row.coverage)
    return (
        say_kind(row.unit.kind),
        row.unit.name,
        row.rank,
        *shares,
        row.earned,
        row.assessed,
        row.carried,
        row.n,
        row.of,
    )


@blueprint.get("/points.csv", endpoint="export_csv")
@blueprint.get("/points.xlsx", endpoint="export_xlsx")
@require(SEE)
def export() -> Response:
    """The leagues as a file."""
    wanted = read_asked()
    key, title = wanted.choice.period.key, title_of(wanted.campaign) if wanted.campaign else ""

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for league in read_board(session, wanted).leagues.values():
            for row in league:
                yield (key, title, *cells_of(row))

    name = f"split-points-{tenant().slug}-{wanted.query['campaign']}-{key}"
    return send_table(name, gettext("单位责任分"), [gettext(text) for text in HEAD + TAIL], rows)


@blueprint.get("/pieces.csv", endpoint="export_pieces_csv")
@blueprint.get("/pieces.xlsx", endpoint="export_pieces_xlsx")
@require(SEE)
def export_pieces() -> Response:
    """Every share behind the leagues as a file."""
    wanted = read_asked()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for league in read_board(session, wanted).leagues.values():
            for row in league:
                yield from _pieces(row)

    name = f"split-pieces-{tenant().slug}-{wanted.query['campaign']}-{wanted.choice.period.key}"
    return send_table(name, gettext("责任分明细"), [gettext(text) for text in PIECES], rows)


def _pieces(row: UnitPoints) -> Iterator[Sequence[object]]:
    for piece in row.pieces:
        figure, share = piece.figure, piece.share
        why = piece.why and gettext(piece.why)
        if figure is not None and piece.rate is None:
            why = by_locale(figure.reason_zh, figure.reason_en)
        pair = (figure.earned, figure.possible) if figure is not None else (None, None)
        earned = None if piece.earned is None else half_up(piece.earned)
        begin = (row.unit.name, piece.line.row.code, piece.line.row.title, gettext(ROLES[share.role]))
        yield (*begin, say_hundredths(share.points), *pair, earned, why)
