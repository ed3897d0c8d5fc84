"""One unit (单位页): where it stands, who holds its posts, what hangs on it, where it came from; move, close, may it be ordered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, InvalidInput
from core.request import actor, db, now, require, tenant, today
from core.web.duties.people import indented, unit_options
from core.web.duties.sponsor_reading import sponsors_beside
from core.web.errors import fault_map, say, say_fault
from core.web.marks.card_beside import cards_beside
from core.web.organisation.chart_reading import CHART_READERS, UnitCard, read_unit_card
from core.web.paging import read_day, read_id
from core.web.words import listed, say_kind, say_role
from core.work.organisation.burdens import WORDS, burdens
from core.work.organisation.charts import close_unit, move_unit, set_commanded
from core.work.organisation.lineage import KINDS
from core.work.organisation.units import get_unit, tree
from core.work.roles import ADMINISTER, SEE
from tenants.access import may
from tenants.models import Unit

blueprint = Blueprint("unit", __name__, url_prefix="/t/<slug>/units/<uuid:unit_id>")
blueprint.before_request(asked.enter)


@blueprint.get("")
@require(SEE)
def show(unit_id: UUID) -> str:
    """The unit as of a day, closed ones too."""
    on = read_day("on") or today()
    card = read_unit_card(db(), actor(), unit_id, on, today())
    manages = may(db(), actor(), ADMINISTER, unit_id, today())
    return render_template(
        "units/one.html",
        card=card,
        unit=card.unit,
        on=on,
        today=today(),
        manages=manages,
        can_change=manages and card.unit.valid_to is None and card.above is not None,
        beside=sponsors_beside(db(), unit_id=unit_id, on=on) if tenant().kind == "district" else None,
        cards_here=cards_beside(db(), actor(), [unit_id], on),
        can_tree=bool(CHART_READERS & actor().verbs),
        days=_days(card),
        words=WORDS,
        kinds=KINDS,
        listed=listed,
        say_kind=say_kind,
        say_role=say_role,
    )


def _days(card: UnitCard) -> str:
    since = format_date(card.unit.valid_from, "medium")
    if card.unit.valid_to is None:
        return gettext("%(since)s 起", since=since)
    return gettext("%(since)s 至 %(until)s（已撤销）", since=since, until=format_date(card.unit.valid_to, "medium"))


def read_form_day(field: str, errors: dict[str, str]) -> date | None:
    """A day of a form, or None when it is empty; a bad one is noted beside its field."""
    said = request.form.get(field, "").strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        errors[field] = gettext("日期写法有误，请写成 2026-03-01")
        return None


@blueprint.get("/move")
@require(ADMINISTER)
def ask_move(unit_id: UUID) -> tuple[str, int]:
    """The form for another parent."""
    return _move_form(unit_id, {}, {})


def _move_form(
    unit_id: UUID, values: Mapping[str, str], errors: Mapping[str, str], status: int = 200
) -> tuple[str, int]:
    unit = get_unit(db(), unit_id)
    nodes = {node.id: node for node in tree(db(), today())}
    node = nodes.get(unit.id)
    above = nodes.get(node.parent) if node and node.parent else None
    below = _under(nodes, unit.id)
    options = [(key, text) for key, text in unit_options(db(), actor(), today()) if UUID(key) not in below]
    page = render_template(
        "units/move.html", unit=unit, above=above, options=options, values=values, errors=errors, today=today()
    )
    return page, status


def _under(nodes: Mapping[UUID, object], top: UUID) -> set[UUID]:
    """A unit and everything under it; parents come before their children in the tree."""
    found = {top}
    for unit_id, node in nodes.items():
        if getattr(node, "parent", None) in found:
            found.add(unit_id)
    return found


@blueprint.post("/move")
@require(ADMINISTER)
def move(unit_id: UUID) -> AnyResponse | tuple[str, int]:
    """Put the unit under another one."""
    errors: dict[str, str] = {}
    day = read_form_day("on", errors)
    chosen = request.form.get("parent", "")
    if not chosen:
        errors["parent"] = gettext("请选一个上级单位")
    if errors:
        return _move_form(unit_id, request.form, errors, 422)
    try:
        unit = move_unit(db(), actor(), unit_id, read_id(chosen, "parent"), on=day, today=today())
    except (InvalidInput, Conflict) as error:
        return _move_form(unit_id, request.form, fault_map(error) or {"parent": say(error)}, error.status)
    parent = get_unit(db(), read_id(chosen, "parent")).name
    flash(gettext("%(name)s 已隶属 %(parent)s；以前的日期仍显示原来的架构", name=unit.name, parent=parent))
    return redirect(url_for("unit.show", unit_id=unit.id), 303)


@blueprint.get("/close")
@require(ADMINISTER)
def ask_close(unit_id: UUID) -> tuple[str, int]:
    """The form for closing the unit, with what hangs on it."""
    return _close_form(unit_id, {}, {}, ())


def _close_form(
    unit_id: UUID,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    faults: tuple[Fault, ...],
    status: int = 200,
) -> tuple[str, int]:
    unit = get_unit(db(), unit_id)
    hanging = burdens(db(), actor(), [unit.id], today()).of(unit.id)
    nodes = {node.id: node for node in tree(db(), today())}
    mine = {UUID(key) for key, _ in unit_options(db(), actor(), today())}
    heirs = [
        (str(node.id), indented(node))
        for node in nodes.values()
        if node.tree == unit.tree and node.id in mine and node.id != unit.id and node.depth
    ]
    page = render_template(
        "units/close.html",
        unit=unit,
        hanging=[(gettext(WORDS[name]), n) for name, n in hanging.counts().items() if n and name != "posts"],
        heirs=heirs,
        values=values,
        errors=errors,
        faults=[say_fault(fault) for fault in faults],
        today=today(),
    )
    return page, status


@blueprint.post("/close")
@require(ADMINISTER)
def close(unit_id: UUID) -> AnyResponse | tuple[str, int]:
    """Close the unit; the heir takes over."""
    errors: dict[str, str] = {}
    day = read_form_day("on", errors)
    if errors:
        return _close_form(unit_id, request.form, errors, (), 422)
    said = request.form.get("heir", "")
    heir = read_id(said, "heir") if said else None
    try:
        unit: Unit = close_unit(db(), actor(), unit_id, on=day, heir_id=heir, today=today(), now=now())
    except (InvalidInput, Conflict) as error:
        listed_faults = error.faults if isinstance(error, Conflict) else ()
        found = {} if listed_faults else fault_map(error)
        return _close_form(unit_id, request.form, found, listed_faults, error.status)
    text = gettext("%(name)s 已撤销；它的历史仍可按日期查看", name=unit.name)
    flash({"text": text, "next": gettext("看承接的单位"), "href": url_for("unit.show", unit_id=heir)} if heir else text)
    return redirect(url_for("unit.show", unit_id=unit.id), 303)


@blueprint.post("/commanded")
@require(ADMINISTER)
def command(unit_id: UUID) -> AnyResponse:
    """Say whether the headquarters may order the unit."""
    may_order = request.form.get("commanded") == "1"
    unit = set_commanded(
        db(), actor(), unit_id, commanded=may_order, reason=request.form.get("reason", ""), today=today()
    )
    flash(
        gettext("%(name)s 接受指挥部指令", name=unit.name)
        if may_order
        else gettext("%(name)s 不受指挥部指令：今后只发商请，不发通知单", name=unit.name)
    )
    return redirect(url_for("unit.show", unit_id=unit.id), 303)
