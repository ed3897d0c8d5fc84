"""Drawing a new chart (起草新架构): each unit that is there now and what becomes of it, new units, a workbook, the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, InvalidInput, TooLarge
from core.request import actor, db, require, today
from core.web.errors import fault_map, say, say_fault
from core.web.organisation.chart_page import XLSX
from core.web.organisation.draft_reading import FATES, SHOWS, lines_of, new_tree, seat_options
from core.web.organisation.reorganisations import TONES, read_version, say_draft_fault
from core.web.organisation.unit import read_form_day
from core.web.paging import bad_argument, cut, read_cursor, read_id
from core.web.words import counted, listed, say_kind
from core.work.imports.workbook_reading import read_workbook
from core.work.names import tidy
from core.work.organisation.chart_drafts import Draft
from core.work.organisation.chart_editing import add_seat, drop_seat, keep_unit, merge_many, move_many, nodes_of
from core.work.organisation.chart_export import NEW_CHART, draft_rows, write_workbook
from core.work.organisation.reorganising import (
    STATES,
    TREES,
    Sheet,
    change_head,
    edit_draft,
    find_reorganisation,
    import_chart,
    open_sheet,
)
from core.work.organisation.units import HEADQUARTERS_KINDS, UNIT_KINDS, Node
from core.work.roles import ADMINISTER

blueprint = Blueprint("drafts", __name__, url_prefix="/t/<slug>/units/reorganisations/<uuid:reorganisation_id>/draft")
blueprint.before_request(asked.enter)

SIZE = 100
Change = Callable[[Draft, Mapping[UUID, Node]], None]


def kind_options(grove: str) -> list[tuple[str, str]]:
    """The kinds that a new unit of a tree may have."""
    known = [(code, gettext(text)) for code, text in UNIT_KINDS.items()]
    if grove == "administration":
        return [one for one in known if one[0] not in HEADQUARTERS_KINDS]
    return sorted(known, key=lambda one: one[0] not in HEADQUARTERS_KINDS)


def edit(reorganisation_id: UUID, change: Change) -> None:
    """Change the draft in the version that the form was filled from."""
    edit_draft(db(), actor(), reorganisation_id, change, version=read_version(), today=today())


def back(reorganisation_id: UUID, said: str, anchor: str = "") -> AnyResponse:
    """To the draft again, with the filters that it was left with."""
    flash(said)
    kept = {name: request.form.get(f"keep_{name}") or None for name in ("q", "kind", "show", "cursor")}
    return redirect(url_for("drafts.show", reorganisation_id=reorganisation_id, **kept) + anchor, 303)


@blueprint.get("")
@require(ADMINISTER)
def show(reorganisation_id: UUID) -> tuple[str, int] | AnyResponse:
    """What becomes of each unit, and the new chart."""
    return page(reorganisation_id)


def page(
    reorganisation_id: UUID,
    form: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    said: list[str] | None = None,
    status: int = 200,
) -> tuple[str, int] | AnyResponse:
    """The draft's page; ``form`` names the one that was refused, with its values and faults."""
    row = find_reorganisation(db(), reorganisation_id)
    if row.state != "draft":
        return redirect(url_for("reorganisations.show", reorganisation_id=row.id), 303)
    sheet = open_sheet(db(), row, today())
    kinds = {node.kind for node in sheet.standing.values()}
    shown = render_template(
        "reorganisations/draft.html",
        row=row,
        sheet=sheet,
        **_lines(sheet),
        faults=[say_draft_fault(fault) for fault in sheet.faults],
        shows=[(key, gettext(word)) for key, word in SHOWS.items()],
        kinds=[(k, gettext(t)) for k, t in UNIT_KINDS.items() if k in kinds],
        new_kinds=kind_options(row.tree),
        options=seat_options(sheet.draft),
        new=new_tree(sheet.draft),
        fates=FATES,
        state=STATES[row.state],
        tone=TONES[row.state],
        tree_title=TREES[row.tree],
        form=form,
        values=values or {},
        errors=errors or {},
        said=said or [],
        listed=listed,
        say_kind=say_kind,
    )
    return shown, status


def _lines(sheet: Sheet) -> dict[str, Any]:
    """One page of the units that the filters leave, with the filters. Raises InvalidInput."""
    text, kind, wanted = (request.args.get(name, "") for name in ("q", "kind", "show"))
    if wanted and wanted not in SHOWS:
        raise bad_argument("show", wanted)
    lines = lines_of(sheet, text=text[:40], kind=kind, show=wanted)
    cursor = read_cursor(1)
    after = read_id(cursor[0], "cursor") if cursor else None
    at = next((n + 1 for n, line in enumerate(lines) if line.node.id == after), 0)
    page = cut(lines[at : at + SIZE + 1], lambda line: (line.node.id,), SIZE)
    return {"page": page, "total": len(lines), "text": text, "kind": kind, "show": wanted}


@blueprint.post("/head")
@require(ADMINISTER)
def change(reorganisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """Another title, document or day."""
    errors: dict[str, str] = {}
    day, form = read_form_day("effective_on", errors), request.form
    if errors:
        return page(reorganisation_id, "head", form, errors, status=422)
    wish = {"title": form.get("title", ""), "document": form.get("document", ""), "effective_on": day or today()}
    try:
        change_head(db(), actor(), reorganisation_id, version=read_version(), today=today(), **wish)
    except (InvalidInput, Conflict) as error:
        return page(reorganisation_id, "head", form, fault_map(error) or {"title": say(error)}, status=error.status)
    return back(reorganisation_id, gettext("已保存"))


@blueprint.post("/many")
@require(ADMINISTER)
def change_many(reorganisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """One thing for several units at once: keep them, put them under another, merge them into one."""
    form = request.form
    ids = [read_id(one, "unit") for one in form.getlist("unit")]
    doing, target = form.get("doing", ""), form.get("target", "")
    if not ids:
        return page(reorganisation_id, "many", form, {"unit": gettext("没有选单位")}, status=422)
    if doing in ("move", "merge") and not target:
        return page(reorganisation_id, "many", form, {"target": gettext("请选去向")}, status=422)

    def carry(draft: Draft, standing: Mapping[UUID, Node]) -> None:
        chosen = nodes_of(standing, ids)
        if doing == "merge":
            merge_many(draft, chosen, target)
        elif doing == "move":
            move_many(draft, chosen, target)
        else:
            for node in chosen:
                keep_unit(draft, node)

    try:
        edit(reorganisation_id, carry)
    except (InvalidInput, Conflict) as error:
        return page(reorganisation_id, "many", form, {"target": _said(error)}, status=error.status)
    return back(reorganisation_id, counted("已改 %(n)s 个单位的去向", n=len(ids)), "#units")


def _said(error: InvalidInput | Conflict) -> str:
    return gettext("；").join(say_draft_fault(fault) for fault in error.faults) or say(error)


@blueprint.post("/seats")
@require(ADMINISTER)
def add(reorganisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """A new unit in the new chart."""
    form = request.form

    def carry(draft: Draft, _standing: Mapping[UUID, Node]) -> None:
        add_seat(draft, name=form.get("name", ""), kind=form.get("kind", ""), parent=form.get("parent") or None)

    try:
        edit(reorganisation_id, carry)
    except (InvalidInput, Conflict) as error:
        return page(reorganisation_id, "seat", form, fault_map(error) or {"name": say(error)}, status=error.status)
    return back(reorganisation_id, gettext("新架构里已加上 %(name)s", name=tidy(form.get("name", ""))), "#new")


@blueprint.post("/seats/<uuid:seat_id>/drop")
@require(ADMINISTER)
def drop(reorganisation_id: UUID, seat_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a new unit back out of the draft."""
    try:
        edit(reorganisation_id, lambda draft, _standing: drop_seat(draft, str(seat_id)))
    except (InvalidInput, Conflict) as error:
        return page(reorganisation_id, "seat", {}, {"name": _said(error)}, status=error.status)
    return back(reorganisation_id, gettext("已从新架构里去掉；原来并到它那里的单位要另定去向"), "#new")


@blueprint.post("/import")
@require(ADMINISTER)
def bring_in(reorganisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """Let a workbook draw the whole draft anew."""
    file = request.files.get("file")
    if file is None or not file.filename:
        errors = {"file": gettext("请选择一个 .xlsx 或 .csv 文件")}
        return page(reorganisation_id, "import", {}, errors, status=422)
    try:
        workbook = read_workbook(file.read(), file.filename[-120:])
        import_chart(db(), actor(), reorganisation_id, workbook, version=read_version(), today=today())
    except (InvalidInput, TooLarge, Conflict) as error:
        said = [say_fault(fault) for fault in error.faults]
        return page(reorganisation_id, "import", {}, {"file": say(error)}, said, error.status)
    return back(reorganisation_id, gettext("已按文件画好新架构；请看每个单位的去向"))


@blueprint.get("/chart.xlsx")
@require(ADMINISTER)
def take_out(reorganisation_id: UUID) -> Response:
    """The new chart as a workbook, to be changed and brought in again."""
    row = find_reorganisation(db(), reorganisation_id)
    sheet = open_sheet(db(), row, today())
    answer = Response(write_workbook(draft_rows(sheet.draft, sheet.standing), NEW_CHART), content_type=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="chart-{row.effective_on.isoformat()}.xlsx"'
    return answer
