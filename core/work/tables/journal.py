"""The journal (日志与凭据): frozen definitions, the audit trail, replayed requests, serial numbers, the calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, SecretRow, TenantRow, now, uuid_key


class Definition(TenantRow, Base):
    """A form or edition frozen by content at first use (定义留存): records stay readable when the plugin is gone."""

    __tablename__ = "definition"
    rights = APPEND_ONLY

    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    campaign: Mapped[str]
    code: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Audit(TenantRow, SecretRow, Base):
    """Who did what, when, to which object (操作日志); insert and read only, never with the tenant's number.

    ``sealed_for`` is the secret round that the line is about: such lines are hidden until its release.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_tenant_id_at", "tenant_id", "at"),
        Index("ix_audit_tenant_id_object_id", "tenant_id", "object_id"),
        Index(
            "ix_audit_tenant_id_sealed_for",
            "tenant_id",
            "sealed_for",
            postgresql_where=text("sealed_for IS NOT NULL"),
        ),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    at: Mapped[datetime] = mapped_column(default=now)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    verb: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str] = mapped_column(default="")
    sealed_for: Mapped[UUID | None] = mapped_column(default=None)


class Idempotency(TenantRow, Base):
    """A request already answered (幂等记录): same key and body replay the answer, another body is a conflict."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_tenant_id_created_at", "tenant_id", "created_at"),)
    rights = EXPIRING

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Serial(TenantRow, Base):
    """The last number given out of a series (流水号), such as findings of 2026."""

    __tablename__ = "serial"

    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class CalendarDay(TenantRow, Base):
    """A day that differs from the weekly rule (日历调整): a holiday, or a working Saturday; the tenant may edit it."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(default="")
    provisional: Mapped[bool] = mapped_column(default=False)
