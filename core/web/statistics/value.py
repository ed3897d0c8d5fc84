"""One value (统计值): what it says, what is odd about it, its whole history, and the steps that the reader may take."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.periods import Period
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.paging import bad_argument
from core.web.statistics.statistic_words import VERBS, pairs_here, tables
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.statistics.checks import rate_of_row, remarks_of
from core.work.statistics.entering import submit
from core.work.statistics.reading import Found, read_value
from core.work.statistics.reviewing import correct, lock, review, send_back
from core.work.tables import LockedValue, ObservationEvent

blueprint = Blueprint("statistic_value", __name__, url_prefix="/t/<slug>/statistics/values/<uuid:observation_id>")
blueprint.before_request(district.enter)

STEPS = {"submit": submit, "return": send_back, "review": review, "lock": lock, "correct": correct}
WITH_REASON = frozenset({"return", "correct"})


@blueprint.get("")
@require(SEE)
def show(observation_id: UUID) -> tuple[str, int]:
    """The value with everything about it."""
    return _page(read_value(db(), actor(), observation_id, today=today()))


@blueprint.post("/steps")
@require_any(ANSWER, DIRECT)
def act(observation_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take a step: submit, return, review, lock, correct."""
    verb, reason = request.form.get("verb", ""), request.form.get("reason", "")
    if verb not in STEPS:
        raise bad_argument("verb", verb)
    given: dict[str, Any] = {"reason": reason} if verb in WITH_REASON else {}
    try:
        STEPS[verb](db(), actor(), observation_id, _version(), **given, today=today(), now=now())
    except NotFound:
        raise
    except (InvalidInput, Conflict, Stale, Forbidden) as error:
        return _page(read_value(db(), actor(), observation_id, today=today()), error, verb, reason)
    flash(gettext("已办理：%(step)s", step=gettext(VERBS[verb])))
    return redirect(url_for("statistic_value.show", observation_id=observation_id), 303)


def _version() -> int:
    said = request.form.get("version", "")
    if not said.isdecimal() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def _page(found: Found, error: SanchengError | None = None, verb: str = "", reason: str = "") -> tuple[str, int]:
    row = found.row
    events = select(ObservationEvent).where(ObservationEvent.observation_id == row.id)
    locked = select(LockedValue).where(LockedValue.observation_id == row.id).order_by(LockedValue.number.desc())
    page = render_template(
        "statistics/value.html",
        found=found,
        row=row,
        period=Period(row.period_kind, row.period_start, row.period_end),
        rate=rate_of_row(row) if found.line.pair.statistic.denominator_measure else None,
        remarks=remarks_of(db(), [found.line], pairs_here()).get(row.id, ()),
        events=db().scalars(events.order_by(ObservationEvent.version.desc())).all(),
        versions=db().scalars(locked).all(),
        steps=found.steps,
        with_reason=WITH_REASON,
        verb=verb,
        reason=reason,
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        **tables(),
    )
    return page, error.status if error else 200
