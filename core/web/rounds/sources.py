"""Sources side by side on a page (分来源结果): what each came to in some days; a weighted line only where it is asked for."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request

from core import request as asked
from core.request import actor, db, require, today
from core.web.paging import read_day
from core.web.places.site_words import say_points
from core.web.rounds import words
from core.work.roles import SEE
from core.work.rounds.sources import by_source, weighted

blueprint = Blueprint("round_sources", __name__, url_prefix="/t/<slug>/rounds/sources")
blueprint.before_request(asked.enter_cleared)

USUAL_DAYS = 90  # looked back over when no day is said (ours)


@blueprint.get("")
@require(SEE)
def show() -> str:
    """Rounds that ended within the days, by source; no secret one before its release."""
    until = read_day("to") or today()
    since = read_day("from") or until - timedelta(days=USUAL_DAYS)
    lines = by_source(db(), actor(), since, until, today())
    wants = request.args.get("weighted") == "1"
    return render_template(
        "rounds/sources.html",
        lines=lines,
        whole=weighted(lines) if wants else None,
        since=since,
        until=until,
        words=words,
        say_points=say_points,
    )
