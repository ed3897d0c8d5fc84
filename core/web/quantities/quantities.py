"""The list of quantities (工作量清单): inputs, outputs, outcomes and stocks apart, by kind, each sum with what stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import SanchengError
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_id
from core.web.quantities.quantity_form import choices, read_wish, typed
from core.web.quantities.quantity_words import (
    campaign_options,
    kind_options,
    listed_units,
    options,
    query_of,
    read_asked,
    tables,
)
from core.web.table_files import send_table
from core.work.quantities.board import board_of, totals_of
from core.work.quantities.entering import enter
from core.work.quantities.reading import Line, key_of, list_entries
from core.work.quantities.sight import may_keep_kinds
from core.work.quantities.words import BASES, FLOWS, STATES
from core.work.quantities.workbook import ENTRIES, HEAD, rows_of
from core.work.roles import ANSWER, DIRECT, SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("quantities", __name__, url_prefix="/t/<slug>/quantities")
blueprint.before_request(district.enter)

MOST_ROWS = 20_000  # of one export (ours)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The entries that a filter finds, page by page."""
    asked = read_asked()
    lines = list_entries(db(), actor(), asked, today=today(), after=_after(), limit=PAGE + 1)
    page = cut(lines, key_of)
    board = board_of(db(), actor(), asked, (line.kind.id for line in page.rows), today=today())
    return render_template(
        "quantities/list.html",
        asked=asked,
        query=query_of(asked),
        page=page,
        flows=_by_flow(page.rows),
        board=board,
        of_entry=board.of_entry,
        gaps=totals_of(db(), page.rows),
        kinds=kind_options(),
        units=listed_units(),
        campaigns=campaign_options(),
        flow_options=options(FLOWS),
        basis_options=options(BASES),
        state_options=[("all", gettext("全部状态")), *options(STATES)],
        may_enter=actor().has(ANSWER) or actor().has(DIRECT),
        may_keep=may_keep_kinds(db(), actor(), today()),
        **tables(),
    )


def _after() -> tuple[int, str, UUID] | None:
    said = read_cursor(3)
    if said is None:
        return None
    if not said[0].isdecimal() or len(said[0]) > 2:
        raise bad_argument("cursor", said[0])
    return int(said[0]), said[1], read_id(said[2], "cursor")


def _by_flow(lines: Sequence[Line]) -> list[tuple[str, list[list[Line]]]]:
    """The lines of a page under their flows, and there under their kinds."""
    return [
        (flow, [list(some) for _kind, some in groupby(of_flow, lambda line: line.kind.id)])
        for flow, of_flow in groupby(lines, lambda line: line.kind.flow)
    ]


@blueprint.get("/new")
@require_any(ANSWER, DIRECT)
def ask() -> tuple[str, int]:
    """The form for a quantity; ``kind``, ``unit``, ``plan``, ``project`` and ``task`` of the address are chosen already."""
    given = {name: request.args.get(name, "") for name in ("kind", "unit", "document")}
    links = {f"{name}_id": request.args.get(name, "") for name in ("plan", "project", "task", "line")}
    return _ask(given | links)


@blueprint.post("/new")
@require_any(ANSWER, DIRECT)
def add() -> AnyResponse | tuple[str, int]:
    """Report a quantity."""
    try:
        entry = enter(db(), actor(), read_wish(), now=now())
    except SanchengError as error:
        return _ask(dict(typed()), error)
    flash(gettext("已填报"))
    if request.form.get("then") == "more":
        kept = {"kind": entry.kind_id, "unit": entry.unit_id, "document": entry.document or None}
        return redirect(url_for("quantities.ask", **kept), 303)
    return redirect(url_for("quantity.show", quantity_id=entry.id), 303)


def _ask(values: dict[str, str], error: SanchengError | None = None) -> tuple[str, int]:
    page = render_template(
        "quantities/new.html",
        values=values,
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        may_keep=may_keep_kinds(db(), actor(), today()),
        **choices(),
        **tables(),
    )
    return page, error.status if error else 200


@blueprint.get("/quantities.csv")
@blueprint.get("/quantities.xlsx", endpoint="export_xlsx")
@require(SEE)
def export_csv() -> Response:
    """The list as a file that can be uploaded again."""
    asked, who, day = read_asked(), actor(), today()

    def read(session: ScopedSession) -> Iterator[Sequence[object]]:
        yield from rows_of(list_entries(session, who, asked, today=day, limit=MOST_ROWS))

    return send_table(f"quantities-{day}", ENTRIES.titles[0], HEAD, read)
