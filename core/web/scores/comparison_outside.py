"""Districts outside the installation (系统外区县): the city imports their figures from a workbook; they carry their mark everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, InvalidInput, TooLarge
from core.figures.comparison import as_points
from core.figures.outside import (
    FIGURES,
    TOTALS,
    import_outside,
    read_outside,
    refuse_empty,
    share_of,
)
from core.figures.outside_list import Wanted, figures_of, list_outside, place_of
from core.figures.periods import Period, parse_period
from core.figures.tables import OutsidePublication
from core.request import actor, db, house, now, require, tenant
from core.settings import ZONE
from core.web.errors import say, say_fault
from core.web.paging import cut, read_moment_cursor
from core.web.scores.comparison_asked import read_asked
from core.web.scores.figure_words import say_number, say_points
from core.web.scores.periods import say_period
from core.web.table_files import send_table
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.imports.workbook_reading import Layout
from core.work.roles import COMPARE
from tenants.access import Actor
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_outside", __name__, url_prefix="/c/<slug>/comparison/outside")
blueprint.before_request(asked.enter_city)

SHOWN = 200
ROWS, BATCH = 50, 200
HEADER = (
    *(N_("标记"), N_("区县"), N_("创建项目"), N_("周期"), N_("版本"), N_("占已评估分%"), N_("得分"), N_("已评估分")),
    *(N_("总分"), N_("检查次数"), N_("点位数"), N_("来源"), N_("文件"), N_("第几次导入"), N_("导入人"), N_("导入时间")),
)


def _page(said: str = "", faults: Sequence[Fault] = (), status: int = 200) -> tuple[str, int]:
    shown = _read_shown()
    rows = list_outside(db(), actor(), shown, limit=ROWS + 1, after=read_moment_cursor())
    listed = cut(rows, lambda row: (row.publication.imported_at.isoformat(), row.publication.id), ROWS)
    page = render_template(
        "comparison/outside.html",
        wanted=read_asked(),
        shown=shown,
        query=_query(shown),
        listed=listed,
        figures=figures_of(db(), [row for row in listed.rows if row.counts]),
        titles={key: by_locale(one.title_zh, one.title_en) for key, one in house().registry.campaigns.items()},
        said=said,
        faults=faults[:SHOWN],
        bad=len(faults),
        shorten=lambda text, params: gettext(text).format(**params) if params else gettext(text),
        period_of=period_of,
        share_of=share_of,
        say_period=say_period,
        say_points=say_points,
        say_number=say_number,
    )
    return page, status


def _read_shown() -> Wanted:
    """The filter of this request. Raises InvalidInput."""
    said = {name: request.args.get(name, "").replace("\x00", "").strip()[:60] for name in ("campaign", "of", "q")}
    period = parse_period(said["of"]) if said["of"] else None
    return Wanted(said["campaign"], period, said["q"], replaced=request.args.get("counting") != "1")


def _query(shown: Wanted) -> dict[str, str]:
    """The filter as arguments of an address."""
    said = {"campaign": shown.campaign, "of": shown.period.key if shown.period else "", "q": shown.text}
    said |= {"counting": "" if shown.replaced else "1"}
    return {name: value for name, value in said.items() if value}


def period_of(one: OutsidePublication) -> Period:
    """The period of an import."""
    return Period(one.period_kind, one.period_start, one.period_end)


@blueprint.get("")
@require(COMPARE)
def show() -> tuple[str, int]:
    """Everything imported, the newest first, and the form for a workbook."""
    return _page()


@blueprint.get("/template.xlsx")
@require(COMPARE)
def send_template() -> Response:
    """An empty sheet for totals with the titles that an import reads."""
    return _template(TOTALS)


@blueprint.get("/template-figures.xlsx")
@require(COMPARE)
def send_figures_template() -> Response:
    """The same for indicators."""
    return _template(FIGURES)


def _template(layout: Layout) -> Response:
    head = [column.titles[0] for column in layout.columns]
    return send_xlsx(f"outside-{layout.kind}.xlsx", layout.titles[0], head, lambda _session: ())


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """Everything imported, each line with its mark, source and version."""
    who, shown = actor(), _read_shown()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in _all(session, who, shown):
            place = (gettext("外部导入"), one.district_name, one.campaign, period_of(one).key, one.edition)
            points = [say_points(one_part) for one_part in _points(one)]
            at = one.imported_at.astimezone(ZONE).isoformat(timespec="seconds")
            counts = (one.visits, one.sites, one.source, one.file_name, one.version, one.imported_by, at)
            yield (*place, share_of(one), *points, *counts)

    name = f"outside-{tenant().slug}"
    return send_table(name, gettext("系统外区县"), [gettext(word) for word in HEADER], rows)


def _all(session: ScopedSession, who: Actor, shown: Wanted) -> Iterator[OutsidePublication]:
    """Every import that the filter shows, page by page."""
    after = None
    while rows := list_outside(session, who, shown, limit=BATCH, after=after):
        yield from (row.publication for row in rows)
        after = place_of(rows[-1])


def _points(one: OutsidePublication) -> list[Decimal]:
    return [as_points(cents) for cents in (one.earned, one.assessed, one.total)]


@blueprint.post("")
@require(COMPARE)
def upload() -> AnyResponse | tuple[str, int]:
    """Import a whole workbook, or nothing of it: every fault is named by sheet, row and column."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(gettext("请选择一个 .xlsx 或 .csv 文件"), status=422)
    try:
        workbook = read_outside(file.read(), file.filename[-120:].replace("\x00", ""))
        campaigns = house().registry.campaigns.values()
        report = import_outside(db(), actor(), workbook, campaigns, now=now())
        refuse_empty(report)
    except (InvalidInput, TooLarge) as error:
        told = [say_fault(fault) for fault in error.faults] or [say(error)]
        return _page(gettext("；").join(told), status=error.status)
    if not report.written:
        return _page(gettext("没有写入任何一行，请改正后再导入"), report.faults, 422)
    flash(
        gettext(
            "已导入：新增 %(created)s，更新 %(replaced)s，没有变化 %(unchanged)s",
            created=report.created,
            replaced=report.replaced,
            unchanged=report.unchanged,
        )
    )
    return redirect(url_for("comparison_outside.show"), 303)
