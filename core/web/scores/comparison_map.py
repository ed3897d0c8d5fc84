"""The districts as tiles (区县示意图): one a district, coloured by a share and carrying it as a text; no boundaries of land.

No map of third parties is kept here: the tiles stand in the order of the division codes and show no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.comparison import UNRANKED, ComparisonRow
from core.figures.matrices import MatrixRow, matrix
from core.request import actor, db, require, tenant
from core.web.scores.comparison_asked import Asked, read_asked, send_table
from core.web.scores.comparison_matrix import STEPS, tone_of
from core.web.scores.figure_words import say_points
from core.web.words import by_locale
from core.work.roles import COMPARE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_map", __name__, url_prefix="/c/<slug>/comparison/map")
blueprint.before_request(asked.enter_city)

HEADER = (N_("区县"), N_("区县代号"), N_("指标"), N_("占满分%"), N_("名次"), N_("版本"), N_("封签"))


@dataclass(frozen=True, slots=True)
class Tile:
    """One district on the map (图块): its share of what is shown; None is not assessed, not sent or not published."""

    row: ComparisonRow
    share: Decimal | None

    @property
    def tone(self) -> str:
        """The class that colours it."""
        return tone_of(self.share)


@dataclass(frozen=True, slots=True)
class Chart:
    """The tiles with what they may show (示意图): the total, or one heading, by its code."""

    tiles: tuple[Tile, ...]
    headings: tuple[MatrixRow, ...]
    code: str

    @property
    def editions(self) -> set[str]:
        """The editions that scored what is shown."""
        return {one.row.edition for one in self.tiles if one.row.publication_id}


def read_chart(session: ScopedSession, who: Actor, wanted: Asked, code: str) -> Chart:
    """The tiles in the order of the codes: the share of the total, or of one heading. Raises NotFound for an unknown one."""
    found = matrix(session, who, wanted.campaign, wanted.choice.period, "category")
    ordered = sorted(found.columns, key=lambda one: (one.district_slug, one.tenant_id))
    if not code:
        return Chart(tuple(Tile(one, one.percent) for one in ordered), found.rows, code)
    chosen = next((row for row in found.rows if row.code == code), None)
    if chosen is None:
        raise NotFound
    cells = chosen.cells
    tiles = (Tile(one, cells[one.tenant_id].percent if one.tenant_id in cells else None) for one in ordered)
    return Chart(tuple(tiles), found.rows, code)


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """One tile a district, with its share as a text; the page needs no script."""
    wanted = read_asked()
    chart = read_chart(db(), actor(), wanted, request.args.get("heading", ""))
    return render_template(
        "comparison/map.html",
        wanted=wanted,
        choice=wanted.choice,
        chart=chart,
        tenths=range(STEPS),
        unranked=UNRANKED,
        say_points=say_points,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@require(COMPARE)
def export() -> Response:
    """The numbers of the tiles as a table."""
    return _file("csv")


@blueprint.get("/export.xlsx")
@require(COMPARE)
def export_book() -> Response:
    """The same as a workbook."""
    return _file("xlsx")


def _file(ending: str) -> Response:
    wanted, who, code = read_asked(), actor(), request.args.get("heading", "")

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in read_chart(session, who, wanted, code).tiles:
            row = one.row
            yield (row.district_name, row.district_slug, code, one.share, row.rank, row.edition, row.seal)

    name = f"map-{tenant().slug}-{wanted.stem}"
    return send_table(name, gettext("区县示意图"), [gettext(word) for word in HEADER], ending, rows)
