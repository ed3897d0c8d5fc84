"""Registering a sponsorship (登记包保): the sponsor from the list or by name, one object, field, campaign and days."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select
from werkzeug.wrappers import Response as AnyResponse

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.request import actor, db, require_any, today
from core.web import district
from core.web.duties.sponsor_words import kind_options
from core.web.duties.sponsors import people_to_choose
from core.web.errors import fault_map, say
from core.web.form_fields import day_of, id_of
from core.web.places.site_words import campaign_titles
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship, name_sponsor
from core.work.duties.sponsor_lists import fields_in_use
from core.work.names import tidy
from core.work.organisation.units import tree
from core.work.places.site_lists import get_site
from core.work.roles import ADMINISTER, DIRECT
from core.work.tables import Site
from tenants.access import reach
from tenants.scope import ScopedSession

blueprint = Blueprint("sponsor_form", __name__, url_prefix="/t/<slug>/sponsors/new")
blueprint.before_request(district.enter)

TEXTS = ("project", "title", "field", "document")


def _form(values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    session = db()
    mine = {unit for verb in (ADMINISTER, DIRECT) for unit in session.scalars(reach(actor(), verb, today()))}
    nodes = tree(session, today())
    page = render_template(
        "sponsors/new.html",
        values=values,
        errors=errors,
        kinds=kind_options(),
        people=people_to_choose(),
        units=[(str(node.id), node.name) for node in nodes if node.depth],
        objects=[(str(node.id), "\u3000" * node.depth + node.name) for node in nodes if node.id in mine],
        fields=fields_in_use(session, today()),
        campaigns=list(campaign_titles(session).items()),
    )
    return page, status


@blueprint.get("")
@require_any(ADMINISTER, DIRECT)
def ask() -> tuple[str, int]:
    """The form; the address may name the object."""
    said = request.args
    values = {"object": said.get("unit", ""), "kind": said.get("kind", "leader")}
    if said.get("site"):
        chosen = id_of(said, "site")
        row = get_site(db(), actor(), chosen, today=today()) if chosen else None
        values["site"] = (row.code or row.name) if row else ""
    return _form(values, {})


def read_site(session: ScopedSession, said: str) -> UUID | None:
    """The active site of a code or name, None for an empty text. Raises InvalidInput."""
    text = tidy(said)
    if not text:
        return None
    chosen = select(Site.id, Site.code).where(Site.state == "active", or_(Site.code == text, Site.name == text))
    rows = session.execute(chosen).all()
    found = [one for one, code in rows if code == text] or [one for one, _ in rows]
    if len(found) == 1:
        return found[0]
    message = N_("有多个同名的点位") if found else N_("没有这个点位")
    raise InvalidInput(faults=[Fault(message, "site", value=text[:40], remedy=N_("请填写点位编号"))])


def _read(form: Mapping[str, str]) -> Wish:
    """The form as a wish; a name that is not in the list becomes a person. Raises InvalidInput."""
    person = id_of(form, "person")
    if person is None and tidy(form.get("person_name", "")):
        person = name_sponsor(db(), actor(), form["person_name"]).id
    return Wish(
        form.get("kind", ""),
        person,
        id_of(form, "unit"),
        id_of(form, "object"),
        read_site(db(), form.get("site", "")),
        campaign=form.get("campaign") or None,
        valid_from=day_of(form, "valid_from"),
        until=day_of(form, "until"),
        **{name: form.get(name, "") for name in TEXTS},
    )


@blueprint.post("")
@require_any(ADMINISTER, DIRECT)
def add() -> AnyResponse | tuple[str, int]:
    """Begin a sponsorship."""
    form = request.form
    try:
        wish = _read(form)
        if wish.person_id and str(wish.person_id) == form.get("person"):
            _check_offered(wish.person_id)
        row = begin_sponsorship(db(), actor(), wish, today=today())
    except (InvalidInput, Conflict) as error:
        return _form(form, fault_map(error) or {"person": say(error)}, error.status)
    flash({"text": gettext("已登记包保"), "next": gettext("再登记一项"), "href": url_for("sponsor_form.ask")})
    return redirect(url_for("sponsors.show_one", sponsorship_id=row.id), 303)


def _check_offered(person_id: UUID) -> None:
    """Raise NotFound for a person whom this reader was not offered."""
    if str(person_id) not in {key for key, _ in people_to_choose()}:
        raise NotFound
