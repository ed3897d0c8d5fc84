"""Appeals (申诉): against a finding or a figure, by the unit that it burdens; the decision, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, new_id, now, tenant_reference, uuid_key


class Appeal(TenantRow, Base):
    """One unit's appeal against one finding or one figure (申诉). A unit has at most one open appeal about one thing.

    ``about`` names the thing: ``finding:<id>``, or ``figure:<campaign>/<indicator>/<period>/<unit or ->``. A figure has its
    campaign, indicator and period in columns, and ``figure_unit_id`` (None: the whole district). ``facts`` is what was
    appealed against as it stood then. Upheld, ``effect`` says what was done at once, ``effect_id`` the finding, visit or
    score run in which it shows, and ``outcome`` what differs since.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        tenant_reference("figure_unit_id", "unit"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        Index("ix_appeal_tenant_id_raised_at", "tenant_id", "raised_at", "id"),
        Index("ix_appeal_tenant_id_about", "tenant_id", "about"),
        Index(
            "ix_appeal_open",
            "tenant_id",
            "about",
            "unit_id",
            unique=True,
            postgresql_where=text("state = 'raised'"),
        ),
        CheckConstraint("state IN ('raised', 'upheld', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint("(finding_id IS NULL) = (period_start IS NOT NULL)", name="one_thing"),
    )

    id: Mapped[UUID] = uuid_key()
    about: Mapped[str]
    finding_id: Mapped[UUID | None] = mapped_column(default=None)
    campaign: Mapped[str] = mapped_column(default="")
    indicator: Mapped[str] = mapped_column(default="")
    period_kind: Mapped[str] = mapped_column(default="")
    period_start: Mapped[date | None] = mapped_column(default=None)
    period_end: Mapped[date | None] = mapped_column(default=None)
    figure_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit_id: Mapped[UUID]
    unit_name: Mapped[str]
    person_id: Mapped[UUID]
    person_name: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="raised")
    version: Mapped[int] = mapped_column(default=1)
    raised_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime]
    decision: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    effect: Mapped[str] = mapped_column(default="")
    effect_id: Mapped[UUID | None] = mapped_column(default=None)
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AppealEvent(TenantRow, Base):
    """One step of an appeal (申诉记录): raised with its photos, withdrawn or decided; insert only."""

    __tablename__ = "appeal_event"
    __table_args__ = (tenant_reference("appeal_id", "appeal"),)
    rights = APPEND_ONLY

    appeal_id: Mapped[UUID] = mapped_column(primary_key=True)
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
