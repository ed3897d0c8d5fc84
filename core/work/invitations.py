"""One-time links (邀请与重设密码): an administrator hands a link to a person; the person chooses the password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, Update, bindparam, exists, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from core.work.accounts import REF, create_user, log_out, set_password
from core.work.journal import record
from core.work.passwords import draw_token, password_fits, token_digest
from tenants.access import Actor, TenantRef
from tenants.accounts import AccountToken, ApiToken, AppUser, Membership, PlatformEvent, Tenant
from tenants.models import Person

INVITATION_DAYS = 7
RESET_HOURS = 24


def invite(session: Session, actor: Actor | None, person_id: UUID, now: datetime) -> str:
    """Make an invitation link's token for a person of this tenant who has no account yet (邀请)."""
    person = session.scalars(select(Person).where(Person.id == person_id)).first()
    if person is None:
        raise NotFound
    if membership_of(session, person_id):
        raise Conflict(N_("{name} 已经有账号了，可以为其重设密码"), name=person.name)
    return _make_token(session, actor, "invite", person_id, None, now, timedelta(days=INVITATION_DAYS))


def offer_reset(session: Session, actor: Actor, person_id: UUID, now: datetime) -> str:
    """Make a link for a new password. Only the tenant that created the account may: else one would take over others'."""
    seat = membership_of(session, person_id)
    if seat is None:
        raise NotFound
    if not seat.home:
        raise Forbidden(N_("该账号由其他单位创建，只能由其所属单位重设密码"))
    return _make_token(session, actor, "reset", person_id, seat.user_id, now, timedelta(hours=RESET_HOURS))


def membership_of(session: Session, person_id: UUID) -> Membership | None:
    """The seat of a person in the session's tenant, active or not."""
    return session.scalars(select(Membership).where(Membership.person_id == person_id)).first()


def _make_token(
    session: Session,
    actor: Actor | None,
    purpose: str,
    person_id: UUID,
    user_id: UUID | None,
    now: datetime,
    lasts: timedelta,
) -> str:
    token = draw_token()
    # A new link replaces the old one: what was lost on the way must not seat a second account on the same person.
    session.execute(_open_links(person_id).values(expires_at=now))
    made = AccountToken(
        token_sha256=token_digest(token),
        purpose=purpose,
        person_id=person_id,
        user_id=user_id,
        created_by=actor.person_id if actor else None,
        expires_at=now + lasts,
    )
    session.add(made)
    record(session, actor, f"account.{purpose}", "person", person_id)
    return token


def _open_links(person_id: UUID) -> Update:
    return update(AccountToken).where(AccountToken.person_id == person_id, AccountToken.used_at.is_(None))


def find_link(session: Session, token: str, now: datetime) -> tuple[AccountToken, Tenant]:
    """Find an unused link in scope 0; raises NotFound when it is unknown, used or expired: the same for all three."""
    row = session.execute(
        select(AccountToken, Tenant)
        .join(Tenant, Tenant.id == AccountToken.tenant_id)
        .where(
            AccountToken.token_sha256 == token_digest(token),
            AccountToken.used_at.is_(None),
            AccountToken.expires_at > now,
        )
    ).first()
    if row is None:
        raise NotFound(N_("这个链接无效、已用过或已过期，请向管理员要一个新的"))
    return row[0], row[1]


def accept_invitation(session: Session, token: str, *, login: str, name: str, password: str, now: datetime) -> AppUser:
    """Make the account, or join with the one that exists when its password fits; use the link up. Scope 0."""
    link, _tenant = find_link(session, token, now)
    if link.purpose != "invite" or _is_seated(session, link):
        raise NotFound
    _use_up(session, link, now)
    user = session.scalars(select(AppUser).where(AppUser.login == login.strip().lower())).first()
    home = user is None
    if user is None:
        user = create_user(session, login=login, name=name, password=password)
    elif not password_fits(password, user.password_hash) or user.state != "active":
        raise InvalidInput(N_("登录名 {login} 已存在；若是您的账号，请输入它的密码"), login=login)
    seat = Membership(tenant_id=link.tenant_id, user_id=user.id, person_id=link.person_id, login=user.login, home=home)
    if session.get(Membership, (link.tenant_id, user.id)):
        raise Conflict(N_("这个账号在本单位已经有人员身份了"))
    session.add(seat)
    session.flush()
    return user


def _is_seated(session: Session, link: AccountToken) -> bool:
    """Whether the person of a link has an account by now. Scope 0."""
    seat = exists().where(Membership.tenant_id == link.tenant_id, Membership.person_id == link.person_id)
    return bool(session.scalar(select(seat)))


def accept_reset(session: Session, token: str, *, password: str, now: datetime) -> AppUser:
    """Set the new password, use the link up and revoke every login of the account. Scope 0.

    Seats in other tenants rest until their own administrators restore them: who hands out a password in one district
    must not enter another with it.
    """
    link, _tenant = find_link(session, token, now)
    if link.purpose != "reset" or link.user_id is None:
        raise NotFound
    _use_up(session, link, now)
    user = session.get_one(AppUser, link.user_id)
    if user.is_operator:  # a district must not take over the account that runs the installation
        raise NotFound
    set_password(session, user, password, now)
    elsewhere = (Membership.user_id == user.id, Membership.tenant_id != link.tenant_id, Membership.state == "active")
    rested = session.execute(update(Membership).where(*elsewhere).values(state="inactive").returning(Membership.login))
    session.add(PlatformEvent(verb="password.reset", user_id=user.id, detail={"rested": len(rested.all())}))
    log_out(session, user.id)
    return user


def _use_up(session: Session, link: AccountToken, now: datetime) -> None:
    used = update(AccountToken).where(
        AccountToken.tenant_id == link.tenant_id, AccountToken.id == link.id, AccountToken.used_at.is_(None)
    )
    if not session.execute(used.values(used_at=now).returning(AccountToken.id)).first():
        raise NotFound


def join(session: Session, tenant_id: int, user: AppUser, person_id: UUID) -> None:
    """Seat an account in its home tenant at once: the first administrator, and demo accounts. Scope 0."""
    if session.get(Membership, (tenant_id, user.id)) is None:
        seat = Membership(tenant_id=tenant_id, user_id=user.id, person_id=person_id, login=user.login, home=True)
        session.add(seat)
        session.flush()


def set_membership(session: Session, actor: Actor, person_id: UUID, *, active: bool) -> None:
    """Deactivate or restore a person's access to this tenant; the account itself and its other tenants are untouched."""
    seat = membership_of(session, person_id)
    if seat is None:
        raise NotFound
    if not active and person_id == actor.person_id:
        raise Conflict(N_("不能停用自己的账号；请由另一位管理员操作"))
    seat.state = "active" if active else "inactive"
    record(session, actor, "account.restore" if active else "account.deactivate", "person", person_id)


def make_api_token(
    session: Session, actor: Actor | None, slug: str, person_id: UUID, *, name: str, expires_at: datetime | None = None
) -> str:
    """Make a machine's key ``sc_<slug>_<random>`` that acts as one person (接口令牌); shown once, stored as a hash."""
    token = f"sc_{slug}_{draw_token()}"
    session.add(ApiToken(token_sha256=token_digest(token), name=name, person_id=person_id, expires_at=expires_at))
    record(session, actor, "token.create", "person", person_id, name=name)
    return token


@dataclass(frozen=True, slots=True)
class Key:
    """A machine's key in force (接口令牌): whose it is, and when it was last seen."""

    tenant_id: int
    id: UUID
    person_id: UUID
    used_at: datetime | None


def find_api_token(session: Session, token: str, now: datetime) -> tuple[Key, TenantRef] | None:
    """Find the tenant and person that a machine's key stands for; a deactivated account's keys are dead too. Scope 0."""
    row = session.execute(_keys(), {"digest": token_digest(token)}).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Key(*row[:4]), TenantRef(*row[5:])


def touch_api_token(session: Session, key: Key, now: datetime) -> None:
    """Remember when a machine's key was last used. Scope 0; the caller commits."""
    session.execute(
        update(ApiToken).where(ApiToken.tenant_id == key.tenant_id, ApiToken.id == key.id).values(used_at=now)
    )


@cache
def _keys() -> Select[*tuple[Any, ...]]:
    """The statement, built once: every request of a machine begins with it."""
    shut = exists().where(
        Membership.tenant_id == ApiToken.tenant_id,
        Membership.person_id == ApiToken.person_id,
        Membership.state != "active",
    )
    digest: BindParameter[bytes] = bindparam("digest")
    live = (ApiToken.token_sha256 == digest, ApiToken.revoked_at.is_(None), Tenant.state == "active", ~shut)
    return (
        select(ApiToken.tenant_id, ApiToken.id, ApiToken.person_id, ApiToken.used_at, ApiToken.expires_at)
        .add_columns(*REF)
        .join(Tenant, Tenant.id == ApiToken.tenant_id)
        .where(*live)
    )


def revoke_api_token(session: Session, actor: Actor, token_id: UUID, now: datetime) -> None:
    """Revoke a machine's key of this tenant."""
    revoked = update(ApiToken).where(ApiToken.tenant_id == actor.tenant.id, ApiToken.id == token_id)
    if not session.execute(revoked.values(revoked_at=now).returning(ApiToken.id)).first():
        raise NotFound
    record(session, actor, "token.revoke", "token", token_id)
