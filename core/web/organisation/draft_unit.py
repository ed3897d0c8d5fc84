"""What becomes of one unit (单位去向), or how one new unit stands, in a draft: the forms behind each line of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, InvalidInput, NotFound
from core.request import actor, db, require, today
from core.web.errors import fault_map, say
from core.web.organisation.draft_reading import below, seat_options
from core.web.organisation.drafts import back, edit
from core.web.words import say_kind
from core.work.organisation.burdens import WORDS, burdens
from core.work.organisation.chart_drafts import Draft, Rule, Seat, fate_words
from core.work.organisation.chart_editing import change_seat, keep_unit, send_unit
from core.work.organisation.reorganising import Sheet, find_reorganisation, open_sheet
from core.work.organisation.units import Node
from core.work.roles import ADMINISTER
from core.work.tables import Site

blueprint = Blueprint(
    "draft_unit", __name__, url_prefix="/t/<slug>/units/reorganisations/<uuid:reorganisation_id>/draft"
)
blueprint.before_request(asked.enter)

MOST_SITES = 500
BLANK_RULES = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says of a unit: what is done with it, and with which values (去向表单)."""

    doing: str = "keep"
    name: str = ""
    parent: str = ""
    into: str = ""
    to: Sequence[str] = ()
    heir: str = ""
    rules: Sequence[tuple[str, str]] = field(default=())


def open_draft(reorganisation_id: UUID) -> Sheet:
    """The draft to change. Raises NotFound when it is none any more."""
    row = find_reorganisation(db(), reorganisation_id)
    if row.state != "draft":
        raise NotFound
    return open_sheet(db(), row, today())


def wish_of(draft: Draft, node: Node) -> Wish:
    """The form's values as the draft has them."""
    seat, fate = draft.seats.get(str(node.id)), draft.fates.get(node.id)
    name, parent = (seat.name, seat.parent or "") if seat else (node.name, "")
    if fate is None or (seat is not None and len(fate.to) < 2):
        return Wish("keep", name, parent)
    rules = [(f"{rule.scope}:{rule.id}", rule.to) for rule in fate.rules]
    if len(fate.to) > 1:
        return Wish("split", name, parent, "", fate.to, fate.heir, rules)
    return Wish("merge", name, parent, fate.heir)


def read_wish() -> Wish:
    """The form as it was sent."""
    form = request.form
    pairs = zip(form.getlist("rule_scope"), form.getlist("rule_to"), strict=False)
    rules = [(scope, to) for scope, to in pairs if scope and to]
    texts = [form.get(name, "") for name in ("doing", "name", "parent", "into")]
    return Wish(*texts, form.getlist("to"), form.get("heir", ""), rules)


@blueprint.get("/units/<uuid:unit_id>")
@require(ADMINISTER)
def ask(reorganisation_id: UUID, unit_id: UUID) -> tuple[str, int]:
    """The form for one unit."""
    sheet = open_draft(reorganisation_id)
    if unit_id not in sheet.standing:
        raise NotFound
    return _form(sheet, sheet.standing[unit_id], wish_of(sheet.draft, sheet.standing[unit_id]), {})


def _form(sheet: Sheet, node: Node, wish: Wish, errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    own = str(node.id)
    places = [(f"unit:{n.id}", n.name, gettext("辖区")) for n in below(sheet.standing, node.id)]
    chosen = select(Site.id, Site.name).where(Site.unit_id == node.id).order_by(Site.pinyin, Site.id)
    places += [(f"site:{one}", name, gettext("点位")) for one, name in db().execute(chosen.limit(MOST_SITES))]
    hanging = burdens(db(), actor(), [node.id], today()).of(node.id)
    shown = render_template(
        "reorganisations/unit.html",
        row=sheet.row,
        node=node,
        wish=wish,
        errors=errors,
        is_top=node.parent is None and sheet.row.tree == "administration",
        kept=own in sheet.draft.seats,
        parents=seat_options(sheet.draft, but=(own,)),
        targets=[one for one in seat_options(sheet.draft) if one[0] != own],
        everyone=seat_options(sheet.draft),
        own=own,
        places=places,
        rules=[*wish.rules, *([("", "")] * BLANK_RULES)],
        hanging=[(gettext(WORDS[name]), n) for name, n in hanging.counts().items() if n and name != "posts"],
        word=fate_words(sheet.draft, [node.id])[node.id],
        say_kind=say_kind,
    )
    return shown, status


@blueprint.post("/units/<uuid:unit_id>")
@require(ADMINISTER)
def put(reorganisation_id: UUID, unit_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say what becomes of one unit."""
    wish, sheet = read_wish(), open_draft(reorganisation_id)
    node = sheet.standing.get(unit_id)
    if node is None:
        raise NotFound
    try:
        edit(reorganisation_id, lambda draft, standing: _carry(draft, standing[unit_id], wish))
    except (InvalidInput, Conflict) as error:
        return _form(sheet, node, wish, fault_map(error) or {"doing": say(error)}, error.status)
    return back(reorganisation_id, gettext("%(name)s 的去向已写进草案", name=node.name), "#units")


def _carry(draft: Draft, node: Node, wish: Wish) -> None:
    if wish.doing == "merge":
        send_unit(draft, node, [wish.into] if wish.into else [])
    elif wish.doing == "split":
        send_unit(draft, node, wish.to, heir=wish.heir, rules=_rules(wish))
    else:
        seat = keep_unit(draft, node)
        change_seat(draft, seat.key, name=wish.name, parent=wish.parent or None)


def _rules(wish: Wish) -> list[Rule]:
    """The exceptions that the form names; one without a place, or to nobody, is left out."""
    found = []
    for scope, to in wish.rules:
        kind, _, said = scope.partition(":")
        if kind in ("unit", "site"):
            try:
                found.append(Rule(kind, UUID(said), to))
            except ValueError:
                continue
    return found


@blueprint.get("/seats/<uuid:seat_id>")
@require(ADMINISTER)
def ask_seat(reorganisation_id: UUID, seat_id: UUID) -> AnyResponse | tuple[str, int]:
    """The form for a new unit of the draft; a unit that is there now has a form of its own."""
    sheet = open_draft(reorganisation_id)
    seat = sheet.draft.seats.get(str(seat_id))
    if seat is None:
        raise NotFound
    if seat.id is not None:
        return redirect(url_for("draft_unit.ask", reorganisation_id=reorganisation_id, unit_id=seat.id), 303)
    return _seat_form(sheet, seat, {"name": seat.name, "parent": seat.parent or ""}, {})


def _seat_form(
    sheet: Sheet, seat: Seat, values: Mapping[str, str], errors: Mapping[str, str], status: int = 200
) -> tuple[str, int]:
    shown = render_template(
        "reorganisations/seat.html",
        row=sheet.row,
        seat=seat,
        values=values,
        errors=errors,
        parents=seat_options(sheet.draft, but=(seat.key,)),
        origins=[sheet.standing[unit].name for unit, fate in sheet.draft.fates.items() if seat.key in fate.to],
        say_kind=say_kind,
    )
    return shown, status


@blueprint.post("/seats/<uuid:seat_id>")
@require(ADMINISTER)
def put_seat(reorganisation_id: UUID, seat_id: UUID) -> AnyResponse | tuple[str, int]:
    """Another name or parent for a new unit of the draft."""
    sheet, form = open_draft(reorganisation_id), request.form
    seat = sheet.draft.seats.get(str(seat_id))
    if seat is None or seat.id is not None:
        raise NotFound
    name, parent = form.get("name", ""), form.get("parent") or None

    def carry(draft: Draft, _standing: Mapping[UUID, Node]) -> None:
        change_seat(draft, str(seat_id), name=name, parent=parent)

    try:
        edit(reorganisation_id, carry)
    except (InvalidInput, Conflict) as error:
        return _seat_form(sheet, seat, form, fault_map(error) or {"name": say(error)}, error.status)
    return back(reorganisation_id, gettext("已保存"), "#new")
