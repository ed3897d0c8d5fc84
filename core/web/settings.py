"""Settings (设置): the way to their parts, and the keys with which machines use the API (接口令牌)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, NotFound
from core.request import actor, db, now, require, tenant, today
from core.web import once
from core.web.paging import read_id
from core.work.duties.people import list_people, require_over
from core.work.invitations import make_api_token, revoke_api_token
from core.work.names import tidy
from core.work.permits import require as require_at
from core.work.roles import ADMINISTER
from tenants.access import root_unit
from tenants.accounts import ApiToken
from tenants.models import Person
from tenants.scope import ScopedSession

blueprint = Blueprint("settings", __name__, url_prefix="/t/<slug>/settings")
blueprint.before_request(asked.enter)
tokens = Blueprint("tokens", __name__, url_prefix="/t/<slug>/settings/tokens")
tokens.before_request(asked.enter)

LASTS = {"30": N_("30 天"), "90": N_("90 天"), "365": N_("一年"), "": N_("不过期")}
LONGEST_NAME = 60


@blueprint.get("")
@require(ADMINISTER)
def show() -> AnyResponse:
    """The first part."""
    return redirect(url_for("calendar.show"))


def require_whole() -> None:
    """Let only those act who administer the whole tenant, not a part of it. Raises Forbidden."""
    require_at(db(), actor(), ADMINISTER, root_unit(db()).id, today())


def read_tokens(session: ScopedSession) -> list[tuple[ApiToken, str]]:
    """The keys of this tenant with the person that each acts as; those in force first, the newest first."""
    rows = session.execute(
        select(ApiToken, Person.name)
        .join(Person, (Person.tenant_id == ApiToken.tenant_id) & (Person.id == ApiToken.person_id))
        .where(ApiToken.tenant_id == session.tenant_id)
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc())
    )
    return [(token, name) for token, name in rows]


def _page(values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> tuple[str, int]:
    rows = read_tokens(db())
    page = render_template(
        "settings/tokens.html",
        rows=rows,
        now=now(),
        once=once.take("token"),
        people=[(p.id, p.name) for p in list_people(db(), actor(), on=today()) if p.posts],
        lasts=[(days, gettext(text)) for days, text in LASTS.items()],
        values=values or {"person": str(actor().person_id), "days": "365"},
        errors=errors or {},
    )
    return page, 422 if errors else 200


@tokens.get("")
@require(ADMINISTER)
def show_tokens() -> tuple[str, int]:
    """The keys, when each was last used, and a form for a new one."""
    require_whole()
    return _page()


@tokens.post("")
@require(ADMINISTER)
def make() -> AnyResponse | tuple[str, int]:
    """Make a key that acts as one person; it is shown once."""
    require_whole()
    form = request.form
    name, days = tidy(form.get("name", "")), form.get("days", "")
    errors = {}
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = gettext("请写明给哪个系统用，最多 60 个字")
    if days not in LASTS:
        errors["days"] = gettext("请选择有效期")
    if not form.get("person"):
        errors["person"] = gettext("请选择以谁的身份调用")
    if errors:
        return _page(form, errors)
    person = db().get(Person, (db().tenant_id, read_id(form["person"], "person")))
    if person is None:
        raise NotFound
    require_over(db(), actor(), person.id, today())
    expires = now() + timedelta(days=int(days)) if days else None
    made = make_api_token(db(), actor(), tenant().slug, person.id, name=name, expires_at=expires)
    once.keep("token", made, "token", expires)
    return redirect(url_for("tokens.show_tokens"), 303)


@tokens.post("/revoke")
@require(ADMINISTER)
def revoke() -> AnyResponse:
    """Revoke a key: the machine is refused from now on."""
    require_whole()
    revoke_api_token(db(), actor(), read_id(request.form.get("id", "")), now())
    flash(gettext("令牌已作废，使用它的系统立即不能再调用"))
    return redirect(url_for("tokens.show_tokens"), 303)
