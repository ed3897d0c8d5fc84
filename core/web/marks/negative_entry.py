"""One entry of the negative list (负面清单条目): what it says, what it does to the score, its history, and its next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign
from core.errors import Conflict, InvalidInput, SanchengError, Stale
from core.figures.by_edition import score_in_force
from core.figures.model import CampaignScore
from core.figures.periods import containing
from core.request import actor, db, now, require, today
from core.web.errors import fault_map, say
from core.web.marks.negative import enter
from core.web.marks.negative_words import (
    CONSEQUENCES,
    FIELDS,
    TONES,
    effect_options,
    read_event,
    read_form_day,
    say_effect,
)
from core.web.paging import bad_argument
from core.web.places.site_words import say_points as say_cents
from core.web.places.site_words import unit_options
from core.web.running import running, title_of
from core.web.scores.figure_words import say_points
from core.web.scores.periods import say_period
from core.web.words import by_locale
from core.work.marks.negative_list import correct, move
from core.work.marks.negative_moves import CORRECT, MOVES, STATES
from core.work.marks.negative_reading import EntryDetail, behind_of, read_entry
from core.work.roles import PUBLISH, SEE
from core.work.tables import NegativeEntry

blueprint = Blueprint("negative_entry", __name__, url_prefix="/t/<slug>/negative/<uuid:entry_id>")
blueprint.before_request(enter)


@blueprint.get("")
@require(SEE)
def show(entry_id: UUID) -> tuple[str, int]:
    """The entry with everything about it."""
    return _page(read_entry(db(), actor(), entry_id, now()))


@blueprint.post("/steps")
@require(PUBLISH)
def act(entry_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a step: trigger, dismiss, clear, withdraw, or correct what it says."""
    found, form = read_entry(db(), actor(), entry_id, now()), request.form
    verb = form.get("verb", "")
    try:
        version = _version()
        if verb == CORRECT:
            correct(db(), actor(), entry_id, read_event(), version=version, note=form.get("note", ""), now=now())
        else:
            given: dict[str, Any] = {
                "on": read_form_day("on"),
                "document": form.get("document", ""),
                "note": form.get("note", ""),
            }
            move(db(), actor(), entry_id, verb, version=version, now=now(), **given)
    except (InvalidInput, Conflict, Stale) as error:
        return _page(read_entry(db(), actor(), found.entry.row.id, now()), error, verb, form)
    flash(gettext("已办理：%(step)s", step=by_locale(MOVES[verb].title_zh, MOVES[verb].title_en)))
    return redirect(url_for("negative_entry.show", entry_id=entry_id), 303)


def _behind(row: NegativeEntry) -> str:
    """The address of the finding or notice of which the event came; '' when there is none that the reader sees."""
    found = behind_of(db(), actor(), row, now())
    if found is None:
        return ""
    kind, key = found
    return url_for(f"{kind}.show", **{f"{kind}_id": key})


def _version() -> int:
    said = request.form.get("version", "")
    if not said.isdecimal() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def _score(campaign: Campaign | None) -> CampaignScore | None:
    """The district's score of this month, of the month before while nothing is assessed yet; None for a suspended one."""
    if campaign is None:
        return None
    month = containing("month", today())
    pair = (month, month.previous)
    slices = score_in_force(db(), None, campaign, pair, cut_off=now())
    return next((slices[None, n] for n in (0, 1) if slices[None, n].assessed), None)


def _page(
    found: EntryDetail, error: SanchengError | None = None, verb: str = "", typed: Mapping[str, Any] | None = None
) -> tuple[str, int]:
    row = found.entry.row
    campaigns = {one.key: one for one in running()}
    score = _score(campaigns.get(row.campaign))
    page = render_template(
        "negative/one.html",
        found=found,
        row=row,
        behind=_behind(row),
        score=score,
        period=say_period(score.period) if score else "",
        line=next((line for line in score.effects if line.entry_id == row.id), None) if score else None,
        titles={key: title_of(one) for key, one in campaigns.items()},
        units=unit_options(db(), actor(), today()) if found.moves else [],
        verb=verb,
        typed=typed or {},
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        today=today(),
        fields=FIELDS,
        effects=effect_options(),
        states=STATES,
        tones=TONES,
        verbs=MOVES,
        consequences=CONSEQUENCES,
        by_locale=by_locale,
        say_effect=say_effect,
        say_points=say_points,
        say_cents=say_cents,
    )
    return page, error.status if error else 200
