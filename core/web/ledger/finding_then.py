"""One finding as of a day on its page (往日问题): how it stood, who led, what had been written by then; nothing can be done there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from flask import render_template

from core.request import actor, db, now
from core.web.ledger import finding_words as words
from core.web.ledger.finding_reading import read_history, read_instructions, read_shots
from core.web.places.site_words import unit_path
from core.work.desk.finding_then import finding_then
from core.work.loop.clocks import end_of


def show_then(finding_id: UUID, day: date) -> str:
    """The page. Raises NotFound for a finding out of reach, and for one that was not opened yet."""
    then = finding_then(db(), actor(), finding_id, day, now=now())
    until = end_of(day)
    photos = {name: [one for one in getattr(then.found, name) if one.sent_at < until] for name in ("before", "after")}
    before, after = read_shots(replace(then.found, events=then.events, **photos))
    return render_template(
        "findings/then.html",
        then=then,
        row=then.row,
        as_of=day,
        place=unit_path(db(), then.row.unit_id, day),
        before=before,
        after=after,
        instructions=read_instructions(then.events),
        history=read_history(db(), then.events),
        words=words,
    )
