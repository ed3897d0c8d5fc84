"""Who has to publish what by when (应报数据表): a city's terms, and the reminders that it addresses to districts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import AddressedRow, Base, TenantRow, now, uuid_key


class PublicationTerm(TenantRow, Base):
    """How many days after a period of a kind a campaign's figures are due (发布期限); the city's own, None: no longer due.

    ``since`` is the first day whose periods are due.
    """

    __tablename__ = "publication_term"
    __table_args__ = (CheckConstraint("days_after BETWEEN 0 AND 366", name="days_after"),)

    campaign: Mapped[str] = mapped_column(primary_key=True)
    period_kind: Mapped[str] = mapped_column(primary_key=True)
    days_after: Mapped[int | None]
    since: Mapped[date]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=now)


class PublicationReminder(AddressedRow, Base):
    """A city's word to one district that a period is not published yet (发布提醒): once for a campaign and period.

    The author is the city, the reader the district; ``due_on`` is the day on which it was due.
    """

    __tablename__ = "publication_reminder"
    __table_args__ = (
        UniqueConstraint(
            "reader_id", "tenant_id", "campaign", "period_kind", "period_start", name="uq_publication_reminder_period"
        ),
        Index("ix_publication_reminder_tenant_id", "tenant_id", "campaign", "period_start"),
    )

    id: Mapped[UUID] = uuid_key()
    reader_slug: Mapped[str]
    reader_name: Mapped[str]
    city_slug: Mapped[str]
    city_name: Mapped[str]
    campaign: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    due_on: Mapped[date]
    reminded_by: Mapped[str]
    reminded_at: Mapped[datetime] = mapped_column(default=now)
