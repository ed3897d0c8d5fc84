"""Sponsors by place and field, and what they did (分领域、包保情况): a table as of a day, and the publication of a period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.request import actor, db, require, today
from core.web import district
from core.web.as_of import read_on
from core.web.duties.sponsor_words import DID_HEAD, HEAD, cells_of, cells_of_deeds, kind_options
from core.web.duties.sponsors import is_keeper, read_asked, read_place
from core.web.exports import stream_csv
from core.web.paging import bad_argument, make_cursor
from core.web.places.site_words import campaign_titles, unit_options
from core.web.scores.periods import Choice, read_period
from core.web.words import listed, say_kind
from core.work.duties.sponsor_lists import LEVELS, Matrix, count_sponsorships, list_sponsorships, matrix
from core.work.duties.sponsoring import SponsorLine, add_deeds
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("sponsor_views", __name__, url_prefix="/t/<slug>/sponsors")
blueprint.before_request(district.enter)

PAGE = 200


def _read_level() -> str | None:
    level = request.args.get("level", "")
    if level and level not in LEVELS:
        raise bad_argument("level", level)
    return level or None


@blueprint.get("/matrix")
@require(SEE)
def show_matrix() -> str:
    """Who answers for which field where, with the empty cells marked."""
    on, session = read_on(), db()
    table = matrix(session, actor(), on=on or today(), level=_read_level(), campaign=request.args.get("campaign", ""))
    return render_template(
        "sponsors/matrix.html",
        table=table,
        on=on,
        campaigns=campaign_titles(session),
        levels=[(code, say_kind(code)) for code in table.levels],
        keeper=is_keeper(),
    )


@blueprint.get("/matrix.csv")
@require(SEE)
def export_matrix() -> Response:
    """The same table as CSV; an empty cell says that it lacks somebody."""
    on, who, level, campaign = read_on() or today(), actor(), _read_level(), request.args.get("campaign", "")
    table = matrix(db(), who, on=on, level=level, campaign=campaign)
    head = [gettext("单位"), gettext("全部领域"), *table.fields]
    return stream_csv(f"sponsors-matrix-{on.isoformat()}.csv", head, lambda _session: _matrix_rows(table))


def _matrix_rows(table: Matrix) -> Iterator[Sequence[object]]:
    for row in table.rows:
        cells = [listed(line.name for line in row.cells.get(field, ())) for field in ("", *table.fields)]
        lacking = [gettext("缺") if row.lacks(field) else "" for field in ("", *table.fields)]
        yield row.unit.name, *(cell or lack for cell, lack in zip(cells, ["", *lacking[1:]], strict=True))


def _days(choice: Choice) -> tuple[date, date]:
    """The period as far as it has gone."""
    return choice.period.start, max(choice.period.start, min(choice.period.end, today()))


@blueprint.get("/report")
@require(SEE)
def show_report() -> str:
    """What the sponsors did in a period (包保情况), to read, print and publish."""
    found, choice, session = read_asked(), read_period(), db()
    days = _days(choice)
    page = list_sponsorships(session, actor(), found.wanted, on=days[1], since=days[0], after=read_place(), size=PAGE)
    lines = add_deeds(session, list(page.rows), days)
    return render_template(
        "sponsors/report.html",
        lines=lines,
        next=make_cursor(*page.next) if page.next else None,
        total=count_sponsorships(session, actor(), found.wanted, days[1], days[0]),
        active=sum(not line.did.idle for line in lines if line.did),
        sums=_sums(lines),
        asked=found,
        choice=choice,
        days=days,
        kinds=kind_options(),
        units=unit_options(session, actor(), days[1]),
    )


def _sums(lines: Sequence[SponsorLine]) -> dict[str, int]:
    """The sums of the shown rows; an inspection that two sponsorships share counts for both, as their rows say."""
    done = [line.did for line in lines if line.did]
    names = ("inspections", "came", "settled", "closed", "at_places")
    return {name: sum(getattr(one, name) for one in done) for name in names}


@blueprint.get("/report.csv")
@require(SEE)
def export_report() -> Response:
    """The same as CSV."""
    found, choice, who = read_asked(), read_period(), actor()
    days = _days(choice)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        campaigns = campaign_titles(session)
        page = list_sponsorships(session, who, found.wanted, on=days[1], since=days[0], size=None)
        for line in add_deeds(session, list(page.rows), days):
            yield *cells_of(line, campaigns), *cells_of_deeds(line.did)

    head = [gettext(text) for text in (*HEAD, *DID_HEAD)]
    return stream_csv(f"sponsors-{choice.period.key}.csv", head, rows)
