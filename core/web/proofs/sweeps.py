"""Checks of similar sites on the pages (举一反三): planned from a finding in one step, followed by site, closed by the desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.settings import ZONE
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.form_fields import day_of
from core.web.ledger.finding_words import say_category
from core.web.paging import bad_argument, cut, read_cursor, read_id
from core.web.places.site_words import type_options, unit_options
from core.work.calendar import load_calendar, local_day
from core.work.proofs import sweeps
from core.work.proofs.sweep_reading import SiteProgress, SweepRow, by_unit, get_sweep, list_sweeps, progress_of
from core.work.proofs.sweeps import LONGEST_NOTE, LONGEST_TITLE, finding_to_sweep, similar_sites, types_of
from core.work.roles import CHECK, DIRECT, SEE, VISIT
from core.work.tables import Finding
from tenants.access import may
from tenants.scope import ScopedSession

blueprint = Blueprint("sweeps", __name__, url_prefix="/t/<slug>")
blueprint.before_request(asked.enter)

PAGE = 20
USUAL_DAYS = 5  # working days to check in (ours)


@blueprint.get("/sweeps")
@require(SEE)
def show_list() -> str:
    """The checks within reach, newest first."""
    state, keys = request.args.get("state", ""), read_cursor(2)
    if state and state not in (sweeps.OPEN, sweeps.CLOSED):
        raise bad_argument("state", state)
    try:
        after = (datetime.fromisoformat(keys[0]), UUID(keys[1])) if keys else None
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None
    found = list_sweeps(db(), actor(), state=state, after=after, now=now(), size=PAGE)
    page = cut(found, lambda row: (row.sweep.created_at.isoformat(), row.sweep.id), PAGE)
    return render_template(
        "sweeps/list.html", page=page, state=state, states=_states(), say_category=say_category, today=today()
    )


def _states() -> list[tuple[str, str]]:
    return [(sweeps.OPEN, gettext("进行中")), (sweeps.CLOSED, gettext("已结束"))]


@blueprint.get("/sweeps/<uuid:sweep_id>")
@require(SEE)
def show(sweep_id: UUID) -> str:
    """How far one check has come, by unit and site."""
    return _page(sweep_id)


def _page(sweep_id: UUID, error: SanchengError | None = None, site: str = "") -> str:
    row = get_sweep(db(), actor(), sweep_id, now())
    sites = progress_of(db(), row.sweep, now=now(), actor=actor())
    return render_template(
        "sweeps/one.html",
        row=row,
        sweep=row.sweep,
        groups=by_unit(sites),
        may_close=row.sweep.state == sweeps.OPEN and _may_close(row),
        may_tick={one.site_id for one in sites if _may_tick(row, one)},
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        failed=site,
        said=request.form,
        longest=LONGEST_NOTE,
        say_category=say_category,
        today=today(),
    )


def _may_close(row: SweepRow) -> bool:
    return row.finding is not None and may(db(), actor(), DIRECT, row.finding.unit_id, today())


def _may_tick(row: SweepRow, one: SiteProgress) -> bool:
    verbs = (VISIT, CHECK, DIRECT)
    is_open = row.sweep.state == sweeps.OPEN and not one.done
    return is_open and any(may(db(), actor(), verb, one.unit_id, today()) for verb in verbs)


@blueprint.get("/sweeps/<uuid:sweep_id>/export.csv")
@require(SEE)
def export(sweep_id: UUID) -> Response:
    """The sites of one check as CSV."""
    who, moment = actor(), now()
    get_sweep(db(), who, sweep_id, moment)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        row = get_sweep(session, who, sweep_id, moment)
        for one in progress_of(session, row.sweep, now=moment, actor=who):
            at = one.checked_at.astimezone(ZONE).isoformat(timespec="seconds") if one.checked_at else ""
            yield one.unit_name, one.site_name, _yes(done=one.done), at, one.by_hand, one.found, one.note

    head = (N_("单位"), N_("点位"), N_("是否已查"), N_("排查时间"), N_("手工登记人"), N_("又发现"), N_("说明"))
    return stream_csv(f"sweep-{sweep_id}.csv", [gettext(text) for text in head], rows)


def _yes(*, done: bool) -> str:
    word: str = gettext("是") if done else gettext("否")
    return word


@blueprint.post("/sweeps/<uuid:sweep_id>/tick")
@require_any(VISIT, CHECK, DIRECT)
def tick(sweep_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say by hand that a site was checked and nothing was found."""
    site = request.form.get("site", "")
    get_sweep(db(), actor(), sweep_id, now())
    try:
        note = request.form.get("note", "")
        sweeps.tick_site(db(), actor(), sweep_id, read_id(site, "site"), note=note, now=now())
    except (InvalidInput, Conflict) as error:
        return _page(sweep_id, error, site), error.status
    flash(gettext("已登记：查过，没有这个问题"), "success")
    return redirect(url_for("sweeps.show", sweep_id=sweep_id), 303)


@blueprint.post("/sweeps/<uuid:sweep_id>/close")
@require(DIRECT)
def close(sweep_id: UUID) -> AnyResponse | tuple[str, int]:
    """Close one check."""
    get_sweep(db(), actor(), sweep_id, now())
    try:
        sweeps.close(db(), actor(), sweep_id, now=now())
    except Conflict as error:
        return _page(sweep_id, error), error.status
    flash(gettext("举一反三已结束"), "success")
    return redirect(url_for("sweeps.show", sweep_id=sweep_id), 303)


@blueprint.get("/findings/<uuid:finding_id>/sweep")
@require(DIRECT)
def ask(finding_id: UUID) -> str:
    """Which sites a check would take; changing a filter counts again, nothing is written."""
    return _form(finding_to_sweep(db(), actor(), finding_id, now()), request.args)


@blueprint.post("/findings/<uuid:finding_id>/sweep")
@require(DIRECT)
def begin(finding_id: UUID) -> AnyResponse | tuple[str, int]:
    """Plan the check."""
    said = request.form
    finding = finding_to_sweep(db(), actor(), finding_id, now())
    try:
        due = day_of(said, "due_on") or today() - timedelta(days=1)  # which is refused as past
        unit = said.get("unit", "")
        found = sweeps.plan(
            db(),
            actor(),
            finding.id,
            types=said.getlist("types"),
            unit_id=read_id(unit, "unit") if unit else None,
            due_on=due,
            title=said.get("title", ""),
            now=now(),
        )
    except (InvalidInput, Conflict) as error:
        return _form(finding, said, error), error.status
    flash(gettext("已布置举一反三"), "success")
    return redirect(url_for("sweeps.show", sweep_id=found.id), 303)


def _form(finding: Finding, said: MultiDict[str, str], error: SanchengError | None = None) -> str:
    own, unit = types_of(db(), finding.site_id, today()), said.get("unit", "")
    types = said.getlist("types") or own
    unit_id = read_id(unit, "unit") if unit else None
    sites = similar_sites(db(), actor(), finding, types=types, unit_id=unit_id, on=today()) if types else []
    numbers = Counter(one.unit_name for one in sites)
    due = load_calendar(db(), now()).add_working_days(now(), USUAL_DAYS)
    return render_template(
        "sweeps/plan.html",
        finding=finding,
        sites=sites,
        by_unit_name=numbers.most_common(),
        types=types,
        own=own,
        type_options=type_options(),
        units=unit_options(db(), actor(), today(), DIRECT),
        said=said,
        due=said.get("due_on") or local_day(due).isoformat(),
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST_TITLE,
        say_category=say_category,
    )
