"""Sampling of a round on its page (抽样): a plan by city size, the strata to change, the sealed draw step by step."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require_any, today
from core.web.errors import say
from core.web.places.site_words import type_options
from core.web.rounds import words
from core.web.rounds.one_round import version_said
from core.work.roles import ANSWER, DIRECT
from core.work.rounds.drawing import get_draw
from core.work.rounds.sampling import (
    LONGEST_NAME,
    PLANS,
    SIZES,
    Stratum,
    commit_draw,
    draw_stops,
    frame_of,
    keep_sampling,
    strata_of,
)
from core.work.rounds.sealing import note_read
from core.work.rounds.sight import get_round, need_plan
from core.work.tables import Round

blueprint = Blueprint("round_sampling", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>/sampling")
blueprint.before_request(asked.enter_cleared)

EMPTY_ROWS = 2  # rows offered beyond those that are filled in (ours)


@blueprint.get("")
@require_any(DIRECT, ANSWER)
def show(round_id: UUID) -> str:
    """The strata; ``?plan=&size=`` fills in what a framework asks."""
    return _page(_planned(round_id))


@blueprint.post("")
@require_any(DIRECT, ANSWER)
def keep(round_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep the strata, publish the commitment, or draw: what the pressed button says."""
    of = _planned(round_id)
    said, version = request.form, version_said()
    try:
        with db().begin_nested():
            if said.get("act") == "commit":
                made = commit_draw(db(), actor(), of.id, version=version, outside=said.get("outside", ""), now=now())
                success = gettext("承诺已公布，编号 %(number)s", number=made.number)
            elif said.get("act") == "draw":
                value = said.get("outside_value", "")
                n = draw_stops(db(), actor(), of.id, version=version, outside_value=value, now=now())
                success = gettext("新加点位：%(n)s", n=n)
            else:
                plan, size = said.get("plan", ""), said.get("size", "")
                keep_sampling(db(), actor(), of.id, version=version, strata=_read(), plan=plan, size=size, now=now())
                success = gettext("抽样方案已保存")
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _page(of, error), error.status
    flash(success, "success")
    back = "round.show" if said.get("act") == "draw" else "round_sampling.show"
    return redirect(url_for(back, round_id=of.id), 303)


def _planned(round_id: UUID) -> Round:
    of = get_round(db(), actor(), round_id, today())
    need_plan(db(), actor(), of, today())
    note_read(db(), actor(), of, "round.sampling", now=now())
    return of


def _read() -> list[Stratum]:
    """The strata that were typed; empty rows are left out, a size that is no number is a fault of its row."""
    found = []
    for number in range(1, 41):
        name = request.form.get(f"name.{number}", "").strip()
        types = tuple(one for one in request.form.getlist(f"types.{number}") if one)
        size = request.form.get(f"size.{number}", "").strip()
        if name or types:
            found.append(Stratum(name, types, int(size) if size.isdigit() and len(size) < 6 else -1))
    return found


def _page(of: Round, error: SanchengError | None = None) -> str:
    db().expire_all()
    of = get_round(db(), actor(), of.id, today())
    plan, size = request.values.get("plan", ""), request.values.get("size", "")
    if request.method == "GET" and not plan:
        plan, size = of.sampling.get("plan", ""), of.sampling.get("size", "")
    known = PLANS.get(plan) if size in SIZES else None
    strata = _shown(of, plan, size)
    frame = frame_of(db(), of, [one for one in strata if one.name and one.types], today())
    return render_template(
        "rounds/sampling.html",
        of=of,
        words=words,
        rows=[(number, one, len(frame.get(one.name, ()))) for number, one in enumerate(strata, 1)],
        empty=range(len(strata) + 1, len(strata) + 1 + EMPTY_ROWS),
        total=sum(max(one.size, 0) for one in strata),
        kept=bool(of.sampling.get("strata")),
        least=known.total(size) if known else None,
        plan=plan,
        size=size,
        plans=[(code, gettext(one.title)) for code, one in PLANS.items()],
        sizes=words.options(SIZES),
        types=type_options(),
        draw=get_draw(db(), of.draw_id) if of.draw_id else None,
        longest=LONGEST_NAME,
        faults=words.fault_words(error) if isinstance(error, InvalidInput) else {},
        refusal=say(error) if error and not error.faults else "",
    )


def _shown(of: Round, plan: str, size: str) -> list[Stratum]:
    """What the rows show: what was typed, what a framework proposes, or what the round keeps."""
    if request.method == "POST" and request.form.get("act") not in ("commit", "draw"):
        return _read()
    if request.args.get("plan") in PLANS and size in SIZES:
        return [Stratum(gettext(one.name), one.types, one.size) for one in PLANS[plan].proposal(size)]
    return strata_of(of)
