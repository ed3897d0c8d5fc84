"""A split from a workbook (上传分解表): dry run with every difference and every fault, then confirmed as a whole."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import InvalidInput, NotFound, TooLarge
from core.request import actor, db, now, require_any, today
from core.web import district, uploads
from core.web.errors import say, say_fault
from core.web.splits.split_changes import say as say_side
from core.web.splits.split_words import tables, unit_names
from core.web.words import counted
from core.work.roles import ANSWER, DIRECT, LEAD
from core.work.splits.comparing import FIELDS
from core.work.splits.reading import Table, read_table
from core.work.splits.states import DRAFT
from core.work.splits.uploading import Report, Taken, take_workbook
from core.work.splits.workbook import read_split_file

blueprint = Blueprint("split_file", __name__, url_prefix="/t/<slug>/splits/<uuid:split_id>/upload")
blueprint.before_request(district.enter)

SHOWN = 200


def _is_draft(split_id: UUID) -> bool:
    """Whether the reader sees the table, and it can be changed. Raises NotFound."""
    return read_table(db(), actor(), split_id, today()).split.state == DRAFT


def _find(split_id: UUID) -> Table:
    """A draft that the reader works on."""
    table = read_table(db(), actor(), split_id, today())
    if table.split.state != DRAFT:
        raise NotFound
    return table


def _ask(split_id: UUID, status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    split = _find(split_id).split
    return render_template("splits/upload.html", split=split, said=said, faults=faults or []), status


def _name() -> str:
    """The file's name as it was uploaded, for messages and for its ending only."""
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "split.xlsx"


@blueprint.get("")
@require_any(DIRECT, ANSWER, LEAD)
def show(split_id: UUID) -> AnyResponse | tuple[str, int]:
    """What to do, and the form for the file; what is no draft leads back to the table."""
    return _ask(split_id) if _is_draft(split_id) else redirect(url_for("split.show", split_id=split_id))


@blueprint.post("")
@require_any(DIRECT, ANSWER, LEAD)
def upload(split_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep the file for the check; nothing is written into the table."""
    _find(split_id)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _ask(split_id, 422, gettext("请选择一个 .xlsx 或 .csv 文件"))
    sha256 = uploads.keep(file.read())
    return redirect(url_for("split_file.check", split_id=split_id, sha256=sha256, name=file.filename[-120:]), 303)


def _run(split_id: UUID, sha256: str, *, dry_run: bool) -> Report:
    _find(split_id)
    workbook = read_split_file(uploads.fetch(sha256), _name())
    return take_workbook(db(), actor(), split_id, workbook, now=now(), dry_run=dry_run)


def _report(split_id: UUID, report: Report, sha256: str, status: int = 200) -> tuple[str, int]:
    names = unit_names(
        {portion.unit_id for one in report.taken for portion in (*one.difference.came, *one.difference.went)}
        | {step.unit_id for one in report.taken for step in one.difference.steps if step.unit_id}
        | _owners(report.taken)
    )
    page = render_template(
        "splits/upload_check.html",
        split=_find(split_id).split,
        report=report,
        sha256=sha256,
        name=_name(),
        shown=report.faults[:SHOWN],
        differences=[one.difference for one in report.taken[:SHOWN]],
        gaps=sum(1 for one in report.taken if sum(p.points for p in one.portions) != one.line.row.points),
        fields=FIELDS,
        names=names,
        say_side=lambda field, value: say_side(field, value, names),
        say=lambda text, params: gettext(text).format(**params) if params else gettext(text),
        **tables(),
    )
    return page, status


def _owners(taken: list[Taken]) -> set[UUID]:
    """The groups that a clause is taken from or given to."""
    pairs = [(one.line.row.owner_unit_id, one.wish.owner_unit_id) for one in taken]
    return {unit for pair in pairs for unit in pair if unit is not None}


@blueprint.get("/<sha256>")
@require_any(DIRECT, ANSWER, LEAD)
def check(split_id: UUID, sha256: str) -> AnyResponse | tuple[str, int]:
    """What the upload would do, and every fault with row, column, value and remedy."""
    if not _is_draft(split_id):
        return redirect(url_for("split.show", split_id=split_id))
    try:
        return _report(split_id, _run(split_id, sha256, dry_run=True), sha256)
    except (InvalidInput, TooLarge) as error:
        return _ask(split_id, error.status, say(error), [say_fault(fault) for fault in error.faults])


@blueprint.post("/<sha256>")
@require_any(DIRECT, ANSWER, LEAD)
def confirm(split_id: UUID, sha256: str) -> AnyResponse | tuple[str, int]:
    """Take the differences, all of them; a file with faults changes nothing."""
    report = _run(split_id, sha256, dry_run=False)
    if not report.written:
        return _report(split_id, report, sha256, 422)
    uploads.forget(sha256)
    flash(counted("已按工作簿修改 %(n)s 条分解项", n=len(report.taken)))
    return redirect(url_for("split.show", split_id=split_id), 303)
