"""Visits of a round on the pages (轮次检查记录): the list, and one visit of a secret round, read and corrected before the release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_
from core.request import actor, db, now, require_any, today
from core.settings import ZONE
from core.web.inspection import visit_correction, visits
from core.web.inspection.visit_doors import Doors
from core.web.paging import PAGE, cut, read_id, read_moment_cursor
from core.web.places.site_words import say_points
from core.web.rounds import words
from core.web.table_files import send_table
from core.work.roles import DIRECT, SEE, VISIT
from core.work.rounds.round_visits import (
    LARGEST_PAGE,
    After,
    RoundVisit,
    VisitFilter,
    find_visit,
    inspectors_of,
    list_visits,
    reads_all,
)
from core.work.rounds.sealing import note_read, seal
from core.work.rounds.sight import get_round
from core.work.tables import Round

blueprint = Blueprint("round_visits", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>/visits")
blueprint.before_request(asked.enter_cleared)
correcting = Blueprint(
    "round_correcting", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>/visits/<uuid:visit_id>/correct"
)
correcting.before_request(asked.enter_cleared)


@blueprint.get("")
@require_any(SEE, VISIT)
def show_list(round_id: UUID) -> str:
    """The visits that count for the round, the latest first: place, person, time, points, findings."""
    of, wanted = get_round(db(), actor(), round_id, today()), _wanted()
    note_read(db(), actor(), of, "round.visits", now=now())
    found = list_visits(db(), actor(), of, wanted, on=today(), after=read_moment_cursor(), size=PAGE)
    people = inspectors_of(db(), actor(), of, today())
    return render_template(
        "rounds/visits.html",
        of=of,
        words=words,
        page=cut(found, lambda row: (row.submitted_at.isoformat(), row.id)),
        wanted=wanted,
        filtered=bool(wanted.text or wanted.person_id or wanted.found),
        people=[(str(person), name) for person, name in people],
        whole=reads_all(db(), actor(), of, today()),
        say_points=say_points,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_xlsx")
@require_any(SEE, VISIT)
def export(round_id: UUID) -> Response:
    """The same list as CSV or as a workbook."""
    of, wanted = get_round(db(), actor(), round_id, today()), _wanted()
    note_read(db(), actor(), of, "round.visits.export", now=now())
    head = (
        N_("日期"), N_("提交时间"), N_("点位名称"), N_("单位"), N_("检查人"), N_("得分"), N_("满分"), N_("问题数"), N_("检查编号"),
    )  # fmt: skip
    lines = [_line(row) for row in _all(of, wanted)]  # read in this session: the file's own one meets no secret
    name = f"round-visits-{today().isoformat()}"
    return send_table(name, gettext("检查"), [gettext(text) for text in head], lambda _: lines)


@blueprint.get("/<uuid:visit_id>")
@require_any(SEE, VISIT)
def show(round_id: UUID, visit_id: UUID) -> str | AnyResponse:
    """One visit of a secret round; what is no secret any more has its page in the open."""
    of, is_hidden = _find(round_id, visit_id, "round.visit")
    if not is_hidden:
        return redirect(url_for("visits.show", visit_id=visit_id), 303)
    return visits.page_of(visit_id, Doors(of.id, of.title))


@correcting.get("")
@require_any(VISIT, DIRECT)
def ask(round_id: UUID, visit_id: UUID) -> AnyResponse | tuple[str, int]:
    """The form of its correction."""
    of, is_hidden = _find(round_id, visit_id, "round.correct")
    if not is_hidden:
        return redirect(url_for("correcting.ask", visit_id=visit_id), 303)
    return visit_correction.ask_for(visit_id, Doors(of.id, of.title))


@correcting.post("")
@require_any(VISIT, DIRECT)
def submit(round_id: UUID, visit_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take the corrected version in; one that is sent while the round is released is taken in the open."""
    of, is_hidden = _find(round_id, visit_id, "round.correct")
    with seal(db(), of):
        return visit_correction.take_in(visit_id, Doors(of.id, of.title) if is_hidden else Doors())


def _find(round_id: UUID, visit_id: UUID, route: str) -> tuple[Round, bool]:
    """The round, and whether the visit is a secret still; the look is written down."""
    of = get_round(db(), actor(), round_id, today())
    found = find_visit(db(), actor(), of, visit_id, today())
    note_read(db(), actor(), of, route, now=now())
    return of, found.hidden


def _wanted() -> VisitFilter:
    said, person = request.args, request.args.get("person", "")
    return VisitFilter(said.get("q", "")[:80], read_id(person, "person") if person else None, said.get("found") == "1")


def _all(of: Round, wanted: VisitFilter) -> Iterator[RoundVisit]:
    """Every visit of the filter, page after page."""
    after: After | None = None
    while found := list_visits(db(), actor(), of, wanted, on=today(), after=after, size=LARGEST_PAGE):
        yield from found[:LARGEST_PAGE]
        if len(found) <= LARGEST_PAGE:
            return
        last = found[LARGEST_PAGE - 1]
        after = (last.submitted_at, last.id)


def _line(row: RoundVisit) -> Sequence[object]:
    at = row.submitted_at.astimezone(ZONE).isoformat(timespec="seconds")
    points = (say_points(row.earned), say_points(row.possible))
    return (
        *(row.day.isoformat(), at, row.site_name, row.unit_name, row.person_name),
        *(*points, row.findings, str(row.id)),
    )
