"""Contacts without an account on the pages (外部联系人): who they are, their link to copy, and what they have been handed."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, InvalidInput, SanchengError
from core.request import actor, db, now, require, tenant, today
from core.web import once
from core.web.errors import fault_map, say
from core.web.form_fields import id_of
from core.web.paging import read_id
from core.web.places.site_words import unit_options
from core.web.proofs.link_door import sign_word
from core.web.proofs.proof_words import HAND_ON_TONES, say_contact, say_hand_on
from core.web.words import counted
from core.work.places.nearby import find_sites
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
    site_names,
)
from core.work.proofs.hand_ons import handed_to
from core.work.roles import ANSWER, SEE
from tenants.models import Unit

MOST_ALIKE = 8  # sites of one name that are looked at (ours)
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
        unit, site = id_of(said, "unit"), _site(said.get("site", ""))
        found = add_contact(
            db(),
            actor(),
            kind=said.get("kind", ""),
            name=said.get("name", ""),
            phone=said.get("phone", ""),
            unit_id=unit or read_id("", "unit"),
            site_id=site,
            now=now(),
        )
    except InvalidInput as error:
        return _list(error), error.status
    flash(gettext("已登记%(name)s；生成链接发给对方，就能转交事项", name=found.name), "success")
    return redirect(url_for("contacts.show", contact_id=found.id), 303)


def _site(said: str) -> UUID | None:
    """The site whose name was typed, within reach; None when nothing was. Raises InvalidInput."""
    name = said.strip()
    if not name:
        return None
    near = find_sites(db(), actor(), name, on=today(), limit=MOST_ALIKE, verb=SEE)
    found = [one for one in near if one.name == name] or near
    if len(found) == 1:
        return found[0].id
    remedy = N_("请写点位的全名，例如：{names}") if found else N_("请核对名称，可以不填")
    params = {"names": gettext("、").join(one.name for one in found[:3])}
    message = N_("有几个这样的点位") if found else N_("没有找到这个点位")
    raise InvalidInput(faults=[Fault(message, "site", None, name[:60], "", remedy, params)])


def _list(error: SanchengError | None = None) -> str:
    units = unit_options(db(), actor(), today(), ANSWER)
    rows = list_contacts(db(), actor(), now())
    sites = {row.contact.site_id for row in rows if row.contact.site_id}
    return render_template(
        "contacts/list.html",
        rows=rows,
        sites=site_names(db(), sites),
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
        site=site_names(db(), [contact.site_id]).get(contact.site_id, "") if contact.site_id else "",
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
    flash(counted("已作废 %(n)s 个链接", n=count), "success")
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)


@blueprint.post("/<uuid:contact_id>/retire")
@require(ANSWER)
def retire(contact_id: UUID) -> AnyResponse:
    """Use a contact no more; his links end."""
    found = retire_contact(db(), actor(), contact_id, now())
    flash(gettext("已停用%(name)s，链接全部作废", name=found.name), "success")
    return redirect(url_for("contacts.show_list"), 303)
