"""The very files of a publication (发布文件): what would leave, before it leaves; what left; its sealed text; rows for a table.

The content file is the same before and after sealing: its SHA-256 is the content hash that the pages print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, request
from flask_babel import gettext

from core.errors import N_, Forbidden, NotFound
from core.figures.periods import Period, parse_period
from core.figures.publishing import preview
from core.figures.seals import FIGURE, FIGURE_2, content_text, seal_text
from core.figures.shelf import figures_of, find_publication, sees_whole
from core.figures.tables import Publication, PublishedFigure
from core.request import actor, db, now, require, require_any, today
from core.web.exports import Rows, stream_csv
from core.web.running import running_one
from core.web.scores.publications import enter
from core.web.workbook_answers import send_xlsx
from core.work.roles import GRANT, PUBLISH, SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("publication_files", __name__, url_prefix="/t/<slug>/publications")
blueprint.before_request(enter)

COLUMNS = FIGURE + FIGURE_2
HUNDREDTHS = frozenset({"earned", "assessed", "possible"})
Pair = tuple[Publication, Sequence[PublishedFigure]]


def read_leaving(session: ScopedSession) -> Pair:
    """The copy that would leave now for the reader of this address; NotFound for one without a grant."""
    campaign, period = running_one(request.args.get("campaign", "")), parse_period(request.args.get("period", ""))
    found = preview(session, actor(), campaign, period, now=now())
    wanted = request.args.get("reader", "")
    copy = next((one for one in found.copies if one.publication.reader_slug == wanted), None)
    if copy is None:
        raise NotFound(N_("没有给这个读者的授权"))
    return copy.publication, copy.figures


def read_sent(publication_id: UUID) -> Callable[[ScopedSession], Pair]:
    """A publication that was sent, whole: only for who may read all of it. Raises Forbidden."""

    def read(session: ScopedSession) -> Pair:
        who = actor()
        if not (who.has(PUBLISH) or who.has(GRANT) or sees_whole(session, who, today())):
            raise Forbidden(N_("发布件的全文只有看得到全区县的人能下载"))
        row = find_publication(session, publication_id)
        return row, figures_of(session, row)

    return read


def send_text(text: str, name: str) -> Response:
    """A canonical text as a file, to the byte."""
    made = Response(text.encode(), content_type="application/json; charset=utf-8")
    made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return made


def name_of(row: Publication, ending: str) -> str:
    """The name of a publication's file."""
    period = Period(row.period_kind, row.period_start, row.period_end).key
    return f"{row.district_slug}-{row.campaign}-{period}-{row.reader_slug}.{ending}"


def rows_of(pair: Pair) -> Iterator[Sequence[object]]:
    """The totals in a first row, then every figure, in the order of COLUMNS; points as numbers, not hundredths."""
    row, figures = pair
    totals = {"level": "total", "code": row.campaign, "name_zh": row.title_zh, "name_en": row.title_en, "unit": "%"}
    points = {"earned": row.earned, "assessed": row.assessed, "possible": row.total, "n": row.visits}
    ends = {"interval_low": row.interval_low, "interval_high": row.interval_high}
    yield _cells(totals | points | ends)
    for one in sorted(figures, key=lambda figure: figure.position):
        yield _cells({name: getattr(one, name) for name in COLUMNS})


def _cells(values: dict[str, object]) -> Sequence[object]:
    def cell(name: str) -> object:
        value = values.get(name)
        return Decimal(value).scaleb(-2) if name in HUNDREDTHS and isinstance(value, int) else value

    return [cell(name) for name in COLUMNS]


def send_rows(read: Callable[[ScopedSession], Pair], ending: str) -> Response:
    """A publication's rows as CSV or as a workbook."""
    name = name_of(read(db())[0], ending)

    def rows(session: ScopedSession) -> Rows:
        return rows_of(read(session))

    if ending == "csv":
        return stream_csv(name, COLUMNS, rows)
    return send_xlsx(name, gettext("发布件"), COLUMNS, rows)


@blueprint.get("/new/content.json")
@require(PUBLISH)
def preview_content() -> Response:
    """Exactly what would leave for one reader: the file whose hash the preview shows."""
    row, figures = read_leaving(db())
    return send_text(content_text(row, figures), name_of(row, "json"))


@blueprint.get("/new/rows.csv")
@require(PUBLISH)
def preview_rows() -> Response:
    """The same as a table."""
    return send_rows(read_leaving, "csv")


@blueprint.get("/new/rows.xlsx")
@require(PUBLISH)
def preview_workbook() -> Response:
    """The same as a workbook."""
    return send_rows(read_leaving, "xlsx")


@blueprint.get("/<uuid:publication_id>/content.json")
@require_any(PUBLISH, GRANT, SEE)
def get_content(publication_id: UUID) -> Response:
    """What a publication says, as the file whose SHA-256 is its content hash."""
    row, figures = read_sent(publication_id)(db())
    return send_text(content_text(row, figures), name_of(row, "json"))


@blueprint.get("/<uuid:publication_id>/sealed.json")
@require_any(PUBLISH, GRANT, SEE)
def get_sealed(publication_id: UUID) -> Response:
    """A publication with its number, moment and chain, as the file whose SHA-256 is its seal."""
    row, figures = read_sent(publication_id)(db())
    return send_text(seal_text(row, figures), name_of(row, "sealed.json"))


@blueprint.get("/<uuid:publication_id>/rows.csv")
@require_any(PUBLISH, GRANT, SEE)
def get_rows(publication_id: UUID) -> Response:
    """A publication as a table."""
    return send_rows(read_sent(publication_id), "csv")


@blueprint.get("/<uuid:publication_id>/rows.xlsx")
@require_any(PUBLISH, GRANT, SEE)
def get_workbook(publication_id: UUID) -> Response:
    """A publication as a workbook."""
    return send_rows(read_sent(publication_id), "xlsx")
