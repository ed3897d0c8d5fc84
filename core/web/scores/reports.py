"""Reports (报告): one for each published period, as a page and as a Word document, from the sealed figures alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, render_template
from flask_babel import get_locale, gettext
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from core.campaigns import Campaign, Edition
from core.documents.monthly import monthly_report
from core.documents.report_data import ReportData
from core.documents.word import WORD_TYPE, borrowed_from, file_name, page_template, render_docx, sealed_edition
from core.errors import NotFound
from core.figures.shelf import find_publication
from core.figures.tables import Publication
from core.request import db, require, tenant
from core.web.editions.edition_words import title_of_edition
from core.web.exports import stream_csv
from core.web.running import running, running_one, title_of
from core.web.scores.figure_words import say_points
from core.web.scores.periods import KINDS, say_period
from core.web.scores.publications import (
    COLUMNS,
    Filter,
    Issue,
    cells_of,
    cut_issues,
    enter,
    read_filter,
    read_issues,
    waiting_to_publish,
)
from core.web.words import by_locale
from core.work.roles import SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("reports", __name__, url_prefix="/t/<slug>/reports")
blueprint.before_request(enter)

# A campaign's template is foreign text: it sees the report's data and the catalogue of texts, nothing of ours.
_shop = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Report:
    """A report that can be made (报告): the publication, the campaign and the very edition that was sealed."""

    row: Publication
    campaign: Campaign
    edition: Edition

    @property
    def data(self) -> ReportData:
        """Everything that the report prints."""
        return monthly_report(db(), self.row, self.edition)


def find_report(report_id: UUID) -> Report:
    """One report of this district. Raises NotFound, also for another reader's copy and a suspended campaign."""
    row = find_publication(db(), report_id)
    if row.reader_id != row.tenant_id:
        raise NotFound
    campaign = running_one(row.campaign)
    edition = sealed_edition(db(), campaign, row)
    if edition is None:
        raise NotFound
    return Report(row, campaign, edition)


def issued(issues: list[Issue]) -> list[Issue]:
    """Those publications of which there is a report."""
    known = {one.key: one for one in running()}
    return [
        one for one in issues if one.row.campaign in known and sealed_edition(db(), known[one.row.campaign], one.row)
    ]


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The reports, the newest first, and the months that wait for their publication."""
    wanted = read_filter()
    found = issued(read_issues(db(), wanted))
    waiting = [one for one in waiting_to_publish(read_issues(db(), Filter("", ""))) if wanted.campaign in ("", one[0])]
    return render_template(
        "reports/list.html",
        page=cut_issues(found),
        wanted=wanted,
        kinds=[(kind, gettext(word)) for kind, word in KINDS.items()],
        titles=[(one.key, title_of(one)) for one in running()],
        waiting=waiting if wanted.kind in ("", "month") else [],
        say_period=say_period,
        say_points=say_points,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV: the publications that the reports are made of."""
    wanted = read_filter()
    keys = {row.row.id for row in issued(read_issues(db(), wanted))}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in read_issues(session, wanted):
            if one.row.id in keys:
                yield cells_of(one)

    return stream_csv(f"reports-{tenant().slug}.csv", [gettext(text) for text in COLUMNS], rows)


@blueprint.get("/<uuid:report_id>")
@require(SEE)
def show_one(report_id: UUID) -> str:
    """A report as a page: the campaign's own text around the sealed figures."""
    found = find_report(report_id)
    data = found.data
    english = not str(get_locale() or "zh").startswith("zh")
    source = page_template(found.campaign, found.edition)
    body = _shop.from_string(source).render(d=data, english=english, _=gettext)
    return render_template(
        "reports/one.html",
        row=found.row,
        data=data,
        english=english,
        body=Markup(body),  # noqa: S704 - rendered by the sandbox above with autoescape
        title=title_of(found.campaign),
        borrowed=borrowed_from(found.campaign, found.edition),
        title_of_edition=title_of_edition,
    )


@blueprint.get("/<uuid:report_id>.docx")
@require(SEE)
def get_word(report_id: UUID) -> Response:
    """The same report as a Word document."""
    found = find_report(report_id)
    data = found.data
    made = Response(render_docx(found.campaign, found.edition, data), content_type=WORD_TYPE)
    made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name(data))}"
    return made
