"""The operator's pages (运维开通): every tenant of the installation, onboarding a district or a bureau, its first administrator.

Outside every tenant: only an account that is marked as operator gets here, everybody else finds nothing. These views are
the boundary for their own transactions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select, tuple_
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, InvalidInput, NotFound
from core.request import house, need_login, now, today
from core.web import once
from core.web.errors import fault_map, say
from core.web.operating import Levels, Standing, add_administrator, count_levels, read_standing
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor
from core.web.words import TENANT_KINDS, by_locale
from core.work.divisions import Division
from core.work.divisions import get as get_division
from core.work.divisions import search as search_divisions
from core.work.divisions import subtree as divisions_under
from core.work.duties.people import checked_name
from core.work.onboarding import Outcome, create_bureau, create_district
from core.work.operators import note_operation
from core.work.tenancy import LEVELS, find_tenant, kinds_above, list_tenants
from tenants.access import BUREAUS, DISTRICT, TenantRef
from tenants.accounts import Tenant

blueprint = Blueprint("operator", __name__, url_prefix="/operator/tenants")

FIELDS = ("kind", "division", "name", "slug", "upper", "person")


@blueprint.before_request
def enter() -> None:
    """Who is no operator finds nothing here."""
    if not need_login().is_operator:
        raise NotFound


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says: the tenant to be, its campaigns, the bureau above it, its first administrator."""

    kind: str = DISTRICT
    division: str = ""
    name: str = ""
    slug: str = ""
    upper: str = ""
    person: str = ""
    campaigns: tuple[str, ...] = field(default=())

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same as form fields."""
        texts = [(name, getattr(self, name)) for name in FIELDS if getattr(self, name)]
        return [*texts, *(("campaign", key) for key in self.campaigns)]


def read_wanted(said: MultiDict[str, str]) -> Wanted:
    """The form's values. Raises InvalidInput for a kind that there is not."""
    texts = {name: said.get(name, "").strip().replace("\x00", "") for name in FIELDS}
    texts["kind"] = texts["kind"] or DISTRICT
    if texts["kind"] not in TENANT_KINDS:
        raise bad_argument("kind", texts["kind"])
    return Wanted(**texts, campaigns=tuple(dict.fromkeys(said.getlist("campaign"))))


def onboard(wanted: Wanted, *, dry_run: bool) -> Outcome:
    """Onboard what is wanted, or say what would happen. Raises InvalidInput, Conflict and NotFound."""
    wall = house().wall
    given: dict[str, Any] = {
        "division": wanted.division or None,
        "name": wanted.name or None,
        "slug": wanted.slug or None,
        "upper": wanted.upper or None,
        "today": today(),
        "dry_run": dry_run,
    }
    with wall.platform() as platform:
        if wanted.kind in BUREAUS:
            return create_bureau(platform, wall.open, kind=wanted.kind, **given)
        return create_district(platform, wall.open, campaigns=wanted.campaigns, registry=house().registry, **given)


@blueprint.get("")
def show() -> str:
    """All tenants: search, state, and how many units each has."""
    text, kind = request.args.get("q", "").strip()[:60].replace("\x00", ""), request.args.get("kind", "")
    page = read_tenants(text, kind if kind in TENANT_KINDS else "", read_cursor(2))
    return render_template(
        "operator/list.html",
        page=page,
        levels={row.id: count_levels(row.id) for row in page.rows},
        bureaus={ref.id: ref.name for ref in _bureaus()},
        text=text,
        kind=kind,
        kinds=[(key, gettext(said)) for key, said in TENANT_KINDS.items()],
        words=TENANT_KINDS,
    )


def read_tenants(text: str, kind: str, cursor: Sequence[str] | None) -> Page[Tenant]:
    """One page of the tenants whose name, slug or code holds a text, by name. Raises InvalidInput."""
    chosen = select(Tenant).order_by(Tenant.pinyin, Tenant.id)
    if text:
        places = (Tenant.name, Tenant.slug, Tenant.code, Tenant.pinyin)
        chosen = chosen.where(or_(*(place.contains(text.lower(), autoescape=True) for place in places)))
    if kind:
        chosen = chosen.where(Tenant.kind == kind)
    if cursor:
        if not cursor[1].isdigit():
            raise bad_argument("cursor", cursor[1])
        chosen = chosen.where(tuple_(Tenant.pinyin, Tenant.id) > tuple_(cursor[0], int(cursor[1])))
    with house().wall.platform() as session:
        return cut(session.scalars(chosen.limit(PAGE + 1)).all(), lambda row: (row.pinyin, row.id))


def _bureaus(kinds: Sequence[str] = BUREAUS) -> list[TenantRef]:
    with house().wall.platform() as session:
        return list_tenants(session, kinds=kinds)


@blueprint.get("/new")
def ask_new() -> tuple[str, int]:
    """Search a district, a city or a province by name or code, then fill in the rest; the nation has no code."""
    return _form(read_wanted(request.args))


def _form(wanted: Wanted, errors: Mapping[str, str] | None = None, status: int = 200) -> tuple[str, int]:
    text = request.args.get("q", "").strip()[:40].replace("\x00", "")
    found = search_divisions(text, LEVELS[wanted.kind], limit=30) if text else []
    faults = dict(errors or {})
    division: Division | None = None
    if wanted.division:
        try:
            division = get_division(wanted.division)
        except InvalidInput as error:
            faults, status = faults or fault_map(error), max(status, error.status)
    registry = house().registry
    page = render_template(
        "operator/new.html",
        wanted=wanted,
        text=text,
        found=found,
        division=division,
        free=is_free(wanted),
        uppers=[(ref.slug, ref.name) for ref in _bureaus(kinds_above(wanted.kind, division))],
        kinds=TENANT_KINDS,
        campaigns=[(c.key, by_locale(c.title_zh, c.title_en)) for c in registry.campaigns.values()],
        errors=faults,
    )
    return page, status


def is_free(wanted: Wanted) -> bool:
    """Whether the form is filled in without a division: asked for, begun, or of the nation, which has none."""
    begun = bool((wanted.name or wanted.slug) and not wanted.division)
    return begun or request.args.get("free") == "1" or not LEVELS[wanted.kind]


@blueprint.get("/preview")
def preview() -> tuple[str, int]:
    """What onboarding would do: units by level with their names, departments, campaigns; nothing is written."""
    wanted = read_wanted(request.args)
    try:
        checked_name(wanted.person, "person")
        outcome = onboard(wanted, dry_run=True)
    except (InvalidInput, Conflict, NotFound) as error:
        return _form(wanted, fault_map(error) or {"division": say(error)}, 422)
    below = divisions_under(wanted.division) if wanted.division and wanted.kind == DISTRICT else []
    names = {code: by_locale(c.title_zh, c.title_en) for code, c in house().registry.campaigns.items()}
    page = render_template(
        "operator/preview.html",
        wanted=wanted,
        outcome=outcome,
        tree=grouped(below),
        names=names,
        upper=next((ref.name for ref in _bureaus() if ref.slug == wanted.upper), ""),
        kinds=TENANT_KINDS,
    )
    return page, 200


def grouped(below: Sequence[Division]) -> list[tuple[Division, list[Division]]]:
    """The subdistricts of a list sorted by code, each with its communities."""
    found: list[tuple[Division, list[Division]]] = []
    for one in below:
        if one.level == "subdistrict":
            found.append((one, []))
        elif one.level == "community" and found:
            found[-1][1].append(one)
    return found


@blueprint.post("")
def create() -> AnyResponse | tuple[str, int]:
    """Onboard it, and invite the first administrator; the same again completes what is missing."""
    wanted = read_wanted(request.form)
    begun = time.monotonic()
    try:
        checked_name(wanted.person, "person")
        outcome = onboard(wanted, dry_run=False)
        token = add_administrator(outcome.tenant, wanted.person, need_login().user_id, now(), today())
    except (InvalidInput, Conflict) as error:
        return _form(wanted, fault_map(error) or {"division": say(error)}, error.status)
    seconds = time.monotonic() - begun
    with house().wall.platform() as session:
        detail = {"created": outcome.created, "units": outcome.units}
        note_operation(session, need_login().user_id, "tenant.onboard", outcome.tenant.slug, **detail)
        session.commit()
    once.keep_link("invite", token, outcome.tenant.slug)
    said = gettext("已开通%(name)s，用时 %(seconds)s 秒", name=outcome.tenant.name, seconds=f"{seconds:.1f}")
    flash(said if outcome.created else gettext("%(name)s早已开通，已补齐缺少的内容", name=outcome.tenant.name))
    return redirect(url_for("operator.show_one", tenant=outcome.tenant.slug), 303)


@blueprint.get("/<tenant>")
def show_one(tenant: str) -> tuple[str, int]:
    """One tenant: its units, campaigns and administrators, and a link for one more."""
    return _one(tenant)


def _one(slug: str, errors: Mapping[str, str] | None = None, person: str = "") -> tuple[str, int]:
    with house().wall.platform() as session:
        ref = find_tenant(session, slug)
        row = session.get_one(Tenant, ref.id)
    levels: Levels = count_levels(ref.id)
    found: Standing = read_standing(ref.id)
    upper = next((one.name for one in _bureaus() if one.id == ref.upper_id), "")
    names = {key: by_locale(c.title_zh, c.title_en) for key, c in house().registry.campaigns.items()}
    page = render_template(
        "operator/one.html",
        row=row,
        levels=levels,
        found=found,
        names=names,
        upper=upper,
        words=TENANT_KINDS,
        once=once.take(slug),
        errors=errors or {},
        person=person,
    )
    return page, 422 if errors else 200


@blueprint.post("/<tenant>/administrators")
def invite_one(tenant: str) -> AnyResponse | tuple[str, int]:
    """Add one more administrator with an invitation link."""
    with house().wall.platform() as session:
        ref = find_tenant(session, tenant)
    name = request.form.get("person", "").strip()
    try:
        token = add_administrator(ref, name, need_login().user_id, now(), today())
    except InvalidInput as error:
        return _one(tenant, fault_map(error) or {"person": say(error)}, name)
    once.keep_link("invite", token, tenant)
    return redirect(url_for("operator.show_one", tenant=ref.slug), 303)
