"""Task decomposition (任务分解, 标准与责任分解表): clause or indicator x lead and assisting units, with points that add up."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, TenantRow, now, tenant_reference, uuid_key


class Split(TenantRow, Base):
    """The split of one edition's clauses over the units (责任分解表); a new one replaces it as a whole.

    ``issue`` counts the tables of a campaign: 1, 2, 3 (分解表版次). ``edition_sha256`` is the edition it was made for.
    """

    __tablename__ = "split"
    __table_args__ = (
        tenant_reference("replaces_id", "split"),
        UniqueConstraint("tenant_id", "campaign", "issue"),
        CheckConstraint("state IN ('draft', 'issued', 'replaced', 'dropped')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    edition: Mapped[str]
    edition_sha256: Mapped[str]
    issue: Mapped[int]
    title: Mapped[str]
    replaces_id: Mapped[UUID | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    issued_at: Mapped[datetime | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class SplitRow(TenantRow, Base):
    """One clause or indicator of a split (分解项): the group that answers for its split, its points, amount and deadline.

    ``code`` is an indicator of the edition, or the district's own clause number. ``points`` in 1/100, as the edition gives them.
    """

    __tablename__ = "split_row"
    __table_args__ = (
        tenant_reference("split_id", "split"),
        tenant_reference("owner_unit_id", "unit"),
        UniqueConstraint("tenant_id", "split_id", "code"),
        CheckConstraint("points >= 0", name="points"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    split_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(default=0)
    code: Mapped[str]
    title: Mapped[str]
    requirement: Mapped[str] = mapped_column(default="")
    owner_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    points: Mapped[int] = mapped_column(default=0)
    amount: Mapped[Decimal | None] = mapped_column(default=None)
    measure: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None] = mapped_column(default=None)


class SplitShare(TenantRow, Base):
    """What one unit carries of a clause (分工): lead or assisting, its points (1/100), amount, person and day.

    Issued with its table, then accepted, or returned with a reason; ``task_id`` is the task that was made of it.
    """

    __tablename__ = "split_share"
    __table_args__ = (
        tenant_reference("row_id", "split_row"),
        tenant_reference("split_id", "split"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        tenant_reference("task_id", "task"),
        UniqueConstraint("tenant_id", "row_id", "unit_id"),
        Index("ix_split_share_tenant_id_split_id", "tenant_id", "split_id"),
        Index("ix_split_share_tenant_id_unit_id", "tenant_id", "unit_id", "state"),
        CheckConstraint("role IN ('lead', 'assist')", name="role"),
        CheckConstraint("state IN ('draft', 'issued', 'accepted', 'returned')", name="state"),
        CheckConstraint("points >= 0", name="points"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    split_id: Mapped[UUID]
    row_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(default="assist")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    points: Mapped[int] = mapped_column(default=0)
    amount: Mapped[Decimal | None] = mapped_column(default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="draft")
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    answered_by: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class SplitEvent(TenantRow, Base):
    """One step of a split (分解记录): changed, issued, accepted, returned, replaced; insert only."""

    __tablename__ = "split_event"
    __table_args__ = (
        tenant_reference("split_id", "split"),
        Index("ix_split_event_tenant_id_split_id", "tenant_id", "split_id"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    split_id: Mapped[UUID]
    share_id: Mapped[UUID | None] = mapped_column(default=None)
    row_code: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    to_state: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
