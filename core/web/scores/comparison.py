"""The city compares its districts (区县比较): a league table of published figures, one district as far as its grant goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask_babel import get_locale
from sqlalchemy import select

from core import request as asked
from core.errors import NotFound
from core.figures.comparison import (
    MINIMUM_VISITS,
    UNRANKED,
    ComparisonRow,
    compare,
    known_districts,
    received_periods,
)
from core.figures.exports import comparison_csv
from core.figures.matrices import Matrix, matrix
from core.figures.periods import containing
from core.figures.sealed_effects import effects_of
from core.figures.shelf import figures_of, period_of
from core.figures.tables import Publication
from core.request import actor, db, house, require, tenant, today
from core.web.scores.figure_words import say_number, say_points, say_target, say_value
from core.web.scores.grants import SAYS
from core.web.scores.periods import Choice, read_period, say_period
from core.web.scores.sealed import FINDINGS, Sealed, check_seal, group_figures, points_of
from core.web.words import by_locale
from core.work.roles import COMPARE
from core.work.tenancy import find_tenant
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison", __name__, url_prefix="/c/<slug>/comparison")
blueprint.before_request(asked.enter_city)

LEVELS = ("category", "indicator")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for (对比条件): the campaign, the period, and what else there is to choose."""

    campaign: str
    titles: Mapping[str, str]
    choice: Choice

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        return {"campaign": self.campaign, **self.choice.query}


@dataclass(frozen=True, slots=True)
class Place:
    """One district of the league table (对比行) with the headings that were not assessed, as code and name.

    ``unassessed`` is None when the district granted its totals alone.
    """

    row: ComparisonRow
    unassessed: tuple[tuple[str, str], ...] | None

    @property
    def moved(self) -> int | None:
        """How many ranks it rose since the period before; None when either is missing."""
        if self.row.rank is None or self.row.previous_rank is None:
            return None
        return self.row.previous_rank - self.row.rank


def read_asked() -> Asked:
    """The campaign and period of this address: by default the first campaign, the last month received.

    Raises InvalidInput, and NotFound for a campaign of which this city knows nothing.
    """
    titles = {row.campaign: by_locale(row.title_zh, row.title_en) for row in known_districts(db(), None).values()}
    campaign = request.args.get("campaign", "") or next(iter(titles), "")
    if campaign not in titles and titles:
        raise NotFound
    received = received_periods(db(), actor(), campaign or None)
    newest = next((one for one in received if one.kind == "month"), received[0] if received else None)
    choice = read_period(newest or containing("month", today()), received)
    return Asked(campaign, titles, choice)


def places_of(headings: Matrix) -> list[Place]:
    """The league table, with the headings that each district sent as not assessed."""
    return [Place(row, _unassessed(headings, row.tenant_id)) for row in headings.columns]


def _unassessed(headings: Matrix, tenant_id: int) -> tuple[tuple[str, str], ...] | None:
    sent = [(one, one.cells[tenant_id]) for one in headings.rows if tenant_id in one.cells]
    if not sent:
        return None
    named = [(one.code, by_locale(one.name_zh, one.name_en), cell) for one, cell in sent]
    return tuple((code, name) for code, name, cell in named if cell.percent is None and cell.possible)


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """The league table with its charts: ranked ones, those shown only, those that did not publish."""
    wanted = read_asked()
    level = request.args.get("level", LEVELS[0])
    headings = matrix(db(), actor(), wanted.campaign, wanted.choice.period, "category")
    return render_template(
        "comparison/show.html",
        wanted=wanted,
        choice=wanted.choice,
        level=level if level in LEVELS else LEVELS[0],
        places=places_of(headings),
        minimum=MINIMUM_VISITS,
        unranked=UNRANKED,
        say_points=say_points,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@require(COMPARE)
def export() -> Response:
    """The league table as CSV, streamed from a scope of its own."""
    wanted, who, wall, tenant_id = read_asked(), actor(), house().wall, tenant().id
    english, period = not str(get_locale() or "zh").startswith("zh"), wanted.choice.period

    def lines() -> Iterator[str]:
        with wall.open(tenant_id) as session:
            yield from comparison_csv(compare(session, who, wanted.campaign, period), period, english=english)

    answer = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    name = f"comparison-{tenant().slug}-{wanted.campaign}-{period.key}.csv"
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


@blueprint.get("/<district>")
@require(COMPARE)
def show_district(district: str) -> str:
    """One district's publications to this city: the chosen period's figures in the detail that it granted."""
    wanted = read_asked()
    with house().wall.platform() as platform:
        sender = find_tenant(platform, district, kind="district")
    rows = compare(db(), actor(), wanted.campaign, wanted.choice.period)
    row = next((one for one in rows if one.tenant_id == sender.id), None)
    if row is None:
        raise NotFound
    received = received_from(db(), sender.id, wanted.campaign)
    publication = next((one for one in received if one.id == row.publication_id), None)
    figures = figures_of(db(), publication) if publication else []
    return render_template(
        "comparison/district.html",
        wanted=wanted,
        choice=wanted.choice,
        row=row,
        publication=publication,
        sealed=Sealed(publication, effects_of(figures)) if publication else None,
        groups=group_figures(figures),
        check=check_seal(db(), publication, figures) if publication else None,
        received=[(one, Sealed(one), period_of(one)) for one in received],
        corrected=frozenset(one.corrects_sha256 for one in received),
        findings=_findings(publication),
        unranked=UNRANKED,
        says=SAYS,
        say_period=say_period,
        say_points=say_points,
        say_number=say_number,
        say_value=say_value,
        say_target=say_target,
        points_of=points_of,
        by_locale=by_locale,
    )


def received_from(session: ScopedSession, tenant_id: int, campaign: str) -> Sequence[Publication]:
    """What one district published to this city in a campaign, newest first."""
    query = select(Publication).where(
        Publication.reader_id == session.tenant_id,
        Publication.tenant_id == tenant_id,
        Publication.campaign == campaign,
    )
    return session.scalars(query.order_by(Publication.sequence.desc())).all()


def _findings(row: Publication | None) -> list[tuple[str, int]]:
    return [(word, row.findings.get(key, 0)) for key, word in FINDINGS.items()] if row else []
