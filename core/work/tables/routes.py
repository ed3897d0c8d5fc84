"""How findings come in and find their owner (受理与派遣): routing rules, precedents, phases, category sets, patrols."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import CORRECTABLE, Base, TenantRow, now, tenant_reference, uuid_key


class RoutingRule(TenantRow, Base):
    """A tenant's own rule of who answers and by when (派遣规则); '' or None in a condition means any.

    Conditions: ``category``, ``site_type``, ``territory_id`` (a unit and what is under it), ``campaign``, ``severity``,
    ``phase``, ``zone``. Effects: ``line_unit_id`` or ``line_role``, ``place_unit_id``, ``hours`` of working time (24 = one
    working day). Of all that fit, the one with most conditions wins, the later one among equals.
    """

    __tablename__ = "routing_rule"
    __table_args__ = (
        tenant_reference("territory_id", "unit"),
        tenant_reference("line_unit_id", "unit"),
        tenant_reference("place_unit_id", "unit"),
        CheckConstraint("hours IS NULL OR hours > 0", name="hours"),
    )

    id: Mapped[UUID] = uuid_key()
    category: Mapped[str] = mapped_column(default="")
    site_type: Mapped[str] = mapped_column(default="")
    territory_id: Mapped[UUID | None] = mapped_column(default=None)
    campaign: Mapped[str] = mapped_column(default="")
    severity: Mapped[str] = mapped_column(default="")
    phase: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="")
    line_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    line_role: Mapped[str] = mapped_column(default="")
    place_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    hours: Mapped[int | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)


class Precedent(TenantRow, Base):
    """What an arbitration decided once, proposed the next time (权责判例): category x site type x territory x campaign."""

    __tablename__ = "precedent"
    __table_args__ = (
        tenant_reference("territory_id", "unit"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("finding_id", "finding"),
        Index("ix_precedent_tenant_id_category", "tenant_id", "category"),
    )

    id: Mapped[UUID] = uuid_key()
    category: Mapped[str]
    site_type: Mapped[str] = mapped_column(default="")
    territory_id: Mapped[UUID | None] = mapped_column(default=None)
    campaign: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID]
    reason: Mapped[str]
    returns: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    finding_id: Mapped[UUID]
    person_name: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime] = mapped_column(default=now)
    valid_to: Mapped[date | None] = mapped_column(default=None)


class CampaignPhase(TenantRow, Base):
    """The phase in which the campaigns are from a day on (创建阶段), such as 迎检冲刺; time limits may ask for it."""

    __tablename__ = "campaign_phase"

    campaign: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    phase: Mapped[str]


class CategorySet(TenantRow, Base):
    """A tenant's own grouping of the shared categories (九乱、十乱): ``body`` = {"groups": [{"name", "categories": [...]}]}."""

    __tablename__ = "category_set"

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Patrol(TenantRow, Base):
    """A shift on patrol (巡查班次): who walked which route from when to when; its findings are counted for it.

    ``track`` are places on the way as the members' phones noted them, by time: ``{"at", "person", "longitude", "latitude",
    "accuracy"}``, metres and degrees; one track for the whole shift.
    """

    __tablename__ = "patrol"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        tenant_reference("person_id", "person"),
        Index("ix_patrol_tenant_id_started_at", "tenant_id", "started_at"),
    )

    id: Mapped[UUID] = uuid_key()
    unit_id: Mapped[UUID]
    person_id: Mapped[UUID]
    route: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")
    track: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default="[]")


class PatrolMember(TenantRow, Base):
    """One who walks along (联合巡查成员): road chief, grid worker, enforcement or another."""

    __tablename__ = "patrol_member"
    __table_args__ = (tenant_reference("patrol_id", "patrol"), tenant_reference("person_id", "person"))
    rights = CORRECTABLE

    patrol_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    duty: Mapped[str]


class SavedFilter(TenantRow, Base):
    """A list as a person keeps it (常用筛选): the page and its address's query; ``shared`` shows it to everybody here."""

    __tablename__ = "saved_filter"
    __table_args__ = (tenant_reference("person_id", "person"),)

    id: Mapped[UUID] = uuid_key()
    person_id: Mapped[UUID]
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    removed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
