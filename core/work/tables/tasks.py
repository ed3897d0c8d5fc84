"""Tasks (任务): what a unit shall do by a day, up to 100 000 in one district, from issue to close, with every report and its proof."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, TenantRow, new_id, now, tenant_reference, uuid_key

TASK_STATES = (
    "('draft', 'issued', 'returned', 'accepted', 'doing', 'done', 'verified', 'closed', 'cancelled')"  # 任务状态
)
OPEN = "state IN ('issued', 'returned', 'accepted', 'doing')"
TASK_SOURCES = "('clause', 'meeting', 'pledge', 'leader', 'plan', 'drive', 'project', 'finding', 'own')"
WAYS = "('percent', 'count', 'quantity')"


class Task(TenantRow, Base):
    """One task (任务) of one unit, or a parent of such that is as far as its children are.

    ``number`` is given when it is issued. ``code`` is the sender's own number, by which a second import knows it again.
    ``source`` says where it came from, ``source_id`` the row there (a share of a split, a decision, a finding, a plan).
    ``way`` is how progress is told: ``percent``; ``count`` of ``target`` things; ``quantity`` of ``target`` in ``measure``.
    ``progress`` is in 1/100 of a percent (0 to 10 000), of a parent the weighted mean of its children that are not cancelled;
    ``weight`` is its own part among its siblings. ``leaf`` is False where children do the work: only leaves are counted.
    ``due_on`` is the last day (by the end of that day), ``first_due_on`` the day before any extension, ``wanted_due_on`` the one
    that is asked for. ``verified_by`` is never one of the unit that did it.
    """

    __tablename__ = "task"
    __table_args__ = (
        tenant_reference("parent_id", "task"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        tenant_reference("plan_id", "plan"),
        tenant_reference("line_id", "plan_line"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "code"),
        Index("ix_task_tenant_id_due_on", "tenant_id", "due_on", "id"),
        Index("ix_task_tenant_id_state_due_on", "tenant_id", "state", "due_on", "id"),
        Index("ix_task_tenant_id_unit_id", "tenant_id", "unit_id", "due_on", "id"),
        Index("ix_task_tenant_id_person_id", "tenant_id", "person_id", "due_on"),
        Index("ix_task_tenant_id_parent_id", "tenant_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_task_tenant_id_plan_id", "tenant_id", "plan_id", postgresql_where=text("plan_id IS NOT NULL")),
        Index("ix_task_tenant_id_counted", "tenant_id", "state", "due_on", "unit_id", postgresql_where=text("leaf")),
        Index("ix_task_tenant_id_open", "tenant_id", "unit_id", "state", "due_on", "id", postgresql_where=text(OPEN)),
        Index("ix_task_tenant_id_urgent", "tenant_id", "due_on", "id", postgresql_where=text(OPEN)),
        Index("ix_task_tenant_id_wanted", "tenant_id", "due_on", postgresql_where=text("wanted_due_on IS NOT NULL")),
        Index("ix_task_tenant_id_source_id", "tenant_id", "source_id", postgresql_where=text("source_id IS NOT NULL")),
        CheckConstraint(f"state IN {TASK_STATES}", name="state"),
        CheckConstraint(f"source IN {TASK_SOURCES}", name="source"),
        CheckConstraint(f"way IN {WAYS}", name="way"),
        CheckConstraint("progress BETWEEN 0 AND 10000", name="progress"),
        CheckConstraint("weight > 0", name="weight"),
        CheckConstraint("way = 'percent' OR target > 0", name="target"),
        CheckConstraint("parent_id <> id", name="parent"),
    )

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str | None] = mapped_column(default=None)
    code: Mapped[str | None] = mapped_column(default=None)
    parent_id: Mapped[UUID | None] = mapped_column(default=None)
    source: Mapped[str] = mapped_column(default="own")
    source_id: Mapped[UUID | None] = mapped_column(default=None)
    campaign: Mapped[str] = mapped_column(default="")
    plan_id: Mapped[UUID | None] = mapped_column(default=None)
    line_id: Mapped[UUID | None] = mapped_column(default=None)
    title: Mapped[str]
    requirement: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    way: Mapped[str] = mapped_column(default="percent")
    measure: Mapped[str] = mapped_column(default="")
    target: Mapped[Decimal | None] = mapped_column(default=None)
    done: Mapped[Decimal] = mapped_column(default=Decimal(0))
    progress: Mapped[int] = mapped_column(default=0)
    weight: Mapped[int] = mapped_column(default=100)
    leaf: Mapped[bool] = mapped_column(default=True)
    starts_on: Mapped[date]
    due_on: Mapped[date]
    first_due_on: Mapped[date]
    wanted_due_on: Mapped[date | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    issued_at: Mapped[datetime | None] = mapped_column(default=None)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    reported_at: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    verified_by: Mapped[UUID | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class TaskAssist(TenantRow, Base):
    """A unit that helps with a task (配合单位): it sees the task and may report on it, the lead unit answers for it."""

    __tablename__ = "task_assist"
    __table_args__ = (
        tenant_reference("task_id", "task"),
        tenant_reference("unit_id", "unit"),
        Index("ix_task_assist_tenant_id_unit_id", "tenant_id", "unit_id"),
    )
    rights = EXPIRING

    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)


class TaskEvent(TenantRow, Base):
    """One step in a task's life (任务记录); insert only. ``detail`` holds what changed, from and to."""

    __tablename__ = "task_event"
    __table_args__ = (
        tenant_reference("task_id", "task"),
        Index("ix_task_event_tenant_id_at", "tenant_id", "at"),
    )
    rights = APPEND_ONLY

    task_id: Mapped[UUID] = mapped_column(primary_key=True)
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


class TaskReport(TenantRow, Base):
    """How far a task is (进展填报), as told on a day: ``done`` and ``progress`` are totals up to then; insert only.

    The highest ``sequence`` stands; a correction downwards is a report with a reason in its note.
    """

    __tablename__ = "task_report"
    __table_args__ = (
        tenant_reference("task_id", "task"),
        tenant_reference("unit_id", "unit"),
        Index("ix_task_report_tenant_id_day", "tenant_id", "day"),
        CheckConstraint("progress BETWEEN 0 AND 10000", name="progress"),
    )
    rights = APPEND_ONLY

    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    day: Mapped[date]
    done: Mapped[Decimal] = mapped_column(default=Decimal(0))
    progress: Mapped[int]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=now)


class WorkPhoto(TenantRow, Base):
    """A photo or scan that proves work (佐证照片): of a task, a project, a stage, a meeting or a quantity; insert only.

    ``subject`` is the kind of row and ``subject_id`` its id; ``kind`` tells before from after, a proof, a signature scan.
    ``step`` is the version or the report's sequence with which it came. A photo that no longer counts is named by a later row of kind ``void``.
    """

    __tablename__ = "work_photo"
    __table_args__ = (
        tenant_reference("file_id", "file"),
        Index("ix_work_photo_tenant_id_subject_id", "tenant_id", "subject_id"),
        Index("ix_work_photo_tenant_id_file_id", "tenant_id", "file_id"),
        CheckConstraint("subject IN ('task', 'project', 'meeting', 'quantity')", name="subject"),
        CheckConstraint("kind IN ('proof', 'before', 'after', 'signature', 'sheet', 'void')", name="kind"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    file_id: Mapped[UUID]
    subject: Mapped[str]
    subject_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(default="proof")
    step: Mapped[int] = mapped_column(default=0)
    caption: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class TaskImport(TenantRow, Base):
    """A workbook of tasks on its way in (任务导入): tried first, then done beside the request, with how far it is.

    ``body`` is the workbook as it was sent, ``answer`` the reasons and remarks by row (JSON, in no language yet), with which it is
    written again; both are forgotten when the next one is done. ``result`` holds the counts: created, changed, same, refused.
    """

    __tablename__ = "task_import"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'reading', 'tried', 'writing', 'finished', 'failed')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(default="")
    body: Mapped[bytes | None] = mapped_column(default=None)
    answer: Mapped[bytes | None] = mapped_column(default=None)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="waiting")
    row_count: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
