"""Units, people and sites from one workbook (批量导入): template, check without writing, confirm, result."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, InvalidInput, NotFound, TooLarge
from core.request import actor, db, house, require_any, tenant, today
from core.web import uploads
from core.web.errors import say, say_fault
from core.work.imports.workbooks import ImportReport, import_workbook, read_workbook, template_workbook
from core.work.places.sites import site_types
from core.work.roles import ADMINISTER, KEEP_SITES
from core.work.tables import Audit

blueprint = Blueprint("imports", __name__, url_prefix="/t/<slug>/imports")

SHEETS = {"units": N_("单位"), "people": N_("人员"), "sites": N_("点位")}
SHOWN = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.before_request
def enter() -> None:
    """Only districts keep units and sites in such numbers."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def _ask(status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    imports = select(Audit).where(Audit.verb == "workbook.import").order_by(Audit.at.desc()).limit(20)
    history = db().scalars(imports).all()
    page = render_template("imports/ask.html", said=said, faults=faults or [], history=history, sheets=SHEETS)
    return page, status


def _name() -> str:
    """The file's name as it was uploaded, for messages and for its ending only."""
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "workbook.xlsx"


@blueprint.get("")
@require_any(ADMINISTER, KEEP_SITES)
def show() -> tuple[str, int]:
    """What to do, the template, the form for the file, and what was imported before."""
    return _ask()


@blueprint.get("/template.xlsx")
@require_any(ADMINISTER, KEEP_SITES)
def template() -> Response:
    """The blank workbook with the codes that are allowed here."""
    answer = Response(template_workbook(site_types(db(), house().registry)), content_type=XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="sancheng-import.xlsx"'
    return answer


@blueprint.post("")
@require_any(ADMINISTER, KEEP_SITES)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep the file for the check; nothing is written into the tables."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _ask(422, gettext("请选择一个 .xlsx 或 .csv 文件"))
    return redirect(url_for("imports.check", sha256=uploads.keep(file.read()), name=file.filename[-120:]), 303)


@blueprint.get("/<sha256>")
@require_any(ADMINISTER, KEEP_SITES)
def check(sha256: str) -> tuple[str, int]:
    """What the import would do: counts, and every fault with sheet, row, column, value and remedy."""
    data, name = uploads.fetch(sha256), _name()
    try:
        report = _run(data, name, dry_run=True)
    except (InvalidInput, TooLarge) as error:
        return _ask(error.status, say(error), [say_fault(fault) for fault in error.faults])
    return _report(report, sha256, name)


def _run(data: bytes, name: str, *, dry_run: bool, keep_good: bool = False) -> ImportReport:
    """Read the workbook and compare or write it."""
    workbook = read_workbook(data, name)
    registry = house().registry
    return import_workbook(
        db(), actor(), workbook, today=today(), dry_run=dry_run, keep_good=keep_good, registry=registry
    )


def _report(report: ImportReport, sha256: str, name: str, status: int = 200) -> tuple[str, int]:
    work = sum(report.created.values()) + sum(report.changed.values())
    page = render_template(
        "imports/report.html",
        report=report,
        sha256=sha256,
        name=name,
        work=work,
        sheets=SHEETS,
        shown=report.faults[:SHOWN],
        say=lambda text, params: gettext(text).format(**params) if params else gettext(text),
    )
    return page, status


@blueprint.post("/<sha256>")
@require_any(ADMINISTER, KEEP_SITES)
def confirm(sha256: str) -> AnyResponse | tuple[str, int]:
    """Write the workbook in one transaction: all of it, or with ``keep_good`` the rows without faults."""
    data, name = uploads.fetch(sha256), _name()
    report = _run(data, name, dry_run=False, keep_good=request.form.get("keep_good") == "1")
    if not report.written:
        return _report(report, sha256, name, 422)
    uploads.forget(sha256)
    counts = {kind: report.created[kind] + report.changed[kind] for kind in SHEETS}
    flash(gettext("已导入：单位 %(units)s 个，人员 %(people)s 人，点位 %(sites)s 个", **counts))
    return redirect(url_for("imports.show"), 303)
