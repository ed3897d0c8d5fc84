"""Findings (问题): one problem at one place, with its parts, links and append-only history."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, and_, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from core.work.tables.sites import Site
from tenants.db import APPEND_ONLY, Base, SecretRow, TenantRow, new_id, now, tenant_reference, uuid_key

# All but the states in which nobody waits for anything any more, as the database's own condition.
UNFINISHED = "state NOT IN ('closed', 'stable', 'rejected', 'cancelled', 'merged')"


class Finding(TenantRow, SecretRow, Base):
    """One problem at one place (问题). ``version`` guards every transition; a hidden finding has no number until release.

    Where it is: at a site, or at a free ``place`` in a unit's territory. Its clock: ``clock_from`` plus ``clock_seconds`` of
    working time (at first ``limit_seconds``) is ``due_at`` (so that a changed calendar can compute it again), unless ``due_fixed`` says that the day was
    set by hand; while ``stopped_at`` is set the clock stands. ``accept_by`` is the clock of taking it (接收时限).
    ``resume_state`` is where a merged or held finding goes back to. ``restricted`` is the class that named roles see only.
    ``seen_again`` is how often a later visit found it still there (仍未整改). ``round_id`` is the round for which it was reported
    without a form (随手上报); what a visit found belongs to the visit's round.
    """

    __tablename__ = "finding"
    __table_args__ = (
        tenant_reference("site_id", "site"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("visit_id", "visit"),
        tenant_reference("patrol_id", "patrol"),
        tenant_reference("merged_into", "finding"),
        tenant_reference("round_id", "round"),
        Index("ix_finding_tenant_id_state_due_at", "tenant_id", "state", "due_at"),
        Index("ix_finding_tenant_id_due_at", "tenant_id", "due_at"),
        Index("ix_finding_tenant_id_opened_at", "tenant_id", "opened_at"),
        Index("ix_finding_tenant_id_site_id", "tenant_id", "site_id"),
        Index("ix_finding_tenant_id_visit_id", "tenant_id", "visit_id"),
        Index("ix_finding_tenant_id_unit_id", "tenant_id", "unit_id"),
        Index("ix_finding_tenant_id_category_opened_at", "tenant_id", "category", "opened_at"),
        Index("ix_finding_tenant_id_closed_at", "tenant_id", "closed_at"),
        Index("ix_finding_tenant_id_changed_at", "tenant_id", "changed_at"),
        Index("ix_finding_tenant_id_merged_into", "tenant_id", "merged_into"),
        Index("ix_finding_tenant_id_patrol_id", "tenant_id", "patrol_id"),
        Index("ix_finding_tenant_id_number", "tenant_id", "number"),
        # The lists of what is not over, by deadline: seven in a hundred rows of a ledger of two years.
        Index("ix_finding_unfinished", "tenant_id", "due_at", "id", postgresql_where=text(UNFINISHED)),
        Index("ix_finding_restricted", "tenant_id", "id", postgresql_where=text("restricted")),
        Index("ix_finding_tenant_id_round_id", "tenant_id", "round_id", postgresql_where=text("round_id IS NOT NULL")),
        CheckConstraint("basis IN ('self', 'verified')", name="basis"),
        CheckConstraint("severity IN ('ordinary', 'serious', 'urgent')", name="severity"),
    )

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str | None] = mapped_column(default=None)
    site_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_id: Mapped[UUID]
    visit_id: Mapped[UUID | None] = mapped_column(default=None)
    patrol_id: Mapped[UUID | None] = mapped_column(default=None)
    source: Mapped[str] = mapped_column(default="visit", server_default="visit")
    basis: Mapped[str] = mapped_column(default="verified", server_default="verified")
    severity: Mapped[str] = mapped_column(default="ordinary", server_default="ordinary")
    restricted: Mapped[bool] = mapped_column(default=False, server_default="false")
    priority: Mapped[bool] = mapped_column(default=False, server_default="false")
    asked_by: Mapped[str] = mapped_column(default="", server_default="")
    reported_back_at: Mapped[datetime | None] = mapped_column(default=None)
    place: Mapped[str] = mapped_column(default="", server_default="")
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    question: Mapped[str] = mapped_column(default="")
    category: Mapped[str]
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    key_item: Mapped[bool] = mapped_column(default=False)
    working_days: Mapped[int]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[str | None] = mapped_column(default=None)
    reopened: Mapped[int] = mapped_column(default=0)
    relapsed: Mapped[int] = mapped_column(default=0, server_default="0")
    returns: Mapped[int] = mapped_column(default=0, server_default="0")
    seen_again: Mapped[int] = mapped_column(default=0, server_default="0")
    extended_days: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_days: Mapped[int | None] = mapped_column(default=None)
    review_on: Mapped[date | None] = mapped_column(default=None)
    accept_by: Mapped[datetime | None] = mapped_column(default=None)
    clock_from: Mapped[datetime | None] = mapped_column(default=None)
    clock_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    limit_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    due_fixed: Mapped[bool] = mapped_column(default=False, server_default="false")
    stopped_at: Mapped[datetime | None] = mapped_column(default=None)
    merged_into: Mapped[UUID | None] = mapped_column(default=None)
    round_id: Mapped[UUID | None] = mapped_column(default=None)
    resume_state: Mapped[str | None] = mapped_column(default=None)
    changed_at: Mapped[datetime] = mapped_column(default=now)

    site: Mapped[Site | None] = relationship(
        primaryjoin=lambda: and_(Finding.tenant_id == Site.tenant_id, foreign(Finding.site_id) == Site.id),
        viewonly=True,
    )
    parts: Mapped[list[Part]] = relationship(
        primaryjoin=lambda: and_(Finding.tenant_id == Part.tenant_id, foreign(Part.finding_id) == Finding.id),
        viewonly=True,
    )
    events: Mapped[list[FindingEvent]] = relationship(
        primaryjoin=lambda: and_(
            Finding.tenant_id == FindingEvent.tenant_id, foreign(FindingEvent.finding_id) == Finding.id
        ),
        order_by=lambda: FindingEvent.version,
        viewonly=True,
    )


class FindingItem(TenantRow, SecretRow, Base):
    """An item of a campaign's form that raised the finding (对应检查项)."""

    __tablename__ = "finding_item"
    __table_args__ = (tenant_reference("finding_id", "finding"),)
    rights = APPEND_ONLY

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    lost: Mapped[int] = mapped_column(default=0)


class FindingLink(TenantRow, SecretRow, Base):
    """An indicator that the finding touches (关联指标): for lists and explanation, never for points."""

    __tablename__ = "finding_link"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        Index("ix_finding_link_tenant_id_indicator", "tenant_id", "indicator"),
    )
    rights = APPEND_ONLY

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    direct: Mapped[bool] = mapped_column(default=True)


class Part(TenantRow, SecretRow, Base):
    """One unit's part in a finding (责任分工): line, place or assist; the leading part answers.

    ``state``: ``informed`` (nothing is asked), ``open`` (``asked`` says what, ``due_on`` its own day if it has one), ``done``,
    ``cosigned`` (the place has seen and signs), ``declined`` (the unit gave its part back). ``assignee_id`` is the person in charge at the unit (责任人).
    """

    __tablename__ = "part"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("assignee_id", "person"),
        # Whose lists a finding is on is read from the index alone: a department has a third of a ledger.
        Index(
            "ix_part_tenant_id_unit_id",
            "tenant_id",
            "unit_id",
            postgresql_include=["finding_id", "hidden", "ended_at"],
        ),
        Index("ix_part_tenant_id_assignee_id", "tenant_id", "assignee_id"),
        Index("ix_part_open", "tenant_id", "unit_id", postgresql_where=text("state = 'open' AND ended_at IS NULL")),
        CheckConstraint("kind IN ('line', 'place', 'assist')", name="kind"),
        CheckConstraint("state IN ('informed', 'open', 'done', 'cosigned', 'declined')", name="state"),
    )

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    leading: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="informed", server_default="informed")
    asked: Mapped[str] = mapped_column(default="", server_default="")
    due_on: Mapped[date | None] = mapped_column(default=None)
    assignee_id: Mapped[UUID | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class FindingCampaign(TenantRow, SecretRow, Base):
    """A campaign that a finding belongs to (所属创建项目): raised by an item of its forms, or named at intake."""

    __tablename__ = "finding_campaign"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        Index("ix_finding_campaign_tenant_id_campaign", "tenant_id", "campaign"),
    )
    rights = APPEND_ONLY

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)


class FindingEvent(TenantRow, SecretRow, Base):
    """One step in a finding's life (办理记录); insert only, one row for each transition, in the same transaction."""

    __tablename__ = "finding_event"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        Index("ix_finding_event_tenant_id_at", "tenant_id", "at"),
    )
    rights = APPEND_ONLY

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    from_state: Mapped[str | None] = mapped_column(default=None)
    to_state: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
