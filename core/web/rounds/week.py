"""The week of rounds on a page (周历): what is behind first, then day by day what runs, on the screen and on one sheet of paper."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template

from core import request as asked
from core.periods import containing
from core.request import actor, db, now, require_any, today
from core.web.paging import bad_argument, read_day
from core.web.rounds import words
from core.web.words import by_locale
from core.work.calendar import load_calendar
from core.work.roles import ANSWER, DIRECT, SEE, VISIT
from core.work.rounds.sealing import note_reads
from core.work.rounds.week import read_week

blueprint = Blueprint("round_week", __name__, url_prefix="/t/<slug>/rounds/week")
blueprint.before_request(asked.enter_cleared)

YEARS = range(2000, 2101)
ON = "on"


@blueprint.get("")
@require_any(SEE, VISIT)
def show() -> str:
    """The week of ``?on=``, this one by default."""
    day = read_day(ON) or today()
    if day.year not in YEARS:
        raise bad_argument(ON, day.isoformat())
    week = read_week(db(), actor(), day, load_calendar(db(), now()), on=today())
    note_reads(db(), actor(), [row.round for row in week.rounds], "rounds.week", now=now())
    period = containing("week", week.first)
    return render_template(
        "rounds/week.html",
        week=week,
        name=by_locale(period.label_zh, period.label_en),
        before=(week.first - timedelta(days=7)).isoformat(),
        after=(week.first + timedelta(days=7)).isoformat(),
        is_this=week.first <= today() <= week.first + timedelta(days=6),
        may_plan=actor().has(DIRECT) or actor().has(ANSWER),
        words=words,
        today=today(),
        now=now(),
    )
