"""Headings or indicators by districts (项目与区县对照) as one table, and a single sealed figure with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.comparison import ComparisonRow, read_rows
from core.figures.grants import DETAILS
from core.figures.matrices import Matrix, matrix_of
from core.figures.shelf import figures_of, find_publication
from core.request import db, require, tenant
from core.web.scores.comparison_asked import find_row, read_asked, read_level
from core.web.scores.comparison_shown import read_filtered, read_filters, read_shown
from core.web.scores.figure_words import say_number, say_points, say_target, say_value
from core.web.scores.grants import SAYS
from core.web.scores.sealed import points_of
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.roles import COMPARE
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_matrix", __name__, url_prefix="/c/<slug>/comparison")
blueprint.before_request(asked.enter_city)

PAGE = 50  # districts of the matrix on one page (ours)
STEPS = 10  # a share is coloured by its tenth
HEADER = (
    *(N_("代码"), N_("名称"), N_("区县"), N_("区县代号"), N_("状态"), N_("分子"), N_("分母"), N_("数值"), N_("单位"), N_("目标")),
    *(N_("得分"), N_("满分"), N_("占满分%"), "n", N_("自查值"), N_("版本"), N_("封签")),
)  # fmt: skip


def tone_of(share: Decimal | None) -> str:
    """The class that colours a share in per cent, 0 to 9; an unassessed one has its own."""
    return "none" if share is None else str(min(int(share) // STEPS, STEPS - 1))


def senders_of(found: Matrix) -> list[ComparisonRow]:
    """The districts that sent something of a matrix, in its order."""
    sent = {tenant_id for row in found.rows for tenant_id in row.cells}
    return [one for one in found.columns if one.tenant_id in sent]


@blueprint.get("/matrix")
@require(COMPARE)
def show() -> str:
    """A page of the districts that published by every heading or indicator; each cell leads to its sealed figure."""
    wanted, level = read_asked(), read_level()
    board, shown = read_shown(wanted, PAGE, only=lambda one: one.sent is not None)
    found = matrix_of(db(), read_rows(db(), board, shown.rows, wanted.own_titles), wanted.choice.period, level)
    columns = senders_of(found)
    return render_template(
        "comparison/matrix.html",
        wanted=wanted,
        choice=wanted.choice,
        level=level,
        shown=shown,
        filtered={**wanted.query, **shown.filters.query},
        found=found,
        columns=columns,
        silent=[one for one in found.columns if one not in columns],
        editions=sorted({one.edition for one in columns}),
        tone_of=tone_of,
        say_points=say_points,
        say_value=say_value,
        by_locale=by_locale,
    )


@blueprint.get("/matrix.csv")
@blueprint.get("/matrix.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """The matrix as a long table: one line a figure and district, with numerator, denominator and seal."""
    wanted, level, filters = read_asked(), read_level(), read_filters()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        board, spots = read_filtered(session, wanted, filters)
        columns = read_rows(session, board, [one for one in spots if one.sent], wanted.own_titles)
        found = matrix_of(session, columns, wanted.choice.period, level)
        senders = senders_of(found)
        for row in found.rows:
            for one in senders:
                if cell := row.cells.get(one.tenant_id):
                    value = (cell.status, cell.numerator, cell.denominator, cell.value, row.unit, row.target)
                    points = (cell.earned, cell.possible, cell.percent, cell.n, cell.self_value)
                    name = by_locale(row.name_zh, row.name_en)
                    place = (one.district_name, one.district_slug)
                    yield (row.code, name, *place, *value, *points, one.edition, one.seal)

    name = f"matrix-{tenant().slug}-{wanted.stem}-{level}"
    return send_table(name, gettext("按项目对照"), [gettext(word) for word in HEADER], rows)


@blueprint.get("/<district>/figures/<code>")
@require(COMPARE)
def show_figure(district: str, code: str) -> str:
    """One sealed figure of a district: numerator, denominator, target, points, and where the grant ends."""
    wanted = read_asked()
    row = find_row(district, wanted)
    if row.publication_id is None:
        raise NotFound
    publication = find_publication(db(), row.publication_id)
    figures = [one for one in figures_of(db(), publication) if one.level in ("category", "indicator")]
    one = next((figure for figure in figures if figure.code == code), None)
    if one is None:
        raise NotFound
    return render_template(
        "comparison/figure.html",
        wanted=wanted,
        choice=wanted.choice,
        row=row,
        one=one,
        heading=next((f for f in figures if f.level == "category" and f.code == one.category), None),
        members=[f for f in figures if f.level == "indicator" and f.category == one.code and one.level == "category"],
        publication=publication,
        withheld=DETAILS[DETAILS.index(publication.detail) + 1 :],
        says=SAYS,
        say_points=say_points,
        say_number=say_number,
        say_value=say_value,
        say_target=say_target,
        points_of=points_of,
        by_locale=by_locale,
    )
