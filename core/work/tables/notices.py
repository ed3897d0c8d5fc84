"""Papers and reminders (通知与提醒): notices with their serials, the ladder's fired rungs, in-app notes, the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, EXPIRING, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class Notice(TenantRow, Base):
    """A numbered paper to one or several units (整改通知单、提醒卡、督办单、催办、商请函、通报、约谈通知).

    ``kind`` is a code of core.work.papers.notice_kinds. ``unit_id`` and ``unit_name`` are the first addressee (主送首位), the
    only one of most papers; every addressee, the first too, is a NoticeAddressee, and ``state`` follows the one that is least
    far. ``version`` counts the steps of all.

    ``due_days``: the day of the answer was given in working days from the issue, so that a changed calendar moves it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        tenant_reference("issuer_unit_id", "unit"),
        tenant_reference("escalates_id", "notice"),
        Index("ix_notice_tenant_id_kind_year_serial", "tenant_id", "kind", "year", "restricted", "serial", unique=True),
        Index("ix_notice_tenant_id_unit_id", "tenant_id", "unit_id", "issued_at"),
        Index("ix_notice_tenant_id_issued_at", "tenant_id", "issued_at"),
        CheckConstraint("state IN ('issued', 'read', 'signed', 'replied', 'closed', 'cancelled')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    kind: Mapped[str]
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str]
    unit_id: Mapped[UUID]
    unit_name: Mapped[str]
    title: Mapped[str]
    demand: Mapped[str] = mapped_column(default="")
    clause: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    due_days: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="issued")
    version: Mapped[int] = mapped_column(default=1)
    restricted: Mapped[bool] = mapped_column(default=False)
    issuer_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    issuer: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[str] = mapped_column(default="")
    issued_at: Mapped[datetime] = mapped_column(default=now)
    escalates_id: Mapped[UUID | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class NoticeAddressee(TenantRow, Base):
    """A unit that a notice is addressed to (主送单位); each reads, signs for and answers it for itself.

    ``position`` is its place on the paper, ``unit_name`` the name that is printed there. ``version`` is the notice's version
    at which this unit's state changed last: what others did since does not make its step come too late.
    """

    __tablename__ = "notice_addressee"
    __table_args__ = (
        tenant_reference("notice_id", "notice"),
        tenant_reference("unit_id", "unit"),
        Index("ix_notice_addressee_tenant_id_unit_id", "tenant_id", "unit_id", "state"),
        CheckConstraint("state IN ('issued', 'read', 'signed', 'replied', 'closed', 'cancelled')", name="state"),
    )

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    unit_name: Mapped[str]
    state: Mapped[str] = mapped_column(default="issued")
    version: Mapped[int] = mapped_column(default=1)
    read_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_at: Mapped[datetime | None] = mapped_column(default=None)
    replied_at: Mapped[datetime | None] = mapped_column(default=None)


class NoticeFinding(TenantRow, Base):
    """A finding that a notice is about (通知单所涉问题); ``state`` is the finding's at the issue (截至发文), NULL on older papers."""

    __tablename__ = "notice_finding"
    __table_args__ = (
        tenant_reference("notice_id", "notice"),
        tenant_reference("finding_id", "finding"),
        Index("ix_notice_finding_tenant_id_finding_id", "tenant_id", "finding_id"),
    )
    rights = APPEND_ONLY

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str | None] = mapped_column(default=None)


class NoticeEvent(TenantRow, Base):
    """One step in a notice's life (通知单记录): issued, read, signed, replied, closed, cancelled; insert only.

    ``unit_id`` is the addressee whose step it is, or about whose answer it is; NULL: the whole paper's, or from before papers
    had several. ``photos`` are the ids of the files that came with a reply.
    """

    __tablename__ = "notice_event"
    __table_args__ = (tenant_reference("notice_id", "notice"), tenant_reference("unit_id", "unit"))
    rights = APPEND_ONLY

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    from_state: Mapped[str | None] = mapped_column(default=None)
    to_state: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    unit_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    photos: Mapped[list[str]] = mapped_column(default=list)
    unit_id: Mapped[UUID | None] = mapped_column(default=None)


class NoticeChase(TenantRow, Base):
    """A reminder about a notice that was sent once (文书催办留痕); the key makes a late or doubled job run send it once.

    ``due_at`` is the moment that it counted from: the day of the answer; of a notice without work left, its issue.
    """

    __tablename__ = "notice_chase"
    __table_args__ = (tenant_reference("notice_id", "notice"),)
    rights = APPEND_ONLY

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    rung: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class Chase(TenantRow, Base):
    """A rung of the ladder that was reached once (催办留痕): the key makes a late or doubled job run fire it exactly once.

    ``due_at`` is the deadline that it counted from: a new deadline starts the ladder again; for what waits for a checker or
    the desk, the moment since when it has waited. The notice is written after its
    rungs, in the same transaction: what this table accepted is what the notice is about.
    """

    __tablename__ = "chase"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        tenant_reference("notice_id", "notice", deferrable=True, initially="DEFERRED"),
    )
    rights = APPEND_ONLY

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    rung: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID | None] = mapped_column(default=None)
    at: Mapped[datetime] = mapped_column(default=now)


class Setting(TenantRow, Base):
    """What a tenant has set for one matter (租户设置): the ladder, acceptance hours, sampling rate ...; ``body`` by ``name``."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Note(TenantRow, Base):
    """An in-app note to one person (站内提醒): a source text with its values, and where it leads."""

    __tablename__ = "note"
    __table_args__ = (
        tenant_reference("person_id", "person"),
        Index("ix_note_tenant_id_person_id", "tenant_id", "person_id", "created_at"),
    )

    id: Mapped[UUID] = uuid_key()
    person_id: Mapped[UUID]
    kind: Mapped[str]
    text: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    object_kind: Mapped[str] = mapped_column(default="")
    object_id: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None] = mapped_column(default=None)


class Outbox(TenantRow, Base):
    """What is to be told outside, written in the transaction that causes it (发件箱); channels take it from here later."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_tenant_id_created_at", "tenant_id", "created_at"),)
    rights = EXPIRING

    id: Mapped[UUID] = uuid_key()
    kind: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
