"""Reorganisations (机构调整): the list, a new draft, its preview, approval, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, InvalidInput
from core.request import actor, db, now, require, require_any, today
from core.web.errors import fault_map, say, say_fault
from core.web.organisation.chart_reading import CHART_READERS
from core.web.organisation.unit import read_form_day
from core.web.paging import bad_argument
from core.web.words import listed, say_kind
from core.work.dated import ONE_DAY
from core.work.organisation.burdens import WORDS
from core.work.organisation.chart_preview import preview
from core.work.organisation.lineage import KINDS
from core.work.organisation.reorganising import (
    STATES,
    TREES,
    approve,
    find_reorganisation,
    list_reorganisations,
    open_sheet,
    propose,
    withdraw,
)
from core.work.organisation.units import tree
from core.work.roles import ADMINISTER
from core.work.tables import Audit, Reorganisation, UnitLineage
from tenants.access import may, root_unit
from tenants.models import Unit, UnitName
from tenants.scope import ScopedSession

blueprint = Blueprint("reorganisations", __name__, url_prefix="/t/<slug>/units/reorganisations")
blueprint.before_request(asked.enter)

TONES = {"draft": "next", "approved": "soon", "in_force": "active", "withdrawn": "held"}
MOVED = ("findings", "holdings", "sites", "sponsorships", "roles", "notices", "areas", "grids", "rules")


def say_draft_fault(fault: Fault) -> str:
    """A fault of a draft without the name of the field: it names the unit."""
    return say_fault(replace(fault, field=""))


def manages() -> bool:
    """Whether the reader may reorganise: who administers the whole tenant."""
    return may(db(), actor(), ADMINISTER, root_unit(db()).id, today())


def read_version() -> int:
    """The version that the form was filled from. Raises InvalidInput."""
    said = request.form.get("version", "")
    if not said.isdecimal():
        raise bad_argument("version", said)
    return int(said)


@blueprint.get("")
@require_any(*sorted(CHART_READERS))
def show_list() -> str:
    """All reorganisations, the latest first."""
    rows = list_reorganisations(db())
    waits = select(Audit).where(Audit.verb == "reorganisation.wait").order_by(Audit.at.desc())
    reasons = {line.object_id: line.detail.get("reason", "") for line in reversed(db().scalars(waits.limit(50)).all())}
    return render_template(
        "reorganisations/list.html",
        rows=rows,
        states=STATES,
        tones=TONES,
        trees=TREES,
        overdue={row.id: reasons.get(str(row.id), "") for row in rows if _late(row)},
        manages=manages(),
    )


def _late(row: Reorganisation) -> bool:
    return row.state == "approved" and row.effective_on <= today()


@blueprint.get("/new")
@require(ADMINISTER)
def ask_new() -> tuple[str, int]:
    """The form for a new draft."""
    return _new({"tree": request.args.get("tree", "headquarters"), "effective_on": today().isoformat()}, {})


def _new(values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    grown = {node.tree for node in tree(db(), today())}
    trees = [(key, gettext(text)) for key, text in TREES.items() if key in grown]
    return render_template("reorganisations/new.html", values=values, errors=errors, trees=trees), status


@blueprint.post("/new")
@require(ADMINISTER)
def begin() -> AnyResponse | tuple[str, int]:
    """Begin a draft in which everything stays as it is."""
    errors: dict[str, str] = {}
    day = read_form_day("effective_on", errors)
    if errors:
        return _new(request.form, errors, 422)
    try:
        row = propose(
            db(),
            actor(),
            title=request.form.get("title", ""),
            grove=request.form.get("tree", ""),
            document=request.form.get("document", ""),
            effective_on=day or today(),
            today=today(),
            now=now(),
        )
    except InvalidInput as error:
        return _new(request.form, fault_map(error) or {"title": say(error)}, error.status)
    flash(gettext("草案已建立：现在一切照旧，请改成新的架构"))
    return redirect(url_for("drafts.show", reorganisation_id=row.id), 303)


@blueprint.get("/<uuid:reorganisation_id>")
@require_any(*sorted(CHART_READERS))
def show(reorganisation_id: UUID) -> str:
    """The preview of a draft and its approval; what took effect with what moved."""
    return _page(find_reorganisation(db(), reorganisation_id))


def _page(row: Reorganisation, said: str = "") -> str:
    sheet = open_sheet(db(), row, today())
    open_ = row.state in ("draft", "approved")
    seen = preview(db(), actor(), sheet, now()) if open_ and not sheet.faults and sheet.changes else None
    on = date.fromisoformat(row.moved["on"]) if row.moved.get("on") else row.effective_on
    return render_template(
        "reorganisations/one.html",
        row=row,
        sheet=sheet,
        seen=seen,
        said=said,
        faults=[say_draft_fault(fault) for fault in sheet.faults],
        lines=_lines(db(), row),
        state=STATES[row.state],
        tone=TONES[row.state],
        tree_title=TREES[row.tree],
        day=format_date(row.effective_on, "long"),
        on=on,
        eve=on - ONE_DAY,
        late=_late(row),
        today=today(),
        manages=manages(),
        moved=[
            *((gettext(WORDS[name]), row.moved.get(name, 0)) for name in MOVED),
            (gettext("任务"), row.moved.get("tasks", 0)),
        ],
        words=WORDS,
        hanging=MOVED[1:],
        kinds=KINDS,
        listed=listed,
        say_kind=say_kind,
    )


def _lines(session: ScopedSession, row: Reorganisation) -> list[tuple[UnitLineage, str, str]]:
    """The lineage that it wrote: out of which unit came which, renamed ones under the name before."""
    lines = session.scalars(select(UnitLineage).where(UnitLineage.reorganisation_id == row.id)).all()
    units = {line.from_id for line in lines} | {line.to_id for line in lines}
    named = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units))).all())
    renamed = {line.from_id for line in lines if line.kind == "rename"}
    former = select(UnitName.unit_id, UnitName.name).where(UnitName.unit_id.in_(renamed)).order_by(UnitName.valid_to)
    before = dict(session.execute(former).all())
    found = [(line, before.get(line.from_id, named[line.from_id]), named[line.to_id]) for line in lines]
    return sorted(found, key=lambda one: (one[0].kind, one[1], one[2]))


@blueprint.post("/<uuid:reorganisation_id>/approve")
@require(ADMINISTER)
def decide(reorganisation_id: UUID) -> AnyResponse | tuple[str, int]:
    """Approve the draft: at once when its day is today."""
    version = read_version()
    try:
        row = approve(db(), actor(), reorganisation_id, version=version, today=today(), now=now())
    except (InvalidInput, Conflict) as error:
        said = gettext("；").join([say(error), *(say_draft_fault(fault) for fault in error.faults)])
        db().rollback()
        return _page(find_reorganisation(db(), reorganisation_id), said), error.status
    if row.state == "in_force":
        flash(gettext("“%(title)s”已生效", title=row.title))
    else:
        flash(gettext("“%(title)s”已批准，%(day)s 生效", title=row.title, day=format_date(row.effective_on, "long")))
    return redirect(url_for("reorganisations.show", reorganisation_id=row.id), 303)


@blueprint.post("/<uuid:reorganisation_id>/withdraw")
@require(ADMINISTER)
def take_back(reorganisation_id: UUID) -> AnyResponse:
    """Withdraw the draft, or an approved one that waits for its day."""
    row = withdraw(db(), actor(), reorganisation_id, version=read_version(), today=today())
    flash(gettext("“%(title)s”已撤回，组织没有变动", title=row.title))
    return redirect(url_for("reorganisations.show", reorganisation_id=row.id), 303)
