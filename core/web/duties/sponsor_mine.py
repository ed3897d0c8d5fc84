"""The sponsor's own page (我的包保): my places, their open findings by deadline, one tap to log, and this month's sum."""

from __future__ import annotations

from flask import Blueprint, render_template

from core.request import actor, db, now, today
from core.web import district
from core.web.duties.sponsor_reading import month_of
from core.web.ledger.finding_words import say_state, say_title, time_left
from core.work.duties.sponsor_deeds import ENTRY_KINDS
from core.work.duties.sponsor_log import logged_as_settled, open_findings, own_sponsorships, read_log, visible
from core.work.duties.sponsoring import add_deeds
from core.work.roles import SEE

blueprint = Blueprint("sponsor_mine", __name__, url_prefix="/t/<slug>/sponsors/mine")
blueprint.before_request(district.enter)

FINDINGS, LINES = 50, 10


@blueprint.get("")
def show() -> str:
    """For whoever sponsors something, with or without a post: a sponsor sees what is open at his places."""
    session, who = db(), actor()
    days = month_of(today())
    lines = add_deeds(session, own_sponsorships(session, who, today()), days)
    ids = [line.id for line in lines]
    found = open_findings(session, who, lines, now(), today(), limit=FINDINGS)
    entries = [one for line in ids for one in read_log(session, who, line, today(), limit=LINES)]
    names = ("inspections", "came", "settled", "closed", "other", "at_places")
    return render_template(
        "sponsors/mine.html",
        lines=lines,
        by_id={line.id: line for line in lines},
        days=days,
        sums={name: sum(getattr(line.did, name) for line in lines) for name in names},
        findings=found,
        opens=visible(session, who, [row.id for row, _ in found], today()),
        say_state=say_state,
        settled=logged_as_settled(session, ids),
        left=time_left(session, [row for row, _ in found], now()),
        most=FINDINGS,
        log=sorted(entries, key=lambda one: (one.entry.day, one.entry.created_at), reverse=True)[:LINES],
        entry_kinds=ENTRY_KINDS,
        say_title=say_title,
        sees=who.has(SEE),
        today=today(),
    )
