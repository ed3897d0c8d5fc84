"""The city compares its districts (区县比较): a league table of published figures, one district as far as its grant goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask_babel import get_locale, gettext
from sqlalchemy import select

from core import request as asked
from core.figures.beside import SelfGap, read_self_gaps
from core.figures.boards import MINIMUM_VISITS, UNRANKED, Board
from core.figures.comparison import ComparisonRow, league_of, read_rows
from core.figures.exports import comparison_csv, comparison_header, comparison_lines
from core.figures.grants import DETAILS
from core.figures.matrices import Series, comparison_trend, read_headings, read_unassessed
from core.figures.outside import outside_now, rank_together, share_of
from core.figures.periods import Period
from core.figures.sealed_effects import effects_of
from core.figures.sealed_rows import SITE, UNIT, of_level
from core.figures.shelf import figures_of, period_of
from core.figures.tables import Publication
from core.request import actor, db, house, require, tenant
from core.web.scores.comparison_asked import FEW, LEVELS, find_row, named_like, read_asked
from core.web.scores.comparison_shown import read_filtered, read_filters, read_shown, say_league
from core.web.scores.figure_words import say_change, say_number, say_points, say_target, say_value
from core.web.scores.grants import SAYS
from core.web.scores.periods import BACK, say_period, trend_end
from core.web.scores.sealed import FINDINGS, Sealed, check_seal, group_figures, points_of, say_warnings
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.roles import COMPARE
from tenants.scope import ScopedSession

MOST_LINES = 6  # more lines than this cannot be told apart by their colours
blueprint = Blueprint("comparison", __name__, url_prefix="/c/<slug>/comparison")
blueprint.before_request(asked.enter_city)


@dataclass(frozen=True, slots=True)
class Place:
    """One district of the league table (对比行) with the headings that were not assessed, as code and name.

    ``unassessed`` is None when the district granted its totals alone, ``gap`` when it sent no self-checked values.
    """

    row: ComparisonRow
    unassessed: tuple[tuple[str, str], ...] | None
    gap: SelfGap | None = None

    @property
    def warnings(self) -> list[str]:
        """What came with the publication, in words with its numbers."""
        return say_warnings(self.row.warnings)

    @property
    def is_told_apart(self) -> bool:
        """False when its published interval overlaps that of the one above it."""
        return self.row.interval_low is None or not self.row.same_as_above

    @property
    def moved(self) -> int | None:
        """How many ranks it rose since the period before; None when either is missing."""
        if self.row.rank is None or self.row.previous_rank is None:
            return None
        return self.row.previous_rank - self.row.rank


def places_of(rows: Sequence[ComparisonRow], period: Period) -> list[Place]:
    """The league table, with the headings that each district sent as not assessed and how far its self-check lies off."""
    sent = {row.publication_id: row.tenant_id for row in rows if row.publication_id}
    gaps, headings = read_self_gaps(db(), period, sent), read_unassessed(db(), sent)
    return [_place(row, headings, gaps) for row in rows]


def _place(
    row: ComparisonRow, headings: Mapping[UUID, Sequence[tuple[str, str, str]]], gaps: Mapping[UUID, SelfGap]
) -> Place:
    if row.publication_id is None or row.publication_id not in headings:
        return Place(row, None, gaps.get(row.publication_id) if row.publication_id else None)
    missing = tuple((code, by_locale(zh, en)) for code, zh, en in headings[row.publication_id])
    return Place(row, missing, gaps.get(row.publication_id))


def leagues_of(places: Sequence[Place], board: Board) -> list[tuple[str, list[Place]]]:
    """The page cut into its leagues: one edition each, demonstration apart; titles only where the table has several."""
    if len(board.leagues) < 2:
        return [("", list(places))]
    by_tenant = {one.tenant_id: one for league in board.leagues.values() for one in league}
    cut = groupby(places, lambda one: league_of(one.row) if one.row.rank else None)
    return [
        (say_league(by_tenant[own[0].row.tenant_id]) if key else gettext("没有参加排名"), own)
        for key, own in ((key, list(found)) for key, found in cut)
    ]


def say_breaks(periods: Sequence[Period], series: Sequence[Series]) -> list[tuple[str, str, str, str]]:
    """Where lines are cut: the districts, from which period on, the edition before and the one after."""
    found: dict[tuple[int, str, str], list[str]] = {}
    for one in series:
        for cut in one.breaks:
            found.setdefault((cut.at, cut.before, cut.after), []).append(one.district_name)
    return [
        (gettext("、").join(names), say_period(periods[at]), before, after)
        for (at, before, after), names in sorted(found.items())
    ]


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """A page of the league table with its charts: ranked ones, those shown only, those that did not publish."""
    wanted, level = read_asked(), request.args.get("level", LEVELS[0])
    period = wanted.choice.period
    board, shown = read_shown(wanted)
    places = places_of(read_rows(db(), board, shown.rows, wanted.own_titles), period)
    chosen, unknown = read_chosen(board)
    drawn = [one for one in board.spots if one.slug in chosen] if chosen else shown.rows
    periods, series = comparison_trend(
        db(), actor(), wanted.campaign, period.kind, trend_end(period), BACK[period.kind], drawn
    )
    outside = outside_now(db(), wanted.campaign, period)
    together = request.args.get("outside") == "1"
    ranks, guest_ranks = rank_together(board, outside) if together else ({}, {})
    return render_template(
        "comparison/show.html",
        wanted=wanted,
        choice=wanted.choice,
        level=level if level in LEVELS else LEVELS[0],
        shown=shown,
        here={**wanted.query, **shown.query},
        filtered={**wanted.query, **shown.filters.query},
        board=board,
        summaries=board.summaries(),
        headings=read_headings(db(), board),
        places=places,
        leagues=leagues_of(places, board),
        gaps=any(one.gap for one in places),
        mixed=len({one.sent.is_demo for one in board.spots if one.sent}) > 1,
        chosen=chosen,
        unknown=unknown,
        districts=board.spots if len(board.spots) <= FEW else [one for one in board.spots if one.slug in chosen],
        few=FEW,
        breaks=say_breaks(periods, series),
        outside=outside,
        together=together,
        ranks=ranks,
        guest_ranks=guest_ranks,
        share_of_guest=share_of,
        minimum=MINIMUM_VISITS,
        unranked=UNRANKED,
        say_points=say_points,
        say_change=say_change,
        by_locale=by_locale,
    )


def read_chosen(board: Board) -> tuple[list[str], str]:
    """The districts whose lines are drawn, by slug, with those that were added by name; and the name that nobody has."""
    chosen, said = request.args.getlist("district"), request.args.get("add", "").strip()
    found = named_like(said, board.spots)[:MOST_LINES]
    return list(dict.fromkeys([*chosen, *(one.slug for one in found)])), said if said and not found else ""


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """The league table as CSV, streamed from a scope of its own, or as a workbook."""
    wanted, filters = read_asked(), read_filters()
    english, period = not str(get_locale() or "zh").startswith("zh"), wanted.choice.period
    name = f"comparison-{tenant().slug}-{wanted.stem}"
    wall, tenant_id = house().wall, tenant().id

    def found(session: ScopedSession) -> list[ComparisonRow]:
        board, spots = read_filtered(session, wanted, filters)
        return read_rows(session, board, spots, wanted.own_titles)

    def lines() -> Iterator[str]:
        with wall.open(tenant_id) as session:
            yield from comparison_csv(found(session), period, english=english)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        return comparison_lines(found(session), period, english=english)

    if request.path.endswith(".xlsx"):
        return send_xlsx(f"{name}.xlsx", gettext("区县比较"), comparison_header(english=english), rows)
    answer = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}.csv"
    return answer


@blueprint.get("/<district>")
@require(COMPARE)
def show_district(district: str) -> str:
    """One district's publications to this city: the chosen period's figures in the detail that it granted."""
    wanted = read_asked()
    row = find_row(district, wanted)
    received = received_from(db(), row.tenant_id, wanted.campaign)
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
        units=of_level(figures, UNIT),
        sites=of_level(figures, SITE),
        withheld=DETAILS[DETAILS.index(publication.detail) + 1 :] if publication else (),
        warnings=say_warnings(publication.warnings) if publication else [],
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
