"""Charts of organisation (组织架构): reorganisations and lineage of units, free areas, grid partitions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key


class Reorganisation(TenantRow, Base):
    """A proposed new chart with its old-to-new mapping (机构调整): draft, in force from a day, superseded or withdrawn.

    ``body`` holds the proposal as it was decided: ``{"units": [{"key", "id" (kept unit) or null, "name", "kind", "parent"}],
    "mapping": [{"from": unit id, "to": [keys], "heir": key}]}``; ``tree`` is the tree that it draws anew.
    """

    __tablename__ = "reorganisation"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'approved', 'in_force', 'withdrawn')", name="state"),
        CheckConstraint("tree IN ('administration', 'headquarters')", name="tree"),
    )

    id: Mapped[UUID] = uuid_key()
    title: Mapped[str]
    tree: Mapped[str]
    document: Mapped[str] = mapped_column(default="")
    effective_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    applied_at: Mapped[datetime | None] = mapped_column(default=None)


class UnitLineage(TenantRow, Base):
    """Which unit came out of which (机构沿革): split, merge, succession or rename, on a day."""

    __tablename__ = "unit_lineage"
    __table_args__ = (
        tenant_reference("from_id", "unit"),
        tenant_reference("to_id", "unit"),
        tenant_reference("reorganisation_id", "reorganisation"),
        Index("ix_unit_lineage_tenant_id_to_id", "tenant_id", "to_id"),
        CheckConstraint("kind IN ('split', 'merge', 'succeed', 'rename')", name="kind"),
    )
    rights = APPEND_ONLY

    from_id: Mapped[UUID] = mapped_column(primary_key=True)
    to_id: Mapped[UUID] = mapped_column(primary_key=True)
    on: Mapped[date] = mapped_column("on_day", primary_key=True)
    kind: Mapped[str]
    reorganisation_id: Mapped[UUID | None] = mapped_column(default=None)


class AreaMember(TenantRow, Base):
    """A street, community, estate or site that belongs to an area across subdistrict lines (片区成员), from a day to a day.

    The area is a unit of the headquarters tree; exactly one of ``unit_id`` and ``site_id`` is set.
    """

    __tablename__ = "area_member"
    __table_args__ = (
        tenant_reference("area_id", "unit"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("site_id", "site"),
        Index("ix_area_member_tenant_id_area_id", "tenant_id", "area_id"),
        Index("ix_area_member_tenant_id_site_id", "tenant_id", "site_id"),
        Index("ix_area_member_tenant_id_unit_id", "tenant_id", "unit_id"),
        CheckConstraint("(unit_id IS NULL) <> (site_id IS NULL)", name="one"),
    )

    id: Mapped[UUID] = uuid_key()
    area_id: Mapped[UUID]
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    site_id: Mapped[UUID | None] = mapped_column(default=None)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)


class SiteGrid(TenantRow, Base):
    """The grid in which a site lies in one partition (网格归属), such as 社区网格 or 万米单元网格; a site may lie in several."""

    __tablename__ = "site_grid"
    __table_args__ = (
        tenant_reference("site_id", "site"),
        tenant_reference("unit_id", "unit"),
        Index("ix_site_grid_tenant_id_unit_id", "tenant_id", "unit_id"),
    )

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    partition: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID]
    valid_to: Mapped[date | None] = mapped_column(default=None)
