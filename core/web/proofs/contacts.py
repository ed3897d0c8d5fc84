"""Contacts without an account on the pages (外部联系人): who they are, their link to copy, and what they have been handed."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, InvalidInput, SanchengError
from core.request import actor, db, now, require, tenant, today
from core.web import once
from core.web.errors import fault_map, say
from core.web.form_fields import id_of
from core.web.paging import read_id
from core.web.places.site_words import unit_options
from core.web.proofs.link_door import sign_word
from core.web.proofs.proof_words import HAND_ON_TONES, say_contact, say_hand_on
from core.work.proofs.contacts import (
    KINDS,
    LONGEST_NAME,
    MOST_DAYS,
    USUAL_DAYS,
    add_contact,
    get_contact,
    links_of,
    list_contacts,
    make_link,
    retire_contact,
    revoke_links,
)
from core.work.proofs.hand_ons import handed_to
from core.work.roles import ANSWER
from tenants.models import Unit

blueprint = Blueprint("contacts", __name__, url_prefix="/t/<slug>/contacts")
blueprint.before_request(asked.enter)


@blueprint.get("")
@require(ANSWER)
def show_list() -> str:
    """The contacts of my units, and the form for one more."""
    return _list()


@blueprint.post("")
@require(ANSWER)
def add() -> AnyResponse | tuple[str, int]:
    """Add a contact of one of my units."""
    said = request.form
    try:
        unit = id_of(said, "unit")
        found = add_contact(
            db(),
            actor(),
            kind=said.get("kind", ""),
            name=said.get("name", ""),
            phone=said.get("phone", ""),
            unit_id=unit or read_id("", "unit"),
            now=now(),
        )
    except InvalidInput as error:
        return _list(error), error.status
    flash(gettext("已登记%(name)s；生成链接发给对方，就能转交事项", name=found.name), "success")
    return redirect(url_for("contacts.show", contact_id=found.id), 303)


def _list(error: SanchengError | None = None) -> str:
    units = unit_options(db(), actor(), today(), ANSWER)
    return render_template(
        "contacts/list.html",
        rows=list_contacts(db(), actor(), now()),
        units=units,
        kinds=[(code, say_contact(code)) for code in KINDS],
        said=request.form,
        faults=fault_map(error) if error else {},
        say_contact=say_contact,
        longest=LONGEST_NAME,
    )


@blueprint.get("/<uuid:contact_id>")
@require(ANSWER)
def show(contact_id: UUID) -> str:
    """One contact: the link just made, the links in force, what was handed on."""
    return _page(contact_id)


def _page(contact_id: UUID, error: SanchengError | None = None) -> str:
    contact = get_contact(db(), actor(), contact_id, now())
    unit = db().get(Unit, (db().tenant_id, contact.unit_id))
    return render_template(
        "contacts/one.html",
        contact=contact,
        unit=unit.name if unit else "",
        once=once.take(contact_id),
        links=links_of(db(), contact_id),
        handed=handed_to(db(), actor(), contact_id, now()),
        at=now(),
        usual=USUAL_DAYS,
        most=MOST_DAYS,
        said=request.form,
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        say_contact=say_contact,
        say_hand_on=say_hand_on,
        tones=HAND_ON_TONES,
    )


@blueprint.post("/<uuid:contact_id>/link")
@require(ANSWER)
def link(contact_id: UUID) -> AnyResponse | tuple[str, int]:
    """Make a link; the next page shows it once, with a text for a chat."""
    days = request.form.get("days", "").strip()
    try:
        number = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
        made, word = make_link(db(), actor(), contact_id, now=now(), days=number)
    except (InvalidInput, Conflict) as error:
        return _page(contact_id, error), error.status
    slug = tenant().slug
    address = url_for("outside.open_by_link", slug=slug, token=sign_word(slug, word), _external=True)
    once.keep("contact", address, contact_id, made.expires_at)
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)


@blueprint.post("/<uuid:contact_id>/revoke")
@require(ANSWER)
def revoke(contact_id: UUID) -> AnyResponse:
    """End all links of a contact."""
    count = revoke_links(db(), actor(), contact_id, now())
    flash(gettext("已作废 %(n)s 个链接", n=count), "success")
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)


@blueprint.post("/<uuid:contact_id>/retire")
@require(ANSWER)
def retire(contact_id: UUID) -> AnyResponse:
    """Use a contact no more; his links end."""
    found = retire_contact(db(), actor(), contact_id, now())
    flash(gettext("已停用%(name)s，链接全部作废", name=found.name), "success")
    return redirect(url_for("contacts.show_list"), 303)
