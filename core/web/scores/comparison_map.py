"""The districts on a map (区县地图): by the outlines that the bureau uploaded; as tiles those of whom it has none.

No map of third parties comes with the product: without an upload everybody is a tile (示意图), in the order of the division codes,
which shows no place. Each is coloured by a share and carries it as a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.boards import UNRANKED, Board, Spot, as_percent
from core.figures.boundaries import Boundaries, read_boundaries
from core.figures.comparison import read_rows
from core.figures.matrices import Heading, read_headings, read_shares
from core.figures.outlines import Outline
from core.request import actor, db, require, tenant
from core.web.scores.comparison_asked import Asked, read_asked
from core.web.scores.comparison_land import FONTS, SPACING, WIDTH, Land, lay_out
from core.web.scores.comparison_matrix import STEPS, tone_of
from core.web.scores.comparison_shown import read_filtered, read_filters, read_shown
from core.web.scores.figure_words import say_points
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.roles import ADMINISTER, COMPARE
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_map", __name__, url_prefix="/c/<slug>/comparison/map")
blueprint.before_request(asked.enter_city)

PAGE = 300  # tiles on one page (ours): they stand for no list that is read through
HEADER = (N_("区县"), N_("区县代号"), N_("指标"), N_("占满分%"), N_("名次"), N_("版本"), N_("封签"))


@dataclass(frozen=True, slots=True)
class Tile:
    """One district on the map (图块): its share of what is shown; None is not assessed, not sent or not published."""

    spot: Spot
    share: Decimal | None

    @property
    def tone(self) -> str:
        """The class that colours it."""
        return tone_of(self.share)


@dataclass(frozen=True, slots=True)
class Chart:
    """The tiles with what they may show (示意图): the total, or one heading, by its code."""

    tiles: tuple[Tile, ...]
    headings: tuple[Heading, ...]
    code: str

    @property
    def editions(self) -> set[str]:
        """The editions that scored what is shown."""
        return {one.spot.sent.edition for one in self.tiles if one.spot.sent}


def read_chart(session: ScopedSession, wanted: Asked, board: Board, spots: Sequence[Spot], code: str) -> Chart:
    """Some tiles in the order of the codes: the share of the total, or of one heading. Raises NotFound for an unknown one."""
    ordered = sorted(spots, key=lambda one: (one.slug, one.tenant_id))
    headings = read_headings(session, board)
    if not code:
        return Chart(tuple(Tile(one, as_percent(one.share)) for one in ordered), headings, code)
    if code not in {one.code for one in headings}:
        raise NotFound
    shares = read_shares(session, wanted.choice.period, code)
    tiles = (Tile(one, shares.get(one.sent.publication_id) if one.sent else None) for one in ordered)
    return Chart(tuple(tiles), headings, code)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The districts that have an outline (地图上的区县), all of them whatever the page of the tiles, and the map they are on."""

    land: Land
    patches: tuple[tuple[Tile, Outline], ...]


def draw(kept: Boundaries, tiles: Sequence[Tile]) -> tuple[Drawn | None, list[Tile]]:
    """The tiles that can stand on the map, and the others; no map where there are no outlines."""
    if not kept.outlines:
        return None, list(tiles)
    coded = [(one, kept.code_of(one.spot.slug, one.spot.code)) for one in tiles]
    placed = [(one, code) for one, code in coded if code]
    land = lay_out(kept, [code for _, code in placed])
    return Drawn(land, tuple((one, kept.outlines[code]) for one, code in placed)), [
        one for one, code in coded if not code
    ]


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """The map, and a tile for each district without an outline, with the share as a text; the page needs no script."""
    wanted, kept = read_asked(), read_boundaries(db())
    board, shown = read_shown(wanted, PAGE, only=lambda one: not kept.code_of(one.slug, one.code), by_code=True)
    placed = [one for one in board.spots if kept.code_of(one.slug, one.code) and shown.filters.lets(one)]
    chart = read_chart(db(), wanted, board, [*placed, *shown.rows], request.args.get("heading", ""))
    drawn, tiles = draw(kept, chart.tiles)
    return render_template(
        "comparison/map.html",
        wanted=wanted,
        shown=shown,
        filtered={**wanted.query, **shown.filters.query},
        choice=wanted.choice,
        chart=chart,
        drawn=drawn,
        tiles=tiles,
        kept=kept,
        fonts=FONTS,
        spacing=SPACING,
        width=WIDTH,
        may_keep=actor().has(ADMINISTER),
        tenths=range(STEPS),
        unranked=UNRANKED,
        say_points=say_points,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """The numbers of the tiles as a table."""
    wanted, filters, code = read_asked(), read_filters(), request.args.get("heading", "")

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        board, spots = read_filtered(session, wanted, filters)
        rows_of = read_rows(session, board, spots, wanted.own_titles)
        seals = {row.tenant_id: (row.edition, row.seal) for row in rows_of}
        for one in read_chart(session, wanted, board, spots, code).tiles:
            spot = one.spot
            yield (spot.name, spot.slug, code, one.share, spot.rank, *seals[spot.tenant_id])

    name = f"map-{tenant().slug}-{wanted.stem}"
    return send_table(name, gettext("区县示意图"), [gettext(word) for word in HEADER], rows)
