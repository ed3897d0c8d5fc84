"""What is due, and entering it (统计填报): the list of a period with the last value beside, saved row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.request import actor, db, require, require_any, today
from core.web import district
from core.web.exports import stream_csv
from core.web.paging import Page, bad_argument, cut, read_cursor
from core.web.statistics.statistic_rows import Row, rows_for, take_rows
from core.web.statistics.statistic_words import (
    campaign_options,
    options,
    owner_options,
    period_options,
    query_of,
    read_asked,
    tables,
)
from core.web.words import counted
from core.web.workbook_answers import send_xlsx
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.statistics.grid import Asked, Line, lines_of, pairs_of
from core.work.statistics.words import STATES, TIMELINESS
from core.work.statistics.workbook import ENTRIES, HEAD, rows_of
from tenants.access import Actor, may, root_unit
from tenants.scope import ScopedSession

blueprint = Blueprint("statistics", __name__, url_prefix="/t/<slug>/statistics")
blueprint.before_request(district.enter)

LINES = 40  # a page is a form: more rows than these are no longer filled in at one sitting (ours)


@blueprint.get("")
@require(SEE)
def show() -> tuple[str, int]:
    """What is due, with fields for what the reader enters."""
    asked = read_asked()
    page = _page_of(asked)
    return _show(asked, page, rows_for(page.rows, _more()))


@blueprint.post("")
@require_any(ANSWER, DIRECT)
def enter() -> AnyResponse | tuple[str, int]:
    """Save the rows as drafts, or save and hand in; what is wrong stays with its row, what is right is kept."""
    asked = read_asked()
    rows = rows_for(_posted(asked))
    saved, handed = take_rows(rows, hand_in=request.form.get("then") == "submit")
    kept = {row.key: row for row in rows if row.errors}
    if not kept:
        flash(_done(saved, handed))
        return redirect(url_for("statistics.show", **_here(asked)), 303)
    page = _page_of(asked)
    shown = rows_for(page.rows, _more())
    here = {row.line.key for row in shown}
    shown += rows_for({k.line.key: k.line for k in kept.values() if k.line.key not in here}.values())
    fresh = [_with_errors(row, kept) for row in shown]
    # What was right is written although something else was wrong: an answer of 4xx would take it back.
    return _show(asked, page, fresh, 200 if saved or handed else 422, _done(saved, handed) if saved or handed else "")


def _posted(asked: Asked) -> list[Line]:
    """The lines that the page sent, whatever has become of them since it was made."""
    sent = {name.rpartition(".")[0].rpartition("-")[0] for name in request.form if name.endswith(".version")}
    lines = lines_of(db(), actor(), replace(asked, state="", timeliness=""), today=today())
    return [line for line in lines if line.key in sent]


def _with_errors(row: Row, kept: dict[str, Row]) -> Row:
    """A row as it is now with what was typed into it; somebody else may have begun it in between."""
    begun = kept.get(f"{row.line.key}-new")
    old = kept.get(row.key) or (begun if begun and row.value and begun.typed["basis"] == row.value.basis else None)
    return row if old is None else replace(row, typed=old.typed, errors=old.errors)


def _done(saved: int, handed: int) -> str:
    if handed:
        return counted("已上报 %(n)s 项，等创建办审核", n=handed)
    return counted("已存草稿 %(n)s 项", n=saved) if saved else gettext("没有要保存的改动")


def _more() -> str:
    """The row of which another basis is to be entered."""
    return request.args.get("more", "")[:100]


def _here(asked: Asked) -> dict[str, str]:
    beside = {name: request.args.get(name, "") for name in ("cursor", "more")}
    return query_of(asked) | {name: value for name, value in beside.items() if value}


def _page_of(asked: Asked) -> Page[Line]:
    lines = lines_of(db(), actor(), asked, today=today())
    after = read_cursor(1)
    if after is not None:
        keys = [line.key for line in lines]
        if after[0] not in keys:
            raise bad_argument("cursor", after[0])
        lines = lines[keys.index(after[0]) + 1 :]
    return cut(lines, lambda line: (line.key,), LINES)


def _show(asked: Asked, page: Page[Line], rows: Sequence[Row], status: int = 200, done: str = "") -> tuple[str, int]:
    pairs = pairs_of(db(), actor(), Asked(), today=today())
    shown = render_template(
        "statistics/list.html",
        asked=asked,
        here=_here(asked),
        query=query_of(asked),
        page=page,
        rows=rows,
        done=done,
        wrong=[row for row in rows if row.errors],
        editable=any(row.editable for row in rows),
        any_pairs=bool(pairs),
        may_keep=may(db(), actor(), DIRECT, root_unit(db()).id, today()),
        periods=period_options(asked.period),
        owners=owner_options(pair.statistic.owner_unit_id for pair in pairs),
        units=owner_options({asked.unit_id}) if asked.unit_id else [],
        campaigns=campaign_options(),
        states=options(STATES),
        timelinesses=options(TIMELINESS),
        **tables(),
    )
    return shown, status


@blueprint.get("/statistics.csv")
@require(SEE)
def export_csv() -> Response:
    """The list as CSV, as it can be uploaded again."""
    return stream_csv(f"statistics-{today()}.csv", HEAD, _reader(read_asked(), actor(), today()))


@blueprint.get("/statistics.xlsx")
@require(SEE)
def export_xlsx() -> Response:
    """The list as a workbook to be filled in and uploaded."""
    return send_xlsx(f"statistics-{today()}.xlsx", ENTRIES.titles[0], HEAD, _reader(read_asked(), actor(), today()))


def _reader(asked: Asked, who: Actor, day: date) -> Callable[[ScopedSession], Iterator[Sequence[object]]]:
    return lambda session: rows_of(lines_of(session, who, asked, today=day))
