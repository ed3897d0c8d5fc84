"""Stops of a round on the pages (选点与排序): choose by filter, order and move by plain numbers, drop with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, SanchengError
from core.figures.site_attainment.states import STATES
from core.request import actor, db, now, require_any, today
from core.web.errors import say
from core.web.form_fields import id_of
from core.web.organisation.area_choice import read_area
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import say_metres, type_options, unit_options
from core.web.rounds import words
from core.web.rounds.attaining import sites_in_state
from core.web.rounds.one_round import act, version_said
from core.work.roles import ANSWER, DIRECT
from core.work.rounds.choosing import EARLIER, OFFERED, STANDINGS, Choice, SiteFilter, find_sites
from core.work.rounds.lines import lines_of
from core.work.rounds.nearest import Route, placed, propose
from core.work.rounds.progress import Stop, stops_of
from core.work.rounds.round_list import RoundFilter, list_rounds
from core.work.rounds.sealing import note_read
from core.work.rounds.sight import get_round, need_plan
from core.work.rounds.stops import (
    LONGEST_REASON,
    add_sites,
    drop_stop,
    move_stops,
    order_stops,
    take_back,
)
from core.work.tables import Round

blueprint = Blueprint("round_stop", __name__, url_prefix="/t/<slug>/rounds/<uuid:round_id>")
blueprint.before_request(asked.enter_cleared)

Answer = AnyResponse | tuple[str, int]
IDLE = (7, 14, 30, 90)  # days offered in the filter (ours)
EARLIER_SHOWN = 30


@blueprint.get("/sites")
@require_any(DIRECT, ANSWER)
def choose(round_id: UUID) -> str:
    """Sites by filter, the longest unvisited first, to put into the round."""
    return _choose(_planned(round_id, "round.choose"))


@blueprint.post("/sites")
@require_any(DIRECT, ANSWER)
def add(round_id: UUID) -> Answer:
    """Put the ticked sites in, or everything that the filter finds."""
    of = _planned(round_id, "round.choose")
    try:
        line = id_of(request.form, "line")
        whole = request.form.get("all") == "1"
        sites = [one.id for one in _found(of)] if whole else _ids("sites")
        with db().begin_nested():
            fresh = add_sites(db(), actor(), of.id, version=version_said(), sites=sites, line_id=line, now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _choose(of, error), error.status
    flash(gettext("新加点位：%(n)s", n=fresh), "success")
    return redirect(url_for("round.show", round_id=of.id), 303)


@blueprint.get("/order")
@require_any(DIRECT, ANSWER)
def arrange(round_id: UUID) -> str:
    """The stops of one line in their order, or of all of them; ``?nearest=`` a stop to begin at proposes another, not saved."""
    return _arrange(_planned(round_id, "round.arrange"))


@blueprint.post("/order")
@require_any(DIRECT, ANSWER)
def order(round_id: UUID) -> Answer:
    """Order, or move to a line: what the pressed button says."""
    of = _planned(round_id, "round.arrange")
    said, version = request.form, version_said()
    try:
        with db().begin_nested():
            if said.get("act") == "move":
                line = id_of(said, "to")
                move_stops(db(), actor(), of.id, version=version, sites=_ids("sites"), line_id=line, now=now())
            else:
                order_stops(db(), actor(), of.id, version=version, order=_by_number(), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _arrange(of, error), error.status
    flash(gettext("已保存"), "success")
    return redirect(url_for("round_stop.arrange", round_id=of.id, line=said.get("line", "")), 303)


@blueprint.post("/sites/<uuid:site_id>/drop")
@require_any(DIRECT, ANSWER)
def drop(round_id: UUID, site_id: UUID) -> Answer:
    """Drop a stop with its reason."""
    reason = request.form.get("reason", "")
    return act(
        round_id,
        lambda: drop_stop(db(), actor(), round_id, site_id, version=version_said(), reason=reason, now=now()),
        gettext("点位已去掉"),
    )


@blueprint.post("/sites/<uuid:site_id>/back")
@require_any(DIRECT, ANSWER)
def back(round_id: UUID, site_id: UUID) -> Answer:
    """Take a dropped stop back."""
    return act(
        round_id,
        lambda: take_back(db(), actor(), round_id, site_id, version=version_said(), now=now()),
        gettext("点位已恢复"),
    )


def _planned(round_id: UUID, route: str) -> Round:
    of = get_round(db(), actor(), round_id, today())
    need_plan(db(), actor(), of, today())
    note_read(db(), actor(), of, route, now=now())
    return of


def _ids(name: str) -> list[UUID]:
    return [read_id(one, name) for one in request.form.getlist(name) if one]


def _by_number() -> list[UUID]:
    """The sites by the numbers typed beside them; equal numbers in the order of the page."""
    numbered = [
        (int(said), place, read_id(name.removeprefix("pos."), "sites"))
        for place, (name, said) in enumerate(request.form.items(multi=True))
        if name.startswith("pos.") and said.strip().isdigit() and len(said.strip()) < 6
    ]
    return [site for _, _, site in sorted(numbered)]


def _found(of: Round) -> list[Choice]:
    return find_sites(db(), actor(), of, _wanted(of), today())


def _wanted(of: Round) -> SiteFilter:
    said = request.args
    idle, unit, earlier = said.get("idle", ""), said.get("unit", ""), said.get("earlier", "")
    if idle and not (idle.isdigit() and len(idle) < 5):
        raise bad_argument("idle", idle)
    return SiteFilter(
        types=tuple(one for one in said.getlist("type") if one),
        unit_id=read_id(unit, "unit") if unit else None,
        area_id=read_area(),
        standing=said.get("standing", ""),
        idle_days=int(idle) if idle else None,
        text=said.get("q", ""),
        earlier=read_id(earlier, "earlier") if earlier else None,
        of_earlier=said.get("of_earlier", "failed"),
        only=sites_in_state(of, said.get("attained", "")),
    )


def _choose(of: Round, error: SanchengError | None = None) -> str:
    on = today()
    wanted = _wanted(of)
    earlier = list_rounds(db(), actor(), RoundFilter(when="over"), on=on, size=EARLIER_SHOWN)
    return render_template(
        "rounds/choose.html",
        of=of,
        words=words,
        wanted=wanted,
        found=find_sites(db(), actor(), of, wanted, on),
        attained=words.options(STATES),
        most=OFFERED,
        types=type_options(),
        units=unit_options(db(), actor(), on),
        standings=words.options(STANDINGS),
        idle=[(str(n), gettext("%(n)s 天没查过", n=n)) for n in IDLE],
        earlier=[(str(row.round.id), row.round.title) for row in earlier],
        of_earlier=words.options(EARLIER),
        lines=[(str(line.id), line.name) for line in lines_of(db(), of.id)],
        chosen=request.form.getlist("sites"),
        refusal=_refusal(error),
        today=on,
    )


def _arrange(of: Round, error: SanchengError | None = None) -> str:
    db().expire_all()
    of = get_round(db(), actor(), of.id, today())
    lines = lines_of(db(), of.id)
    line = request.values.get("line", "")
    stops = [one for one in stops_of(db(), of) if one.is_planned and (not line or str(one.line_id or "none") == line)]
    route, refused = _proposed(stops)
    return render_template(
        "rounds/order.html",
        of=of,
        words=words,
        stops=route.stops if route else stops,
        route=route,
        starts=[(str(one.site_id), one.name) for one in stops if one.site_id in placed(stops)],
        first=request.args.get("nearest", ""),
        may_route=not lines or bool(line),
        line=line,
        lines=[(str(one.id), one.name) for one in lines],
        line_names={one.id: one.name for one in lines},
        say_metres=say_metres,
        longest=LONGEST_REASON,
        refusal=_refusal(error or refused),
    )


def _proposed(stops: Sequence[Stop]) -> tuple[Route | None, SanchengError | None]:
    """The way from stop to nearest stop, when it is asked for; else, or where there is none, why."""
    first = request.args.get("nearest", "")
    if not first or request.method == "POST":
        return None, None
    try:
        return propose(stops, read_id(first, "nearest")), None
    except (Conflict, InvalidInput) as error:
        return None, error


def _refusal(error: SanchengError | None) -> str:
    if error is None:
        return ""
    said = words.fault_words(error)
    return gettext("；").join(said.values()) if said else say(error)
