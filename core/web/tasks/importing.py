"""Tasks from a workbook (任务导入): template, upload, what it would do, confirm, how far it is, and the workbook with its reasons."""

from __future__ import annotations

from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, TooLarge
from core.request import actor, db, house, now, require, today
from core.web import district
from core.web.errors import say, say_fault
from core.web.paging import read_id
from core.web.words import counted
from core.web.workbook_answers import XLSX
from core.work.plans.plan_list import plans_in_force
from core.work.roles import DIRECT
from core.work.tasks.importing import (
    FAILED,
    FINISHED,
    RUNNING,
    STATES,
    TRIED,
    confirm,
    get_import,
    keep,
    list_imports,
)
from core.work.tasks.importing_answer import answer_workbook, unpack_told
from core.work.tasks.importing_sheet import MOST_ROWS, Options, stored_options
from core.work.tasks.importing_template import task_template
from core.work.tasks.wishes import FIRST_YEAR, LAST_YEAR

blueprint = Blueprint("task_import", __name__, url_prefix="/t/<slug>/tasks/import")
blueprint.before_request(district.enter)

SHOWN = 200
TONES = {TRIED: "next", FINISHED: "verified", FAILED: "overdue"}


@blueprint.get("")
@require(DIRECT)
def ask() -> tuple[str, int]:
    """What to do, the template, the form for the file, and what was brought in before."""
    return _ask()


def _ask(status: int = 200, said: str = "", faults: list[str] | None = None) -> tuple[str, int]:
    page = render_template(
        "tasks/import.html",
        said=said,
        faults=faults or [],
        history=list_imports(db(), actor()),
        plans=[(str(plan.id), plan.title) for plan in plans_in_force(db(), today())],
        year=request.form.get("year", ""),
        plan=request.form.get("plan", ""),
        issue=request.form.get("issue", "1" if request.method == "GET" else ""),
        state_of=lambda state: (gettext(STATES[state]), TONES.get(state, "active")),
        most=MOST_ROWS,
        this_year=today().year,
    )
    return page, status


@blueprint.get("/template.xlsx")
@require(DIRECT)
def template() -> Response:
    """The blank workbook with the units, plans and words that are allowed here."""
    answer = Response(task_template(db(), today(), house().registry), content_type=XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="sancheng-tasks.xlsx"'
    return answer


@blueprint.post("")
@require(DIRECT)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep the file, and ask for its trial; what cannot be read at all is refused here."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _ask(422, gettext("请选择一个 .xlsx 或 .csv 文件"))
    name = file.filename[-120:].replace("\x00", "")
    try:
        with db().begin_nested():
            made = keep(db(), actor(), name=name, data=file.read(), options=_options(), now=now())
    except (InvalidInput, TooLarge) as error:
        return _ask(error.status, say(error), [say_fault(fault) for fault in error.faults])
    return redirect(url_for("task_import.show", import_id=made.id), 303)


def _options() -> Options:
    """The options beside the file. Raises InvalidInput for a year that is none."""
    said = request.form.get("year", "").strip()
    year = int(said) if said.isascii() and said.isdigit() and len(said) == 4 else None
    if said and (year is None or not FIRST_YEAR <= year <= LAST_YEAR):
        raise InvalidInput(
            faults=[Fault(N_("年份不对"), N_("年份"), value=said[:20], remedy=N_("请填四位年份，例如 2026"))]
        )
    plan = request.form.get("plan", "")
    plan_id = read_id(plan, "plan") if plan else None
    if plan_id is not None and plan_id not in {one.id for one in plans_in_force(db(), today())}:
        raise InvalidInput(faults=[Fault(N_("没有这个计划"), N_("计划"), remedy=N_("请从计划列表中选择"))])
    return Options(issue=request.form.get("issue") == "1", plan_id=plan_id, year=year)


@blueprint.get("/<uuid:import_id>")
@require(DIRECT)
def show(import_id: UUID) -> str:
    """How far an import is, and what it would do or has done, with every refused row's reason."""
    found = get_import(db(), actor(), import_id)
    told = unpack_told(found.answer) if found.state not in RUNNING else unpack_told(None)
    failure = found.result.get("error")
    return render_template(
        "tasks/import_one.html",
        of=found,
        state=(gettext(STATES[found.state]), TONES.get(found.state, "active")),
        running=found.state in RUNNING,
        counts=_counts(found.result) if "created" in found.result else None,
        options=stored_options(found.options),
        failure=gettext(failure).format(**found.result.get("params", {})) if failure else "",
        faults=list(islice(told.faults(), SHOWN)),
        remarks=list(islice(told.remarks(), SHOWN)),
        answerable=found.body is not None and bool(found.answer),
        say=lambda text, params: gettext(text).format(**params) if params else gettext(text),
    )


def _counts(result: dict[str, Any]) -> dict[str, int]:
    return {name: int(result.get(name, 0)) for name in ("created", "changed", "same", "refused", "remarks")}


@blueprint.post("/<uuid:import_id>")
@require(DIRECT)
def write(import_id: UUID) -> AnyResponse:
    """Confirm: the accepted rows are written beside the request."""
    try:
        found = confirm(db(), actor(), import_id, now=now())
        flash(counted("开始导入：文件共 %(n)s 行", n=found.row_count))
    except Conflict as error:
        flash(say(error), "error")
    return redirect(url_for("task_import.show", import_id=import_id), 303)


@blueprint.get("/<uuid:import_id>/answer.xlsx")
@require(DIRECT)
def answer(import_id: UUID) -> Response:
    """The same workbook with a column of reasons beside the refused rows. Raises NotFound once it is forgotten."""
    found = get_import(db(), actor(), import_id)
    if found.body is None or not found.answer:
        raise NotFound
    body = answer_workbook(found.body, found.name, unpack_told(found.answer), _say_cell)
    sent = Response(body, content_type=XLSX)
    stem = found.name.rpartition(".")[0] or "tasks"
    name = f"{stem}-{gettext('原因')}.xlsx"
    sent.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return sent


def _say_cell(fault: Fault) -> str:
    """A fault or remark for its own row: the column, what is wrong, the value and the remedy."""
    return say_fault(Fault(fault.message, fault.field, None, fault.value, "", fault.remedy, fault.params))
