"""One round (轮次): what it is, how far it has come, what is odd about it, its history, and the steps that lead on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Forbidden, NotFound, SanchengError
from core.request import actor, db, house, now, require, require_any, today
from core.web.errors import say
from core.web.paging import bad_argument
from core.web.places.site_words import campaign_titles, say_points
from core.web.rounds import words
from core.work.calendar import load_calendar
from core.work.forms.fielding import fielded
from core.work.roles import ANSWER, DIRECT, SECRET, SEE, VISIT
from core.work.rounds.beside import allows_beside, visits_beside
from core.work.rounds.clearance import is_member, may_release
from core.work.rounds.lines import lines_of
from core.work.rounds.planning import LONGEST_NOTE, cancel_round, close_round, open_round
from core.work.rounds.progress import Progress, read_progress
from core.work.rounds.releasing import RELEASABLE, release
from core.work.rounds.round_list import get_row, history
from core.work.rounds.round_visits import VisitFilter, list_visits
from core.work.rounds.sealing import note_read
from core.work.rounds.sight import get_round, plans, reads_results, reads_whole, stops_in_view
from core.work.rounds.steps import CANCELLED, LIVE
from core.work.rounds.stops import LONGEST_REASON
from core.work.rounds.teams import LONGEST_NAME, candidates, teams_of
from core.work.rounds.warnings import warnings_of
from core.work.tables import Round

blueprint = Blueprint("round", __name__, url_prefix="/t/<slug>/rounds")
blueprint.before_request(asked.enter_cleared)

LATEST = 6  # visits shown on the round's page (ours)


@blueprint.get("/<uuid:round_id>")
@require_any(SEE, VISIT)
def show(round_id: UUID) -> tuple[str, int]:
    """One round."""
    return page_of(round_id)


@blueprint.get("/<uuid:round_id>/progress")
@require_any(SEE, VISIT)
def progress(round_id: UUID) -> str:
    """The moving part of the page alone, which reads itself again while the round is open."""
    of = get_round(db(), actor(), round_id, today())
    note_read(db(), actor(), of, "round.progress", now=now())
    return render_template("rounds/progress.html", **_moving(of))


@blueprint.post("/<uuid:round_id>/open")
@require_any(DIRECT, ANSWER)
def begin(round_id: UUID) -> AnyResponse | tuple[str, int]:
    """Open it."""
    return act(
        round_id,
        lambda: open_round(db(), actor(), round_id, version=version_said(), now=now()),
        gettext("检查已开始，组员今天就能看到点位"),
    )


@blueprint.post("/<uuid:round_id>/close")
@require_any(DIRECT, ANSWER)
def end(round_id: UUID) -> AnyResponse | tuple[str, int]:
    """Close it."""
    note = request.form.get("note", "")
    return act(
        round_id,
        lambda: close_round(db(), actor(), round_id, version=version_said(), now=now(), note=note),
        gettext("检查已结束"),
    )


@blueprint.post("/<uuid:round_id>/cancel")
@require_any(DIRECT, ANSWER)
def call_off(round_id: UUID) -> AnyResponse | tuple[str, int]:
    """Call it off."""
    note = request.form.get("note", "")
    return act(
        round_id,
        lambda: cancel_round(db(), actor(), round_id, version=version_said(), now=now(), note=note),
        gettext("轮次已取消"),
    )


@blueprint.post("/<uuid:round_id>/release")
@require(SECRET)
def show_all(round_id: UUID) -> AnyResponse | tuple[str, int]:
    """Release a secret round that is over: everything that it found is there for everybody concerned from now on."""
    of = get_round(db(), actor(), round_id, today())
    said = gettext("已解密：问题已编号，期限从现在起算，各单位已收到通知")
    if of.state == CANCELLED:
        said = gettext("已公开：这一轮的安排和操作日志可以查阅")
    return act(round_id, lambda: release(db(), actor(), round_id, version=version_said(), now=now()), said)


def version_said() -> int:
    """The version that the page was made of. Raises InvalidInput."""
    said = request.form.get("version", "")
    if not said.isdigit() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


def act(round_id: UUID, step: Callable[[], object], success: str, *, part: str = "") -> AnyResponse | tuple[str, int]:
    """Take a step and go back to the round, or show it again with what was refused; ``part`` names the form that was sent."""
    try:
        with db().begin_nested():
            step()
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return page_of(round_id, error, part)
    flash(success, "success")
    return redirect(url_for("round.show", round_id=round_id) + (f"#{part}" if part else ""), 303)


def page_of(round_id: UUID, error: SanchengError | None = None, part: str = "") -> tuple[str, int]:
    """The round's page, with the refusal of a step if there was one."""
    db().expire_all()
    of = get_round(db(), actor(), round_id, today())
    note_read(db(), actor(), of, "round.show", now=now())
    moving = _moving(of)
    may_plan = moving["may_plan"]
    context: dict[str, Any] = {
        "row": get_row(db(), of),
        "remarks": _remarks(of, moving["progress"]) if may_plan else [],
        "history": [words.event_line(one) for one in history(db(), of.id)] if moving["whole"] else [],
        "campaigns": campaign_titles(db()),
        "may_release": of.hidden and of.state in RELEASABLE and may_release(db(), actor(), of, today()),
        "may_results": reads_results(db(), actor(), of, today()),
        "visits": list_visits(db(), actor(), of, VisitFilter(), on=today(), size=LATEST),
        "latest": LATEST,
        "beside": visits_beside(db(), of) if allows_beside(of.sampling) else None,
        "say_points": say_points,
        "people": candidates(db(), today()) if may_plan and of.state in LIVE else [],
        "teams": teams_of(db(), of.id) if may_plan else [],
        "lines": lines_of(db(), of.id) if may_plan else [],
        "team_options": [(str(one.team.id), one.team.name) for one in moving["progress"].teams if one.team],
        "faults": words.fault_words(error) if error else {},
        "refusal": say(error) if error and not error.faults else "",
        "part": part,
        "said": request.form,
        "longest": {"name": LONGEST_NAME, "reason": LONGEST_REASON, "note": LONGEST_NOTE},
    }
    return render_template("rounds/one.html", **moving, **context), error.status if error else 200


def _remarks(of: Round, progress: Progress) -> list[dict[str, Any]]:
    campaigns = fielded(db(), house().registry)
    found = warnings_of(db(), actor(), of, progress, campaigns, load_calendar(db(), now()), today())
    return [
        {"text": gettext(one.text).format(**one.params), "n": one.n, "names": one.names, "more": one.n - len(one.names)}
        for one in found
    ]


def _moving(of: Round) -> dict[str, Any]:
    """What changes while the round is walked."""
    on = today()
    within = stops_in_view(db(), actor(), of, on)
    return {
        "of": of,
        "words": words,
        "today": on,
        "progress": read_progress(db(), of, on, load_calendar(db(), now()), within),
        "whole": reads_whole(db(), actor(), of, on),
        "may_plan": plans(db(), actor(), of, on),
        "is_live": of.state in LIVE,
        "is_mine": is_member(db(), actor(), of.id),
    }
