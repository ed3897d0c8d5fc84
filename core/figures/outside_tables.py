"""Figures of districts outside the installation (系统外区县数据表): imported by a city, kept in its own house, marked everywhere."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key


class OutsidePublication(TenantRow, Base):
    """One district's totals of a period as somebody outside said them (外部导入): a new import is a new version, the old stays.

    Points are integers of 1/100; ``source`` is the paper that they were read from. The last version counts.
    """

    __tablename__ = "outside_publication"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id",
            "campaign",
            "period_kind",
            "period_start",
            "district_name",
            "version",
            name="uq_outside_publication_version",
        ),
        Index("ix_outside_publication_tenant_id_imported_at", "tenant_id", "imported_at"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    district_name: Mapped[str]
    edition: Mapped[str]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    version: Mapped[int]
    earned: Mapped[int]
    assessed: Mapped[int]
    total: Mapped[int]
    visits: Mapped[int]
    sites: Mapped[int]
    source: Mapped[str]
    file_name: Mapped[str]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime] = mapped_column(default=now)


class OutsideFigure(TenantRow, Base):
    """One indicator of an imported publication (外部导入指标): value with numerator and denominator as the paper has them."""

    __tablename__ = "outside_figure"
    __table_args__ = (tenant_reference("publication_id", "outside_publication"),)
    rights = APPEND_ONLY

    publication_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    numerator: Mapped[Decimal | None]
    denominator: Mapped[Decimal | None]
    value: Mapped[Decimal | None]
    unit: Mapped[str]
