"""Areas (片区): which streets, communities, estates and single sites belong to each, across the lines of the tree."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, InvalidInput, NotFound
from core.request import actor, db, require, tenant, today
from core.web.duties.people import indented
from core.web.errors import fault_map, say
from core.web.paging import read_day, read_id
from core.web.words import counted, say_kind
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.names import tidy
from core.work.organisation.areas import (
    add_members,
    findings_in_area,
    get_area,
    list_areas,
    members_of,
    remove_member,
    sites_in_area,
)
from core.work.organisation.units import tree
from core.work.places.site_lists import list_sites
from core.work.roles import ADMINISTER, SEE
from core.work.tables import AreaMember, Finding, Site
from tenants.access import may, root_unit

blueprint = Blueprint("areas", __name__, url_prefix="/t/<slug>/units/areas")

MOST_SITES = 50  # found by one search; a longer list asks for a better word


@blueprint.before_request
def enter() -> None:
    """Only districts have sites to group."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def _count(area_id: UUID) -> tuple[int, int]:
    """How many active sites and open findings of the reader's lie in an area today."""
    who, day = actor(), today()
    sites = (
        select(func.count())
        .select_from(Site)
        .where(Site.tenant_id == who.tenant.id, Site.state == "active", sites_in_area(who.tenant.id, area_id, day))
    )
    findings = (
        select(func.count())
        .select_from(Finding)
        .where(
            Finding.tenant_id == who.tenant.id,
            Finding.state.in_(NOT_CLOSED),
            findings_in_area(who.tenant.id, area_id, day),
            sees_finding(who, day),
        )
    )
    return db().scalar(sites) or 0, db().scalar(findings) or 0


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The areas with their members, sites and open findings."""
    on = read_day("on") or today()
    rows = [(area, members_of(db(), area.id, on), *_count(area.id)) for area in list_areas(db(), on)]
    return render_template(
        "units/areas.html",
        rows=rows,
        on=on,
        today=today(),
        manages=may(db(), actor(), ADMINISTER, root_unit(db()).id, today()),
    )


@blueprint.get("/<uuid:area_id>")
@require(SEE)
def show(area_id: UUID) -> tuple[str, int]:
    """One area with its members, and for administrators the forms to add some."""
    return _page(area_id, {}, {})


def _page(area_id: UUID, values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    on = read_day("on") or today()
    area = get_area(db(), area_id)
    members = members_of(db(), area.id, on)
    sites, findings = _count(area.id)
    text = tidy(request.args.get("q", ""))[:40]
    manages = may(db(), actor(), ADMINISTER, area.id, today()) and area.valid_to is None
    known = {member.unit_id for member in members} | {member.site_id for member in members}
    nodes = [n for n in tree(db(), today()) if n.tree == "administration" and n.depth and n.kind != "operator"]
    found = list_sites(db(), actor(), today=today(), text=text, page_size=MOST_SITES) if text and manages else None
    page = render_template(
        "units/area.html",
        area=area,
        members=members,
        sites=sites,
        findings=findings,
        on=on,
        today=today(),
        text=text,
        found=[row for row in found.rows if row.id not in known] if found else [],
        more=bool(found and found.cursor),
        units=[(str(n.id), indented(n)) for n in nodes if n.id not in known] if manages else [],
        manages=manages,
        values=values,
        errors=errors,
        say_kind=say_kind,
    )
    return page, status


@blueprint.post("/<uuid:area_id>")
@require(ADMINISTER)
def add(area_id: UUID) -> AnyResponse | tuple[str, int]:
    """Let units and sites belong to the area from today on."""
    form = request.form
    units = [read_id(one, "unit") for one in form.getlist("unit") if one]
    sites = [read_id(one, "site") for one in form.getlist("site") if one]
    try:
        count = add_members(db(), actor(), area_id, units=units, sites=sites, today=today())
    except (InvalidInput, Conflict) as error:
        return _page(area_id, form, fault_map(error) or {"unit": say(error)}, error.status)
    flash(counted("已加入 %(n)s 个成员，今天起生效", n=count))
    return redirect(url_for("areas.show", area_id=area_id), 303)


@blueprint.post("/members/<uuid:member_id>/remove")
@require(ADMINISTER)
def remove(member_id: UUID) -> AnyResponse:
    """Let a member leave its area today."""
    row: AreaMember = remove_member(db(), actor(), member_id, today=today())
    flash(gettext("今天起不再是这个片区的成员；以前的日期仍算在内"))
    return redirect(url_for("areas.show", area_id=row.area_id), 303)
