"""Accounts and tenants as the platform keeps them (账号): who may log in, and where he belongs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, PlatformRow, SharedRow, new_id, now, uuid_key


class Tenant(PlatformRow, Base):
    """A district (区县) or a bureau (市级、省级、国家级主管部门): one closed set of rows and files.

    ``code`` always goes with who issued it, since functional zones have statistical codes only and a name is no key.
    ``upper_id`` is the bureau above: of a district its city or, directly administered, its province; of a city its province
    (of a municipality the nation); of a province the nation.
    """

    __tablename__ = "tenant"
    __table_args__ = (CheckConstraint("kind IN ('district', 'city', 'province', 'nation')", name="kind"),)

    id: Mapped[int] = mapped_column(Integer, Identity(start=1), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    pinyin: Mapped[str] = mapped_column(default="")
    code: Mapped[str | None] = mapped_column(default=None)
    code_issuer: Mapped[str | None] = mapped_column(default=None)
    upper_id: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="active")
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(default=now)


class AppUser(PlatformRow, Base):
    """A person's account (账号); what he may do follows from his posts in each tenant."""

    __tablename__ = "app_user"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(default="")
    locale: Mapped[str] = mapped_column(default="zh")
    is_operator: Mapped[bool] = mapped_column(default=False, server_default="false")
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[datetime] = mapped_column(default=now)
    password_changed_at: Mapped[datetime | None] = mapped_column(default=None)
    last_login_at: Mapped[datetime | None] = mapped_column(default=None)


class LoginSession(PlatformRow, Base):
    """A revocable server-side login (登录会话); the cookie's token is kept only as its SHA-256."""

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_user_id", "user_id"),)
    rights = EXPIRING

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    user_id: Mapped[UUID]
    csrf: Mapped[str]
    device: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class Throttle(PlatformRow, Base):
    """Counts tries in a window (限流): by login name, by address, by tenant."""

    __tablename__ = "throttle"
    rights = EXPIRING

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)


class PlatformEvent(PlatformRow, Base):
    """What happened outside any tenant: logins, refusals, tenants created (平台日志); insert only."""

    __tablename__ = "platform_event"
    rights = APPEND_ONLY

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(default=None)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Membership(SharedRow, Base):
    """One account's seat in one tenant (成员): found at login in scope 0, kept by the tenant's administrator.

    ``home`` marks the tenant that created the account: only it may hand out a new password.
    """

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("tenant_id", "person_id"), Index("ix_membership_user_id", "user_id"))

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    login: Mapped[str]
    state: Mapped[str] = mapped_column(default="active")
    home: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class AccountToken(SharedRow, Base):
    """A one-time link (一次性链接): an invitation to join, or a new password from the home tenant."""

    __tablename__ = "account_token"
    __table_args__ = (UniqueConstraint("tenant_id", "token_sha256"), Index("ix_account_token_hash", "token_sha256"))

    id: Mapped[UUID] = uuid_key()
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str]
    person_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(default=None)
    created_by: Mapped[UUID | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiToken(SharedRow, Base):
    """A machine's key to one tenant's API (接口令牌), ``sc_<slug>_<random>``; it acts as one person, with his posts."""

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_sha256"),
        # A key is looked up before its tenant is known.
        Index("ix_api_token_token_sha256", "token_sha256"),
    )

    id: Mapped[UUID] = uuid_key()
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str]
    person_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
