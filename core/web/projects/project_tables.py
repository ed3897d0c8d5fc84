"""The tables of a project (项目各表): its stages, its bill of quantities, and who pays what; typed row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Fault, InvalidInput, SanchengError
from core.request import actor, db, now, require_any
from core.web import district
from core.web.errors import say
from core.web.projects import choices
from core.web.projects import project_words as words
from core.web.projects.fields import REFUSED, fault_list, fault_map, read_row_id, rows_of, version_of
from core.work.projects.bill import LineWish, items_of, listed_items, read_amount, set_bill
from core.work.projects.shares import ShareWish, read_money, set_shares, shares_of
from core.work.projects.stages import StageWish, set_stages, stages_of
from core.work.projects.states import DRAFT, FLOWS, PASSED, SOURCES
from core.work.projects.steps import find_project, open_kept
from core.work.roles import ANSWER, DIRECT
from core.work.statistics.measures import MEASURES
from core.work.tables import Project
from core.work.wording import LONGEST_NOTE, shown

blueprint = Blueprint("project_tables", __name__, url_prefix="/t/<slug>/projects")
blueprint.before_request(district.enter)

BLANK = 4  # empty rows below those that are there


@blueprint.get("/<uuid:project_id>/stages")
@require_any(ANSWER, DIRECT)
def ask_stages(project_id: UUID) -> str:
    """The stages as they stand."""
    project, _ = open_kept(db(), actor(), project_id, now())
    rows = [
        {
            "id": str(one.id),
            "title": one.title,
            "gate": one.gate,
            "planned_on": one.planned_on.isoformat() if one.planned_on else "",
            "photo": one.needs_photo,
            "other": one.by_other,
        }
        for one in stages_of(db(), project_id)
    ]
    return _form(project, "stages", rows)


@blueprint.post("/<uuid:project_id>/stages")
@require_any(ANSWER, DIRECT)
def save_stages(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change them."""
    rows = rows_of("title", "gate", "planned_on")
    for row in rows:
        row |= {
            name: row["place"] in request.form.getlist(name)  # type: ignore[dict-item]  # boxes, for the form
            for name in ("photo", "other")
        }
    return _save(project_id, "stages", rows, _write_stages)


def _write_stages(project_id: UUID, rows: Sequence[dict[str, Any]], given: dict[str, Any]) -> None:
    faults: list[Fault] = []
    wishes = [
        StageWish(
            row["title"],
            row["gate"],
            row["photo"],
            row["other"],
            _day(row, f"stages.{place}.planned_on", faults),
            read_row_id(row, "id", f"stages.{place}.title", faults),
        )
        for place, row in enumerate(rows)
    ]
    _refuse(faults)
    set_stages(db(), actor(), project_id, wishes, **given)


def _day(row: dict[str, str], field: str, faults: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(row["planned_on"]) if row["planned_on"] else None
    except ValueError:
        remedy = N_("请写成 2026-03-02")
        faults.append(Fault(N_("日期写法无效"), field, value=shown(row["planned_on"]), remedy=remedy))
        return None


@blueprint.get("/<uuid:project_id>/bill")
@require_any(ANSWER, DIRECT)
def ask_bill(project_id: UUID) -> str:
    """The bill as it stands."""
    project, _ = open_kept(db(), actor(), project_id, now())
    rows = [
        {
            "id": str(one.id),
            "title": one.title,
            "flow": one.flow,
            "measure": one.measure,
            "planned": words.say_plain(one.planned, one.planned_qualifier),
            "kind": str(one.kind_id or ""),
        }
        for one in items_of(db(), project_id)
    ]
    return _form(project, "bill", rows)


@blueprint.post("/<uuid:project_id>/bill")
@require_any(ANSWER, DIRECT)
def save_bill(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change it."""
    return _save(project_id, "bill", rows_of("title", "flow", "measure", "planned", "kind"), _write_bill)


def _write_bill(project_id: UUID, rows: Sequence[dict[str, Any]], given: dict[str, Any]) -> None:
    faults: list[Fault] = []
    wishes = []
    for place, row in enumerate(rows):
        name = f"items.{place}"
        amount = None
        try:
            amount = read_amount(row["planned"], row["measure"], f"{name}.planned")
        except InvalidInput as error:
            faults += error.faults
        value, said = (amount.value, amount.qualifier) if amount else (Decimal(0), "exact")
        kind, key = read_row_id(row, "kind", f"{name}.kind", faults), read_row_id(row, "id", f"{name}.title", faults)
        wishes.append(LineWish(row["title"], row["flow"], row["measure"], value, said, kind, key))
    _refuse(faults)
    set_bill(db(), actor(), project_id, wishes, **given)


@blueprint.get("/<uuid:project_id>/shares")
@require_any(ANSWER, DIRECT)
def ask_shares(project_id: UUID) -> str:
    """Who pays what, as it stands."""
    project, _ = open_kept(db(), actor(), project_id, now())
    rows = [
        {
            "id": str(one.id),
            "payer": one.payer,
            "source": one.source,
            "planned": words.typed_money(one.planned),
            "paid": one.paid,
        }
        for one in shares_of(db(), project_id)
    ]
    return _form(project, "shares", rows, cost=words.typed_money(project.cost, project.cost_qualifier))


@blueprint.post("/<uuid:project_id>/shares")
@require_any(ANSWER, DIRECT)
def save_shares(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change it, with the cost that it adds up to."""
    return _save(project_id, "shares", rows_of("payer", "source", "planned"), _write_shares)


def _write_shares(project_id: UUID, rows: Sequence[dict[str, Any]], given: dict[str, Any]) -> None:
    faults: list[Fault] = []

    def money(text: str, field: str) -> tuple[int | None, str]:
        try:
            return read_money(text, field)
        except InvalidInput as error:
            faults.extend(error.faults)
            return None, "exact"

    cost, said = money(request.form.get("cost", ""), "cost")
    wishes = [
        ShareWish(
            row["payer"],
            row["source"],
            money(row["planned"], f"shares.{place}.planned")[0] or 0,
            read_row_id(row, "id", f"shares.{place}.payer", faults),
        )
        for place, row in enumerate(rows)
    ]
    _refuse(faults)
    set_shares(db(), actor(), project_id, wishes, cost, cost_qualifier=said, **given)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput(faults=faults)


def _save(
    project_id: UUID,
    table: str,
    rows: Sequence[dict[str, Any]],
    write: Callable[[UUID, Sequence[dict[str, Any]], dict[str, Any]], None],
) -> AnyResponse | tuple[str, int]:
    given = {"version": version_of(), "reason": request.form.get("reason", ""), "now": now()}
    try:
        write(project_id, rows, given)
    except REFUSED as error:
        project = find_project(db(), actor(), project_id, now())
        return _form(project, table, rows, error, cost=request.form.get("cost", "")), error.status
    flash(gettext("已保存"))
    return redirect(url_for("project.show", project_id=project_id), 303)


def _form(
    project: Project, table: str, rows: Sequence[Any], error: SanchengError | None = None, *, cost: str = ""
) -> str:
    blank = [{} for _ in range(BLANK if rows else 2 * BLANK)]
    passed = [str(one.id) for one in stages_of(db(), project.id) if one.state == PASSED] if table == "stages" else []
    return render_template(
        "projects/tables.html",
        project=project,
        table=table,
        rows=[*rows, *blank],
        filled=len(rows),
        passed=passed,
        cost=cost,
        version=request.form.get("version", project.version),
        reason=request.form.get("reason", ""),
        listed={str(key) for key in listed_items(db(), project.id)},
        faults=fault_map(error),
        all_faults=fault_list(error),
        refusal=say(error) if error and not error.faults else "",
        flows=words.options(FLOWS),
        sources=words.options(SOURCES),
        measures=[(code, words.say_measure(code)) for code in MEASURES],
        kinds=choices.kinds_of_quantity(),
        is_draft=project.state == DRAFT,
        longest=LONGEST_NOTE,
        words=words,
    )
