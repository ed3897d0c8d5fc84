"""What departments count (统计填报): the tenant's dictionary of statistics, their observations and every version of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key

FREQUENCIES = "('day', 'week', 'ten_day', 'month', 'quarter', 'year')"
BASES = "('self', 'verified', 'declared')"
QUALIFIERS = "('exact', 'over', 'about', 'tens_of_thousands', 'at_least')"
PRECISIONS = "('day', 'month', 'year')"


class Statistic(TenantRow, Base):
    """One line of the tenant's dictionary of statistics (统计指标): what is counted, in which unit, by whom, how often.

    ``code`` is the name that a metric of an edition has (:mod:`core.work.statistics.codes`), or the tenant's own.
    ``measure`` is a code of the unit dictionary, ``denominator_measure`` is '' where a plain value is counted.
    ``unit_kind`` '' asks for one value of the whole district, else one of each unit of that kind. ``combine`` says how
    several periods make one: ``sum``, ``mean``, or ``last`` for what stands at a day (population, areas).
    ``parts`` are the codes whose values must add up to this one (分项合计). ``bases`` are the bases that may be entered.
    ``campaign`` '' is shared by all campaigns. ``apart`` tells why an equal number elsewhere is no double return.
    ``reminded_on`` is the due day about which those who answer were last reminded.
    """

    __tablename__ = "statistic"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        tenant_reference("owner_unit_id", "unit"),
        Index("ix_statistic_tenant_id_owner_unit_id", "tenant_id", "owner_unit_id"),
        CheckConstraint(f"frequency IN {FREQUENCIES}", name="frequency"),
        CheckConstraint("combine IN ('sum', 'mean', 'last')", name="combine"),
        CheckConstraint("origin IN ('edition', 'own')", name="origin"),
    )

    id: Mapped[UUID] = uuid_key()
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    measure: Mapped[str]
    denominator_zh: Mapped[str] = mapped_column(default="")
    denominator_en: Mapped[str] = mapped_column(default="")
    denominator_measure: Mapped[str] = mapped_column(default="")
    owner_unit_id: Mapped[UUID]
    unit_kind: Mapped[str] = mapped_column(default="")
    frequency: Mapped[str]
    due_days: Mapped[int] = mapped_column(default=10)
    combine: Mapped[str] = mapped_column(default="sum")
    campaign: Mapped[str] = mapped_column(default="")
    parts: Mapped[list[str]] = mapped_column(default=list)
    bases: Mapped[list[str]] = mapped_column(default=list)
    needs_population: Mapped[bool] = mapped_column(default=False)
    minimum: Mapped[Decimal | None] = mapped_column(default=None)
    maximum: Mapped[Decimal | None] = mapped_column(default=None)
    apart: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="own")
    source: Mapped[dict[str, Any]] = mapped_column(default=dict)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    reminded_on: Mapped[date | None] = mapped_column(default=None)


class Observation(TenantRow, Base):
    """One value of a statistic for a unit and a period on one basis (统计填报值), as it stands now.

    ``state``: draft -> submitted -> reviewed -> locked; returned goes back to its owner with a reason. Only what is locked
    feeds scores, and what feeds them is :class:`LockedValue`: correcting a locked value leaves the old one in force
    until the new one is locked. ``qualifier`` belongs to the numerator, ``denominator_qualifier`` to the denominator;
    ``declared_rate`` is a rate that somebody typed, in percent, kept beside and never computed with.
    """

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "statistic_id", "unit_id", "period_start", "period_kind", "basis", name="uq_observation_key"
        ),
        tenant_reference("statistic_id", "statistic"),
        tenant_reference("unit_id", "unit"),
        Index("ix_observation_tenant_id_period_start", "tenant_id", "period_start"),
        CheckConstraint(f"period_kind IN {FREQUENCIES}", name="period_kind"),
        CheckConstraint(f"basis IN {BASES}", name="basis"),
        CheckConstraint(f"qualifier IN {QUALIFIERS}", name="qualifier"),
        CheckConstraint(f"denominator_qualifier IN {QUALIFIERS}", name="denominator_qualifier"),
        CheckConstraint(f"population_precision IN {PRECISIONS}", name="population_precision"),
        CheckConstraint("state IN ('draft', 'submitted', 'returned', 'reviewed', 'locked')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    statistic_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    basis: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    numerator: Mapped[Decimal | None] = mapped_column(default=None)
    denominator: Mapped[Decimal | None] = mapped_column(default=None)
    qualifier: Mapped[str] = mapped_column(default="exact")
    denominator_qualifier: Mapped[str] = mapped_column(default="exact")
    declared_rate: Mapped[Decimal | None] = mapped_column(default=None)
    population_base: Mapped[str] = mapped_column(default="")
    population_on: Mapped[date | None] = mapped_column(default=None)
    population_precision: Mapped[str] = mapped_column(default="day")
    note: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    changed_by: Mapped[UUID | None] = mapped_column(default=None)
    changed_name: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)
    submitted_by: Mapped[UUID | None] = mapped_column(default=None)
    submitted_at: Mapped[datetime | None] = mapped_column(default=None)
    first_submitted_at: Mapped[datetime | None] = mapped_column(default=None)
    locked_at: Mapped[datetime | None] = mapped_column(default=None)


class LockedValue(TenantRow, Base):
    """An observation as it was locked (锁定版本): what scores read as of a cut-off; a correction adds one; insert only."""

    __tablename__ = "locked_value"
    __table_args__ = (
        UniqueConstraint("tenant_id", "observation_id", "number"),
        tenant_reference("observation_id", "observation"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    observation_id: Mapped[UUID]
    number: Mapped[int]
    numerator: Mapped[Decimal]
    denominator: Mapped[Decimal | None] = mapped_column(default=None)
    qualifier: Mapped[str] = mapped_column(default="exact")
    denominator_qualifier: Mapped[str] = mapped_column(default="exact")
    declared_rate: Mapped[Decimal | None] = mapped_column(default=None)
    population_base: Mapped[str] = mapped_column(default="")
    population_on: Mapped[date | None] = mapped_column(default=None)
    population_precision: Mapped[str] = mapped_column(default="day")
    note: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    locked_at: Mapped[datetime] = mapped_column(default=now)


class ObservationEvent(TenantRow, Base):
    """One step in the life of an observation (填报履历): who saved, submitted, returned, reviewed or locked it; insert only.

    ``body`` is what it said after the step, numbers as text.
    """

    __tablename__ = "observation_event"
    __table_args__ = (tenant_reference("observation_id", "observation"),)
    rights = APPEND_ONLY

    observation_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str]
    to_state: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
