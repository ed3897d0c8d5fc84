"""Coming in and going out (登录与账号): login, one-time links, one's own account, language, and the list of one's tenants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import InvalidInput, SanchengError
from core.request import COOKIE, house, need_login, now
from core.web.desk.todo import tally_waiting
from core.web.errors import fault_map, say
from core.web.shell import LANGUAGE_COOKIE, LOCALES
from core.web.words import TENANT_KINDS
from core.work import accounts, invitations

blueprint = Blueprint("account", __name__)
YEAR = 365 * 24 * 3600


def safe_next(target: str | None) -> str:
    """A place of our own to go to afterwards; anything else is the front page."""
    # Browsers drop control characters from addresses, so "/<tab>/elsewhere" would leave us.
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and min(map(ord, target)) > 32:
        return target
    return "/"


def set_login(response: AnyResponse, token: str) -> None:
    """Give the browser its login cookie."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=accounts.SESSION_DAYS * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=house().settings.secure_cookies,
    )


@blueprint.get("/")
def home() -> AnyResponse | str:
    """My tenants with the number of things waiting in each; straight in when there is but one."""
    login = need_login()
    with house().wall.platform() as session:
        seats = accounts.find_seats(session, login.user_id)
    if len(seats) == 1 and not login.is_operator:
        return redirect(f"/t/{seats[0].tenant.slug}/")
    waiting = {seat.tenant.slug: tally_waiting(seat) for seat in seats}
    return render_template("account/home.html", seats=seats, waiting=waiting, login=login, kinds=TENANT_KINDS)


@blueprint.get("/login")
def ask_login() -> AnyResponse | str:
    """The login page; who is in already goes on."""
    if asked.login() is not None:
        return redirect(safe_next(request.args.get("next")))
    return render_template("account/login.html", next=safe_next(request.args.get("next")), values={}, error="")


@blueprint.post("/login")
def log_in() -> AnyResponse | tuple[str, int]:
    """Check name and password; tries are counted and failures recorded in a transaction of their own."""
    name, password = request.form.get("login", ""), request.form.get("password", "")
    target = safe_next(request.form.get("next"))
    error: SanchengError | None = None
    found = None
    with house().wall.platform() as session:
        try:
            found = accounts.log_in(
                session,
                login=name,
                password=password,
                address=request.remote_addr or "",
                device=request.headers.get("User-Agent", ""),
                now=now(),
            )
        except SanchengError as raised:
            error = raised
        session.commit()
    if found is None:
        said = say(error) if error else gettext("登录名或密码不对")
        status = error.status if error else 422
        return render_template("account/login.html", next=target, values={"login": name}, error=said), status
    response = redirect(target)
    set_login(response, found[0])
    return response


@blueprint.post("/logout")
def log_out() -> AnyResponse:
    """End this login, here and on the server."""
    login = asked.login()
    if login is not None:
        with house().wall.platform() as session:
            accounts.log_out(session, login.user_id, session_id=login.session_id)
            session.commit()
    response = redirect("/login")
    response.delete_cookie(COOKIE)
    return response


@blueprint.post("/language")
def choose_language() -> AnyResponse:
    """Change the language and stay on the page."""
    locale = request.form.get("locale", "")
    response = redirect(safe_next(request.form.get("next")))
    if locale in LOCALES:
        login = asked.login()
        if login is not None:
            with house().wall.platform() as session:
                accounts.set_locale(session, login.user_id, locale)
                session.commit()
        response.set_cookie(LANGUAGE_COOKIE, locale, max_age=YEAR, samesite="Lax", httponly=True)
    return response


def _account_page(status: int = 200, **more: Any) -> Response:
    login = need_login()
    with house().wall.platform() as session:
        logins = accounts.list_logins(session, login.user_id, now())
        seats = accounts.find_seats(session, login.user_id)
    page = render_template("account/account.html", login=login, logins=logins, seats=seats, **({"errors": {}} | more))
    return make_response(page, status)


@blueprint.get("/account")
def show_account() -> Response:
    """My account: password, logins in force, language."""
    return _account_page()


@blueprint.post("/account/password")
def change_password() -> AnyResponse:
    """Change my password; every other login ends."""
    login = need_login()
    with house().wall.platform() as session:
        try:
            old, new = request.form.get("old", ""), request.form.get("password", "")
            accounts.change_password(session, login, old=old, new=new, now=now())
        except SanchengError as error:
            session.commit()
            faults = fault_map(error) or {"old": say(error)}
            return _account_page(error.status, errors=faults)
        session.commit()
    flash(gettext("密码已更改，其他设备上的登录已全部退出"))
    return redirect("/account")


@blueprint.post("/account/logins/end")
def end_logins() -> AnyResponse:
    """End one login, or all but this one."""
    login = need_login()
    chosen = request.form.get("id", "")
    with house().wall.platform() as session:
        if chosen:
            accounts.log_out(session, login.user_id, session_id=_uuid(chosen))
        else:
            accounts.log_out(session, login.user_id, but=login.session_id)
        session.commit()
    flash(gettext("所选登录已退出"))
    return redirect("/account")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput from None


@blueprint.get("/invite/<token>")
def ask_invited(token: str) -> str:
    """The invitation: choose a login name and a password."""
    with house().wall.platform() as session:
        _link, tenant = invitations.find_link(session, token, now())
        return render_template("account/invite.html", to=tenant.name, values={}, errors={})


@blueprint.post("/invite/<token>")
def accept_invited(token: str) -> AnyResponse | tuple[str, int]:
    """Take the seat; the link is used up. Tries count like logins do: the password of an existing account is asked."""
    form = request.form
    with house().wall.platform() as session:
        for key in (f"login:{form.get('login', '').strip().lower()}"[:200], f"invite:{request.remote_addr}"):
            accounts.count_try(session, key, accounts.TRIES["login"], now())
        session.commit()
    with house().wall.platform() as session:
        _link, tenant = invitations.find_link(session, token, now())
        to, slug = tenant.name, tenant.slug
        try:
            login, name, password = form.get("login", ""), form.get("name", ""), form.get("password", "")
            user = invitations.accept_invitation(session, token, login=login, name=name, password=password, now=now())
            opened = accounts.open_login(session, user, device=request.headers.get("User-Agent", ""), now=now())
        except SanchengError as error:
            session.rollback()
            faults = fault_map(error) or {"login": say(error)}
            return render_template("account/invite.html", to=to, values=form, errors=faults), error.status
        session.commit()
    flash(gettext("欢迎加入 %(name)s", name=to))
    response = redirect(f"/t/{slug}/")
    set_login(response, opened)
    return response


@blueprint.get("/reset/<token>")
def ask_reset(token: str) -> str:
    """A new password from the home tenant's administrator."""
    with house().wall.platform() as session:
        invitations.find_link(session, token, now())
    return render_template("account/reset.html", errors={})


@blueprint.post("/reset/<token>")
def accept_reset(token: str) -> AnyResponse | tuple[str, int]:
    """Set the new password; all logins end."""
    with house().wall.platform() as session:
        try:
            invitations.accept_reset(session, token, password=request.form.get("password", ""), now=now())
        except InvalidInput as error:
            session.rollback()
            return render_template("account/reset.html", errors=fault_map(error)), error.status
        session.commit()
    flash(gettext("密码已重设，请用新密码登录"))
    return redirect("/login")
