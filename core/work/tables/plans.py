"""Plans (计划): three-year plan, annual guide, special rectification drives and sprints, with the lines under which tasks are done."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class Plan(TenantRow, Base):
    """A plan (计划) of a kind: ``three_year``, ``annual`` guide, ``drive`` (专项整治), ``sprint`` (冲刺).

    ``parent_id`` is the plan it carries out; ``replaces_id`` the one that it replaces as a whole. ``scope`` of a drive binds what it is
    about: ``{"categories": [...], "site_types": [...], "units": [...], "sites": [...]}``, by which findings, sites and works are rolled up.
    ``days`` says how a sprint counts: ``calendar`` days or ``working`` days.
    """

    __tablename__ = "plan"
    __table_args__ = (
        tenant_reference("parent_id", "plan"),
        tenant_reference("replaces_id", "plan"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        UniqueConstraint("tenant_id", "number"),
        CheckConstraint("kind IN ('three_year', 'annual', 'drive', 'sprint')", name="kind"),
        CheckConstraint("state IN ('draft', 'active', 'closed', 'replaced', 'cancelled')", name="state"),
        CheckConstraint("days IN ('calendar', 'working')", name="days_rule"),
        CheckConstraint("ends_on >= starts_on", name="days"),
    )

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(default=None)
    replaces_id: Mapped[UUID | None] = mapped_column(default=None)
    title: Mapped[str]
    goal: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
    campaign: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    days: Mapped[str] = mapped_column(default="calendar")
    scope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class PlanLine(TenantRow, Base):
    """A line of a plan (条线): one of 六大攻坚战, or a group of lines such as 三项建设 that has lines of its own.

    ``milestone`` is what must be reached by ``due_on``, ``reached_on`` when it was. A line that is given up keeps its row with ``dropped``.
    """

    __tablename__ = "plan_line"
    __table_args__ = (
        tenant_reference("plan_id", "plan"),
        tenant_reference("parent_id", "plan_line"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        Index("ix_plan_line_tenant_id_plan_id", "tenant_id", "plan_id"),
    )

    id: Mapped[UUID] = uuid_key()
    plan_id: Mapped[UUID]
    parent_id: Mapped[UUID | None] = mapped_column(default=None)
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    goal: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    milestone: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None] = mapped_column(default=None)
    reached_on: Mapped[date | None] = mapped_column(default=None)
    dropped: Mapped[bool] = mapped_column(default=False)


class PlanTarget(TenantRow, Base):
    """A quantity that a plan or one of its lines shall reach (目标量), of a kind of the quantity dictionary, in that kind's unit."""

    __tablename__ = "plan_target"
    __table_args__ = (
        tenant_reference("plan_id", "plan"),
        tenant_reference("line_id", "plan_line"),
        tenant_reference("kind_id", "quantity_kind"),
        Index("ix_plan_target_tenant_id_plan_id", "tenant_id", "plan_id"),
        CheckConstraint("planned > 0", name="planned"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    plan_id: Mapped[UUID]
    line_id: Mapped[UUID | None] = mapped_column(default=None)
    kind_id: Mapped[UUID]
    planned: Mapped[Decimal]


class PlanEvent(TenantRow, Base):
    """One step of a plan (计划记录); insert only."""

    __tablename__ = "plan_event"
    __table_args__ = (tenant_reference("plan_id", "plan"),)
    rights = APPEND_ONLY

    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    from_state: Mapped[str | None] = mapped_column(default=None)
    to_state: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
