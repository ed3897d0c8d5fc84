"""Statistics from a workbook (统计填报表导入): the list as it is due, check without writing, confirm; nothing typed is lost."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import InvalidInput, TooLarge
from core.request import actor, db, now, require_any, today
from core.web import district, uploads
from core.web.errors import say, say_fault
from core.web.statistics.statistic_words import period_options
from core.web.words import counted
from core.work.roles import ANSWER, DIRECT
from core.work.statistics.workbook import EntryReport, import_entries, read_entries

blueprint = Blueprint("statistic_import", __name__, url_prefix="/t/<slug>/statistics/import")
blueprint.before_request(district.enter)

SHOWN = 200


def _ask(status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    page = render_template("statistics/import.html", said=said, faults=faults or [], periods=period_options(None))
    return page, status


def _name() -> str:
    """The file's name as it was uploaded, for messages and for its ending only."""
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "statistics.xlsx"


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
    return redirect(url_for("statistic_import.check", sha256=uploads.keep(file.read()), name=file.filename[-120:]), 303)


def _run(sha256: str, *, dry_run: bool, keep_good: bool = False) -> EntryReport:
    workbook = read_entries(uploads.fetch(sha256), _name())
    moment = {"today": today(), "now": now()}
    return import_entries(db(), actor(), workbook, **moment, dry_run=dry_run, keep_good=keep_good)


def _report(report: EntryReport, sha256: str, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "statistics/import_check.html",
        report=report,
        sha256=sha256,
        name=_name(),
        shown=report.faults[:SHOWN],
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


@blueprint.post("/<sha256>")
@require_any(ANSWER, DIRECT)
def confirm(sha256: str) -> AnyResponse | tuple[str, int]:
    """Save the rows as drafts: all of them, or with ``keep_good`` those without faults."""
    report = _run(sha256, dry_run=False, keep_good=request.form.get("keep_good") == "1")
    if not report.written:
        return _report(report, sha256, 422)
    uploads.forget(sha256)
    flash(counted("已存草稿 %(n)s 项", n=report.created + report.changed))
    return redirect(url_for("statistics.show"), 303)
