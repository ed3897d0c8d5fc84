"""Findings on the pages (问题): the lists 问题、整改、责任 as tabs over one ledger, and the same as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.request import actor, db, now, require, today
from core.web.exports import stream_csv
from core.web.ledger import finding_words as words
from core.web.ledger.finding_files import header, reader
from core.web.ledger.finding_lines import read_lines
from core.web.ledger.finding_query import Asked, read_asked, read_chips, set_options
from core.web.ledger.finding_words import VIEW_TITLES, time_left
from core.web.paging import read_id
from core.web.places.grid_choice import grid_options
from core.web.places.site_words import campaign_titles, unit_options
from core.web.workbook_answers import send_xlsx
from core.work.desk.bulk_steps import MOST, steps_in_bulk
from core.work.desk.finding_filters import GROUPS
from core.work.desk.finding_tally import tally
from core.work.desk.findings import FindingRow, list_findings
from core.work.desk.people_in_charge import people_in_charge
from core.work.desk.saved_filters import LONGEST_NAME, saved_filters
from core.work.duties.sponsor_beside import NearSponsor, sponsors_beside_findings
from core.work.intake.sources import SOURCES
from core.work.loop.states import STATES
from core.work.loop.step_input import SEVERITIES
from core.work.roles import SEE

PAGE = "findings"  # under which its saved filters are kept
blueprint = Blueprint("findings", __name__, url_prefix="/t/<slug>/findings")
blueprint.before_request(asked.enter)


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The findings within reach, narrowed by what the address says; as of a day when it asks for one."""
    wanted, session = read_asked(), db()
    cursor = request.args.get("cursor") or None
    page = list_findings(session, actor(), wanted.filter, cursor=cursor, sort=wanted.sort, now=now())
    left = {} if wanted.filter.as_of else time_left(session, page.rows, now())
    return render_template(
        "findings/list.html",
        page=page,
        wanted=wanted,
        chips=read_chips(wanted),
        totals=tally(session, actor(), wanted.filter, now=now(), whole=None if cursor else page),
        lines=read_lines(page.rows, left, wanted.view, _beside(wanted.view, page.rows), wanted.filter.as_of),
        views=VIEW_TITLES,
        saved=saved_filters(session, actor(), PAGE),
        undo=read_id(undo, "undo") if (undo := request.args.get("undo")) else None,
        longest_name=LONGEST_NAME,
        bulk=[] if wanted.filter.as_of else steps_in_bulk(actor()),
        most=MOST,
        words=words,
        **_options(wanted),
    )


def _beside(view: str, rows: Sequence[FindingRow]) -> Mapping[UUID, Sequence[NearSponsor]] | None:
    """The sponsors of a page, where who answers is the question: the list of problems has no room for them."""
    return sponsors_beside_findings(db(), rows) if view != "problem" else None


def _options(wanted: Asked) -> dict[str, Any]:
    """What the filters offer; the rare ones when they are asked for, or when one of them is on."""
    session, day = db(), wanted.days.get("as_of") or today()
    offered = {
        "groups": [(key, gettext(title)) for key, (title, _) in GROUPS.items()],
        "categories": words.category_options(),
        "units": unit_options(session, actor(), day),
        "more": bool(request.args.get("more")) or wanted.rare,
    }
    return offered | _rare_options(day) if offered["more"] else offered


def _rare_options(day: date) -> dict[str, Any]:
    session = db()
    return {
        "states": [(code, words.say_state(code)) for code in STATES],
        "sets": [(key, title) for key, title, _ in set_options()],
        "campaigns": campaign_titles(session),
        "grids": grid_options(session, day),
        "people": people_in_charge(session, actor(), day),
        "sources": [(code, words.say_source(code)) for code in SOURCES],
        "severities": [(code, words.say_severity(code)) for code in SEVERITIES],
    }


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted = read_asked()
    return stream_csv(_name(wanted, "csv"), header(wanted.view), reader(wanted))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same list as a workbook."""
    wanted = read_asked()
    title = gettext(VIEW_TITLES[wanted.view])
    return send_xlsx(_name(wanted, "xlsx"), title, header(wanted.view), reader(wanted))


def _name(wanted: Asked, kind: str) -> str:
    return f"findings-{wanted.view}-{(wanted.days.get('as_of') or today()).isoformat()}.{kind}"
