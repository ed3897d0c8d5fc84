"""Whether closed is fixed (回头看与核验): samples and re-inspections, signals, checks of similar sites, outside hands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, SecretRow, TenantRow, now, tenant_reference, uuid_key


class RecheckSample(TenantRow, Base):
    """A random sample of closed findings (回头看抽样) that anybody can draw again: population, rate, seed; insert only."""

    __tablename__ = "recheck_sample"
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    title: Mapped[str]
    closed_from: Mapped[date]
    closed_to: Mapped[date]
    rate_percent: Mapped[int]
    seed: Mapped[str]
    population: Mapped[int]
    drawn: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Recheck(TenantRow, SecretRow, Base):
    """One closed finding to look at again (回头看): by whom, by when, and what was found."""

    __tablename__ = "recheck"
    __table_args__ = (
        tenant_reference("sample_id", "recheck_sample"),
        tenant_reference("finding_id", "finding"),
        tenant_reference("person_id", "person"),
        Index("ix_recheck_tenant_id_finding_id", "tenant_id", "finding_id"),
        Index("ix_recheck_tenant_id_person_id", "tenant_id", "person_id", "state"),
        CheckConstraint("state IN ('due', 'stable', 'relapsed', 'dropped')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    sample_id: Mapped[UUID | None] = mapped_column(default=None)
    finding_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="due")
    note: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    done_by: Mapped[UUID | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Signal(TenantRow, SecretRow, Base):
    """Something about a closing that a person should look at (疑点): never a punishment, never automatic.

    ``key`` makes raising the same doubt twice one row. ``body`` holds the facts that raised it.
    """

    __tablename__ = "signal"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        Index("ix_signal_tenant_id_key", "tenant_id", "key", unique=True),
        Index("ix_signal_tenant_id_state_raised_at", "tenant_id", "state", "raised_at"),
        CheckConstraint("state IN ('open', 'explained', 'confirmed')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    key: Mapped[str]
    kind: Mapped[str]
    finding_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="open")
    note: Mapped[str] = mapped_column(default="")
    person_name: Mapped[str] = mapped_column(default="")
    raised_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


class NotSame(TenantRow, SecretRow, Base):
    """Two findings that somebody called different (不是同一件), the lesser id first; insert only."""

    __tablename__ = "not_same"
    __table_args__ = (tenant_reference("finding_id", "finding"), tenant_reference("other_id", "finding"))
    rights = APPEND_ONLY

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_name: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=now)


class Sweep(TenantRow, SecretRow, Base):
    """A check of all similar sites that one finding gave rise to (举一反三); ``ended_at`` is when somebody closed it."""

    __tablename__ = "sweep"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        Index("ix_sweep_tenant_id_finding_id", "tenant_id", "finding_id"),
    )

    id: Mapped[UUID] = uuid_key()
    finding_id: Mapped[UUID]
    title: Mapped[str]
    category: Mapped[str]
    question: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class SweepSite(TenantRow, SecretRow, Base):
    """One site of such a check (举一反三点位): checked by hand, by a visit or by a report.

    Visits and reports are read off their own rows while the check is open, and written here when it is closed.
    """

    __tablename__ = "sweep_site"
    __table_args__ = (
        tenant_reference("sweep_id", "sweep"),
        tenant_reference("site_id", "site"),
        tenant_reference("visit_id", "visit"),
        Index("ix_sweep_site_tenant_id_site_id", "tenant_id", "site_id"),
    )

    sweep_id: Mapped[UUID] = mapped_column(primary_key=True)
    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime | None] = mapped_column(default=None)
    visit_id: Mapped[UUID | None] = mapped_column(default=None)
    found: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    person_name: Mapped[str] = mapped_column(default="")


class Contact(TenantRow, Base):
    """Somebody outside who puts things right without an account (外部联系人): a property manager, a shop, a contractor."""

    __tablename__ = "contact"
    __table_args__ = (tenant_reference("unit_id", "unit"), tenant_reference("site_id", "site"))

    id: Mapped[UUID] = uuid_key()
    kind: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID]
    site_id: Mapped[UUID | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[datetime] = mapped_column(default=now)


class ContactLink(TenantRow, Base):
    """A signed link that opens a contact's items until it expires or is revoked (免登录链接); only its hash is kept."""

    __tablename__ = "contact_link"
    __table_args__ = (
        tenant_reference("contact_id", "contact"),
        Index("ix_contact_link_tenant_id_token_sha256", "tenant_id", "token_sha256", unique=True),
    )

    id: Mapped[UUID] = uuid_key()
    contact_id: Mapped[UUID]
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    opened_at: Mapped[datetime | None] = mapped_column(default=None)
    opened: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class HandOn(TenantRow, SecretRow, Base):
    """An item handed on to a contact (转交整改): the sender's unit stays responsible; what comes back is its material."""

    __tablename__ = "hand_on"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        tenant_reference("contact_id", "contact"),
        tenant_reference("person_id", "person"),
        Index("ix_hand_on_tenant_id_finding_id", "tenant_id", "finding_id"),
        Index("ix_hand_on_tenant_id_contact_id", "tenant_id", "contact_id", "state"),
        CheckConstraint("state IN ('sent', 'answered', 'accepted', 'sent_back', 'withdrawn')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    finding_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    person_id: Mapped[UUID]
    asked: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="sent")
    version: Mapped[int] = mapped_column(default=1)
    note: Mapped[str] = mapped_column(default="")
    photos: Mapped[list[str]] = mapped_column(default=list)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
