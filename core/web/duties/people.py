"""People and their posts (人员): the list, a new person with a post and a link, and the table of who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput
from core.request import actor, db, now, require, tenant, today
from core.web import once
from core.web.as_of import read_on
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.form_fields import day_of
from core.web.organisation.area_choice import read_area, units_of
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor, read_id
from core.web.words import VERBS, by_locale, roles_of, say_role
from core.work.duties.holdings import KINDS as HOLDING_KINDS
from core.work.duties.people import PersonRow, list_people
from core.work.duties.posts import add_person_with_post
from core.work.invitations import invite
from core.work.organisation.units import Node, tree
from core.work.roles import ADMINISTER, ROLES
from tenants.access import Actor, reach
from tenants.accounts import AccountToken, Membership
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession

blueprint = Blueprint("people", __name__, url_prefix="/t/<slug>/people")
blueprint.before_request(asked.enter)

ACCOUNTS = {
    "active": (N_("有账号"), "active"),
    "invited": (N_("已邀请"), "next"),
    "inactive": (N_("账号已停用"), "held"),
    "none": (N_("没有账号"), "waiting"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    text: str
    unit_id: UUID | None
    role: str
    on: date | None
    left: bool
    area_id: UUID | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.text or self.unit_id or self.role or self.on or self.left or self.area_id)


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    unit = said.get("unit", "")
    role = said.get("role", "")
    if role and role not in ROLES:
        raise bad_argument("role", role)
    text = said.get("q", "").strip()[:40].replace("\x00", "")
    return Filter(text, read_id(unit, "unit") if unit else None, role, read_on(), said.get("left") == "1", read_area())


def read_people(session: ScopedSession, who: Actor, wanted: Filter, on: date) -> list[PersonRow]:
    """The people that a filter asks for, by pinyin."""
    rows = list_people(session, who, on=on, text=wanted.text, unit_id=wanted.unit_id, inactive=wanted.left)
    inside = units_of(session, wanted.area_id, on)
    return [
        row
        for row in rows
        if (not wanted.role or any(post.role == wanted.role for post in row.posts))
        and (inside is None or any(post.unit_id in inside for post in row.posts))
    ]


def page_of(rows: Sequence[PersonRow], size: int = PAGE) -> Page[PersonRow]:
    """The page after the person that the cursor names; from the beginning when that one is no longer listed."""
    cursor = read_cursor(1)
    at = 0
    if cursor:
        after = read_id(cursor[0], "cursor")
        at = next((n + 1 for n, row in enumerate(rows) if row.id == after), 0)
    return cut(rows[at : at + size + 1], lambda row: (row.id,), size)


def account_states(session: ScopedSession, people: Iterable[UUID]) -> Mapping[UUID, str]:
    """For each person: ``active`` or ``inactive`` (has an account), ``invited`` (a link is open) or ``none``."""
    ids = list(people)
    found = dict.fromkeys(ids, "none")
    pending = select(AccountToken.person_id).where(
        AccountToken.purpose == "invite",
        AccountToken.used_at.is_(None),
        AccountToken.expires_at > now(),
        AccountToken.person_id.in_(ids),
    )
    found |= dict.fromkeys(session.scalars(pending), "invited")
    seats = select(Membership.person_id, Membership.state).where(Membership.person_id.in_(ids))
    found |= {person: "active" if state == "active" else "inactive" for person, state in session.execute(seats)}
    return found


def unit_options(session: ScopedSession, who: Actor, on: date) -> list[tuple[str, str]]:
    """The units that the actor administers, indented as they stand under one another."""
    mine = set(session.scalars(reach(who, ADMINISTER, on)))
    return [(str(node.id), indented(node)) for node in tree(session, on) if node.id in mine]


def indented(node: Node) -> str:
    """A unit's name set in by its depth."""
    return "\u3000" * node.depth + node.name


def campaign_options(session: ScopedSession) -> list[tuple[str, str]]:
    """The campaigns that were ever enabled here, by title."""
    known = asked.house().registry.campaigns
    keys = session.scalars(select(EnabledCampaign.campaign).order_by(EnabledCampaign.campaign))
    return [(key, by_locale(known[key].title_zh, known[key].title_en) if key in known else key) for key in keys]


def role_hints() -> list[tuple[str, str, str]]:
    """The roles of this kind of tenant, each with what it lets a person do."""
    return [
        (r.code, gettext(r.title_zh), gettext("；").join(gettext(t) for v, t in VERBS.items() if v in r.verbs))
        for r in roles_of(tenant().kind)
    ]


@blueprint.get("")
@require(ADMINISTER)
def show() -> str:
    """The people with their posts, by unit, role and text."""
    wanted, session = read_filter(), db()
    on = wanted.on or today()
    rows = read_people(session, actor(), wanted, on)
    page = page_of(rows)
    return render_template(
        "people/list.html",
        page=page,
        total=len(rows),
        wanted=wanted,
        states=account_states(session, [row.id for row in page.rows]),
        accounts=ACCOUNTS,
        units=unit_options(session, actor(), on),
        roles=[(r.code, gettext(r.title_zh)) for r in roles_of(tenant().kind)],
        campaigns=dict(campaign_options(session)),
        say_role=say_role,
        holding_kinds=HOLDING_KINDS,
    )


@blueprint.get("/export.csv")
@require(ADMINISTER)
def export() -> Response:
    """The same list as CSV, one row a post."""
    wanted, who, on = read_filter(), actor(), today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        found = read_people(session, who, wanted, wanted.on or on)
        states = account_states(session, [row.id for row in found])
        campaigns = dict(campaign_options(session))
        for row in found:
            account = gettext(ACCOUNTS[states[row.id]][0])
            for post in row.posts or (None,):
                held = (
                    (
                        post.unit_name,
                        say_role(post.role),
                        post.title,
                        campaigns.get(post.campaign or "", post.campaign),
                        gettext(HOLDING_KINDS.get(post.kind, post.kind)),
                        post.valid_from.isoformat(),
                        post.until.isoformat() if post.until else "",
                    )
                    if post
                    else ("",) * 7
                )
                yield row.name, row.phone, account, *held

    head = (N_("姓名"), N_("电话"), N_("账号"), N_("单位"), N_("角色"), N_("岗位名称"), N_("创建项目"))
    head += (N_("任职方式"), N_("任职自"), N_("任职至"))
    return stream_csv(f"people-{on.isoformat()}.csv", [gettext(text) for text in head], rows)


@blueprint.get("/new")
@require(ADMINISTER)
def ask_new() -> tuple[str, int]:
    """The form for a new person."""
    return _form({"unit": request.args.get("unit", ""), "role": request.args.get("role", ""), "invite": "1"}, {})


def _form(values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    session = db()
    page = render_template(
        "people/new.html",
        values=values,
        errors=errors,
        units=unit_options(session, actor(), today()),
        roles=role_hints(),
        campaigns=campaign_options(session),
    )
    return page, status


@blueprint.post("/new")
@require(ADMINISTER)
def add() -> AnyResponse | tuple[str, int]:
    """Add a person with a post, and make the invitation link if asked."""
    form = request.form
    missing = {
        name: gettext(text)
        for name, text in (("unit", N_("请选择单位")), ("role", N_("请选择角色")))
        if not form.get(name)
    }
    if missing:
        return _form(form, missing, 422)
    try:
        person = add_person_with_post(
            db(),
            actor(),
            name=form.get("name", ""),
            phone=form.get("phone", ""),
            unit_id=read_id(form["unit"], "unit"),
            role=form["role"],
            title=form.get("title", ""),
            campaign=form.get("campaign") or None,
            today=today(),
            valid_from=day_of(form, "valid_from"),
            until=day_of(form, "until"),
            kind=form.get("kind") or None,
        )
        token = invite(db(), actor(), person.id, now()) if form.get("invite") == "1" else None
    except (InvalidInput, Conflict) as error:
        faults = fault_map(error)
        return _form(form, faults or {"name": say(error)}, error.status)
    if token:
        once.keep_link("invite", token, person.id)
    flash(gettext("已新增 %(name)s", name=person.name))
    return redirect(url_for("person.show", person_id=person.id), 303)


@blueprint.get("/roles")
@require(ADMINISTER)
def show_roles() -> str:
    """Who may do what: the one table from which pages, API and menus derive it."""
    here = roles_of(tenant().kind)
    held = frozenset().union(*(role.verbs for role in here))
    return render_template("people/roles.html", roles=here, verbs={v: t for v, t in VERBS.items() if v in held})
