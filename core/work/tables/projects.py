"""Projects (工程项目, 一场一策): stages with gates, a bill of quantities, cost shares, counters down to zero, acceptance by another party."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class Project(TenantRow, Base):
    """A project (工程项目): works, a resettlement, or the rectification file of one site (一场一策).

    ``cost`` is the planned cost in fen (1/100 yuan). ``acceptance_unit_id`` is who accepts it: never the unit that builds it.
    ``task_id`` is the task that it carries out, if any. ``owner_name`` and ``owner_signed_on`` belong to a site's file: who signed the plan.
    """

    __tablename__ = "project"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        tenant_reference("site_id", "site"),
        tenant_reference("plan_id", "plan"),
        tenant_reference("line_id", "plan_line"),
        tenant_reference("task_id", "task"),
        tenant_reference("acceptance_unit_id", "unit"),
        UniqueConstraint("tenant_id", "number"),
        Index("ix_project_tenant_id_unit_id", "tenant_id", "unit_id"),
        Index("ix_project_tenant_id_site_id", "tenant_id", "site_id"),
        Index("ix_project_tenant_id_plan_id", "tenant_id", "plan_id"),
        CheckConstraint("kind IN ('works', 'resettlement', 'objects', 'site_file')", name="kind"),
        CheckConstraint("state IN ('draft', 'running', 'finished', 'accepted', 'closed', 'stopped')", name="state"),
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint("cost >= 0", name="cost"),
    )

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str]
    kind: Mapped[str] = mapped_column(default="works")
    title: Mapped[str]
    place: Mapped[str] = mapped_column(default="")
    site_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    campaign: Mapped[str] = mapped_column(default="")
    plan_id: Mapped[UUID | None] = mapped_column(default=None)
    line_id: Mapped[UUID | None] = mapped_column(default=None)
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    problem: Mapped[str] = mapped_column(default="")
    contractor: Mapped[str] = mapped_column(default="")
    contract: Mapped[str] = mapped_column(default="")
    cost: Mapped[int | None] = mapped_column(BigInteger, default=None)
    cost_qualifier: Mapped[str] = mapped_column(default="exact")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    acceptance_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    owner_name: Mapped[str] = mapped_column(default="")
    owner_signed_on: Mapped[date | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    accepted_by: Mapped[UUID | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class ProjectStage(TenantRow, Base):
    """A stage of a project (阶段) with its gate: what must be shown before the next one begins, and who let it pass.

    ``by_other``: another party than the unit that builds lets it pass.
    """

    __tablename__ = "project_stage"
    __table_args__ = (
        tenant_reference("project_id", "project"),
        UniqueConstraint("tenant_id", "project_id", "position"),
        CheckConstraint("state IN ('waiting', 'open', 'passed', 'failed')", name="state"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    project_id: Mapped[UUID]
    position: Mapped[int]
    title: Mapped[str]
    gate: Mapped[str] = mapped_column(default="")
    needs_photo: Mapped[bool] = mapped_column(default=False)
    by_other: Mapped[bool] = mapped_column(default=False)
    planned_on: Mapped[date | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="waiting")
    passed_on: Mapped[date | None] = mapped_column(default=None)
    passed_by: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class ProjectItem(TenantRow, Base):
    """A line of a project's bill of quantities (工程量清单): planned and done in one unit, never added to another's.

    ``flow`` keeps inputs, outputs and outcomes apart; ``counter`` counts objects down to zero (47 户, 23 台锅炉). ``kind_id`` names the kind of
    the quantity dictionary under which its done part is reported further up.
    """

    __tablename__ = "project_item"
    __table_args__ = (
        tenant_reference("project_id", "project"),
        tenant_reference("kind_id", "quantity_kind"),
        Index("ix_project_item_tenant_id_project_id", "tenant_id", "project_id"),
        CheckConstraint("flow IN ('input', 'output', 'outcome', 'counter')", name="flow"),
        CheckConstraint("planned >= 0 AND done >= 0", name="amounts"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    project_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    kind_id: Mapped[UUID | None] = mapped_column(default=None)
    flow: Mapped[str] = mapped_column(default="output")
    measure: Mapped[str]
    planned: Mapped[Decimal] = mapped_column(default=Decimal(0))
    planned_qualifier: Mapped[str] = mapped_column(default="exact")
    done: Mapped[Decimal] = mapped_column(default=Decimal(0))
    done_qualifier: Mapped[str] = mapped_column(default="exact")


class ProjectObject(TenantRow, Base):
    """One household or object that a counter counts (逐户逐件清单): its own deadline, consent and day of completion.

    Without a list the item's ``done`` is typed; with one it is the number of objects that are done.
    """

    __tablename__ = "project_object"
    __table_args__ = (
        tenant_reference("project_id", "project"),
        tenant_reference("item_id", "project_item"),
        Index("ix_project_object_tenant_id_item_id", "tenant_id", "item_id"),
        CheckConstraint("state IN ('todo', 'agreed', 'done', 'dropped')", name="state"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    project_id: Mapped[UUID]
    item_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="todo")
    due_on: Mapped[date | None] = mapped_column(default=None)
    done_on: Mapped[date | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")


class ProjectShare(TenantRow, Base):
    """Who pays which part of the cost (资金分担, 三个出一点), in fen; the shares of a project add up to its cost."""

    __tablename__ = "project_share"
    __table_args__ = (
        tenant_reference("project_id", "project"),
        Index("ix_project_share_tenant_id_project_id", "tenant_id", "project_id"),
        CheckConstraint("source IN ('owner', 'society', 'award', 'finance', 'other')", name="source"),
        CheckConstraint("planned >= 0 AND paid >= 0", name="amounts"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    project_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(default=0)
    payer: Mapped[str]
    source: Mapped[str] = mapped_column(default="finance")
    planned: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger, default=0)


class ProjectFinding(TenantRow, Base):
    """A finding that a project shall settle (项目所含问题); it belongs to the problem list of a site's file."""

    __tablename__ = "project_finding"
    __table_args__ = (
        tenant_reference("project_id", "project"),
        tenant_reference("finding_id", "finding"),
        Index("ix_project_finding_tenant_id_finding_id", "tenant_id", "finding_id"),
    )
    rights = EXPIRING

    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[UUID] = mapped_column(primary_key=True)


class ProjectEvent(TenantRow, Base):
    """One step of a project (项目记录): a gate passed, quantities told, paid, accepted; insert only."""

    __tablename__ = "project_event"
    __table_args__ = (tenant_reference("project_id", "project"),)
    rights = APPEND_ONLY

    project_id: Mapped[UUID] = mapped_column(primary_key=True)
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
