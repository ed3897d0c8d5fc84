"""Candidates of double reporting (疑似重复): all open ones within reach, each to be declared disjoint or merged."""

from __future__ import annotations

from flask import Blueprint, render_template

from core.request import actor, db, require, today
from core.web import district
from core.web.quantities.quantity_words import options, query_of, read_asked, tables
from core.work.quantities.board import all_candidates
from core.work.quantities.doubles import MOST
from core.work.quantities.reading import lines_by_id
from core.work.quantities.words import FLOWS
from core.work.roles import ANSWER, DIRECT, SEE

blueprint = Blueprint("quantity_doubles", __name__, url_prefix="/t/<slug>/quantities/doubles")
blueprint.before_request(district.enter)

SHOWN = 100


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The open candidates, of all kinds or of what the filter finds."""
    asked = read_asked()
    candidates = all_candidates(db(), actor(), asked, today=today())
    shown = candidates[:SHOWN]
    lines = lines_by_id(db(), actor(), (one for pair in shown for one in pair.pair), today=today())
    return render_template(
        "quantities/doubles.html",
        asked=asked,
        query=query_of(asked),
        candidates=shown,
        n=len(candidates),
        most=MOST,
        lines=lines,
        flow_options=options(FLOWS),
        may_settle=actor().has(ANSWER) or actor().has(DIRECT),
        **tables(),
    )
