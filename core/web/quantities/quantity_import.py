"""Quantities from a workbook (工作量导入): check without writing, confirm, and the same workbook back with what is wrong in each row."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import InvalidInput, TooLarge
from core.request import actor, db, now, require_any, today
from core.web import district, uploads
from core.web.errors import say, say_fault
from core.web.words import counted
from core.web.workbook_answers import XLSX
from core.work.quantities.workbook import EntryReport, import_entries, read_entries
from core.work.roles import ANSWER, DIRECT
from core.work.tasks.importing_answer import Told, answer_workbook

blueprint = Blueprint("quantity_import", __name__, url_prefix="/t/<slug>/quantities/import")
blueprint.before_request(district.enter)

SHOWN = 200


def _ask(status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    return render_template("quantities/import.html", said=said, faults=faults or []), status


def _name() -> str:
    """The file's name as it was uploaded, for messages and for its ending only."""
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "quantities.xlsx"


@blueprint.get("")
@require_any(ANSWER, DIRECT)
def show() -> tuple[str, int]:
    """What to do, and the form for the file."""
    return _ask()


@blueprint.post("")
@require_any(ANSWER, DIRECT)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep the file for the check; nothing is written into the tables."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _ask(422, gettext("请选择一个 .xlsx 或 .csv 文件"))
    return redirect(url_for("quantity_import.check", sha256=uploads.keep(file.read()), name=file.filename[-120:]), 303)


def _run(sha256: str, *, dry_run: bool, keep_good: bool = False) -> EntryReport:
    workbook = read_entries(uploads.fetch(sha256), _name())
    moment = {"today": today(), "now": now()}
    return import_entries(db(), actor(), workbook, **moment, dry_run=dry_run, keep_good=keep_good)


def _report(report: EntryReport, sha256: str, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "quantities/import_check.html",
        report=report,
        sha256=sha256,
        name=_name(),
        shown=report.faults[:SHOWN],
        remarks=report.remarks[:SHOWN],
        say=lambda text, params: gettext(text).format(**params) if params else gettext(text),
    )
    return page, status


@blueprint.get("/<sha256>")
@require_any(ANSWER, DIRECT)
def check(sha256: str) -> tuple[str, int]:
    """What the upload would do, and every fault with row, column, value and remedy."""
    try:
        return _report(_run(sha256, dry_run=True), sha256)
    except (InvalidInput, TooLarge) as error:
        return _ask(error.status, say(error), [say_fault(fault) for fault in error.faults])


@blueprint.get("/<sha256>/marked")
@require_any(ANSWER, DIRECT)
def marked(sha256: str) -> Response:
    """The same workbook with what is wrong, and how cells were read, beside each row."""
    data, name = uploads.fetch(sha256), _name()
    workbook, report = read_entries(data, name), _run(sha256, dry_run=True)
    told = Told({sheet.title: sheet.head for sheet in workbook.sheets})
    for place, found in enumerate((report.faults, report.remarks)):
        for fault in found:
            told.rows.setdefault(fault.where, {}).setdefault(fault.row or 0, ([], []))[place].append(fault)
    answer = Response(answer_workbook(data, name, told, say_fault), content_type=XLSX)
    stem = name.rpartition(".")[0] or name
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(stem)}.xlsx"
    return answer


@blueprint.post("/<sha256>")
@require_any(ANSWER, DIRECT)
def confirm(sha256: str) -> AnyResponse | tuple[str, int]:
    """Enter the rows: all of them, or with ``keep_good`` those without faults."""
    report = _run(sha256, dry_run=False, keep_good=request.form.get("keep_good") == "1")
    if not report.written:
        return _report(report, sha256, 422)
    uploads.forget(sha256)
    flash(counted("已填报 %(n)s 条", n=report.created))
    return redirect(url_for("quantities.show"), 303)
