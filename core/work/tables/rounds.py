"""Rounds (督查轮次): who visits which sites with which forms, in which mode, in which period.

Every row of a secret round (暗访) is hidden until its release; a session without clearance meets none of them, not even
a count. Rounds that come again are made from a plan.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, SecretRow, TenantRow, now, tenant_reference, uuid_key


class RoundPlan(TenantRow, SecretRow, Base):
    """What comes again on the calendar (周期计划): every day, week, 旬, month, quarter, or the nth week of the month.

    ``recurrence`` says when (see core.work.rounds.recurring), ``template`` what each round gets: teams with their members, lines,
    sampling by site type, criteria. The plan of secret rounds stays hidden for good; its rounds are released one by one.
    """

    __tablename__ = "round_plan"
    __table_args__ = (
        tenant_reference("unit_id", "unit"),
        CheckConstraint("mode IN ('announced', 'secret')", name="mode"),
        CheckConstraint("state IN ('active', 'paused', 'ended')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    kind: Mapped[str]
    mode: Mapped[str]
    title: Mapped[str]
    unit_id: Mapped[UUID]
    campaigns: Mapped[list[str]] = mapped_column(default=list)
    recurrence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    template: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="active")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None] = mapped_column(default=None)
    made_until: Mapped[date | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Round(TenantRow, SecretRow, Base):
    """One round (轮次) of a kind such as 周督查 or 旬暗访, of the whole district or of one unit that checks its own parts.

    ``number`` is given when it becomes public: at once for an announced one, at release for a secret one. ``source`` says
    who inspects (own office, third party, congress, upper level ...), ``weight`` in 1/100 how much its results weigh beside others.
    """

    __tablename__ = "round"
    __table_args__ = (
        tenant_reference("plan_id", "round_plan"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("draw_id", "draw"),
        Index("ix_round_tenant_id_starts_on", "tenant_id", "starts_on"),
        UniqueConstraint("tenant_id", "plan_id", "starts_on", name="uq_round_plan_day"),
        CheckConstraint("mode IN ('announced', 'secret')", name="mode"),
        CheckConstraint("state IN ('draft', 'open', 'closed', 'released', 'cancelled')", name="state"),
        CheckConstraint("ends_on >= starts_on", name="days"),
    )

    id: Mapped[UUID] = uuid_key()
    plan_id: Mapped[UUID | None] = mapped_column(default=None)
    draw_id: Mapped[UUID | None] = mapped_column(default=None)
    number: Mapped[str | None] = mapped_column(default=None)
    kind: Mapped[str]
    mode: Mapped[str]
    title: Mapped[str]
    unit_id: Mapped[UUID]
    campaigns: Mapped[list[str]] = mapped_column(default=list)
    forms: Mapped[list[str]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(default="office")
    weight: Mapped[int] = mapped_column(default=100)
    criteria: Mapped[str] = mapped_column(default="")
    sampling: Mapped[dict[str, Any]] = mapped_column(default=dict)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    released_at: Mapped[datetime | None] = mapped_column(default=None)


class RoundTeam(TenantRow, SecretRow, Base):
    """A team of a round (检查组): it walks its lines in its own order."""

    __tablename__ = "round_team"
    __table_args__ = (
        tenant_reference("round_id", "round"),
        Index("ix_round_team_tenant_id_round_id", "tenant_id", "round_id"),
    )

    id: Mapped[UUID] = uuid_key()
    round_id: Mapped[UUID]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class RoundMember(TenantRow, SecretRow, Base):
    """A person in a round's team (组员); whoever is in a secret round sees that round, and nothing of another."""

    __tablename__ = "round_member"
    __table_args__ = (
        tenant_reference("round_id", "round"),
        tenant_reference("team_id", "round_team"),
        tenant_reference("person_id", "person"),
        Index("ix_round_member_tenant_id_person_id", "tenant_id", "person_id"),
    )

    round_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID]
    leads: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class RoundLine(TenantRow, SecretRow, Base):
    """A line (线路) that a team walks: each of its points is visited ``visits_min`` to ``visits_max`` times (如每点 7-8 次)."""

    __tablename__ = "round_line"
    __table_args__ = (
        tenant_reference("round_id", "round"),
        tenant_reference("team_id", "round_team"),
        Index("ix_round_line_tenant_id_round_id", "tenant_id", "round_id"),
        CheckConstraint("visits_min >= 1 AND visits_max >= visits_min", name="visits"),
    )

    id: Mapped[UUID] = uuid_key()
    round_id: Mapped[UUID]
    team_id: Mapped[UUID | None] = mapped_column(default=None)
    name: Mapped[str]
    visits_min: Mapped[int] = mapped_column(default=1)
    visits_max: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class RoundStop(TenantRow, SecretRow, Base):
    """A site that a round visits (轮次点位), on one line, in its order; what was skipped says why."""

    __tablename__ = "round_stop"
    __table_args__ = (
        tenant_reference("round_id", "round"),
        tenant_reference("line_id", "round_line"),
        tenant_reference("site_id", "site"),
        Index("ix_round_stop_tenant_id_site_id", "tenant_id", "site_id"),
        CheckConstraint("state IN ('planned', 'skipped', 'dropped')", name="state"),
    )

    round_id: Mapped[UUID] = mapped_column(primary_key=True)
    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID | None] = mapped_column(default=None)
    position: Mapped[int] = mapped_column(default=1)
    stratum: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="planned")
    reason: Mapped[str] = mapped_column(default="")


class RoundEvent(TenantRow, SecretRow, Base):
    """One step of a round (轮次记录), who took it and when; insert only."""

    __tablename__ = "round_event"
    __table_args__ = (
        tenant_reference("round_id", "round"),
        Index("ix_round_event_tenant_id_round_id", "tenant_id", "round_id"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    round_id: Mapped[UUID]
    version: Mapped[int]
    verb: Mapped[str]
    person_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=now)


class Draw(TenantRow, Base):
    """A sealed draw (密封抽样): its commitment is published before, so that nobody can draw again until he likes the result.

    ``commitment`` is SHA-256 over seed, frame and sizes (see core.work.rounds.drawing); ``outside`` names a public number that nobody
    here can choose (such as a lottery's), ``outside_value`` is it. It says nothing of kind, sites or round before it is revealed.
    """

    __tablename__ = "draw"
    __table_args__ = (UniqueConstraint("tenant_id", "number", name="uq_draw_number"),)

    id: Mapped[UUID] = uuid_key()
    number: Mapped[str]
    commitment: Mapped[str]
    outside: Mapped[str] = mapped_column(default="")
    outside_value: Mapped[str] = mapped_column(default="")
    committed_at: Mapped[datetime] = mapped_column(default=now)
    revealed_at: Mapped[datetime | None] = mapped_column(default=None)


class DrawSeed(TenantRow, SecretRow, Base):
    """What a draw's commitment was made of (抽样底账): seed, frame by stratum and sizes; hidden until it is revealed.

    Whoever changed it would be found out: the commitment was published.
    """

    __tablename__ = "draw_seed"
    __table_args__ = (tenant_reference("draw_id", "draw"),)

    draw_id: Mapped[UUID] = mapped_column(primary_key=True)
    seed: Mapped[str]
    frame: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sizes: Mapped[dict[str, Any]] = mapped_column(default=dict)
