"""The form of a site (点位登记): adding one, changing one; types decide which checklists are due there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, SanchengError
from core.request import actor, db, house, require, today
from core.web.errors import say, say_fault
from core.web.paging import read_id
from core.web.places.site_words import KINDS, SITE_STATES, unit_options
from core.web.words import by_locale
from core.work.enabling import enabled
from core.work.places import site_lists, sites
from core.work.places.site_attrs import ATTRS, Attr
from core.work.places.zones import known_zones
from core.work.roles import KEEP_SITES, VISIT

blueprint = Blueprint("site_form", __name__, url_prefix="/t/<slug>/sites")
blueprint.before_request(asked.enter)

LENGTH = "length_m"
PLAIN = ("name", "code", "address", "zone", "longitude", "latitude")
REGISTERED = N_("只登记，没有检查表")
# The choices of declared attributes that stand in the catalogue of texts.
CHOICES = (N_("一类"), N_("二类"), N_("三类"), N_("特大"), N_("大"), N_("中"), N_("小"))
TIERS = {"centre": N_("中心"), "station": N_("所"), "post": N_("站")}


@blueprint.get("/new")
@require(KEEP_SITES)
def ask_new() -> tuple[str, int]:
    """The form for a new site."""
    return _form(MultiDict({"unit_id": request.args.get("unit", ""), "state": "active"}), {})


@blueprint.post("/new")
@require(KEEP_SITES)
def add() -> AnyResponse | tuple[str, int]:
    """Add a site."""
    try:
        fields = read_fields(request.form)
        made = sites.add_site(db(), actor(), today=today(), registry=house().registry, **fields)
    except SanchengError as error:
        return _form(request.form, _wrong(error), status=error.status)
    _say_next(gettext("已新增点位 %(name)s", name=made.name), made.id)
    return redirect(url_for("sites.show", site_id=made.id), 303)


def _say_next(said: str, site_id: UUID) -> None:
    """What happened, with the next step for who may take it."""
    if actor().has(VISIT):
        flash({"text": said, "next": gettext("开始检查"), "href": url_for("visiting.ask", site_id=site_id)}, "success")
    else:
        flash({"text": said, "next": gettext("再加一个"), "href": url_for("site_form.ask_new")}, "success")


@blueprint.get("/<uuid:site_id>/edit")
@require(KEEP_SITES)
def ask_change(site_id: UUID) -> tuple[str, int]:
    """The form with a site's present values."""
    row = site_lists.get_site(db(), actor(), site_id, today=today())
    values: MultiDict[str, str] = MultiDict(
        {
            name: str(getattr(row, name) or "")
            for name in ("name", "code", "address", "zone", "unit_id", "operator_unit_id")
        }
    )
    values.update({"state": row.state, "longitude": _plain(row.longitude), "latitude": _plain(row.latitude)})
    values.setlist("types", list(row.types))
    for code, value in row.attrs.items():
        values[f"attrs.{code}"] = str(value)
    return _form(values, {}, row)


def _plain(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"


@blueprint.post("/<uuid:site_id>/edit")
@require(KEEP_SITES)
def change(site_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change a site; nothing is deleted, a site is closed."""
    row = site_lists.get_site(db(), actor(), site_id, today=today())
    try:
        fields = read_fields(request.form) | {"state": request.form.get("state", row.state)}
        sites.change_site(db(), actor(), site_id, today=today(), registry=house().registry, **fields)
    except SanchengError as error:
        return _form(request.form, _wrong(error), row, status=error.status)
    flash(gettext("点位已保存"))
    return redirect(url_for("sites.show", site_id=site_id), 303)


def _wrong(error: SanchengError) -> dict[str, str]:
    """What is wrong by field, without the field's name: it stands beside it."""
    return {f.field: say_fault(replace(f, field="", where="")) for f in error.faults} or {"": say(error)}


def read_fields(form: MultiDict[str, str]) -> Any:
    """The form's values as the work room takes them. Raises InvalidInput for an id that is none."""
    fields: dict[str, Any] = {name: form.get(name, "") for name in PLAIN}
    for name in ("unit_id", "operator_unit_id"):
        fields[name] = read_id(form[name], name) if form.get(name) else None
    fields["types"] = form.getlist("types")
    fields["attrs"] = {code: form[f"attrs.{code}"].strip() for code in ATTRS if f"attrs.{code}" in form}
    return fields


def _attribute(attr: Attr, values: MultiDict[str, str]) -> dict[str, Any]:
    """A declared attribute as a field of the form; a yes/no is a choice of two."""
    name = f"attrs.{attr.code}"
    options = [(choice, gettext(TIERS.get(choice, choice))) for choice in attr.choices]
    if attr.kind == "flag":
        options = [("yes", gettext("是")), ("no", gettext("否"))]
    return {
        "name": name,
        "title": by_locale(attr.title_zh, attr.title_en),
        "kind": "choice" if options else attr.kind,
        "options": options,
        "inputmode": "numeric" if attr.kind == "whole" else None,
        "given": bool(values.get(name)),
    }


def _type_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """The site types under headings: those with checklists in force by kind, then those that are only registered."""
    asked_at = {t for c in enabled(db(), house().registry) for form in c.edition.all_forms for t in form.site_types}
    groups: dict[str, list[tuple[str, str]]] = {title: [] for title in (*KINDS.values(), REGISTERED)}
    for one in sites.site_types(db(), house().registry).values():
        title = KINDS.get(one.kind, REGISTERED) if one.code in asked_at else REGISTERED
        groups[title].append((one.code, by_locale(one.name_zh, one.name_en)))
    return [(gettext(title), options) for title, options in groups.items() if options]


def _form(
    values: MultiDict[str, str], errors: Mapping[str, str], row: site_lists.SiteRow | None = None, status: int = 200
) -> tuple[str, int]:
    page = render_template(
        "sites/form.html",
        row=row,
        values=values,
        errors=errors,
        groups=_type_groups(),
        chosen=values.getlist("types"),
        units=unit_options(db(), actor(), today(), KEEP_SITES),
        operators=unit_options(db(), actor(), today()),
        attrs=[_attribute(attr, values) for attr in ATTRS.values() if attr.code != LENGTH],
        zones=known_zones(db()),
        states=[(key, gettext(text)) for key, (text, _) in SITE_STATES.items()],
    )
    return page, status
