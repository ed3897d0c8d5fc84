"""Whistle-and-report (吹哨报到): an area calls departments to a place; each called unit has its own clocks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class Whistle(TenantRow, Base):
    """A call (吹哨): who calls to which place for what; departments are to be there by ``arrive_by``.

    ``working``: that time was given in working time, so that a changed calendar moves it.
    ``overran_at`` is when the clock found it unsolved after ``solve_by``.
    """

    __tablename__ = "whistle"
    __table_args__ = (
        tenant_reference("caller_unit_id", "unit"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("site_id", "site"),
        tenant_reference("finding_id", "finding"),
        tenant_reference("person_id", "person"),
        tenant_reference("leader_id", "person"),
        Index("ix_whistle_tenant_id_called_at", "tenant_id", "called_at"),
        CheckConstraint("state IN ('called', 'on_site', 'solved', 'escalated', 'cancelled')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str]
    caller_unit_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    site_id: Mapped[UUID | None] = mapped_column(default=None)
    finding_id: Mapped[UUID | None] = mapped_column(default=None)
    place: Mapped[str]
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    matter: Mapped[str]
    person_id: Mapped[UUID]
    leader_id: Mapped[UUID | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="called")
    version: Mapped[int] = mapped_column(default=1)
    called_at: Mapped[datetime] = mapped_column(default=now)
    arrive_by: Mapped[datetime]
    working: Mapped[bool] = mapped_column(default=False)
    solve_by: Mapped[datetime | None] = mapped_column(default=None)
    solved_at: Mapped[datetime | None] = mapped_column(default=None)
    escalated_at: Mapped[datetime | None] = mapped_column(default=None)
    overran_at: Mapped[datetime | None] = mapped_column(default=None)
    result: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)


class WhistleCall(TenantRow, Base):
    """One department that was called (应哨单位): when it accepted, when it was there, what it did.

    ``requested``: it was asked, not ordered (商请), so that it may decline; ``note`` then says why.
    """

    __tablename__ = "whistle_call"
    __table_args__ = (
        tenant_reference("whistle_id", "whistle"),
        tenant_reference("unit_id", "unit"),
        Index("ix_whistle_call_tenant_id_unit_id", "tenant_id", "unit_id"),
    )

    whistle_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    arrived_at: Mapped[datetime | None] = mapped_column(default=None)
    arrived_by: Mapped[str] = mapped_column(default="")
    requested: Mapped[bool] = mapped_column(default=False)
    declined_at: Mapped[datetime | None] = mapped_column(default=None)
    solved_at: Mapped[datetime | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")


class WhistleEvent(TenantRow, Base):
    """One step of a whistle (吹哨记录); insert only. ``photo_id`` is the picture that came with it."""

    __tablename__ = "whistle_event"
    __table_args__ = (tenant_reference("whistle_id", "whistle"), tenant_reference("photo_id", "file"))
    rights = APPEND_ONLY

    whistle_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    from_state: Mapped[str | None] = mapped_column(default=None)
    to_state: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_name: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    photo_id: Mapped[UUID | None] = mapped_column(default=None)
