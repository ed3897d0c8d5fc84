"""Rules of appraisal on the pages (考核办法): the list, the form, samples in one click, a preview with its arithmetic, freezing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, NotFound, SanchengError
from core.figures.task_figures.appraising import appraise, body_of, freeze_period
from core.periods import Period, containing, last_periods, parse_period
from core.request import actor, db, now, require, tenant, today
from core.web import district
from core.web.appraisals import words
from core.web.errors import fault_map, say
from core.web.paging import bad_argument
from core.work.appraisals import rules as declared
from core.work.appraisals.freezing import list_frozen, may_sign
from core.work.appraisals.keeping import MOVES, find_rule, keep_rule, list_rules, move_rule
from core.work.appraisals.rules import KINDS, SAMPLES, read_rule
from core.work.roles import DIRECT, SEE
from core.work.tables import AppraisalRule
from tenants.access import may, root_unit

blueprint = Blueprint("appraisals", __name__, url_prefix="/t/<slug>/appraisals")
blueprint.before_request(district.enter)
OFFERED: Mapping[str, int] = {"week": 6, "month": 13, "quarter": 5, "year": 3}


def may_write() -> bool:
    """Whether the reader writes rules: who directs the whole district."""
    return may(db(), actor(), DIRECT, root_unit(db()).id, today())


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The rules, and what was frozen by them."""
    kept = list_rules(db())
    return render_template(
        "appraisals/show.html",
        rules=kept,
        names={one.id: one.name for one in kept},
        frozen=list_frozen(db()),
        period_of=lambda row: containing(row.period_kind, row.period_start),
        may_write=may_write(),
        samples=[(code, gettext(one[0])) for code, one in SAMPLES.items()],
        month=containing("month", today()).previous,
        words=words,
    )


@blueprint.get("/rules/new")
@require(DIRECT)
def new() -> str:
    """An empty form."""
    return _form(words.values_of("", "area", {"minimum_days": 1}), None)


@blueprint.post("/rules")
@require(DIRECT)
def create() -> AnyResponse | tuple[str, int]:
    """Keep a new rule as a draft."""
    return _keep(None)


@blueprint.post("/rules/sample")
@require(DIRECT)
def take_sample() -> AnyResponse:
    """Copy a sample (范本): a draft of one's own, to be changed."""
    code = request.form.get("sample", "")
    if code not in SAMPLES:
        raise bad_argument("sample", code)
    name, league, body = SAMPLES[code]
    row = keep_rule(db(), actor(), name=gettext(name), league=league, body=body, now=now())
    flash(gettext("已按范本建立草稿，请核对后开始执行"), "success")
    return redirect(url_for("appraisals.edit", appraisal_rule_id=row.id), 303)


@blueprint.get("/rules/<uuid:appraisal_rule_id>")
@require(SEE)
def edit(appraisal_rule_id: UUID) -> str:
    """One rule: its form for who may change it, else what it says."""
    row = find_rule(db(), appraisal_rule_id)
    return _form(words.values_of(row.name, row.league, row.body), row)


@blueprint.post("/rules/<uuid:appraisal_rule_id>")
@require(DIRECT)
def change(appraisal_rule_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep the next version of a rule."""
    return _keep(find_rule(db(), appraisal_rule_id))


@blueprint.post("/rules/<uuid:appraisal_rule_id>/move")
@require(DIRECT)
def move(appraisal_rule_id: UUID) -> AnyResponse:
    """Put a rule into force, or retire it."""
    try:
        move_rule(db(), actor(), appraisal_rule_id, request.form.get("verb", ""), version=_version(), now=now())
    except NotFound:
        raise
    except SanchengError as error:
        flash(say(error), "error")
    else:
        flash(gettext("已保存"), "success")
    return redirect(url_for("appraisals.edit", appraisal_rule_id=appraisal_rule_id), 303)


@blueprint.get("/rules/<uuid:appraisal_rule_id>/preview")
@require(SEE)
def preview(appraisal_rule_id: UUID) -> str:
    """What the rule gives for a period as the numbers stand now (预览); nothing is kept."""
    return _preview(find_rule(db(), appraisal_rule_id), _period())


@blueprint.post("/rules/<uuid:appraisal_rule_id>/freeze")
@require(SEE)
def freeze(appraisal_rule_id: UUID) -> AnyResponse | tuple[str, int]:
    """Freeze a period that is over (封存)."""
    row, period = find_rule(db(), appraisal_rule_id), _period(request.form.get("period", ""))
    try:
        kept = freeze_period(db(), actor(), row, period, reason=request.form.get("reason", ""), now=now())
    except SanchengError as error:
        return _preview(find_rule(db(), appraisal_rule_id), period, error), 422
    flash(gettext("已封存；还需两个人签字"), "success")
    return redirect(url_for("appraisal.show", appraisal_id=kept.id), 303)


def _preview(row: AppraisalRule, period: Period, error: SanchengError | None = None) -> str:
    rows = appraise(db(), read_rule(row.body), row.league, period, now=now())
    who = tenant()
    earlier = [
        one
        for one in list_frozen(db(), row.id)
        if (one.row.period_kind, one.row.period_start) == (period.kind, period.start)
    ]
    return render_template(
        "appraisals/preview.html",
        rule=row,
        period=period,
        kinds=[(kind, gettext(KIND_WORDS[kind])) for kind in KINDS],
        periods=[
            (one.key, words.say_period(one))
            for one in reversed(last_periods(period.kind, today(), OFFERED[period.kind]))
        ],
        body=body_of(who.slug, who.name, row, period, rows, now=now()),
        unit=request.args.get("unit", ""),
        earlier=earlier,
        is_over=period.end < today(),
        may_freeze=may_sign(db(), actor(), now()),
        error=say(error) if error else "",
        faults=fault_map(error) if error else {},
        said=request.form.get("reason", ""),
        words=words,
    )


def _period(said: str = "") -> Period:
    """The period of this address; last month by default. Another kind takes its last whole period."""
    said = said or request.args.get("period", "")
    kind = request.args.get("kind", "")
    if kind and kind not in KINDS:
        raise bad_argument("kind", kind)
    period = parse_period(said) if said else containing(kind or "month", today()).previous
    if period.kind not in KINDS:
        raise bad_argument("period", said)
    return period if not kind or kind == period.kind else containing(kind, today()).previous


def _keep(row: AppraisalRule | None) -> AnyResponse | tuple[str, int]:
    form = request.form
    try:
        kept = keep_rule(
            db(),
            actor(),
            name=form.get("name", ""),
            league=form.get("league", ""),
            body=words.body_of(form),
            rule_id=row.id if row else None,
            version=_version() if row else 0,
            now=now(),
        )
    except SanchengError as error:
        return _form(dict(form), row, error), 422
    flash(gettext("已保存"), "success")
    return redirect(url_for("appraisals.edit", appraisal_rule_id=kept.id), 303)


def _form(values: Mapping[str, Any], row: AppraisalRule | None, error: SanchengError | None = None) -> str:
    found = fault_map(error) if error else {}
    faults = {FIELDS.get(key, key.replace("parts.", "weight.", 1)): said for key, said in found.items()}
    return render_template(
        "appraisals/rule.html",
        rule=row,
        values=values,
        faults=faults,
        error=say(error) if error else "",
        parts=[(code, gettext(title), gettext(hint)) for code, (title, hint) in declared.PARTS.items()],
        groups=_options(declared.GROUPS),
        missing=_options(declared.MISSING),
        weeks=_options(declared.WEEKS),
        missing_parts=_options(declared.MISSING_PARTS),
        months=range(1, declared.MONTHS + 1),
        moves=[(verb, gettext(title)) for verb, (sources, _, title) in MOVES.items() if row and row.state in sources],
        may_write=may_write(),
        words=words,
    )


def _options(known: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code, gettext(title)) for code, title in known.items()]


def _version() -> int:
    said = request.form.get("version", "")
    if not said.isascii() or not said.isdigit() or len(said) > 9:
        raise bad_argument("version", said)
    return int(said)


FIELDS: Mapping[str, str] = {"parts": f"weight.{declared.TASK_RATE}", "months": "month.1"}  # where the page asks for it
KIND_WORDS: Mapping[str, str] = {"week": N_("周"), "month": N_("月"), "quarter": N_("季度"), "year": N_("年")}
