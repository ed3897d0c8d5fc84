"""What a drive binds, and what a plan shall reach (整治范围与目标量): chosen by ticking, tried before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Fault, Forbidden, InvalidInput, NotFound, SanchengError
from core.figures.task_figures.drive_sums import sum_scopes
from core.request import actor, db, house, now, require, today
from core.web.errors import say
from core.web.form_fields import id_of
from core.web.ledger.finding_words import category_options
from core.web.paging import read_id
from core.web.places.site_words import type_options, unit_options
from core.web.plans import plan_words as words
from core.web.plans.plan_context import say_scope
from core.web.rounds.one_round import version_said
from core.web.statistics.statistic_words import say_measure
from core.web.words import by_locale
from core.work.dated import valid_on
from core.work.names import narrow
from core.work.organisation.areas import AREA
from core.work.plans.plan_list import lines_of
from core.work.plans.scope import DriveScope, check_scope, scope_of, set_scope
from core.work.plans.sight import get_line, to_change
from core.work.plans.targets import TargetWish, set_targets, targets_of
from core.work.roles import DIRECT
from core.work.statistics.measures import plain
from core.work.tables import Plan, QuantityKind, Site
from tenants.models import Unit

blueprint = Blueprint("work_plan_scope", __name__, url_prefix="/t/<slug>/plans/<uuid:work_plan_id>")
blueprint.before_request(asked.enter)

BLANK_ROWS = 4  # empty rows at the end of the targets' form


@blueprint.get("/scope")
@require(DIRECT)
def ask(work_plan_id: UUID) -> str:
    """What the drive binds, or with ``?line=`` one of its lines."""
    of = to_change(db(), actor(), work_plan_id, today())
    line_id = _line(request.args)
    return _page(of, line_id, scope_of(of, line_id))


@blueprint.post("/scope")
@require(DIRECT)
def bind(work_plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Show what the ticked things hold now (``act=try``), or keep them."""
    of = to_change(db(), actor(), work_plan_id, today())
    line_id = _line(request.form)
    scope = DriveScope()
    try:
        with db().begin_nested():
            scope = _read_scope()
            if request.form.get("act") == "try":
                check_scope(db(), scope, today(), **_known())
                return _page(of, line_id, scope, tried=True), 200
            set_scope(db(), actor(), of.id, line_id, scope, version=version_said(), now=now(), **_known())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _page(of, line_id, scope, error), error.status
    flash(gettext("整治范围已保存，以后自动汇总"), "success")
    return redirect(url_for("work_plan.show", work_plan_id=of.id) + "#drive", 303)


@blueprint.get("/targets")
@require(DIRECT)
def ask_targets(work_plan_id: UUID) -> str:
    """The quantities that the plan shall reach."""
    of = to_change(db(), actor(), work_plan_id, today())
    rows = [
        {"kind_id": str(one.kind_id), "line_id": str(one.line_id or ""), "planned": plain(one.planned)}
        for one in targets_of(db(), of.id)
    ]
    return _targets(of, rows)


@blueprint.post("/targets")
@require(DIRECT)
def aim(work_plan_id: UUID) -> AnyResponse | tuple[str, int]:
    """Set them anew; an empty row is none."""
    of = to_change(db(), actor(), work_plan_id, today())
    names = ("kind_id", "line_id", "planned")
    lists = [request.form.getlist(name) for name in names]
    rows = [dict(zip(names, one, strict=True)) for one in zip(*lists, strict=False)]
    rows = [row for row in rows if row["kind_id"] or row["planned"].strip()]
    try:
        with db().begin_nested():
            set_targets(db(), actor(), of.id, _read_targets(rows), version=version_said(), now=now())
    except (NotFound, Forbidden):
        raise
    except SanchengError as error:
        return _targets(of, rows, error), error.status
    flash(gettext("目标量已保存"), "success")
    return redirect(url_for("work_plan.show", work_plan_id=of.id) + "#targets", 303)


def _line(said: Mapping[str, str]) -> UUID | None:
    return id_of(said, "line")


def _known() -> dict[str, Any]:
    found = house().registry.vocabulary
    return {"categories": found.categories, "site_types": found.site_types}


def _read_scope() -> DriveScope:
    """What was ticked, and sites by their codes or names, one a row. Raises InvalidInput naming the row."""
    form = request.form
    units = tuple(read_id(one, "units") for one in (*form.getlist("units"), *form.getlist("areas")))
    ticked = {read_id(one, "sites") for one in form.getlist("sites")}
    named, faults = set(), []
    for number, said in enumerate(form.get("named", "").splitlines(), 1):
        text = said.strip()
        if not text:
            continue
        wanted = select(Site.id).where((Site.code == narrow(text)) | (Site.name == text), Site.state == "active")
        found = list(db().scalars(wanted.limit(2)))
        if len(found) == 1:
            named.add(found[0])
            continue
        message = N_("没有这个点位") if not found else N_("有几个同名的点位")
        faults.append(Fault(message, "named", row=number, value=text[:40], remedy=N_("请填点位编码或全名")))
    if faults:
        raise InvalidInput(faults=faults)
    return DriveScope(
        tuple(dict.fromkeys(form.getlist("categories"))),
        tuple(dict.fromkeys(form.getlist("site_types"))),
        tuple(dict.fromkeys(units)),
        tuple(sorted(ticked | named)),
    )


def _page(
    of: Plan, line_id: UUID | None, scope: DriveScope, error: SanchengError | None = None, *, tried: bool = False
) -> str:
    line = get_line(db(), of, line_id) if line_id else None
    on = today()
    areas = select(Unit).where(Unit.kind == AREA, valid_on(Unit, on)).order_by(Unit.pinyin)
    sites = select(Site).where(Site.id.in_(scope.sites)).order_by(Site.pinyin)
    held = None if scope.is_empty or error else sum_scopes(db(), actor(), of, [scope], now(), on)
    return render_template(
        "plans/scope.html",
        of=of,
        line=line,
        scope=scope,
        categories=category_options(),
        site_types=type_options(),
        areas=[(str(one.id), one.name) for one in db().scalars(areas)],
        units=unit_options(db(), actor(), on),
        sites=[(str(one.id), one.name) for one in db().scalars(sites)] if scope.sites else [],
        named=request.form.get("named", "") if error else "",
        chosen_units=[str(one) for one in scope.units],
        held=held,
        said=say_scope(db(), scope),
        tried=tried,
        words=words,
        faults=words.fault_words(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
    )


def _read_targets(rows: list[dict[str, str]]) -> list[TargetWish]:
    wishes, faults = [], []
    for number, row in enumerate(rows, 1):
        try:
            planned = Decimal(narrow(row["planned"]).replace(",", ""))
        except InvalidOperation:
            value = row["planned"][:20]
            faults.append(Fault(N_("应为数字"), "planned", row=number, value=value, remedy=N_("例如：1200")))
            continue
        if not row["kind_id"]:
            faults.append(Fault(N_("缺少这一项"), "kind_id", row=number, remedy=N_("请从列表里选")))
            continue
        line = read_id(row["line_id"], "line_id") if row["line_id"] else None
        wishes.append(TargetWish(read_id(row["kind_id"], "kind_id"), planned, line))
    if faults:
        raise InvalidInput(faults=faults)
    return wishes


def _targets(of: Plan, rows: list[dict[str, str]], error: SanchengError | None = None) -> str:
    kinds = db().scalars(select(QuantityKind).where(QuantityKind.state == "active").order_by(QuantityKind.code))
    blank = [MultiDict({"kind_id": "", "line_id": "", "planned": ""}) for _ in range(BLANK_ROWS)]
    return render_template(
        "plans/targets.html",
        of=of,
        rows=[*rows, *blank],
        kinds=[
            (
                str(one.id),
                f"{by_locale(one.name_zh, one.name_en)} · {say_measure(one.measure)}",
                words.say_flow(one.flow),
            )
            for one in kinds
        ],
        lines=[(str(one.line.id), one.line.title) for one in lines_of(db(), [of.id]) if not one.line.dropped],
        words=words,
        faults=words.row_faults(error) if error else [],
        refusal=say(error) if error and not error.faults else "",
    )
