"""Accounts (账号): logging in and out, and finding the seats that an account has in tenants.

All functions take a session of scope 0. Counting tries, failed logins and refusals belong to a transaction of their
own: the caller commits them whatever becomes of the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, Throttled
from core.work.passwords import draw_token, hash_password, password_fits, token_digest
from tenants.access import TenantRef
from tenants.accounts import AppUser, LoginSession, Membership, PlatformEvent, Tenant, Throttle

SESSION_DAYS = 14
TOUCH = timedelta(minutes=5)
WINDOW = timedelta(minutes=15)
TRIES = {"login": 8, "address": 60}
LONGEST_LOGIN = 60


@dataclass(frozen=True, slots=True)
class Login:
    """A login in force: the account, its session and the word that forms must carry (CSRF)."""

    user_id: UUID
    session_id: UUID
    name: str
    login: str
    locale: str
    csrf: str
    is_operator: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """An account's place in one tenant."""

    tenant: TenantRef
    person_id: UUID


# The columns of a tenant that its reference is made of, in the order of TenantRef.
REF = tuple(getattr(Tenant, name) for name in TenantRef.__dataclass_fields__)


def tenant_ref(tenant: Tenant) -> TenantRef:
    """The tenant as a value for other rooms."""
    return TenantRef(*(getattr(tenant, name) for name in TenantRef.__dataclass_fields__))


def create_user(
    session: Session, *, login: str, name: str, password: str | None, locale: str = "zh", is_operator: bool = False
) -> AppUser:
    """Make an account. Raises Conflict when the login name is taken, InvalidInput when it is no name or too long."""
    login = login.strip().lower()
    if not login or len(login) > LONGEST_LOGIN or any(c.isspace() for c in login):
        remedy, params = N_("请用 1 到 {most} 个字符，不含空格"), {"most": LONGEST_LOGIN}
        fault = Fault(N_("登录名无效"), "login", value=login[:LONGEST_LOGIN], remedy=remedy, params=params)
        raise InvalidInput(N_("登录名不能为空，也不能含空格"), faults=[fault])
    if session.scalar(select(AppUser.id).where(AppUser.login == login)):
        raise Conflict(N_("登录名 {login} 已被使用，请换一个"), login=login)
    user = AppUser(login=login, name=name.strip()[:LONGEST_LOGIN] or login, locale=locale, is_operator=is_operator)
    user.password_hash = hash_password(password) if password is not None else ""
    session.add(user)
    session.flush()
    session.add(PlatformEvent(verb="user.create", user_id=user.id, detail={"login": login}))
    return user


def count_try(session: Session, key: str, limit: int, now: datetime) -> None:
    """Count one try against a limit per window; raises Throttled beyond it. The caller commits."""
    start = datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), tz=now.tzinfo)
    made = insert(Throttle).values(key=key, window_start=start, tries=1)
    fresh = Throttle.window_start == made.excluded.window_start
    tries = session.scalar(
        made.on_conflict_do_update(
            index_elements=[Throttle.key],
            set_={"tries": case((fresh, Throttle.tries + 1), else_=1), "window_start": made.excluded.window_start},
        ).returning(Throttle.tries)
    )
    if (tries or 0) > limit:
        raise Throttled


def log_in(
    session: Session, *, login: str, password: str, address: str, device: str, now: datetime
) -> tuple[str, AppUser] | None:
    """Check a password and open a login; gives the cookie's token, or None when name or password is wrong.

    Raises Throttled after too many tries for the name or the address. The caller commits in every case.
    """
    login = login.strip().lower()
    count_try(session, f"login:{login}"[:200], TRIES["login"], now)
    count_try(session, f"address:{address}", TRIES["address"], now)
    user = session.scalars(select(AppUser).where(AppUser.login == login)).first()
    if not password_fits(password, user.password_hash if user else "") or user is None or user.state != "active":
        said = {"login": login[:LONGEST_LOGIN]}
        session.add(PlatformEvent(verb="login.failed", user_id=user.id if user else None, detail=said))
        return None
    session.execute(delete(Throttle).where(Throttle.key == f"login:{login}"))
    # Only failures count against an address: a whole district may sit behind one.
    session.execute(update(Throttle).where(Throttle.key == f"address:{address}").values(tries=Throttle.tries - 1))
    user.last_login_at = now
    session.add(PlatformEvent(verb="login", user_id=user.id, detail={"device": device[:200]}))
    return open_login(session, user, device=device, now=now), user


def open_login(session: Session, user: AppUser, *, device: str, now: datetime) -> str:
    """Open a server-side login for an account and give the cookie's token."""
    token = draw_token()
    session.add(
        LoginSession(
            token_sha256=token_digest(token),
            user_id=user.id,
            csrf=draw_token(),
            device=device[:200],
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(days=SESSION_DAYS),
        )
    )
    session.flush()
    return token


def find_login(session: Session, token: str, now: datetime) -> Login | None:
    """Find the login that a cookie's token stands for; expired, revoked or deactivated ones are none."""
    row = session.execute(_logins(), {"digest": token_digest(token), "moment": now}).first()
    if row is None:
        return None
    opened, user = row
    if now - opened.seen_at > TOUCH:
        opened.seen_at, opened.expires_at = now, now + timedelta(days=SESSION_DAYS)
    return Login(user.id, opened.id, user.name, user.login, user.locale, opened.csrf, user.is_operator)


@cache
def _logins() -> Select[LoginSession, AppUser]:
    """The statement, built once."""
    digest: BindParameter[bytes] = bindparam("digest")
    moment: BindParameter[datetime] = bindparam("moment")
    live = (LoginSession.token_sha256 == digest, LoginSession.expires_at > moment, AppUser.state == "active")
    return select(LoginSession, AppUser).join(AppUser, AppUser.id == LoginSession.user_id).where(*live)


def list_logins(session: Session, user_id: UUID, now: datetime) -> list[LoginSession]:
    """The logins of an account that are in force, newest first."""
    chosen = select(LoginSession).where(LoginSession.user_id == user_id, LoginSession.expires_at > now)
    return list(session.scalars(chosen.order_by(LoginSession.seen_at.desc())))


def log_out(session: Session, user_id: UUID, *, session_id: UUID | None = None, but: UUID | None = None) -> int:
    """Revoke one login of an account, or all (but one); gives how many."""
    gone = delete(LoginSession).where(LoginSession.user_id == user_id)
    if session_id is not None:
        gone = gone.where(LoginSession.id == session_id)
    if but is not None:
        gone = gone.where(LoginSession.id != but)
    session.add(PlatformEvent(verb="logout", user_id=user_id))
    return len(session.execute(gone.returning(LoginSession.id)).all())


def find_seats(session: Session, user_id: UUID) -> list[Seat]:
    """All tenants that an account belongs to, by name."""
    rows = session.execute(_seats(), {"user": user_id})
    return [Seat(TenantRef(*tenant), person_id) for person_id, *tenant in rows]


@cache
def _seats() -> Select[*tuple[Any, ...]]:
    """The statement, built once: every request of a person begins with it."""
    return (
        select(Membership.person_id, *REF)
        .join(Tenant, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == bindparam("user"), Membership.state == "active", Tenant.state == "active")
        .order_by(Tenant.kind, Tenant.pinyin)
    )


def find_seat(session: Session, user_id: UUID, slug: str) -> Seat | None:
    """The account's place in the tenant of a slug, or None: unknown and foreign look the same."""
    return next((seat for seat in find_seats(session, user_id) if seat.tenant.slug == slug), None)


def change_password(session: Session, login: Login, *, old: str, new: str, now: datetime) -> None:
    """Change one's own password and revoke all other logins. Raises InvalidInput when the old one is wrong."""
    count_try(session, f"password:{login.user_id}", TRIES["login"], now)
    user = session.get_one(AppUser, login.user_id)
    if not password_fits(old, user.password_hash):
        raise InvalidInput(N_("原密码不对"), faults=[Fault(N_("原密码不对"), field="old")])
    set_password(session, user, new, now)
    log_out(session, user.id, but=login.session_id)


def set_password(session: Session, user: AppUser, password: str, now: datetime) -> None:
    """Give an account a new password."""
    user.password_hash = hash_password(password)
    user.password_changed_at = now
    session.add(PlatformEvent(verb="password.change", user_id=user.id))


def set_locale(session: Session, user_id: UUID, locale: str) -> None:
    """Remember the language an account reads in."""
    session.execute(update(AppUser).where(AppUser.id == user_id).values(locale=locale))
    session.add(PlatformEvent(verb="locale.change", user_id=user_id, detail={"locale": locale}))
