"""Members of areas from a workbook (片区成员导入): the sheet as it is now, check without writing, confirm."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import InvalidInput, TooLarge
from core.request import actor, db, require, today
from core.web import district, uploads
from core.web.errors import say, say_fault
from core.web.paging import read_day
from core.web.words import counted
from core.web.workbook_answers import send_xlsx
from core.work.imports.area_workbook import AREAS, AreaReport, area_rows, import_areas, read_areas
from core.work.roles import ADMINISTER, SEE

blueprint = Blueprint("area_import", __name__, url_prefix="/t/<slug>/units/areas/import")
blueprint.before_request(district.enter)

SHOWN = 200


def _ask(status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    return render_template("units/area_import.html", said=said, faults=faults or []), status


def _name() -> str:
    """The file's name as it was uploaded, for messages and for its ending only."""
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "areas.xlsx"


@blueprint.get("")
@require(ADMINISTER)
def show() -> tuple[str, int]:
    """What to do, and the form for the file."""
    return _ask()


@blueprint.get("/areas.xlsx")
@require(SEE)
def export() -> Response:
    """The members of all areas on a day, as a workbook that can be imported again; with the titles alone a template."""
    on = read_day("on") or today()
    head = [column.titles[0] for column in AREAS.columns]  # as an import reads them, in whatever language the page is
    return send_xlsx(f"areas-{on.isoformat()}.xlsx", AREAS.titles[0], head, lambda session: area_rows(session, on))


@blueprint.post("")
@require(ADMINISTER)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep the file for the check; nothing is written into the tables."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _ask(422, gettext("请选择一个 .xlsx 或 .csv 文件"))
    return redirect(url_for("area_import.check", sha256=uploads.keep(file.read()), name=file.filename[-120:]), 303)


def _run(sha256: str, *, dry_run: bool) -> AreaReport:
    return import_areas(db(), actor(), read_areas(uploads.fetch(sha256), _name()), today=today(), dry_run=dry_run)


def _report(report: AreaReport, sha256: str, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "units/area_import_check.html",
        report=report,
        sha256=sha256,
        name=_name(),
        shown=report.faults[:SHOWN],
        say=lambda text, params: gettext(text).format(**params) if params else gettext(text),
    )
    return page, status


@blueprint.get("/<sha256>")
@require(ADMINISTER)
def check(sha256: str) -> tuple[str, int]:
    """What the import would do, and every fault with row, column, value and remedy."""
    try:
        return _report(_run(sha256, dry_run=True), sha256)
    except (InvalidInput, TooLarge) as error:
        return _ask(error.status, say(error), [say_fault(fault) for fault in error.faults])


@blueprint.post("/<sha256>")
@require(ADMINISTER)
def confirm(sha256: str) -> AnyResponse | tuple[str, int]:
    """Write the whole workbook, or nothing when a fault has turned up."""
    report = _run(sha256, dry_run=False)
    if not report.written:
        return _report(report, sha256, 422)
    uploads.forget(sha256)
    flash(counted("已加入 %(n)s 个成员，今天起生效", n=report.created))
    return redirect(url_for("areas.show_list"), 303)
