"""The leader's page (领导一页), phone first: late, at risk, changed since yesterday, my sponsored places, what waits for me."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from core.figures.task_figures import leading
from core.periods import containing
from core.request import actor, db, now, require_any, today
from core.web import district
from core.web.appraisals.words import say_period
from core.web.desk.today_sponsor import read_sponsor
from core.web.tasks import words
from core.work.desk.findings import Filter
from core.work.desk.waiting import counts
from core.work.roles import DIRECT, LEAD, PUBLISH

blueprint = Blueprint("leader", __name__, url_prefix="/t/<slug>/leader")
blueprint.before_request(district.enter)
MORE = 10  # lines of each kind behind "more"


@blueprint.get("")
@require_any(LEAD, DIRECT)
def show() -> str:
    """Everything on one screen and a half; the rest behind "more"."""
    session, who, day, at = db(), actor(), today(), now()
    sponsored = read_sponsor(session, who, at, day)
    late = counts(session, who, Filter(view="rectification"), now=at)
    return render_template(
        "leader/show.html",
        sums=leading.read_totals(session, who, day),
        late=leading.late_tasks(session, who, day, MORE),
        risky=leading.risky_tasks(session, who, day, MORE),
        changed=leading.changed_since(session, who, day, at),
        fresh=leading.fresh_proofs(session, who, day, at),
        waiting=leading.read_waiting(session, who, day, at),
        sponsored=sponsored,
        places=leading.places_of(session, who, sponsored.lines, day) if sponsored else [],
        findings_late=late.overdue,
        findings_open=late.open,
        shown=leading.SHOWN,
        directs=who.has(DIRECT),
        publishes=who.has(PUBLISH),
        say_frozen=lambda one: gettext(
            "%(name)s：%(period)s",
            name=one.row.body["rule"]["name"],
            period=say_period(containing(one.row.period_kind, one.row.period_start)),
        ),
        words=words,
        today=day,
    )
