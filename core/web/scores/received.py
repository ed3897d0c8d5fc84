"""What a city received (收到的发布件): the grants behind it, every publication, and whether each chain of seals is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, Response, render_template
from flask_babel import gettext
from sqlalchemy import func, select

from core import request as asked
from core.errors import N_
from core.figures.grants import EXPIRED, IN_FORCE, NOT_BEGUN, WITHDRAWN, grants_received
from core.figures.issued_standings import verify_standings
from core.figures.seals import Break, content_text, seal_text, verify
from core.figures.shelf import figures_of, find_publication, period_of
from core.figures.tables import Publication
from core.request import db, house, require, tenant, today
from core.settings import ZONE
from core.web.exports import stream_csv
from core.web.paging import bad_argument, cut, read_cursor
from core.web.scores.figure_words import say_points
from core.web.scores.grants import SAYS
from core.web.scores.periods import say_period
from core.web.scores.publication_files import Pair, name_of, send_rows, send_text
from core.web.scores.sealed import Sealed
from core.web.words import by_locale
from core.work.roles import COMPARE
from tenants.scope import ScopedSession

blueprint = Blueprint("received", __name__, url_prefix="/c/<slug>/received")
blueprint.before_request(asked.enter_city)

SIZE = 50
# How a grant stands with its reader, and the tone in which it is said.
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        IN_FORCE: (N_("有效"), "verified"),
        WITHDRAWN: (N_("已收回：收到的保留，以后不再收到"), "overdue"),
        EXPIRED: (N_("已到期：收到的保留，以后不再收到"), "soon"),
        NOT_BEGUN: (N_("还没有开始"), "neutral"),
    }
)


@dataclass(frozen=True, slots=True)
class Chain:
    """The publications of one district (封签链条): how many, and where their chain breaks."""

    name: str
    count: int
    breaks: Sequence[Break]


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """Who lets this city receive what, and everything that came, the newest first."""
    page = cut(_after(read_received(db())), lambda one: (one.published_at.isoformat(), one.id), SIZE)
    return render_template(
        "received/show.html",
        grants=(grants := grants_received(db(), today())),
        titles={one.grant.campaign: _title(one.grant.campaign) for one in grants},
        page=page,
        states=STATES,
        says=SAYS,
        Sealed=Sealed,
        period_of=period_of,
        corrected=frozenset(db().scalars(select(Publication.corrects_sha256))),
        say_period=say_period,
        say_points=say_points,
        by_locale=by_locale,
    )


def _title(key: str) -> str:
    """A campaign's title; its key when it is not installed here."""
    found = house().registry.campaigns.get(key)
    return by_locale(found.title_zh, found.title_en) if found else key


def read_received(session: ScopedSession) -> Sequence[Publication]:
    """Everything that districts sent to this city, newest first."""
    query = select(Publication).where(
        Publication.reader_id == session.tenant_id, Publication.tenant_id != session.tenant_id
    )
    return session.scalars(query.order_by(Publication.published_at.desc(), Publication.id.desc())).all()


def _after(rows: Sequence[Publication]) -> Sequence[Publication]:
    """The rows behind the place that the address names. Raises InvalidInput."""
    cursor = read_cursor(2)
    if not cursor:
        return rows
    found = next((n for n, one in enumerate(rows) if str(one.id) == cursor[1]), None)
    if found is None:
        raise bad_argument("cursor", cursor[1])
    return rows[found + 1 :]


@blueprint.get("/export.csv")
@require(COMPARE)
def export() -> Response:
    """Everything received, as CSV with the full seals."""
    head = (N_("区县"), N_("创建项目"), N_("周期"), N_("编号"), N_("发布时间"), N_("详细程度"), N_("占已评估分%"))
    tail = (
        N_("区间下限%"),
        N_("区间上限%"),
        N_("检查次数"),
        N_("封签"),
        N_("内容摘要"),
        N_("更正的封签"),
        N_("更正原因"),
    )

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in read_received(session):
            at = one.published_at.astimezone(ZONE).isoformat(timespec="seconds")
            title, detail = by_locale(one.title_zh, one.title_en), gettext(SAYS[one.detail][0])
            place = (one.district_name, title, period_of(one).key, one.sequence, at, detail, Sealed(one).share)
            seals = (one.sha256, one.content_sha256, one.corrects_sha256, one.reason)
            yield (*place, one.interval_low, one.interval_high, one.visits, *seals)

    return stream_csv(f"received-{tenant().slug}.csv", [gettext(text) for text in head + tail], rows)


@blueprint.get("/seals")
@require(COMPARE)
def check_all() -> str:
    """Recompute every seal and chain of this city's copies; a chain that does not hold is named with its link."""
    chains = read_chains(db())
    return render_template("received/seals.html", chains=chains, n=sum(one.count for one in chains))


def read_chains(session: ScopedSession) -> list[Chain]:
    """The chain of each district that sent something, and the city's own issues of standings."""
    broken: dict[str, list[Break]] = {}
    for one in verify(session, session.tenant_id):
        broken.setdefault(one.district_slug, []).append(one)
    query = select(Publication.district_slug, func.max(Publication.district_name), func.count()).where(
        Publication.reader_id == session.tenant_id, Publication.tenant_id != session.tenant_id
    )
    rows = session.execute(query.group_by(Publication.district_slug).order_by(Publication.district_slug)).all()
    found = [Chain(name, count, broken.get(slug, ())) for slug, name, count in rows]
    own = verify_standings(session)
    return [*found, *([Chain(gettext("本单位公布的名次"), len(own), own)] if own else [])]


def read_copy(publication_id: UUID) -> Callable[[ScopedSession], Pair]:
    """A publication that this city received, with its figures. Raises NotFound."""

    def read(session: ScopedSession) -> Pair:
        row = find_publication(session, publication_id)
        return row, figures_of(session, row)

    return read


@blueprint.get("/<uuid:publication_id>/sealed.json")
@require(COMPARE)
def get_sealed(publication_id: UUID) -> Response:
    """The file whose SHA-256 is the seal."""
    row, figures = read_copy(publication_id)(db())
    return send_text(seal_text(row, figures), name_of(row, "sealed.json"))


@blueprint.get("/<uuid:publication_id>/content.json")
@require(COMPARE)
def get_content(publication_id: UUID) -> Response:
    """The file whose SHA-256 is the content hash."""
    row, figures = read_copy(publication_id)(db())
    return send_text(content_text(row, figures), name_of(row, "json"))


@blueprint.get("/<uuid:publication_id>/rows.csv")
@require(COMPARE)
def get_rows(publication_id: UUID) -> Response:
    """What was received, as a table."""
    return send_rows(read_copy(publication_id), "csv")


@blueprint.get("/<uuid:publication_id>/rows.xlsx")
@require(COMPARE)
def get_workbook(publication_id: UUID) -> Response:
    """What was received, as a workbook."""
    return send_rows(read_copy(publication_id), "xlsx")
