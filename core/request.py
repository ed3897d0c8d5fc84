"""One request (请求): who asks, for which tenant, in which session; opened on first use, ended at one boundary.

Pages and API share this room. ``enter_tenant`` is the only way to a tenant's session: it needs a seat there, and an
unknown tenant answers the same as a foreign one.
"""

from __future__ import annotations

import hmac
import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns.registry import Registry
from core.errors import N_, Conflict, Fault, Forbidden, ForgedForm, InvalidInput, LoginNeeded, NotFound
from core.settings import ZONE, Settings
from core.work.accounts import TOUCH, Login, Seat, find_login, find_seat
from core.work.actors import resolve_actor
from core.work.invitations import find_api_token, touch_api_token
from core.work.rounds.clearance import go_on
from tenants.access import BUREAUS, ROOTS, Actor, TenantRef
from tenants.accounts import PlatformEvent
from tenants.db import now as clock
from tenants.scope import ScopedSession, Wall

P = ParamSpec("P")
R = TypeVar("R")
Refusal = Callable[[Exception], AnyResponse]
COOKIE = "sancheng_login"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BY_TOKEN = ("/api/", "/t/", "/c/")  # where a key in the header is what acts, never the cookie beside it
FASTER = frozenset({"23505", "40001", "40P01"})  # unique violation, serialization failure, deadlock
LOG = logging.getLogger("sancheng.request")


@dataclass(frozen=True, slots=True)
class House:
    """What every request stands on: the wall, the installed campaigns, the settings."""

    wall: Wall
    registry: Registry
    settings: Settings


def house() -> House:
    """The wiring of this application."""
    found: House = current_app.extensions["sancheng"]
    return found


def begin() -> None:
    """Give the request its number and its moment; the server's clock decides."""
    g.request_id = uuid.uuid4().hex
    g.now = clock()
    # The database knows no NUL in text; nobody honest sends one.
    if "\0" in request.path:
        raise NotFound
    for name, value in (*request.args.items(multi=True), *_typed()):
        if "\0" in value or "\0" in name:
            place = name.replace("\0", "")[:40]
            raise InvalidInput(faults=[Fault(N_("文本里有不可见的空字符"), place, remedy=N_("请删去 \\u0000"))])


def _typed() -> Iterable[tuple[str, str]]:
    """The fields of a page's form. The API reads its own body, and refuses forms there."""
    if request.path.startswith("/api/") or request.mimetype not in {
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }:
        return ()
    return request.form.items(multi=True)


def now() -> datetime:
    """The moment of this request, aware and UTC."""
    moment: datetime = g.now
    return moment


def today() -> date:
    """The day of this request in Asia/Shanghai."""
    return now().astimezone(ZONE).date()


def login() -> Login | None:
    """The login that the cookie stands for, looked up once."""
    if "login" not in g and not request.cookies.get(COOKIE):
        g.login = None
    if "login" not in g:
        with house().wall.platform() as session:
            _read_login(session)
    found: Login | None = g.login
    return found


def _read_login(session: ScopedSession) -> None:
    token = request.cookies.get(COOKIE)
    g.login = find_login(session, token, now()) if token else None
    if session.dirty:
        session.commit()  # the moment at which it was last seen


def need_login() -> Login:
    """The login, or LoginNeeded."""
    found = login()
    if found is None:
        raise LoginNeeded
    return found


def check_form() -> None:
    """Refuse a changing request that another site made: its origin, and the word that only our pages carry."""
    by_token = request.headers.get("Authorization", "").startswith("Bearer ") and request.path.startswith(BY_TOKEN)
    if request.method in SAFE or by_token:
        return
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise ForgedForm
    if origin and origin != "null" and origin.split("://", 1)[-1] != request.host:
        raise ForgedForm
    found = login()
    if found is not None:
        said = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
        if not hmac.compare_digest(said.encode(), found.csrf.encode()):
            raise ForgedForm


def enter_tenant(slug: str, *, kinds: Sequence[str] = ROOTS) -> None:
    """Open the tenant's session for whoever asks. Raises LoginNeeded, or NotFound for unknown and foreign alike."""
    seat = _seat_of_token(slug) if request.headers.get("Authorization") else _seat_of_login(slug)
    if seat is None or seat.tenant.kind not in kinds:
        raise NotFound
    session = house().wall.open(seat.tenant.id)
    g.session = session
    found = login() if not request.headers.get("Authorization") else None
    actor = resolve_actor(
        session, seat.tenant, seat.person_id, today(), user_id=found.user_id if found else None, request_id=g.request_id
    )
    if actor is None:
        raise NotFound
    g.actor = actor


def _seat_of_login(slug: str) -> Seat | None:
    """The seat of whoever is logged in; both are read in one short session when nobody has asked for the login yet."""
    with house().wall.platform() as session:
        if "login" not in g:
            _read_login(session)
        return find_seat(session, need_login().user_id, slug)


def _seat_of_token(slug: str) -> Seat | None:
    scheme, _, token = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer":
        raise LoginNeeded
    with house().wall.platform() as session:
        found = find_api_token(session, token.strip(), now())
        if found is None:
            raise LoginNeeded
        key, tenant = found
        if key.used_at is None or now() - key.used_at > TOUCH:
            touch_api_token(session, key, now())
            session.commit()
    return Seat(tenant, key.person_id) if tenant.slug == slug else None


def db() -> ScopedSession:
    """The session of the tenant that was entered."""
    session: ScopedSession = g.session
    return session


def actor() -> Actor:
    """Who acts in the tenant that was entered."""
    found: Actor = g.actor
    return found


def tenant() -> TenantRef:
    """The tenant that was entered."""
    return actor().tenant


def require(verb: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view run only for actors who hold the verb somewhere; objects are judged again where they are read."""
    return require_any(verb)


def require_any(*verbs: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The same for a view that serves the holders of several verbs; the first is the one it is meant for."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def judged(*args: P.args, **kwargs: P.kwargs) -> R:
            if not any(actor().has(verb) for verb in verbs):
                raise Forbidden
            return view(*args, **kwargs)

        judged.verb = verbs[0]  # type: ignore[attr-defined]  # read by the route test
        judged.verbs = frozenset(verbs)  # type: ignore[attr-defined]  # likewise
        return judged

    return guard


def finish(response: Response) -> Response:
    """The one boundary: commit what a good answer stands on, roll back behind a refusal."""
    session: ScopedSession | None = g.pop("session", None)
    if session is not None:
        try:
            if response.status_code < 400:
                session.commit()
            else:
                session.rollback()
        finally:
            session.close()
    if response.status_code == 403:
        note_refusal()
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def note_refusal() -> None:
    """Record who was refused what, in a transaction of its own: the refused one has been rolled back."""
    found: Login | None = g.get("login")
    with house().wall.platform() as session:
        detail = {"endpoint": request.endpoint or "", "method": request.method}
        session.add(PlatformEvent(verb="refused", user_id=found.user_id if found else None, detail=detail))
        session.commit()


def abandon(_error: BaseException | None = None) -> None:
    """Close what a broken request left open, without committing."""
    session: ScopedSession | None = g.pop("session", None)
    if session is not None:
        session.close()


def speak(app: Flask, prefix: str, refusal: Refusal) -> None:
    """Let a face say errors in its own shape under an address prefix; pages and API do not know each other."""
    app.extensions["sancheng_faces"][prefix] = refusal


def refuse(error: Exception) -> AnyResponse:
    """Hand an error to the face that serves the address asked for: the longest prefix wins."""
    faces: dict[str, Refusal] = current_app.extensions["sancheng_faces"]
    return faces[max((prefix for prefix in faces if request.path.startswith(prefix)), key=len)](sort_out(error))


def sort_out(error: Exception) -> Exception:
    """What the database refused because somebody else was faster by a moment is a conflict, nothing broken."""
    state = getattr(error.orig, "sqlstate", "") if isinstance(error, DBAPIError) else ""
    if state not in FASTER:
        return error
    LOG.warning("request %s lost a race (%s)", g.get("request_id", ""), state, exc_info=error)
    return Conflict(N_("别人刚刚更新过"))


def attach(app: Flask, found: House) -> None:
    """Hang the request's life onto an application."""
    app.extensions["sancheng"] = found
    app.extensions["sancheng_faces"] = {}
    app.register_error_handler(Exception, refuse)
    app.url_defaults(fill_slug)
    app.before_request(begin)
    app.before_request(check_form)
    app.after_request(finish)
    app.teardown_request(abandon)


def enter() -> None:
    """For blueprints under ``/t/<slug>``: enter the tenant before the view runs, and take the slug off its arguments."""
    enter_tenant((request.view_args or {}).pop("slug"))


def enter_cleared() -> None:
    """For the rounds room and the phone's: who may know of a secret round goes on in a cleared session, others in a plain one."""
    enter()
    g.session, g.actor = go_on(house().wall, db(), actor())


def enter_city() -> None:
    """For blueprints under ``/c/<slug>``: the same, for a bureau only, of a city, a province or the nation."""
    enter_tenant((request.view_args or {}).pop("slug"), kinds=BUREAUS)


def fill_slug(endpoint: str, values: dict[str, Any]) -> None:
    """Let ``url_for`` inside a tenant's pages name the tenant by itself."""
    if "slug" not in values and "actor" in g and current_app.url_map.is_endpoint_expecting(endpoint, "slug"):
        values["slug"] = actor().tenant.slug
