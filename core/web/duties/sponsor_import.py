"""Sponsors from a workbook (包保导入): template, check without writing, confirm."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import InvalidInput, TooLarge
from core.request import actor, db, house, require_any, today
from core.web import district, uploads
from core.web.errors import say, say_fault
from core.web.workbook_answers import XLSX
from core.work.imports.sponsor_workbook import SPONSORS, SponsorReport, import_sponsors, read_sponsors
from core.work.imports.workbook_sponsors import sponsor_template
from core.work.roles import ADMINISTER, DIRECT

blueprint = Blueprint("sponsor_import", __name__, url_prefix="/t/<slug>/sponsors/import")
blueprint.before_request(district.enter)

SHOWN = 200


def _ask(status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    return render_template("sponsors/import.html", said=said, faults=faults or []), status


def _name() -> str:
    """The file's name as it was uploaded, for messages and for its ending only."""
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "sponsors.xlsx"


@blueprint.get("")
@require_any(ADMINISTER, DIRECT)
def show() -> tuple[str, int]:
    """What to do, the template, and the form for the file."""
    return _ask()


@blueprint.get("/template.xlsx")
@require_any(ADMINISTER, DIRECT)
def template() -> Response:
    """The blank sheet with the codes."""
    answer = Response(sponsor_template(SPONSORS), content_type=XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="sancheng-sponsors.xlsx"'
    return answer


@blueprint.post("")
@require_any(ADMINISTER, DIRECT)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep the file for the check; nothing is written into the tables."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _ask(422, gettext("请选择一个 .xlsx 或 .csv 文件"))
    return redirect(url_for("sponsor_import.check", sha256=uploads.keep(file.read()), name=file.filename[-120:]), 303)


def _run(sha256: str, *, dry_run: bool) -> SponsorReport:
    workbook = read_sponsors(uploads.fetch(sha256), _name())
    return import_sponsors(db(), actor(), workbook, today=today(), dry_run=dry_run, registry=house().registry)


def _report(report: SponsorReport, sha256: str, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "sponsors/import_check.html",
        report=report,
        sha256=sha256,
        name=_name(),
        shown=report.faults[:SHOWN],
        say=lambda text, params: gettext(text).format(**params) if params else gettext(text),
    )
    return page, status


@blueprint.get("/<sha256>")
@require_any(ADMINISTER, DIRECT)
def check(sha256: str) -> tuple[str, int]:
    """What the import would do, and every fault with row, column, value and remedy."""
    try:
        return _report(_run(sha256, dry_run=True), sha256)
    except (InvalidInput, TooLarge) as error:
        return _ask(error.status, say(error), [say_fault(fault) for fault in error.faults])


@blueprint.post("/<sha256>")
@require_any(ADMINISTER, DIRECT)
def confirm(sha256: str) -> AnyResponse | tuple[str, int]:
    """Write the whole workbook, or nothing when a fault has turned up."""
    report = _run(sha256, dry_run=False)
    if not report.written:
        return _report(report, sha256, 422)
    uploads.forget(sha256)
    flash(gettext("已导入包保 %(n)s 项，新增人员 %(m)s 人", n=report.created, m=report.people))
    return redirect(url_for("sponsors.show"), 303)
