"""Kept computations of a score (计分留存表): what was computed when, from which edition, up to which moment; insert only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key


class ScoreRun(TenantRow, Base):
    """One computation of a campaign's score (计分留存). ``body`` has every figure as text and exact fractions.

    ``sha256`` covers the district's slug, campaign, edition, period, unit and body, not the moment nor the label: the same records give the same
    hash. ``previous_id`` is the run that this one computes again. Points are integers of 1/100. ``unit_id`` None: the district.
    """

    __tablename__ = "score_run"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        tenant_reference("previous_id", "score_run"),
        Index("ix_score_run_tenant_id_campaign", "tenant_id", "campaign", "period_start", "made_at"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    label: Mapped[str]
    edition: Mapped[str]
    edition_sha256: Mapped[str]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    cut_off: Mapped[datetime]
    earned: Mapped[int]
    assessed: Mapped[int]
    total: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sha256: Mapped[str]
    previous_id: Mapped[UUID | None] = mapped_column(default=None)
    made_by: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(default=now)
