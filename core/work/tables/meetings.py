"""Meetings (会议): by tier and kind, with an agenda of what is open, attendance, and decisions that become tasks on the spot."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class Meeting(TenantRow, Base):
    """One meeting (会议): weekly dispatch, promotion, joint, on-site ..., of a tier (1 headquarters, 2 sub-headquarters, 3 groups and areas).

    ``kind`` is a code of :mod:`core.work.meetings.kinds`. Planned, held, its minutes out (minuted), or called off.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        tenant_reference("chair_id", "person"),
        tenant_reference("previous_id", "meeting"),
        UniqueConstraint("tenant_id", "number"),
        Index("ix_meeting_tenant_id_held_on", "tenant_id", "held_on"),
        CheckConstraint("state IN ('planned', 'held', 'minuted', 'cancelled')", name="state"),
        CheckConstraint("tier BETWEEN 1 AND 5", name="tier"),
    )

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str]
    kind: Mapped[str]
    tier: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    campaign: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID]
    chair_id: Mapped[UUID | None] = mapped_column(default=None)
    chair_name: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    held_on: Mapped[date]
    starts_at: Mapped[datetime | None] = mapped_column(default=None)
    previous_id: Mapped[UUID | None] = mapped_column(default=None)
    minutes: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="planned")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    held_at: Mapped[datetime | None] = mapped_column(default=None)
    minuted_at: Mapped[datetime | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class MeetingItem(TenantRow, Base):
    """A point of the agenda (议程): written by hand, or drafted from a late task, an open finding, a decision of last time.

    ``subject`` and ``subject_id`` name the row that it is about (a finding without an id: all that a unit has open); ``title`` is
    what stood there when it was drafted, ``detail`` how it stood then.
    """

    __tablename__ = "meeting_item"
    __table_args__ = (
        tenant_reference("meeting_id", "meeting"),
        tenant_reference("unit_id", "unit"),
        Index("ix_meeting_item_tenant_id_meeting_id", "tenant_id", "meeting_id"),
        CheckConstraint("subject IN ('', 'task', 'finding', 'decision', 'project', 'plan')", name="subject"),
        CheckConstraint("state IN ('open', 'decided', 'deferred')", name="state"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    meeting_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str] = mapped_column(default="")
    subject_id: Mapped[UUID | None] = mapped_column(default=None)
    title: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    said: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class MeetingPresence(TenantRow, Base):
    """Who was asked and who came (签到): a unit, by a person of its own, a substitute, or nobody; ``speaks`` is 交流发言."""

    __tablename__ = "meeting_presence"
    __table_args__ = (
        tenant_reference("meeting_id", "meeting"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        UniqueConstraint("tenant_id", "meeting_id", "unit_id", "name"),
        CheckConstraint("state IN ('expected', 'present', 'substitute', 'excused', 'absent')", name="state"),
    )
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    meeting_id: Mapped[UUID]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    name: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="expected")
    speaks: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(default="")


class MeetingDecision(TenantRow, Base):
    """What was decided or pledged (议定事项, 表态): who does what by when; ``task_id`` is the task that it became."""

    __tablename__ = "meeting_decision"
    __table_args__ = (
        tenant_reference("meeting_id", "meeting"),
        tenant_reference("item_id", "meeting_item"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        tenant_reference("task_id", "task"),
        Index("ix_meeting_decision_tenant_id_meeting_id", "tenant_id", "meeting_id"),
        CheckConstraint("kind IN ('decision', 'pledge')", name="kind"),
    )

    id: Mapped[UUID] = uuid_key()
    meeting_id: Mapped[UUID]
    item_id: Mapped[UUID | None] = mapped_column(default=None)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(default="decision")
    title: Mapped[str]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    target: Mapped[Decimal | None] = mapped_column(default=None)
    measure: Mapped[str] = mapped_column(default="")
    task_id: Mapped[UUID | None] = mapped_column(default=None)
    dropped: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class MeetingEvent(TenantRow, Base):
    """One step of a meeting (会议记录); insert only."""

    __tablename__ = "meeting_event"
    __table_args__ = (tenant_reference("meeting_id", "meeting"),)
    rights = APPEND_ONLY

    meeting_id: Mapped[UUID] = mapped_column(primary_key=True)
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
