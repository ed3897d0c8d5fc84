"""Visits (检查): one person at one site answers one or several campaigns' forms at once.

Points are integers of 1/100. A question is answered once (:class:`AnswerRow`); each form's item computes its own
outcome from it (:class:`ItemResult`), and each campaign's form has its own :class:`Sheet` with its total.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, and_, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from core.work.tables.sites import Site
from tenants.db import APPEND_ONLY, Base, SecretRow, TenantRow, now, tenant_reference, uuid_key


class Visit(TenantRow, SecretRow, Base):
    """A submitted visit (检查记录). The id comes from the device; the place's unit is stamped and never moves.

    A correction is another visit that ``replaces_id`` the earlier one; what has ``replaced_at`` counts in no figure.
    ``site_then`` is what its site was when it was sent: types, and the attributes that rules read; None: from before they were kept.

    ``finished_at`` is when the phone says that it was finished, put right by how far its clock was off (``device_skew_seconds``:
    positive when the phone is fast). ``arrival``: 'late' when it was sent long after, 'undated' when the phone's day could not
    be believed and ``day`` is the server's.
    """

    __tablename__ = "visit"
    __table_args__ = (
        tenant_reference("site_id", "site"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        tenant_reference("replaces_id", "visit"),
        tenant_reference("patrol_id", "patrol"),
        tenant_reference("round_id", "round"),
        Index("ix_visit_tenant_id_round_id", "tenant_id", "round_id", postgresql_where=text("round_id IS NOT NULL")),
        Index("ix_visit_tenant_id_day", "tenant_id", "day"),
        Index("ix_visit_tenant_id_replaced", "tenant_id", "id", postgresql_where=text("replaced_at IS NOT NULL")),
        Index("ix_visit_tenant_id_site_id_day", "tenant_id", "site_id", "day"),
        CheckConstraint("basis IN ('self', 'verified')", name="basis"),
        CheckConstraint("arrival IN ('', 'late', 'undated')", name="arrival"),
    )

    id: Mapped[UUID] = uuid_key()
    site_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    person_id: Mapped[UUID]
    basis: Mapped[str]
    day: Mapped[date]
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    submitted_at: Mapped[datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(default="")
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    patrol_id: Mapped[UUID | None] = mapped_column(default=None)
    replaces_id: Mapped[UUID | None] = mapped_column(default=None)
    replaced_at: Mapped[datetime | None] = mapped_column(default=None)
    site_then: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    round_id: Mapped[UUID | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    device_skew_seconds: Mapped[int | None] = mapped_column(default=None)
    arrival: Mapped[str] = mapped_column(default="", server_default="")

    site: Mapped[Site] = relationship(
        primaryjoin=lambda: and_(Visit.tenant_id == Site.tenant_id, foreign(Visit.site_id) == Site.id), viewonly=True
    )
    sheets: Mapped[list[Sheet]] = relationship(
        primaryjoin=lambda: and_(Visit.tenant_id == Sheet.tenant_id, foreign(Sheet.visit_id) == Visit.id), viewonly=True
    )


class AnswerRow(TenantRow, SecretRow, Base):
    """What was observed for one question of a visit (回答), edition-free, so that a new edition can score old visits."""

    __tablename__ = "answer"
    __table_args__ = (tenant_reference("visit_id", "visit"),)
    rights = APPEND_ONLY

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    na: Mapped[bool] = mapped_column(default=False)
    yes: Mapped[bool | None] = mapped_column(default=None)
    count: Mapped[int | None] = mapped_column(default=None)
    rating: Mapped[int | None] = mapped_column(default=None)
    n: Mapped[int | None] = mapped_column(default=None)
    m: Mapped[int | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")


class Sheet(TenantRow, SecretRow, Base):
    """One campaign's form as answered in a visit (检查表): its frozen version and its points (1/100)."""

    __tablename__ = "sheet"
    __table_args__ = (
        tenant_reference("visit_id", "visit"),
        Index("ix_sheet_tenant_id_campaign_day", "tenant_id", "campaign", "day", "form"),
    )
    rights = APPEND_ONLY

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    form_sha256: Mapped[str]
    edition: Mapped[str]
    edition_sha256: Mapped[str]
    day: Mapped[date]
    unit_id: Mapped[UUID]
    site_id: Mapped[UUID]
    basis: Mapped[str]
    earned: Mapped[int]
    possible: Mapped[int]
    vetoes: Mapped[list[str]] = mapped_column(default=list)


class ItemResult(TenantRow, SecretRow, Base):
    """One item's outcome in a visit (检查项结果): pass, fail or not applicable, with its points (1/100) and n of m."""

    __tablename__ = "item_result"
    __table_args__ = (
        tenant_reference("visit_id", "visit"),
        Index("ix_item_result_tenant_id_item_day", "tenant_id", "item", "day"),
        Index("ix_item_result_tenant_id_question_day", "tenant_id", "question", "day"),
        Index("ix_item_result_tenant_id_campaign_day", "tenant_id", "campaign", "day"),
        # Which key items failed is asked of a whole district: few rows of many.
        Index("ix_item_result_failed", "tenant_id", "item", postgresql_where=text("outcome = 'fail'")),
        CheckConstraint("outcome IN ('pass', 'fail', 'na')", name="outcome"),
    )
    rights = APPEND_ONLY

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    question: Mapped[str]
    day: Mapped[date]
    unit_id: Mapped[UUID]
    site_id: Mapped[UUID]
    basis: Mapped[str]
    outcome: Mapped[str]
    earned: Mapped[int]
    possible: Mapped[int]
    n: Mapped[int | None] = mapped_column(default=None)
    m: Mapped[int | None] = mapped_column(default=None)
