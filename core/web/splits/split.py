"""One split (分解表): the matrix of clauses and units, edited cell by cell, with the steps of the whole table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import say, say_fault
from core.web.paging import bad_argument, read_id
from core.web.splits.split_page import Typed, campaign_of, show_page, show_row
from core.web.splits.split_words import said_of, tables, unit_names
from core.web.table_files import send_table
from core.web.words import counted
from core.work.papers.notes import mark_seen
from core.work.roles import ANSWER, DIRECT, LEAD, SEE
from core.work.splits.answering import accept_all
from core.work.splits.editing import ALL_TO_LEAD, EVEN, save_cells, share_out
from core.work.splits.issuing import faults_of_split, issue_split
from core.work.splits.making import add_row, drop_split
from core.work.splits.points import read_hundredths
from core.work.splits.reading import Table, read_table
from core.work.splits.states import DRAFT
from core.work.splits.workbook import HEAD, SPLITS, rows_of
from tenants.scope import ScopedSession

blueprint = Blueprint("split", __name__, url_prefix="/t/<slug>/splits/<uuid:split_id>")
blueprint.before_request(district.enter)


@blueprint.get("")
@require(SEE)
def show(split_id: UUID) -> tuple[str, int]:
    """The matrix with its filter; 25 clauses a page."""
    table = read_table(db(), actor(), split_id, today())
    mark_seen(db(), actor(), "split", split_id, now())
    return show_page(table)


@blueprint.post("/cells")
@require_any(DIRECT, ANSWER, LEAD)
def keep_cells(split_id: UUID) -> AnyResponse | str | tuple[str, int]:
    """Save cells: of one row, which is answered with that row, or of the whole page."""
    cells, marks = _cells()
    single = request.headers.get("HX-Request") == "true" and len(marks) == 1
    try:
        done = save_cells(db(), actor(), split_id, cells, marks, now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict, Stale, Forbidden) as error:
        table = read_table(db(), actor(), split_id, today())
        kept = _kept(table, marks)
        typed = Typed(kept, _cell_faults(error, table, cells), say(error) if not error.faults else "", single)
        return show_row(table, next(iter(marks)), typed, error.status) if single else show_page(table, error, typed)
    if single:
        return show_row(read_table(db(), actor(), split_id, today()), next(iter(marks)), Typed(), 200)
    flash(counted("已保存 %(n)s 条分解项", n=len(done)) if done else gettext("没有要保存的改动"))
    return (
        redirect(request.form.get("back") or url_for("split.show", split_id=split_id), 303)
        if _back()
        else _home(split_id)
    )


def _kept(table: Table, marks: Mapping[UUID, str]) -> dict[str, str]:
    """What was typed into rows that nobody else has changed meanwhile; of the others the page shows who won."""
    rows = {str(line.row.id) for line in table.lines if marks.get(line.row.id) == line.mark}
    return {name: text for name, text in request.form.items() if name.startswith("c.") and name.split(".")[1] in rows}


def _cell_faults(error: SanchengError, table: Table, cells: Mapping[UUID, Mapping[UUID, str]]) -> dict[str, str]:
    """The faults of cells by their name, each naming the clause and the unit."""
    names = unit_names({unit for typed in cells.values() for unit in typed})
    found: dict[str, str] = {}
    for line in (one for one in table.lines if one.row.id in cells):
        own = [fault for fault in error.faults if str(line.row.id) in fault.field]
        found |= said_of(InvalidInput(faults=own), line, names)
    return found


def _back() -> bool:
    """Whether the page says where it was, on this table's own address."""
    return request.form.get("back", "").startswith(request.path.removesuffix("/cells") + "?")


def _home(split_id: UUID) -> AnyResponse:
    return redirect(url_for("split.show", split_id=split_id), 303)


def _cells() -> tuple[dict[UUID, dict[UUID, str]], dict[UUID, str]]:
    """What was typed: row -> unit -> text, and row -> mark. Raises InvalidInput."""
    cells: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    marks: dict[UUID, str] = {}
    for name, value in request.form.items():
        kind, _, rest = name.partition(".")
        if kind == "m":
            marks[read_id(rest, "row")] = value[:40]
        elif kind == "c":
            row, _, unit = rest.partition(".")
            cells[read_id(row, "row")][read_id(unit, "unit")] = value[:40]
    return dict(cells), {row: mark for row, mark in marks.items() if row in cells}


@blueprint.post("/rows")
@require(DIRECT)
def add(split_id: UUID) -> AnyResponse | tuple[str, int]:
    """Add a clause of the district's own."""
    form = request.form
    try:
        worth = _points(form.get("points", ""))
        said = {"code": form.get("code", ""), "title": form.get("title", "")}
        row = add_row(db(), actor(), split_id, **said, points=worth, now=now())
    except (InvalidInput, Conflict) as error:
        return show_page(read_table(db(), actor(), split_id, today()), error)
    flash(gettext("已增加分解项 %(code)s", code=row.code))
    return redirect(url_for("split_row.show", split_id=split_id, row_id=row.id), 303)


@blueprint.post("/share-out")
@require_any(DIRECT, ANSWER, LEAD)
def share(split_id: UUID) -> AnyResponse:
    """Share the points of all clauses out that have units and are not in order, among those the reader answers for."""
    how = request.form.get("how", "")
    if how not in (EVEN, ALL_TO_LEAD):
        raise bad_argument("how", how)
    table = read_table(db(), actor(), split_id, today())
    ids = [line.row.id for line in table.lines if line.shares and not line.complete and table.edits(line)]
    done = share_out(db(), actor(), split_id, ids, how, now=now()) if ids else 0
    flash(counted("已分好 %(n)s 条分解项的分值", n=done) if done else gettext("没有要分的分解项"))
    return _home(split_id)


@blueprint.post("/issue")
@require(DIRECT)
def issue(split_id: UUID) -> AnyResponse | tuple[str, int]:
    """Issue the whole table, or say for each clause why it cannot be."""
    table = read_table(db(), actor(), split_id, today())
    try:
        version, day = _whole(request.form.get("version", "")), _day(request.form.get("valid_from", ""))
        campaign = campaign_of(table.split)
        issue_split(db(), actor(), campaign, split_id, version=version, valid_from=day, now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict, Stale, Forbidden) as error:
        return show_page(read_table(db(), actor(), split_id, today()), error)
    flash(gettext("已印发，各单位会收到提醒"))
    return _home(split_id)


@blueprint.get("/check")
@require(SEE)
def check(split_id: UUID) -> AnyResponse | str:
    """What stands against issuing it, clause by clause, before anybody tries; of what is no draft the table itself."""
    table = read_table(db(), actor(), split_id, today())
    if table.split.state != DRAFT or not table.sight.directs:
        return redirect(url_for("split.show", split_id=split_id))
    faults = faults_of_split(db(), split_id, today())
    rows = {line.row.code: line.row for line in table.lines}
    return render_template(
        "splits/check.html",
        split=table.split,
        faults=[(rows.get(fault.field), say_fault(fault)) for fault in faults],
        day=today(),
        **tables(),
    )


@blueprint.post("/drop")
@require(DIRECT)
def drop(split_id: UUID) -> AnyResponse:
    """Drop the draft."""
    drop_split(db(), actor(), split_id, now=now())
    flash(gettext("草稿已作废"))
    return redirect(url_for("splits.show_list"), 303)


@blueprint.post("/accept")
@require(ANSWER)
def take_all(split_id: UUID) -> AnyResponse:
    """Accept everything that waits for the reader's units."""
    read_table(db(), actor(), split_id, today())
    done = accept_all(db(), actor(), split_id, now=now())
    flash(counted("已接收 %(n)s 项分工", n=done))
    return _home(split_id)


def _points(said: str) -> int:
    """Points in 1/100; nothing is none. Raises InvalidInput."""
    faults: list[Fault] = []
    found = read_hundredths(said or "0", "points", faults)
    if faults:
        raise InvalidInput(faults=faults)
    return found


def _whole(said: str) -> int:
    if not said.isdecimal() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said) if said else today()
    except ValueError:
        remedy = N_("请写成 2026-03-02")
        raise InvalidInput(faults=[Fault(N_("日期写法无效"), "valid_from", value=said[:20], remedy=remedy)]) from None


@blueprint.get("/split.csv", endpoint="export_csv")
@blueprint.get("/split.xlsx", endpoint="export_xlsx")
@require(SEE)
def export(split_id: UUID) -> Response:
    """The table as the district's workbook, as it can be uploaded again."""
    who, day = actor(), today()
    split = read_table(db(), who, split_id, day).split
    name = f"split-{split.campaign}-{split.issue}-{day}"

    def rows(session: ScopedSession) -> Any:
        return rows_of(read_table(session, who, split_id, day))

    return send_table(name, SPLITS.titles[0], HEAD, rows)
