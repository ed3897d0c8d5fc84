"""Grants to readers (发布授权): which of the bureaus above the district receives a campaign's figures, how fine, since when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, NotFound
from core.figures.grants import DETAILS, give_grant, grant_history, grants_in_force, withdraw_grant
from core.figures.tables import PublicationGrant
from core.request import actor, db, house, require, tenant, today
from core.web.duties.people import campaign_options
from core.web.errors import fault_map, say
from core.web.paging import bad_argument
from core.work.roles import GRANT
from core.work.tenancy import read_chain
from tenants.access import TenantRef

blueprint = Blueprint("grants", __name__, url_prefix="/t/<slug>/settings/grants")

# What leaves in each detail, from the least to the most.
SAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "totals": (N_("只有总分"), N_("总分、覆盖、检查和点位的数量")),
        "categories": (N_("到测评项目"), N_("总分，加上每个测评项目的得分")),
        "indicators": (N_("到指标"), N_("测评项目，加上每项指标的分子、分母和得分")),
        "units": (N_("到单位"), N_("指标，加上每个街道（镇、乡）和受检部门的得分、检查次数和问题数")),
        "sites": (N_("到点位"), N_("单位，加上每个受检点位的名称和得分；没有人员、照片和问题内容")),
    }
)


@blueprint.before_request
def enter() -> None:
    """Only districts publish."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def readers_above() -> list[TenantRef]:
    """The bureaus above the district, the nearest first: the readers that it may choose; none for a district on its own."""
    with house().wall.platform() as session:
        return read_chain(session, tenant())


def _page(
    status: int = 200, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> tuple[str, int]:
    history = grant_history(db())
    page = render_template(
        "settings/grants.html",
        readers=[(one.slug, one.name) for one in readers_above()],
        standing=grants_in_force(db(), today()),
        history=history,
        campaigns=campaign_options(db()),
        details=[(code, gettext(SAYS[code][0]), gettext(SAYS[code][1])) for code in DETAILS],
        says=SAYS,
        values=values or {"detail": "categories", "valid_from": today().isoformat()},
        errors=errors or {},
        today=today(),
    )
    return page, status


def _day(name: str) -> date | None:
    said = request.form.get(name, "").strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise bad_argument(name, said) from None


@blueprint.get("")
@require(GRANT)
def show() -> tuple[str, int]:
    """The grants in force, a form for a new one, and everything that was ever given or withdrawn."""
    return _page()


@blueprint.post("")
@require(GRANT)
def give() -> AnyResponse | tuple[str, int]:
    """Let one of the bureaus above receive a campaign's publications; it replaces the grant that stands for it."""
    form, readers = request.form, readers_above()
    if not readers:
        raise NotFound
    reader = next((one for one in readers if one.slug == form.get("reader", readers[0].slug)), None)
    if reader is None:
        return _page(422, form, {"reader": gettext("请选择上级主管部门")})
    if not form.get("campaign"):
        return _page(422, form, {"campaign": gettext("请选择创建项目")})
    try:
        since, until = _day("valid_from") or today(), _day("valid_to")
        give_grant(db(), actor(), reader, form["campaign"], form.get("detail", ""), since, until)
    except (InvalidInput, Conflict) as error:
        return _page(error.status, form, fault_map(error) or {"campaign": say(error)})
    flash(gettext("已授权：%(city)s以后能收到这个创建项目发布的得分", city=reader.name))
    return redirect(url_for("grants.show"), 303)


@blueprint.post("/<uuid:grant_id>/withdraw")
@require(GRANT)
def withdraw(grant_id: UUID) -> AnyResponse:
    """Withdraw a grant from today on; what was published before stays with its reader."""
    grant: PublicationGrant | None = next((g for g in grants_in_force(db(), today()) if g.id == grant_id), None)
    if grant is None:
        raise NotFound
    withdraw_grant(db(), actor(), grant, today())
    flash(gettext("授权已收回：以后发布的不再送给%(city)s；已经送达的不能收回", city=grant.reader_name))
    return redirect(url_for("grants.show"), 303)
