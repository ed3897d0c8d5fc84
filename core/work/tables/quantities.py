"""Quantities (工作量): what was put in, done and brought about, each with its unit, qualifier, scope and period, never added across them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key

FLOWS = "('input', 'output', 'outcome', 'stock')"


class QuantityKind(TenantRow, Base):
    """A kind of the tenant's quantity dictionary (工作量科目): what is counted, in which unit, and whether it is put in or brought about.

    ``flow``: ``input`` (people, vehicles, money), ``output`` (m² painted), ``outcome`` (what changed by it), ``stock`` (what there is: 3182 家).
    """

    __tablename__ = "quantity_kind"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint(f"flow IN {FLOWS}", name="flow"),
        CheckConstraint("state IN ('active', 'retired')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    measure: Mapped[str]
    flow: Mapped[str] = mapped_column(default="output")
    campaign: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="active")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class QuantityEntry(TenantRow, Base):
    """One quantity as somebody reported it (工作量填报): a number or none (数万), its qualifier, and what exactly it covers.

    ``low`` and ``high`` belong to a range (7-8 次), ``value`` to one number; all empty where no number was given and ``said`` has the words.
    ``scope`` says in words what is covered (主次干道, 社区), ``scope_unit_id`` the territory; numbers of different scopes are never added.
    ``total_id`` names the declared total that this one is a part of. ``merged_into_id`` is the entry that stands for a double one.
    ``precision`` says how exactly the period is known; ``period_text`` has it as written (7月以来, 截至8月).
    """

    __tablename__ = "quantity_entry"
    __table_args__ = (
        tenant_reference("kind_id", "quantity_kind"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("scope_unit_id", "unit"),
        tenant_reference("site_id", "site"),
        tenant_reference("plan_id", "plan"),
        tenant_reference("line_id", "plan_line"),
        tenant_reference("project_id", "project"),
        tenant_reference("task_id", "task"),
        tenant_reference("total_id", "quantity_entry"),
        tenant_reference("merged_into_id", "quantity_entry"),
        Index("ix_quantity_entry_tenant_id_kind_id", "tenant_id", "kind_id", "period_start"),
        Index("ix_quantity_entry_tenant_id_unit_id", "tenant_id", "unit_id"),
        Index("ix_quantity_entry_tenant_id_plan_id", "tenant_id", "plan_id"),
        Index("ix_quantity_entry_tenant_id_total_id", "tenant_id", "total_id"),
        CheckConstraint("state IN ('reported', 'verified', 'withdrawn', 'merged')", name="state"),
        CheckConstraint("basis IN ('self', 'verified', 'declared')", name="basis"),
        CheckConstraint("precision IN ('day', 'month', 'year', 'none')", name="precision"),
        CheckConstraint("value IS NULL OR (low IS NULL AND high IS NULL)", name="number"),
    )

    id: Mapped[UUID] = uuid_key()
    kind_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    scope: Mapped[str] = mapped_column(default="")
    scope_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    site_id: Mapped[UUID | None] = mapped_column(default=None)
    plan_id: Mapped[UUID | None] = mapped_column(default=None)
    line_id: Mapped[UUID | None] = mapped_column(default=None)
    project_id: Mapped[UUID | None] = mapped_column(default=None)
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    value: Mapped[Decimal | None] = mapped_column(default=None)
    low: Mapped[Decimal | None] = mapped_column(default=None)
    high: Mapped[Decimal | None] = mapped_column(default=None)
    qualifier: Mapped[str] = mapped_column(default="exact")
    said: Mapped[str] = mapped_column(default="")
    measure: Mapped[str]
    period_start: Mapped[date | None] = mapped_column(default=None)
    period_end: Mapped[date | None] = mapped_column(default=None)
    precision: Mapped[str] = mapped_column(default="day")
    period_text: Mapped[str] = mapped_column(default="")
    basis: Mapped[str] = mapped_column(default="self")
    state: Mapped[str] = mapped_column(default="reported")
    version: Mapped[int] = mapped_column(default=1)
    total_id: Mapped[UUID | None] = mapped_column(default=None)
    merged_into_id: Mapped[UUID | None] = mapped_column(default=None)
    document: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class QuantityPair(TenantRow, Base):
    """What was decided about two entries that may be one (重复填报认定): disjoint, or merged into one; insert only, the last one stands."""

    __tablename__ = "quantity_pair"
    __table_args__ = (
        tenant_reference("first_id", "quantity_entry"),
        tenant_reference("second_id", "quantity_entry"),
        Index("ix_quantity_pair_tenant_id_first_id", "tenant_id", "first_id"),
        Index("ix_quantity_pair_tenant_id_second_id", "tenant_id", "second_id"),
        CheckConstraint("verdict IN ('disjoint', 'merged', 'open')", name="verdict"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    first_id: Mapped[UUID]
    second_id: Mapped[UUID]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=now)


class QuantityEvent(TenantRow, Base):
    """An entry as each change left it (填报记录): entered, changed, verified, withdrawn, merged; insert only."""

    __tablename__ = "quantity_event"
    __table_args__ = (tenant_reference("entry_id", "quantity_entry"),)
    rights = APPEND_ONLY

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    to_state: Mapped[str]
    value: Mapped[Decimal | None] = mapped_column(default=None)
    low: Mapped[Decimal | None] = mapped_column(default=None)
    high: Mapped[Decimal | None] = mapped_column(default=None)
    qualifier: Mapped[str] = mapped_column(default="exact")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
