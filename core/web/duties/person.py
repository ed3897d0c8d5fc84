"""One person (人员): posts held now and before, the account with its links, corrections, and leaving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Forbidden, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require, today
from core.web import once
from core.web.duties.people import ACCOUNTS, account_states, campaign_options, role_hints, unit_options
from core.web.errors import fault_map, say
from core.web.form_fields import day_of
from core.web.paging import read_id
from core.web.words import say_role
from core.work.dated import last_day_of
from core.work.duties.handovers import handovers_of
from core.work.duties.holdings import KINDS as HOLDING_KINDS
from core.work.duties.holdings import set_last_day
from core.work.duties.people import PersonRow, change_person, get_person, require_over
from core.work.duties.posts import add_post, appoint, deactivate_person, end_holding
from core.work.duties.sponsor_lists import histories
from core.work.invitations import invite, membership_of, offer_reset, set_membership
from core.work.roles import ADMINISTER
from tenants.access import may, root_unit
from tenants.models import Holding, Post, Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("person", __name__, url_prefix="/t/<slug>/people/<uuid:person_id>")
blueprint.before_request(asked.enter)


def find(person_id: UUID) -> PersonRow:
    """The person, when the actor administers one of his units, or the whole tenant. Raises NotFound for all others."""
    session, who, on = db(), actor(), today()
    row = get_person(session, person_id, on=on)
    units = {post.unit_id for post in row.posts} | {root_unit(session).id}
    if not any(may(session, who, ADMINISTER, unit, on) for unit in units):
        raise NotFound
    return row


def former_posts(session: ScopedSession, row: PersonRow) -> list[tuple[Holding, Post, str]]:
    """The posts that the person holds no longer or not yet, the latest end first; withdrawn ones left out."""
    rows = session.execute(
        select(Holding, Post, Unit.name)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .where(Holding.person_id == row.id)
        .where(or_(Holding.valid_to.is_(None), Holding.valid_to > Holding.valid_from, Holding.valid_from == today()))
        .order_by(Holding.valid_from.desc(), Holding.id)
    )
    held = {post.holding_id for post in row.posts}
    return [(holding, post, name) for holding, post, name in rows if holding.id not in held]


def _page(person_id: UUID, status: int = 200, **more: Any) -> tuple[str, int]:
    session, row = db(), find(person_id)
    seat, others = membership_of(session, row.id), former_posts(session, row)
    context: dict[str, Any] = {
        "person": row,
        "seat": seat,
        "state": account_states(session, [row.id])[row.id],
        "accounts": ACCOUNTS,
        "former": [one for one in others if one[0].valid_from <= today()],
        "coming": [one for one in others if one[0].valid_from > today()],
        "last_day_of": last_day_of,
        "holding_kinds": HOLDING_KINDS,
        "handovers": handovers_of(session, row.id),
        "sponsoring": histories(session, row.id, today()),
        "once": once.take(row.id),
        "units": unit_options(session, actor(), today()),
        "roles": role_hints(),
        "campaigns": campaign_options(session),
        "say_role": say_role,
        "values": {},
        "errors": {},
        "personal": {"name": row.name, "phone": row.phone},
        "personal_errors": {},
    }
    return render_template("people/person.html", **(context | more)), status


def _back(person_id: UUID, said: str, tone: str = "success") -> AnyResponse:
    flash(said, tone)
    return redirect(url_for("person.show", person_id=person_id), 303)


def _refused(person_id: UUID, error: SanchengError) -> tuple[str, int]:
    """The page again with the refusal on top; the answer's status undoes what was begun."""
    return _page(person_id, error.status, refusal=say(error), remedies=list(fault_map(error).values()))


@blueprint.get("")
@require(ADMINISTER)
def show(person_id: UUID) -> tuple[str, int]:
    """The person's posts and account."""
    return _page(person_id)


@blueprint.post("")
@require(ADMINISTER)
def change(person_id: UUID) -> AnyResponse | tuple[str, int]:
    """Correct the name or the phone."""
    find(person_id)
    name, phone = request.form.get("name", ""), request.form.get("phone", "")
    try:
        change_person(db(), actor(), person_id, today=today(), name=name, phone=phone)
    except (InvalidInput, Conflict) as error:
        faults = fault_map(error) or {"name": say(error)}
        return _page(person_id, error.status, personal={"name": name, "phone": phone}, personal_errors=faults)
    return _back(person_id, gettext("已保存"))


@blueprint.post("/posts")
@require(ADMINISTER)
def give_post(person_id: UUID) -> AnyResponse | tuple[str, int]:
    """Give the person one more post."""
    find(person_id)
    form: Mapping[str, str] = request.form
    missing = {
        name: gettext(text)
        for name, text in (("unit", N_("请选择单位")), ("role", N_("请选择角色")))
        if not form.get(name)
    }
    if missing:
        return _page(person_id, 422, values=form, errors=missing)
    try:
        unit, campaign = read_id(form["unit"], "unit"), form.get("campaign") or None
        title, role = form.get("title", ""), form["role"]
        post = add_post(db(), actor(), unit_id=unit, role=role, title=title, campaign=campaign, today=today())
        term = {"valid_from": day_of(form, "valid_from"), "until": day_of(form, "until")}
        held = appoint(db(), actor(), person_id, post.id, today=today(), kind=form.get("kind") or None, **term)
    except (InvalidInput, Conflict) as error:
        faults = fault_map(error)
        return _page(person_id, error.status, values=form, errors=faults or {"unit": say(error)})
    if held.valid_from > today():
        since = held.valid_from.isoformat()
        return _back(person_id, gettext("已安排任职：%(title)s，%(day)s 起生效", title=post.title, day=since))
    return _back(person_id, gettext("已任职：%(title)s，今天起生效", title=post.title))


def _find_holding(person_id: UUID, holding_id: UUID) -> None:
    """A holding of this person that stands or is arranged. Raises NotFound."""
    row = find(person_id)
    coming = {holding.id for holding, _, _ in former_posts(db(), row) if holding.valid_from > today()}
    if holding_id not in {post.holding_id for post in row.posts} | coming:
        raise NotFound


@blueprint.post("/posts/<uuid:holding_id>/end")
@require(ADMINISTER)
def end_post(person_id: UUID, holding_id: UUID) -> AnyResponse | tuple[str, int]:
    """Let one post end today, or withdraw one that has not begun."""
    _find_holding(person_id, holding_id)
    try:
        end_holding(db(), actor(), holding_id, today=today())
    except Conflict as error:
        return _refused(person_id, error)
    return _back(person_id, gettext("这个岗位今天起不再由其担任"))


@blueprint.post("/posts/<uuid:holding_id>/term")
@require(ADMINISTER)
def set_term(person_id: UUID, holding_id: UUID) -> AnyResponse | tuple[str, int]:
    """Change the last day of a post; an empty field means no end."""
    _find_holding(person_id, holding_id)
    try:
        until = day_of(request.form, "until")
        set_last_day(db(), actor(), holding_id, until, today=today())
    except (InvalidInput, Conflict) as error:
        return _refused(person_id, error)
    if until is None:
        return _back(person_id, gettext("任期已改为长期"))
    return _back(person_id, gettext("任期已改到 %(day)s，次日起自动失效", day=until.isoformat()))


@blueprint.post("/leave")
@require(ADMINISTER)
def leave(person_id: UUID) -> AnyResponse | tuple[str, int]:
    """Let the person leave: every post ends today."""
    find(person_id)
    try:
        deactivate_person(db(), actor(), person_id, today=today())
    except Conflict as error:
        return _refused(person_id, error)
    return _back(person_id, gettext("已离任；过去的检查和答复仍记在其名下"))


@blueprint.post("/link")
@require(ADMINISTER)
def make_link(person_id: UUID) -> AnyResponse | tuple[str, int]:
    """Make a one-time link: an invitation for who has no account, a new password for who has one."""
    find(person_id)
    require_over(db(), actor(), person_id, today())
    purpose = "reset" if membership_of(db(), person_id) else "invite"
    try:
        make = offer_reset if purpose == "reset" else invite
        token = make(db(), actor(), person_id, now())
    except (Conflict, Forbidden) as error:
        return _refused(person_id, error)
    once.keep_link(purpose, token, person_id)
    return redirect(url_for("person.show", person_id=person_id), 303)


@blueprint.post("/access")
@require(ADMINISTER)
def set_access(person_id: UUID) -> AnyResponse | tuple[str, int]:
    """Deactivate or restore the person's access to this tenant."""
    find(person_id)
    require_over(db(), actor(), person_id, today())
    active = request.form.get("active") == "1"
    try:
        set_membership(db(), actor(), person_id, active=active)
    except Conflict as error:
        return _refused(person_id, error)
    return _back(person_id, gettext("账号已恢复") if active else gettext("账号已停用：不能再进入这里，记录都在"))
