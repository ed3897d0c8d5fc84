"""The page behind a sponsor's numbers (包保情况明细): what was settled at his places, his inspections there, his log entries."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template

from core.request import actor, db, now, today
from core.web import district
from core.web.duties.sponsor_reading import month_of
from core.web.ledger.finding_words import say_category, say_title
from core.web.paging import bad_argument, read_day
from core.work.duties.sponsor_deeds import ENTRY_KINDS
from core.work.duties.sponsor_evidence import MOST, read_evidence
from core.work.duties.sponsor_findings import Days
from core.work.roles import SEE

blueprint = Blueprint("sponsor_deeds", __name__, url_prefix="/t/<slug>/sponsors/<uuid:sponsorship_id>/deeds")
blueprint.before_request(district.enter)


def read_days() -> Days:
    """The first and the last day of this address, this month when they are not named. Raises InvalidInput."""
    first, last = month_of(today())
    first, last = read_day("from") or first, read_day("to") or last
    if first > last:
        raise bad_argument("to", last.isoformat())
    return first, last


@blueprint.get("")
def show(sponsorship_id: UUID) -> str:
    """For whoever may see the sponsorship, and for the sponsor himself with or without a post."""
    days = read_days()
    found = read_evidence(db(), actor(), sponsorship_id, days, now=now(), today=today())
    return render_template(
        "sponsors/deeds.html",
        found=found,
        line=found.line,
        did=found.did,
        days=days,
        most=MOST,
        entry_kinds=ENTRY_KINDS,
        say_title=say_title,
        say_category=say_category,
        sees=actor().has(SEE),
    )
