"""Runs on the pages (计分留存): scores that were kept with their hash, one in full, computed again, and why it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign
from core.errors import N_, InvalidInput, NotFound, SanchengError
from core.figures.model import percent
from core.figures.periods import parse_period
from core.figures.run_causes import KINDS, Cause, causes
from core.figures.run_tables import ScoreRun
from core.figures.runs import LONGEST_LABEL, SHORT, changes_between, find_run, list_runs, make_run, period_of
from core.figures.scores import reaches_root
from core.request import actor, db, now, require, tenant, today
from core.web import district
from core.web.errors import fault_map, say
from core.web.paging import PAGE, cut, read_moment_cursor
from core.web.places.site_words import say_points as say_cents
from core.web.running import running, running_one, title_of
from core.web.scores.periods import read_period, say_period
from core.web.table_files import send_table
from core.web.words import by_locale
from core.work.enabling import frozen_edition
from core.work.roles import PUBLISH, SEE
from tenants.models import Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("runs", __name__, url_prefix="/t/<slug>/runs")
blueprint.before_request(district.enter)

COLUMNS = (N_("指标"), N_("名称"), N_("状态"), N_("分子"), N_("分母"), N_("数值"), N_("得分"), N_("满分"), "n")
STATUS: Mapping[str, str] = {"assessed": N_("已评估"), "not_assessed": N_("未评估")}


@blueprint.get("")
@require(SEE)
def show_list() -> tuple[str, int]:
    """The kept runs, the latest first, and a form that makes another."""
    return _list()


def _list(typed: Mapping[str, str] | None = None, error: SanchengError | None = None) -> tuple[str, int]:
    campaign = request.args.get("campaign", "").strip()[:60]
    rows = list_runs(db(), actor(), campaign or None, now=now(), limit=PAGE + 1, after=read_moment_cursor())
    page = cut(rows, lambda one: (one.made_at.isoformat(), one.id))
    titles = {one.key: title_of(one) for one in running()}
    html = render_template(
        "runs/list.html",
        page=page,
        campaign=campaign,
        titles=titles,
        choice=read_period(),
        units=_unit_names(rows),
        values=typed or {},
        errors=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        longest=LONGEST_LABEL,
        **_words(),
    )
    return html, error.status if error else 200


def _unit_names(rows: Sequence[ScoreRun]) -> dict[UUID, str]:
    ids = {one.unit_id for one in rows if one.unit_id}
    return {one: found.name for one in ids if (found := db().get(Unit, (db().tenant_id, one)))}


def _words() -> dict[str, Any]:
    return {
        "say_period": lambda run: say_period(period_of(run)),
        "say_cents": say_cents,
        "by_locale": by_locale,
        "percent": percent,
        "short": SHORT,
        "status_words": STATUS,
        "today": today(),
    }


@blueprint.post("")
@require(PUBLISH)
def make() -> AnyResponse | tuple[str, int]:
    """Compute a campaign's score of a period now and keep it."""
    form = request.form
    campaign = running_one(form.get("campaign", ""))
    try:
        period = parse_period(form.get("period", ""))
        campaign = running_one(campaign.key, period.start)  # by the edition of the period's first day
        run = make_run(db(), actor(), campaign, campaign.edition, period, label=form.get("label", ""), now=now())
    except InvalidInput as error:
        return _list(form, error)
    flash(gettext("已计分并留存，封签 %(hash)s", hash=run.sha256[:SHORT]))
    return redirect(url_for("runs.show", run_id=run.id), 303)


@blueprint.get("/<uuid:run_id>")
@require(SEE)
def show(run_id: UUID) -> str:
    """One run with every figure; where it computes an earlier one again, what differs and why."""
    run = find_run(db(), actor(), run_id, now())
    before = find_run(db(), actor(), run.previous_id, now()) if run.previous_id else None
    return render_template(
        "runs/one.html",
        run=run,
        before=before,
        changes=changes_between(before.body, run.body) if before else [],
        causes=_causes(before, run) if before else [],
        title=_title(run),
        unit=_unit_names([run]).get(run.unit_id) if run.unit_id else "",
        whole=reaches_root(db(), actor(), now()),
        may_repeat=actor().has(PUBLISH) and any(one.key == run.campaign for one in running()),
        **_words(),
    )


def _causes(before: ScoreRun, run: ScoreRun) -> list[tuple[str, Cause, str]]:
    """What moved in between: in words, and under which endpoint its records are."""
    rooms = {
        "visit": "visits.show",
        "correction": "visits.show",
        "finding": "finding.show",
        "negative": "negative_entry.show",
        "statistic": "statistic_value.show",
    }
    return [(gettext(KINDS[one.kind]), one, rooms.get(one.kind, "")) for one in causes(db(), actor(), before, run)]


def _title(run: ScoreRun) -> str:
    known = next((one for one in running() if one.key == run.campaign), None)
    return title_of(known) if known else run.campaign


@blueprint.post("/<uuid:run_id>/again")
@require(PUBLISH)
def repeat(run_id: UUID) -> AnyResponse:
    """Compute the same campaign and period again, by the same edition, from the records of now."""
    run = find_run(db(), actor(), run_id, now())
    campaign = _campaign(run)
    edition = frozen_edition(db(), run.edition_sha256)
    label = gettext("%(label)s（重算）", label=run.label)[:LONGEST_LABEL]
    made = make_run(
        db(), actor(), campaign, edition, period_of(run), label=label, now=now(), unit_id=run.unit_id, previous=run
    )
    if made.sha256 == run.sha256:
        flash(gettext("重算结果与原来完全一致，封签 %(hash)s", hash=run.sha256[:SHORT]))
    else:
        flash(gettext("重算结果有变化，下面逐项列出"), "warning")
    return redirect(url_for("runs.show", run_id=made.id), 303)


def _campaign(run: ScoreRun) -> Campaign:
    found = next((one for one in running() if one.key == run.campaign), None)
    if found is None:
        raise NotFound
    return found


@blueprint.get("/<uuid:run_id>/export.csv")
@blueprint.get("/<uuid:run_id>/export.xlsx", endpoint="export_workbook")
@require(SEE)
def export(run_id: UUID) -> Response:
    """Every figure of a run as CSV."""
    run = find_run(db(), actor(), run_id, now())
    figures = run.body["figures"]

    def rows(_session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in figures:
            name = by_locale(one["name_zh"], one["name_en"])
            numbers = (one["numerator"], one["denominator"], one["value"], one["earned"], one["possible"], one["n"])
            yield one["code"], name, gettext(STATUS.get(one["status"], one["status"])), *numbers

    return send_table(
        f"run-{tenant().slug}-{run.sha256[:SHORT]}",
        gettext("计分留存"),
        [gettext(one) for one in COLUMNS],
        rows,
    )
