"""Sites (点位): places that are assessed, each of one or more shared site types."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Numeric, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from tenants.db import Base, TenantRow, now, tenant_reference, uuid_key


class Site(TenantRow, Base):
    """A place or service to assess (点位), in the territory of one unit; its operator answers for ``site_owner`` findings.

    ``zone`` is the tenant's own word for how strictly the place is kept (such as 核心区); routing rules may ask for it.
    """

    __tablename__ = "site"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        tenant_reference("operator_unit_id", "unit"),
        Index("ix_site_tenant_id_unit_id", "tenant_id", "unit_id"),
        Index("ix_site_tenant_id_pinyin", "tenant_id", "pinyin"),
        Index("ix_site_tenant_id_code", "tenant_id", "code"),
    )

    id: Mapped[UUID] = uuid_key()
    code: Mapped[str | None] = mapped_column(default=None)
    name: Mapped[str]
    pinyin: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID]
    operator_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    attrs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    zone: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[datetime] = mapped_column(default=now)

    kinds: Mapped[list[SiteKind]] = relationship(
        primaryjoin=lambda: and_(Site.tenant_id == SiteKind.tenant_id, foreign(SiteKind.site_id) == Site.id),
        viewonly=True,
    )


class SiteKind(TenantRow, Base):
    """A site type that a site has, from a day to a day (点位类型); one market may be three campaigns' site."""

    __tablename__ = "site_kind"
    __table_args__ = (
        tenant_reference("site_id", "site"),
        Index("ix_site_kind_tenant_id_site_type", "tenant_id", "site_type"),
    )

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    site_type: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None] = mapped_column(default=None)
