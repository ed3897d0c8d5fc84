"""Task standings and appraisals (任务排名与考核): each day's completion by unit as it was, the declared roll-up, the frozen and signed year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key


class TaskDay(TenantRow, Base):
    """How far one unit's tasks were on one day, and its place in its league (任务逐日排名); insert only, with its facts.

    ``league`` is ``area`` or ``department``, never mixed; ``campaign`` '' is all of them together. ``numerator / denominator`` is the completion
    rate of leaf tasks; a unit without tasks has no denominator and no place. The highest ``revision`` of a day is shown.
    """

    __tablename__ = "task_day"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        Index("ix_task_day_tenant_id_unit_id", "tenant_id", "unit_id", "day"),
        CheckConstraint("league IN ('area', 'department')", name="league"),
    )
    rights = APPEND_ONLY

    day: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    league: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_name: Mapped[str]
    rank: Mapped[int | None] = mapped_column(default=None)
    numerator: Mapped[int]
    denominator: Mapped[int]
    overdue: Mapped[int] = mapped_column(default=0)
    at_risk: Mapped[int] = mapped_column(default=0)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    computed_at: Mapped[datetime] = mapped_column(default=now)


class AppraisalRule(TenantRow, Base):
    """How days become weeks, months and a year (考核汇总办法), declared as data: ``body`` is read by core.work.appraisals.

    Weights, what counts for a day without data, and from which parts (task rank, findings, scores) each level is made.
    """

    __tablename__ = "appraisal_rule"
    __table_args__ = (CheckConstraint("state IN ('draft', 'active', 'retired')", name="state"),)

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str]
    league: Mapped[str] = mapped_column(default="area")
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Appraisal(TenantRow, Base):
    """A period's appraisal as it was frozen (考核结果): every unit's number with the arithmetic that gave it, under a hash; insert only.

    ``body`` holds the rule as it was, the rows and their arithmetic. A correction is a new one that names the old; it counts as signed
    when two people have signed it.
    """

    __tablename__ = "appraisal"
    __table_args__ = (
        tenant_reference("rule_id", "appraisal_rule"),
        tenant_reference("replaces_id", "appraisal"),
        UniqueConstraint("tenant_id", "rule_id", "period_kind", "period_start", "sequence"),
        CheckConstraint("period_kind IN ('week', 'month', 'quarter', 'year')", name="period_kind"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    rule_id: Mapped[UUID]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    sequence: Mapped[int] = mapped_column(default=1)
    replaces_id: Mapped[UUID | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sha256: Mapped[str]
    frozen_by: Mapped[UUID | None] = mapped_column(default=None)
    frozen_name: Mapped[str] = mapped_column(default="")
    frozen_at: Mapped[datetime] = mapped_column(default=now)


class AppraisalSignature(TenantRow, Base):
    """One of the two signatures under a frozen appraisal (考核签字): by two different people, over the same hash; insert only."""

    __tablename__ = "appraisal_signature"
    __table_args__ = (tenant_reference("appraisal_id", "appraisal"), tenant_reference("person_id", "person"))
    rights = APPEND_ONLY

    appraisal_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_name: Mapped[str]
    post: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(default=now)
