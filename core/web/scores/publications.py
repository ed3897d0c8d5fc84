"""Publications (发布): the district's sealed periods, to whom they went, and one in full with its seal recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_, NotFound
from core.figures.comparison import UNRANKED
from core.figures.grants import grants_in_force
from core.figures.periods import Period, containing
from core.figures.sealed_effects import effects_of, without_effects
from core.figures.sealed_rows import SITE, UNIT, of_level
from core.figures.seals import verify
from core.figures.shelf import (
    figures_of,
    find_publication,
    own_publications,
    period_of,
    sent_publications,
    shown_figures,
)
from core.figures.tables import Publication
from core.request import actor, db, require_any, tenant, today
from core.settings import ZONE
from core.web.paging import Page, bad_argument, cut, read_cursor
from core.web.running import running, title_of
from core.web.scores.figure_words import say_number, say_points, say_target, say_value
from core.web.scores.grants import SAYS
from core.web.scores.periods import KINDS, say_period
from core.web.scores.reminded import reminded_of
from core.web.scores.sealed import FINDINGS, Sealed, check_seal, corrected_by, group_figures, points_of, say_warnings
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.roles import GRANT, PUBLISH, SEE
from tenants.scope import ScopedSession

COLUMNS = (
    *(N_("编号"), N_("创建项目"), N_("周期"), N_("发布时间"), N_("发布人"), N_("占已评估分%"), N_("覆盖率%")),
    *(N_("得分"), N_("已评估分"), N_("总分"), N_("检查次数"), N_("点位数"), N_("送达"), N_("封签")),
    *(N_("更正的封签"), N_("更正原因")),
)

SIZE = 50  # publications on one page

blueprint = Blueprint("publications", __name__, url_prefix="/t/<slug>/publications")


@blueprint.before_request
def enter() -> None:
    """Only districts publish."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Issue:
    """One period as it was published (发布记录): the own copy, the copies that left, and whether it was corrected since."""

    sealed: Sealed
    period: Period
    sent: tuple[Publication, ...]
    is_corrected: bool

    @property
    def row(self) -> Publication:
        """The district's own copy."""
        return self.sealed.row


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    campaign: str
    kind: str

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.campaign or self.kind)


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput."""
    campaign, kind = request.args.get("campaign", "").strip()[:60], request.args.get("kind", "")
    if kind and kind not in KINDS:
        raise bad_argument("kind", kind)
    return Filter(campaign, kind)


def read_issues(session: ScopedSession, wanted: Filter) -> list[Issue]:
    """The district's own publications that a filter asks for, newest first, each with the copies that left with it."""
    mine = own_publications(session)
    corrected = {row.corrects_sha256 for row in mine}
    sent: dict[tuple[object, ...], list[Publication]] = {}
    for row in sent_publications(session):
        if row.reader_id != row.tenant_id:
            sent.setdefault(_batch(row), []).append(row)
    return [
        Issue(Sealed(row), period_of(row), tuple(sent.get(_batch(row), ())), row.sha256 in corrected)
        for row in mine
        if wanted.campaign in ("", row.campaign) and wanted.kind in ("", row.period_kind)
    ]


def _batch(row: Publication) -> tuple[object, ...]:
    """What the copies of one publication have in common."""
    return row.campaign, row.period_kind, row.period_start, row.published_at


def cut_issues(issues: Sequence[Issue]) -> Page[Issue]:
    """The page that the address asks for, by the number of its first publication. Raises InvalidInput."""
    cursor = read_cursor(1)
    if cursor:
        if not cursor[0].isascii() or not cursor[0].isdecimal():
            raise bad_argument("cursor", cursor[0])
        issues = [one for one in issues if one.row.sequence < int(cursor[0])]
    return cut(issues, lambda one: (one.row.sequence,), SIZE)


def titles_of(issues: Sequence[Issue]) -> list[tuple[str, str]]:
    """The campaigns that were ever published or run now, with their titles."""
    found = {one.row.campaign: by_locale(one.row.title_zh, one.row.title_en) for one in issues}
    return sorted((found | {one.key: title_of(one) for one in running()}).items())


def waiting_to_publish(issues: Sequence[Issue]) -> list[tuple[str, str, Period]]:
    """Running campaigns whose last full month is not published yet, as key, title and month."""
    month = containing("month", today()).previous
    done = {(one.row.campaign, one.period) for one in issues}
    return [(one.key, title_of(one), month) for one in running() if (one.key, month) not in done]


@blueprint.get("")
@require_any(PUBLISH, GRANT, SEE)
def show() -> str:
    """What was published, period by period, and what could be."""
    wanted, everything = read_filter(), read_issues(db(), Filter("", ""))
    issues = [
        one
        for one in everything
        if wanted.campaign in ("", one.row.campaign) and wanted.kind in ("", one.row.period_kind)
    ]
    return render_template(
        "publications/list.html",
        page=cut_issues(issues),
        wanted=wanted,
        kinds=[(kind, gettext(word)) for kind, word in KINDS.items()],
        titles=titles_of(everything),
        waiting=waiting_to_publish(everything),
        granted=grants_in_force(db(), today()),
        has_upper=tenant().upper_id is not None,
        says=SAYS,
        say_period=say_period,
        say_points=say_points,
        by_locale=by_locale,
        **reminded_of(db(), actor()),
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require_any(PUBLISH, GRANT, SEE)
def export() -> Response:
    """The same list as CSV, with the full seals."""
    wanted = read_filter()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in read_issues(session, wanted):
            yield cells_of(one)

    return send_table(f"publications-{tenant().slug}", gettext("发布"), [gettext(text) for text in COLUMNS], rows)


def cells_of(one: Issue) -> Sequence[object]:
    """A publication as cells, in the order of COLUMNS."""
    row, sealed = one.row, one.sealed
    title = by_locale(row.title_zh, row.title_en)
    at = row.published_at.astimezone(ZONE).isoformat(timespec="seconds")
    points = (sealed.share, sealed.coverage, sealed.earned, sealed.assessed, sealed.total)
    readers = gettext("、").join(copy.reader_name for copy in one.sent)
    counts = (row.visits, row.sites, readers, row.sha256, row.corrects_sha256, row.reason)
    return (row.sequence, title, one.period.key, at, row.published_by, *points, *counts)


@blueprint.get("/seals")
@require_any(PUBLISH, GRANT, SEE)
def check_all() -> str:
    """Recompute every seal and chain of this district; what does not hold is named."""
    breaks = verify(db())
    return render_template("publications/seals.html", breaks=breaks, n=len(sent_publications(db())))


@blueprint.get("/<uuid:publication_id>")
@require_any(PUBLISH, GRANT, SEE)
def show_one(publication_id: UUID) -> str:
    """One publication: the figures as they were sealed, the seal, the one before, and the recomputation."""
    row = find_publication(db(), publication_id)
    figures = figures_of(db(), row)
    shown = shown_figures(db(), actor(), figures, today())
    own = next((p for p in own_publications(db(), row.campaign) if _batch(p) == _batch(row)), row)
    copies = [p for p in sent_publications(db(), row.campaign) if _batch(p) == _batch(row) and p.id != own.id]
    return render_template(
        "publications/one.html",
        row=row,
        own=own,
        copies=copies,
        sealed=Sealed(row, effects_of(figures)),
        groups=group_figures(shown),
        units=of_level(shown, UNIT),
        sites=of_level(shown, SITE),
        is_whole=len(shown) == len(figures),
        count=len(without_effects(figures)),
        warnings=say_warnings(row.warnings),
        check=check_seal(db(), row, figures),
        corrected=corrected_by(db(), row),
        period=period_of(row),
        has_report=row.id == own.id and any(one.key == row.campaign for one in running()),
        findings=[(gettext(word), row.findings.get(key, 0)) for key, word in FINDINGS.items()],
        says=SAYS,
        unranked=UNRANKED,
        say_period=say_period,
        say_points=say_points,
        say_number=say_number,
        say_value=say_value,
        say_target=say_target,
        points_of=points_of,
        by_locale=by_locale,
    )
